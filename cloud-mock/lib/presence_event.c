/* presence_event.c */

#include "cloud-mock/lib/presence_event.h"

#include <stdio.h>
#include <string.h>

#include "cloud-mock/lib/limits.h"

/* RFC 9562 section 5.4, version 4. */
enum err presence_event_session(struct sender *sender, char text[37])
{
    unsigned char b[16];
    enum err e = sender_random(sender, b, sizeof(b));

    if (e != ERR_OK)
        return e;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, 37,
        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
        "%02x%02x%02x%02x%02x%02x",
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
        b[11], b[12], b[13], b[14], b[15]);
    return ERR_OK;
}

static enum err set_text(struct json *body, const char *key, const char *text)
{
    return json_set(body, key, json_new_string(text));
}

static enum err set_number(struct json *body, const char *key, int64_t number)
{
    return json_set(body, key, json_new_number((double)number));
}

/* Events of ids that would not stay one level of a topic are not sent. */
static bool has_events(const char *client)
{
    return client != NULL && client[0] != '\0' &&
        strlen(client) <= LIMITS_CLIENT_ID_BYTES &&
        strpbrk(client, "#+/") == NULL;
}

/* What all events begin with; frees `body` on failure. */
static struct json *begin_event(
    const char *client, int64_t now_ms, const char *type)
{
    struct json *body = json_new_object();

    if (body != NULL && set_text(body, "clientId", client) == ERR_OK &&
        set_number(body, "timestamp", now_ms) == ERR_OK &&
        set_text(body, "eventType", type) == ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

/* Takes `body`; with an error nothing is sent but a line in the log. */
static void publish_event(struct sender *sender, const char *kind,
    const char *client, struct json *body, enum err e)
{
    char topic[LIMITS_TOPIC_BYTES + 1];

    snprintf(topic, sizeof(topic), "$aws/events/%s/%s", kind, client);
    if (e != ERR_OK) {
        json_free(body);
        body = NULL;
    }
    sender_publish(sender, topic, body);
}

static enum err set_identity(
    struct json *body, const struct store_presence *record)
{
    enum err e = set_text(body, "thingName", record->client);

    if (e == ERR_OK)
        e = set_text(body, "sessionIdentifier", record->session);
    return e == ERR_OK
        ? set_text(body, "principalIdentifier", record->certificate)
        : e;
}

void presence_event_connected(
    struct sender *sender, const struct store_presence *record)
{
    struct json *body =
        begin_event(record->client, record->since_ms, "connected");
    enum err e = body == NULL ? ERR_NO_MEMORY : set_identity(body, record);

    if (e == ERR_OK)
        e = set_text(body, "ipAddress", record->ip);
    if (e == ERR_OK)
        e = set_number(body, "versionNumber", record->version);
    publish_event(sender, "presence/connected", record->client, body, e);
}

void presence_event_disconnected(
    struct sender *sender, const struct store_presence *record, bool by_client)
{
    struct json *body =
        begin_event(record->client, record->since_ms, "disconnected");
    enum err e = body == NULL ? ERR_NO_MEMORY : set_identity(body, record);

    if (e == ERR_OK)
        e = json_set(
            body, "clientInitiatedDisconnect", json_new_bool(by_client));
    if (e == ERR_OK)
        e = set_text(body, "disconnectReason", record->reason);
    if (e == ERR_OK)
        e = set_number(body, "versionNumber", record->version);
    publish_event(sender, "presence/disconnected", record->client, body, e);
}

void presence_event_refused(
    struct sender *sender, const struct presence_arrival *arrival)
{
    char session[37];
    struct json *body;
    enum err e;

    if (!has_events(arrival->client))
        return;
    body =
        begin_event(arrival->client, sender_now_ms(sender), "connect_failed");
    e = body == NULL ? ERR_NO_MEMORY : presence_event_session(sender, session);
    if (e == ERR_OK)
        e = set_text(body, "connectFailureReason", "AUTHORIZATION_FAILED");
    if (e == ERR_OK)
        e = set_text(body, "principalIdentifier", arrival->certificate);
    if (e == ERR_OK)
        e = set_text(body, "sessionIdentifier", session);
    if (e == ERR_OK)
        e = set_text(body, "ipAddress", arrival->ip);
    publish_event(sender, "presence/connect_failed", arrival->client, body, e);
}

void presence_event_subscribed(struct sender *sender,
    const struct store_presence *record, const char *filter, bool subscribed)
{
    const char *type = subscribed ? "subscribed" : "unsubscribed";
    char kind[40];
    struct json *body;
    enum err e;

    body = begin_event(record->client, sender_now_ms(sender), type);
    e = body == NULL ? ERR_NO_MEMORY : set_identity(body, record);
    if (e == ERR_OK)
        e = json_set(body, "topics", json_new_array());
    if (e == ERR_OK)
        e = json_append(json_get(body, "topics"), json_new_string(filter));
    snprintf(kind, sizeof(kind), "subscriptions/%s", type);
    publish_event(sender, kind, record->client, body, e);
}
