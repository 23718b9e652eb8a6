/* broker.h - the one file that knows libmosquitto: cloudd as a privileged
 * client on the broker's UNIX listener, by itself back after every loss. */

#ifndef CLOUDD_BROKER_H
#define CLOUDD_BROKER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/loop.h"

struct broker;

struct broker_message {
    const char *topic;
    const void *payload;
    size_t len;
    bool retained; /* an old message the broker kept, not news */
};

struct broker_options {
    const char *socket;    /* path of the UNIX listener */
    const char *client_id; /* the session is kept under this name */
    void (*on_message)(void *context, const struct broker_message *message);
    void (*on_link)(void *context, bool up);
    void *context;
};

/* Connect now and for ever; a broker that is not there yet is no failure. */
enum err broker_new(struct loop *loop, const struct broker_options *options,
    struct broker **out) MUST_CHECK;
void broker_free(struct broker *broker); /* NULL is fine */

bool broker_is_up(const struct broker *broker);

/* QoS 1.  ERR_AGAIN: the broker is away. */
enum err broker_publish(struct broker *broker, const char *topic,
    const void *payload, size_t len) MUST_CHECK;
enum err broker_subscribe(struct broker *broker, const char *filter) MUST_CHECK;

#endif
