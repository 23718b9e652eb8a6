/* calls.h - actions of the Thing Description, done by applications.
 *
 * A call goes to every application that watches; the first answer counts.  The
 * command `invoke` calls what is not marked private; private actions come from
 * the owner's channels (docs/ownership.md). */

#ifndef DEVICE_CALLS_H
#define DEVICE_CALLS_H

#include <stdbool.h>

#include "cloud/commands.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

#define CALLS_MOST 16    /* unanswered at a time */
#define CALLS_MS   10000 /* for an application to answer */
#define CALLS_ID   20    /* bytes of a call's id, with the NUL */

struct calls;

/* The command `invoke` is added; the others are borrowed for life, and `td`
 * (NULL: there is none) for the call. */
enum err calls_new(struct loop *loop, struct commands *commands,
    const struct json *td, struct calls **out) MUST_CHECK;
/* What is unanswered is answered now: nobody will do it.  NULL is fine. */
void calls_free(struct calls *calls);

/* `output` is lent and may be NULL; with a `code`, `words` say why not. */
typedef void calls_answered(void *context, const struct json *output,
    const char *code, const char *words);

struct calls_request {
    const char *action;
    const struct json *input; /* NULL: none */
    bool may_private;
};
/* `answered` comes exactly once, never from inside.  ERR_INVALID: no such
 * action; ERR_NOT_FOUND: no application watches; ERR_AGAIN: too many. */
enum err calls_start(struct calls *calls, const struct calls_request *request,
    calls_answered *answered, void *context) MUST_CHECK;

/* An application answers: with an output (NULL: none) or with words that say
 * why not.  ERR_NOT_FOUND: no such call, or it was answered already. */
enum err calls_done(struct calls *calls, const char *id,
    const struct json *output, const char *words) MUST_CHECK;

/* Hear of each call.  ERR_TOO_BIG: too many want that. */
typedef void calls_called(void *context, const char *id, const char *action,
    const struct json *input);
enum err calls_watch(
    struct calls *calls, calls_called *callback, void *context) MUST_CHECK;
void calls_unwatch(struct calls *calls, const void *context);

#endif
