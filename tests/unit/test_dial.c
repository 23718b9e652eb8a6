/* From a name to a connection: whichever address answers first, and never
 * longer than there is time.  The resolver is ours here (--wrap). */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cloud/dial.h"
#include "cloud/lookup.h"
#include "cmocka_all.h"
#include "place.h"
#include "ports/port.h"

#define STORM 200 /* addresses of one name */

/* --- a resolver that does as it is told ----------------------------------- */

static struct {
    const char *addresses[STORM + 1]; /* of every name */
    int failed;
    int hangs[2]; /* a pipe: an answer comes when it is readable */
    int asked;
    int errno_;
} dns;

int __real_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res);
int __wrap_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res);

int __wrap_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
    struct addrinfo **tail = res;
    char byte;

    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return __real_getaddrinfo(node, service, hints, res);
    __atomic_fetch_add(&dns.asked, 1, __ATOMIC_SEQ_CST);
    if (dns.hangs[0] >= 0 && read(dns.hangs[0], &byte, 1) < 0)
        return EAI_FAIL;
    errno = dns.errno_;
    if (dns.failed != 0)
        return dns.failed;
    *res = NULL;
    for (size_t i = 0; dns.addresses[i] != NULL; i++) {
        struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
            .ai_socktype = SOCK_STREAM};

        if (__real_getaddrinfo(dns.addresses[i], service, &numeric, tail) != 0)
            return EAI_FAIL;
        tail = &(*tail)->ai_next;
    }
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    memset(&dns, 0, sizeof(dns));
    dns.hangs[0] = dns.hangs[1] = -1;
    return 0;
}

/* --- servers ------------------------------------------------------------- */

static int serve(const char *address, uint16_t *port, int backlog)
{
    socklen_t len;
    struct sockaddr_storage at = place(address, *port, &len);
    int one = 1, fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port =
        ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                       : ((struct sockaddr_in *)&at)->sin_port);
    return fd;
}

/* A listener whose queue is full drops what knocks: a black hole. */
struct hole {
    int listener, inside[4];
};

static void dig(struct hole *h, const char *address, uint16_t *port)
{
    socklen_t len;
    struct sockaddr_storage at;

    h->listener = serve(address, port, 0);
    at = place(address, *port, &len);
    for (size_t i = 0; i < 4; i++) {
        h->inside[i] =
            socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(h->inside[i], (struct sockaddr *)&at, len) != 0)
            assert_int_equal(errno, EINPROGRESS);
    }
}

static void fill_in(struct hole *h)
{
    close(h->listener);
    for (size_t i = 0; i < 4; i++)
        close(h->inside[i]);
}

/* --- one dialling -------------------------------------------------------- */

struct patience {
    int64_t end_ms;
    enum err broken; /* ERR_OK: it waits as it should */
    rlim_t limit;    /* of descriptors, from the first waiting on; 0: none */
};

static enum err wait_for(
    void *context, struct pollfd *fds, size_t count, int64_t at_most_ms)
{
    const struct patience *p = context;
    int64_t left = p->end_ms - port_monotonic_ms();

    if (p->limit > 0) {
        struct rlimit none;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &none), 0);
        none.rlim_cur = p->limit;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    if (p->broken != ERR_OK)
        return p->broken;
    if (left <= 0)
        return ERR_AGAIN;
    (void)poll(fds, count, (int)(left < at_most_ms ? left : at_most_ms));
    return ERR_OK;
}

struct dialled {
    enum err e;
    int fd;
    int64_t took_ms;
    enum dial_sign sign;
    char why[200];
};

static struct dialled dial(
    const char *host, uint16_t port, int family, struct patience p)
{
    struct dialled d = {.fd = -1};
    int64_t began_ms = port_monotonic_ms();

    p.end_ms += began_ms;
    d.e = dial_host(
        &(struct dial){
            .host = host,
            .port = port,
            .family = family,
            .waiter = {wait_for, &p},
            .sign = &d.sign,
            .why = d.why,
            .why_size = sizeof(d.why)
    },
        &d.fd);
    d.took_ms = port_monotonic_ms() - began_ms;
    return d;
}

#define PATIENT ((struct patience){.end_ms = 5000})
#define HASTY   ((struct patience){.end_ms = 300})

static int family_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);

    assert_int_equal(getpeername(fd, (struct sockaddr *)&at, &len), 0);
    return at.ss_family;
}

static void expect_family(struct dialled d, int family)
{
    assert_string_equal(d.why, "");
    assert_int_equal(d.e, ERR_OK);
    assert_int_equal(family_of(d.fd), family);
    close(d.fd);
}

/* --- the race ------------------------------------------------------------ */

