/* What Paho writes goes as it wrote it, though less often. */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "as_paho.h"
#include "cmocka_all.h"

#define PACKET 1000
#define MANY   400 /* packets: more than any buffer on the way holds */

static ssize_t write_text(int fd, const char *text)
{
    const struct iovec parts[2] = {
        {(void *)(uintptr_t)text,       1               },
        {(void *)(uintptr_t)(text + 1), strlen(text) - 1}
    };

    return writev(fd, parts, 2);
}

struct writing {
    struct pair at, other;
    int early, beside; /* bytes that the link has before the wait */
};

static void expect_text(int fd, const char *text)
{
    char got[64] = "";

    (void)!read(fd, got, sizeof(got) - 1);
    assert_string_equal(got, text);
}

static void *write_two(void *context)
{
    struct writing *w = context;

    be_sender();
    (void)write_text(w->at.paho, "one ");
    (void)write_text(w->at.paho, "two");
    w->early = waiting_bytes(w->at.link);
    wait_shortly();
    return NULL;
}

static void what_is_sent_goes_when_the_send_thread_waits(void **state)
{
    struct writing w = {.at = open_pair()};

    (void)state;
    run(write_two, &w);
    assert_int_equal(w.early, 0);
    expect_text(w.at.link, "one two");
    close_pair(&w.at);
}

static void *write_and_shut(void *context)
{
    struct writing *w = context;

    be_sender();
    (void)write_text(w->at.paho, "DISCONNECT");
    (void)shutdown(w->at.paho, SHUT_WR);
    return NULL;
}

static void a_goodbye_goes_before_the_socket_is_shut(void **state)
{
    struct writing w = {.at = open_pair()};

    (void)state;
    run(write_and_shut, &w);
    expect_text(w.at.link, "DISCONNECT");
    close_pair(&w.at);
}

static void *write_only(void *context)
{
    struct writing *w = context;

    be_sender();
    (void)write_text(w->at.paho, "first ");
    return NULL;
}

static void another_threads_packet_comes_behind_what_was_gathered(void **state)
{
    struct writing w = {.at = open_pair()};

    (void)state;
    run(write_only, &w);
    assert_int_equal(write_text(w.at.paho, "PUBACK"), 6);
    expect_text(w.at.link, "first PUBACK");
    close_pair(&w.at);
}

static void *write_elsewhere(void *context)
{
    struct writing *w = context;

    (void)write_text(w->at.paho, "at once");
    w->early = waiting_bytes(w->at.link);
    return NULL;
}

static void what_another_thread_writes_goes_at_once(void **state)
{
    struct writing w = {.at = open_pair()};

    (void)state;
    run(write_elsewhere, &w);
    assert_int_equal(w.early, 7);
    close_pair(&w.at);
}

static void *write_to_both(void *context)
{
    struct writing *w = context;

    be_sender();
    (void)write_text(w->at.paho, "here");
    (void)write_text(w->other.paho, "there");
    w->early = waiting_bytes(w->at.link);
    w->beside = waiting_bytes(w->other.link);
    wait_shortly();
    return NULL;
}

static void two_sockets_get_what_is_theirs(void **state)
{
    struct writing w = {.at = open_pair(), .other = open_pair()};

    (void)state;
    run(write_to_both, &w);
    expect_text(w.at.link, "here");
    expect_text(w.other.link, "there");
    close_pair(&w.at);
    close_pair(&w.other);
}

/* --- a link that takes nothing more ----------------------------------------
 */

struct flood {
    struct pair at;
    int refused;      /* tries that were told to come again */
    bool others_wait; /* so was another thread */
};

/* Packet n is PACKET bytes of n; returns false when it must come again. */
static bool write_packet(int fd, int n)
{
    unsigned char bytes[PACKET];
    const struct iovec part = {bytes, sizeof(bytes)};
    ssize_t done;

    memset(bytes, n, sizeof(bytes));
    done = writev(fd, &part, 1);
    if (done < 0) {
        assert_int_equal(errno, EAGAIN);
        return false;
    }
    assert_int_equal(done, PACKET);
    return true;
}

static void *write_for_others(void *context)
{
    struct flood *f = context;

    f->others_wait = !write_packet(f->at.paho, 0);
    return NULL;
}

/* Reads what is there, which must go on where it stopped. */
static size_t read_on(int fd, size_t at)
{
    unsigned char bytes[65536];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t i = 0; i < got; i++, at++)
            if (bytes[i] != (unsigned char)(at / PACKET))
                fail_msg("byte %zu is of packet %d", at, bytes[i]);
    return at;
}

static void *flood(void *context)
{
    struct flood *f = context;
    pthread_t other;
    size_t at = 0;

    be_sender();
    for (int n = 0; n < MANY; n++)
        while (!write_packet(f->at.paho, n)) {
            if (f->refused++ == 0 &&
                pthread_create(&other, NULL, write_for_others, f) == 0)
                pthread_join(other, NULL);
            at = read_on(f->at.link, at);
        }
    while (at < (size_t)MANY * PACKET) {
        wait_shortly();
        at = read_on(f->at.link, at);
    }
    return NULL;
}

static void nothing_is_torn_or_lost_when_the_link_takes_no_more(void **state)
{
    struct flood f = {.at = open_pair()};
    const int small = 4096;

    (void)state;
    assert_int_equal(
        setsockopt(f.at.paho, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    run(flood, &f);
    assert_true(f.refused > 0);
    assert_true(f.others_wait);
    close_pair(&f.at);
}

static void *write_to_nobody(void *context)
{
    struct writing *w = context;

    be_sender();
    (void)close(w->at.link);
    (void)write_text(w->at.paho, "lost");
    wait_shortly(); /* neither a signal nor a wait without end */
    return NULL;
}

static void a_link_that_is_gone_does_not_hold_the_send_thread_up(void **state)
{
    struct writing w = {.at = open_pair()};

    (void)state;
    run(write_to_nobody, &w);
    (void)shutdown(w.at.paho, SHUT_WR);
    (void)close(w.at.paho);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_goes_when_the_send_thread_waits),
        cmocka_unit_test(a_goodbye_goes_before_the_socket_is_shut),
        cmocka_unit_test(another_threads_packet_comes_behind_what_was_gathered),
        cmocka_unit_test(what_another_thread_writes_goes_at_once),
        cmocka_unit_test(two_sockets_get_what_is_theirs),
        cmocka_unit_test(nothing_is_torn_or_lost_when_the_link_takes_no_more),
        cmocka_unit_test(a_link_that_is_gone_does_not_hold_the_send_thread_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
