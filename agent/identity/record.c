/* record.c */

#include "identity/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"

#define DEPTH 3

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

/* --- pieces ----------------------------------------------------------------
 */

/* Exactly these members, in any order; names end with NULL. */
static bool has_exactly(const struct json *object, const char *const *names)
{
    size_t count = 0;

    for (; names[count] != NULL; count++)
        if (json_get(object, names[count]) == NULL)
            return false;
    return json_is_object(object) && json_count(object) == count;
}

static bool read_name(const struct json *value, char out[RECORD_NAME])
{
    const char *text = json_text(value);

    if (text == NULL || text[0] == '\0' || strlen(text) >= RECORD_NAME)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

/* Whether it lies on the curve is looked at once all have been read. */
static bool read_point(const struct json *value, unsigned char out[P256_POINT])
{
    return base64url_exact(json_text(value), out, P256_POINT) == ERR_OK;
}

static bool read_act(const struct json *value, enum record_act *out)
{
    const char *name = json_text(value);

    for (size_t i = 0; name != NULL && i < ACTS; i++)
        if (strcmp(acts[i], name) == 0) {
            *out = (enum record_act)i;
            return true;
        }
    return false;
}

/* --- the text --------------------------------------------------------------
 */

static bool read_owner(const struct json *value, struct record *r)
{
    static const char *const names[] = {"name", "keys", NULL};
    const struct json *keys = json_get(value, "keys");

    if (json_is_null(value))
        return true;
    r->has_owner = true;
    if (!has_exactly(value, names) ||
        !read_name(json_get(value, "name"), r->owner) || !json_is_array(keys) ||
        json_count(keys) == 0 || json_count(keys) > RECORD_OWNER_KEYS)
        return false;
    for (const struct json *k = json_first(keys); k != NULL; k = json_next(k))
        if (!read_point(k, r->keys[r->key_count++]))
            return false;
    return true;
}

static bool read_member(const struct json *value, struct record_member *out)
{
    static const char *const names[] = {"name", "role", "key", NULL};
    const char *role = json_text(json_get(value, "role"));

    if (!has_exactly(value, names) || role == NULL ||
        !read_name(json_get(value, "name"), out->name) ||
        !read_point(json_get(value, "key"), out->key))
        return false;
    out->role = strcmp(role, "operator") == 0 ? RECORD_OPERATOR : RECORD_VIEWER;
    return out->role == RECORD_OPERATOR || strcmp(role, "viewer") == 0;
}

static bool read_members(const struct json *value, struct record *r)
{
    if (!json_is_array(value) || json_count(value) > RECORD_MEMBERS)
        return false;
    for (const struct json *m = json_first(value); m != NULL; m = json_next(m))
        if (!read_member(m, &r->members[r->member_count++]))
            return false;
    return true;
}

/* All keys of the record, one after the other; NULL behind the last. */
static const unsigned char *key_at(const struct record *r, size_t i)
{
    if (i < r->key_count)
        return r->keys[i];
    i -= r->key_count;
    if (i < r->member_count)
        return r->members[i].key;
    return i == r->member_count && r->has_recovery ? r->recovery : NULL;
}

static bool keys_are_good(const struct record *r)
{
    const unsigned char *one, *other;

    for (size_t i = 0; (one = key_at(r, i)) != NULL; i++) {
        if (!user_key_is_one(one))
            return false;
        for (size_t k = i + 1; (other = key_at(r, k)) != NULL; k++)
            if (memcmp(one, other, P256_POINT) == 0)
                return false;
    }
    return true;
}

/* Is owned what its act leaves owned? */
static bool fits_its_act(const struct record *r)
{
    bool nobody = r->act == RECORD_RELEASE || r->act == RECORD_RESET;

    if (nobody)
        return !r->has_owner && !r->has_recovery && r->member_count == 0;
    return r->has_owner && (r->act != RECORD_TRANSFER || r->member_count == 0);
}

static const char *read_head(const struct json *j, struct record *r)
{
    const char *thing = json_text(json_get(j, "thing"));
    const struct json *previous = json_get(j, "previous");
    int64_t version;

    if (!json_whole(json_get(j, "v"), 1, 1, &version))
        return "\"v\" wants 1";
    if (!read_act(json_get(j, "act"), &r->act))
        return "\"act\" wants claim, share, recover, transfer, release or "
               "reset";
    if (thing == NULL ||
        base64url_exact(
            json_text(json_get(j, "hit")), r->hit.bytes, HIT_SIZE) != ERR_OK)
        return "it names no thing and HIT";
    if (!json_whole(json_get(j, "epoch"), 1, JSON_WHOLE_MAX, &r->epoch) ||
        !json_whole(json_get(j, "at"), 0, JSON_WHOLE_MAX, &r->at_ms))
        return "\"epoch\" and \"at\" want whole numbers";
    r->has_previous = !json_is_null(previous);
    if (r->has_previous &&
        base64url_exact(json_text(previous), r->previous, TRANSCRIPT_HASH) !=
            ERR_OK)
        return "\"previous\" wants a hash or null";
    r->thing = strdup(thing);
    return r->thing == NULL ? "out of memory" : NULL;
}

static const char *read_text(const struct json *j, struct record *r)
{
    static const char *const names[] = {"v", "act", "thing", "hit", "epoch",
        "previous", "at", "owner", "recovery", "members", NULL};
    const struct json *recovery = json_get(j, "recovery");
    const char *why;

    if (!has_exactly(j, names))
        return "the record lacks something, or holds more than it should";
    why = read_head(j, r);
    if (why != NULL)
        return why;
    if (!read_owner(json_get(j, "owner"), r))
        return "\"owner\" wants a name and 1 to 8 keys, or null";
    r->has_recovery = !json_is_null(recovery);
    if (r->has_recovery && !read_point(recovery, r->recovery))
        return "\"recovery\" wants a key or null";
    if (!read_members(json_get(j, "members"), r))
        return "\"members\" wants at most 32 with name, role and key";
    if (!fits_its_act(r))
        return "owner, recovery and members are not as the act leaves them";
    return keys_are_good(r) ? NULL
                            : "a key stands twice, or is not on the curve";
}

/* --- signatures ------------------------------------------------------------
 */

static bool read_device_signature(const struct json *s, struct record *r)
{
    static const char *const names[] = {"device", "signature", NULL};
    const char *text = json_text(json_get(s, "signature"));

    return has_exactly(s, names) && json_is_true(json_get(s, "device")) &&
        text != NULL &&
        base64url_decode(text, r->device, RECORD_DEVICE, &r->device_len) ==
        ERR_OK &&
        r->device_len > 0;
}

static bool read_signature(const struct json *s, struct record *r)
{
    static const char *const names[] = {"key", "signature", NULL};
    struct record_signature *out = &r->signatures[r->signature_count];

    if (!has_exactly(s, names) || !read_point(json_get(s, "key"), out->key) ||
        base64url_exact(json_text(json_get(s, "signature")), out->signature,
            USER_KEY_SIGNATURE) != ERR_OK)
        return false;
    for (size_t i = 0; i < r->signature_count; i++)
        if (memcmp(r->signatures[i].key, out->key, P256_POINT) == 0)
            return false;
    r->signature_count++;
    return true;
}

static const char *read_signatures(const struct json *list, struct record *r)
{
    size_t count = json_count(list);

    if (!json_is_array(list) || count == 0 || count > RECORD_SIGNATURES)
        return "\"signatures\" wants 1 to 9";
    if (r->act == RECORD_RESET)
        return count == 1 && read_device_signature(json_first(list), r)
            ? NULL
            : "a reset is signed by the device alone";
    for (const struct json *s = json_first(list); s != NULL; s = json_next(s))
        if (!read_signature(s, r))
            return "a signature wants \"key\" and \"signature\", each key once";
    return NULL;
}

/* --- reading ---------------------------------------------------------------
 */

static const char *read_envelope(const struct json *envelope, struct record *r)
{
    static const char *const names[] = {"record", "signatures", NULL};
    static const struct json_limits limits = {RECORD_TEXT, DEPTH};
    const char *encoded = json_text(json_get(envelope, "record"));
    struct json *j = NULL;
    const char *why;

    if (!has_exactly(envelope, names) || encoded == NULL)
        return "an envelope wants \"record\" and \"signatures\"";
    if (base64url_decode(encoded, r->text, RECORD_TEXT, &r->len) != ERR_OK)
        return "\"record\" wants base64url of at most 16 KiB";
    if (json_parse(r->text, r->len, limits, &j) != ERR_OK)
        return "the record is not JSON";
    why = read_text(j, r);
    json_free(j);
    return why != NULL ? why
                       : read_signatures(json_get(envelope, "signatures"), r);
}

enum err record_read(
    const struct json *envelope, const char **why, struct record **out)
{
    struct record *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->text = malloc(RECORD_TEXT);
    if (r->text == NULL) {
        record_free(r);
        return ERR_NO_MEMORY;
    }
    *why = read_envelope(envelope, r);
    if (*why != NULL) {
        record_free(r);
        return ERR_INVALID;
    }
    *out = r;
    return ERR_OK;
}

void record_free(struct record *r)
{
    if (r == NULL)
        return;
    free(r->thing);
    free(r->text);
    free(r);
}

/* --- writing ---------------------------------------------------------------
 */

/* NULL: no memory. */
static struct json *encoded(const void *bytes, size_t len)
{
    char *text = malloc(BASE64URL_SIZE(len));
    struct json *value = NULL;

    if (text == NULL)
        return NULL;
    base64url_encode(bytes, len, text);
    value = json_new_string(text);
    free(text);
    return value;
}

static struct json *print_signature(const struct record_signature *s)
{
    struct json *one = json_new_object();

    if (one != NULL &&
        json_set(one, "key", encoded(s->key, P256_POINT)) == ERR_OK &&
        json_set(one, "signature", encoded(s->signature, USER_KEY_SIGNATURE)) ==
            ERR_OK)
        return one;
    json_free(one);
    return NULL;
}

static struct json *print_device(const struct record *r)
{
    struct json *one = json_new_object();

    if (one != NULL && json_set(one, "device", json_new_bool(true)) == ERR_OK &&
        json_set(one, "signature", encoded(r->device, r->device_len)) == ERR_OK)
        return one;
    json_free(one);
    return NULL;
}

static struct json *print_signatures(const struct record *r)
{
    struct json *list = json_new_array();
    enum err e = list == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK && r->device_len > 0)
        e = json_append(list, print_device(r));
    for (size_t i = 0; e == ERR_OK && i < r->signature_count; i++)
        e = json_append(list, print_signature(&r->signatures[i]));
    if (e == ERR_OK)
        return list;
    json_free(list);
    return NULL;
}

