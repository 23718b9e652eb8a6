/* What is configured as a proxy, what is said to one, and what it may answer.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud/head.h"
#include "cloud/proxy.h"
#include "cloud/socks.h"
#include "cmocka_all.h"

/* --- the text ------------------------------------------------------------ */

static void a_proxy_has_a_scheme_a_place_and_perhaps_a_user(void **state)
{
    static const struct {
        const char *text, *printed, *user, *password;
        enum proxy_kind kind;
    } good[] = {
        {"http://p:1",                  "http://p:1",               "",    "",      PROXY_HTTP  },
        {"HTTP://p.example:3128",       "http://p.example:3128",    "",    "",      PROXY_HTTP  },
        {"socks5h://[fd00::1]:1080",    "socks5h://[fd00::1]:1080", "",    "",
         PROXY_SOCKS5                                                                           },
        {"http://u:p@h:8080",           "http://h:8080",            "u",   "p",     PROXY_HTTP  },
        {"http://u@h:8080",             "http://h:8080",            "u",   "",      PROXY_HTTP  },
        {"http://u%40d:p%3a%25%2F@h:1", "http://h:1",               "u@d", "p:%/",
         PROXY_HTTP                                                                             },
        {"http://u:a@b:c@h:1",          "http://h:1",               "u",   "a@b:c", PROXY_HTTP  },
        {"socks5h://a%3ab:c@h:1",       "socks5h://h:1",            "a:b", "c",     PROXY_SOCKS5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char printed[PROXY_TEXT];
        struct proxy p;

        assert_int_equal(proxy_parse(good[i].text, &p), ERR_OK);
        assert_int_equal(p.kind, good[i].kind);
        assert_string_equal(p.user, good[i].user);
        assert_string_equal(p.password, good[i].password);
        proxy_print(&p, printed);
        assert_string_equal(printed, good[i].printed);
        proxy_wipe(&p);
        assert_string_equal(p.password, "");
    }
}

static void what_is_no_proxy_is_refused(void **state)
{
    static const char *const bad[] = {"", "p:1", "https://p:1", "socks5://p:1",
        "socks4://p:1", "http://", "http://p", "http://p:", "http://p:0",
        "http://p:1/", "http://@p:1", "http://:pw@p:1", "http://u%@p:1",
        "http://u%4@p:1", "http://u%zz@p:1", "http://u%4x@p:1",
        "http://u%00@p:1", "http://u:%0d%0a@p:1", "http://u%7f@p:1",
        "http://a%3ab:c@p:1", "http://u:p@", "http://u:p%4@p:1"};
    struct proxy p;
    char text[600];

    (void)state;
    (void)memset(&p, 0x55, sizeof(p));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(proxy_parse(bad[i], &p), ERR_INVALID);
    for (int len = PROXY_SECRET; len <= PROXY_SECRET + 1; len++) {
        (void)snprintf(text, sizeof(text), "http://u:%0*d@p:1", len, 0);
        assert_int_equal(
            proxy_parse(text, &p), len == PROXY_SECRET ? ERR_OK : ERR_INVALID);
    }
}

static void a_password_may_stand_in_a_file(void **state)
{
    static const struct {
        const char *text, *password;
    } files[] = {
        {"secret\n",     "secret" },
        {"secret",       "secret" },
        {"se cret\r\nx", "se cret"},
        {"",             NULL     },
        {"\nsecret",     NULL     },
    };
    char path[] = "/tmp/test_proxy.XXXXXX";
    int fd = mkstemp(path);
    struct proxy p;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(proxy_parse("http://u:old@h:1", &p), ERR_OK);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        size_t len = strlen(files[i].text);

        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, files[i].text, len, 0), len);
        assert_int_equal(proxy_read_password(&p, path),
            files[i].password != NULL ? ERR_OK : ERR_INVALID);
        if (files[i].password != NULL)
            assert_string_equal(p.password, files[i].password);
    }
    assert_int_equal(pwrite(fd, "a\0b", 3, 0), 3);
    assert_int_equal(proxy_read_password(&p, path), ERR_INVALID);
    for (off_t i = 0; i < 300; i++)
        assert_int_equal(pwrite(fd, "x", 1, i), 1);
    assert_int_equal(proxy_read_password(&p, path), ERR_INVALID);
    close(fd);
    unlink(path);
    assert_int_equal(proxy_read_password(&p, path), ERR_NOT_FOUND);
}

