/* outbox_commit.c - what becomes durable, and what happens when the disk
 * refuses. */

#include <inttypes.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_inside.h"
#include "cloud/outbox_salvage.h"
#include "core/log.h"

#define MODULE     "outbox"
#define STEP       64 /* messages deleted at once on a full disk */
#define RANGES_MAX 64 /* that a look for the next message steps over */
#define DAY_MS     86400000

void outbox_count_wear(struct outbox *ob)
{
    uint64_t written = outbox_wear_figures(ob->wear).written;
    int64_t day = outbox_clock_now(ob) / DAY_MS;

    if (day != ob->state.day)
        ob->state.written_today = 0;
    ob->state.day = day;
    ob->state.written += written - ob->counted;
    ob->state.written_today += written - ob->counted;
    ob->counted = written;
}

/* Until the day ends, at midnight UTC. */
static const char *words_of(enum outbox_pace_stage stage)
{
    switch (stage) {
    case OUTBOX_PACE_FREE:
    case OUTBOX_PACE_SELDOM:
        break;
    case OUTBOX_PACE_ONLY_URGENT:
        return "this day's bytes are almost written: until tomorrow only"
               " messages with priority 9 are stored";
    case OUTBOX_PACE_SPENT:
        return "this day's bytes are written: until tomorrow no message is"
               " stored";
    }
    return "half of this day's bytes are written: until tomorrow a commit comes"
           " every 5 s";
}

static void note_stage(struct outbox *ob)
{
    enum outbox_pace_stage stage =
        outbox_pace_stage(&ob->pace, ob->state.written_today);

    if (stage > ob->stage)
        log_warning(MODULE, "%s written_today=%" PRIu64 " of=%" PRIu64,
            words_of(stage), ob->state.written_today, ob->pace.budget_bytes);
    ob->stage = stage;
}

int64_t outbox_commit_wait_ms(struct outbox *ob)
{
    outbox_count_wear(ob);
    note_stage(ob);
    return outbox_pace_wait_ms(
        &ob->pace, ob->state.written_today, ob->now(ob->context).monotonic_ms);
}

void outbox_spoil_group(struct outbox *ob)
{
    outbox_store_cancel(ob->store);
    for (size_t i = 0; i < ob->queue_count; i++)
        outbox_queue_take_back(&ob->queues[i]);
    outbox_streams_forget(ob->streams);
    ob->group_put = false;
    ob->group_spoilt = true;
    ob->needs_commit = true;
}

static void begin_group(struct outbox *ob)
{
    for (size_t i = 0; i < ob->queue_count; i++)
        outbox_queue_begin_group(&ob->queues[i]);
    ob->group_put = ob->group_spoilt = false;
    ob->group_bytes = 0;
}

static enum err delete_forgotten(
    struct outbox *ob, const struct outbox_queue *q)
{
    size_t count;
    const struct outbox_range *ranges =
        outbox_ledger_forgotten(q->ledger, &count);
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++)
        e = outbox_store_delete(ob->store, ranges[i].first, ranges[i].last);
    return e;
}

static unsigned changed_classes(const struct outbox *ob)
{
    unsigned changed = 0;

    for (size_t i = 0; i < ob->queue_count; i++)
        changed |= (unsigned)ob->queues[i].changed << ob->queues[i].number;
    return changed;
}

static void settle(struct outbox *ob)
{
    for (size_t i = 0; i < ob->queue_count; i++) {
        outbox_ledger_settle(ob->queues[i].ledger);
        ob->queues[i].changed = false;
    }
}

static enum err commit_all(struct outbox *ob)
{
    enum err e = outbox_streams_flush(ob->streams, ob->store);

    for (size_t i = 0; i < ob->queue_count && e == ERR_OK; i++)
        e = delete_forgotten(ob, &ob->queues[i]);
    outbox_count_wear(ob);
    if (e == ERR_OK)
        e = outbox_store_commit(ob->store, &ob->state, changed_classes(ob));
    if (e == ERR_OK)
        settle(ob);
    return e;
}

/* Delete some of a range and say in the same transaction what is left: the
 * counters in the file are right at any moment. */
static enum err delete_step(struct outbox *ob, struct outbox_queue *q,
    uint64_t first, uint64_t last, struct outbox_load *left)
{
    struct outbox_state state = ob->state;
    struct outbox_load some, *load = &state.classes[q->number].load;
    enum err e = outbox_store_weigh(ob->store, first, last, &some);

    if (e == ERR_OK)
        e = outbox_store_delete(ob->store, first, last);
    if (e != ERR_OK)
        return e;
    left->messages -=
        left->messages < some.messages ? left->messages : some.messages;
    left->bytes -= left->bytes < some.bytes ? left->bytes : some.bytes;
    load->messages += left->messages;
    load->bytes += left->bytes;
    return outbox_store_commit(ob->store, &state, 1U << q->number);
}

static enum err weigh_forgotten(
    struct outbox *ob, const struct outbox_queue *q, struct outbox_load *out)
{
    size_t count;
    const struct outbox_range *ranges =
        outbox_ledger_forgotten(q->ledger, &count);
    enum err e = ERR_OK;

    *out = (struct outbox_load){0, 0};
    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        struct outbox_load some = {0, 0};

        e = outbox_store_weigh(
            ob->store, ranges[i].first, ranges[i].last, &some);
        out->messages += some.messages;
        out->bytes += some.bytes;
    }
    return e;
}

