/* door.h - AWS's rules for a TLS connection: it names the server, and what
 * goes through it beyond LIMITS_BYTES_PER_S, in and out together, is delayed.
 *
 * Mosquitto 2.0 shows a plugin nothing of TLS; but OpenSSL tells whoever asks
 * of every SSL_CTX made in the process, and both share it. */

#ifndef CLOUD_MOCK_DOOR_H
#define CLOUD_MOCK_DOOR_H

#include "cloud-mock/lib/cloud.h"

struct door;

struct door_options {
    const struct cloud *cloud; /* says whether there are rates; borrowed */
    /* Refuse a handshake without a server name (RFC 6066 section 3), or with
     * one that the server's certificate does not have.  An address is no name:
     * a client that dials one sends none. */
    bool sni_required;
    /* Asked before each write; false: the connection fails instead. */
    bool (*may_write)(void *context);
    void *context;
};

/* Watch every SSL_CTX of a server made from now on.  NULL: no memory. */
struct door *door_open(const struct door_options *options);
/* No handshake comes any more. */
void door_close(struct door *door);

/* At the end of a turn of the broker's loop: when a connection was held back
 * in it, wait for a millisecond, or the loop would turn without a pause. */
void door_rest(struct door *door);

#endif
