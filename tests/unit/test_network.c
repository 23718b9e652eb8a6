/* What the port says of the network and of sleep, in a network namespace of our
 * own: a machine with nothing but a loopback that is switched off. */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "ports/port.h"

static int refusal; /* errno of the system calls below; 0: they work */

int __real_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);
int __real_timerfd_settime(
    int fd, int flags, const struct itimerspec *set, struct itimerspec *old);
int __wrap_timerfd_settime(
    int fd, int flags, const struct itimerspec *set, struct itimerspec *old);

static struct itimerspec armed;
static int armed_flags;

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    errno = refusal;
    return refusal != 0 ? -1 : __real_bind(fd, address, len);
}

int __wrap_timerfd_settime(
    int fd, int flags, const struct itimerspec *set, struct itimerspec *old)
{
    errno = refusal;
    armed = *set;
    armed_flags = flags;
    return refusal != 0 ? -1 : __real_timerfd_settime(fd, flags, set, old);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1;
}

static void switch_loopback(bool on)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    request.ifr_flags = on ? IFF_UP : 0;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    (void)close(fd);
}

static bool has(int family, const char *text)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } place = {.any = {.sa_family = (sa_family_t)family}};

    assert_int_equal(inet_pton(family, text,
                         family == AF_INET ? (void *)&place.four.sin_addr
                                           : (void *)&place.six.sin6_addr),
        1);
    return port_network_has(&place.any);
}

static void a_machine_with_nothing_but_loopback_is_not_up(void **state)
{
    struct port_network network;

    (void)state;
    switch_loopback(true);
    port_network_read(&network);
    assert_false(network.is_up);
    assert_string_equal(network.way_ipv4, "");
    assert_string_equal(network.way_ipv6, "");
}

static void an_address_is_there_only_while_its_interface_is_up(void **state)
{
    (void)state;
    switch_loopback(true);
    assert_true(has(AF_INET6, "::1"));
    assert_true(has(AF_INET, "127.0.0.1"));
    assert_true(has(AF_INET, "127.5.5.5"));
    assert_true(has(AF_INET6, "::ffff:127.0.0.1"));
    assert_false(has(AF_INET, "192.0.2.7"));
    assert_false(has(AF_INET6, "::ffff:192.0.2.7"));
    assert_false(has(AF_INET6, "2001:db8::7"));
    switch_loopback(false);
    assert_false(has(AF_INET6, "::1"));
}

static void a_change_rings_until_it_was_taken(void **state)
{
    int fd;

    (void)state;
    switch_loopback(false);
    assert_int_equal(port_network_watch(&fd), ERR_OK);
    assert_false(is_readable(fd, 0));
    switch_loopback(true);
    assert_true(is_readable(fd, 1000));
    port_network_drain(fd);
    assert_false(is_readable(fd, 0));
    (void)close(fd);
}

/* As under a seccomp filter that does not know netlink. */
static void a_system_that_does_not_tell_is_not_an_error(void **state)
{
    int fd = -1;

    (void)state;
    refusal = EPERM;
    assert_int_equal(port_network_watch(&fd), ERR_UNSUPPORTED);
    assert_int_equal(errno, EPERM);
    assert_int_equal(port_wake_watch(&fd), ERR_UNSUPPORTED);
    assert_int_equal(errno, EPERM);
    refusal = 0;
    assert_int_equal(fd, -1);
}

/* Nobody may set this machine's clock for a test; that it would ring is the
 * kernel's promise for these two flags (timerfd_create(2)). */
static void the_wake_bell_is_cancelled_when_the_clock_jumps(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(port_wake_watch(&fd), ERR_OK);
    assert_int_equal(armed_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    assert_true(armed.it_value.tv_sec > port_wall_ms() / 1000 + 24 * 3600);
    assert_false(is_readable(fd, 0));
    armed_flags = 0;
    port_wake_drain(fd);
    assert_int_equal(armed_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    assert_true(port_slept_ms() >= 0);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_with_nothing_but_loopback_is_not_up),
        cmocka_unit_test(an_address_is_there_only_while_its_interface_is_up),
        cmocka_unit_test(a_change_rings_until_it_was_taken),
        cmocka_unit_test(a_system_that_does_not_tell_is_not_an_error),
        cmocka_unit_test(the_wake_bell_is_cancelled_when_the_clock_jumps),
    };

    if (unshare(CLONE_NEWNET) != 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        print_error("no network namespace: %s\n", strerror(errno));
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
