/* owner_store.h - what is kept of ownership, in a folder of its own: the
 * record, pairing secrets, a pass code of our own making.
 *
 * Each file is replaced whole (core/file.h).  What must go when the owner
 * changes is noted before the record is replaced, and gone after it also when
 * the power fails in between. */

#ifndef DEVICE_OWNER_STORE_H
#define DEVICE_OWNER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/box.h"
#include "identity/claim_verifier.h"
#include "identity/record.h"

#define OWNER_STORE_PATH 4096

struct owner_store;

/* `folder` is made once something is written; `verifier` is the factory's file,
 * NULL: none. A record that is there and cannot be read leaves the store
 * damaged, and the device nobody's to claim.  ERR_INVALID: the verifier's file
 * is not one; ERR_IO, ERR_DENIED, ERR_NOT_FOUND as for files.  Reasons are
 * logged. */
enum err owner_store_open(const char *folder, const char *verifier,
    struct owner_store **out) MUST_CHECK;
void owner_store_close(struct owner_store *store); /* wipes; NULL is fine */

/* "<folder>/<name>" */
void owner_store_path(const struct owner_store *store, const char *name,
    char path[OWNER_STORE_PATH]);

/* Lent until the next put; NULL: there never was one, or it is damaged. */
const struct record *owner_store_record(const struct owner_store *store);
bool owner_store_is_damaged(const struct owner_store *store);
/* The highest that was ever stored; also of a record that is damaged now. */
int64_t owner_store_epoch(const struct owner_store *store);

/* On disk when it returns; taken then.  On failure the old one holds. */
enum err owner_store_put(
    struct owner_store *store, struct record *record) MUST_CHECK;

/* Must something be wiped since the last record came?  Then do, and say so. */
bool owner_store_must_wipe(const struct owner_store *store);
void owner_store_wiped(struct owner_store *store);

/* The secret that a claim left for this key; NULL: none.  When its key leaves
 * the record it is forgotten. */
const unsigned char *owner_store_psk(
    const struct owner_store *store, const unsigned char key[P256_POINT]);
enum err owner_store_pair(struct owner_store *store,
    const unsigned char key[P256_POINT],
    const unsigned char psk[BOX_KEY]) MUST_CHECK;
enum err owner_store_unpair(struct owner_store *store) MUST_CHECK; /* all */

/* The verifier that holds: our own, else the factory's; NULL: none. */
const struct claim_verifier *owner_store_verifier(
    const struct owner_store *store);
bool owner_store_has_own_verifier(const struct owner_store *store);
/* NULL: the factory's again. */
enum err owner_store_set_verifier(struct owner_store *store,
    const struct claim_verifier *verifier) MUST_CHECK;

#endif
