/* owner_code.c - a new pass code for who comes next, because others have seen
 * the label.
 *
 * The new verifier is on disk before the release: if the power fails in
 * between, the label's code is void already, and the owner asks again. */

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/owner_inside.h"
#include "identity/passcode.h"
#include "identity/record_rules.h"
#include "ports/port.h"

struct making {
    struct owner *owner;
    struct owner_channel channel; /* as it was; its counters are looked up */
    struct command *command;
    struct json *id;
    struct record *record;
    char thing[OWNER_STORE_PATH];
    char code[PASSCODE_SIZE];
    struct claim_verifier verifier;
    enum err e;
};

static void run(void *context)
{
    struct making *m = context;

    m->verifier.iterations = SPAKE2PLUS_ITERATIONS;
    m->e = port_random(m->verifier.salt, sizeof(m->verifier.salt));
    if (m->e == ERR_OK)
        m->e = passcode_make(m->code);
    if (m->e == ERR_OK)
        m->e = claim_verifier_make(&m->verifier, m->code, m->thing);
}

/* The record may have changed while the code was made. */
static bool still_follows(const struct making *m)
{
    const struct record_place place = {m->owner->o.thing, &m->owner->o.hit,
        owner_store_record(m->owner->store), NULL};
    const char *why;

    return record_judge(m->record, &place, &why) == RECORD_TAKE;
}

static void finish(struct making *m, struct owner_channel *channel)
{
    enum err e = m->e;

    if (e == ERR_OK && !still_follows(m))
        e = ERR_CONFLICT;
    if (e == ERR_OK)
        e = owner_store_set_verifier(m->owner->store, &m->verifier);
    if (e == ERR_OK) {
        owner_released(
            m->owner, channel, m->command, m->id, m->record, m->code);
        return;
    }
    record_free(m->record);
    owner_released(m->owner, channel, m->command, m->id, NULL, NULL);
}

static void on_made(void *context)
{
    struct making *m = context;
    struct owner_channel *channel = owner_channels_find(
        m->owner->channels, port_monotonic_ms(), m->channel.id);

    if (channel != NULL) {
        finish(m, channel);
    } else {
        record_free(m->record);
        owner_refuse(m->command, "NO_CHANNEL",
            "this channel is not open any more: open one anew");
    }
    json_free(m->id);
    explicit_bzero(m, sizeof(*m));
}

static void drop(void *context)
{
    struct making *m = context;

    record_free(m->record);
    json_free(m->id);
    explicit_bzero(m, sizeof(*m));
}

static enum err start(struct owner *o, const struct owner_channel *channel,
    struct command *command, const struct json *id, struct record *record)
{
    struct making *m = calloc(1, sizeof(*m));
    const struct owner_work_job job = {run, on_made, drop, m};
    enum err e;

    if (m == NULL)
        return ERR_NO_MEMORY;
    m->owner = o;
    m->channel = *channel;
    m->command = command;
    m->id = id == NULL ? NULL : json_clone(id);
    m->record = record;
    (void)snprintf(m->thing, sizeof(m->thing), "%s", o->o.thing);
    e = owner_work_start(o->work, &job);
    if (e != ERR_OK) {
        json_free(m->id);
        free(m);
    }
    return e;
}

void owner_release_with_new_code(struct owner *o,
    const struct owner_channel *channel, struct command *command,
    const struct json *id, struct record *record)
{
    struct owner_channel *mine;

    if (start(o, channel, command, id, record) == ERR_OK)
        return;
    record_free(record);
    mine = owner_channels_find(o->channels, port_monotonic_ms(), channel->id);
    if (mine != NULL)
        owner_released(o, mine, command, id, NULL, NULL);
    else
        owner_refuse(command, "BUSY", "the device cannot now; try again");
}
