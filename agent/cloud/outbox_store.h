/* outbox_store.h - an outbox's file: the one place of it that knows SQLite.
 *
 * Whatever is appended, deleted or counted belongs to one transaction that
 * begins by itself and ends with outbox_store_commit or outbox_store_cancel.
 * Errors are logged here, once until the next commit that works. */

#ifndef CLOUD_OUTBOX_STORE_H
#define CLOUD_OUTBOX_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/outbox.h"
#include "core/err.h"

struct outbox_store;

/* What is kept beside the messages, written with each commit. */
struct outbox_state {
    uint64_t next_id;
    struct outbox_figures figures;
};

/* Open or make, and read *state.  Ids of a new file begin at the wall clock's
 * milliseconds, or at state->next_id where that is higher, so they grow also
 * when a file was lost; what *state says was queued then counts as dropped.
 * An unsound file is set aside.  ERR_AGAIN: another process has it open;
 * ERR_IO, ERR_NO_MEMORY. */
enum err outbox_store_open(const char *path, struct outbox_state *state,
    struct outbox_store **out) MUST_CHECK;
void outbox_store_close(struct outbox_store *store); /* NULL is fine */

/* ERR_IO, ERR_NO_MEMORY: the transaction is spoilt, cancel it. */
enum err outbox_store_append(struct outbox_store *store,
    const struct outbox_message *message) MUST_CHECK;
enum err outbox_store_delete(
    struct outbox_store *store, uint64_t first, uint64_t last) MUST_CHECK;
enum err outbox_store_commit(
    struct outbox_store *store, const struct outbox_state *state) MUST_CHECK;
void outbox_store_cancel(struct outbox_store *store);

/* The oldest message, committed or not, with this id or a higher one; lent
 * until the next call.  ERR_NOT_FOUND, ERR_IO, ERR_NO_MEMORY. */
enum err outbox_store_find(struct outbox_store *store, uint64_t id,
    struct outbox_message *out) MUST_CHECK;

/* Room in the file that messages left behind; 0 when it cannot be told. */
uint64_t outbox_store_free_bytes(struct outbox_store *store);

/* Write the WAL's pages to the file, so that the WAL can begin again. */
void outbox_store_checkpoint(struct outbox_store *store);

/* SQLite met something in the file that cannot be: close it, set it aside
 * (outbox_file.h) and open a new one. */
bool outbox_store_is_corrupt(const struct outbox_store *store);

#endif
