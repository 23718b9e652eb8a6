/* store_alarm.h - what looked like a cloned identity, on disk: the last of each
 * kind for each thing. */

#ifndef CLOUD_MOCK_STORE_ALARM_H
#define CLOUD_MOCK_STORE_ALARM_H

#include "cloud-mock/lib/store_registry.h"

struct store_alarm {
    char thing[TOPIC_THING_SIZE];
    int64_t ts_ms;
    char kind[32];
    char text[256];
    int64_t count; /* how often so far */
};

/* Count it; `count` is not looked at. */
enum err store_put_alarm(
    struct store *store, const struct store_alarm *alarm) MUST_CHECK;
enum err store_get_alarm(struct store *store, const char *thing,
    const char *kind, struct store_alarm *out) MUST_CHECK;

typedef enum err store_alarm_visitor(
    void *context, const struct store_alarm *alarm);
/* Call back for each, in the order of time. */
enum err store_each_alarm(struct store *store, const char *thing,
    store_alarm_visitor *visit, void *context) MUST_CHECK;

/* How many certificates with other keys does the thing have that were not
 * issued here? */
enum err store_other_keys(struct store *store, const char *thing,
    const char *key_sha256, int64_t *count) MUST_CHECK;
/* Another thing that has a certificate with this key; ERR_NOT_FOUND. */
enum err store_same_key(struct store *store, const char *key_sha256,
    const char *thing, char other[TOPIC_THING_SIZE]) MUST_CHECK;

#endif
