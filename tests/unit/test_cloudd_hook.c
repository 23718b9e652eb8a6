/* Where a web hook of a user may lead: what is no address, and what is not
 * public. */

#include <arpa/inet.h>
#include <string.h>

#include "cloudd/hook.h"
#include "cloudd/public_address.h"
#include "cmocka_all.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return public_address((const struct sockaddr *)&v4);
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        fail_msg("no address: %s", text);
    return public_address((const struct sockaddr *)&v6);
}

static void what_only_we_can_reach_is_not_public(void **state)
{
    static const char *const rows[] = {"0.0.0.0", "0.255.255.255", "10.0.0.0",
        "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.0",
        "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
        "192.168.0.0", "192.168.255.255", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.255", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255",
        /* IPv6, and what hides IPv4 in it */
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "fc00::1", "fd12::1",
        "fe80::1", "fec0::1", "ff02::1", "2001::1", "2001:1ff::1", "2001:10::1",
        "2001:db8::1", "2001:db8:ffff::1", "2002:7f00:1::1", "3fff::1",
        "3fff:fff::1", "4000::1", "1fff::1"};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (is_public(rows[i]))
            fail_msg("%s was called public", rows[i]);
}

/* The twin: each next to a range that is closed. */
static void what_everybody_can_reach_is_public(void **state)
{
    static const char *const rows[] = {"1.0.0.0", "9.255.255.255", "11.0.0.0",
        "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
        "198.51.99.255", "203.0.112.255", "203.0.114.0", "223.255.255.255",
        "2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1",
        "2606:4700::1111", "3ffe::1", "3fff:1000::1"};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (!is_public(rows[i]))
            fail_msg("%s was called private", rows[i]);
}

static void another_kind_of_socket_is_not_public(void **state)
{
    (void)state;
    assert_false(public_address(&(struct sockaddr){.sa_family = AF_UNIX}));
}

static void an_address_is_https_or_of_this_machine_where_that_is_allowed(
    void **state)
{
    static const struct {
        const char *url;
        bool fits, fits_private;
    } rows[] = {
        {"https://example.org/hook",        true,  true },
        {"https://example.org:8443/a?b=c",  true,  true },
        {"HTTPS://EXAMPLE.ORG",             true,  true },
        {"https://192.168.1.1/",            true,  true }, /* looked at later */
        {"http://127.0.0.1:8080/hook",      false, true },
        {"http://localhost/",               false, true },
        {"http://[::1]:80/",                false, true },
        {"http://2130706433/",              false, true }, /* 127.0.0.1 */
        {"http://example.org/",             false, false},
        {"http://127.0.0.1.example.org/",   false, false},
        {"http://localhost.example.org/",   false, false},
        {"https://ann@example.org/",        false, false},
        {"https://ann:secret@example.org/", false, false},
        {"https://:secret@example.org/",    false, false},
        {"http://127.0.0.1@example.org/",   false, false},
        {"file:///etc/passwd",              false, false},
        {"ftp://example.org/",              false, false},
        {"gopher://127.0.0.1:25/_HELO",     false, false},
        {"javascript:alert(1)",             false, false},
        {"https://",                        false, false},
        {"https://a b/",                    false, false},
        {"https://example.org/\r\nX: y",    false, false},
        {"example.org",                     false, false},
        {"",                                false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if ((hook_fault(rows[i].url, false) == NULL) != rows[i].fits)
            fail_msg("%s", rows[i].url);
        if ((hook_fault(rows[i].url, true) == NULL) != rows[i].fits_private)
            fail_msg("%s where private ones are allowed", rows[i].url);
    }
}

static void an_address_is_no_longer_than_its_place(void **state)
{
    char url[HOOK_URL + 2] = "https://example.org/";
    size_t len = strlen(url);

    (void)state;
    memset(url + len, 'a', HOOK_URL - len);
    assert_null(hook_fault(url, false));
    url[HOOK_URL] = 'a';
    assert_non_null(hook_fault(url, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_we_can_reach_is_not_public),
        cmocka_unit_test(what_everybody_can_reach_is_public),
        cmocka_unit_test(another_kind_of_socket_is_not_public),
        cmocka_unit_test(
            an_address_is_https_or_of_this_machine_where_that_is_allowed),
        cmocka_unit_test(an_address_is_no_longer_than_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
