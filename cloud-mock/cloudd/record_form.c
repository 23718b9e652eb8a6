/* record_form.c - what a record must look like: the members of the document and
 * no others, so that nobody signs what another reader overlooks. */

#include <string.h>

#include "cloudd/record_room.h"
#include "core/base64url.h"

#define HIT_LEN 16 /* bytes of a Host Identity Tag */

/* Exactly these members; names end with NULL. */
static bool has_exactly(const struct json *object, const char *const *names)
{
    size_t count = 0;

    for (; names[count] != NULL; count++)
        if (json_get(object, names[count]) == NULL)
            return false;
    return json_is_object(object) && json_count(object) == count;
}

static bool name_fits(const struct json *value)
{
    const char *name = json_text(value);

    return name != NULL && name[0] != '\0' && strlen(name) <= RECORD_NAME;
}

/* How often does a key stand among the owner's and the members'? */
static unsigned count_key(const struct record *r, const char *key)
{
    unsigned count = 0;

    for (struct json *k = json_first(record_owner_keys(r)); k != NULL;
         k = json_next(k))
        count += record_text_is(k, key);
    for (struct json *m = json_first(record_members(r)); m != NULL;
         m = json_next(m))
        count += record_text_is(json_get(m, "key"), key);
    return count;
}

static bool key_fits(const struct record *r, const struct json *value)
{
    const char *key = json_text(value);

    return key != NULL && count_key(r, key) == 1 && proof_is_key(key);
}

static bool members_fit(const struct record *r)
{
    static const char *const names[] = {"name", "role", "key", NULL};

    if (!json_is_array(record_members(r)) ||
        json_count(record_members(r)) > RECORD_MEMBERS)
        return false;
    for (struct json *m = json_first(record_members(r)); m != NULL;
         m = json_next(m)) {
        if (!has_exactly(m, names) || !name_fits(json_get(m, "name")) ||
            role_of_member(json_text(json_get(m, "role"))) == ROLE_NONE ||
            !key_fits(r, json_get(m, "key")))
            return false;
    }
    return true;
}

static bool owner_fits(const struct record *r)
{
    static const char *const names[] = {"name", "keys", NULL};
    const struct json *owner = json_get(r->json, "owner");
    const struct json *recovery = json_get(r->json, "recovery");
    size_t count = json_count(record_owner_keys(r));

    if (r->act == RECORD_RELEASE || r->act == RECORD_RESET)
        return json_is_null(owner) && json_is_null(recovery) &&
            json_count(record_members(r)) == 0;
    if (!has_exactly(owner, names) || !name_fits(json_get(owner, "name")) ||
        !json_is_array(record_owner_keys(r)) || count == 0 ||
        count > RECORD_OWNERS)
        return false;
    for (struct json *k = json_first(record_owner_keys(r)); k != NULL;
         k = json_next(k)) {
        if (!key_fits(r, k))
            return false;
    }
    if (r->act == RECORD_TRANSFER && json_count(record_members(r)) != 0)
        return false;
    return json_is_null(recovery) ||
        (json_text(recovery) != NULL && proof_is_key(json_text(recovery)) &&
            count_key(r, json_text(recovery)) == 0);
}

/* Of what all records begin with; fills act and epoch. */
static const char *head_fault(struct record *r, const char *thing)
{
    const struct json *j = r->json, *previous = json_get(j, "previous");
    unsigned char hit[HIT_LEN], hash[PROOF_HASH];
    int64_t number = 0;

    if (!json_whole(json_get(j, "v"), 1, 1, &number))
        return "expected version 1";
    if (!record_find_act(json_text(json_get(j, "act")), &r->act))
        return "its act is none that is known";
    if (!record_text_is(json_get(j, "thing"), thing))
        return "it names another thing";
    if (base64url_exact(json_text(json_get(j, "hit")), hit, sizeof(hit)) !=
        ERR_OK)
        return "it names no HIT";
    if (!json_whole(json_get(j, "epoch"), 1, JSON_WHOLE_MAX, &r->epoch))
        return "its epoch is not a whole number from 1";
    if (!json_whole(json_get(j, "at"), 0, JSON_WHOLE_MAX, &number))
        return "its time is not a whole number";
    if (!json_is_null(previous) &&
        base64url_exact(json_text(previous), hash, sizeof(hash)) != ERR_OK)
        return "its previous is neither a hash nor null";
    return NULL;
}

const char *record_form_fault(struct record *r, const char *thing)
{
    static const char *const names[] = {"v", "act", "thing", "hit", "epoch",
        "previous", "at", "owner", "recovery", "members", NULL};
    const char *fault;

    if (!has_exactly(r->json, names))
        return "it lacks something, or holds more than it should";
    fault = head_fault(r, thing);
    if (fault != NULL)
        return fault;
    return members_fit(r) && owner_fits(r)
        ? NULL
        : "its owner or its members are not as its act wants them";
}
