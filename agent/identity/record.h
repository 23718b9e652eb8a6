/* record.h - who owns a device: a text that its owner signed, and an envelope
 * with the signatures (docs/ownership.md, "The record").
 *
 * Reading is strict: what is not in the document is refused, so nobody signs
 * what another side overlooks. */

#ifndef IDENTITY_RECORD_H
#define IDENTITY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "identity/hit.h"
#include "identity/user_key.h"

#define RECORD_TEXT       16384 /* bytes, at most */
#define RECORD_OWNER_KEYS 8
#define RECORD_MEMBERS    32
#define RECORD_SIGNATURES (RECORD_OWNER_KEYS + 1)
#define RECORD_NAME       129 /* a name in UTF-8, with its NUL */
#define RECORD_DEVICE     512 /* bytes of a signature by the device */

enum record_act {
    RECORD_CLAIM,
    RECORD_SHARE,
    RECORD_RECOVER,
    RECORD_TRANSFER,
    RECORD_RELEASE,
    RECORD_RESET
};

/* Each may what the one before may. */
enum record_role {
    RECORD_NOBODY,
    RECORD_RECOVERY, /* holds the recovery key: may only say who owns it */
    RECORD_VIEWER,
    RECORD_OPERATOR,
    RECORD_OWNER
};

struct record_member {
    char name[RECORD_NAME];
    enum record_role role; /* viewer or operator */
    unsigned char key[P256_POINT];
};

struct record_signature {
    unsigned char key[P256_POINT];
    unsigned char signature[USER_KEY_SIGNATURE];
};

struct record {
    enum record_act act;
    char *thing;
    struct hit hit;
    int64_t epoch, at_ms;
    bool has_previous, has_owner, has_recovery;
    unsigned char previous[TRANSCRIPT_HASH];
    char owner[RECORD_NAME]; /* "": nobody */
    unsigned char keys[RECORD_OWNER_KEYS][P256_POINT];
    size_t key_count;
    unsigned char recovery[P256_POINT];
    struct record_member members[RECORD_MEMBERS];
    size_t member_count;
    char *text; /* what is signed */
    size_t len;
    struct record_signature signatures[RECORD_SIGNATURES];
    size_t signature_count;
    unsigned char device[RECORD_DEVICE]; /* the device's own signature */
    size_t device_len;                   /* 0: there is none */
};

/* "claim"; static. */
const char *record_act_name(enum record_act act);

/* Read an envelope (borrowed).  Its form is judged, also which signatures its
 * act wants; not whether they are right, and not what went before.
 * ERR_INVALID: `why` (static) says what is wrong.  ERR_NO_MEMORY. */
enum err record_read(const struct json *envelope, const char **why,
    struct record **out) MUST_CHECK;
void record_free(struct record *record); /* NULL is fine */

/* The envelope again; the caller frees.  NULL: no memory. */
struct json *record_envelope(const struct record *record);

/* What signatures are over, and what `previous` is. */
enum err record_signed(const struct record *record,
    unsigned char hash[TRANSCRIPT_HASH]) MUST_CHECK;
enum err record_hash(const struct record *record,
    unsigned char hash[TRANSCRIPT_HASH]) MUST_CHECK;

/* NULL as record: everybody is nobody. */
enum record_role record_role(
    const struct record *record, const unsigned char key[P256_POINT]);
bool record_is_owned(const struct record *record); /* NULL: no */

/* Is what was there before wiped? */
bool record_wipes(enum record_act act);

#endif
