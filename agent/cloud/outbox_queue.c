/* outbox_queue.c */

#include "cloud/outbox_queue.h"

#include <string.h>

static uint64_t lowest(const struct outbox_queue *q)
{
    return (uint64_t)q->number << OUTBOX_CLASS_SHIFT;
}

static uint64_t highest(const struct outbox_queue *q)
{
    return lowest(q) + (((uint64_t)1 << OUTBOX_CLASS_SHIFT) - 1);
}

static uint64_t size_of(const struct outbox_message *message)
{
    return strlen(message->topic) + message->len;
}

uint64_t outbox_queue_next_id(const struct outbox_queue *q)
{
    return lowest(q) + q->tally->next;
}

enum err outbox_queue_open(struct outbox_queue *q,
    const struct outbox_class *rules, unsigned number,
    struct outbox_tally *tally)
{
    *q = (struct outbox_queue){
        .rules = *rules, .number = number, .tally = tally};
    q->window = outbox_window_new(outbox_queue_next_id(q));
    q->ledger = outbox_ledger_new();
    if (q->window == NULL || q->ledger == NULL) {
        outbox_queue_close(q);
        return ERR_NO_MEMORY;
    }
    outbox_queue_begin_group(q);
    outbox_queue_rewind(q);
    return ERR_OK;
}

void outbox_queue_close(struct outbox_queue *q)
{
    outbox_window_free(q->window);
    outbox_ledger_free(q->ledger);
    q->window = NULL;
    q->ledger = NULL;
}

struct outbox_load outbox_queue_idle(const struct outbox_queue *q)
{
    struct outbox_flying flying = outbox_ledger_flying(q->ledger);
    struct outbox_load load = q->tally->load;

    /* The counters come from a file that may lie. */
    load.messages -=
        load.messages < flying.count ? load.messages : flying.count;
    load.bytes -= load.bytes < flying.bytes ? load.bytes : flying.bytes;
    return load;
}

/* --- looking ----------------------------------------------------------------
 */

/* The oldest message with this id or a higher one that is not forgotten. */
static bool find(struct outbox_queue *q, struct outbox_store *store,
    uint64_t id, struct outbox_kept *out)
{
    for (;;) {
        const struct outbox_kept *kept;
        uint64_t wanted = outbox_ledger_skip(q->ledger, id);

        if (wanted >= outbox_window_start(q->window)) {
            kept = outbox_window_find(q->window, wanted);
            if (kept != NULL)
                *out = *kept;
            return kept != NULL;
        }
        if (outbox_store_find(store, wanted, highest(q), out) != ERR_OK)
            return false;
        id = out->message.id;
        if (outbox_ledger_skip(q->ledger, id) == id)
            return true;
    }
}

/* The newest with this id or a lower one, likewise. */
static bool find_back(struct outbox_queue *q, struct outbox_store *store,
    uint64_t id, struct outbox_kept *out)
{
    for (;;) {
        uint64_t wanted = outbox_ledger_skip_back(q->ledger, id);
        uint64_t start = outbox_window_start(q->window);

        if (wanted <= lowest(q))
            return false;
        if (wanted >= start) {
            const struct outbox_kept *kept =
                outbox_window_find_back(q->window, wanted);

            if (kept != NULL) {
                *out = *kept;
                return true;
            }
            id = start - 1;
            continue;
        }
        if (outbox_store_find_back(store, lowest(q), wanted, out) != ERR_OK)
            return false;
        id = out->message.id;
        if (outbox_ledger_skip_back(q->ledger, id) == id)
            return true;
    }
}

/* As find, past what is in flight. */
static bool find_idle(struct outbox_queue *q, struct outbox_store *store,
    uint64_t id, struct outbox_kept *out)
{
    while (find(q, store, outbox_ledger_past_flying(q->ledger, id), out)) {
        id = out->message.id;
        if (outbox_ledger_past_flying(q->ledger, id) == id)
            return true;
    }
    return false;
}

bool outbox_queue_oldest(
    struct outbox_queue *q, struct outbox_store *store, struct outbox_kept *out)
{
    return find_idle(q, store, lowest(q), out);
}

static bool newest(
    struct outbox_queue *q, struct outbox_store *store, struct outbox_kept *out)
{
    uint64_t id = highest(q);

    while (
        find_back(q, store, outbox_ledger_before_flying(q->ledger, id), out)) {
        id = out->message.id;
        if (outbox_ledger_before_flying(q->ledger, id) == id)
            return true;
    }
    return false;
}

/* --- making room ------------------------------------------------------------
 */

/* Walk on from where thinning stopped, keeping one and naming n - 1; at the
 * end begin again with the oldest. */
static bool thin_out(
    struct outbox_queue *q, struct outbox_store *store, struct outbox_kept *out)
{
    struct outbox_tally *t = q->tally;

    for (int steps = 0; steps < 4; steps++) {
        uint64_t from = t->thin_at < lowest(q) ? lowest(q) : t->thin_at;

        if (!find_idle(q, store, from, out)) {
            t->thin_at = 0;
            q->thinned = 0;
            continue;
        }
        t->thin_at = out->message.id + 1;
        if (q->thinned > 0) {
            q->thinned = (q->thinned + 1) % q->rules.keep_every;
            return true;
        }
        q->thinned = 1;
    }
    return outbox_queue_oldest(q, store, out); /* one is left, and must go */
}

