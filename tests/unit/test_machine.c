/* What ports/linux reads out of the kernel's text, and that this machine gives
 * some. */

#include <stdbool.h>
#include <string.h>

#include "cmocka_all.h"
#include "ports/linux/proc.h"
#include "ports/port.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HUGE_    "99999999999999999999"

typedef bool parse_two(const char *, int64_t *, int64_t *);

struct row {
    const char *text;
    bool fine;
    int64_t first, second;
};

static void check(parse_two *parse, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t first = -1, second = -1;
        bool fine = parse(rows[i].text, &first, &second);

        if (fine != rows[i].fine || first != (fine ? rows[i].first : -1) ||
            second != (fine ? rows[i].second : -1))
            fail_msg("row %zu: %d %lld %lld: %s", i, fine, (long long)first,
                (long long)second, rows[i].text);
    }
}

static void processor_time_is_read(void **state)
{
    static const struct row rows[] = {
        {"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 9 9 9 9 9 9 9 9 9 9\n", true,  27, 36 },
        {"cpu  1 2 3 4 5 6 7 8",                                  true,  27, 36 },
        {"intr 5\ncpu  0 0 0 100 0 0 0 0 0 0\n",                  true,  0,  100},
        {"cpu0 1 2 3 4 5 6 7 8\n",                                false, 0,  0  },
        {"cpu  1 2 3 4 5 6 7\nintr 8",                            false, 0,  0  },
        {"cpu  1 2 3 4 5 6 7 x\n",                                false, 0,  0  },
        {"cpu  -1 2 3 4 5 6 7 8\n",                               false, 0,  0  },
        {"cpu  " HUGE_ " 2 3 4 5 6 7 8\n",                        false, 0,  0  },
        {"cpu  9223372036854775807 1 0 0 0 0 0 0\n",              false, 0,  0  },
        {"cpu ",                                                  false, 0,  0  },
        {"",                                                      false, 0,  0  },
    };

    (void)state;
    check(proc_parse_stat, rows, COUNT(rows));
}

static void memory_is_read(void **state)
{
    static const struct row rows[] = {
        {"MemTotal:  2000 kB\nMemFree: 1 kB\nMemAvailable:   500 kB\n", true,
         2048000,                                                                    512000},
        {"MemAvailable: 0 kB\nMemTotal: 4 kB",                          true,  4096, 0     },
        {"MemTotal: 2000 kB\nMemFree: 1 kB\n",                          false, 0,    0     },
        {"MemTotal: 10 kB\nMemAvailable: 11 kB\n",                      false, 0,    0     },
        {"MemTotal: x kB\nMemAvailable: 11 kB\n",                       false, 0,    0     },
        {"MemTotal: 9223372036854775807 kB\nMemAvailable: 1 kB\n",      false, 0,    0     },
        {"XMemTotal: 10 kB\nMemAvailable: 1 kB\n",                      false, 0,    0     },
        {"",                                                            false, 0,    0     },
    };

    (void)state;
    check(proc_parse_meminfo, rows, COUNT(rows));
}

#define NET_HEAD                                                               \
    "Inter-|   Receive                |  Transmit\n"                           \
    " face |bytes packets errs drop fifo frame compressed multicast|bytes\n"

static void network_bytes_are_the_sum_of_what_goes_outside(void **state)
{
    static const struct row rows[] = {
        {NET_HEAD "    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
                  "  eth0: 100 1 0 0 0 0 0 0 40 1 0 0 0 0 0 0\n"
                  " wlan0:7 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n",   true,  107, 45},
        {NET_HEAD "docker0: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
                  "veth12@if3: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
                  "wwan0: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0",     true,  1,   2 },
        {NET_HEAD "    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n",           false, 0,   0 },
        {NET_HEAD "  eth0: 9 1 0\n  eth1: 1 1 1 1 1 1 1 1 1 1\n",        false, 0,   0 },
        {NET_HEAD "  eth0: " HUGE_ " 1 0 0 0 0 0 0 9 1\n",               false, 0,   0 },
        {NET_HEAD "  a: 9223372036854775000 0 0 0 0 0 0 0 0\n"
                  "  b: 9223372036854775000 0 0 0 0 0 0 0 0\n", false, 0,   0 },
        {NET_HEAD,                                                       false, 0,   0 },
        {":",                                                            false, 0,   0 },
        {"\n\n\n",                                                       false, 0,   0 },
        {"",                                                             false, 0,   0 },
    };

    (void)state;
    check(proc_parse_net_dev, rows, COUNT(rows));
}

typedef bool parse_one(const char *, int64_t *);

static void check_one(parse_one *parse, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t n = -1;
        bool fine = parse(rows[i].text, &n);

        if (fine != rows[i].fine || n != (fine ? rows[i].first : -1))
            fail_msg(
                "row %zu: %d %lld: %s", i, fine, (long long)n, rows[i].text);
    }
}

static void up_time_is_read(void **state)
{
    static const struct row rows[] = {
        {"4711.53 9000.11\n", true,  4711, 0},
        {"0.01 0.00",         true,  0,    0},
        {"-5.0 1\n",          false, 0,    0},
        {"x",                 false, 0,    0},
        {"",                  false, 0,    0},
    };

    (void)state;
    check_one(proc_parse_uptime, rows, COUNT(rows));
}

static void resident_pages_are_read(void **state)
{
    static const struct row rows[] = {
        {"5000 1200 800 10 0 300 0\n", true,  1200, 0},
        {"5000\n",                     false, 0,    0},
        {"",                           false, 0,    0},
    };

    (void)state;
    check_one(proc_parse_statm, rows, COUNT(rows));
}

static void temperatures_no_machine_survives_are_none(void **state)
{
    static const struct row rows[] = {
        {"48500\n",   true,  48500,  0},
        {"-20000\n",  true,  -20000, 0},
        {"0\n",       true,  0,      0},
        {"-274000\n", false, 0,      0},
        {"200001",    false, 0,      0},
        {"hot\n",     false, 0,      0},
        {"-\n",       false, 0,      0},
        {"",          false, 0,      0},
    };

    (void)state;
    check_one(proc_parse_temperature, rows, COUNT(rows));
}

static void this_machine_tells_of_itself(void **state)
{
    struct port_machine m;

    (void)state;
    port_machine_read("/", &m);
    assert_true(m.cpu_total > 0);
    assert_true(m.cpu_busy >= 0);
    assert_true(m.memory_total_bytes > m.memory_available_bytes);
    assert_true(m.memory_available_bytes > 0);
    assert_true(m.disk_used_bytes > 0);
    assert_true(m.disk_free_bytes > 0);
    assert_true(m.uptime_s > 0);
    assert_true(m.agent_rss_bytes > 100000);
}

static void a_disk_that_is_not_there_is_unknown(void **state)
{
    struct port_machine m;

    (void)state;
    port_machine_read("/nonexistent", &m);
    assert_true(m.disk_used_bytes == PORT_UNKNOWN);
    assert_true(m.disk_free_bytes == PORT_UNKNOWN);
    assert_true(m.uptime_s > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processor_time_is_read),
        cmocka_unit_test(memory_is_read),
        cmocka_unit_test(network_bytes_are_the_sum_of_what_goes_outside),
        cmocka_unit_test(up_time_is_read),
        cmocka_unit_test(resident_pages_are_read),
        cmocka_unit_test(temperatures_no_machine_survives_are_none),
        cmocka_unit_test(this_machine_tells_of_itself),
        cmocka_unit_test(a_disk_that_is_not_there_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
