/* link_websocket.c - one frame at a time is on its way out: data or control,
 * never mixed, for mbedTLS wants the same bytes again after WANT_WRITE. */

#include "cloud/link_websocket.h"

#include <mbedtls/base64.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/websocket.h"

#define CHUNK_BYTES  8192
#define KEY_BYTES    16
#define BASE64_BYTES 32
#define CODE_GOODBYE 1000
#define BROKEN       MBEDTLS_ERR_SSL_INVALID_RECORD
#define IS_PATIENCE(code)                                                      \
    ((code) == MBEDTLS_ERR_SSL_WANT_READ ||                                    \
        (code) == MBEDTLS_ERR_SSL_WANT_WRITE)

struct link_websocket {
    struct link *link;
    mbedtls_ssl_context *ssl;
    struct websocket_reader reader;
    unsigned char in[HEAD_MOST];
    size_t in_len, in_at;
    unsigned char out[WEBSOCKET_HEADER + CHUNK_BYTES]; /* on its way */
    size_t out_len, out_at;
    size_t data_len; /* bytes of MQTT in `out`; 0: it is control */
    unsigned char next[WEBSOCKET_CONTROL]; /* control that waits for its turn */
    size_t next_len;
    enum websocket_opcode next_opcode;
    bool has_next;
    bool is_closed; /* both or one said goodbye */
    int end;        /* what reading says from now on; 0: it goes on */
};

/* --- out ----------------------------------------------------------------- */

/* The code of mbedtls_ssl_write, or 0: all is sent. */
static int flush(struct link_websocket *w)
{
    while (w->out_at < w->out_len) {
        int done = mbedtls_ssl_write(
            w->ssl, w->out + w->out_at, w->out_len - w->out_at);

        if (done <= 0)
            return done;
        w->out_at += (size_t)done;
    }
    w->out_len = w->out_at = 0;
    return 0;
}

static int put_frame(struct link_websocket *w, enum websocket_opcode opcode,
    const unsigned char *bytes, size_t len)
{
    unsigned char mask[4];

    if (mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, mask, sizeof(mask)) !=
        0)
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    w->out_at = 0;
    w->out_len = websocket_frame(
        opcode, mask, (struct head_text){(const char *)bytes, len}, w->out);
    return 0;
}

static int flush_control(struct link_websocket *w)
{
    int code = 0;

    if (w->data_len > 0)
        return 0;
    code = flush(w);
    if (code == 0 && w->has_next) {
        w->has_next = false;
        code = put_frame(w, w->next_opcode, w->next, w->next_len);
        if (code == 0)
            code = flush(w);
    }
    return code;
}

/* A newer pong replaces one that still waits (section 5.5.3). */
static void queue(struct link_websocket *w, enum websocket_opcode opcode,
    const unsigned char *bytes, size_t len)
{
    memcpy(w->next, bytes, len);
    w->next_len = len;
    w->next_opcode = opcode;
    w->has_next = true;
}

static void queue_goodbye(struct link_websocket *w, unsigned code)
{
    const unsigned char bytes[2] = {
        (unsigned char)(code >> 8), (unsigned char)(code & 0xff)};

    if (!w->is_closed)
        queue(w, WEBSOCKET_CLOSE, bytes, sizeof(bytes));
    w->is_closed = true;
    (void)flush_control(w);
}

static int on_write(void *context, const unsigned char *bytes, size_t len)
{
    struct link_websocket *w = context;
    size_t taken = len < CHUNK_BYTES ? len : CHUNK_BYTES;
    int code = w->is_closed ? w->end : flush_control(w);

    if (code == 0 && w->data_len == 0) {
        code = put_frame(w, WEBSOCKET_BINARY, bytes, taken);
        w->data_len = code == 0 ? taken : 0;
    }
    if (code == 0)
        code = flush(w);
    if (code != 0)
        return code;
    taken = w->data_len;
    w->data_len = 0;
    return (int)taken;
}

/* --- in ------------------------------------------------------------------ */

/* What mbedtls_ssl_read says when it brought nothing, else 1. */
static int fill(struct link_websocket *w)
{
    int got;

    if (w->in_at < w->in_len)
        return 1;
    got = link_bio_read(w->link, w->ssl, w->in, sizeof(w->in));
    if (got <= 0)
        return got;
    w->in_len = (size_t)got;
    w->in_at = 0;
    return 1;
}

static int on_event(struct link_websocket *w, enum websocket_event event)
{
    switch (event) {
    case WEBSOCKET_MORE:
    case WEBSOCKET_FULL:
        break;
    case WEBSOCKET_PINGED:
        queue(w, WEBSOCKET_PONG, w->reader.control, w->reader.control_len);
        (void)flush_control(w);
        break;
    case WEBSOCKET_CLOSED:
        queue_goodbye(w, CODE_GOODBYE);
        return MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
    case WEBSOCKET_VIOLATED:
        queue_goodbye(w, w->reader.code);
        return BROKEN;
    }
    return 1;
}

