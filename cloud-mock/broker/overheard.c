/* overheard.c - whoever looks at the log takes its new lines, so each look
 * passes on the wills in them. */

#include "cloud-mock/broker/overheard.h"

#include <stdio.h>
#include <stdlib.h>

#include "cloud-mock/broker/log_tail.h"
#include "cloud-mock/broker/packet.h"
#include "cloud-mock/broker/reason.h"
#include "core/log.h"

#define NAME_SIZE 65536 /* of what MQTT can carry */

struct overheard {
    struct log_tail *tail;
    struct cloud *cloud;
    bool failed; /* a CONNECT, in the last look */
    char client[LIMITS_CLIENT_ID_BYTES + 1];
    char topic[NAME_SIZE];
};

struct overheard *overheard_new(const char *log, struct cloud *cloud)
{
    struct overheard *overheard = calloc(1, sizeof(*overheard));

    if (overheard == NULL)
        return NULL;
    overheard->cloud = cloud;
    overheard->tail = log_tail_new(log);
    if (overheard->tail != NULL)
        return overheard;
    free(overheard);
    return NULL;
}

void overheard_free(struct overheard *overheard)
{
    if (overheard == NULL)
        return;
    log_tail_free(overheard->tail);
    free(overheard);
}

void overheard_reopen(struct overheard *overheard)
{
    log_tail_reopen(overheard->tail);
}

void overheard_tick(struct overheard *overheard)
{
    log_tail_trim(overheard->tail);
}

/* A client whose id is cut here is no thing. */
static struct text look(struct overheard *overheard)
{
    struct text log, rest;
    struct packet_will will;

    overheard->failed = false;
    log.p = log_tail_read(overheard->tail, &log.len);
    rest = log;
    while (packet_next_will(&rest, &will)) {
        (void)snprintf(overheard->client, sizeof(overheard->client), "%.*s",
            (int)will.client.len, will.client.p);
        (void)snprintf(overheard->topic, sizeof(overheard->topic), "%.*s",
            (int)will.topic.len, will.topic.p);
        if (!cloud_will(overheard->cloud, overheard->client, overheard->topic))
            overheard->failed = true;
    }
    return log;
}

bool overheard_wills(struct overheard *overheard)
{
    (void)look(overheard);
    return !overheard->failed;
}

enum presence_reason overheard_reason(
    struct overheard *overheard, const char *client)
{
    enum presence_reason reason = PRESENCE_SERVER_ERROR;
    struct text log = look(overheard);

    if (!reason_read(log.p, log.len, client, &reason))
        log_debug("broker", "no reason in the log client=%s", client);
    return reason;
}

bool overheard_further_filter(struct overheard *overheard, const char *client)
{
    return packet_goes_on(look(overheard), client);
}
