/* owner_private.h - settings that the cloud never reads: wished by users in
 * their channels, reported by applications, kept apart from the shadow
 * (docs/ownership.md, "Private settings and actions"). */

#ifndef DEVICE_OWNER_PRIVATE_H
#define DEVICE_OWNER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

#define OWNER_PRIVATE_BYTES (8 * 1024) /* of wishes, and of reports */
#define OWNER_PRIVATE_DEPTH 5

struct owner_private;

/* `td` (borrowed for the call; NULL: there is none) says which properties are
 * private; `path` is where they are kept.  What cannot be read there is gone,
 * which is logged. */
enum err owner_private_new(struct loop *loop, const struct json *td,
    const char *path, struct owner_private **out) MUST_CHECK;
void owner_private_free(struct owner_private *private); /* NULL is fine */

bool owner_private_is_one(const struct owner_private *private, const char *key);

/* {"desired":{...},"reported":{...}}; the caller frees.  NULL: no memory. */
struct json *owner_private_state(const struct owner_private *private);

/* Merge wishes, or what is; null deletes.  On disk when it returns.
 * ERR_INVALID: not an object of private settings, too deep, or an array with
 * null; ERR_TOO_BIG; ERR_IO, ERR_DENIED: nothing has changed. */
enum err owner_private_set(
    struct owner_private *private, const struct json *patch) MUST_CHECK;
enum err owner_private_report(
    struct owner_private *private, const struct json *patch) MUST_CHECK;

/* Everything goes, also from the disk. */
enum err owner_private_wipe(struct owner_private *private) MUST_CHECK;

/* As shadow_watch, for private wishes: what differs from what is reported. */
typedef void owner_private_wished(
    void *context, const struct json *state, int64_t version);
enum err owner_private_watch(struct owner_private *private,
    owner_private_wished *callback, void *context) MUST_CHECK;
void owner_private_unwatch(struct owner_private *private, const void *context);

/* Hear of each report that changed something, soon after; `state` is all that
 * is reported, lent. */
typedef void owner_private_reported(void *context, const struct json *state);
void owner_private_on_report(struct owner_private *private,
    owner_private_reported *callback, void *context);

#endif
