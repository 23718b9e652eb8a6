/* link_memory.c */

#include "cloud/link_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/file.h"
#include "core/log.h"

#define MODULE     "link"
#define NAME       "link"
#define PATH_BYTES 4096
#define FILE_BYTES 512
#define HEAD       "nameplate link 1\n"

struct link_memory {
    struct link_memory_options options;
    struct link_route route;
    struct rhythm rhythm;
    int64_t died_ms;    /* of a death that is not judged yet */
    uint16_t died_of_s; /* ... 0: there is none */
    char path[PATH_BYTES];
    char kept[FILE_BYTES]; /* what the file holds, as far as we know */
};

/* --- the file ------------------------------------------------------------ */

static size_t find(const struct brokers *brokers, const char *place)
{
    size_t i;

    for (i = 0; i < brokers->count; i++) {
        char text[BROKERS_PLACE];

        broker_print(&brokers->list[i], 0, text);
        if (strcmp(text, place) == 0)
            break;
    }
    return i;
}

/* Survived silences are not written: they change with each ping. */
static void print(const struct link_memory *m, char out[FILE_BYTES])
{
    const struct rhythm *r = &m->rhythm;
    char place[BROKERS_PLACE];

    broker_print(&m->options.brokers->list[m->route.broker], 0, place);
    (void)snprintf(out, FILE_BYTES,
        HEAD "broker %s\nfamily %d\nsilence %u good %u bad %u\n", place,
        m->route.family == AF_INET6      ? 6
            : m->route.family == AF_INET ? 4
                                         : 0,
        r->now_s, r->good_s, r->bad_s);
}

static bool read_number(const char **at, const char *name, uint16_t *out)
{
    size_t len = strlen(name);
    unsigned long value;
    char *end;

    if (strncmp(*at, name, len) != 0 || (*at)[len] < '0' || (*at)[len] > '9')
        return false;
    value = strtoul(*at + len, &end, 10);
    *at = end;
    *out = (uint16_t)value;
    return value <= UINT16_MAX;
}

static bool read_place(
    const char **at, const char *name, char out[BROKERS_PLACE])
{
    size_t len = strlen(name), size;

    if (strncmp(*at, name, len) != 0)
        return false;
    size = strcspn(*at + len, "\n");
    if (size >= BROKERS_PLACE)
        return false;
    memcpy(out, *at + len, size);
    out[size] = '\0';
    *at += len + size;
    return true;
}

static bool parse(struct link_memory *m, const char *text)
{
    char place[BROKERS_PLACE];
    struct rhythm r = {.now_s = 0};
    uint16_t family;
    size_t broker;

    if (strncmp(text, HEAD "broker ", sizeof(HEAD) + 6) != 0)
        return false;
    text += sizeof(HEAD) - 1;
    if (!read_place(&text, "broker ", place) ||
        !read_number(&text, "\nfamily ", &family) ||
        !read_number(&text, "\nsilence ", &r.now_s) ||
        !read_number(&text, " good ", &r.good_s) ||
        !read_number(&text, " bad ", &r.bad_s) || strcmp(text, "\n") != 0 ||
        (family != 0 && family != 4 && family != 6) || !rhythm_is_sound(&r))
        return false;
    m->rhythm = r;
    broker = find(m->options.brokers, place);
    if (broker < m->options.brokers->count)
        m->route = (struct link_route){.broker = broker,
            .family = family == 6 ? AF_INET6
                : family == 4     ? AF_INET
                                  : 0};
    return true;
}

static void load(struct link_memory *m)
{
    char *text;
    size_t len;
    enum err e = file_read(m->path, FILE_BYTES - 1, &text, &len);

    if (e == ERR_NOT_FOUND)
        return;
    if (e != ERR_OK) {
        log_info(MODULE,
            "what links have learnt cannot be read path=\"%s\" "
            "reason=\"%s\"; it is learnt again",
            m->path, err_name(e));
        return;
    }
    if (strlen(text) == len && parse(m, text))
        memcpy(m->kept, text, len + 1);
    else
        log_info(MODULE,
            "what links have learnt is broken path=\"%s\"; it is "
            "learnt again",
            m->path);
    free(text);
}

static void save(struct link_memory *m)
{
    char text[FILE_BYTES];

    print(m, text);
    if (strcmp(text, m->kept) == 0)
        return;
    memcpy(m->kept, text, sizeof(text)); /* one try for each change */
    if (file_replace(m->path, text, strlen(text)) != ERR_OK)
        log_info(MODULE,
            "what the link has learnt is not kept path=\"%s\" "
            "reason=\"%s\"",
            m->path, strerror(errno));
}

/* --- life ---------------------------------------------------------------- */

enum err link_memory_new(
    const struct link_memory_options *options, struct link_memory **out)
{
    struct link_memory *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return ERR_NO_MEMORY;
    m->options = *options;
    if (snprintf(m->path, sizeof(m->path), "%s/" NAME, options->folder) >=
        (int)sizeof(m->path)) {
        free(m);
        return ERR_TOO_BIG;
    }
    load(m);
    rhythm_fit(&m->rhythm, &options->bounds);
    *out = m;
    return ERR_OK;
}

void link_memory_free(struct link_memory *m)
{
    free(m);
}

struct link_route link_memory_route(const struct link_memory *m)
{
    return m->route;
}

struct rhythm link_memory_rhythm(const struct link_memory *m)
{
    return m->rhythm;
}

struct rhythm_bounds link_memory_bounds(const struct link_memory *m)
{
    return m->options.bounds;
}

static void judge_death(struct link_memory *m, int64_t now_ms)
{
    uint16_t before = m->rhythm.now_s;
    bool was_soon =
        m->died_of_s != 0 && now_ms - m->died_ms <= LINK_MEMORY_SOON_MS;

    if (was_soon)
        rhythm_died(&m->rhythm, &m->options.bounds, m->died_of_s);
    m->died_of_s = 0;
    if (m->rhythm.now_s != before)
        log_info(MODULE,
            "the network forgets silent connections: ping after "
            "from_s=%u to_s=%u",
            before, m->rhythm.now_s);
}

void link_memory_settled(
    struct link_memory *m, const struct link_route *route, int64_t now_ms)
{
    judge_death(m, now_ms);
    m->route = *route;
    save(m);
}

void link_memory_ended(struct link_memory *m, const struct rhythm *rhythm,
    uint16_t died_of_s, int64_t now_ms)
{
    m->rhythm = *rhythm;
    m->died_of_s = died_of_s;
    m->died_ms = now_ms;
    save(m);
}