bool outbox_queue_victim(
    struct outbox_queue *q, struct outbox_store *store, struct outbox_kept *out)
{
    if (outbox_queue_idle(q).messages == 0)
        return false;
    switch (q->rules.when_full) {
    case OUTBOX_DROP_NEWEST:
        return newest(q, store, out);
    case OUTBOX_THIN_OUT:
        return thin_out(q, store, out);
    case OUTBOX_DROP_OLDEST:
        break;
    }
    return outbox_queue_oldest(q, store, out);
}

static void uncount(struct outbox_queue *q, uint64_t size)
{
    struct outbox_load *load = &q->tally->load;

    load->messages -= load->messages > 0;
    load->bytes -= load->bytes < size ? load->bytes : size;
    q->changed = true;
}

enum err outbox_queue_drop(struct outbox_queue *q, struct outbox_store *store,
    const struct outbox_kept *kept, enum outbox_drop reason)
{
    uint64_t size = size_of(&kept->message);
    uint64_t id = kept->message.id;
    enum err e = outbox_store_delete(store, id, id);

    if (e != ERR_OK)
        return e;
    uncount(q, size);
    q->tally->dropped[reason]++;
    q->group_dropped[reason]++;
    q->group_gone.messages++;
    q->group_gone.bytes += size;
    outbox_window_remove(q->window, id); /* ends the loan */
    return ERR_OK;
}

/* --- groups -----------------------------------------------------------------
 */

enum err outbox_queue_append(struct outbox_queue *q, struct outbox_store *store,
    const struct outbox_kept *kept, uint64_t stream)
{
    struct outbox_load *load = &q->tally->load;
    uint64_t size = size_of(&kept->message);
    enum err e = outbox_store_append(store, kept, stream);

    if (e != ERR_OK)
        return e;
    outbox_window_add(q->window, kept);
    q->tally->next++;
    load->messages++;
    load->bytes += size;
    q->group_put.messages++;
    q->group_put.bytes += size;
    q->changed = true;
    return ERR_OK;
}

void outbox_queue_begin_group(struct outbox_queue *q)
{
    q->group_first = outbox_queue_next_id(q);
    q->group_put = q->group_gone = (struct outbox_load){0, 0};
    memset(q->group_dropped, 0, sizeof(q->group_dropped));
}

/* What it dropped is back on disk but no longer in the window, so the window
 * starts afresh. */
void outbox_queue_take_back(struct outbox_queue *q)
{
    struct outbox_load *load = &q->tally->load;

    load->messages += q->group_gone.messages - q->group_put.messages;
    load->bytes += q->group_gone.bytes - q->group_put.bytes;
    for (int i = 0; i < OUTBOX_DROPS; i++)
        q->tally->dropped[i] -= q->group_dropped[i];
    outbox_window_clear(q->window, outbox_queue_next_id(q));
    outbox_queue_begin_group(q);
}

/* --- going out --------------------------------------------------------------
 */

void outbox_queue_begin_drain(struct outbox_queue *q)
{
    q->backlog_end = q->group_first; /* the rest is not committed yet */
    q->ahead = q->rules.newest_first ? q->backlog_end : lowest(q);
    q->behind = q->backlog_end - 1;
}

void outbox_queue_rewind(struct outbox_queue *q)
{
    outbox_ledger_rewind(q->ledger);
    q->backlog_end = lowest(q);
    q->ahead = lowest(q);
    q->behind = lowest(q);
}

bool outbox_queue_next(struct outbox_queue *q, struct outbox_store *store,
    struct outbox_kept *out, bool *backlog)
{
    if (outbox_queue_idle(q).messages == 0)
        return false;
    if (find(q, store, q->ahead, out) && out->message.id < q->group_first) {
        *backlog = out->message.id < q->backlog_end;
        return true;
    }
    *backlog = true;
    return q->rules.newest_first && find_back(q, store, q->behind, out);
}

enum err outbox_queue_send(
    struct outbox_queue *q, const struct outbox_kept *kept, bool backlog)
{
    uint64_t id = kept->message.id;
    enum err e = outbox_ledger_send(q->ledger, id, size_of(&kept->message));

    if (e != ERR_OK)
        return e;
    if (id >= q->ahead)
        q->ahead = id + 1;
    else
        q->behind = id - 1;
    if (backlog)
        outbox_rate_spend(&q->rate, q->rules.drain_per_s);
    return ERR_OK;
}

void outbox_queue_put_back(struct outbox_queue *q, uint64_t id)
{
    uint64_t size;

    if (!outbox_ledger_land(q->ledger, id, &size))
        return;
    if (q->rules.newest_first && id < q->backlog_end)
        q->behind = id;
    else
        q->ahead = id;
}

bool outbox_queue_forget(
    struct outbox_queue *q, struct outbox_store *store, uint64_t id)
{
    struct outbox_kept kept;
    uint64_t size;

    if (id >= q->group_first)
        return false;
    if (!outbox_ledger_land(q->ledger, id, &size)) {
        if (!find(q, store, id, &kept) || kept.message.id != id)
            return false;
        size = size_of(&kept.message);
    }
    if (outbox_ledger_forget(q->ledger, id) != ERR_OK)
        return false;
    outbox_window_remove(q->window, id);
    uncount(q, size);
    return true;
}