static void both_families_answer_and_ipv6_or_what_worked_last_wins(void **state)
{
    uint16_t port = 0;
    int six = serve("::1", &port, 5), four = serve("127.0.0.1", &port, 5);

    (void)state;
    dns.addresses[0] = "127.0.0.1";
    dns.addresses[1] = "::1";
    expect_family(dial("x.test", port, 0, PATIENT), AF_INET6);
    expect_family(dial("x.test", port, AF_INET6, PATIENT), AF_INET6);
    expect_family(dial("x.test", port, AF_INET, PATIENT), AF_INET);
    assert_int_equal(dns.asked, 3);
    /* An address asks nobody. */
    expect_family(dial("::1", port, AF_INET, PATIENT), AF_INET6);
    expect_family(dial("127.0.0.1", port, AF_INET6, PATIENT), AF_INET);
    assert_int_equal(dns.asked, 3);
    close(six);
    close(four);
}

/* TCP has no way to a multicast address, whatever the routes are. */
#define NO_ROUTE "224.0.0.1"

static void a_failure_tells_no_route_from_a_refusal_and_from_silence(
    void **state)
{
    struct hole hole;
    uint16_t port = 0, nobodys = 0;
    int gone = serve("127.0.0.1", &nobodys, 0);

    (void)state;
    close(gone);
    dig(&hole, "127.0.0.1", &port);
    assert_int_equal(dial(NO_ROUTE, port, 0, PATIENT).sign, DIAL_NO_ROUTE);
    assert_int_equal(dial("127.0.0.1", nobodys, 0, PATIENT).sign, DIAL_REFUSED);
    assert_int_equal(dial("127.0.0.1", port, 0, HASTY).sign, DIAL_NO_SIGN);
    dns.addresses[0] = NO_ROUTE;
    dns.addresses[1] = "127.0.0.1";
    assert_int_equal(dial("x.test", nobodys, 0, PATIENT).sign, DIAL_REFUSED);
    assert_int_equal(dial("x.test", port, 0, HASTY).sign, DIAL_NO_SIGN);
    dns.addresses[1] = NO_ROUTE;
    assert_int_equal(dial("x.test", port, 0, PATIENT).sign, DIAL_NO_ROUTE);
    fill_in(&hole);
}

static void a_dead_ipv6_costs_one_stagger(void **state)
{
    struct hole hole;
    uint16_t port = 0;
    struct dialled d;
    int four;

    (void)state;
    dig(&hole, "::1", &port);
    four = serve("127.0.0.1", &port, 5);
    dns.addresses[0] = "::1";
    dns.addresses[1] = "127.0.0.1";
    d = dial("x.test", port, 0, PATIENT);
    assert_in_range(d.took_ms, DIAL_STAGGER_MS - 5, DIAL_STAGGER_MS + 200);
    expect_family(d, AF_INET);
    /* The twin: there is nothing else, so there is no way. */
    dns.addresses[1] = NULL;
    d = dial("x.test", port, 0, HASTY);
    assert_int_equal(d.e, ERR_AGAIN);
    assert_non_null(strstr(d.why, "no answer in time"));
    assert_in_range(d.took_ms, 295, 600);
    /* What worked last goes first: no stagger. */
    dns.addresses[1] = "127.0.0.1";
    d = dial("x.test", port, AF_INET, PATIENT);
    assert_in_range(d.took_ms, 0, DIAL_STAGGER_MS - 50);
    expect_family(d, AF_INET);
    close(four);
    fill_in(&hole);
}

static void a_refusal_costs_nothing(void **state)
{
    uint16_t port = 0, free_port = 0;
    int four = serve("127.0.0.1", &port, 5);
    struct dialled d;

    (void)state;
    dns.addresses[0] = "::1";
    dns.addresses[1] = "127.0.0.1";
    d = dial("x.test", port, 0, PATIENT);
    assert_in_range(d.took_ms, 0, DIAL_STAGGER_MS - 50);
    expect_family(d, AF_INET);
    close(serve("127.0.0.1", &free_port, 5));
    d = dial("x.test", free_port, 0, PATIENT);
    assert_int_equal(d.e, ERR_AGAIN);
    assert_non_null(strstr(d.why, "refused (the last of its addresses)"));
    assert_in_range(d.took_ms, 0, DIAL_STAGGER_MS);
    close(four);
}

/* A look-up's thread may hold its own a moment longer than we wait for it. */
static unsigned descriptors(void)
{
    const struct timespec nap = {.tv_nsec = 50000000};
    unsigned count = 0;

    (void)nanosleep(&nap, NULL);
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void the_losers_are_closed_and_a_name_of_many_addresses_is_bounded(
    void **state)
{
    char texts[STORM][20];
    struct hole hole;
    uint16_t port = 0;
    unsigned before;
    struct dialled d;

    (void)state;
    dig(&hole, "::1", &port);
    for (size_t i = 0; i < STORM; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "::1");
        dns.addresses[i] = texts[i];
    }
    before = descriptors();
    d = dial("x.test", port, 0, (struct patience){.end_ms = 2600});
    assert_int_equal(d.e, ERR_AGAIN);
    assert_int_equal(descriptors(), before);
    fill_in(&hole);
}

