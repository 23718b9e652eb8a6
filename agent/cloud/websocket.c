/* websocket.c */

#include "cloud/websocket.h"

#include <stdio.h>
#include <string.h>

enum {
    FIN = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LENGTH = 0x7f,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    CODE_NONE = 1005,
    CODE_PROTOCOL = 1002,
    CODE_UNSUPPORTED = 1003,
};

/* --- the handshake ------------------------------------------------------- */

size_t websocket_request(
    const struct broker *to, const char *key, char out[WEBSOCKET_REQUEST])
{
    char place[BROKERS_PLACE];

    broker_print(to, 443, place);
    return (size_t)snprintf(out, WEBSOCKET_REQUEST,
        "GET " WEBSOCKET_PATH " HTTP/1.1\r\nHost: %s\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n",
        place, key);
}

static bool field_is(const struct head *head, const char *name,
    bool (*compare)(struct head_text, const char *), const char *word)
{
    struct head_text value;

    return head_field(head, name, &value) == ERR_OK && compare(value, word);
}

static bool is_exactly(struct head_text text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.bytes, word, text.len) == 0;
}

enum err websocket_check(
    const struct head *answer, const char *accept, char *why, size_t why_size)
{
    struct head_text value;
    const char *fault = NULL;

    if (answer->status != 101) {
        (void)snprintf(why, why_size,
            "no WebSocket at " WEBSOCKET_PATH ": it answers with status %d",
            answer->status);
        return ERR_DENIED;
    }
    if (!field_is(answer, "Upgrade", head_is, "websocket") ||
        !field_is(answer, "Connection", head_lists, "upgrade"))
        fault = "it does not change to WebSocket";
    else if (!field_is(answer, "Sec-WebSocket-Accept", is_exactly, accept))
        fault = "its WebSocket key does not fit ours";
    else if (!field_is(answer, "Sec-WebSocket-Protocol", is_exactly, "mqtt"))
        fault = "it does not speak MQTT over WebSocket";
    else if (head_field(answer, "Sec-WebSocket-Extensions", &value) !=
        ERR_NOT_FOUND)
        fault = "it wants a WebSocket extension that was not offered";
    if (fault == NULL)
        return ERR_OK;
    (void)snprintf(why, why_size, "%s", fault);
    return ERR_DENIED;
}

/* --- frames we send ------------------------------------------------------ */

static size_t write_length(size_t len, unsigned char *out)
{
    if (len < LENGTH_16) {
        out[0] = (unsigned char)(MASKED | len);
        return 1;
    }
    if (len <= UINT16_MAX) {
        out[0] = MASKED | LENGTH_16;
        out[1] = (unsigned char)(len >> 8);
        out[2] = (unsigned char)(len & 0xff);
        return 3;
    }
    out[0] = MASKED | LENGTH_64;
    for (size_t i = 0; i < 8; i++)
        out[1 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    return 9;
}

size_t websocket_frame(enum websocket_opcode opcode,
    const unsigned char mask[4], struct head_text payload, unsigned char *out)
{
    size_t at = 1;

    out[0] = (unsigned char)(FIN | opcode);
    at += write_length(payload.len, out + at);
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < payload.len; i++)
        out[at + i] = (unsigned char)payload.bytes[i] ^ mask[i % 4];
    return at + payload.len;
}

/* --- frames we read ------------------------------------------------------ */

static enum websocket_event violated(
    struct websocket_reader *r, uint16_t code, const char *why)
{
    r->code = code;
    r->why = why;
    return WEBSOCKET_VIOLATED;
}

static size_t header_size(const struct websocket_reader *r)
{
    if (r->header_len < 2)
        return 2;
    switch (r->header[1] & LENGTH) {
    case LENGTH_16:
        return 4;
    case LENGTH_64:
        return 10;
    default:
        return 2;
    }
}

static bool is_control(const struct websocket_reader *r)
{
    return (r->header[0] & OPCODE) >= WEBSOCKET_CLOSE;
}

static uint64_t length_of(const struct websocket_reader *r)
{
    size_t size = header_size(r);
    uint64_t len = 0;

    if (size == 2)
        return r->header[1] & LENGTH;
    for (size_t i = 2; i < size; i++)
        len = len << 8 | r->header[i];
    return len;
}

