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

#include <stdlib.h>
#include <string.h>

#include "cloudd/record_room.h"
#include "core/base64url.h"

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

bool record_find_act(const char *name, enum record_act *act)
{
    for (size_t i = 0; name != NULL && i < ACTS; i++) {
        if (strcmp(acts[i], name) == 0) {
            *act = (enum record_act)i;
            return true;
        }
    }
    return false;
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

const struct json *record_owner_keys(const struct record *r)
{
    return json_get(json_get(r->json, "owner"), "keys");
}

const struct json *record_members(const struct record *r)
{
    return json_get(r->json, "members");
}

bool record_owned(const struct record *record)
{
    return json_count(record_owner_keys(record)) > 0;
}

bool record_text_is(const struct json *value, const char *wanted)
{
    const char *text = json_text(value);

    return text != NULL && strcmp(text, wanted) == 0;
}

bool record_has_text(const struct json *list, const char *text)
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
    if (record_has_text(record_owner_keys(record), key))
        return ROLE_OWNER;
    for (struct json *m = json_first(record_members(record)); m != NULL;
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
    for (struct json *k = json_first(record_owner_keys(record)); k != NULL;
         k = json_next(k))
        callback(context, json_text(k), ROLE_OWNER);
    for (struct json *m = json_first(record_members(record)); m != NULL;
         m = json_next(m))
        callback(context, json_text(json_get(m, "key")),
            role_of_member(json_text(json_get(m, "role"))));
    if (json_text(json_get(record->json, "recovery")) != NULL)
        callback(context, json_text(json_get(record->json, "recovery")),
            ROLE_VIEWER);
}

/* --- signatures ----------------------------------------------------------- */

bool record_signed_by(const struct record *r, const char *key)
{
    for (struct json *s = json_first(r->signatures); s != NULL;
         s = json_next(s)) {
        if (record_text_is(json_get(s, "key"), key))
            return true;
    }
    return false;
}

/* Did any of these keys sign? */
bool record_signed_by_any(const struct record *r, const struct json *keys)
{
    for (struct json *k = json_first(keys); k != NULL; k = json_next(k)) {
        if (json_text(k) != NULL && record_signed_by(r, json_text(k)))
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
            if (record_text_is(json_get(later, "key"), key))
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
    if (r->act == RECORD_CLAIM &&
        !record_signed_by_any(r, record_owner_keys(r)))
        return "a claim is signed by its owner";
    if (r->act != RECORD_TRANSFER)
        return NULL;
    for (struct json *k = json_first(record_owner_keys(r)); k != NULL;
         k = json_next(k)) {
        if (!record_signed_by(r, json_text(k)))
            return "a transfer is signed by each key of the new owner";
    }
    return count > json_count(record_owner_keys(r))
        ? NULL
        : "a transfer is signed by the owner before";
}

/* --- reading -------------------------------------------------------------- */

static struct record *empty_record(void)
{
    struct record *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->text = malloc(RECORD_MOST);
    if (r->text != NULL)
        return r;
    free(r);
    return NULL;
}

static const char *open_text(struct record *r, const struct json *envelope)
{
    const char *text = json_text(json_get(envelope, "record"));

    if (json_count(envelope) != 2 || text == NULL ||
        base64url_decode(text, r->text, RECORD_MOST, &r->len) != ERR_OK)
        return "expected the record in base64url, of at most 16 KiB";
    if (json_parse(r->text, r->len, (struct json_limits){RECORD_MOST, 3},
            &r->json) != ERR_OK)
        return "the record is not JSON";
    return NULL;
}

static const char *fill(
    struct record *r, const struct json *envelope, const char *thing)
{
    const char *fault = open_text(r, envelope);

    if (fault != NULL)
        return fault;
    r->signatures = json_clone(json_get(envelope, "signatures"));
    fault = record_form_fault(r, thing);
    return fault != NULL ? fault : signature_fault(r);
}

int64_t record_epoch_said(const struct json *envelope)
{
    struct record *r = empty_record();
    int64_t epoch = 0;

    if (r == NULL || open_text(r, envelope) != NULL ||
        !json_whole(json_get(r->json, "epoch"), 1, JSON_WHOLE_MAX, &epoch))
        epoch = 0;
    record_free(r);
    return epoch;
}

enum err record_read(const struct json *envelope, const char *thing,
    const char **why, struct record **out)
{
    struct record *r = empty_record();

    if (r == NULL)
        return ERR_NO_MEMORY;
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
