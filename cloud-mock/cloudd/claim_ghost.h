/* claim_ghost.h - devices that are not there, playing that they are.
 *
 * Whoever may claim could otherwise learn which names exist: a claim of a
 * device that nobody knows must look like one with a wrong code.  A ghost has
 * the same salt each time, derived from a secret of the server's. */

#ifndef CLOUDD_CLAIM_GHOST_H
#define CLOUDD_CLAIM_GHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/command.h"

struct ghosts;

/* The secret is borrowed. */
struct ghosts *ghosts_new(const char *secret);
void ghosts_free(struct ghosts *ghosts); /* NULL is fine */

/* Half of the ghosts play a device that is connected, half one that is away;
 * always the same half. */
bool ghosts_is_there(const struct ghosts *ghosts, const char *thing);

/* Answer a step of a claim as a device would that was given a wrong code; the
 * callback comes before this returns. */
void ghosts_answer(struct ghosts *ghosts, const char *thing,
    const struct json *request, int64_t now_ms, command_callback *callback,
    void *context);

#endif
