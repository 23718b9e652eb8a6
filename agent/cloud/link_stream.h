/* link_stream.h - what the pump reads from and writes to: TLS, or a WebSocket
 * inside it. */

#ifndef CLOUD_LINK_STREAM_H
#define CLOUD_LINK_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct link_stream {
    /* As mbedtls_ssl_read and mbedtls_ssl_write, with their codes; after
     * WANT_WRITE the same bytes must be written again. */
    int (*read)(void *context, unsigned char *bytes, size_t len);
    int (*write)(void *context, const unsigned char *bytes, size_t len);
    /* Does something of its own wait for room on the way out? */
    bool (*is_blocked)(void *context);
    void *context;
};

#endif
