/* The machine's network and sleep, as the loop is told: the port is ours here
 * (--wrap), its bells are eventfds. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cloud/surroundings.h"
#include "cmocka_all.h"
#include "loop_wait.h"

#define LONG_ENOUGH_MS (SURROUNDINGS_SETTLE_MS + 200)

static struct {
    bool is_dumb; /* the system tells nothing */
    int network, wake;
    struct port_network seen;
    unsigned looks;
    int64_t slept_ms;
} port;

static struct {
    struct loop *loop;
    struct surroundings *surroundings;
    unsigned told, news; /* how often, and what last */
} world;

enum err __wrap_port_network_watch(int *fd);
enum err __wrap_port_wake_watch(int *fd);
void __wrap_port_network_read(struct port_network *out);
int64_t __wrap_port_slept_ms(void);

static enum err bell(int *fd)
{
    if (port.is_dumb) {
        errno = EPERM;
        return ERR_UNSUPPORTED;
    }
    *fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(*fd >= 0);
    return ERR_OK;
}

enum err __wrap_port_network_watch(int *fd)
{
    enum err e = bell(fd);

    port.network = e == ERR_OK ? *fd : -1;
    return e;
}

enum err __wrap_port_wake_watch(int *fd)
{
    enum err e = bell(fd);

    port.wake = e == ERR_OK ? *fd : -1;
    return e;
}

void __wrap_port_network_read(struct port_network *out)
{
    port.looks++;
    *out = port.seen;
}

int64_t __wrap_port_slept_ms(void)
{
    return port.slept_ms;
}

static void on_news(void *context, unsigned news)
{
    (void)context;
    world.told++;
    world.news = news;
}

static void ring(int fd)
{
    const uint64_t one = 1;

    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void begin(bool is_dumb)
{
    memset(&port, 0, sizeof(port));
    memset(&world, 0, sizeof(world));
    port.is_dumb = is_dumb;
    port.seen = (struct port_network){.is_up = true, .way_ipv4 = "192.0.2.7"};
    world.loop = loop_new();
    assert_non_null(world.loop);
    assert_int_equal(
        surroundings_watch(world.loop, on_news, NULL, &world.surroundings),
        ERR_OK);
    port.looks = 0;
}

static void end(void)
{
    surroundings_free(world.surroundings);
    loop_free(world.loop);
}

static void what_is_news_is_told_as_it_is(void **state)
{
    static const struct {
        struct port_network before, after;
        unsigned news;
    } rows[] = {
        {{true, "192.0.2.7", ""},        {true, "192.0.2.7", ""},            0                   },
        {{true, "192.0.2.7", ""},        {false, "", ""},                    SURROUNDINGS_CHANGED},
        {{true, "192.0.2.7", ""},        {false, "192.0.2.7", ""},
         SURROUNDINGS_CHANGED                                                                    },
        {{false, "192.0.2.7", ""},       {true, "192.0.2.7", ""},
         SURROUNDINGS_CHANGED | SURROUNDINGS_CAME                                                },
        {{false, "", ""},                {true, "", ""},
         SURROUNDINGS_CHANGED | SURROUNDINGS_CAME                                                },
        {{true, "192.0.2.7", ""},        {true, "192.0.2.8", ""},
         SURROUNDINGS_CHANGED | SURROUNDINGS_CAME                                                },
        {{true, "192.0.2.7", ""},        {true, "192.0.2.7", "2001:db8::7"},
         SURROUNDINGS_CHANGED | SURROUNDINGS_CAME                                                },
        {{true, "192.0.2.7", "fd00::1"}, {true, "192.0.2.7", ""},
         SURROUNDINGS_CHANGED                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(surroundings_compare(&rows[i].before, &rows[i].after),
            rows[i].news | SURROUNDINGS_STIRRED);
}

static void a_change_is_told_once_it_has_settled(void **state)
{
    (void)state;
    begin(false);
    ring(port.network);
    port.seen.is_up = false;
    loop_wait(world.loop, SURROUNDINGS_SETTLE_MS / 4);
    assert_int_equal(world.told, 0);
    loop_wait(world.loop, LONG_ENOUGH_MS);
    assert_int_equal(world.told, 1);
    assert_int_equal(world.news, SURROUNDINGS_STIRRED | SURROUNDINGS_CHANGED);
    end();
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void an_interface_that_flaps_is_looked_at_twice_a_second(void **state)
{
    int64_t began_ms = now_ms();
    unsigned long most;

    (void)state;
    begin(false);
    for (int i = 0; i < 100; i++) {
        ring(port.network);
        port.seen.is_up = i % 2 != 0;
        loop_wait(world.loop, 10);
    }
    loop_wait(world.loop, LONG_ENOUGH_MS);
    most = (unsigned long)(now_ms() - began_ms) / SURROUNDINGS_SETTLE_MS + 2;
    assert_in_range(port.looks, 1, most);
    assert_int_equal(world.told, port.looks);
    end();
}

static void a_sleep_is_told_apart_from_a_clock_that_was_set(void **state)
{
    (void)state;
    begin(false);
    ring(port.wake);
    loop_wait(world.loop, 50);
    assert_int_equal(world.told, 1);
    assert_int_equal(world.news, SURROUNDINGS_CLOCK);
    port.slept_ms += SURROUNDINGS_NAP_MS;
    ring(port.wake);
    loop_wait(world.loop, 50);
    assert_int_equal(world.told, 2);
    assert_int_equal(world.news, SURROUNDINGS_CLOCK | SURROUNDINGS_SLEPT);
    ring(port.wake); /* the same sleep is not told again */
    loop_wait(world.loop, 50);
    assert_int_equal(world.news, SURROUNDINGS_CLOCK);
    end();
}

static void a_system_that_does_not_tell_is_said_so_once(void **state)
{
    char log[1000] = "";
    FILE *kept = tmpfile();
    int err = dup(STDERR_FILENO);

    (void)state;
    assert_non_null(kept);
    assert_true(dup2(fileno(kept), STDERR_FILENO) >= 0);
    begin(true);
    loop_wait(world.loop, LONG_ENOUGH_MS);
    end();
    assert_true(dup2(err, STDERR_FILENO) >= 0);
    (void)close(err);
    rewind(kept);
    assert_true(fread(log, 1, sizeof(log) - 1, kept) > 0);
    (void)fclose(kept);
    assert_non_null(strstr(
        log, "does not tell of changes of the network reason=\"Operation not"));
    assert_non_null(strstr(log, "does not tell when it slept"));
    assert_int_equal(world.told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_news_is_told_as_it_is),
        cmocka_unit_test(a_change_is_told_once_it_has_settled),
        cmocka_unit_test(an_interface_that_flaps_is_looked_at_twice_a_second),
        cmocka_unit_test(a_sleep_is_told_apart_from_a_clock_that_was_set),
        cmocka_unit_test(a_system_that_does_not_tell_is_said_so_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
