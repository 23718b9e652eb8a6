/* record_rules.c */

#include "identity/record_rules.h"

#include <string.h>

static bool has_signed(
    const struct record *r, const unsigned char key[P256_POINT])
{
    for (size_t i = 0; i < r->signature_count; i++)
        if (memcmp(r->signatures[i].key, key, P256_POINT) == 0)
            return true;
    return false;
}

static bool owner_has_signed(
    const struct record *next, const struct record *owner)
{
    for (size_t i = 0; i < owner->key_count; i++)
        if (has_signed(next, owner->keys[i]))
            return true;
    return false;
}

/* Every signature, whoever it is by: none is there for nothing. */
static bool signatures_are_right(const struct record *r)
{
    unsigned char hash[TRANSCRIPT_HASH];

    if (record_signed(r, hash) != ERR_OK)
        return false;
    for (size_t i = 0; i < r->signature_count; i++)
        if (user_key_verify(r->signatures[i].key, hash,
                r->signatures[i].signature) != ERR_OK)
            return false;
    return r->signature_count > 0;
}

static bool follows(const struct record *next, const struct record *before)
{
    unsigned char hash[TRANSCRIPT_HASH];

    if (before == NULL)
        return next->epoch == 1 && !next->has_previous;
    return next->epoch == before->epoch + 1 && next->has_previous &&
        record_hash(before, hash) == ERR_OK &&
        memcmp(hash, next->previous, TRANSCRIPT_HASH) == 0;
}

static const char *claim_fault(
    const struct record *next, const struct record_place *place)
{
    if (place->claim_key == NULL)
        return "a claim is made with the pass code";
    if (record_is_owned(place->before))
        return "the device belongs to somebody";
    return record_role(next, place->claim_key) == RECORD_OWNER &&
            has_signed(next, place->claim_key)
        ? NULL
        : "a claim is signed by the key that knew the code, an owner's";
}

static const char *transfer_fault(
    const struct record *next, const struct record *before)
{
    for (size_t i = 0; i < next->key_count; i++) {
        if (record_role(before, next->keys[i]) == RECORD_OWNER)
            return "the new owner has a key of the old one";
        if (!has_signed(next, next->keys[i]))
            return "each key of the new owner must sign a transfer";
    }
    return next->has_recovery &&
            (record_role(before, next->recovery) == RECORD_OWNER ||
                record_role(before, next->recovery) == RECORD_RECOVERY)
        ? "the new owner's recovery is a key of the old one"
        : NULL;
}

static const char *fault_of(
    const struct record *next, const struct record_place *place)
{
    const struct record *before = place->before;
    static const char by_owner[] = "no key of the owner has signed";

    switch (next->act) {
    case RECORD_CLAIM:
        return claim_fault(next, place);
    case RECORD_RECOVER:
        return before != NULL && before->has_recovery &&
                has_signed(next, before->recovery)
            ? NULL
            : "the recovery key has not signed";
    case RECORD_TRANSFER:
        if (before == NULL || !owner_has_signed(next, before))
            return by_owner;
        return transfer_fault(next, before);
    case RECORD_SHARE:
    case RECORD_RELEASE:
        return before != NULL && owner_has_signed(next, before) ? NULL
                                                                : by_owner;
    case RECORD_RESET:
        break;
    }
    return "only the device itself makes a reset";
}

enum record_verdict record_judge(const struct record *next,
    const struct record_place *place, const char **why)
{
    if (strcmp(next->thing, place->thing) != 0 ||
        !hit_equal(&next->hit, place->hit)) {
        *why = "the record is for another device";
        return RECORD_WRONG;
    }
    if (!follows(next, place->before)) {
        *why = "the record does not follow the one the device has";
        return RECORD_STALE;
    }
    *why = fault_of(next, place);
    if (*why != NULL)
        return RECORD_NOT_YOURS;
    if (signatures_are_right(next))
        return RECORD_TAKE;
    *why = "a signature is not right";
    return RECORD_NOT_YOURS;
}
