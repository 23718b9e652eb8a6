/* outbox_recover.c */

#include "cloud/outbox_recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_schema.h"
#include "cloud/outbox_wal.h"
#include "core/log.h"

#define MODULE     "outbox"
#define LEAST_SIZE 32 /* of a message in the file */
#define TEXT_BYTES 160

enum err outbox_recover_look(const char *path, struct outbox_recovery *out)
{
    enum outbox_wal verdict;
    uint64_t torn_bytes;
    enum err e;

    *out =
        (struct outbox_recovery){.cut_short = outbox_file_was_cut_short(path)};
    if (!out->cut_short)
        return ERR_OK;
    e = outbox_wal_judge(path, &verdict, &torn_bytes);
    if (e != ERR_OK)
        return e;
    out->damaged = verdict == OUTBOX_WAL_DAMAGED;
    if (verdict == OUTBOX_WAL_TORN)
        out->skip = torn_bytes / LEAST_SIZE;
    return ERR_OK;
}

/* A power cut before it was synced, or damage behind it: nobody can tell.  If
 * it was synced, its numbers are known in the cloud: those of the state, of
 * the classes, of the streams, and of streams that it may have begun.  In the
 * file at once, because the WAL is emptied and tells nobody again. */
static enum err skip_numbers(
    struct outbox_sql *s, uint64_t skip, struct outbox_state *state)
{
    char text[TEXT_BYTES];
    enum err e;

    log_warning(MODULE,
        "the last group was torn by a sudden end; what it may have been"
        " numbered is skipped count=%" PRIu64,
        skip);
    (void)snprintf(text, sizeof(text),
        "UPDATE tally SET next = next + %" PRIu64
        ", g = CASE id WHEN 0 THEN coalesce(g, 0) + %" PRIu64 " ELSE g END",
        skip, skip);
    e = outbox_sql_execute(s, "skipping numbers", text);
    return e == ERR_OK ? outbox_schema_read(s, state) : e;
}

enum err outbox_recover_settle(struct outbox_sql *s,
    const struct outbox_recovery *recovery, struct outbox_state *state)
{
    enum err e;

    if (!recovery->cut_short)
        return ERR_OK;
    if (recovery->damaged) {
        log_error(MODULE, "the WAL is damaged in what was stored");
        s->corrupt = true;
        return ERR_IO;
    }
    e = outbox_sql_check(s);
    if (e == ERR_OK && recovery->skip > 0)
        e = skip_numbers(s, recovery->skip, state);
    if (e == ERR_OK)
        (void)sqlite3_wal_checkpoint_v2(
            s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return e;
}
