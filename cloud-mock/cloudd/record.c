/* record.c - a record is kept as its text and its parsed tree.  In each act
 * the signatures are a list of (key, signature); every one must be valid, no
 * key may sign twice, and who must be among them is the act's rule:
 *
 *   claim     one of the new owner's keys
 *   share     a key of the owner before, who stays
 *   recover   the recovery key of the record before
 *   transfer  a key of the owner before, and each of the new owner's
 *   release   a key of the owner before
 *   reset     the device itself; the broker lets nobody else publish it */

#include "cloudd/record.h"

#include <stdlib.h>
#include <string.h>

struct record {
    struct json *json, *signatures;
    char *text;
    size_t len;
    int64_t epoch;
    enum record_act act;
};

static const char *const acts[] = {
    [RECORD_CLAIM] = "claim",
    [RECORD_SHARE] = "share",
    [RECORD_RECOVER] = "recover",
    [RECORD_TRANSFER] = "transfer",
    [RECORD_RELEASE] = "release",
    [RECORD_RESET] = "reset",
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

const char *record_act_name(enum record_act act)
{
    return acts[act];
}

bool record_wipes(enum record_act act)
{
    return act == RECORD_TRANSFER || act == RECORD_RELEASE ||
        act == RECORD_RESET;
}

enum record_act record_act(const struct record *record)
{
    return record->act;
}

int64_t record_epoch(const struct record *record)
{
    return record->epoch;
}

static const struct json *owner_keys(const struct record *r)
{
    return json_get(json_get(r->json, "owner"), "keys");
}

static const struct json *members(const struct record *r)
{
    return json_get(r->json, "members");
}

bool record_owned(const struct record *record)
{
    return json_count(owner_keys(record)) > 0;
}

static bool has_text(const struct json *list, const char *text)
{
    for (struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        const char *one = json_text(c);

        if (one != NULL && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

enum role record_role(const struct record *record, const char *key)
{
    if (has_text(owner_keys(record), key))
        return ROLE_OWNER;
    for (struct json *m = json_first(members(record)); m != NULL;
         m = json_next(m)) {
        const char *one = json_text(json_get(m, "key"));

        if (one != NULL && strcmp(one, key) == 0)
            return role_of_member(json_text(json_get(m, "role")));
    }
    return ROLE_NONE;
}

void record_each(
    const struct record *record, record_callback *callback, void *context)
{
    for (struct json *k = json_first(owner_keys(record)); k != NULL;
         k = json_next(k))
        callback(context, json_text(k), ROLE_OWNER);
    for (struct json *m = json_first(members(record)); m != NULL;
         m = json_next(m))
        callback(context, json_text(json_get(m, "key")),
            role_of_member(json_text(json_get(m, "role"))));
    if (json_text(json_get(record->json, "recovery")) != NULL)
        callback(context, json_text(json_get(record->json, "recovery")),
            ROLE_VIEWER);
}

/* --- form ----------------------------------------------------------------- */

static bool find_act(const char *name, enum record_act *act)
{
    for (size_t i = 0; name != NULL && i < ACTS; i++) {
        if (strcmp(acts[i], name) == 0) {
            *act = (enum record_act)i;
            return true;
        }
    }
    return false;
}

static bool text_is(const struct json *value, const char *wanted)
{
    const char *text = json_text(value);

    return text != NULL && strcmp(text, wanted) == 0;
}

/* How often does a key stand among the owner's and the members'? */
static unsigned count_key(const struct record *r, const char *key)
{
    unsigned count = 0;

    for (struct json *k = json_first(owner_keys(r)); k != NULL;
         k = json_next(k))
        count += text_is(k, key);
    for (struct json *m = json_first(members(r)); m != NULL; m = json_next(m))
        count += text_is(json_get(m, "key"), key);
    return count;
}

static bool key_fits(const struct record *r, const struct json *value)
{
    const char *key = json_text(value);

    return key != NULL && count_key(r, key) == 1 && proof_is_key(key);
}

static bool members_fit(const struct record *r)
{
    if (!json_is_array(members(r)) || json_count(members(r)) > RECORD_MEMBERS)
        return false;
    for (struct json *m = json_first(members(r)); m != NULL; m = json_next(m)) {
        if (json_text(json_get(m, "name")) == NULL ||
            role_of_member(json_text(json_get(m, "role"))) == ROLE_NONE ||
            !key_fits(r, json_get(m, "key")))
            return false;
    }
    return true;
}

static bool owner_fits(const struct record *r)
{
    const struct json *owner = json_get(r->json, "owner");
    const struct json *recovery = json_get(r->json, "recovery");
    size_t count = json_count(owner_keys(r));

    if (r->act == RECORD_RELEASE || r->act == RECORD_RESET)
        return json_is_null(owner) && json_is_null(recovery) &&
            json_count(members(r)) == 0;
    if (json_text(json_get(owner, "name")) == NULL ||
        !json_is_array(owner_keys(r)) || count == 0 || count > RECORD_OWNERS)
        return false;
    for (struct json *k = json_first(owner_keys(r)); k != NULL;
         k = json_next(k)) {
        if (!key_fits(r, k))
            return false;
    }
    if (r->act == RECORD_TRANSFER && json_count(members(r)) != 0)
        return false;
    return json_is_null(recovery) ||
        (json_text(recovery) != NULL && proof_is_key(json_text(recovery)) &&
            count_key(r, json_text(recovery)) == 0);
}

static const char *form_fault(struct record *r, const char *thing)
{
    const struct json *j = r->json;
    int64_t version = 0;

    if (!json_whole(json_get(j, "v"), 1, 1, &version))
        return "expected version 1";
    if (!find_act(json_text(json_get(j, "act")), &r->act))
        return "its act is none that is known";
    if (!text_is(json_get(j, "thing"), thing))
        return "it names another thing";
    if (json_text(json_get(j, "hit")) == NULL)
        return "it names no HIT";
    if (!json_whole(json_get(j, "epoch"), 1, JSON_WHOLE_MAX, &r->epoch))
        return "its epoch is not a whole number from 1";
    if (!json_is_null(json_get(j, "previous")) &&
        json_text(json_get(j, "previous")) == NULL)
        return "its previous is neither a hash nor null";
    if (!members_fit(r) || !owner_fits(r))
        return "its owner or its members are not as its act wants them";
    return NULL;
}

/* --- signatures ----------------------------------------------------------- */

static bool signed_by(const struct record *r, const char *key)
{
    for (struct json *s = json_first(r->signatures); s != NULL;
         s = json_next(s)) {
        if (text_is(json_get(s, "key"), key))
            return true;
    }
    return false;
}

/* Did any of these keys sign? */
static bool signed_by_any(const struct record *r, const struct json *keys)
{
    for (struct json *k = json_first(keys); k != NULL; k = json_next(k)) {
        if (json_text(k) != NULL && signed_by(r, json_text(k)))
            return true;
    }
    return false;
}

static bool all_valid(const struct record *r)
{
    struct proof_field fields[] = {
        {"nameplate-record-v1", 19    },
        {r->text,               r->len}
    };
    unsigned char hash[PROOF_HASH];

    if (proof_hash(fields, 2, hash) != ERR_OK)
        return false;
    for (struct json *s = json_first(r->signatures); s != NULL;
         s = json_next(s)) {
        const char *key = json_text(json_get(s, "key"));
        const char *signature = json_text(json_get(s, "signature"));
        struct json *later = json_next(s);

        if (key == NULL || signature == NULL ||
            !proof_verify(key, signature, hash))
            return false;
        for (; later != NULL; later = json_next(later)) {
            if (text_is(json_get(later, "key"), key))
                return false;
        }
    }
    return true;
}

static const char *signature_fault(const struct record *r)
{
    size_t count = json_count(r->signatures);

    if (!json_is_array(r->signatures) || count == 0 ||
        count > RECORD_OWNERS + 1)
        return "it has no signatures, or too many";
    if (r->act == RECORD_RESET)
        return count == 1 &&
                json_is_true(json_get(json_first(r->signatures), "device"))
            ? NULL
            : "a reset is signed by the device alone";
    if (!all_valid(r))
        return "a signature is wrong";
    if (r->act == RECORD_CLAIM && !signed_by_any(r, owner_keys(r)))
        return "a claim is signed by its owner";
    if (r->act != RECORD_TRANSFER)
        return NULL;
    for (struct json *k = json_first(owner_keys(r)); k != NULL;
         k = json_next(k)) {
        if (!signed_by(r, json_text(k)))
            return "a transfer is signed by each key of the new owner";
    }
    return count > json_count(owner_keys(r))
        ? NULL
        : "a transfer is signed by the owner before";
}

/* --- reading -------------------------------------------------------------- */

static const char *fill(
    struct record *r, const struct json *envelope, const char *thing)
{
    const char *text = json_text(json_get(envelope, "record"));
    const char *fault;

    if (text == NULL || !proof_decode(text, r->text, RECORD_MOST, &r->len))
        return "expected the record in base64url, of at most 16 KiB";
    if (json_parse(r->text, r->len, (struct json_limits){RECORD_MOST, 4},
            &r->json) != ERR_OK)
        return "the record is not JSON";
    r->signatures = json_clone(json_get(envelope, "signatures"));
    fault = form_fault(r, thing);
    return fault != NULL ? fault : signature_fault(r);
}

enum err record_read(const struct json *envelope, const char *thing,
    const char **why, struct record **out)
{
    struct record *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->text = malloc(RECORD_MOST);
    if (r->text == NULL) {
        record_free(r);
        return ERR_NO_MEMORY;
    }
    *why = fill(r, envelope, thing);
    if (*why != NULL) {
        record_free(r);
        return ERR_INVALID;
    }
    *out = r;
    return ERR_OK;
}

void record_free(struct record *record)
{
    if (record == NULL)
        return;
    json_free(record->json);
    json_free(record->signatures);
    free(record->text);
    free(record);
}

/* --- one after the other -------------------------------------------------- */

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
    proof_encode(hash, sizeof(hash), text);
    return strcmp(previous, text) == 0;
}

static bool shares_a_key(const struct record *a, const struct record *b)
{
    for (struct json *k = json_first(owner_keys(a)); k != NULL;
         k = json_next(k)) {
        if (has_text(owner_keys(b), json_text(k)))
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
        return recovery != NULL && signed_by(next, recovery)
            ? NULL
            : "the recovery key did not sign";
    }
    if (!signed_by_any(next, owner_keys(before)))
        return "no key of the owner before signed";
    if (next->act == RECORD_TRANSFER && shares_a_key(next, before))
        return "a transfer keeps a key of the owner before";
    return NULL;
}
