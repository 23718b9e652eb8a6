/* link_pump.h - carries bytes between a plain socket and a TLS one. */

#ifndef CLOUD_LINK_PUMP_H
#define CLOUD_LINK_PUMP_H

#include <stdint.h>

#include "cloud/link_greeting.h"
#include "cloud/link_stream.h"

#define LINK_PUMP_QUIET_MS 1000

enum link_pump_end {
    LINK_PUMP_PLAIN_CLOSED, /* our side hung up */
    LINK_PUMP_TLS_CLOSED,   /* the peer said goodbye (close_notify) */
    LINK_PUMP_TLS_CUT,      /* the peer or the network did not */
    LINK_PUMP_TLS_ERROR,    /* `code` says which mbedTLS error */
    LINK_PUMP_STOPPED,      /* `stop` became readable */
    LINK_PUMP_DEAD          /* `look` said so */
};

enum link_pump_order {
    LINK_PUMP_GO_ON,
    LINK_PUMP_ASK, /* put a PINGREQ between two packets, where possible */
    LINK_PUMP_END
};

struct link_pump {
    struct link_stream stream; /* after its handshakes, non-blocking */
    int tls;                   /* the socket below it */
    int plain;                 /* non-blocking */
    int stop;                  /* ends the pump when readable */
    int nudge;                 /* makes it look again when readable */
    /* Bytes came from the peer; bytes for it are on their way. */
    void (*heard)(void *vigil);
    void (*said)(void *vigil);
    /* Before each wait: what is to be done, and how long it may last. */
    enum link_pump_order (*look)(void *vigil, int64_t *wait_ms);
    void *vigil;
    struct link_greeting *greeting; /* what comes first is noted; or NULL */
    /* Once, when nothing has moved for LINK_PUMP_QUIET_MS; or NULL. */
    void (*on_quiet)(void *context);
    void *context;
    int code; /* out: the mbedTLS error, or 0 */
};

/* Runs until one side ends.  What the peer sent before it ended has been
 * written to `plain` when this returns. */
enum link_pump_end link_pump_run(struct link_pump *pump);

#endif
