/* link_websocket.h - a WebSocket over a link's TLS. */

#ifndef CLOUD_LINK_WEBSOCKET_H
#define CLOUD_LINK_WEBSOCKET_H

#include <mbedtls/ssl.h>

#include "cloud/link_inside.h"
#include "cloud/link_stream.h"
#include "core/err.h"

struct link_websocket;

/* Ask for it and wait for the answer; otherwise the link's reason is set.
 * `ssl` is borrowed for its life. */
enum err link_websocket_open(struct link *link, mbedtls_ssl_context *ssl,
    struct link_websocket **out) MUST_CHECK;
void link_websocket_free(struct link_websocket *w); /* NULL is fine */

/* Lent. */
struct link_stream link_websocket_stream(struct link_websocket *w);

/* What the server did that no WebSocket does, in words; NULL: nothing. */
const char *link_websocket_fault(const struct link_websocket *w);

/* Say goodbye, as far as there is room. */
void link_websocket_close(struct link_websocket *w);

#endif