/* --- HTTP ---------------------------------------------------------------- */

static void the_request_names_the_broker(void **state)
{
    const struct broker name = {"b.example", 443}, six = {"fd00::1", 8883};
    char text[PROXY_REQUEST] = "";
    size_t len = proxy_connect(&name, NULL, text);

    (void)state;
    assert_int_equal(len, strlen(text));
    assert_string_equal(
        text, "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");
    len = proxy_connect(&six, "dTpw", text);
    assert_int_equal(len, strlen(text));
    assert_string_equal(text,
        "CONNECT [fd00::1]:8883 HTTP/1.1\r\nHost: [fd00::1]:8883\r\n"
        "Proxy-Authorization: Basic dTpw\r\n\r\n");
}

static enum err parse(const char *text, struct head *head)
{
    return head_parse(text, strlen(text), head);
}

static void a_head_is_read_when_it_is_whole(void **state)
{
    static const char text[] = "HTTP/1.1 200 Fine by me\r\nA: b \r\n"
                               "Long:\t x, Y\r\na2: c\n\r\nTAIL";
    struct head head;
    struct head_text value;
    size_t whole = sizeof(text) - 1 - 4;

    (void)state;
    for (size_t len = 0; len < whole; len++)
        assert_int_equal(head_parse(text, len, &head), ERR_AGAIN);
    assert_int_equal(head_parse(text, sizeof(text) - 1, &head), ERR_OK);
    assert_int_equal(head.len, whole);
    assert_int_equal(head.status, 200);
    assert_true(head_is(head.reason, "fine BY me"));
    assert_int_equal(head_field(&head, "a", &value), ERR_OK);
    assert_true(head_is(value, "B"));
    assert_int_equal(head_field(&head, "LONG", &value), ERR_OK);
    assert_true(head_lists(value, "y"));
    assert_true(head_lists(value, "X"));
    assert_false(head_lists(value, "z"));
    assert_false(head_lists(value, ""));
    assert_int_equal(head_field(&head, "Lon", &value), ERR_NOT_FOUND);
    assert_int_equal(parse("HTTP/1.0 404\r\n\r\n", &head), ERR_OK);
    assert_int_equal(head.reason.len, 0);
    assert_int_equal(parse("HTTP/1.1 200 x\nA:1\na:2\n\n", &head), ERR_OK);
    assert_int_equal(head_field(&head, "A", &value), ERR_CONFLICT);
}

static void what_is_no_head_is_refused(void **state)
{
    static const char *const bad[] = {"\r\n", "HTTP/2 200 x\r\n",
        "HTTP/1.2 200 x\r\n", "HTTP/1.1  200\r\n", "HTTP/1.1 20 x\r\n",
        "HTTP/1.1 2000\r\n", "HTTP/1.1 099 x\r\n", "HTTP/1.1 600 x\r\n",
        "HTTP/1.1 2x0 x\r\n", "HTTP/1.1 200 a\001b\r\n", "SSH-2.0-x\r\n",
        "HTTP/1.1 200 x\r\nno colon\r\n", "HTTP/1.1 200 x\r\n: v\r\n",
        "HTTP/1.1 200 x\r\n folded: v\r\n", "HTTP/1.1 200 x\r\na : v\r\n",
        "HTTP/1.1 200 x\r\na: \177\r\n", "HTTP/1.1 200 x\r\na: b\rc\r\n"};
    char text[HEAD_MOST + 20] = "HTTP/1.1 200 x\r\nA: ";
    struct head head = {.status = 1};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(bad[i], &head), ERR_INVALID);
    memset(text + strlen(text), 'x', sizeof(text) - strlen(text));
    assert_int_equal(head_parse(text, HEAD_MOST - 1, &head), ERR_AGAIN);
    assert_int_equal(head_parse(text, HEAD_MOST, &head), ERR_TOO_BIG);
    (void)snprintf(text + HEAD_MOST - 1, 5, "\r\n\r\n");
    assert_int_equal(head_parse(text, sizeof(text), &head), ERR_TOO_BIG);
    memset(text, 'x', sizeof(text));
    assert_int_equal(head_parse(text, sizeof(text), &head), ERR_TOO_BIG);
    assert_int_equal(head.status, 1);
}

