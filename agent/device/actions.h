/* actions.h - what every device can be asked: show yourself, restart.
 *
 * Commands (docs/protocol.md): `identify` is logged, told to applications, and
 * runs a program when one is allowed; `restart` is only a program. */

#ifndef DEVICE_ACTIONS_H
#define DEVICE_ACTIONS_H

#include "cloud/commands.h"
#include "core/err.h"
#include "core/loop.h"

#define ACTIONS_PROGRAM_MS 60000 /* a program that takes longer is killed */

struct actions;

struct actions_options {
    struct loop *loop;
    struct commands *commands;
    const char *identify; /* programs; NULL: none is allowed */
    const char *restart;
};

/* Everything is borrowed for life.  Errors as commands_add. */
enum err actions_new(
    const struct actions_options *options, struct actions **out) MUST_CHECK;
void actions_free(struct actions *actions); /* programs run on; NULL is fine */

/* Be told of each `identify`.  ERR_TOO_BIG: too many want that. */
typedef void actions_identify_callback(void *context);
enum err actions_watch(struct actions *actions,
    actions_identify_callback *callback, void *context) MUST_CHECK;
void actions_unwatch(struct actions *actions, const void *context);

#endif