/* Section 5.2: the shortest form, and never the sign bit. */
static bool is_length_well_formed(const struct websocket_reader *r)
{
    switch (header_size(r)) {
    case 4:
        return r->left >= LENGTH_16;
    case 10:
        return r->left > UINT16_MAX && r->left <= INT64_MAX;
    default:
        return true;
    }
}

static enum websocket_event check_opcode(struct websocket_reader *r)
{
    bool is_last = (r->header[0] & FIN) != 0;

    switch (r->header[0] & OPCODE) {
    case WEBSOCKET_CONTINUATION:
        if (!r->in_message)
            return violated(r, CODE_PROTOCOL, "a frame continues nothing");
        break;
    case WEBSOCKET_BINARY:
        if (r->in_message)
            return violated(r, CODE_PROTOCOL, "a message within a message");
        break;
    case WEBSOCKET_CLOSE:
    case WEBSOCKET_PING:
    case WEBSOCKET_PONG:
        if (!is_last || r->left > WEBSOCKET_CONTROL)
            return violated(
                r, CODE_PROTOCOL, "a control frame too long or in pieces");
        return WEBSOCKET_MORE;
    case WEBSOCKET_TEXT:
        return violated(r, CODE_UNSUPPORTED, "text, where MQTT is binary");
    default:
        return violated(r, CODE_PROTOCOL, "an unknown kind of frame");
    }
    r->in_message = !is_last;
    return WEBSOCKET_MORE;
}

static enum websocket_event begin_payload(struct websocket_reader *r)
{
    r->left = length_of(r);
    if ((r->header[0] & RESERVED) != 0)
        return violated(r, CODE_PROTOCOL, "an extension that was not agreed");
    if ((r->header[1] & MASKED) != 0)
        return violated(r, CODE_PROTOCOL, "a masked frame from a server");
    if (!is_length_well_formed(r))
        return violated(r, CODE_PROTOCOL, "a length in the wrong form");
    r->in_payload = true;
    r->control_len = 0;
    return check_opcode(r);
}

static enum websocket_event read_header(
    struct websocket_reader *r, struct websocket_bytes *in)
{
    while (r->header_len < header_size(r)) {
        if (in->at == in->len)
            return WEBSOCKET_MORE;
        r->header[r->header_len++] = in->bytes[in->at++];
    }
    return begin_payload(r);
}

static size_t least(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

static void read_payload(struct websocket_reader *r, struct websocket_bytes *in,
    struct websocket_room *out)
{
    size_t len = least(in->len - in->at, r->left);

    if (is_control(r)) {
        memcpy(r->control + r->control_len, in->bytes + in->at, len);
        r->control_len += len;
    } else {
        len = least(out->size - out->len, len);
        memcpy(out->bytes + out->len, in->bytes + in->at, len);
        out->len += len;
    }
    in->at += len;
    r->left -= len;
}

static enum websocket_event end_frame(struct websocket_reader *r)
{
    r->in_payload = false;
    r->header_len = 0;
    switch (r->header[0] & OPCODE) {
    case WEBSOCKET_PING:
        return WEBSOCKET_PINGED;
    case WEBSOCKET_CLOSE:
        if (r->control_len == 1)
            return violated(r, CODE_PROTOCOL, "half a code in a goodbye");
        r->code = CODE_NONE;
        if (r->control_len > 1)
            r->code = (uint16_t)(r->control[0] * 256 + r->control[1]);
        return WEBSOCKET_CLOSED;
    default:
        return WEBSOCKET_MORE;
    }
}

enum websocket_event websocket_read(struct websocket_reader *r,
    struct websocket_bytes *in, struct websocket_room *out)
{
    enum websocket_event event = WEBSOCKET_MORE;

    while (event == WEBSOCKET_MORE) {
        if (!r->in_payload)
            event = read_header(r, in);
        if (!r->in_payload || event != WEBSOCKET_MORE)
            return event; /* a header that is not whole, or wrong */
        read_payload(r, in, out);
        if (r->left == 0)
            event = end_frame(r);
        else
            return in->at == in->len ? WEBSOCKET_MORE : WEBSOCKET_FULL;
    }
    return event;
}
