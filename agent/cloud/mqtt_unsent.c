/* mqtt_unsent.c - called by the loop's thread and by Paho's, always under the
 * mutex of Paho's queue, or, at the end, when the client is in no queue any
 * more; so there is no lock here. */

#include "cloud/mqtt_unsent.h"

#include <MQTTAsync.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 16
#define COMMAND   'c' /* Paho's keys: c-7, c5-7; of packets s-7, r-7 ... */

struct unsent {
    struct unsent *next;
    char key[KEY_BYTES];
    char *bytes; /* by MQTTAsync_malloc: Paho frees what it gets */
    size_t len;
};

/* The place that points to it, or to NULL.  Paho sends in the order in which it
 * was given: it is the first. */
static struct unsent **find(struct mqtt_unsent *unsent, const char *key)
{
    struct unsent **place = &unsent->first;

    while (*place != NULL && strcmp((*place)->key, key) != 0)
        place = &(*place)->next;
    return place;
}

static struct unsent *detach(struct mqtt_unsent *unsent, const char *key)
{
    struct unsent **place = find(unsent, key);
    struct unsent *one = *place;

    if (one == NULL)
        return NULL;
    *place = one->next;
    if (unsent->last == &one->next)
        unsent->last = place;
    return one;
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
    struct unsent *next;

    for (struct unsent *one = unsent->first; one != NULL; one = next) {
        next = one->next;
        MQTTAsync_free(one->bytes);
        free(one);
    }
    unsent->first = NULL;
    unsent->last = &unsent->first;
    return 0;
}

static struct unsent *gather(int count, char *buffers[], const int lens[])
{
    struct unsent *one = calloc(1, sizeof(*one));

    if (one == NULL)
        return NULL;
    for (int i = 0; i < count; i++)
        one->len += (size_t)lens[i];
    one->bytes = MQTTAsync_malloc(one->len);
    if (one->bytes == NULL) {
        free(one);
        return NULL;
    }
    for (size_t i = 0, at = 0; i < (size_t)count; at += (size_t)lens[i++])
        if (lens[i] > 0)
            memcpy(one->bytes + at, buffers[i], (size_t)lens[i]);
    return one;
}

/* Refused, Paho keeps its own copy, as it does without a persistence. */
static int on_put(
    void *handle, char *key, int count, char *buffers[], int lens[])
{
    struct mqtt_unsent *unsent = handle;
    struct unsent *one;

    if (key[0] != COMMAND)
        return 0;
    if (strlen(key) >= KEY_BYTES)
        return MQTTCLIENT_PERSISTENCE_ERROR;
    one = gather(count, buffers, lens);
    if (one == NULL)
        return MQTTCLIENT_PERSISTENCE_ERROR;
    memcpy(one->key, key, strlen(key) + 1);
    *unsent->last = one;
    unsent->last = &one->next;
    return 0;
}

/* Paho asks once, and then sends: it takes the bytes themselves. */
static int on_get(void *handle, char *key, char **buffer, int *len)
{
    struct unsent *one = detach(handle, key);

    if (one == NULL)
        return MQTTCLIENT_PERSISTENCE_ERROR;
    *buffer = one->bytes;
    *len = (int)one->len;
    free(one);
    return 0;
}

static int on_remove(void *handle, char *key)
{
    struct unsent *one = detach(handle, key);

    if (one != NULL)
        MQTTAsync_free(one->bytes);
    free(one);
    return 0;
}

/* Each client is a new one, and nothing waits for it. */
static int on_keys(void *handle, char ***keys, int *count)
{
    (void)handle;
    *keys = NULL;
    *count = 0;
    return 0;
}

static int on_contains_key(void *handle, char *key)
{
    return *find(handle, key) != NULL ? 0 : MQTTCLIENT_PERSISTENCE_ERROR;
}

void mqtt_unsent_init(struct mqtt_unsent *unsent)
{
    *unsent = (struct mqtt_unsent){
        .paho = {unsent, on_open, on_close, on_put, on_get, on_remove, on_keys,
                 on_close, on_contains_key},
    };
    unsent->last = &unsent->first;
}
