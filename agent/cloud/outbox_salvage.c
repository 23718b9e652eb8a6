/* outbox_salvage.c */

#include "cloud/outbox_salvage.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "cloud/outbox_recover.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE  "outbox"
#define MOST_MS 2000
#define SKIP    1000000 /* more numbers than a file hides from us */

#define MESSAGES                                                               \
    "SELECT id, retain, topic, payload, put_ms FROM message WHERE id > ?1"     \
    " AND length(topic) + length(payload) <= ?2 ORDER BY id"
#define IN_A_PAGE 3800 /* with all that stands beside it */

struct salvage {
    const struct outbox_salvage_options *options;
    sqlite3 *db; /* the file that was set aside */
    struct outbox_store *store;
    struct outbox_state state; /* as it will be */
    int64_t until_ms;
    int64_t last;  /* the highest id read from the front */
    int64_t first; /* the lowest read from the end */
    int64_t most_bytes;
    uint64_t count;
    unsigned classes;
    bool failed; /* the store: nothing can be moved */
};

/* The classes' order in a new file, for one whose names cannot be read. */
static void name_class(struct outbox_tally *t, unsigned number)
{
    static const char *const built_in[] = {
        OUTBOX_EVENT, OUTBOX_TELEMETRY, OUTBOX_CRITICAL};

    if (t->name[0] == '\0')
        (void)snprintf(t->name, sizeof(t->name), "%s",
            number < 3 ? built_in[number] : OUTBOX_EVENT);
}

/* No number may come again, though the file's counters cannot be read. */
static void stay_ahead(struct outbox_state *state, uint64_t number)
{
    if (number < state->next_id)
        return;
    state->next_id = number + SKIP;
    for (size_t i = 0; i < OUTBOX_CLASSES; i++)
        state->classes[i].next = state->next_id;
}

static enum err move_one(struct salvage *s, sqlite3_stmt *row)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(row, 0);
    unsigned number = (unsigned)(id >> OUTBOX_CLASS_SHIFT);
    struct outbox_kept kept = {
        .put_ms = sqlite3_column_int64(row, 4),
        .message = {.id = id,
                    .retain = sqlite3_column_int(row, 1) != 0,
                    .topic = (const char *)sqlite3_column_text(row, 2),
                    .payload = sqlite3_column_blob(row, 3),
                    .len = (size_t)sqlite3_column_bytes(row, 3)}
    };
    struct outbox_tally *t = &s->state.classes[number % OUTBOX_CLASSES];
    enum err e;

    if (number >= OUTBOX_CLASSES || kept.message.topic == NULL)
        return ERR_OK; /* nothing of ours */
    e = outbox_store_append(s->store, &kept, 0);
    if (e != ERR_OK)
        return e;
    name_class(t, number);
    stay_ahead(&s->state, id - ((uint64_t)number << OUTBOX_CLASS_SHIFT));
    t->load.messages++;
    t->load.bytes += strlen(kept.message.topic) + kept.message.len;
    t->dropped[OUTBOX_LOST] -= t->dropped[OUTBOX_LOST] > 0;
    s->classes |= 1U << number;
    s->count++;
    return ERR_OK;
}

/* Pages that do not belong together may lead anywhere. */
static bool is_wanted(struct salvage *s, int64_t id, bool from_the_front)
{
    if (id <= s->last || id >= s->first)
        return false;
    *(from_the_front ? &s->last : &s->first) = id;
    return s->options->is_gone == NULL ||
        !s->options->is_gone(s->options->context, (uint64_t)id);
}

/* True: to the end. */
static bool move_all(struct salvage *s, const char *text, bool from_the_front)
{
    sqlite3_stmt *row;
    int code;

    if (sqlite3_prepare_v2(s->db, text, -1, &row, NULL) != SQLITE_OK)
        return false;
    (void)sqlite3_bind_int64(row, 1, s->last);
    (void)sqlite3_bind_int64(row, 2, s->most_bytes);
    while ((code = sqlite3_step(row)) == SQLITE_ROW && !s->failed &&
        port_monotonic_ms() < s->until_ms)
        if (is_wanted(s, sqlite3_column_int64(row, 0), from_the_front))
            s->failed = move_one(s, row) != ERR_OK;
    (void)sqlite3_finalize(row);
    return code == SQLITE_DONE;
}

/* What can be read of it is in the store's transaction.  True: all of it. */
static bool read_all(struct salvage *s)
{
    const char *aside = s->options->aside;
    const char *vfs = outbox_wear_vfs(s->options->wear);
    struct outbox_recovery recovery;
    bool done = false;

    if (outbox_recover_look(aside, &recovery) != ERR_OK)
        return false;
    s->most_bytes = recovery.damaged ? IN_A_PAGE : INT64_MAX;
    if (sqlite3_open_v2(aside, &s->db, SQLITE_OPEN_READWRITE, vfs) ==
            SQLITE_OK &&
        sqlite3_exec(s->db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL,
            NULL) == SQLITE_OK)
        done = move_all(s, MESSAGES, true) || s->failed ||
            move_all(s, MESSAGES " DESC", false);
    if (s->db != NULL && recovery.cut_short) /* leave it as it is */
        (void)sqlite3_db_config(
            s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    (void)sqlite3_close(s->db);
    return done && !recovery.damaged;
}

void outbox_salvage(const struct outbox_salvage_options *options,
    struct outbox_store *store, struct outbox_state *state)
{
    struct salvage s = {.options = options,
        .store = store,
        .state = *state,
        .until_ms = port_monotonic_ms() + MOST_MS,
        .last = -1,
        .first = INT64_MAX};
    bool all = read_all(&s);

    if (s.count == 0)
        return;
    if (s.failed || outbox_store_commit(store, &s.state, s.classes) != ERR_OK) {
        outbox_store_cancel(store);
        return;
    }
    *state = s.state;
    log_warning(MODULE,
        "of what was set aside this could be read%s count=%" PRIu64,
        all ? "" : ", and not the rest", s.count);
}
