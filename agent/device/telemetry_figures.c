/* telemetry_figures.c */

#include "device/telemetry_figures.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

struct figure {
    const char *name;
    bool known;
    double value;
};

static const double unknown = 0;

static bool both(int64_t a, int64_t b)
{
    return a != PORT_UNKNOWN && b != PORT_UNKNOWN;
}

static double one_decimal(double value)
{
    return round(value * 10) / 10;
}

/* 100 * part / whole */
static struct figure percent(const char *name, int64_t part, int64_t whole)
{
    if (!both(part, whole) || whole <= 0 || part < 0 || part > whole)
        return (struct figure){name, false, unknown};
    return (struct figure){
        name, true, one_decimal(100 * (double)part / (double)whole)};
}

static struct figure plain(const char *name, int64_t value)
{
    return (struct figure){name, value != PORT_UNKNOWN, (double)value};
}

static int64_t minus(int64_t a, int64_t b)
{
    return both(a, b) ? a - b : PORT_UNKNOWN;
}

/* How far a counter went; unknown when it was begun again. */
static int64_t distance(int64_t before, int64_t now)
{
    return both(before, now) && now >= before ? now - before : PORT_UNKNOWN;
}

static struct figure rate(
    const char *name, int64_t before, int64_t now, int64_t elapsed_ms)
{
    int64_t count = distance(before, now);

    if (count == PORT_UNKNOWN || elapsed_ms <= 0)
        return (struct figure){name, false, unknown};
    return (struct figure){
        name, true, one_decimal((double)count * 1000 / (double)elapsed_ms)};
}

static struct figure cpu(
    const struct port_machine *before, const struct port_machine *now)
{
    return percent("cpu_percent", distance(before->cpu_busy, now->cpu_busy),
        distance(before->cpu_total, now->cpu_total));
}

static struct figure disk(const struct port_machine *m)
{
    int64_t whole = both(m->disk_used_bytes, m->disk_free_bytes)
        ? m->disk_used_bytes + m->disk_free_bytes
        : PORT_UNKNOWN;

    return percent("disk_percent", m->disk_used_bytes, whole);
}

static struct figure temperature(const struct port_machine *m)
{
    int64_t t = m->temperature_millicelsius;

    return (struct figure){"temperature_celsius", t != PORT_UNKNOWN,
        one_decimal((double)t / 1000)};
}

enum err telemetry_figures(const struct telemetry_reading *before,
    const struct telemetry_reading *now, struct json *object)
{
    const struct port_machine *b = &before->machine, *m = &now->machine;
    int64_t elapsed_ms = now->monotonic_ms - before->monotonic_ms;
    int64_t used = minus(m->memory_total_bytes, m->memory_available_bytes);
    const struct figure figures[] = {
        cpu(b, m),
        percent("memory_percent", used, m->memory_total_bytes),
        plain("memory_used_bytes", used),
        disk(m),
        plain("disk_free_bytes", m->disk_free_bytes),
        rate("network_rx_bytes_per_s", b->network_rx_bytes, m->network_rx_bytes,
            elapsed_ms),
        rate("network_tx_bytes_per_s", b->network_tx_bytes, m->network_tx_bytes,
            elapsed_ms),
        temperature(m),
        plain("uptime_s", m->uptime_s),
        plain("agent_rss_bytes", m->agent_rss_bytes),
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        if (e == ERR_OK && figures[i].known)
            e = json_set(
                object, figures[i].name, json_new_number(figures[i].value));
    return e;
}
