/* outbox.c - limits and groups over a file (store), a window and a ledger.
 *
 * A group is what was put since the last commit: ids from `group_first` on.
 * `figures` counts the group too; what it added and dropped is counted beside,
 * so that a group that fails can be taken back.  Forgotten messages stay
 * forgotten then: they wait in the ledger for the next commit.
 *
 * On a full disk even forgetting takes room before it gives some.  A reserve is
 * kept for it; while there is none, and the file has no room inside, nothing
 * new is put. */

#include "cloud/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_ledger.h"
#include "cloud/outbox_store.h"
#include "cloud/outbox_window.h"
#include "core/log.h"

#define MODULE "outbox"
#define STEP   64 /* messages deleted at once on a full disk */

struct group {
    uint64_t put, put_bytes;
    uint64_t dropped, dropped_bytes;
    bool spoilt; /* the disk refused; only the commit ends it */
};

struct outbox {
    char *path;
    uint64_t limit_messages;
    uint64_t limit_bytes;
    struct outbox_store *store;
    struct outbox_window *window;
    struct outbox_ledger *ledger;
    struct outbox_state state;
    struct group group;
    uint64_t group_first;
    bool needs_commit;
    bool reserved;   /* the reserve is there */
    bool complained; /* that it is not */
};

enum err outbox_open(const struct outbox_options *options, struct outbox **out)
{
    struct outbox *ob = calloc(1, sizeof(*ob));
    enum err e = ERR_NO_MEMORY;

    if (ob == NULL)
        return e;
    ob->limit_messages = options->limit_messages;
    ob->limit_bytes = options->limit_bytes;
    ob->path = strdup(options->path);
    if (ob->path == NULL)
        goto free_outbox;
    e = outbox_store_open(ob->path, &ob->state, &ob->store);
    if (e != ERR_OK)
        goto free_path;
    e = ERR_NO_MEMORY;
    ob->group_first = ob->state.next_id;
    ob->reserved = outbox_file_reserve(ob->path);
    ob->window = outbox_window_new(ob->state.next_id);
    if (ob->window == NULL)
        goto close_store;
    ob->ledger = outbox_ledger_new();
    if (ob->ledger == NULL)
        goto free_window;
    *out = ob;
    return ERR_OK;

free_window:
    outbox_window_free(ob->window);
close_store:
    outbox_store_close(ob->store);
free_path:
    free(ob->path);
free_outbox:
    free(ob);
    return e;
}

void outbox_close(struct outbox *ob)
{
    if (ob == NULL)
        return;
    if (ob->store != NULL && outbox_commit(ob) != ERR_OK)
        log_error(MODULE, "closed without storing its last messages");
    outbox_ledger_free(ob->ledger);
    outbox_window_free(ob->window);
    outbox_store_close(ob->store);
    free(ob->path);
    free(ob);
}

uint64_t outbox_next_id(const struct outbox *ob)
{
    return ob->state.next_id;
}

struct outbox_figures outbox_figures(const struct outbox *ob)
{
    return ob->state.figures;
}

bool outbox_needs_commit(const struct outbox *ob)
{
    return ob->needs_commit;
}

static void begin_group(struct outbox *ob)
{
    ob->group = (struct group){0};
    ob->group_first = ob->state.next_id;
}

/* Nothing of this group is or will be stored.  What it dropped is back on disk
 * but no longer in the window, so the window starts afresh. */
static void spoil_group(struct outbox *ob)
{
    struct outbox_figures *f = &ob->state.figures;

    outbox_store_cancel(ob->store);
    f->queued = f->queued + ob->group.dropped - ob->group.put;
    f->queued_bytes =
        f->queued_bytes + ob->group.dropped_bytes - ob->group.put_bytes;
    f->dropped -= ob->group.dropped;
    outbox_window_clear(ob->window, ob->state.next_id);
    begin_group(ob);
    ob->group.spoilt = true;
    ob->needs_commit = true;
}

