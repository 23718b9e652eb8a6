/* record_after.c - may one record hold after another? */

#include <string.h>

#include "cloudd/record_room.h"
#include "core/base64url.h"

bool record_same(const struct record *a, const struct record *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Does `previous` name the text of `before`? */
static bool follows(const struct record *next, const struct record *before)
{
    const char *previous = json_text(json_get(next->json, "previous"));
    unsigned char hash[PROOF_HASH];
    char text[4 * PROOF_HASH / 3 + 3];

    if (previous == NULL ||
        proof_sha256(before->text, before->len, hash) != ERR_OK)
        return false;
    base64url_encode(hash, sizeof(hash), text);
    return strcmp(previous, text) == 0;
}

static bool shares_a_key(const struct record *a, const struct record *b)
{
    for (struct json *k = json_first(record_owner_keys(a)); k != NULL;
         k = json_next(k)) {
        if (record_has_text(record_owner_keys(b), json_text(k)))
            return true;
    }
    return false;
}

const char *record_fault_after(
    const struct record *next, const struct record *before)
{
    const char *recovery;

    if (before == NULL)
        return NULL;
    if (next->epoch <= before->epoch)
        return "its epoch goes backwards";
    if (next->epoch > before->epoch + 1 || next->act == RECORD_RESET)
        return NULL;
    if (!follows(next, before))
        return "it does not follow the record before";
    if (next->act == RECORD_CLAIM)
        return record_owned(before) ? "it claims what is owned" : NULL;
    if (next->act == RECORD_RECOVER) {
        recovery = json_text(json_get(before->json, "recovery"));
        return recovery != NULL && record_signed_by(next, recovery)
            ? NULL
            : "the recovery key did not sign";
    }
    if (!record_signed_by_any(next, record_owner_keys(before)))
        return "no key of the owner before signed";
    if (next->act == RECORD_TRANSFER && shares_a_key(next, before))
        return "a transfer keeps a key of the owner before";
    return NULL;
}
