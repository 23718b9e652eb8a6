/* What a broker says when it sends us away, and how far we follow. */

#include <string.h>

#include "cloud/hint.h"
#include "cloud/redirect.h"
#include "cmocka_all.h"

/* A CONNACK (MQTT 5) with this code and these properties. */
struct packet {
    unsigned char bytes[1200];
    size_t len;
};

static void put(struct packet *p, const void *bytes, size_t len)
{
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

static void put_size(struct packet *p, size_t size)
{
    do {
        unsigned char byte =
            (unsigned char)((size & 0x7f) | (size > 0x7f ? 0x80 : 0));

        put(p, &byte, 1);
        size >>= 7;
    } while (size > 0);
}

static void put_text(struct packet *p, const char *text)
{
    const unsigned char size[2] = {
        (unsigned char)(strlen(text) >> 8), (unsigned char)strlen(text)};

    put(p, size, 2);
    put(p, text, strlen(text));
}

static struct packet connack(unsigned char code, const struct packet *inside)
{
    const unsigned char head[2] = {0, code};
    struct packet p = {.len = 0};

    put(&p, "\x20", 1);
    put_size(&p, inside->len + (inside->len > 127 ? 4U : 3U));
    put(&p, head, 2);
    put_size(&p, inside->len);
    put(&p, inside->bytes, inside->len);
    return p;
}

static struct packet moved_to(const char *reference)
{
    struct packet inside = {.len = 0};

    put(&inside, "\x1c", 1);
    put_text(&inside, reference);
    return connack(0x9d, &inside);
}

static void a_reference_and_a_wait_are_read_among_all_properties(void **state)
{
    struct packet inside = {.len = 0}, p;
    struct hint hint;

    (void)state;
    put(&inside, "\x11\0\0\0\x01\x21\0\x05\x24\x01\x25\0\x27\0\0\0\x80", 17);
    put(&inside, "\x22\0\x01\x28\x01\x29\x01\x2a\x01\x13\0\x1e", 12);
    for (const char *id = "\x12\x15\x16\x1a\x1f"; *id != '\0'; id++) {
        put(&inside, id, 1);
        put_text(&inside, "some text");
    }
    put(&inside, "\x26", 1);
    put_text(&inside, "retry-after");
    put_text(&inside, "90");
    put(&inside, "\x26", 1);
    put_text(&inside, "retry-after-all");
    put_text(&inside, "7");
    put(&inside, "\x1c", 1);
    put_text(&inside, "b.example.com:8884");
    p = connack(0x9c, &inside);
    assert_true(hint_of_connack(p.bytes, p.len, &hint));
    assert_int_equal(hint.place, HINT_USE_ANOTHER);
    assert_string_equal(hint.reference, "b.example.com:8884");
    assert_int_equal(hint.retry_after_s, 90);
}

static void what_is_cut_short_or_longer_than_it_says_is_no_connack(void **state)
{
    struct packet p = moved_to("b.example.com");
    struct packet inside = {.len = 0};
    struct hint hint;

    (void)state;
    assert_true(hint_of_connack(p.bytes, p.len, &hint));
    for (size_t len = 0; len < p.len; len++)
        assert_false(hint_of_connack(p.bytes, len, &hint));
    for (size_t i = 0; i < 2; i++) { /* kind, size */
        struct packet bad = p;

        bad.bytes[i]++;
        assert_false(hint_of_connack(bad.bytes, bad.len, &hint));
    }
    put(&inside, "\x7f\0", 2); /* no such property */
    p = connack(0x9d, &inside);
    assert_false(hint_of_connack(p.bytes, p.len, &hint));
}

static void only_whole_seconds_are_a_wait(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } rows[] = {
        {"",                     0   },
        {"0",                    0   },
        {"1",                    1   },
        {"3600",                 3600},
        {"3601",                 3600},
        {"99999999999999999999", 3600},
        {"-5",                   0   },
        {"5s",                   0   },
        {" 5",                   0   },
        {"1.5",                  0   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hint hint = hint_of_code(0x89);

        hint_add_pair(&hint,
            &(struct hint_pair){
                "retry-after", rows[i].text, 11, strlen(rows[i].text)});
        assert_int_equal(hint.retry_after_s, rows[i].seconds);
    }
}

static void a_reference_too_long_or_with_a_nul_is_none(void **state)
{
    struct hint hint = hint_of_code(0x9d);
    char longest[HINT_REFERENCE];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    hint_add_reference(&hint, longest, sizeof(longest) - 1);
    assert_int_equal(strlen(hint.reference), sizeof(longest) - 1);
    hint_add_reference(&hint, longest, sizeof(longest));
    assert_string_equal(hint.reference, "");
    hint_add_reference(&hint, "a\0b", 3);
    assert_string_equal(hint.reference, "");
}

static struct hint to(enum hint_place place, const char *reference)
{
    struct hint hint = {.place = place};

    hint_add_reference(&hint, reference, strlen(reference));
    return hint;
}

static void references_are_read_as_places_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } rows[] = {
        {"b.example.com",         "b.example.com", 8883},
        {"b.example.com:443",     "b.example.com", 443 },
        {"10.10.151.22:8883",     "10.10.151.22",  8883},
        {"[fe80::1]:1883",        "fe80::1",       1883},
        {"a b:1",                 "a",             8883},
        {"",                      NULL,            0   },
        {" a",                    NULL,            0   },
        {"a  b",                  NULL,            0   },
        {"a ",                    NULL,            0   },
        {"mqtts://b",             NULL,            0   },
        {"b:0",                   NULL,            0   },
        {"b:65536",               NULL,            0   },
        {"b:88x",                 NULL,            0   },
        {"b/path",                NULL,            0   },
        {"user@b",                NULL,            0   },
        {"a,b",                   NULL,            0   },
        {"good.example.com b\nx", NULL,            0   },
        {"1 2 3 4 5 6 7 8 9",     NULL,            0   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redirect r = {.active = false};
        struct hint hint = to(HINT_MOVED, rows[i].text);
        enum redirect_answer answer = redirect_heed(&r, &hint, 8883);

        if ((answer == REDIRECT_GO) != (rows[i].host != NULL) ||
            r.active != (rows[i].host != NULL))
            fail_msg("'%s'", rows[i].text);
        if (rows[i].host == NULL)
            continue;
        assert_string_equal(r.there.list[0].host, rows[i].host);
        assert_int_equal(r.there.list[0].port, rows[i].port);
    }
}

