/* fuzz_log.c - Mosquitto's log, in which clients put names of their own. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/broker/packet.h"
#include "cloud-mock/broker/reason.h"

#define CLIENT "acme:thermo-1:S1"

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* What was taken off the log lies in it and on one line; each byte is read. */
static void check(struct text log, struct text part)
{
    must(part.p >= log.p && part.len <= log.len &&
        part.p + part.len <= log.p + log.len);
    must(part.len == 0 || memchr(part.p, '\n', part.len) == NULL);
}

static void read_wills(struct text log)
{
    struct text rest = log;
    struct packet_will will;

    while (packet_next_will(&rest, &will)) {
        check(log, will.client);
        check(log, will.topic);
        must(will.topic.p > will.client.p + will.client.len);
    }
    must(rest.len == 0);
}

static void read_lines(struct text log)
{
    struct text rest = log, line;
    size_t last = log.len + 1;

    while (log_line_next(&rest, &line)) {
        check(log, line);
        must(rest.len < last);
        last = rest.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    /* A copy of just this length, so that a byte too many is found out. */
    char *copy = malloc(len + (len == 0));
    const struct text log = {copy, len};
    enum presence_reason reason;

    must(copy != NULL);
    if (len > 0)
        memcpy(copy, bytes, len);
    read_lines(log);
    read_wills(log);
    (void)packet_goes_on(log, CLIENT);
    (void)reason_read(copy, len, CLIENT, &reason);
#ifdef PLANT_A_FAULT
    must(len == 0 || copy[len] != 'x');
#endif
    free(copy);
    return 0;
}
