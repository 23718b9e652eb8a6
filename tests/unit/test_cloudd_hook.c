/* Where a web hook of a user may lead: what is no address, and what is not
 * public. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* --- what waits ----------------------------------------------------------- */

struct site {
    struct loop *loop;
    struct hook *hook;
    int fd; /* accepts nobody: a receiver that is silent */
    char url[60];
    unsigned again, given_up;
    char fault[160];
};

static void on_outcome(void *context, const struct hook_outcome *outcome)
{
    struct site *s = context;

    assert_string_equal(outcome->to, "ann");
    assert_non_null(outcome->fault);
    (void)snprintf(s->fault, sizeof(s->fault), "%s", outcome->fault);
    s->again += outcome->again;
    s->given_up += !outcome->again;
    if (!outcome->again)
        loop_stop(s->loop);
}

static void begin(struct site *s)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    struct hook_options options = {
        .trust = "/none", .wait_ms = 1, .done = on_outcome, .context = s};

    s->loop = options.loop = loop_new();
    assert_non_null(s->loop);
    assert_int_equal(hook_new(&options, &s->hook), ERR_OK);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        bind(s->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/",
        ntohs(address.sin_port));
}

static void send_some(struct site *s, unsigned count)
{
    const struct hook_receiver to = {"ann", s->url, "secret", true};

    for (unsigned i = 0; i < count; i++)
        hook_send(s->hook, &to, json_new_object());
}

static void end(struct site *s)
{
    hook_free(s->hook);
    loop_flush(s->loop);
    loop_free(s->loop);
    (void)close(s->fd);
}

static void an_alert_that_is_never_taken_is_given_up(void **state)
{
    struct site s = {0};

    (void)state;
    begin(&s); /* nobody listens there */
    send_some(&s, 1);
    loop_run(s.loop);
    assert_int_equal(s.again, HOOK_TRIES - 1);
    assert_int_equal(s.given_up, 1);
    assert_string_equal(s.fault, "nothing answers at its address");
    assert_int_equal(hook_waiting(s.hook, "ann"), 0);
    end(&s);
}

static void of_too_many_the_oldest_goes_and_others_alerts_stay(void **state)
{
    struct site s = {0};

    (void)state;
    begin(&s);
    assert_int_equal(listen(s.fd, 1), 0);
    send_some(&s, HOOK_QUEUE);
    assert_int_equal(hook_waiting(s.hook, "ann"), HOOK_QUEUE);
    send_some(&s, 3);
    assert_int_equal(hook_waiting(s.hook, "ann"), HOOK_QUEUE);
    assert_int_equal(hook_waiting(s.hook, "bob"), 0);
    hook_forget(s.hook, "bob");
    assert_int_equal(hook_waiting(s.hook, "ann"), HOOK_QUEUE);
    hook_forget(s.hook, "ann");
    assert_int_equal(hook_waiting(s.hook, "ann"), 0);
    assert_int_equal(s.again + s.given_up, 0);
    end(&s);
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
        cmocka_unit_test(an_alert_that_is_never_taken_is_given_up),
        cmocka_unit_test(of_too_many_the_oldest_goes_and_others_alerts_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
