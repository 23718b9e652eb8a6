/* What Paho's receive thread reads comes as it was sent, though the kernel is
 * asked less often. */

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "as_paho.h"
#include "cmocka_all.h"

struct reading {
    struct pair at;
    char got[32];
    int left;       /* in the kernel after the first byte */
    int says, asks; /* what poll(2) returned with the rest at hand */
    short ready;
    ssize_t end; /* what the last recv(2) returned */
};

static void *read_in_steps(void *context)
{
    struct reading *r = context;
    struct pollfd in = {.fd = r->at.paho, .events = POLLIN};
    struct pollfd out = {.fd = r->at.paho, .events = POLLOUT};
    size_t len = 1;

    be_listener();
    (void)!recv(r->at.paho, r->got, 1, 0);
    r->left = waiting_bytes(r->at.paho);
    r->says = poll(&in, 1, 1000);
    r->ready = in.revents;
    r->asks = poll(&out, 1, 0);
    for (ssize_t n = 1; n > 0; len += n > 0 ? (size_t)n : 0)
        n = r->end = recv(r->at.paho, r->got + len, 3, 0);
    return NULL;
}

static void what_came_together_is_read_at_once_and_given_in_steps(void **state)
{
    struct reading r = {.at = open_pair()};

    (void)state;
    assert_int_equal(write(r.at.link, "packets of bytes", 16), 16);
    run(read_in_steps, &r);
    assert_string_equal(r.got, "packets of bytes");
    assert_int_equal(r.left, 0);
    assert_int_equal(r.says, 1);
    assert_int_equal(r.ready, POLLIN);
    assert_int_equal(r.asks, 1);
    assert_int_equal(r.end, -1); /* EAGAIN */
    close_pair(&r.at);
}

static void *read_before_the_end(void *context)
{
    struct reading *r = context;

    (void)close(r->at.link);
    return read_in_steps(context);
}

static void what_was_said_before_a_hang_up_is_heard_before_it(void **state)
{
    struct reading r = {.at = open_pair()};

    (void)state;
    assert_int_equal(write(r.at.link, "goodbye", 7), 7);
    run(read_before_the_end, &r);
    assert_string_equal(r.got, "goodbye");
    assert_int_equal(r.end, 0);
    (void)shutdown(r.at.paho, SHUT_WR);
    (void)close(r.at.paho);
}

static void *read_elsewhere(void *context)
{
    struct reading *r = context;

    (void)!recv(r->at.paho, r->got, 1, 0);
    r->left = waiting_bytes(r->at.paho);
    return NULL;
}

static void nothing_is_read_ahead_for_another_thread(void **state)
{
    struct reading r = {.at = open_pair()};

    (void)state;
    assert_int_equal(write(r.at.link, "packets of bytes", 16), 16);
    run(read_elsewhere, &r);
    assert_int_equal(r.left, 15);
    close_pair(&r.at);
}

struct reuse {
    struct pair old, next;
    bool is_shut;
    char got[8];
    int says;
};

static void *read_two(void *context)
{
    struct reuse *r = context;
    struct pollfd in = {.fd = r->old.paho, .events = POLLIN};

    be_listener();
    (void)!recv(r->old.paho, r->got, 1, 0);
    if (r->is_shut)
        (void)shutdown(r->old.paho, SHUT_WR);
    (void)dup2(r->next.paho, r->old.paho);
    r->says = poll(&in, 1, 1);
    (void)!recv(r->old.paho, r->got, 3, 0);
    return NULL;
}

static void read_after_reuse(struct reuse *r)
{
    r->old = open_pair();
    r->next = open_pair();
    assert_int_equal(write(r->old.link, "old", 3), 3);
    assert_int_equal(write(r->next.link, "new", 3), 3);
    run(read_two, r);
    close_pair(&r->old);
    close_pair(&r->next);
}

static void a_socket_never_gets_what_was_for_one_with_its_number(void **state)
{
    struct reuse r = {.is_shut = true};

    (void)state;
    read_after_reuse(&r);
    assert_string_equal(r.got, "new");
}

/* The twin: it is the shutdown that forgets. */
static void without_a_shutdown_it_would_get_it(void **state)
{
    struct reuse r = {.is_shut = false};

    (void)state;
    read_after_reuse(&r);
    assert_string_equal(r.got, "ld");
}

static void *read_beside(void *context)
{
    struct reuse *r = context;
    struct pollfd in[2] = {
        {.fd = r->old.paho,  .events = POLLIN},
        {.fd = r->next.paho, .events = POLLIN}
    };

    be_listener();
    (void)!recv(r->old.paho, r->got, 1, 0);
    r->says = poll(in, 2, 1000);
    (void)!recv(r->next.paho, r->got, 3, 0);
    (void)!recv(r->old.paho, r->got + 3, 3, 0);
    return NULL;
}

static void two_sockets_do_not_get_each_others_bytes(void **state)
{
    struct reuse r = {.old = open_pair(), .next = open_pair()};

    (void)state;
    assert_int_equal(write(r.old.link, "old", 3), 3);
    assert_int_equal(write(r.next.link, "new", 3), 3);
    run(read_beside, &r);
    assert_int_equal(r.says, 2);
    assert_string_equal(r.got, "newld");
    close_pair(&r.old);
    close_pair(&r.next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_together_is_read_at_once_and_given_in_steps),
        cmocka_unit_test(what_was_said_before_a_hang_up_is_heard_before_it),
        cmocka_unit_test(nothing_is_read_ahead_for_another_thread),
        cmocka_unit_test(a_socket_never_gets_what_was_for_one_with_its_number),
        cmocka_unit_test(without_a_shutdown_it_would_get_it),
        cmocka_unit_test(two_sockets_do_not_get_each_others_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
