/* stage_backlog FILE COUNT: a store with so many small messages, as an agent
 * would have left it; for test_store_backlog.py, which has no time to emit a
 * million. */

#include <stdio.h>
#include <stdlib.h>

#include "cloud/outbox.h"

#define GROUP 20000

/* False: the store refuses. */
static bool fill(struct outbox *ob, unsigned long count)
{
    char payload[40];
    uint64_t id;

    for (unsigned long i = 0; i < count; i++) {
        const struct outbox_message m = {.topic = "nameplate/t/stream/n",
            .payload = payload,
            .len = (size_t)snprintf(payload, sizeof(payload),
                "{\"ts\":1790000000000,\"data\":%lu}", i),
            .stream = "n"};

        if (outbox_put(ob, &m, &id) != ERR_OK)
            return false;
        if (i % GROUP == GROUP - 1 && outbox_commit(ob) != ERR_OK)
            return false;
    }
    return outbox_commit(ob) == ERR_OK;
}

int main(int argc, char **argv)
{
    unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    const struct outbox_options options = {.path = argv[1],
        .limit_messages = count + 1000,
        .limit_bytes = UINT64_C(1) << 40};
    struct outbox *ob;
    bool filled;

    if (count == 0) {
        (void)fprintf(stderr, "usage: stage_backlog FILE COUNT\n");
        return 64;
    }
    if (outbox_open(&options, &ob) != ERR_OK)
        return 74;
    filled = fill(ob, count);
    outbox_close(ob);
    return filled ? 0 : 74;
}
