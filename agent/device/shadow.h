/* shadow.h - the classic shadow: settings wanted and settings reported.
 *
 * Source: AWS IoT device shadow MQTT topics, $aws/things/<t>/shadow/...  On
 * every connect it asks for the whole shadow; a delta counts when its version
 * is newer than the last one handled.  Reports travel through the outbox. */

#ifndef DEVICE_SHADOW_H
#define DEVICE_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

struct shadow;

/* What differs from what was reported; `state` is lent for the call and may be
 * an empty object: everything wanted is reported. */
typedef void shadow_desired_callback(
    void *context, const struct json *state, int64_t version);

/* `session` and `loop` are borrowed for the shadow's life, which begins before
 * the session starts and ends when nothing can come from it any more.  After a
 * failure the session must not be started. */
enum err shadow_new(struct session *session, struct loop *loop,
    const char *thing, struct shadow **out) MUST_CHECK;
void shadow_free(struct shadow *shadow); /* NULL is fine */

/* Add a listener; it is called soon with what is known, then on each change;
 * before anything is known, not at all.  In its call it may do anything with
 * the shadow but free it.  Removing one that was never added is harmless. */
enum err shadow_watch(struct shadow *shadow, shadow_desired_callback *callback,
    void *context) MUST_CHECK;
void shadow_unwatch(struct shadow *shadow, const void *context);

/* Merge `state` (an object, borrowed) into the reported section.  `stored` as
 * in session_send.  ERR_INVALID: not an object, deeper than 5 levels, an array
 * with null; ERR_TOO_BIG: over the 8 KB of a shadow; else as session_send. */
enum err shadow_report(struct shadow *shadow, const struct json *state,
    session_stored_callback *stored, void *context) MUST_CHECK;

#endif
