/* trial.c */

#include "cloud/trial.h"

#include <stdlib.h>

struct trial {
    struct connection *connection;
    struct trial_events events;
};

static void on_connected(void *context, bool session_present)
{
    struct trial *t = context;

    t->events.accepted(t->events.context, session_present);
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct trial *t = context;

    t->events.refused(t->events.context, verdict);
}

/* Nothing else can come before somebody has taken it: we have asked for
 * nothing, and what the broker kept for us comes behind CONNACK. */
static void on_subscribed(void *context)
{
    (void)context;
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    (void)context;
    (void)token;
    (void)accepted;
}

static void on_message(void *context, const struct mqtt_message *message)
{
    (void)context;
    (void)message;
}

enum err trial_start(const struct connection_options *options,
    const struct trial_events *events, struct trial **out)
{
    struct trial *t = calloc(1, sizeof(*t));
    const struct connection_events ours = {
        on_connected, on_subscribed, on_published, on_message, on_ended, t};
    enum err e;

    if (t == NULL)
        return ERR_NO_MEMORY;
    t->events = *events;
    e = connection_start(options, &ours, &t->connection);
    if (e != ERR_OK) {
        free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

struct connection *trial_take(
    struct trial *trial, const struct connection_events *events)
{
    struct connection *taken = trial->connection;

    connection_tell(taken, events);
    free(trial);
    return taken;
}

void trial_free(struct trial *trial)
{
    if (trial == NULL)
        return;
    connection_free(trial->connection);
    free(trial);
}
