/* shadow_state.h - what is known of the shadow, and what a message changes.
 *
 * No clock, no session.  Messages may come late, twice, out of order, or from
 * a cloud that wishes us ill: what cannot be changes nothing.
 *
 * It keeps `reported` as we know it (our own reports count at once) and what
 * differs from it.  A get's answer holds all and is believed whatever its
 * version, since a shadow can be deleted and begun again.  A delta says what
 * differs at its version, and counts when that is newer.  The echo of an
 * accepted update counts too: when it makes desired equal to reported, no delta
 * is ever sent. */

#ifndef DEVICE_SHADOW_STATE_H
#define DEVICE_SHADOW_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"

#define SHADOW_TOKEN_BYTES  65        /* AWS: 64, and a NUL */
#define SHADOW_TOKEN_PREFIX "device-" /* of every token we send */

struct shadow_state;

enum shadow_topic {
    SHADOW_GET_ACCEPTED,
    SHADOW_GET_REJECTED,
    SHADOW_UPDATE_ACCEPTED,
    SHADOW_UPDATE_REJECTED,
    SHADOW_UPDATE_DELTA,
    SHADOW_TOPICS
};

enum shadow_step {
    SHADOW_IGNORE,    /* not for us, or nothing new */
    SHADOW_TELL,      /* what differs changed, or is known for the first time */
    SHADOW_ASK,       /* the answer was overtaken by news: get again */
    SHADOW_ASK_LATER, /* the cloud cannot answer now */
    SHADOW_CREATE,    /* there is no shadow yet: make it by a report */
    SHADOW_REFUSED,   /* log the refusal */
    SHADOW_MALFORMED  /* log it; nothing changed */
};

struct shadow_refusal {
    int64_t code;
    char message[200]; /* the cloud's words, cut; "" when it gave none */
};

struct shadow_message {
    enum shadow_topic topic;
    const void *payload;
    size_t len;
};

struct shadow_state *shadow_state_new(void);
void shadow_state_free(struct shadow_state *state); /* NULL is fine */

/* A get goes out with this token (shorter than SHADOW_TOKEN_BYTES); only its
 * answer is ours. */
void shadow_state_ask(struct shadow_state *state, const char *token);
bool shadow_state_is_asking(const struct shadow_state *state);

/* A message came in.  *refusal is filled in for SHADOW_REFUSED.  Out of memory
 * counts as SHADOW_MALFORMED. */
enum shadow_step shadow_state_take(struct shadow_state *state,
    const struct shadow_message *message, struct shadow_refusal *refusal);

/* May `patch` be reported?  ERR_INVALID: not an object, deeper than AWS's 5
 * levels, an array with null; ERR_TOO_BIG: it, or the reported section with it,
 * is over 8 KB; ERR_NO_MEMORY. */
enum err shadow_state_check(
    const struct shadow_state *state, const struct json *patch) MUST_CHECK;

/* `patch`, which was checked, is on its way into the reported section.  Out of
 * memory changes nothing and is SHADOW_IGNORE. */
enum shadow_step shadow_state_report(
    struct shadow_state *state, const struct json *patch);

/* Lent until the next change. */
const struct json *shadow_state_difference(const struct shadow_state *state);
const struct json *shadow_state_reported(const struct shadow_state *state);
int64_t shadow_state_version(const struct shadow_state *state);
bool shadow_state_is_known(const struct shadow_state *state);

#endif