/* The oldest message with this id or a higher one that is not forgotten. */
static bool find(struct outbox *ob, uint64_t id, struct outbox_message *message)
{
    for (;;) {
        const struct outbox_message *m;
        uint64_t wanted = outbox_ledger_skip(ob->ledger, id);

        if (wanted >= outbox_window_start(ob->window)) {
            m = outbox_window_find(ob->window, wanted);
            if (m != NULL)
                *message = *m;
            return m != NULL;
        }
        if (outbox_store_find(ob->store, wanted, message) != ERR_OK) {
            ob->needs_commit |= outbox_store_is_corrupt(ob->store);
            return false;
        }
        if (outbox_ledger_skip(ob->ledger, message->id) == message->id)
            return true;
        id = message->id;
    }
}

static uint64_t size_of(const struct outbox_message *message)
{
    return strlen(message->topic) + message->len;
}

static void uncount(struct outbox *ob, uint64_t size)
{
    struct outbox_figures *f = &ob->state.figures;

    /* The counters come from a file that may lie. */
    f->queued -= f->queued > 0;
    f->queued_bytes -= f->queued_bytes < size ? f->queued_bytes : size;
}

/* Delete the oldest message that is not in flight. */
static enum err drop_oldest(struct outbox *ob)
{
    uint64_t after = outbox_ledger_flying(ob->ledger).highest;
    struct outbox_message oldest;
    uint64_t size;
    enum err e;

    if (!find(ob, after + 1, &oldest))
        return ERR_IO;
    size = size_of(&oldest);
    e = outbox_store_delete(ob->store, oldest.id, oldest.id);
    if (e != ERR_OK)
        return e;
    outbox_window_remove(ob->window, oldest.id);
    uncount(ob, size);
    ob->state.figures.dropped++;
    ob->group.dropped++;
    ob->group.dropped_bytes += size;
    ob->needs_commit = true;
    return ERR_OK;
}

/* Would there be room if all that is not in flight were dropped? */
static bool can_make_room(const struct outbox *ob, uint64_t size)
{
    struct outbox_flying flying = outbox_ledger_flying(ob->ledger);

    return flying.count < ob->limit_messages &&
        flying.bytes <= ob->limit_bytes - size;
}

static bool has_room(const struct outbox *ob, uint64_t size)
{
    const struct outbox_figures *f = &ob->state.figures;

    return f->queued < ob->limit_messages &&
        f->queued_bytes <= ob->limit_bytes - size;
}

static enum err append(struct outbox *ob, const struct outbox_message *message)
{
    enum err e = ERR_OK;

    while (e == ERR_OK && !has_room(ob, size_of(message)))
        e = drop_oldest(ob);
    if (e == ERR_OK)
        e = outbox_store_append(ob->store, message);
    return e;
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

enum err outbox_put(
    struct outbox *ob, const struct outbox_message *message, uint64_t *id)
{
    struct outbox_message m = *message;
    uint64_t size = size_of(message);
    enum err e;

    if (size > ob->limit_bytes || ob->limit_messages == 0)
        return ERR_TOO_BIG;
    if (ob->store == NULL || ob->group.spoilt) {
        ob->needs_commit = true;
        return ERR_IO;
    }
    if (!can_make_room(ob, size))
        return ERR_AGAIN;
    m.id = ob->state.next_id;
    e = ob->group.put > 0 || has_reserve(ob) ? append(ob, &m) : ERR_IO;
    if (e != ERR_OK) {
        spoil_group(ob);
        return e;
    }
    outbox_window_add(ob->window, &m);
    ob->state.next_id++;
    ob->state.figures.queued++;
    ob->state.figures.queued_bytes += size;
    ob->group.put++;
    ob->group.put_bytes += size;
    ob->needs_commit = true;
    *id = m.id;
    return ERR_OK;
}

static enum err delete_forgotten(struct outbox *ob)
{
    size_t count;
    const struct outbox_range *ranges =
        outbox_ledger_forgotten(ob->ledger, &count);
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++)
        e = outbox_store_delete(ob->store, ranges[i].first, ranges[i].last);
    return e;
}

static enum err commit_all(struct outbox *ob)
{
    enum err e = delete_forgotten(ob);

