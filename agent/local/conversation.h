/* conversation.h - one application's requests and their answers.
 *
 * Source: docs/protocol.md, "The local socket".  Lines in, lines out; no
 * socket in it.  Answers to report and emit come after the commit, in the
 * order of the requests; all others come at once. */

#ifndef LOCAL_CONVERSATION_H
#define LOCAL_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud/session.h"
#include "core/err.h"
#include "device/actions.h"
#include "device/calls.h"
#include "device/enrolment.h"
#include "device/owner.h"
#include "device/owner_private.h"
#include "device/shadow.h"
#include "device/telemetry.h"
#include "identity/nameplate.h"

#define CONVERSATION_PROTOCOL   1
#define CONVERSATION_UNANSWERED 2000 /* reports and emits at a time */

struct conversation;

/* What is talked about; all borrowed for the conversation's life. */
struct conversation_sources {
    struct session *session;
    struct shadow *shadow;
    struct telemetry *telemetry;
    struct actions *actions;
    struct owner *owner;           /* NULL: nothing is known of it */
    struct owner_private *private; /* NULL: none */
    struct calls *calls;           /* NULL: no actions */
    const struct nameplate *nameplate;
    struct key *key;             /* NULL: nothing is said of it */
    struct enrolment *enrolment; /* NULL: there is none */
};

/* A line for the application, its newline included, lent for the call.  It
 * may come at any moment between open and close, also inside take; closing
 * from inside it is a mistake. */
typedef void conversation_say(void *context, const char *line, size_t len);

/* ERR_NO_MEMORY.  `sources` itself is copied.  A `privileged` application may
 * also do what only root and the agent's own user may. */
enum err conversation_open(const struct conversation_sources *sources,
    conversation_say *say, void *context, struct conversation **out) MUST_CHECK;
void conversation_privilege(struct conversation *c);

/* Say who we are; the first line of every conversation. */
void conversation_greet(struct conversation *c);

/* A line came, without its newline (an empty one is ignored); or one came that
 * was too long. */
void conversation_take(struct conversation *c, const char *line, size_t len);
void conversation_too_long(struct conversation *c);

/* CONVERSATION_UNANSWERED are unanswered: take no line until one is. */
bool conversation_is_full(const struct conversation *c);
/* Something is unanswered. */
bool conversation_is_busy(const struct conversation *c);

/* Tell a watching application that we came online or went offline. */
void conversation_tell_online(struct conversation *c, bool online);

/* Nothing is said any more.  What was accepted is stored all the same, and
 * the memory lives until it is.  NULL is fine. */
void conversation_close(struct conversation *c);

#endif
