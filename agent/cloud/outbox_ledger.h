/* outbox_ledger.h - which messages of a class are in flight, and which are
 * acknowledged but still on disk until the next commit.  Ids and sizes only, no
 * disk. */

#ifndef CLOUD_OUTBOX_LEDGER_H
#define CLOUD_OUTBOX_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Ids from `first` to `last`, both included. */
struct outbox_range {
    uint64_t first, last;
};

struct outbox_ledger;

struct outbox_ledger *outbox_ledger_new(void);
void outbox_ledger_free(struct outbox_ledger *ledger); /* NULL is fine */

/* Message `id` goes out now; twice counts once. */
enum err outbox_ledger_send(
    struct outbox_ledger *ledger, uint64_t id, uint64_t size) MUST_CHECK;

/* Message `id` is in flight no more; false when it was not, else *size is what
 * send was told. */
bool outbox_ledger_land(
    struct outbox_ledger *ledger, uint64_t id, uint64_t *size);

/* What is in flight: how many, and their sizes. */
struct outbox_flying {
    uint64_t count;
    uint64_t bytes;
};
struct outbox_flying outbox_ledger_flying(const struct outbox_ledger *ledger);

/* Nothing is in flight any more. */
void outbox_ledger_rewind(struct outbox_ledger *ledger);

/* Message `id` is to be deleted. */
enum err outbox_ledger_forget(
    struct outbox_ledger *ledger, uint64_t id) MUST_CHECK;

/* The lowest id from `id` on that is not to be deleted. */
uint64_t outbox_ledger_skip(const struct outbox_ledger *ledger, uint64_t id);

/* Likewise the highest up to `id`; 0: none. */
uint64_t outbox_ledger_skip_back(
    const struct outbox_ledger *ledger, uint64_t id);
/* The lowest id from `id` on, and the highest up to it, not in flight. */
uint64_t outbox_ledger_past_flying(
    const struct outbox_ledger *ledger, uint64_t id);
uint64_t outbox_ledger_before_flying(
    const struct outbox_ledger *ledger, uint64_t id);

/* What is to be deleted, lent until the next call. */
const struct outbox_range *outbox_ledger_forgotten(
    const struct outbox_ledger *ledger, size_t *count);

/* It was deleted. */
void outbox_ledger_settle(struct outbox_ledger *ledger);

#endif
