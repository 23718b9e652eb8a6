/* What is said over a WebSocket, and what a server may say and may not. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cloud/websocket.h"
#include "cmocka_all.h"

/* RFC 6455 section 1.3 */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define AGREED                                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: " ACCEPT         \
    "\r\nSec-WebSocket-Protocol: mqtt\r\n"

static void the_request_asks_for_mqtt(void **state)
{
    const struct broker web = {"b.example", 443}, other = {"::1", 8443};
    char text[WEBSOCKET_REQUEST];
    size_t len = websocket_request(&web, KEY, text);

    (void)state;
    assert_int_equal(len, strlen(text));
    assert_string_equal(text,
        "GET /mqtt HTTP/1.1\r\nHost: b.example\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY
        "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n"
        "\r\n");
    (void)websocket_request(&other, KEY, text);
    assert_non_null(strstr(text, "\r\nHost: [::1]:8443\r\n"));
}

static void only_a_server_that_agrees_is_spoken_to(void **state)
{
    static const struct {
        const char *text, *why; /* NULL: it agrees */
    } cases[] = {
        {AGREED "\r\n",                                                         NULL                 },
        {"HTTP/1.1 404 No\r\n\r\n",                                             "status 404"         },
        {"HTTP/1.1 200 OK\r\n\r\n",                                             "status 200"         },
        {"HTTP/1.1 101 x\r\n\r\n",                                              "does not change"    },
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n",                        "does not change"    },
        {"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
         "does not change"                                                                           },
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
         "does not fit"                                                                              },
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " KEY "\r\n\r\n",
         "does not fit"                                                                              },
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
         "does not speak MQTT"                                                                       },
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " ACCEPT
         "\r\nSec-WebSocket-Protocol: chat\r\n\r\n",                   "does not speak MQTT"},
        {AGREED "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",                     "does not fit"       },
        {AGREED "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
         "not offered"                                                                               },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char why[160] = "";
        struct head head;
        enum err e;

        assert_int_equal(
            head_parse(cases[i].text, strlen(cases[i].text), &head), ERR_OK);
        e = websocket_check(&head, ACCEPT, why, sizeof(why));
        assert_int_equal(e, cases[i].why == NULL ? ERR_OK : ERR_DENIED);
        if (cases[i].why != NULL)
            assert_non_null(strstr(why, cases[i].why));
    }
}

static void what_we_send_is_masked_and_has_the_shortest_length(void **state)
{
    static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536, 70000};
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    /* RFC 6455 section 5.7 */
    static const unsigned char hello[] = {
        0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    static unsigned char out[WEBSOCKET_HEADER + 70000];
    static char payload[70000];

    (void)state;
    assert_int_equal(websocket_frame(WEBSOCKET_BINARY, mask,
                         (struct head_text){"Hello", 5}, out),
        sizeof(hello));
    assert_memory_equal(out, hello, sizeof(hello));
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (char)i;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];
        size_t header = size < 126 ? 6 : size < 65536 ? 8 : 14;
        size_t len = websocket_frame(
            WEBSOCKET_PONG, mask, (struct head_text){payload, size}, out);

        assert_int_equal(len, header + size);
        assert_int_equal(out[0], 0x8a);
        assert_int_equal(out[1] & 127,
            size < 126         ? size
                : size < 65536 ? 126
                               : 127);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(
                out[header + j], (unsigned char)payload[j] ^ mask[j % 4]);
    }
}

struct reading {
    char text[400]; /* payload as it comes; an event as [its name] */
    struct websocket_reader reader;
};

static const char *const names[] = {"", "", "[ping]", "[close]", "[broken]"};

static void read_all(
    struct reading *r, const void *bytes, size_t len, size_t step, size_t room)
{
    enum websocket_event event = WEBSOCKET_MORE;
    size_t at = 0, used = 0;

    memset(r, 0, sizeof(*r));
    while (
        at < len && event != WEBSOCKET_CLOSED && event != WEBSOCKET_VIOLATED) {
        size_t end = at + step < len ? at + step : len;
        struct websocket_bytes in = {bytes, end, at};

        do {
            struct websocket_room out = {
                (unsigned char *)r->text + used, room, 0};

            event = websocket_read(&r->reader, &in, &out);
            used += out.len;
            used += (size_t)sprintf(r->text + used, "%s", names[event]);
        } while (event == WEBSOCKET_FULL || event == WEBSOCKET_PINGED);
        at = end;
    }
}

#define BYTES(text) text, sizeof(text) - 1

