/* description.c */

#include "cloud-mock/lib/description.h"

#include <string.h>

#include "cloud-mock/lib/store_alarm.h"
#include "cloud-mock/lib/store_issuance.h"
#include "cloud-mock/lib/store_presence.h"

static enum err set_text(struct json *object, const char *key, const char *text)
{
    return json_set(object, key, json_new_string(text));
}

static enum err set_number(struct json *object, const char *key, int64_t number)
{
    return json_set(object, key, json_new_number((double)number));
}

/* Our own text, so only memory can be missing. */
static enum err set_chain(struct json *object, const char *chain)
{
    const struct json_limits limits = {STORE_CHAIN_SIZE, 1};
    struct json *names = NULL;
    enum err e = json_parse(chain, strlen(chain), limits, &names);

    return e == ERR_OK ? json_set(object, "chain", names) : e;
}

static enum err fill_certificate(
    struct json *object, const struct store_certificate *certificate)
{
    const struct {
        const char *key, *text;
    } texts[] = {
        {"certificateId", certificate->id        },
        {"status",        certificate->status    },
        {"subject",       certificate->subject   },
        {"issuer",        certificate->issuer    },
        {"keySha256",     certificate->key_sha256},
    };
    const struct {
        const char *key;
        int64_t number;
    } numbers[] = {
        {"notBefore",    certificate->not_before_s },
        {"notAfter",     certificate->not_after_s  },
        {"registeredAt", certificate->registered_ms},
        {"lastSeenAt",   certificate->last_seen_ms },
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && e == ERR_OK; i++)
        e = set_text(object, texts[i].key, texts[i].text);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && e == ERR_OK;
         i++)
        e = set_number(object, numbers[i].key, numbers[i].number);
    return e == ERR_OK ? set_chain(object, certificate->chain) : e;
}

/* Made in the factory, or issued here: how. */
static enum err fill_origin(
    struct store *store, struct json *object, const char *id)
{
    struct store_issuance issuance;
    enum err e = store_get_issuance(store, id, &issuance);

    if (e == ERR_NOT_FOUND) {
        e = set_text(object, "kind", "factory");
        return e == ERR_OK ? set_text(object, "method", "jitp") : e;
    }
    if (e == ERR_OK)
        e = set_text(object, "kind", "operational");
    if (e == ERR_OK)
        e = set_text(object, "method", issuance.method);
    if (e == ERR_OK)
        e = set_text(object, "requester", issuance.requester);
    if (e == ERR_OK && issuance.revoked_ms > 0)
        e = set_number(object, "revokedAt", issuance.revoked_ms);
    return e;
}

struct listing {
    struct store *store;
    struct json *list;
};

static enum err append_certificate(
    void *context, const struct store_certificate *certificate)
{
    struct listing *listing = context;
    struct json *object = json_new_object();
    enum err e =
        object == NULL ? ERR_NO_MEMORY : fill_certificate(object, certificate);

    if (e == ERR_OK)
        e = fill_origin(listing->store, object, certificate->id);
    if (e != ERR_OK) {
        json_free(object);
        return e;
    }
    return json_append(listing->list, object);
}

static enum err append_alarm(void *context, const struct store_alarm *alarm)
{
    struct json *object = json_new_object();
    enum err e =
        object == NULL ? ERR_NO_MEMORY : set_number(object, "ts", alarm->ts_ms);

    if (e == ERR_OK)
        e = set_text(object, "kind", alarm->kind);
    if (e == ERR_OK)
        e = set_text(object, "text", alarm->text);
    if (e == ERR_OK)
        e = set_number(object, "count", alarm->count);
    if (e != ERR_OK) {
        json_free(object);
        return e;
    }
    return json_append(context, object);
}

/* A thing without alarms has none, not an empty list. */
static enum err set_alarms(
    struct store *store, struct json *object, const char *name)
{
    struct json *list = json_new_array();
    enum err e = list == NULL
        ? ERR_NO_MEMORY
        : store_each_alarm(store, name, append_alarm, list);

    if (e != ERR_OK || json_count(list) == 0) {
        json_free(list);
        return e;
    }
    return json_set(object, "alarms", list);
}

static enum err fill_presence(
    struct json *object, const struct store_presence *presence)
{
    enum err e =
        json_set(object, "connected", json_new_bool(presence->connected));

    if (e == ERR_OK)
        e = set_number(object, "since", presence->since_ms);
    if (e == ERR_OK)
        e = set_text(object, "sessionIdentifier", presence->session);
    if (e == ERR_OK)
        e = set_number(object, "versionNumber", presence->version);
    if (e == ERR_OK)
        e = set_text(object, "ipAddress", presence->ip);
    if (e == ERR_OK && presence->reason[0] != '\0')
        e = set_text(object, "disconnectReason", presence->reason);
    return e;
}

/* A thing that was never connected has no presence. */
static enum err set_presence(
    struct store *store, struct json *object, const char *name)
{
    struct store_presence presence;
    enum err e = store_get_presence(store, name, &presence);

    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = json_set(object, "presence", json_new_object());
    return e == ERR_OK ? fill_presence(json_get(object, "presence"), &presence)
                       : e;
}

static enum err fill_thing(
    struct store *store, struct json *object, const struct store_thing *thing)
{
    enum err e = set_text(object, "thingName", thing->name);

    if (e == ERR_OK)
        e = set_text(object, "vendor", thing->vendor);
    if (e == ERR_OK)
        e = set_text(object, "model", thing->model);
    if (e == ERR_OK)
        e = set_text(object, "serial", thing->serial);
    if (e == ERR_OK)
        e = set_text(object, "thingTypeName", thing->type);
    if (e == ERR_OK)
        e = set_number(object, "registeredAt", thing->registered_ms);
    if (e == ERR_OK)
        e = json_set(object, "certificates", json_new_array());
    if (e == ERR_OK) {
        struct listing listing = {store, json_get(object, "certificates")};

        e = store_each_certificate(
            store, thing->name, append_certificate, &listing);
    }
    if (e == ERR_OK)
        e = set_alarms(store, object, thing->name);
    return e == ERR_OK ? set_presence(store, object, thing->name) : e;
}

enum err description_of_thing(
    struct store *store, const struct store_thing *thing, struct json **out)
{
    struct json *object = json_new_object();
    enum err e =
        object == NULL ? ERR_NO_MEMORY : fill_thing(store, object, thing);

    if (e != ERR_OK)
        json_free(object);
    else
        *out = object;
    return e;
}

static enum err append_thing(void *context, const struct store_thing *thing)
{
    struct listing *listing = context;
    struct json *one = NULL;
    enum err e = description_of_thing(listing->store, thing, &one);

    return e == ERR_OK ? json_append(listing->list, one) : e;
}

enum err description_of_all(struct store *store, struct json **out)
{
    struct listing listing = {store, json_new_array()};
    enum err e = listing.list == NULL
        ? ERR_NO_MEMORY
        : store_each_thing(store, append_thing, &listing);

    if (e != ERR_OK)
        json_free(listing.list);
    else
        *out = listing.list;
    return e;
}
