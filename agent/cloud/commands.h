/* commands.h - requests that are answered now: AWS IoT commands.
 *
 * Source: AWS IoT commands, $aws/commands/things/<t>/executions/<id>/...; the
 * payload is ours, JSON with an `action` (docs/ownership.md).  An action has
 * one handler, which may answer at once or much later.
 *
 * An execution is handled once: one that comes again (QoS 1) while it is worked
 * on is passed over, and after that it gets the same answer, as long as that is
 * remembered.  An answer that cannot go out waits for the next connection. */

#ifndef CLOUD_COMMANDS_H
#define CLOUD_COMMANDS_H

#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"

#define COMMANDS_ACTIONS    16
#define COMMANDS_PENDING    32           /* worked on at a time */
#define COMMANDS_REMEMBERED 32           /* answers */
#define COMMANDS_MEMORY     (512 * 1024) /* bytes of them, at most */
#define COMMANDS_BYTES      (96 * 1024)  /* of a request */
#define COMMANDS_DEPTH      16           /* of its JSON */
#define COMMANDS_ID         64           /* bytes of an execution id */

struct commands;
struct command; /* one execution that is not answered yet */

/* To be answered exactly once, inside the call or later.  `request` is lent
 * for the call; `action` is in it. */
typedef void commands_handler(
    void *context, struct command *command, const struct json *request);

/* `session` is borrowed for life and must not have started; free the commands
 * when nothing can come from it any more and no handler holds a command. */
enum err commands_new(struct session *session, const char *thing,
    struct commands **out) MUST_CHECK;
void commands_free(struct commands *commands); /* NULL is fine */

/* `action` is borrowed for life.  ERR_EXISTS; ERR_TOO_BIG: COMMANDS_ACTIONS. */
enum err commands_add(struct commands *commands, const char *action,
    commands_handler *handler, void *context) MUST_CHECK;

enum commands_status {
    COMMANDS_SUCCEEDED,
    COMMANDS_FAILED,  /* it was tried */
    COMMANDS_REJECTED /* it was not tried */
};

struct commands_answer {
    enum commands_status status;
    const char *code;  /* "NO_CLAIM": [A-Z0-9_-]{1,64}; NULL when all is well */
    const char *words; /* for people, at most 1,024 bytes; NULL: none */
    struct json *answer; /* becomes `result.answer`; taken; NULL: none */
};

/* The command is gone after this. */
void commands_reply(
    struct command *command, const struct commands_answer *answer);

#endif
