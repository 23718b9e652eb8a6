/* outbox_put.c - what comes in, and who makes room for it.
 *
 * On a full disk even forgetting takes room before it gives some.  A reserve is
 * kept for it; while there is none, and the file has no room inside, nothing
 * new is put. */

#include <string.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_inside.h"
#include "core/log.h"

#define MODULE "outbox"

static uint64_t size_of(const struct outbox_message *message)
{
    return strlen(message->topic) + message->len;
}

static struct outbox_load total_of(const struct outbox *ob)
{
    struct outbox_load total = {0, 0};

    for (size_t i = 0; i < ob->queue_count; i++) {
        total.messages += ob->queues[i].tally->load.messages;
        total.bytes += ob->queues[i].tally->load.bytes;
    }
    return total;
}

static struct outbox_load without(struct outbox_load a, struct outbox_load b)
{
    a.messages -= a.messages < b.messages ? a.messages : b.messages;
    a.bytes -= a.bytes < b.bytes ? a.bytes : b.bytes;
    return a;
}

/* Would there be room if all that may make way did? */
static bool can_make_room(
    const struct outbox *ob, const struct outbox_queue *q, uint64_t size)
{
    struct outbox_load own = without(q->tally->load, outbox_queue_idle(q));
    struct outbox_load all = total_of(ob);

    for (size_t i = 0; i < ob->queue_count; i++)
        if (outbox_class_yields(&ob->queues[i].rules, &q->rules))
            all = without(all, outbox_queue_idle(&ob->queues[i]));
    return outbox_load_takes(
               own, outbox_class_share(&q->rules, ob->limits), size) &&
        outbox_load_takes(all, ob->limits, size);
}

/* Who makes way for a message in `q`: NULL when nobody need. */
static struct outbox_queue *who_yields(
    struct outbox *ob, struct outbox_queue *q, uint64_t size)
{
    struct outbox_queue *lowest = q;

    if (!outbox_load_takes(
            q->tally->load, outbox_class_share(&q->rules, ob->limits), size))
        return q;
    if (outbox_load_takes(total_of(ob), ob->limits, size))
        return NULL;
    for (size_t i = 0; i < ob->queue_count; i++) {
        struct outbox_queue *other = &ob->queues[i];

        if (outbox_class_yields(&other->rules, &lowest->rules) &&
            outbox_queue_idle(other).messages > 0)
            lowest = other;
    }
    return lowest;
}

/* ERR_AGAIN: refused, nothing changed. */
static enum err refuse(struct outbox_queue *q, bool or_busy)
{
    if (or_busy)
        q->tally->refused++;
    else
        q->tally->dropped[OUTBOX_FULL]++;
    q->changed = true;
    return ERR_AGAIN;
}

static enum err make_room(
    struct outbox *ob, struct outbox_queue *q, uint64_t size, bool or_busy)
{
    struct outbox_queue *victims = who_yields(ob, q, size);
    struct outbox_kept victim;
    enum err e = ERR_OK;

    if (victims == NULL)
        return ERR_OK;
    if (or_busy || !can_make_room(ob, q, size))
        return refuse(q, true);
    if (victims == q && q->rules.when_full == OUTBOX_DROP_NEWEST)
        return refuse(q, false);
    while (e == ERR_OK && victims != NULL) {
        enum outbox_drop reason = victims->rules.when_full == OUTBOX_THIN_OUT
            ? OUTBOX_THINNED
            : OUTBOX_FULL;

        if (!outbox_queue_victim(victims, ob->store, &victim))
            return ERR_IO;
        e = outbox_queue_drop(victims, ob->store, &victim, reason);
        ob->needs_commit = true;
        victims = who_yields(ob, q, size);
    }
    return e;
}

/* What is written is told by each commit; that the day is over, by a look. */
static bool day_takes(struct outbox *ob, unsigned priority)
{
    if (outbox_pace_takes(
            &ob->pace, ob->state.written_today + ob->group_bytes, priority))
        return true;
    outbox_count_wear(ob);
    return outbox_pace_takes(
        &ob->pace, ob->state.written_today + ob->group_bytes, priority);
}

static bool has_reserve(struct outbox *ob)
{
    bool enough;

    if (!ob->reserved)
        ob->reserved = outbox_file_reserve(ob->path);
    enough = ob->reserved ||
        outbox_store_free_bytes(ob->store) >= OUTBOX_RESERVE_BYTES;
    if (!enough && !ob->complained)
        log_error(MODULE, "the disk is full: nothing more is stored file=%s",
            ob->path);
    ob->complained = !enough;
    return enough;
}

static enum err append(struct outbox *ob, struct outbox_queue *q,
    const struct outbox_message *message)
{
    struct outbox_kept kept = {.message = *message};
    uint64_t stream = 0;
    enum err e = ERR_OK;

    kept.message.id = outbox_queue_next_id(q);
    kept.message.seq = 0;
    kept.put_ms = outbox_clock_now(ob);
    if (message->stream != NULL)
        e = outbox_streams_next(ob->streams, ob->store, message->stream,
            &stream, &kept.message.seq);
    return e == ERR_OK ? outbox_queue_append(q, ob->store, &kept, stream) : e;
}

/* Is this a message that could be put at all? */
static enum err judge(const struct outbox *ob, const struct outbox_queue *q,
    const struct outbox_message *message)
{
    if (q == NULL)
        return ERR_NOT_FOUND;
    if (message->stream != NULL &&
        (message->stream[0] == '\0' ||
            strlen(message->stream) >= OUTBOX_STREAM_NAME))
        return ERR_INVALID;
    return outbox_load_takes((struct outbox_load){0, 0},
               outbox_class_share(&q->rules, ob->limits), size_of(message))
        ? ERR_OK
        : ERR_TOO_BIG;
}

enum err outbox_put(
    struct outbox *ob, const struct outbox_message *message, uint64_t *id)
{
    struct outbox_queue *q = outbox_queue_named(
        ob, message->class == NULL ? OUTBOX_EVENT : message->class);
    enum err e = judge(ob, q, message);

    if (e != ERR_OK)
        return e;
    if (ob->store == NULL || ob->group_spoilt) {
        ob->needs_commit = true;
        return ERR_IO;
    }
    if (message->stream != NULL)
        e = outbox_streams_admit(ob->streams, ob->store, message->stream);
    if (e == ERR_EXISTS)
        return e;
    if (e == ERR_OK && !ob->group_put && !has_reserve(ob))
        e = ERR_IO;
    if (e == ERR_OK && !day_takes(ob, q->rules.priority))
        e = refuse(q, message->or_busy);
    if (e == ERR_OK)
        e = make_room(ob, q, size_of(message), message->or_busy);
    if (e == ERR_AGAIN) {
        ob->needs_commit = true; /* it was counted */
        return e;
    }
    if (e == ERR_OK)
        e = append(ob, q, message);
    if (e != ERR_OK) {
        outbox_spoil_group(ob);
        return e;
    }
    *id = outbox_queue_next_id(q) - 1;
    ob->state.next_id++;
    ob->accepted++;
    ob->group_bytes += outbox_pace_cost(size_of(message));
    ob->group_put = ob->needs_commit = true;
    return ERR_OK;
}
