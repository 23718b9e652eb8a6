/* filters.c */

#include "cloud/filters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"

#define LIST_BYTES ((FILTERS_MAX + 1) * 260) /* and a host before them */

bool filters_match(const char *filter, const char *topic)
{
    if (topic[0] == '$' && filter[0] != '$')
        return false;
    for (;;) {
        size_t f = strcspn(filter, "/");
        size_t t = strcspn(topic, "/");

        if (f == 1 && filter[0] == '#')
            return true;
        if (!(f == 1 && filter[0] == '+') &&
            (f != t || memcmp(filter, topic, f) != 0))
            return false;
        filter += f;
        topic += t;
        if (*topic == '\0')
            return *filter == '\0' || strcmp(filter, "/#") == 0;
        if (*filter == '\0')
            return false;
        filter++;
        topic++;
    }
}

static bool is_filter(const char *filter)
{
    size_t len = strlen(filter);

    if (len == 0 || len > 256)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool starts = i == 0 || filter[i - 1] == '/';
        bool ends = filter[i + 1] == '\0';

        if (filter[i] == '#' && !(starts && ends))
            return false;
        if (filter[i] == '+' && !(starts && (ends || filter[i + 1] == '/')))
            return false;
    }
    return true;
}

enum err filters_add(struct filters *filters, const char *filter,
    session_message_callback *callback, void *context)
{
    char *text;

    if (!is_filter(filter))
        return ERR_INVALID;
    if (filters->count == FILTERS_MAX)
        return ERR_TOO_BIG;
    text = strdup(filter);
    if (text == NULL)
        return ERR_NO_MEMORY;
    filters->texts[filters->count] = text;
    filters->callbacks[filters->count] = callback;
    filters->contexts[filters->count] = context;
    filters->count++;
    return ERR_OK;
}

bool filters_route(
    const struct filters *filters, const struct session_message *message)
{
    bool wanted = false;

    for (size_t i = 0; i < filters->count; i++)
        if (filters_match(filters->texts[i], message->topic)) {
            filters->callbacks[i](filters->contexts[i], message);
            wanted = true;
        }
    return wanted;
}

static size_t write_list(const struct filters *filters, char list[LIST_BYTES])
{
    size_t len = 0;

    if (filters->broker != NULL)
        len = (size_t)snprintf(list, LIST_BYTES, "# %s\n", filters->broker);
    for (size_t i = 0; i < filters->count; i++)
        len += (size_t)snprintf(
            list + len, LIST_BYTES - len, "%s\n", filters->texts[i]);
    return len;
}

void filters_remember(const struct filters *filters, const char *path)
{
    char list[LIST_BYTES];

    if (file_replace(path, list, write_list(filters, list)) != ERR_OK)
        log_warning("filters", "not remembered file=\"%s\" reason=\"%s\"", path,
            strerror(errno));
}

bool filters_are_remembered(const struct filters *filters, const char *path)
{
    char list[LIST_BYTES];
    char *kept;
    size_t kept_len;
    size_t len = write_list(filters, list);
    bool equal;

    if (file_read(path, LIST_BYTES, &kept, &kept_len) != ERR_OK)
        return false;
    equal = kept_len == len && memcmp(kept, list, len) == 0;
    free(kept);
    return equal;
}

void filters_forget(const char *path)
{
    (void)unlink(path); /* not there is as good */
}

void filters_clear(struct filters *filters)
{
    for (size_t i = 0; i < filters->count; i++)
        free(filters->texts[i]);
    filters->count = 0;
}
