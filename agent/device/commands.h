/* commands.h - requests that the cloud fires at this device and waits for
 * ($aws/commands/things/<t>/executions/<id>/request/json): one table of
 * actions, each another feature's. */

#ifndef DEVICE_COMMANDS_H
#define DEVICE_COMMANDS_H

#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"

#define COMMANDS_ACTIONS 16
#define COMMANDS_WORDS   200

struct commands;

enum commands_status { COMMANDS_SUCCEEDED, COMMANDS_FAILED, COMMANDS_REJECTED };

/* What came of it. */
struct commands_reply {
    enum commands_status status;
    const char *code; /* statusReason.reasonCode: [A-Z0-9_-]{1,64}; static;
                         NULL: no statusReason */
    char words[COMMANDS_WORDS];
};

/* Do it, at once; `request` is the whole payload, lent for the call. */
typedef void commands_action(
    void *context, const struct json *request, struct commands_reply *reply);

/* Everything is borrowed for life.  Before the session starts; free it before
 * the session.  ERR_NO_MEMORY, ERR_TOO_BIG. */
enum err commands_new(struct session *session, const char *thing,
    struct commands **out) MUST_CHECK;
void commands_free(struct commands *commands); /* NULL is fine */

/* {"action":"`name`"} is `action`'s; `name` is borrowed.  ERR_TOO_BIG. */
enum err commands_add(struct commands *c, const char *name,
    commands_action *action, void *context) MUST_CHECK;

#endif