static void only_2xx_opens_the_tunnel(void **state)
{
    static const struct {
        const char *head;
        bool had_user;
        const char *why; /* NULL: it is open */
    } cases[] = {
        {"HTTP/1.1 200 OK\n\n",                 false, NULL                  },
        {"HTTP/1.1 299 OK\n\n",                 true,  NULL                  },
        {"HTTP/1.1 100 Go on\n\n",              false, "status 100 Go on"    },
        {"HTTP/1.1 302 There\nLocation: x\n\n", false, "status 302 There"    },
        {"HTTP/1.1 407 No\n\n",                 false, "it wants a user"     },
        {"HTTP/1.1 407 No\n\n",                 true,  "does not accept this"},
        {"HTTP/1.1 502 Bad\n\n",                true,  "status 502 Bad"      },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct head head;
        char why[200] = "";
        bool refuses;

        assert_int_equal(parse(cases[i].head, &head), ERR_OK);
        refuses = proxy_refuses(&head, cases[i].had_user, why, sizeof(why));
        assert_int_equal(refuses, cases[i].why != NULL);
        if (cases[i].why != NULL)
            assert_non_null(strstr(why, cases[i].why));
    }
}

/* --- SOCKS5 -------------------------------------------------------------- */

struct turn {
    const char *said; /* by us; then heard, both with their lengths */
    size_t said_len;
    const char *heard;
    size_t heard_len;
};
#define TURN(said, heard)                                                      \
    {                                                                          \
        said, sizeof(said) - 1, heard, sizeof(heard) - 1                       \
    }

/* Play the turns, `step` bytes at a time; what socks_hear said last. */
static enum err play(
    struct socks *s, const struct turn *turns, size_t count, size_t step)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        const struct turn *t = &turns[i];

        assert_int_equal(s->out_len, t->said_len);
        assert_memory_equal(s->out, t->said, t->said_len);
        for (size_t at = 0; at < t->heard_len && e == ERR_OK;) {
            size_t len = s->want < step ? s->want : step;

            assert_true(len > 0 && at + len <= t->heard_len);
            e = socks_hear(s, (const unsigned char *)t->heard + at, len);
            at += len;
        }
    }
    return e;
}

static void a_socks_proxy_is_told_the_name(void **state)
{
    static const struct turn open[] = {
        TURN("\5\1\0", "\5\0"),
        TURN("\5\1\0\3\11b.example\x22\xb3", "\5\0\0\1\1\2\3\4\0\5"),
    };
    static const struct turn login[] = {
        TURN("\5\2\0\2", "\5\2"),
        TURN("\1\2me\2pw", "\1\0"),
        TURN("\5\1\0\3\11b.example\x22\xb3", "\5\0\0\3\4host\0\5"),
    };
    static const struct turn login_not_needed[] = {
        TURN("\5\2\0\2", "\5\0"),
        TURN("\5\1\0\3\11b.example\x22\xb3",
            "\5\0\0\4\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\0\5"),
    };
    const struct broker to = {"b.example", 8883};
    struct proxy nobody, me;

    (void)state;
    assert_int_equal(proxy_parse("socks5h://h:1", &nobody), ERR_OK);
    assert_int_equal(proxy_parse("socks5h://me:pw@h:1", &me), ERR_OK);
    for (size_t step = 1; step < 30; step += 7) {
        struct socks s;

        socks_begin(&s, &nobody, &to);
        assert_int_equal(play(&s, open, 2, step), ERR_OK);
        assert_int_equal(s.step, SOCKS_OPEN);
        socks_begin(&s, &me, &to);
        assert_int_equal(play(&s, login, 3, step), ERR_OK);
        assert_int_equal(s.step, SOCKS_OPEN);
        socks_begin(&s, &me, &to);
        assert_int_equal(play(&s, login_not_needed, 2, step), ERR_OK);
        assert_int_equal(s.step, SOCKS_OPEN);
    }
}

static void an_address_goes_to_a_socks_proxy_as_one(void **state)
{
    static const struct turn four[] = {
        TURN("\5\1\0", "\5\0"), TURN("\5\1\0\1\12\0\0\1\1\273", "")};
    static const struct turn six[] = {TURN("\5\1\0", "\5\0"),
        TURN("\5\1\0\4\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\273", "")};
    const struct broker to4 = {"10.0.0.1", 443}, to6 = {"fd00::1", 443};
    struct proxy proxy;
    struct socks s;

    (void)state;
    assert_int_equal(proxy_parse("socks5h://h:1", &proxy), ERR_OK);
    socks_begin(&s, &proxy, &to4);
    assert_int_equal(play(&s, four, 2, 9), ERR_OK);
    socks_begin(&s, &proxy, &to6);
    assert_int_equal(play(&s, six, 2, 9), ERR_OK);
}

