/* presence.c - one record a client, written through to the store at every
 * change, so that what is asked later can be read from there. */

#include "cloud-mock/lib/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/alarm.h"
#include "cloud-mock/lib/duel.h"
#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/presence_event.h"
#include "cloud-mock/lib/store_presence.h"
#include "cloud-mock/lib/store_registry.h"
#include "cloud-mock/lib/table.h"
#include "core/log.h"

struct client {
    struct store_presence record;
    const void *connection; /* while record.connected */

    bool arriving;
    const void *arriving_connection;
    char arriving_certificate[STORE_ID_SIZE];
    char arriving_ip[64];
    struct client *next_arriving;
    struct duel duel;
    bool turned_away; /* to be kicked, though never "connected" */

    bool kicked;
    enum presence_reason kick_reason;
};

struct presence {
    struct store *store;
    struct sender *sender;
    struct table *clients;
    struct client *arriving;
    size_t kicks; /* clients to be kicked at the next tick */
};

static const char *const reason_names[] = {
    [PRESENCE_CLIENT_INITIATED] = "CLIENT_INITIATED_DISCONNECT",
    [PRESENCE_CONNECTION_LOST] = "CONNECTION_LOST",
    [PRESENCE_KEEP_ALIVE_TIMEOUT] = "MQTT_KEEP_ALIVE_TIMEOUT",
    [PRESENCE_DUPLICATE_CLIENTID] = "DUPLICATE_CLIENTID",
    [PRESENCE_CLIENT_ERROR] = "CLIENT_ERROR",
    [PRESENCE_AUTH_ERROR] = "AUTH_ERROR",
    [PRESENCE_FORBIDDEN_ACCESS] = "FORBIDDEN_ACCESS",
    [PRESENCE_API_INITIATED] = "API_INITIATED_DISCONNECT",
    [PRESENCE_SERVER_INITIATED] = "SERVER_INITIATED_DISCONNECT",
    [PRESENCE_SERVER_ERROR] = "SERVER_ERROR",
    [PRESENCE_THROTTLED] = "THROTTLED",
};

const char *presence_reason_name(enum presence_reason reason)
{
    return reason_names[reason];
}

struct presence *presence_new(struct store *store, struct sender *sender)
{
    struct presence *presence = calloc(1, sizeof(*presence));

    if (presence == NULL)
        return NULL;
    presence->store = store;
    presence->sender = sender;
    presence->clients = table_new(free);
    if (presence->clients != NULL &&
        store_presence_all_gone(store, sender_now_ms(sender),
            presence_reason_name(PRESENCE_SERVER_INITIATED)) == ERR_OK)
        return presence;
    presence_free(presence);
    return NULL;
}

void presence_free(struct presence *presence)
{
    if (presence == NULL)
        return;
    table_free(presence->clients);
    free(presence);
}

/* Best effort: presence is news, and the log says what the store refused. */
static void remember(struct presence *presence, const struct client *client)
{
    enum err e = store_put_presence(presence->store, &client->record);

    if (e == ERR_OK)
        e = store_saw_certificate(presence->store, client->record.certificate,
            sender_now_ms(presence->sender));
    if (e != ERR_OK)
        log_warning("presence", "not stored client=%s reason=%s",
            client->record.client, err_name(e));
}

static void go(struct presence *presence, struct client *client,
    enum presence_reason reason)
{
    struct store_presence *record = &client->record;

    if (client->kicked) {
        client->kicked = false;
        presence->kicks--;
        if (reason == PRESENCE_API_INITIATED)
            reason = client->kick_reason;
    }
    client->connection = NULL;
    record->connected = false;
    record->since_ms = sender_now_ms(presence->sender);
    snprintf(record->reason, sizeof(record->reason), "%s",
        presence_reason_name(reason));
    remember(presence, client);
    log_info("presence", "disconnected client=%s reason=%s", record->client,
        record->reason);
    presence_event_disconnected(
        presence->sender, record, reason == PRESENCE_CLIENT_INITIATED);
}

/* The arrival is complete. */
static void come(struct presence *presence, struct client *client)
{
    struct store_presence *record = &client->record;
    int64_t now_ms = sender_now_ms(presence->sender);

    client->arriving = false;
    if (record->connected) /* the broker said nothing of the old one's end */
        go(presence, client, PRESENCE_DUPLICATE_CLIENTID);
    if (record->since_ms == 0 ||
        now_ms - record->since_ms >= LIMITS_PRESENCE_RESTART_MS)
        record->version = 0;
    else
        record->version++;
    if (presence_event_session(presence->sender, record->session) != ERR_OK)
        record->session[0] = '\0';
    client->connection = client->arriving_connection;
    record->connected = true;
    record->since_ms = now_ms;
    memcpy(record->certificate, client->arriving_certificate,
        sizeof(record->certificate));
    memcpy(record->ip, client->arriving_ip, sizeof(record->ip));
    record->reason[0] = '\0';
    remember(presence, client);
    log_info(
        "presence", "connected client=%s ip=%s", record->client, record->ip);
    presence_event_connected(presence->sender, record);
}

static enum err find_or_load(
    struct presence *presence, const char *name, struct client **out)
{
    struct client *client = table_get(presence->clients, name);
    enum err e;

