/* trial.h - a second connection, with another identity, while the first stays.
 *
 * A broker looks at who connects before it lets go of the connection that has
 * the client id: so a CONNACK proves the identity, the new connection is the
 * session's from then on, and a refusal has changed nothing. */

#ifndef CLOUD_TRIAL_H
#define CLOUD_TRIAL_H

#include "cloud/connection.h"

struct trial;

struct trial_events {
    /* CONNACK: take it now, with trial_take; exactly one of the two comes. */
    void (*accepted)(void *context, bool session_present);
    void (*refused)(void *context, const struct verdict *verdict);
    void *context;
};

/* Errors as connection_start. */
enum err trial_start(const struct connection_options *options,
    const struct trial_events *events, struct trial **out) MUST_CHECK;

/* The connection, which tells its further life to `events`; the caller's.  The
 * trial is gone. */
struct connection *trial_take(
    struct trial *trial, const struct connection_events *events);

/* Both are gone without a word; NULL is fine; wanted also after `refused`. */
void trial_free(struct trial *trial);

#endif
