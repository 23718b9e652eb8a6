/* fake_agent.h - session, shadow and telemetry as the local floor sees them,
 * in memory.  It links in place of the real ones. */

#ifndef FAKE_AGENT_H
#define FAKE_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "local/conversation.h"

struct fake_agent {
    struct session *session;
    struct shadow *shadow;
    struct telemetry *telemetry;
    struct actions *actions;
    struct owner *owner;
    struct owner_private *private; /* "secret..." is */
    struct calls *calls;           /* "c1" is open once one was called */
    struct nameplate nameplate;
    struct session_status status; /* what session_status says */
    enum err refusal;             /* what report and emit come back with */
    enum err refusal_to_identify; /* what actions_watch comes back with */
    char letters[65536];          /* what was accepted, a line each */
    char class[40];               /* of the last emission, and " or busy" */
    size_t accepted;              /* how many */
    size_t waiting;               /* accepted and not committed */
};

struct fake_agent *fake_agent_new(void);
void fake_agent_free(struct fake_agent *fake); /* commits, as the real one */
struct conversation_sources fake_agent_sources(struct fake_agent *fake);

/* Everything that waits is stored, or refused by the disk. */
void fake_agent_commit(struct fake_agent *fake, bool stored);

/* What the cloud wants changed. */
void fake_agent_desire(
    struct fake_agent *fake, const char *settings, int64_t version);
size_t fake_agent_watchers(const struct fake_agent *fake);

/* Somebody wants to see which device this is. */
void fake_agent_identify(struct fake_agent *fake);

/* The reset that waits (there is one) ends so. */
void fake_agent_end_reset(struct fake_agent *fake, enum err e, int64_t epoch);

/* A wish in a channel; an action called. */
void fake_agent_wish(struct fake_agent *fake, const char *settings);
void fake_agent_call(struct fake_agent *fake, const char *input);

/* Come online or go offline. */
void fake_agent_set_online(struct fake_agent *fake, bool online);

#endif
