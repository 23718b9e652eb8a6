/* outbox_streams.c */

#include "cloud/outbox_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    char name[OUTBOX_STREAM_NAME]; /* empty: none */
    uint64_t number, seq;
    uint64_t used; /* the turn; the least recent makes way */
    bool changed;
};

struct outbox_streams {
    struct stream streams[OUTBOX_STREAMS];
    uint64_t turn;
};

struct outbox_streams *outbox_streams_new(void)
{
    return calloc(1, sizeof(struct outbox_streams));
}

void outbox_streams_free(struct outbox_streams *streams)
{
    free(streams);
}

void outbox_streams_forget(struct outbox_streams *streams)
{
    *streams = (struct outbox_streams){.turn = 0};
}

static enum err flush(struct outbox_store *store, struct stream *s)
{
    enum err e = ERR_OK;

    if (s->changed)
        e = outbox_store_keep_stream(store, s->number, s->seq);
    if (e == ERR_OK)
        s->changed = false;
    return e;
}

enum err outbox_streams_flush(
    struct outbox_streams *streams, struct outbox_store *store)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < OUTBOX_STREAMS && e == ERR_OK; i++)
        e = flush(store, &streams->streams[i]);
    return e;
}

/* The place of a stream, or the one that makes way for it. */
static struct stream *place_of(struct outbox_streams *streams, const char *name)
{
    struct stream *oldest = &streams->streams[0];

    for (size_t i = 0; i < OUTBOX_STREAMS; i++) {
        struct stream *s = &streams->streams[i];

        if (strcmp(s->name, name) == 0)
            return s;
        if (s->used < oldest->used)
            oldest = s;
    }
    return oldest;
}

static enum err look_up(
    struct outbox_store *store, const char *name, struct stream *s)
{
    struct stream found = {.changed = false};
    enum err e = flush(store, s);

    if (e == ERR_OK)
        e = outbox_store_stream(store, name, &found.number, &found.seq);
    if (e != ERR_OK)
        return e;
    (void)snprintf(found.name, sizeof(found.name), "%s", name);
    *s = found;
    return ERR_OK;
}

enum err outbox_streams_admit(struct outbox_streams *streams,
    struct outbox_store *store, const char *name)
{
    if (name[0] == '$' || strcmp(place_of(streams, name)->name, name) == 0)
        return ERR_OK;
    return outbox_store_admit_stream(store, name);
}

enum err outbox_streams_next(struct outbox_streams *streams,
    struct outbox_store *store, const char *name, uint64_t *number,
    uint64_t *seq)
{
    struct stream *s = place_of(streams, name);
    enum err e = ERR_OK;

    if (strcmp(s->name, name) != 0)
        e = look_up(store, name, s);
    if (e != ERR_OK)
        return e;
    s->used = ++streams->turn;
    s->changed = true;
    *number = s->number;
    *seq = ++s->seq;
    return ERR_OK;
}
