/* websocket.h - the client's side of a WebSocket that carries MQTT: bytes in,
 * bytes out, no socket (RFC 6455; MQTT 5 section 6: binary frames only). */

#ifndef CLOUD_WEBSOCKET_H
#define CLOUD_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/brokers.h"
#include "cloud/head.h"
#include "core/err.h"

#define WEBSOCKET_PATH "/mqtt"
#define WEBSOCKET_GUID                                                         \
    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 section 1.3 */
#define WEBSOCKET_REQUEST 1024
#define WEBSOCKET_HEADER  14 /* the longest before a payload */
#define WEBSOCKET_CONTROL 125

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10
};

/* --- the handshake (section 4.1) ------------------------------------------ */

/* `key` is Base64 of 16 random bytes.  The request's length. */
size_t websocket_request(
    const struct broker *to, const char *key, char out[WEBSOCKET_REQUEST]);

/* Did the server agree?  `accept` is Base64 of SHA-1 of key and GUID.
 * ERR_DENIED: `why` says what is wrong. */
enum err websocket_check(const struct head *answer, const char *accept,
    char *why, size_t why_size) MUST_CHECK;

/* --- frames we send ------------------------------------------------------- */

/* One whole frame with this payload, masked (section 5.3); `out` has room for
 * WEBSOCKET_HEADER and `len` bytes.  Its length. */
size_t websocket_frame(enum websocket_opcode opcode,
    const unsigned char mask[4], struct head_text payload, unsigned char *out);

/* --- frames we read ------------------------------------------------------- */

enum websocket_event {
    WEBSOCKET_MORE,    /* all that came is read */
    WEBSOCKET_FULL,    /* there is no room left for payload */
    WEBSOCKET_PINGED,  /* `control` wants to come back in a pong */
    WEBSOCKET_CLOSED,  /* the server says goodbye; `code` */
    WEBSOCKET_VIOLATED /* `why` and `code` for our goodbye (section 7.4.1) */
};

struct websocket_reader { /* zeros, to begin with */
    unsigned char header[WEBSOCKET_HEADER];
    size_t header_len;
    uint64_t left; /* of the payload of this frame */
    bool in_payload;
    bool in_message; /* continuation frames follow */
    unsigned char control[WEBSOCKET_CONTROL];
    size_t control_len;
    uint16_t code;
    const char *why; /* static */
};

/* What came: `at` is moved on. */
struct websocket_bytes {
    const unsigned char *bytes;
    size_t len, at;
};

/* Where payload goes: `len` grows. */
struct websocket_room {
    unsigned char *bytes;
    size_t size, len;
};

/* Read on until something happens; call again unless that is the end. */
enum websocket_event websocket_read(struct websocket_reader *reader,
    struct websocket_bytes *in, struct websocket_room *out);

#endif