static void messages_come_out_whole_however_they_are_cut(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } cases[] = {
        {BYTES("\x82\5Hello"),                         "Hello"      },
        {BYTES("\x82\0\x82\1x"),                       "x"          },
        {BYTES("\2\3Hel\x80\2lo"),                     "Hello"      },
        {BYTES("\2\3Hel\x89\1p\0\1l\x8a\3abc\x80\1o"), "Hel[ping]lo"},
        {BYTES("\x89\0\x82\1x"),                       "[ping]x"    },
        {BYTES("\x82\1x\x88\2\3\xe8"
               "junk"),
         "x[close]"                                                 },
        {BYTES("\x88\0"),                              "[close]"    },
        {BYTES("\x88\7\3\xe8"
               "plain"),
         "[close]"                                                  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t step = 1; step < 20; step += 3)
            for (size_t room = 1; room < 9; room += 3) {
                struct reading r;

                read_all(&r, cases[i].bytes, cases[i].len, step, room);
                assert_string_equal(r.text, cases[i].text);
            }
}

static void long_frames_come_through(void **state)
{
    static unsigned char bytes[10 + 70000] = {
        0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70};
    static unsigned char payload[70000];
    struct websocket_reader reader = {.left = 0};
    struct websocket_bytes in = {bytes, sizeof(bytes), 0};
    struct websocket_room out = {payload, sizeof(payload), 0};

    (void)state;
    for (size_t i = 10; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(websocket_read(&reader, &in, &out), WEBSOCKET_MORE);
    assert_int_equal(out.len, 70000);
    assert_memory_equal(payload, bytes + 10, 70000);
    assert_false(reader.in_payload);
}

static void the_ping_s_bytes_are_kept_for_the_pong(void **state)
{
    struct reading r;
    char bytes[2 + 125] = "\x89\x7d";

    (void)state;
    memset(bytes + 2, 'p', 125);
    read_all(&r, bytes, sizeof(bytes), 7, 9);
    assert_string_equal(r.text, "[ping]");
    assert_int_equal(r.reader.control_len, 125);
    assert_memory_equal(r.reader.control, bytes + 2, 125);
}

static void a_goodbye_says_its_code(void **state)
{
    struct reading r;

    (void)state;
    read_all(&r, BYTES("\x88\2\3\xf3"), 9, 9);
    assert_int_equal(r.reader.code, 1011);
    read_all(&r, BYTES("\x88\0"), 9, 9);
    assert_int_equal(r.reader.code, 1005);
}

static void what_no_server_may_send_ends_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        unsigned code;
        const char *why;
    } cases[] = {
        {BYTES("\x81\1x"),                      1003, "text"                 },
        {BYTES("\x80\1x"),                      1002, "continues nothing"    },
        {BYTES("\2\1x\x82\1x"),                 1002, "within a message"     },
        {BYTES("\x83\1x"),                      1002, "unknown kind"         },
        {BYTES("\x8b\0"),                       1002, "unknown kind"         },
        {BYTES("\xc2\1x"),                      1002, "not agreed"           },
        {BYTES("\xa2\1x"),                      1002, "not agreed"           },
        {BYTES("\x92\1x"),                      1002, "not agreed"           },
        {BYTES("\x82\x81"
               "maskx"),
         1002,                                        "masked"               },
        {BYTES("\x82\x7e\0\x7d"),               1002, "wrong form"           },
        {BYTES("\x82\x7f\0\0\0\0\0\0\xff\xff"), 1002, "wrong form"           },
        {BYTES("\x82\x7f\x80\0\0\0\0\1\0\0"),   1002, "wrong form"           },
        {BYTES("\x89\x7e\0\x7e"),               1002, "too long or in pieces"},
        {BYTES("\x9\1x"),                       1002, "too long or in pieces"},
        {BYTES("\x8\0"),                        1002, "too long or in pieces"},
        {BYTES("\x88\1x"),                      1002, "half a code"          },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t step = 1; step < 20; step += 9) {
            struct reading r;

            read_all(&r, cases[i].bytes, cases[i].len, step, 9);
            assert_non_null(strstr(r.text, "[broken]"));
            assert_int_equal(r.reader.code, cases[i].code);
            assert_non_null(strstr(r.reader.why, cases[i].why));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_asks_for_mqtt),
        cmocka_unit_test(only_a_server_that_agrees_is_spoken_to),
        cmocka_unit_test(what_we_send_is_masked_and_has_the_shortest_length),
        cmocka_unit_test(messages_come_out_whole_however_they_are_cut),
        cmocka_unit_test(long_frames_come_through),
        cmocka_unit_test(the_ping_s_bytes_are_kept_for_the_pong),
        cmocka_unit_test(a_goodbye_says_its_code),
        cmocka_unit_test(what_no_server_may_send_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
