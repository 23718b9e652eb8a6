/* mqtt_unsent.c - called by the loop's thread and by Paho's, always under the
 * mutex of Paho's queue, or, at the end, when the client is in no queue any
 * more; so there is no lock here. */

#include "cloud/mqtt_unsent.h"

#include <MQTTAsync.h>
#include <stdlib.h>
#include <string.h>

/* Paho's keys: of commands c-7 and c5-7, of packets s-7, r-7 ... */
#define COMMAND 'c'
/* The parts of a command to publish, as Paho shows them. */
enum part { TYPE, TOKEN, TOPIC, PAYLOAD_LEN, PAYLOAD, QOS, RETAINED, PARTS };
#define PUBLISH 3 /* the type, an int: MQTT's */

bool mqtt_unsent_is_needed_by(const char *version)
{
    static const long mended[] = {1, 3, 14};

    for (size_t i = 0; i < sizeof(mended) / sizeof(mended[0]); i++) {
        char *end;
        long part = strtol(version, &end, 10);

        if (end == version || part != mended[i])
            return end == version || part < mended[i];
        version = end + (*end == '.');
    }
    return false;
}

bool mqtt_unsent_is_needed(void)
{
    const MQTTAsync_nameValue *info = MQTTAsync_getVersionInfo();

    while (info->name != NULL && strcmp(info->name, "Version") != 0)
        info++;
    return info->name == NULL || mqtt_unsent_is_needed_by(info->value);
}

static unsigned long number_of(const char *key)
{
    const char *dash = strchr(key, '-');

    return dash == NULL ? 0 : strtoul(dash + 1, NULL, 10);
}

static struct mqtt_unsent_message *message_at(
    struct mqtt_unsent *unsent, size_t i)
{
    return &unsent->messages[(unsent->first + i) % MQTT_WINDOW];
}

static int on_open(
    void **handle, const char *client_id, const char *uri, void *context)
{
    (void)client_id;
    (void)uri;
    *handle = context;
    return 0;
}

static int on_close(void *handle)
{
    struct mqtt_unsent *unsent = handle;

    for (size_t i = 0; i < unsent->count; i++) {
        MQTTAsync_free(message_at(unsent, i)->topic);
        MQTTAsync_free(message_at(unsent, i)->payload);
    }
    unsent->count = 0;
    return 0;
}

static bool is_publish(
    const char *key, int count, char *buffers[], const int lens[])
{
    int type;

    if (key[0] != COMMAND || count < PARTS || lens[TYPE] != sizeof(type))
        return false;
    memcpy(&type, buffers[TYPE], sizeof(type));
    return type == PUBLISH;
}

/* Refused, Paho keeps what it has, as it does without a persistence; taken, it
 * would free it and ask for it again.  It has never more than a window. */
static int on_put(
    void *handle, char *key, int count, char *buffers[], int lens[])
{
    struct mqtt_unsent *unsent = handle;

    if (!is_publish(key, count, buffers, lens))
        return 0;
    if (unsent->count < MQTT_WINDOW)
        *message_at(unsent, unsent->count++) = (struct mqtt_unsent_message){
            number_of(key), buffers[TOPIC], buffers[PAYLOAD]};
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

/* It is begun, or freed, and so are those before it: Paho keeps the order. */
static int on_remove(void *handle, char *key)
{
    struct mqtt_unsent *unsent = handle;
    unsigned long number = number_of(key);
    size_t i = 0;

    if (key[0] != COMMAND)
        return 0;
    while (i < unsent->count && message_at(unsent, i)->number != number)
        i++;
    if (i == unsent->count)
        return 0; /* another command's */
    unsent->first = (unsent->first + i + 1) % MQTT_WINDOW;
    unsent->count -= i + 1;
    return 0;
}

static int on_get(void *handle, char *key, char **buffer, int *len)
{
    (void)handle;
    (void)key;
    *buffer = NULL;
    *len = 0;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

static int on_keys(void *handle, char ***keys, int *count)
{
    (void)handle;
    *keys = NULL;
    *count = 0;
    return 0;
}

static int on_clear(void *handle)
{
    (void)handle;
    return 0;
}

static int on_contains_key(void *handle, char *key)
{
    (void)handle;
    (void)key;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

void mqtt_unsent_init(struct mqtt_unsent *unsent)
{
    *unsent = (struct mqtt_unsent){
        .paho = {unsent, on_open, on_close, on_put, on_get, on_remove, on_keys,
                 on_clear, on_contains_key},
    };
}
