/* owner.h - who owns this device: claims, channels and records
 * (docs/ownership.md).
 *
 * Commands `claim` and `channel` come in; what holds is on disk before it is
 * answered, and is published, retained, whenever it changed or the broker may
 * have lost it. */

#ifndef DEVICE_OWNER_H
#define DEVICE_OWNER_H

#include "cloud/commands.h"
#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"
#include "identity/chain.h"
#include "identity/hit.h"
#include "identity/key.h"

struct owner;
struct owner_private;

/* An application is asked to do something; `answer` comes exactly once, never
 * from inside the call.  `output` is lent; NULL: `code` and `words` say why
 * not.  `input` may be NULL. */
typedef void owner_invoked(void *context, const struct json *output,
    const char *code, const char *words);
typedef enum err owner_invoke(void *context, const char *action,
    const struct json *input, owner_invoked *answer, void *answer_context);

/* Everything is borrowed for life. */
struct owner_options {
    struct loop *loop;
    struct session *session;
    struct commands *commands;
    struct key *key;
    const mbedtls_x509_crt *chain;
    const char *thing;
    struct hit hit;
    const char *folder;            /* made when it is needed; lent */
    const char *verifier;          /* the factory's file; NULL: no code */
    const char *wipe;              /* a program; NULL: none */
    struct owner_private *private; /* NULL: the device has no such settings */
    owner_invoke *invoke;          /* NULL: it has no actions */
    void *invoke_context;
};

/* Begin it before the session starts.  Errors as owner_store_open and
 * commands_add. */
enum err owner_new(
    const struct owner_options *options, struct owner **out) MUST_CHECK;
/* When nothing can come from session and commands; NULL is fine. */
void owner_free(struct owner *owner);

/* For people on the device: state "nobody", "owned" or "damaged"; epoch, and
 * name, since (ms) and members where there are; code "none", "label", "new",
 * and locked_s while it is locked.  NULL: no memory. */
struct json *owner_status(const struct owner *owner);

/* Make the device nobody's, as who holds it may.  `done` comes exactly once,
 * never from inside the call; ERR_AGAIN when the owner was freed first: nothing
 * was reset. */
typedef void owner_reset_done(void *context, enum err e, int64_t epoch);
enum err owner_reset(
    struct owner *owner, owner_reset_done *done, void *context) MUST_CHECK;

#endif
