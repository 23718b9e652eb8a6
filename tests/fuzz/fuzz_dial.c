/* What a proxy, a WebSocket server or a configuration says on the way to the
 * broker.  The first byte says who speaks; the second, in which pieces. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/brokers.h"
#include "cloud/head.h"
#include "cloud/proxy.h"
#include "cloud/socks.h"
#include "cloud/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define MUST(truth)                                                            \
    do {                                                                       \
        if (!(truth))                                                          \
            abort();                                                           \
    } while (0)

/* --- texts --------------------------------------------------------------- */

static void check_broker(const struct broker *broker)
{
    char text[BROKERS_PLACE];
    struct broker again;

    broker_print(broker, 0, text);
    MUST(broker_parse(text, strlen(text), 0, &again) == ERR_OK);
    MUST(strcmp(again.host, broker->host) == 0 && again.port == broker->port);
}

static void read_text(const char *text)
{
    struct brokers brokers;
    struct proxy proxy;
    char printed[PROXY_TEXT];

    if (brokers_parse(text, 8883, &brokers) == ERR_OK) {
        MUST(brokers.count > 0 && brokers.count <= BROKERS_MOST);
        for (size_t i = 0; i < brokers.count; i++)
            check_broker(&brokers.list[i]);
    }
    if (proxy_parse(text, &proxy) == ERR_OK) {
        check_broker(&proxy.place);
        for (const char *p = proxy.user; *p != '\0'; p++)
            MUST((unsigned char)*p >= ' ');
        for (const char *p = proxy.password; *p != '\0'; p++)
            MUST((unsigned char)*p >= ' ');
        proxy_print(&proxy, printed);
        MUST(strlen(printed) < sizeof(printed));
    }
}

/* --- a head -------------------------------------------------------------- */

static void look_into(const struct head *head)
{
    static const char *const names[] = {"a", "Upgrade", "Connection",
        "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"};
    struct head_text value;
    char why[200];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (head_field(head, names[i], &value) == ERR_OK) {
            MUST(value.bytes >= head->fields.bytes &&
                value.bytes + value.len <=
                    head->fields.bytes + head->fields.len);
            (void)head_lists(value, "upgrade");
        }
    (void)!websocket_check(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", why, 200);
    if (proxy_refuses(head, false, why, sizeof(why)))
        MUST(strlen(why) < sizeof(why));
}

static void hear_head(const char *bytes, size_t len)
{
    struct head head, again;
    enum err e = head_parse(bytes, len, &head);

    if (e != ERR_OK)
        return;
    MUST(head.len <= len && head.len <= HEAD_MOST);
    MUST(head.status >= 100 && head.status < 600);
    MUST(head_parse(bytes, head.len, &again) == ERR_OK);
    MUST(again.len == head.len);
    MUST(head_parse(bytes, head.len - 1, &again) == ERR_AGAIN);
    look_into(&head);
}

/* --- a SOCKS proxy ------------------------------------------------------- */

static void hear_socks(const uint8_t *bytes, size_t len, size_t step)
{
    static const struct broker to = {"broker.example", 8883};
    struct proxy proxy = {.kind = PROXY_SOCKS5, .user = "u", .password = "p"};
    struct socks s;
    size_t at = 0;

    if (step % 2 == 0)
        proxy.user[0] = '\0';
    socks_begin(&s, &proxy, &to);
    while (s.step != SOCKS_OPEN && at < len) {
        size_t piece = len - at < step ? len - at : step;

        MUST(s.want > 0 && s.out_len <= sizeof(s.out));
        if (piece > s.want)
            piece = s.want;
        if (socks_hear(&s, bytes + at, piece) != ERR_OK) {
            MUST(s.why[0] != '\0' && s.want == 0);
            return;
        }
        at += piece;
    }
#ifdef PLANT_A_FAULT /* test_dial proves that it would be found */
    MUST(s.step != SOCKS_OPEN);
#endif
}

/* --- a WebSocket --------------------------------------------------------- */

struct outcome {
    unsigned char *payload;
    size_t len;
    unsigned pings;
    enum websocket_event last;
    unsigned code;
};

static struct outcome hear_frames(
    const uint8_t *bytes, size_t len, size_t step, size_t room)
{
    struct outcome o = {.payload = malloc(len + 1)};
    struct websocket_reader reader = {.left = 0};
    struct websocket_bytes in = {bytes, 0, 0};

    MUST(o.payload != NULL);
    while (o.last < WEBSOCKET_CLOSED && (in.at < len || o.last != 0)) {
        struct websocket_room out = {
            o.payload + o.len, len - o.len < room ? len - o.len : room, 0};

        if (in.at == in.len)
            in.len = len - in.at < step ? len : in.at + step;
        if (out.size == 0)
            out.size = 1;
        o.last = websocket_read(&reader, &in, &out);
        o.len += out.len;
        o.pings += o.last == WEBSOCKET_PINGED;
        MUST(in.at <= in.len && o.len <= len);
        MUST(reader.control_len <= WEBSOCKET_CONTROL);
        if (o.last == WEBSOCKET_VIOLATED)
            MUST(reader.why != NULL && reader.code >= 1002);
        else
            MUST(reader.why == NULL);
        if (o.last == WEBSOCKET_MORE && in.at == len)
            break;
    }
    o.code = reader.code;
    return o;
}

/* However it is cut, it says the same. */
static void hear_websocket(const uint8_t *bytes, size_t len, size_t step)
{
    struct outcome whole = hear_frames(bytes, len, len + 1, len + 1);
    struct outcome cut = hear_frames(bytes, len, step, 1 + step / 2);

    MUST(whole.len == cut.len && whole.pings == cut.pings);
    MUST(memcmp(whole.payload, cut.payload, cut.len) == 0);
    MUST(whole.code == cut.code);
    free(whole.payload);
    free(cut.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text;
    size_t step;

    if (len < 2)
        return 0;
    step = 1 + (size_t)bytes[1];
    text = malloc(len - 1);
    MUST(text != NULL);
    memcpy(text, bytes + 2, len - 2);
    text[len - 2] = '\0';
    switch (bytes[0] % 4) {
    case 0:
        read_text(text);
        break;
    case 1:
        hear_head(text, len - 2);
        break;
    case 2:
        hear_socks(bytes + 2, len - 2, step);
        break;
    default:
        hear_websocket(bytes + 2, len - 2, step);
        break;
    }
    free(text);
    return 0;
}
