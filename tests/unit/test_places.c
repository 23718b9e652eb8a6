/* Where things are, as text, and in which order they are tried. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cloud/addresses.h"
#include "cloud/brokers.h"
#include "cmocka_all.h"
#include "place.h"

static void families_take_turns(void **state)
{
    static const struct {
        const char *from, *to; /* "6" or "4", with a number */
        int first;
    } cases[] = {
        {"",           "",           0       },
        {"6a",         "6a",         AF_INET },
        {"4a4b6a6b",   "6a4a6b4b",   0       },
        {"4a4b6a6b",   "6a4a6b4b",   AF_INET6},
        {"4a4b6a6b",   "4a6a4b6b",   AF_INET },
        {"6a6b6c6d4a", "6a4a6b6c6d", 0       },
        {"6a4a4b4c4d", "6a4a4b4c4d", 0       },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addresses a = {.count = 0};
        char got[40] = "";

        for (const char *p = cases[i].from; *p != '\0'; p += 2) {
            char text[20];
            socklen_t len;
            struct sockaddr_storage at;

            (void)snprintf(text, sizeof(text),
                p[0] == '6' ? "fd00::%x" : "10.0.0.%u", (unsigned)p[1]);
            at = place(text, 1, &len);
            addresses_add(&a, (struct sockaddr *)&at, len);
        }
        addresses_interleave(&a, cases[i].first);
        for (size_t j = 0; j < a.count; j++) {
            bool six = a.list[j].bytes.ss_family == AF_INET6;
            size_t used = strlen(got);
            const struct sockaddr_in6 *s6 = (const void *)&a.list[j].bytes;
            const struct sockaddr_in *s4 = (const void *)&a.list[j].bytes;

            (void)snprintf(got + used, sizeof(got) - used, "%c%c",
                six ? '6' : '4',
                six ? (int)s6->sin6_addr.s6_addr[15]
                    : (int)(ntohl(s4->sin_addr.s_addr) & 255));
        }
        assert_string_equal(got, cases[i].to);
    }
}

static void what_is_no_address_of_the_internet_is_left_out(void **state)
{
    struct addresses a = {.count = 0};
    const struct sockaddr other = {.sa_family = AF_UNIX};
    const struct sockaddr torn = {.sa_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};

    (void)state;
    addresses_add(&a, &other, sizeof(other));
    addresses_add(&a, &torn, sizeof(torn));
    assert_int_equal(a.count, 0);
    for (int i = 0; i < 20; i++)
        addresses_add(&a, (struct sockaddr *)&four, sizeof(four));
    assert_int_equal(a.count, ADDRESSES_PER_FAMILY);
}

static void several_brokers_stand_in_one_line(void **state)
{
    struct brokers b;

    (void)state;
    assert_int_equal(
        brokers_parse(" a.example:1 ,b ,\t[fd00::1]:443,[::1]", 8883, &b),
        ERR_OK);
    assert_int_equal(b.count, 4);
    assert_string_equal(b.list[0].host, "a.example");
    assert_int_equal(b.list[0].port, 1);
    assert_string_equal(b.list[1].host, "b");
    assert_int_equal(b.list[1].port, 8883);
    assert_string_equal(b.list[2].host, "fd00::1");
    assert_int_equal(b.list[2].port, 443);
    assert_string_equal(b.list[3].host, "::1");
}

static void what_is_no_broker_leaves_all_as_it_was(void **state)
{
    static const char *const bad[] = {"", ",", "a,", ",a", "a,,b", "a:", "a:0",
        "a:65536", "a:1x", "a:000001", "a b", "mqtts://a", "[::1", "[]", "[a",
        "[::1]x", "[::1]1", "[x]", "a:1:2", "a/", "[", "]"};
    struct brokers b = {.count = 77};
    char text[400] = "a";

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(brokers_parse(bad[i], 8883, &b), ERR_INVALID);
    assert_int_equal(brokers_parse("a,a,a,a,a,a,a,a,a", 8883, &b), ERR_TOO_BIG);
    memset(text, 'a', BROKERS_HOST + 1);
    assert_int_equal(brokers_parse(text, 8883, &b), ERR_INVALID);
    assert_int_equal(b.count, 77);
    text[BROKERS_HOST] = '\0';
    assert_int_equal(brokers_parse(text, 8883, &b), ERR_OK);
    assert_int_equal(brokers_parse("a,a,a,a,a,a,a,a", 8883, &b), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(what_is_no_address_of_the_internet_is_left_out),
        cmocka_unit_test(several_brokers_stand_in_one_line),
        cmocka_unit_test(what_is_no_broker_leaves_all_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
