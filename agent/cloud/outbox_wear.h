/* outbox_wear.h - stands between SQLite and the disk, counts what is written
 * and synced, and lets nothing damaged pass.
 *
 * A SQLite VFS around the default one.  What it counts: bytes of successful
 * writes to the database, its WAL and temporary files, and calls of fsync.
 * Pages of the database get a seal (outbox_page.h) when they are written, and
 * one that is read without it is SQLITE_CORRUPT, logged.  A read that the disk
 * refuses (EIO) is an error like any other; only a place that it refuses for
 * OUTBOX_WEAR_UNREADABLE_MS is taken for damaged. */

#ifndef CLOUD_OUTBOX_WEAR_H
#define CLOUD_OUTBOX_WEAR_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct outbox_wear;

#define OUTBOX_WEAR_UNREADABLE_MS 300000

struct outbox_wear_figures {
    uint64_t written; /* bytes */
    uint64_t syncs;
};

enum err outbox_wear_new(struct outbox_wear **out) MUST_CHECK;
/* After every connection that uses it; NULL is fine. */
void outbox_wear_free(struct outbox_wear *wear);

/* The name by which sqlite3_open_v2 finds it; lent for its life. */
const char *outbox_wear_vfs(const struct outbox_wear *wear);
struct outbox_wear_figures outbox_wear_figures(const struct outbox_wear *wear);

/* A look at a whole file that must not last: a read after `until_ms` (the
 * port's monotonic time) interrupts `db`.  SQLite asks its progress handler
 * too seldom: not once while quick_check walks through all the pages. */
struct outbox_wear_look {
    sqlite3 *db;
    int64_t until_ms;
    bool is_cut; /* out: it was interrupted */
};

/* sqlite3_file_control: with a struct outbox_wear_look from now on, with NULL
 * no more. */
#define OUTBOX_WEAR_LOOK 0x6e70

#endif
