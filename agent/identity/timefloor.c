/* timefloor.c */

#include "identity/timefloor.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"
#include "identity/moment.h"
#include "ports/port.h"

#define MODULE     "timefloor"
#define FILE_BYTES 64
#define DAY_S      86400
#define SPAN_S     (INT64_C(20) * 366 * DAY_S)
#define BUILT_S    ((int64_t)NAMEPLATE_BUILD_TIME)

struct timefloor {
    char *path; /* NULL: not kept */
    _Atomic int64_t floor_s;
    int64_t saved_s;
};

static bool is_plausible(int64_t moment_s)
{
    return moment_s > BUILT_S && moment_s <= BUILT_S + SPAN_S;
}

static void load(struct timefloor *f)
{
    char *text = NULL;
    size_t len;
    int64_t kept = 0;
    enum err e = file_read(f->path, FILE_BYTES, &text, &len);

    if (e == ERR_NOT_FOUND)
        return;
    if (e == ERR_OK)
        text[strcspn(text, "\n")] = '\0';
    if (e == ERR_OK && moment_parse(text, &kept)) {
        f->saved_s = kept;
        timefloor_raise(f, kept);
    } else {
        log_warning(MODULE,
            "ignored, not usable file=\"%s\" expected=\"one RFC 3339 time\"",
            f->path);
    }
    free(text);
}

enum err timefloor_new(const char *path, struct timefloor **out)
{
    struct timefloor *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return ERR_NO_MEMORY;
    atomic_init(&f->floor_s, BUILT_S);
    f->saved_s = BUILT_S;
    if (path != NULL) {
        f->path = strdup(path);
        if (f->path == NULL) {
            free(f);
            return ERR_NO_MEMORY;
        }
        load(f);
    }
    *out = f;
    return ERR_OK;
}

void timefloor_free(struct timefloor *floor)
{
    if (floor == NULL)
        return;
    free(floor->path);
    free(floor);
}

int64_t timefloor_get(const struct timefloor *floor)
{
    return atomic_load(&floor->floor_s);
}

int64_t timefloor_now(const struct timefloor *floor, bool *late)
{
    int64_t wall_s = port_wall_ms() / 1000;
    int64_t floor_s = timefloor_get(floor);

    *late = wall_s < floor_s;
    return *late ? floor_s : wall_s;
}

void timefloor_raise(struct timefloor *floor, int64_t moment_s)
{
    int64_t old = atomic_load(&floor->floor_s);

    if (!is_plausible(moment_s))
        return;
    while (moment_s > old &&
        !atomic_compare_exchange_weak(&floor->floor_s, &old, moment_s))
        ;
}

void timefloor_save(struct timefloor *floor)
{
    int64_t now_s = timefloor_get(floor);
    char moment[MOMENT_TEXT], text[MOMENT_TEXT + 1];

    if (floor->path == NULL || now_s < floor->saved_s + DAY_S)
        return;
    moment_print(now_s, moment);
    (void)snprintf(text, sizeof(text), "%s\n", moment);
    if (file_replace(floor->path, text, strlen(text)) == ERR_OK)
        floor->saved_s = now_s;
    else
        log_warning(MODULE, "cannot write file=\"%s\" reason=\"%s\"",
            floor->path, strerror(errno));
}
