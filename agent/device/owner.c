/* owner.c - life, and what people on the device are told. */

#include "device/owner.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/owner_inside.h"
#include "device/owner_private.h"
#include "ports/port.h"

/* --- status ----------------------------------------------------------------
 */

static const char *state_of(const struct owner *o)
{
    if (owner_store_is_damaged(o->store))
        return "damaged";
    return record_is_owned(owner_store_record(o->store)) ? "owned" : "nobody";
}

static const char *code_of(const struct owner *o)
{
    if (owner_store_verifier(o->store) == NULL)
        return "none";
    return owner_store_has_own_verifier(o->store) ? "new" : "label";
}

static enum err add_owner(struct json *status, const struct record *r)
{
    enum err e = json_set(status, "name", json_new_string(r->owner));

    if (e == ERR_OK)
        e = json_set(status, "since", json_new_number((double)r->at_ms));
    if (e == ERR_OK)
        e = json_set(
            status, "members", json_new_number((double)r->member_count));
    return e;
}

static enum err fill_status(const struct owner *o, struct json *status)
{
    const struct record *record = owner_store_record(o->store);
    int64_t wait_ms = owner_tries_wait_ms(o->tries, port_monotonic_ms());
    int64_t wait_s = (wait_ms + 999) / 1000;
    enum err e = json_set(status, "state", json_new_string(state_of(o)));

    if (e == ERR_OK)
        e = json_set(status, "epoch",
            json_new_number((double)owner_store_epoch(o->store)));
    if (e == ERR_OK && record_is_owned(record))
        e = add_owner(status, record);
    if (e == ERR_OK)
        e = json_set(status, "code", json_new_string(code_of(o)));
    if (e == ERR_OK && wait_ms > 0)
        e = json_set(status, "locked_s", json_new_number((double)wait_s));
    return e;
}

struct json *owner_status(const struct owner *o)
{
    struct json *status = json_new_object();

    if (status != NULL && fill_status(o, status) == ERR_OK)
        return status;
    json_free(status);
    return NULL;
}

/* --- what happens ----------------------------------------------------------
 */

static void on_state(void *context, bool online, bool session_present)
{
    struct owner *o = context;

    if (online && (!session_present || !o->published))
        owner_publish(o);
}

struct report {
    struct owner *owner;
    const struct json *event;
};

static void say_report(void *context, struct owner_channel *channel)
{
    const struct report *r = context;

    if (record_role(owner_store_record(r->owner->store), channel->key) >=
        RECORD_VIEWER)
        owner_say(r->owner, channel, r->event);
}

static void on_report(void *context, const struct json *state)
{
    struct owner *o = context;
    struct json *event = json_new_object();
    struct report r = {o, event};

    if (event != NULL &&
        json_set(event, "ev", json_new_string("private")) == ERR_OK &&
        json_set(event, "state", json_clone(state)) == ERR_OK)
        owner_channels_each(o->channels, port_monotonic_ms(), say_report, &r);
    json_free(event);
}

/* --- life ------------------------------------------------------------------
 */

static enum err open_parts(struct owner *o)
{
    char path[OWNER_STORE_PATH];
    enum err e = owner_store_open(o->o.folder, o->o.verifier, &o->store);

    if (e != ERR_OK)
        return e;
    owner_store_path(o->store, "tries", path);
    e = owner_tries_open(path, port_monotonic_ms(), &o->tries);
    if (e == ERR_OK)
        e = owner_claims_new(o->o.thing, &o->o.hit, &o->claims);
    o->channels = owner_channels_new();
    o->work = owner_work_new(o->o.loop);
    if (e == ERR_OK && (o->channels == NULL || o->work == NULL))
        e = ERR_NO_MEMORY;
    return e;
}

static enum err listen(struct owner *o)
{
    enum err e = commands_add(o->o.commands, "claim", owner_on_claim, o);

    if (e == ERR_OK)
        e = commands_add(o->o.commands, "channel", owner_on_channel, o);
    if (e == ERR_OK)
        e = session_on_state(o->o.session, on_state, o);
    if (e == ERR_OK && o->o.private != NULL)
        owner_private_on_report(o->o.private, on_report, o);
    return e;
}

enum err owner_new(const struct owner_options *options, struct owner **out)
{
    struct owner *o = calloc(1, sizeof(*o));
    enum err e;

    if (o == NULL)
        return ERR_NO_MEMORY;
    o->o = *options;
    e = open_parts(o);
    if (e == ERR_OK)
        e = listen(o);
    if (e != ERR_OK) {
        owner_free(o);
        return e;
    }
    owner_finish_wipe(o);
    log_info(OWNER_MODULE, "state=%s epoch=%lld code=%s", state_of(o),
        (long long)owner_store_epoch(o->store), code_of(o));
    *out = o;
    return ERR_OK;
}

void owner_free(struct owner *o)
{
    if (o == NULL)
        return;
    if (o->o.private != NULL)
        owner_private_on_report(o->o.private, NULL, NULL);
    loop_timer_cancel(o->expiry);
    loop_timer_cancel(o->wiping_limit);
    loop_child_leave(o->wiping);
    owner_work_free(o->work);
    owner_channels_free(o->channels);
    owner_claims_free(o->claims);
    owner_tries_close(o->tries);
    owner_store_close(o->store);
    free(o);
}
