/* postroom.c */

#include "cloud/postroom.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define MODULE        "postroom"
#define FORGETTING_MS 100

struct waiting {
    session_stored_callback *stored;
    void *context;
};

struct postroom {
    struct loop *loop;
    struct outbox *outbox;
    struct mqtt *mqtt; /* NULL: no connection */
    uint64_t last_sent;
    struct loop_timer *commit_soon; /* puts are waiting */
    struct loop_timer *commit_later;
    struct waiting *waiting; /* who hears of the next commit */
    size_t count, room;
};

enum err postroom_new(
    struct loop *loop, struct outbox *outbox, struct postroom **out)
{
    struct postroom *room = calloc(1, sizeof(*room));

    if (room == NULL)
        return ERR_NO_MEMORY;
    room->loop = loop;
    room->outbox = outbox;
    *out = room;
    return ERR_OK;
}

static void send_next(struct postroom *room)
{
    struct outbox_message next;

    while (room->mqtt != NULL && mqtt_room_in_window(room->mqtt) > 0 &&
        outbox_take(room->outbox, room->last_sent, &next)) {
        const struct mqtt_message message = {
            next.topic, next.payload, next.len, next.retain};
        uint64_t id = next.id;

        /* ERR_IO: the connection is ending; it is sent by the next one. */
        if (mqtt_publish(room->mqtt, id, &message) != ERR_OK)
            return;
        room->last_sent = id;
    }
}

/* Tell everybody who waits; they may take new letters while being told. */
static void commit(struct postroom *room)
{
    struct waiting *told = room->waiting;
    size_t count = room->count;
    bool stored = outbox_commit(room->outbox) == ERR_OK;

    room->waiting = NULL;
    room->count = room->room = 0;
    for (size_t i = 0; i < count; i++)
        if (told[i].stored != NULL)
            told[i].stored(told[i].context, stored);
    free(told);
    send_next(room);
}

static void on_commit_soon(void *context)
{
    struct postroom *room = context;

    room->commit_soon = NULL;
    loop_timer_cancel(room->commit_later);
    room->commit_later = NULL;
    commit(room);
}

static void on_commit_later(void *context)
{
    struct postroom *room = context;

    room->commit_later = NULL;
    if (room->commit_soon == NULL && outbox_needs_commit(room->outbox))
        commit(room);
}

void postroom_free(struct postroom *room)
{
    if (room == NULL)
        return;
    loop_timer_cancel(room->commit_soon);
    loop_timer_cancel(room->commit_later);
    room->mqtt = NULL;
    commit(room);
    free(room->waiting);
    free(room);
}

static enum err make_room(struct postroom *room)
{
    size_t more = room->room == 0 ? 16 : room->room * 2;
    struct waiting *grown;

    if (room->count < room->room)
        return ERR_OK;
    grown = realloc(room->waiting, more * sizeof(*grown));
    if (grown == NULL)
        return ERR_NO_MEMORY;
    room->waiting = grown;
    room->room = more;
    return ERR_OK;
}

enum err postroom_take(
    struct postroom *room, const struct session_letter *letter)
{
    const struct outbox_message message = {.topic = letter->topic,
        .payload = letter->payload,
        .len = letter->len,
        .retain = letter->retain};
    uint64_t id;
    enum err e = make_room(room);

    if (e != ERR_OK)
        return e;
    if (room->commit_soon == NULL)
        room->commit_soon =
            loop_timer_start(room->loop, 0, on_commit_soon, room);
    if (room->commit_soon == NULL)
        return ERR_NO_MEMORY;
    e = outbox_put(room->outbox, &message, &id);
    if (e != ERR_OK)
        return e;
    room->waiting[room->count++] =
        (struct waiting){letter->stored, letter->context};
    return ERR_OK;
}

void postroom_open(struct postroom *room, struct mqtt *mqtt)
{
    room->mqtt = mqtt;
    room->last_sent = 0;
    send_next(room);
}

void postroom_shut(struct postroom *room)
{
    room->mqtt = NULL;
    outbox_rewind(room->outbox);
}

void postroom_answered(struct postroom *room, uint64_t id, bool accepted)
{
    if (!accepted)
        log_warning(MODULE, "the broker refused a message for ever id=%llu",
            (unsigned long long)id);
    outbox_forget(room->outbox, id);
    if (room->commit_later == NULL && room->commit_soon == NULL)
        room->commit_later =
            loop_timer_start(room->loop, FORGETTING_MS, on_commit_later, room);
    send_next(room);
}
