/* proc.c */

#include "ports/linux/proc.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define KIBIBYTE 1024

/* The next number of the same line; *p moves behind it. */
static bool next_number(const char **p, int64_t *out)
{
    const char *start = *p + strspn(*p, " \t");
    char *end;
    long long n;

    if (!isdigit((unsigned char)start[*start == '-']))
        return false;
    errno = 0;
    n = strtoll(start, &end, 10);
    if (errno != 0)
        return false;
    *p = end;
    *out = n;
    return true;
}

/* `count` numbers, none negative, whose sum fits too. */
static bool counters(const char *p, int64_t *numbers, size_t count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (!next_number(&p, &numbers[i]) || numbers[i] < 0 ||
            numbers[i] > INT64_MAX - sum)
            return false;
        sum += numbers[i];
    }
    return true;
}

/* Behind "<name>" at the start of a line; NULL when there is none. */
static const char *behind(const char *text, const char *name)
{
    size_t len = strlen(name);

    while (text != NULL && strncmp(text, name, len) != 0) {
        text = strchr(text, '\n');
        if (text != NULL)
            text++;
    }
    return text == NULL ? NULL : text + len;
}

bool proc_parse_stat(const char *text, int64_t *busy, int64_t *total)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    const char *p = behind(text, "cpu ");
    int64_t n[FIELDS], sum = 0;

    if (p == NULL || !counters(p, n, FIELDS))
        return false;
    for (size_t i = 0; i < FIELDS; i++)
        sum += n[i];
    *busy = sum - n[IDLE] - n[IOWAIT];
    *total = sum;
    return true;
}

static bool kibibytes(const char *text, const char *name, int64_t *bytes)
{
    const char *p = behind(text, name);
    int64_t n;

    if (p == NULL || !counters(p, &n, 1) || n > INT64_MAX / KIBIBYTE)
        return false;
    *bytes = n * KIBIBYTE;
    return true;
}

bool proc_parse_meminfo(
    const char *text, int64_t *total_bytes, int64_t *available_bytes)
{
    int64_t total, available;

    if (!kibibytes(text, "MemTotal:", &total) ||
        !kibibytes(text, "MemAvailable:", &available) || available > total)
        return false;
    *total_bytes = total;
    *available_bytes = available;
    return true;
}

static bool goes_outside(const char *name, size_t len)
{
    static const char *const inside[] = {"lo", "veth", "docker", "br-", "virbr",
        "tap", "tun", "wg", "bond", "dummy", "ifb"};

    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (len >= strlen(inside[i]) &&
            strncmp(name, inside[i], strlen(inside[i])) == 0)
            return false;
    return len > 0;
}

bool proc_parse_net_dev(const char *text, int64_t *rx_bytes, int64_t *tx_bytes)
{
    enum { RX = 0, TX = 8, FIELDS = 9 };
    int64_t rx = 0, tx = 0, n[FIELDS];
    bool any = false;

    for (const char *line = text; line != NULL && *line != '\0';
         line = strchr(line, '\n'), line += line != NULL) {
        const char *name = line + strspn(line, " \n");
        const char *colon = name + strcspn(name, ":\n");

        if (*colon != ':' || !goes_outside(name, (size_t)(colon - name)))
            continue;
        if (!counters(colon + 1, n, FIELDS) || n[RX] > INT64_MAX - rx ||
            n[TX] > INT64_MAX - tx)
            return false;
        rx += n[RX];
        tx += n[TX];
        any = true;
    }
    if (!any)
        return false;
    *rx_bytes = rx;
    *tx_bytes = tx;
    return true;
}

bool proc_parse_uptime(const char *text, int64_t *seconds)
{
    int64_t n;

    if (!counters(text, &n, 1))
        return false;
    *seconds = n;
    return true;
}

bool proc_parse_statm(const char *text, int64_t *pages)
{
    int64_t n[2];

    if (!counters(text, n, 2))
        return false;
    *pages = n[1];
    return true;
}

bool proc_parse_temperature(const char *text, int64_t *millicelsius)
{
    int64_t n;

    if (!next_number(&text, &n) || n < -100000 || n > 200000)
        return false;
    *millicelsius = n;
    return true;
}