/* As delete_forgotten, but in steps so small that the WAL need not grow. */
static enum err delete_in_steps(struct outbox *ob, struct outbox_queue *q)
{
    size_t count;
    const struct outbox_range *ranges =
        outbox_ledger_forgotten(q->ledger, &count);
    struct outbox_load left;
    enum err e = weigh_forgotten(ob, q, &left);

    for (size_t i = 0; i < count; i++)
        for (uint64_t id = ranges[i].first; id <= ranges[i].last && e == ERR_OK;
             id += STEP) {
            uint64_t rest = ranges[i].last - id;

            e = delete_step(
                ob, q, id, id + (rest < STEP ? rest : STEP - 1), &left);
        }
    return e;
}

static size_t forgotten_ranges(const struct outbox *ob)
{
    size_t all = 0;

    for (size_t i = 0; i < ob->queue_count; i++) {
        size_t count;

        (void)outbox_ledger_forgotten(ob->queues[i].ledger, &count);
        all += count;
    }
    return all;
}

bool outbox_commit_is_due(const struct outbox *ob)
{
    return forgotten_ranges(ob) > RANGES_MAX;
}

/* A commit failed, its puts are taken back: at least store what was forgotten,
 * in the room of the reserve, so that the file has room inside again. */
static enum err forget_anyway(struct outbox *ob)
{
    enum err e = ERR_OK;

    if (forgotten_ranges(ob) == 0 || outbox_store_is_corrupt(ob->store))
        return ERR_IO;
    outbox_file_release(ob->path);
    ob->reserved = false;
    outbox_store_checkpoint(ob->store);
    for (size_t i = 0; i < ob->queue_count && e == ERR_OK; i++)
        e = delete_in_steps(ob, &ob->queues[i]);
    if (e == ERR_OK)
        settle(ob);
    else
        outbox_store_cancel(ob->store);
    return e;
}

/* A disk that refuses is not asked, and complained about, all the time. */
static bool may_try_again(struct outbox *ob)
{
    int64_t now_ms = ob->now(ob->context).monotonic_ms;

    if (ob->tried_ms != 0 && now_ms - ob->tried_ms < OUTBOX_RETRY_MS)
        return false;
    ob->tried_ms = now_ms;
    return true;
}

static bool is_forgotten(void *context, uint64_t id)
{
    const struct outbox_queue *q = outbox_queue_of(context, id);

    return q != NULL && outbox_ledger_skip(q->ledger, id) != id;
}

static void salvage(struct outbox *ob, const char *aside)
{
    const struct outbox_salvage_options options = {.aside = aside,
        .wear = ob->wear,
        .is_gone = is_forgotten,
        .context = ob};

    outbox_salvage(&options, ob->store, &ob->state);
}

/* The file is unsound, or was when we last tried: begin a new one. */
static void start_over(struct outbox *ob)
{
    char aside[OUTBOX_FILE_NAME] = "";

    if (ob->store == NULL && !may_try_again(ob))
        return;
    if (ob->store != NULL) {
        outbox_spoil_group(ob);
        outbox_store_close(ob->store);
        ob->store = NULL;
        if (outbox_file_set_aside(ob->path, aside) != ERR_OK)
            return;
        ob->state.set_aside++;
    }
    if (ob->file.number == 0) /* it was never there: the disk refused */
        outbox_file_make_folder(ob->path);
    if (outbox_store_open(ob->path, ob->wear, &ob->state, &ob->store) != ERR_OK)
        return;
    if (aside[0] != '\0')
        salvage(ob, aside);
    if (outbox_adopt(ob) != ERR_OK) {
        outbox_store_close(ob->store);
        ob->store = NULL;
        return;
    }
    ob->group_put = ob->group_spoilt = false;
    ob->group_bytes = 0;
}

/* The disk is gone and another one, or it again, stands in its place: what we
 * have open can never be written.  The next commit opens what is there. */
static void let_go_of_a_lost_file(struct outbox *ob)
{
    struct outbox_file_id now = outbox_file_identify(ob->path);

    if (now.device == ob->file.device && now.number == ob->file.number)
        return;
    log_error(
        MODULE, "the file is another one now; opening that file=%s", ob->path);
    outbox_spoil_group(ob);
    outbox_store_close(ob->store);
    ob->store = NULL;
    ob->reserved = false;
}

static void note_outcome(struct outbox *ob, bool failing)
{
    if (!failing && ob->failing) {
        log_info(MODULE, "the disk stores again file=%s", ob->path);
        /* What failed stands in the WAL like something torn; begin it anew. */
        outbox_store_checkpoint(ob->store);
    }
    ob->failing = failing;
}

static enum err commit(struct outbox *ob)
{
    bool lost = ob->group_spoilt;
    enum err e;

    if (ob->store == NULL || outbox_store_is_corrupt(ob->store)) {
        start_over(ob);
        ob->needs_commit = false;
        note_outcome(ob, ob->store == NULL);
        return ERR_IO;
    }
    e = commit_all(ob);
    if (e != ERR_OK) {
        lost |= ob->group_put;
        outbox_spoil_group(ob);
        e = forget_anyway(ob);
    }
    begin_group(ob);
    ob->needs_commit = outbox_store_is_corrupt(ob->store);
    if (lost)
        e = ERR_IO;
    note_outcome(ob, e != ERR_OK);
    if (e != ERR_OK)
        let_go_of_a_lost_file(ob);
    return e;
}

enum err outbox_commit(struct outbox *ob)
{
    if (!ob->needs_commit)
        return ERR_OK;
    ob->needs_commit = false;
    outbox_pace_note(&ob->pace, ob->now(ob->context).monotonic_ms);
    return commit(ob);
}