static void being_stopped_or_broken_ends_the_race_at_once(void **state)
{
    struct hole hole;
    uint16_t port = 0;
    unsigned before;

    (void)state;
    dig(&hole, "::1", &port);
    before = descriptors();
    assert_int_equal(
        dial("::1", port, 0,
            (struct patience){.end_ms = 5000, .broken = ERR_DENIED})
            .e,
        ERR_DENIED);
    assert_int_equal(dial("::1", port, 0,
                         (struct patience){.end_ms = 5000, .broken = ERR_IO})
                         .e,
        ERR_IO);
    assert_int_equal(descriptors(), before);
    fill_in(&hole);
}

static void without_descriptors_it_is_this_machine_that_is_at_fault(
    void **state)
{
    struct rlimit usual, none;
    struct dialled d[2];
    int free_fd;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = usual;
    (void)descriptors();
    free_fd = dup(0);
    close(free_fd);
    none.rlim_cur = (rlim_t)free_fd;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    d[0] = dial("127.0.0.1", 1, 0, PATIENT); /* not even for the question */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    /* ... or, from the look-up on, not for the socket. */
    dns.addresses[0] = "127.0.0.1";
    d[1] = dial("x.test", 1, 0,
        (struct patience){.end_ms = 5000, .limit = (rlim_t)free_fd});
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(d[0].e, ERR_IO);
    assert_int_equal(d[1].e, ERR_IO);
    assert_non_null(strstr(d[1].why, strerror(EMFILE)));
}

/* --- the look-up --------------------------------------------------------- */

static void a_name_without_an_address_is_told(void **state)
{
    struct dialled d;

    (void)state;
    dns.failed = EAI_NONAME;
    d = dial("x.test", 1, 0, PATIENT);
    assert_int_equal(d.e, ERR_NOT_FOUND);
    assert_non_null(strstr(d.why, "x.test: "));
    dns.failed = EAI_SYSTEM;
    dns.errno_ = EACCES;
    d = dial("x.test", 1, 0, PATIENT);
    assert_int_equal(d.e, ERR_NOT_FOUND);
    assert_non_null(strstr(d.why, strerror(EACCES)));
    dns.failed = 0; /* an answer without anything in it */
    d = dial("x.test", 1, 0, PATIENT);
    assert_int_equal(d.e, ERR_NOT_FOUND);
    assert_non_null(strstr(d.why, "it has no address"));
}

static void a_name_that_is_too_long_is_not_asked_for(void **state)
{
    char name[400];

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(dial(name, 1, 0, PATIENT).e, ERR_NOT_FOUND);
    assert_int_equal(dns.asked, 0);
}

static void a_resolver_that_hangs_is_left_behind_in_time(void **state)
{
    struct dialled d;
    char bytes[LOOKUP_MOST + 1] = {0};

    (void)state;
    assert_int_equal(pipe(dns.hangs), 0);
    d = dial("x.test", 1, 0,
        (struct patience){.end_ms = 5000, .broken = ERR_DENIED});
    assert_int_equal(d.e, ERR_DENIED);
    assert_in_range(d.took_ms, 0, 200);
    for (int i = 1; i < LOOKUP_MOST; i++) {
        d = dial("x.test", 1, 0, (struct patience){.end_ms = 30});
        assert_int_equal(d.e, ERR_NOT_FOUND);
        assert_non_null(strstr(d.why, "no name server answered in time"));
        assert_in_range(d.took_ms, 25, 300);
    }
    /* They do not pile up for ever. */
    d = dial("x.test", 1, 0, HASTY);
    assert_int_equal(d.e, ERR_IO);
    assert_non_null(strstr(d.why, "too many look-ups"));
    /* And once it answers, there is room again. */
    assert_int_equal(write(dns.hangs[1], bytes, sizeof(bytes)), sizeof(bytes));
    for (int tries = 0; d.e == ERR_IO && tries < 200; tries++) {
        struct timespec nap = {.tv_nsec = 10000000};

        (void)nanosleep(&nap, NULL);
        close(dns.hangs[1]);
        dns.hangs[1] = -1;
        d = dial("x.test", 1, 0, HASTY);
    }
    assert_int_equal(d.e, ERR_NOT_FOUND);
    close(dns.hangs[0]);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_families_answer_and_ipv6_or_what_worked_last_wins),
        TEST(a_failure_tells_no_route_from_a_refusal_and_from_silence),
        TEST(a_dead_ipv6_costs_one_stagger),
        TEST(a_refusal_costs_nothing),
        TEST(the_losers_are_closed_and_a_name_of_many_addresses_is_bounded),
        TEST(being_stopped_or_broken_ends_the_race_at_once),
        TEST(without_descriptors_it_is_this_machine_that_is_at_fault),
        TEST(a_name_without_an_address_is_told),
        TEST(a_name_that_is_too_long_is_not_asked_for),
        TEST(a_resolver_that_hangs_is_left_behind_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
