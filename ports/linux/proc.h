/* proc.h - the kernel's figures as text (proc(5)), read without trust.
 *
 * Each gives false, and leaves the results alone, when what it needs is missing
 * or is no number within an int64_t. */

#ifndef PORTS_LINUX_PROC_H
#define PORTS_LINUX_PROC_H

#include <stdbool.h>
#include <stdint.h>

/* /proc/stat: the line of all processors, in clock ticks. */
bool proc_parse_stat(const char *text, int64_t *busy, int64_t *total);

/* /proc/meminfo: MemTotal and MemAvailable. */
bool proc_parse_meminfo(
    const char *text, int64_t *total_bytes, int64_t *available_bytes);

/* /proc/net/dev: the sum over interfaces that carry traffic to the outside; not
 * loopback, and not those whose bytes another one counts again (bridges,
 * tunnels, containers). */
bool proc_parse_net_dev(const char *text, int64_t *rx_bytes, int64_t *tx_bytes);

/* /proc/uptime */
bool proc_parse_uptime(const char *text, int64_t *seconds);

/* /proc/self/statm: resident pages. */
bool proc_parse_statm(const char *text, int64_t *pages);

/* /sys/class/thermal/thermal_zone<n>/temp: what no machine survives, or is
 * known to mean "no sensor" (below -100, above 200 degrees), is none. */
bool proc_parse_temperature(const char *text, int64_t *millicelsius);

#endif
