/* command.h - asking a device: AWS IoT commands, as docs/ownership.md has them
 * ("The way of a message"). */

#ifndef CLOUDD_COMMAND_H
#define CLOUDD_COMMAND_H

#include <stdbool.h>

#include "cloudd/broker.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

#define COMMAND_TIMEOUT_MS 10000
#define COMMAND_MOST       64 /* that wait at once */

struct commands;

struct command_answer {
    /* ERR_OK; ERR_DENIED: the device rejected it; ERR_AGAIN: it did not
     * answer in time, or the broker went away. */
    enum err e;
    const char *code, *words;  /* of a rejection, else NULL */
    const struct json *answer; /* what the device said; NULL: nothing */
};
typedef void command_callback(
    void *context, const struct command_answer *answer);

/* The broker is borrowed. */
struct commands *commands_new(struct loop *loop, struct broker *broker);
void commands_free(struct commands *commands); /* what waits hears ERR_AGAIN */

/* Send `request`, an object with an action; takes it, NULL is ERR_NO_MEMORY.
 * The callback comes once.  ERR_AGAIN: the broker is away; ERR_TOO_BIG: too
 * many wait.  On failure there will be no callback. */
enum err command_send(struct commands *commands, const char *thing,
    struct json *request, command_callback *callback, void *context) MUST_CHECK;

/* Give what came on …/executions/<id>/response/json of `thing`.  False: the
 * question was somebody else's. */
bool commands_answered(struct commands *commands, const char *thing,
    const char *id, const struct json *answer);

/* The broker went away: what waits will hear nothing. */
void commands_lost(struct commands *commands);

#endif
