/* store_registry.h - things and their certificates, on disk. */

#ifndef CLOUD_MOCK_STORE_REGISTRY_H
#define CLOUD_MOCK_STORE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

#define STORE_TEXT_SIZE  129 /* a part of the nameplate */
#define STORE_NAME_SIZE  512 /* a distinguished name, cut if longer */
#define STORE_CHAIN_SIZE 2048

struct store_thing {
    char name[TOPIC_THING_SIZE];
    char type[TOPIC_THING_SIZE];
    char vendor[STORE_TEXT_SIZE];
    char model[STORE_TEXT_SIZE];
    char serial[STORE_TEXT_SIZE];
    int64_t registered_ms;
};

struct store_certificate {
    char id[STORE_ID_SIZE];
    char thing[TOPIC_THING_SIZE];
    char status[24]; /* AWS's word: ACTIVE, INACTIVE, REVOKED, ... */
    char subject[STORE_NAME_SIZE];
    char issuer[STORE_NAME_SIZE];
    char key_sha256[STORE_ID_SIZE];
    char chain[STORE_CHAIN_SIZE]; /* a JSON array of names */
    int64_t not_before_s, not_after_s;
    int64_t registered_ms, last_seen_ms;
};

/* A thing and its (further) certificate, both or neither; the thing itself is
 * left alone when it is known. */
enum err store_register(struct store *store, const struct store_thing *thing,
    const struct store_certificate *certificate) MUST_CHECK;
/* The two steps of it, for a transaction of the store's files. */
enum err store_add_thing(
    struct store *store, const struct store_thing *thing) MUST_CHECK;
enum err store_add_certificate(struct store *store,
    const struct store_certificate *certificate) MUST_CHECK;
enum err store_get_thing(
    struct store *store, const char *name, struct store_thing *out) MUST_CHECK;
enum err store_get_certificate(struct store *store, const char *id,
    struct store_certificate *out) MUST_CHECK;
/* ERR_NOT_FOUND when there is no such certificate. */
enum err store_set_status(
    struct store *store, const char *id, const char *status) MUST_CHECK;
enum err store_saw_certificate(
    struct store *store, const char *id, int64_t now_ms) MUST_CHECK;

/* Call back for each, in the order of names or of registration; an error the
 * callback returns ends the walk and is returned. */
typedef enum err store_thing_visitor(
    void *context, const struct store_thing *thing);
enum err store_each_thing(
    struct store *store, store_thing_visitor *visit, void *context) MUST_CHECK;
typedef enum err store_certificate_visitor(
    void *context, const struct store_certificate *certificate);
enum err store_each_certificate(struct store *store, const char *thing,
    store_certificate_visitor *visit, void *context) MUST_CHECK;

#endif
