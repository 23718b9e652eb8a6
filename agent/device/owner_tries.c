/* owner_tries.c */

#include "device/owner_tries.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"
#include "device/owner_file.h"

#define MODULE     "owner"
#define FORMAT     "tries %u\n"
#define TEXT_BYTES 40
#define MOST       1000000 /* far beyond the longest wait */

struct owner_tries {
    char *path;
    unsigned number;
    int64_t locked_until_ms;
};

static int64_t wait_of(unsigned number)
{
    int64_t wait_ms = OWNER_TRIES_FIRST;

    if (number < OWNER_TRIES_FREE)
        return 0;
    for (; number > OWNER_TRIES_FREE && wait_ms < OWNER_TRIES_LAST; number--)
        wait_ms *= 2;
    return wait_ms < OWNER_TRIES_LAST ? wait_ms : OWNER_TRIES_LAST;
}

static bool parse(const char *text, unsigned *number)
{
    char again[TEXT_BYTES];
    unsigned long value = strncmp(text, "tries ", 6) == 0
        ? strtoul(text + 6, NULL, 10)
        : MOST + 1UL;

    if (value > MOST)
        return false;
    (void)snprintf(again, sizeof(again), FORMAT, (unsigned)value);
    *number = (unsigned)value;
    return strcmp(again, text) == 0;
}

static enum err read_number(struct owner_tries *t)
{
    char *text = NULL;
    size_t len;
    enum err e = file_read(t->path, TEXT_BYTES, &text, &len);

    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_NO_MEMORY)
        return e;
    if (e != ERR_OK || !parse(text, &t->number)) {
        log_warning(MODULE,
            "the count of wrong codes is damaged, the code is locked"
            " path=\"%s\"",
            t->path);
        t->number = OWNER_TRIES_FREE;
    }
    free(text);
    return ERR_OK;
}

static enum err write_number(const struct owner_tries *t, unsigned number)
{
    char text[TEXT_BYTES];
    int len = snprintf(text, sizeof(text), FORMAT, number);

    return owner_file_replace(t->path, text, (size_t)len);
}

enum err owner_tries_open(
    const char *path, int64_t now_ms, struct owner_tries **out)
{
    struct owner_tries *t = calloc(1, sizeof(*t));
    enum err e = ERR_NO_MEMORY;

    if (t == NULL)
        return e;
    t->path = strdup(path);
    if (t->path != NULL)
        e = read_number(t);
    if (e != ERR_OK) {
        owner_tries_close(t);
        return e;
    }
    t->locked_until_ms = now_ms + wait_of(t->number);
    *out = t;
    return ERR_OK;
}

void owner_tries_close(struct owner_tries *t)
{
    if (t == NULL)
        return;
    free(t->path);
    free(t);
}

int64_t owner_tries_wait_ms(const struct owner_tries *t, int64_t now_ms)
{
    return now_ms >= t->locked_until_ms ? 0 : t->locked_until_ms - now_ms;
}

enum err owner_tries_count(struct owner_tries *t, int64_t now_ms)
{
    unsigned number = t->number < MOST ? t->number + 1 : MOST;
    enum err e = write_number(t, number);

    if (e != ERR_OK) {
        log_error(MODULE, "a try cannot be counted, so it is not answered");
        return e;
    }
    t->number = number;
    t->locked_until_ms = now_ms + wait_of(number);
    return ERR_OK;
}

/* When the disk refuses, somebody who knows the code may wait in vain later;
 * nobody gets a guess for nothing. */
void owner_tries_forgive(struct owner_tries *t)
{
    if (t->number > 0 && write_number(t, 0) != ERR_OK)
        log_error(MODULE, "the count of wrong codes stays on disk");
    t->number = 0;
    t->locked_until_ms = 0;
}

unsigned owner_tries_number(const struct owner_tries *t)
{
    return t->number;
}
