/* owner_pairings.h - a secret for each key that claimed this device. */

#ifndef DEVICE_OWNER_PAIRINGS_H
#define DEVICE_OWNER_PAIRINGS_H

#include <stdbool.h>

#include "core/err.h"
#include "identity/box.h"
#include "identity/record.h"

#define OWNER_PAIRINGS       (RECORD_OWNER_KEYS + 1)
#define OWNER_PAIRINGS_BYTES 4096 /* as text */

struct owner_pairings;

struct owner_pairings *owner_pairings_new(void);           /* NULL: no memory */
void owner_pairings_free(struct owner_pairings *pairings); /* wipes */

/* NULL: none.  Lent until the next change. */
const unsigned char *owner_pairings_find(
    const struct owner_pairings *pairings, const unsigned char key[P256_POINT]);

/* In the place of an older one; when all places are taken, the oldest goes. */
void owner_pairings_add(struct owner_pairings *pairings,
    const unsigned char key[P256_POINT], const unsigned char psk[BOX_KEY]);

/* Forget keys without a role in this record (NULL: there is none, and all
 * stay).  Was there one? */
bool owner_pairings_prune(
    struct owner_pairings *pairings, const struct record *record);
void owner_pairings_clear(struct owner_pairings *pairings);

/* {"<key>":"<psk>",...}; the caller wipes and frees.  NULL: no memory. */
char *owner_pairings_print(const struct owner_pairings *pairings);
enum err owner_pairings_parse(
    struct owner_pairings *pairings, const char *text, size_t len) MUST_CHECK;

#endif