    if (client != NULL) {
        *out = client;
        return ERR_OK;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return ERR_NO_MEMORY;
    e = store_get_presence(presence->store, name, &client->record);
    if (e == ERR_NOT_FOUND) {
        snprintf(
            client->record.client, sizeof(client->record.client), "%s", name);
        e = ERR_OK;
    }
    if (e == ERR_OK && !table_add(presence->clients, name, client))
        e = ERR_NO_MEMORY;
    if (e != ERR_OK) {
        free(client);
        return e;
    }
    *out = client;
    return ERR_OK;
}

/* The connection that was turned away is gone, or another one comes. */
static void forget_turned_away(struct presence *presence, struct client *client)
{
    if (client->turned_away) {
        client->turned_away = false;
        presence->kicks--;
    }
}

/* Somebody takes over while the other is there. */
static void look_for_duel(
    struct presence *presence, struct client *client, const char *ip)
{
    char text[200];

    if (!duel_turn(&client->duel, client->record.ip, ip,
            sender_now_ms(presence->sender)))
        return;
    snprintf(text, sizeof(text),
        "two connections take over from each other, from %s and from %s",
        client->record.ip, ip);
    alarm_raise(presence->store, presence->sender, client->record.client,
        ALARM_TWO_PLACES, text);
}

enum err presence_arrive(
    struct presence *presence, const struct presence_arrival *arrival)
{
    struct client *client;
    enum err e = find_or_load(presence, arrival->client, &client);

    if (e != ERR_OK)
        return e;
    if (client->record.connected && client->connection == arrival->connection)
        return ERR_OK; /* only looked at again */
    if (client->record.connected)
        look_for_duel(presence, client, arrival->ip);
    client->arriving_connection = arrival->connection;
    forget_turned_away(presence, client);
    snprintf(client->arriving_certificate, sizeof(client->arriving_certificate),
        "%s", arrival->certificate);
    snprintf(
        client->arriving_ip, sizeof(client->arriving_ip), "%s", arrival->ip);
    if (!client->arriving) {
        client->arriving = true;
        client->next_arriving = presence->arriving;
        presence->arriving = client;
    }
    return ERR_OK;
}

static void unhook(struct presence *presence, struct client *client)
{
    struct client **link = &presence->arriving;

    while (*link != client)
        link = &(*link)->next_arriving;
    *link = client->next_arriving;
}

void presence_leave(struct presence *presence, const char *name,
    const void *connection, enum presence_reason reason)
{
    struct client *client = table_get(presence->clients, name);

    if (client == NULL)
        return;
    if (client->arriving_connection == connection)
        forget_turned_away(presence, client);
    if (client->record.connected && client->connection == connection) {
        go(presence, client, reason);
        return;
    }
    if (client->arriving && client->arriving_connection == connection) {
        unhook(presence, client);
        come(presence, client);
        go(presence, client, reason);
    }
}

bool presence_has(
    const struct presence *presence, const char *name, const void *connection)
{
    const struct client *client = table_get(presence->clients, name);

    return client != NULL &&
        ((client->record.connected && client->connection == connection) ||
            (client->arriving && client->arriving_connection == connection));
}

bool presence_is_here(const struct presence *presence, const char *name)
{
    const struct client *client = table_get(presence->clients, name);

    return client != NULL && client->record.connected && !client->arriving;
}

const char *presence_certificate(
    const struct presence *presence, const char *name)
{
    const struct client *client = table_get(presence->clients, name);

    if (client == NULL)
        return NULL;
    if (client->arriving)
        return client->arriving_certificate;
    return client->record.connected ? client->record.certificate : NULL;
}

void presence_refused(
    struct presence *presence, const struct presence_arrival *arrival)
{
    presence_event_refused(presence->sender, arrival);
}

bool presence_turn_away(struct presence *presence, const char *name)
{
    struct client *client = table_get(presence->clients, name);
    struct presence_arrival arrival;

    if (client == NULL || !client->arriving)
        return false;
    arrival = (struct presence_arrival){name, client->arriving_certificate,
        client->arriving_ip, client->arriving_connection};
    unhook(presence, client);
    client->arriving = false;
    client->turned_away = true;
    presence->kicks++;
    presence_event_refused(presence->sender, &arrival);
    return true;
}

void presence_subscribed(struct presence *presence, const char *name,
    const char *filter, bool subscribed)
{
    const struct client *client = table_get(presence->clients, name);

    if (client != NULL)
        presence_event_subscribed(
            presence->sender, &client->record, filter, subscribed);
}

bool presence_kick(
    struct presence *presence, const char *name, enum presence_reason reason)
{
    struct client *client = table_get(presence->clients, name);

    if (client == NULL || (!client->record.connected && !client->arriving))
        return false;
    if (!client->kicked)
        presence->kicks++;
    client->kicked = true;
    client->kick_reason = reason;
    return true;
}

void presence_revoke(
    struct presence *presence, const char *name, const char *certificate)
{
    const struct client *client = table_get(presence->clients, name);
    const char *used;

    if (client == NULL)
        return;
    used = client->arriving ? client->arriving_certificate
                            : client->record.certificate;
    if (strcmp(used, certificate) == 0)
        (void)presence_kick(presence, name, PRESENCE_AUTH_ERROR);
}

static void kick_if_wanted(void *context, void *value)
{
    struct presence *presence = context;
    struct client *client = value;

    if (client->turned_away) {
        client->turned_away = false;
        presence->kicks--;
        sender_kick(presence->sender, client->record.client);
    }
    if (!client->kicked)
        return;
    if (client->record.connected)
        sender_kick(presence->sender, client->record.client);
    if (client->kicked) { /* it was gone, or the broker did not find it */
        client->kicked = false;
        presence->kicks--;
    }
}

void presence_tick(struct presence *presence)
{
    while (presence->arriving != NULL) {
        struct client *client = presence->arriving;

        presence->arriving = client->next_arriving;
        come(presence, client);
    }
    if (presence->kicks > 0)
        table_each(presence->clients, kick_if_wanted, presence);
}
