/* Is a certificate's name the endpoint?  RFC 9525 section 6, as a table. */

#include <string.h>

#include "cmocka_all.h"
#include "identity/endpoint.h"

static void dns_names_match_as_the_table_says(void **state)
{
    static const struct {
        const char *host, *name;
        bool match;
    } rows[] = {
        {"iot.example.com",   "iot.example.com",  true },
        {"IOT.example.com",   "iot.EXAMPLE.com",  true },
        {"iot.example.com",   "*.example.com",    true },
        {"a.iot.example.com", "*.example.com",    false},
        {"example.com",       "*.example.com",    false},
        {".example.com",      "*.example.com",    false},
        {"example.com",       "*.com",            false},
        {"iot.example.com",   "*",                false},
        {"iot.example.com",   "i*.example.com",   false},
        {"iot.example.com",   "iot.*.com",        false},
        {"iot.example.com",   "*.*.com",          false},
        {"iot.example.com",   "",                 false},
        {"iot.example.com",   "iot.example.com.", false},
        {"iot.example.com",   "xiot.example.com", false},
        {"localhost",         "localhost",        true },
        {"127.0.0.1",         "127.0.0.1",        false},
        {"127.0.0.1",         "*.0.0.1",          false},
        {"::1",               "::1",              false},
 /* What the resolver takes for an address is none in a certificate. */
        {"127.1",             "127.1",            false},
        {"127.0.1",           "*.0.1",            false},
        {"2130706433",        "2130706433",       false},
        {"127.0.0.0x1",       "*.0.0.0x1",        false},
        {"a.b.1",             "a.b.1",            false},
        {"a.b.1x",            "a.b.1x",           true },
        {"1.2.x",             "*.2.x",            true },
        {"fe80::1%a.b.c",     "*.b.c",            false},
        {"a b.example.com",   "*.example.com",    false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (endpoint_is_dns_name(rows[i].host, rows[i].name,
                strlen(rows[i].name)) != rows[i].match)
            fail_msg("%s against %s", rows[i].host, rows[i].name);
}

static void a_nul_inside_a_name_never_matches(void **state)
{
    (void)state;
    assert_false(
        endpoint_is_dns_name("iot.example.com", "iot.example.com\0.evil.org",
            sizeof("iot.example.com\0.evil.org") - 1));
    assert_false(endpoint_is_dns_name("a", "a\0", 2));
}

static void addresses_match_as_bytes_only(void **state)
{
    static const unsigned char v6[16] = {[15] = 1};

    (void)state;
    assert_true(endpoint_is_ip_address("127.0.0.1", "\x7f\0\0\1", 4));
    assert_true(endpoint_is_ip_address("::1", v6, 16));
    assert_true(endpoint_is_ip_address("0:0::1", v6, 16));
    assert_false(endpoint_is_ip_address("127.0.0.1", "\x7f\0\0\2", 4));
    assert_false(endpoint_is_ip_address("127.0.0.1", v6, 16));
    assert_false(endpoint_is_ip_address("127.0.0.1", "127.0.0.1", 9));
    assert_false(endpoint_is_ip_address("localhost", "\x7f\0\0\1", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dns_names_match_as_the_table_says),
        cmocka_unit_test(a_nul_inside_a_name_never_matches),
        cmocka_unit_test(addresses_match_as_bytes_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
