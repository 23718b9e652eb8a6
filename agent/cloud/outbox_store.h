/* outbox_store.h - an outbox's file: what stands in it, by SQLite.
 *
 * Whatever is appended, deleted or counted belongs to one transaction that
 * begins by itself and ends with outbox_store_commit or outbox_store_cancel.
 * Errors are logged here, once until the next commit that works. */

#ifndef CLOUD_OUTBOX_STORE_H
#define CLOUD_OUTBOX_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/outbox_state.h"
#include "cloud/outbox_wear.h"
#include "cloud/outbox_window.h"
#include "core/err.h"

struct outbox_store;

/* Open or make, and read *state.  Ids of a new file begin at the wall clock's
 * milliseconds, or at those of *state where they are higher, so they grow also
 * when a file was lost; what *state says was queued then counts as lost.  An
 * unsound file is set aside.  ERR_AGAIN: another process has it open; ERR_IO,
 * ERR_NO_MEMORY. */
enum err outbox_store_open(const char *path, struct outbox_wear *wear,
    struct outbox_state *state, struct outbox_store **out) MUST_CHECK;
void outbox_store_close(struct outbox_store *store); /* NULL is fine */

/* ERR_IO, ERR_NO_MEMORY: the transaction is spoilt, cancel it. */
enum err outbox_store_append(struct outbox_store *store,
    const struct outbox_kept *kept, uint64_t stream) MUST_CHECK;
enum err outbox_store_delete(
    struct outbox_store *store, uint64_t first, uint64_t last) MUST_CHECK;
/* Keep the state, of the classes those with a bit in `classes`. */
enum err outbox_store_commit(struct outbox_store *store,
    const struct outbox_state *state, unsigned classes) MUST_CHECK;
void outbox_store_cancel(struct outbox_store *store);

/* The oldest message, committed or not, from `first` to `last`; lent until the
 * next call.  ERR_NOT_FOUND, ERR_IO, ERR_NO_MEMORY. */
enum err outbox_store_find(struct outbox_store *store, uint64_t first,
    uint64_t last, struct outbox_kept *out) MUST_CHECK;
/* The newest, likewise. */
enum err outbox_store_find_back(struct outbox_store *store, uint64_t first,
    uint64_t last, struct outbox_kept *out) MUST_CHECK;
/* How many there are, and their bytes. */
enum err outbox_store_weigh(struct outbox_store *store, uint64_t first,
    uint64_t last, struct outbox_load *out) MUST_CHECK;

/* ERR_EXISTS: a stream of this name would be one too many. */
enum err outbox_store_admit_stream(
    struct outbox_store *store, const char *name) MUST_CHECK;
/* A stream's number and the last `seq` given in it; a new one is made. */
enum err outbox_store_stream(struct outbox_store *store, const char *name,
    uint64_t *number, uint64_t *seq) MUST_CHECK;
enum err outbox_store_keep_stream(
    struct outbox_store *store, uint64_t number, uint64_t seq) MUST_CHECK;

/* Room in the file that messages left behind; 0 when it cannot be told. */
uint64_t outbox_store_free_bytes(struct outbox_store *store);

/* Write the WAL's pages to the file, so that the WAL can begin again. */
void outbox_store_checkpoint(struct outbox_store *store);

/* SQLite met something in the file that cannot be: close it, set it aside
 * (outbox_file.h) and open a new one. */
bool outbox_store_is_corrupt(const struct outbox_store *store);

#endif