static int on_read(void *context, unsigned char *bytes, size_t len)
{
    struct link_websocket *w = context;
    struct websocket_room room = {.bytes = bytes, .size = len};
    int code = 1;

    while (room.len == 0 && code > 0) {
        struct websocket_bytes in;

        code = w->end != 0 ? w->end : fill(w);
        if (code <= 0)
            break;
        in = (struct websocket_bytes){w->in, w->in_len, w->in_at};
        code = on_event(w, websocket_read(&w->reader, &in, &room));
        w->in_at = in.at;
        w->end = code <= 0 ? code : 0;
    }
    /* What came before the end still counts; the end comes next. */
    return room.len > 0 ? (int)room.len : code;
}

static bool is_blocked(void *context)
{
    struct link_websocket *w = context;

    return w->data_len == 0 && flush_control(w) == MBEDTLS_ERR_SSL_WANT_WRITE;
}

/* --- the handshake ------------------------------------------------------- */

static enum err wait_after(struct link *link, int code)
{
    if (code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return ERR_OK;
    if (!IS_PATIENCE(code))
        return ERR_NOT_FOUND;
    return link_wait_for_socket(
        link, code == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT);
}

static enum err ask(
    struct link *link, struct link_websocket *w, const char *key)
{
    int code;
    enum err e = ERR_OK;

    w->out_len = websocket_request(link_broker(link), key, (char *)w->out);
    while (e == ERR_OK && (code = flush(w)) != 0)
        e = wait_after(link, code);
    return e;
}

static enum err hear(
    struct link *link, struct link_websocket *w, struct head *answer)
{
    for (;;) {
        int got = link_bio_read(
            link, w->ssl, w->in + w->in_len, sizeof(w->in) - w->in_len);
        enum err e = got > 0 ? ERR_OK : wait_after(link, got);

        if (e != ERR_OK)
            return e;
        if (got <= 0)
            continue;
        w->in_len += (size_t)got;
        e = head_parse((const char *)w->in, w->in_len, answer);
        if (e != ERR_AGAIN)
            return e;
    }
}

/* RFC 6455 section 4.2.2, 5.4 */
static bool make_keys(char key[BASE64_BYTES], char accept[BASE64_BYTES])
{
    unsigned char bytes[KEY_BYTES], hash[20];
    char both[BASE64_BYTES + sizeof(WEBSOCKET_GUID)];
    size_t len;
    int n;

    if (mbedtls_psa_get_random(
            MBEDTLS_PSA_RANDOM_STATE, bytes, sizeof(bytes)) != 0 ||
        mbedtls_base64_encode((unsigned char *)key, BASE64_BYTES, &len, bytes,
            sizeof(bytes)) != 0)
        return false;
    n = snprintf(both, sizeof(both), "%s" WEBSOCKET_GUID, key);
    return mbedtls_sha1((unsigned char *)both, (size_t)n, hash) == 0 &&
        mbedtls_base64_encode((unsigned char *)accept, BASE64_BYTES, &len, hash,
            sizeof(hash)) == 0;
}

static enum err shake_hands(struct link *link, struct link_websocket *w)
{
    char key[BASE64_BYTES], accept[BASE64_BYTES], why[160] = "";
    struct head answer;
    enum err e = make_keys(key, accept) ? ask(link, w, key) : ERR_IO;

    if (e == ERR_OK)
        e = hear(link, w, &answer);
    if (e == ERR_OK)
        e = websocket_check(&answer, accept, why, sizeof(why));
    else if (e == ERR_DENIED)
        return e; /* we are asked to stop */
    else if (e == ERR_AGAIN)
        (void)snprintf(why, sizeof(why), "it does not answer in time");
    else if (e == ERR_NOT_FOUND)
        (void)snprintf(why, sizeof(why), "it hung up");
    else
        (void)snprintf(why, sizeof(why), "it does not answer as HTTP");
    if (e == ERR_OK)
        w->in_at = answer.len; /* a frame may have come along */
    else
        link_because(link, LINK_WEBSOCKET, "%s port %u: %s",
            link_broker(link)->host, link_broker(link)->port, why);
    return e;
}

enum err link_websocket_open(
    struct link *link, mbedtls_ssl_context *ssl, struct link_websocket **out)
{
    struct link_websocket *w = calloc(1, sizeof(*w));
    enum err e;

    if (w == NULL) {
        link_because(link, LINK_LOCAL, "out of memory");
        return ERR_NO_MEMORY;
    }
    w->link = link;
    w->ssl = ssl;
    e = shake_hands(link, w);
    if (e == ERR_OK)
        *out = w;
    else
        free(w);
    return e;
}

void link_websocket_free(struct link_websocket *w)
{
    free(w);
}

struct link_stream link_websocket_stream(struct link_websocket *w)
{
    return (struct link_stream){on_read, on_write, is_blocked, w};
}

const char *link_websocket_fault(const struct link_websocket *w)
{
    return w->reader.why;
}

void link_websocket_close(struct link_websocket *w)
{
    queue_goodbye(w, CODE_GOODBYE);
}
