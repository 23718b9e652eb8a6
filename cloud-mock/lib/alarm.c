/* alarm.c */

#include "cloud-mock/lib/alarm.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

static struct json *describe(const struct store_alarm *alarm)
{
    struct json *body = json_new_object();

    if (body != NULL &&
        json_set(body, "thingName", json_new_string(alarm->thing)) == ERR_OK &&
        json_set(body, "ts", json_new_number((double)alarm->ts_ms)) == ERR_OK &&
        json_set(body, "kind", json_new_string(alarm->kind)) == ERR_OK &&
        json_set(body, "text", json_new_string(alarm->text)) == ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

static bool is_too_soon(
    struct store *store, const struct store_alarm *alarm, int64_t now_ms)
{
    struct store_alarm last;

    return store_get_alarm(store, alarm->thing, alarm->kind, &last) == ERR_OK &&
        now_ms >= last.ts_ms && now_ms - last.ts_ms < ALARM_QUIET_MS;
}

void alarm_raise(struct store *store, struct sender *sender, const char *thing,
    const char *kind, const char *text)
{
    struct store_alarm alarm = {.ts_ms = sender_now_ms(sender)};

    snprintf(alarm.thing, sizeof(alarm.thing), "%s", thing);
    snprintf(alarm.kind, sizeof(alarm.kind), "%s", kind);
    snprintf(alarm.text, sizeof(alarm.text), "%s", text);
    if (is_too_soon(store, &alarm, alarm.ts_ms))
        return;
    log_warning("alarm", "thing=%s kind=%s text=\"%s\"", alarm.thing,
        alarm.kind, alarm.text);
    if (store_put_alarm(store, &alarm) != ERR_OK)
        log_error("alarm", "not stored thing=%s kind=%s", thing, kind);
    sender_publish(sender, "$nameplate/cloud/alarm", describe(&alarm));
}

void alarm_look_at_key(struct store *store, struct sender *sender,
    const struct store_certificate *certificate, bool issued)
{
    char other[TOPIC_THING_SIZE], text[256];
    int64_t count = 0;

    if (!issued &&
        store_other_keys(store, certificate->thing, certificate->key_sha256,
            &count) == ERR_OK &&
        count > 0)
        alarm_raise(store, sender, certificate->thing, ALARM_TWO_KEYS,
            "a second factory certificate with another key came for this"
            " serial number");
    if (store_same_key(store, certificate->key_sha256, certificate->thing,
            other) != ERR_OK)
        return;
    snprintf(
        text, sizeof(text), "its key is in the certificate of %s too", other);
    alarm_raise(store, sender, certificate->thing, ALARM_KEY, text);
    snprintf(text, sizeof(text), "its key is in the certificate of %s too",
        certificate->thing);
    alarm_raise(store, sender, other, ALARM_KEY, text);
}