static void another_serves_once_and_moved_as_long_as_it_lets_us_in(void **state)
{
    struct redirect r = {.active = false};
    struct hint another = to(HINT_USE_ANOTHER, "b"),
                moved = to(HINT_MOVED, "b");

    (void)state;
    assert_int_equal(redirect_heed(&r, &another, 1), REDIRECT_GO);
    redirect_note_end(&r, true);
    assert_false(r.active);
    assert_int_equal(redirect_heed(&r, &moved, 1), REDIRECT_GO);
    redirect_note_end(&r, true);
    assert_true(r.active);
    redirect_note_end(&r, false);
    assert_false(r.active);
}

static void a_circle_of_brokers_ends_and_a_stable_one_begins_anew(void **state)
{
    struct redirect r = {.active = false};
    struct hint hint = to(HINT_USE_ANOTHER, "b");
    struct hint none = hint_of_code(0x89);

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < REDIRECT_HOPS; i++)
            assert_int_equal(redirect_heed(&r, &hint, 1), REDIRECT_GO);
        assert_int_equal(redirect_heed(&r, &hint, 1), REDIRECT_ROUND);
        assert_false(r.active);
    }
    for (int i = 0; i < 3 * REDIRECT_HOPS; i++) {
        assert_int_equal(redirect_heed(&r, &hint, 1), REDIRECT_GO);
        redirect_settle(&r);
    }
    assert_int_equal(redirect_heed(&r, &none, 1), REDIRECT_STAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_and_a_wait_are_read_among_all_properties),
        cmocka_unit_test(
            what_is_cut_short_or_longer_than_it_says_is_no_connack),
        cmocka_unit_test(only_whole_seconds_are_a_wait),
        cmocka_unit_test(a_reference_too_long_or_with_a_nul_is_none),
        cmocka_unit_test(references_are_read_as_places_and_nothing_else),
        cmocka_unit_test(
            another_serves_once_and_moved_as_long_as_it_lets_us_in),
        cmocka_unit_test(a_circle_of_brokers_ends_and_a_stable_one_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
