/* store_presence.h - who was last seen how, on disk. */

#ifndef CLOUD_MOCK_STORE_PRESENCE_H
#define CLOUD_MOCK_STORE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

struct store_presence {
    char client[TOPIC_THING_SIZE];
    bool connected;
    int64_t since_ms;
    int64_t version;
    char session[37];
    char certificate[STORE_ID_SIZE];
    char ip[64];
    char reason[40]; /* of the last disconnect; "" while connected */
};

enum err store_get_presence(struct store *store, const char *client,
    struct store_presence *out) MUST_CHECK;
enum err store_put_presence(
    struct store *store, const struct store_presence *presence) MUST_CHECK;
/* Whoever is said to be connected is not: the broker was started anew. */
enum err store_presence_all_gone(
    struct store *store, int64_t now_ms, const char *reason) MUST_CHECK;

#endif
