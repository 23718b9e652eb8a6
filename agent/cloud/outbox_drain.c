/* outbox_drain.c - what goes out, and what is too old to.
 *
 * The class with the highest priority that has something to send goes first;
 * among equals, the one that waited longest.  Only a backlog is limited in its
 * rate, so a fresh message never waits for another class's backlog, but for
 * what is in flight already. */

#include "cloud/outbox_inside.h"
#include "core/log.h"

#define MODULE   "outbox"
#define OVER_MAX 500 /* messages dropped at once because they are over */
#define AT_ONCE  1   /* milliseconds: there is more to drop */

/* --- what is over -----------------------------------------------------------
 */

static int64_t left_ms(
    struct outbox *ob, const struct outbox_queue *q, int64_t put_ms)
{
    if (q->rules.ttl_s == 0)
        return INT64_MAX; /* without a look at the clock */
    return outbox_class_left_ms(&q->rules, put_ms, outbox_clock_now(ob));
}

static bool drop_over(
    struct outbox *ob, struct outbox_queue *q, const struct outbox_kept *kept)
{
    ob->needs_commit = true;
    if (outbox_queue_drop(q, ob->store, kept, OUTBOX_EXPIRED) == ERR_OK)
        return true;
    outbox_spoil_group(ob);
    return false;
}

/* They grow old in the order they came. */
static int64_t sweep(struct outbox *ob, struct outbox_queue *q, int *budget)
{
    struct outbox_kept oldest;

    if (q->rules.ttl_s == 0)
        return INT64_MAX;
    while (outbox_queue_idle(q).messages > 0 &&
        outbox_queue_oldest(q, ob->store, &oldest)) {
        int64_t left = left_ms(ob, q, oldest.put_ms);

        if (left > 0)
            return left;
        if (*budget == 0)
            return AT_ONCE;
        (*budget)--;
        if (!drop_over(ob, q, &oldest))
            break;
    }
    return INT64_MAX;
}

int64_t outbox_sweep(struct outbox *ob)
{
    int64_t soonest = INT64_MAX;
    int budget = OVER_MAX;

    if (ob->store == NULL || ob->group_spoilt)
        return soonest;
    for (size_t i = 0; i < ob->queue_count; i++) {
        int64_t left = sweep(ob, &ob->queues[i], &budget);

        if (left < soonest)
            soonest = left;
    }
    return soonest;
}

/* --- what goes ---------------------------------------------------------------
 */

/* The next of a queue that is not over yet; *wait_ms > 0: it may not go yet. */
static bool next_of(struct outbox *ob, struct outbox_queue *q,
    struct outbox_kept *out, bool *backlog, int64_t *wait_ms)
{
    *wait_ms = 0;
    for (int i = 0; i < OVER_MAX; i++) {
        if (!outbox_queue_next(q, ob->store, out, backlog))
            return false;
        if (left_ms(ob, q, out->put_ms) > 0) {
            if (*backlog)
                *wait_ms = outbox_rate_wait_ms(&q->rate, q->rules.drain_per_s,
                    ob->now(ob->context).monotonic_ms);
            return *wait_ms == 0;
        }
        if (!drop_over(ob, q, out))
            return false;
    }
    *wait_ms = AT_ONCE;
    return false;
}

/* Of those not asked yet, the one whose turn it is; NULL: all were. */
static struct outbox_queue *whose_turn(struct outbox *ob, unsigned asked)
{
    struct outbox_queue *first = NULL;

    for (size_t i = 0; i < ob->queue_count; i++) {
        struct outbox_queue *q = &ob->queues[i];
        bool better = first == NULL ||
            q->rules.priority > first->rules.priority ||
            (q->rules.priority == first->rules.priority &&
                q->turn < first->turn);

        if ((asked >> q->number & 1) == 0 && better &&
            !outbox_class_waits(&q->rules, ob->used_percent))
            first = q;
    }
    return first;
}

/* MQTT 5 section 3.3.2.3.3: whole seconds, and 0 would be over already. */
static uint32_t expiry_of(int64_t left)
{
    return left == INT64_MAX ? 0 : (uint32_t)((left + 999) / 1000);
}

static bool lend(struct outbox *ob, struct outbox_queue *q,
    struct outbox_kept *kept, bool backlog, struct outbox_message *out)
{
    if (outbox_queue_send(q, kept, backlog) != ERR_OK)
        return false;
    q->turn = ++ob->turn;
    *out = kept->message;
    out->class = q->rules.name;
    out->expiry_s = expiry_of(left_ms(ob, q, kept->put_ms));
    return true;
}

bool outbox_take(struct outbox *ob, struct outbox_message *out)
{
    struct outbox_queue *q;
    struct outbox_kept kept;
    unsigned asked = 0;

    ob->take_wait_ms = 0;
    if (ob->store == NULL || ob->group_spoilt)
        return false;
    while ((q = whose_turn(ob, asked)) != NULL) {
        int64_t wait_ms;
        bool backlog;

        if (next_of(ob, q, &kept, &backlog, &wait_ms))
            return lend(ob, q, &kept, backlog, out);
        ob->needs_commit |= outbox_store_is_corrupt(ob->store);
        if (wait_ms > 0 &&
            (ob->take_wait_ms == 0 || wait_ms < ob->take_wait_ms))
            ob->take_wait_ms = wait_ms;
        asked |= 1U << q->number;
    }
    return false;
}

void outbox_set_used(struct outbox *ob, unsigned used_percent)
{
    ob->used_percent = used_percent;
}

int64_t outbox_take_wait_ms(const struct outbox *ob)
{
    return ob->take_wait_ms;
}

void outbox_begin_drain(struct outbox *ob)
{
    for (size_t i = 0; i < ob->queue_count; i++)
        outbox_queue_begin_drain(&ob->queues[i]);
}

void outbox_put_back(struct outbox *ob, uint64_t id)
{
    struct outbox_queue *q = outbox_queue_of(ob, id);

    if (q != NULL)
        outbox_queue_put_back(q, id);
}

void outbox_rewind(struct outbox *ob)
{
    for (size_t i = 0; i < ob->queue_count; i++)
        outbox_queue_rewind(&ob->queues[i]);
}

void outbox_forget(struct outbox *ob, uint64_t id)
{
    struct outbox_queue *q = outbox_queue_of(ob, id);

    if (q != NULL && ob->store != NULL && outbox_queue_forget(q, ob->store, id))
        ob->needs_commit = true;
}

void outbox_reject(struct outbox *ob, uint64_t id)
{
    struct outbox_queue *q = outbox_queue_of(ob, id);

    if (q == NULL || ob->store == NULL ||
        !outbox_queue_forget(q, ob->store, id))
        return;
    q->tally->dropped[OUTBOX_REFUSED]++;
    ob->needs_commit = true;
}
