/* redirect.h - where a broker sends its clients, and how far we follow.
 *
 * A broker that proved itself may name others; each must prove itself under
 * its own name to the same trust, as any broker does, before it gets a byte of
 * MQTT.  Pure. */

#ifndef CLOUD_REDIRECT_H
#define CLOUD_REDIRECT_H

#include <stdbool.h>

#include "cloud/brokers.h"
#include "cloud/hint.h"

#define REDIRECT_HOPS 3 /* in a row, without a stable connection between */

struct redirect {
    bool active;          /* the next try goes to `there` */
    bool is_moved;        /* ... and those after it */
    unsigned hops;        /* since the last stable connection */
    struct brokers there; /* tried in turn */
};

enum redirect_answer {
    REDIRECT_STAY,    /* nothing was said of another server */
    REDIRECT_GO,      /* to `there` */
    REDIRECT_NOWHERE, /* what was said is not HOST[:PORT] ...: back home */
    REDIRECT_ROUND    /* one hop too many: back home */
};

/* A connection ended with this hint, by a broker at `port`, which stands for
 * ports that are not named. */
enum redirect_answer redirect_heed(
    struct redirect *redirect, const struct hint *hint, uint16_t port);

/* A connection ended without a word of others; `greeted`: it had its CONNACK.
 * `there` serves once, or, moved, as long as it lets us in. */
void redirect_note_end(struct redirect *redirect, bool greeted);

/* A connection proved stable: hops are counted anew. */
void redirect_settle(struct redirect *redirect);

#endif
