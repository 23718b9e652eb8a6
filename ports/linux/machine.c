/* machine.c - where the figures stand; what they mean is in proc.c. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ports/linux/proc.h"
#include "ports/port.h"

#define TEXT_BYTES 16384
#define ZONES      64

/* The beginning of a file, "" when it cannot be read.  A last line that was cut
 * is left out, so that no number loses digits. */
static void read_text(const char *path, char text[TEXT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    ssize_t got = 0;

    while (fd >= 0 && len < TEXT_BYTES - 1) {
        got = read(fd, text + len, TEXT_BYTES - 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    if (fd >= 0)
        (void)close(fd);
    if (len == TEXT_BYTES - 1)
        while (len > 0 && text[len - 1] != '\n')
            len--;
    text[len] = '\0';
}

static int64_t multiply(uint64_t blocks, uint64_t size)
{
    return size != 0 && blocks > (uint64_t)INT64_MAX / size
        ? PORT_UNKNOWN
        : (int64_t)(blocks * size);
}

static void read_disk(const char *folder, struct port_machine *m)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) != 0 || fs.f_blocks == 0 ||
        fs.f_bfree > fs.f_blocks)
        return;
    m->disk_used_bytes = multiply(fs.f_blocks - fs.f_bfree, fs.f_frsize);
    m->disk_free_bytes = multiply(fs.f_bavail, fs.f_frsize);
}

static void read_temperature(char text[TEXT_BYTES], struct port_machine *m)
{
    char path[64];
    int64_t one;

    for (int i = 0; i < ZONES; i++) {
        (void)snprintf(
            path, sizeof(path), "/sys/class/thermal/thermal_zone%d/temp", i);
        if (access(path, R_OK) != 0)
            return;
        read_text(path, text);
        if (proc_parse_temperature(text, &one) &&
            (m->temperature_millicelsius == PORT_UNKNOWN ||
                one > m->temperature_millicelsius))
            m->temperature_millicelsius = one;
    }
}

void port_machine_read(const char *disk_folder, struct port_machine *out)
{
    struct port_machine m = {PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN,
        PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN,
        PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN};
    char text[TEXT_BYTES];
    int64_t pages;

    read_text("/proc/stat", text);
    (void)proc_parse_stat(text, &m.cpu_busy, &m.cpu_total);
    read_text("/proc/meminfo", text);
    (void)proc_parse_meminfo(
        text, &m.memory_total_bytes, &m.memory_available_bytes);
    read_text("/proc/net/dev", text);
    (void)proc_parse_net_dev(text, &m.network_rx_bytes, &m.network_tx_bytes);
    read_text("/proc/uptime", text);
    (void)proc_parse_uptime(text, &m.uptime_s);
    read_text("/proc/self/statm", text);
    if (proc_parse_statm(text, &pages))
        m.agent_rss_bytes =
            multiply((uint64_t)pages, (uint64_t)sysconf(_SC_PAGESIZE));
    read_temperature(text, &m);
    read_disk(disk_folder, &m);
    *out = m;
}