struct json *record_envelope(const struct record *r)
{
    struct json *envelope = json_new_object();

    if (envelope != NULL &&
        json_set(envelope, "record", encoded(r->text, r->len)) == ERR_OK &&
        json_set(envelope, "signatures", print_signatures(r)) == ERR_OK)
        return envelope;
    json_free(envelope);
    return NULL;
}

enum err record_signed(
    const struct record *r, unsigned char hash[TRANSCRIPT_HASH])
{
    const struct span fields[] = {
        transcript_text("nameplate-record-v1"),
        {(const unsigned char *)r->text, r->len}
    };

    return transcript_hash(fields, 2, hash);
}

enum err record_hash(
    const struct record *r, unsigned char hash[TRANSCRIPT_HASH])
{
    return transcript_sha256(
        (struct span){(const unsigned char *)r->text, r->len}, hash);
}

/* --- roles -----------------------------------------------------------------
 */

bool record_is_owned(const struct record *r)
{
    return r != NULL && r->has_owner;
}

enum record_role record_role(
    const struct record *r, const unsigned char key[P256_POINT])
{
    for (size_t i = 0; r != NULL && i < r->key_count; i++)
        if (memcmp(r->keys[i], key, P256_POINT) == 0)
            return RECORD_OWNER;
    for (size_t i = 0; r != NULL && i < r->member_count; i++)
        if (memcmp(r->members[i].key, key, P256_POINT) == 0)
            return r->members[i].role;
    return r != NULL && r->has_recovery &&
            memcmp(r->recovery, key, P256_POINT) == 0
        ? RECORD_RECOVERY
        : RECORD_NOBODY;
}