    if (e == ERR_OK)
        e = outbox_store_commit(ob->store, &ob->state);
    if (e == ERR_OK)
        outbox_ledger_settle(ob->ledger);
    return e;
}

/* As commit_all, but in steps so small that the WAL need not grow. */
static enum err commit_in_steps(struct outbox *ob)
{
    size_t count;
    const struct outbox_range *ranges =
        outbox_ledger_forgotten(ob->ledger, &count);
    enum err e = ERR_OK;

    for (size_t i = 0; i < count; i++)
        for (uint64_t id = ranges[i].first; id <= ranges[i].last && e == ERR_OK;
             id += STEP) {
            uint64_t left = ranges[i].last - id;

            e = outbox_store_delete(
                ob->store, id, id + (left < STEP ? left : STEP - 1));
            if (e == ERR_OK)
                e = outbox_store_commit(ob->store, &ob->state);
        }
    if (e == ERR_OK)
        outbox_ledger_settle(ob->ledger);
    else
        outbox_store_cancel(ob->store);
    return e;
}

/* A commit failed, its puts are taken back: at least store what was forgotten,
 * in the room of the reserve, so that the file has room inside again. */
static enum err forget_anyway(struct outbox *ob)
{
    size_t count;

    (void)outbox_ledger_forgotten(ob->ledger, &count);
    if (count == 0 || outbox_store_is_corrupt(ob->store))
        return ERR_IO;
    outbox_file_release(ob->path);
    ob->reserved = false;
    outbox_store_checkpoint(ob->store);
    return commit_in_steps(ob);
}

/* The file is unsound, or was when we last tried: begin a new one. */
static void start_over(struct outbox *ob)
{
    if (ob->store != NULL) {
        spoil_group(ob);
        outbox_store_close(ob->store);
        ob->store = NULL;
        if (outbox_file_set_aside(ob->path) != ERR_OK)
            return;
    }
    if (outbox_store_open(ob->path, &ob->state, &ob->store) != ERR_OK)
        return;
    outbox_ledger_rewind(ob->ledger);
    outbox_ledger_settle(ob->ledger);
    outbox_window_clear(ob->window, ob->state.next_id);
    begin_group(ob);
}

enum err outbox_commit(struct outbox *ob)
{
    bool lost = ob->group.spoilt;
    enum err e = ERR_OK;

    if (!ob->needs_commit)
        return ERR_OK;
    ob->needs_commit = false;
    if (ob->store == NULL || outbox_store_is_corrupt(ob->store)) {
        start_over(ob);
        ob->needs_commit = false;
        return ERR_IO;
    }
    e = commit_all(ob);
    if (e != ERR_OK) {
        lost |= ob->group.put > 0;
        spoil_group(ob);
        e = forget_anyway(ob);
    }
    begin_group(ob);
    ob->needs_commit = outbox_store_is_corrupt(ob->store);
    return e == ERR_OK && !lost ? ERR_OK : ERR_IO;
}

bool outbox_take(struct outbox *ob, uint64_t after, struct outbox_message *out)
{
    struct outbox_message m;

    if (ob->store == NULL || !find(ob, after + 1, &m) ||
        m.id >= ob->group_first)
        return false;
    if (outbox_ledger_send(ob->ledger, m.id, size_of(&m)) != ERR_OK)
        return false;
    *out = m;
    return true;
}

void outbox_forget(struct outbox *ob, uint64_t id)
{
    struct outbox_message m;
    uint64_t size;

    if (ob->store == NULL || id >= ob->group_first)
        return;
    if (!outbox_ledger_land(ob->ledger, id, &size)) {
        if (!find(ob, id, &m) || m.id != id)
            return;
        size = size_of(&m);
    }
    if (outbox_ledger_forget(ob->ledger, id) != ERR_OK)
        return;
    outbox_window_remove(ob->window, id);
    uncount(ob, size);
    ob->needs_commit = true;
}

void outbox_rewind(struct outbox *ob)
{
    outbox_ledger_rewind(ob->ledger);
}
