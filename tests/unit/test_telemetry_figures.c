/* How two readings of a machine become figures. */

#include <stdlib.h>

#include "cmocka_all.h"
#include "device/telemetry_figures.h"

#define NOTHING                                                                \
    {                                                                          \
        PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN,  \
            PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN,            \
            PORT_UNKNOWN, PORT_UNKNOWN                                         \
    }

static const struct telemetry_reading early = {1000, NOTHING};

static void assert_figures(const struct telemetry_reading *before,
    const struct telemetry_reading *now, const char *expected)
{
    struct json *object = json_new_object();
    char *text;

    assert_int_equal(telemetry_figures(before, now, object), ERR_OK);
    text = json_print(object);
    assert_string_equal(text, expected);
    free(text);
    json_free(object);
}

static void a_machine_that_tells_nothing_gives_no_figures(void **state)
{
    const struct telemetry_reading now = {2000, NOTHING};

    (void)state;
    assert_figures(&early, &now, "{}");
}

static void every_figure_has_its_unit(void **state)
{
    struct telemetry_reading before = early;
    const struct telemetry_reading now = {
        3500,
        {.cpu_busy = 131,
          .cpu_total = 2000,
          .memory_total_bytes = 2000000000,
          .memory_available_bytes = 1190000000,
          .disk_used_bytes = 11000,
          .disk_free_bytes = 9000,
          .network_rx_bytes = 1301,
          .network_tx_bytes = 200,
          .temperature_millicelsius = 48549,
          .uptime_s = 86400,
          .agent_rss_bytes = 4800000}
    };

    (void)state;
    before.machine.cpu_busy = 100;
    before.machine.cpu_total = 1000;
    before.machine.network_rx_bytes = 1000;
    before.machine.network_tx_bytes = 0;
    assert_figures(&before, &now,
        "{\"cpu_percent\":3.1,\"memory_percent\":40.5,"
        "\"memory_used_bytes\":810000000,\"disk_percent\":55,"
        "\"disk_free_bytes\":9000,\"network_rx_bytes_per_s\":120.4,"
        "\"network_tx_bytes_per_s\":80,\"temperature_celsius\":48.5,"
        "\"uptime_s\":86400,\"agent_rss_bytes\":4800000}");
}

static void a_counter_that_went_back_gives_no_rate(void **state)
{
    struct telemetry_reading before = early, now = early;

    (void)state;
    now.monotonic_ms = 2000;
    before.machine.cpu_busy = before.machine.cpu_total = 100;
    now.machine.cpu_busy = now.machine.cpu_total = 50;
    before.machine.network_rx_bytes = 100;
    now.machine.network_rx_bytes = 99;
    now.machine.network_tx_bytes = 7; /* unknown before */
    assert_figures(&before, &now, "{}");
}

static void no_time_gives_no_rate(void **state)
{
    struct telemetry_reading before = early;

    (void)state;
    before.machine.cpu_busy = before.machine.cpu_total = 100;
    before.machine.network_rx_bytes = 100;
    assert_figures(&before, &before, "{}");
}

static void parts_larger_than_the_whole_give_no_percentage(void **state)
{
    struct telemetry_reading before = early, now = early;

    (void)state;
    now.monotonic_ms = 2000;
    before.machine.cpu_busy = before.machine.cpu_total = 0;
    now.machine.cpu_busy = 11;
    now.machine.cpu_total = 10;
    assert_figures(&before, &now, "{}");
}

static void frost_is_below_zero(void **state)
{
    struct telemetry_reading now = early;

    (void)state;
    now.machine.temperature_millicelsius = -12340;
    assert_figures(&early, &now, "{\"temperature_celsius\":-12.3}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_that_tells_nothing_gives_no_figures),
        cmocka_unit_test(every_figure_has_its_unit),
        cmocka_unit_test(a_counter_that_went_back_gives_no_rate),
        cmocka_unit_test(no_time_gives_no_rate),
        cmocka_unit_test(parts_larger_than_the_whole_give_no_percentage),
        cmocka_unit_test(frost_is_below_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
