/* things_room.h - what things*.c share: a request that waits for the plugin. */

#ifndef CLOUDD_THINGS_ROOM_H
#define CLOUDD_THINGS_ROOM_H

#include "cloudd/things.h"

struct things_pending {
    struct app *app;
    struct http_request *request;
    char thing[PATH_PART_SIZE];
    char user[STORE_USER_SIZE];
};

/* The device of part[0]; NULL: answered. */
struct device *things_find(struct things_request *q);

/* Takes `question`.  The callback's context is a `struct things_pending`, which
 * it answers and frees; without a callback to come the request is answered. */
void things_ask(
    struct things_request *q, struct json *question, cloud_callback *callback);
/* {"op":op,"thing":thing} */
struct json *things_question(const char *op, const char *thing);

/* Answer what the plugin or a shadow refused, in AWS's words. */
void things_refusal(struct http_request *request, const struct json *answer);
/* A cloud_callback: 204, or why not. */
void things_done(void *context, enum err e, const struct json *answer);

#endif
