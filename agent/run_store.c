/* run_store.c */

#include "run_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"

#define MODULE     "run"
#define PATH_BYTES 4096

/* A disk that refuses now may take it later. */
static enum err make_folder(const struct settings *s)
{
    if (mkdir(s->folder, 0700) == 0 || errno == EEXIST || errno == EROFS ||
        errno == EIO || errno == ENOSPC)
        return ERR_OK;
    log_error(MODULE, "cannot make folder=\"%s\" reason=\"%s\"", s->folder,
        strerror(errno));
    return ERR_IO;
}

static enum err open_outbox(const struct settings *s, struct outbox **out)
{
    char path[PATH_BYTES];
    const struct outbox_options options = {.path = path,
        .limit_messages = s->limit_messages,
        .limit_bytes = s->limit_bytes,
        .classes = s->classes,
        .class_count = s->class_count,
        .commits_per_s = s->commits_per_s,
        .day_bytes = s->day_bytes};

    if (snprintf(path, sizeof(path), "%s/outbox.sqlite", s->folder) >=
        (int)sizeof(path))
        return ERR_TOO_BIG;
    return outbox_open(&options, out);
}

static enum err open_budget(const struct settings *s, struct budget **out)
{
    char path[PATH_BYTES];
    const struct budget_options options = {
        .path = path,
        .limit_bytes = {s->budget_day_bytes, s->budget_month_bytes},
        .month_begins = s->budget_month_begins
    };

    if (snprintf(path, sizeof(path), "%s/budget", s->folder) >=
        (int)sizeof(path))
        return ERR_TOO_BIG;
    return budget_new(&options, out);
}

enum err run_store_open(const struct settings *s, struct run_store *out)
{
    const struct link_memory_options memory = {
        .folder = s->folder,
        .brokers = s->brokers,
        .bounds = {s->keep_alive_min_s, s->keep_alive_s}
    };
    enum err e = make_folder(s);

    if (e == ERR_OK)
        e = open_outbox(s, &out->outbox);
    if (e == ERR_OK)
        e = open_budget(s, &out->budget);
    return e == ERR_OK ? link_memory_new(&memory, &out->memory) : e;
}

void run_store_close_outbox(struct run_store *store)
{
    budget_free(store->budget);
    outbox_close(store->outbox);
    store->budget = NULL;
    store->outbox = NULL;
}

void run_store_close(struct run_store *store)
{
    link_memory_free(store->memory);
    store->memory = NULL;
}