static void the_longest_name_user_and_password_fit(void **state)
{
    char text[700];
    struct broker to = {.port = 1};
    struct proxy proxy;
    struct socks s;

    (void)state;
    memset(to.host, 'a', BROKERS_HOST);
    (void)snprintf(text, sizeof(text), "socks5h://%0255d:%0255d@h:1", 1, 2);
    assert_int_equal(proxy_parse(text, &proxy), ERR_OK);
    socks_begin(&s, &proxy, &to);
    assert_int_equal(socks_hear(&s, (const unsigned char *)"\5\2", 2), ERR_OK);
    assert_int_equal(s.out_len, 3 + 255 + 255);
    assert_int_equal(socks_hear(&s, (const unsigned char *)"\1\0", 2), ERR_OK);
    assert_int_equal(s.out_len, 7 + BROKERS_HOST);
}

static void every_no_of_a_socks_proxy_has_its_words(void **state)
{
    static const struct {
        const char *heard;
        size_t len;
        bool with_user;
        const char *why;
    } cases[] = {
#define HEARD(text) text, sizeof(text) - 1
        {HEARD("\4\0"),             false, "does not speak SOCKS5 (SOCKS5: 4)"},
        {HEARD("HT"),               false, "does not speak SOCKS5"            },
        {HEARD("\5\377"),           false, "wants a user and a password"      },
        {HEARD("\5\377"),           true,  "takes no user and password"       },
        {HEARD("\5\2"),             false, "wants what was not offered"       },
        {HEARD("\5\1"),             true,  "wants what was not offered"       },
        {HEARD("\5\2\1\1"),         true,  "does not accept this user"        },
        {HEARD("\5\2\5\0"),         true,  "does not accept this user"        },
        {HEARD("\5\0\4\0\0\1\1"),   false, "does not speak SOCKS5"            },
        {HEARD("\5\0\5\1\0\1\1"),   false, "it failed (SOCKS5: 1)"            },
        {HEARD("\5\0\5\2\0\1\1"),   false, "rules do not allow"               },
        {HEARD("\5\0\5\3\0\1\1"),   false, "no way to that network"           },
        {HEARD("\5\0\5\4\0\1\1"),   false, "no such host"                     },
        {HEARD("\5\0\5\5\0\1\1"),   false, "refused its connection"           },
        {HEARD("\5\0\5\6\0\1\1"),   false, "too long"                         },
        {HEARD("\5\0\5\7\0\1\1"),   false, "does not connect"                 },
        {HEARD("\5\0\5\10\0\1\1"),  false, "such an address"                  },
        {HEARD("\5\0\5\377\0\1\1"), false, "it refuses (SOCKS5: 255)"         },
        {HEARD("\5\0\5\0\0\2\1"),   false, "unknown address"                  },
    };
    const struct broker to = {"b", 1};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum err e = ERR_OK;
        struct proxy proxy;
        struct socks s;
        size_t at = 0;

        assert_int_equal(proxy_parse(cases[i].with_user ? "socks5h://u:p@h:1"
                                                        : "socks5h://h:1",
                             &proxy),
            ERR_OK);
        socks_begin(&s, &proxy, &to);
        while (e == ERR_OK && at < cases[i].len) {
            size_t len = s.want;

            assert_true(len > 0 && at + len <= cases[i].len);
            e = socks_hear(&s, (const unsigned char *)cases[i].heard + at, len);
            at += len;
        }
        assert_int_equal(e, ERR_DENIED);
        assert_non_null(strstr(s.why, cases[i].why));
        assert_int_equal(s.want, 0);
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_proxy_has_a_scheme_a_place_and_perhaps_a_user),
        TEST(what_is_no_proxy_is_refused),
        TEST(a_password_may_stand_in_a_file),
        TEST(the_request_names_the_broker),
        TEST(a_head_is_read_when_it_is_whole),
        TEST(what_is_no_head_is_refused),
        TEST(only_2xx_opens_the_tunnel),
        TEST(a_socks_proxy_is_told_the_name),
        TEST(an_address_goes_to_a_socks_proxy_as_one),
        TEST(the_longest_name_user_and_password_fit),
        TEST(every_no_of_a_socks_proxy_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
