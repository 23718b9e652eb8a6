/* fake_agent.c */

#include "fake_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#define MANY 4000

struct session {
    struct fake_agent *fake;
    session_state_callback *listener;
    void *context;
};

struct waiting {
    session_stored_callback *stored;
    void *context;
};

struct shadow {
    struct fake_agent *fake;
    struct waiting waiting[MANY];
    shadow_desired_callback *watchers[MANY];
    void *watcher_contexts[MANY];
    size_t watcher_count;
};

struct actions {
    struct fake_agent *fake;
    actions_identify_callback *watchers[MANY];
    void *contexts[MANY];
    size_t count;
};

struct owner {
    struct fake_agent *fake;
    owner_reset_done *done;
    void *context;
};

struct owner_private {
    struct fake_agent *fake;
    owner_private_wished *watcher;
    void *context;
};

struct calls {
    struct fake_agent *fake;
    calls_called *watcher;
    void *context;
    bool open;
};

struct telemetry {
    struct fake_agent *fake;
};

static char vendor[] = "Acme", model[] = "Thermo-1", serial[] = "S1",
            thing[] = "acme:thermo-1:S1", issuer[] = "CN=Acme batch 1",
            fingerprint[] = "f00d", certificate_id[] = "cafe",
            hit[] = "2001:22::1", subject[] = "O=Acme, CN=Acme batch 1",
            above_key[] = "beef", above_id[] = "babe";
static struct nameplate_above above[] = {
    {subject, above_key, above_id}
};

struct fake_agent *fake_agent_new(void)
{
    struct fake_agent *fake = calloc(1, sizeof(*fake));

    assert_non_null(fake);
    fake->session = calloc(1, sizeof(*fake->session));
    fake->shadow = calloc(1, sizeof(*fake->shadow));
    fake->telemetry = calloc(1, sizeof(*fake->telemetry));
    assert_non_null(fake->session);
    assert_non_null(fake->shadow);
    assert_non_null(fake->telemetry);
    fake->actions = calloc(1, sizeof(*fake->actions));
    assert_non_null(fake->actions);
    fake->owner = calloc(1, sizeof(*fake->owner));
    assert_non_null(fake->owner);
    fake->owner->fake = fake;
    fake->private = calloc(1, sizeof(*fake->private));
    fake->calls = calloc(1, sizeof(*fake->calls));
    assert_non_null(fake->private);
    assert_non_null(fake->calls);
    fake->private->fake = fake;
    fake->calls->fake = fake;
    fake->actions->fake = fake;
    fake->session->fake = fake->shadow->fake = fake->telemetry->fake = fake;
    fake->nameplate = (struct nameplate){vendor, model, serial, thing, issuer,
        fingerprint, certificate_id, 1700000000, 253402300799, hit, above, 1};
    fake->status = (struct session_status){.online = true,
        .since_ms = 1790000000000,
        .outbox.queued = 3,
        .bytes_in = 10,
        .bytes_out = 20,
        .connections = 1};
    return fake;
}

void fake_agent_free(struct fake_agent *fake)
{
    fake_agent_commit(fake, true);
    fake_agent_end_reset(fake, ERR_AGAIN, 0); /* as owner_free does */
    free(fake->session);
    free(fake->shadow);
    free(fake->telemetry);
    free(fake->actions);
    free(fake->owner);
    free(fake->private);
    free(fake->calls);
    free(fake);
}

struct conversation_sources fake_agent_sources(struct fake_agent *fake)
{
    return (struct conversation_sources){.session = fake->session,
        .shadow = fake->shadow,
        .telemetry = fake->telemetry,
        .actions = fake->actions,
        .owner = fake->owner,
        .private = fake->private,
        .calls = fake->calls,
        .nameplate = &fake->nameplate};
}

void fake_agent_commit(struct fake_agent *fake, bool stored)
{
    struct waiting now[MANY];
    size_t count = fake->waiting;

    memcpy(now, fake->shadow->waiting, sizeof(now));
    fake->waiting = 0;
    for (size_t i = 0; i < count; i++)
        now[i].stored(now[i].context, stored);
}

static enum err accept(struct fake_agent *fake, const char *topic,
    const struct json *body, session_stored_callback *stored, void *context)
{
    size_t used = strlen(fake->letters);
    char *text;

    if (fake->refusal != ERR_OK)
        return fake->refusal;
    text = json_print(body);
    assert_non_null(text);
    (void)snprintf(fake->letters + used, sizeof(fake->letters) - used,
        "%s %s\n", topic, text);
    free(text);
    assert_true(fake->waiting < MANY);
    fake->shadow->waiting[fake->waiting++] = (struct waiting){stored, context};
    fake->accepted++;
    return ERR_OK;
}

enum err shadow_report(struct shadow *shadow, const struct json *state,
    session_stored_callback *stored, void *context)
{
    return accept(shadow->fake, "reported", state, stored, context);
}

enum err telemetry_emit(
    struct telemetry *telemetry, const struct telemetry_emission *emission)
{
    struct fake_agent *fake = telemetry->fake;

    (void)snprintf(fake->class, sizeof(fake->class), "%s%s",
        emission->class == NULL ? "" : emission->class,
        emission->or_busy ? " or busy" : "");
    return accept(fake, emission->stream, emission->data, emission->stored,
        emission->context);
}

enum err shadow_watch(
    struct shadow *shadow, shadow_desired_callback *callback, void *context)
{
    if (shadow->fake->refusal != ERR_OK)
        return shadow->fake->refusal;
    assert_true(shadow->watcher_count < MANY);
    shadow->watchers[shadow->watcher_count] = callback;
    shadow->watcher_contexts[shadow->watcher_count++] = context;
    return ERR_OK;
}

void shadow_unwatch(struct shadow *shadow, const void *context)
{
    for (size_t i = 0; i < shadow->watcher_count; i++)
        if (shadow->watcher_contexts[i] == context) {
            shadow->watcher_count--;
            shadow->watchers[i] = shadow->watchers[shadow->watcher_count];
            shadow->watcher_contexts[i] =
                shadow->watcher_contexts[shadow->watcher_count];
            return;
        }
}

enum err actions_watch(
    struct actions *actions, actions_identify_callback *callback, void *context)
{
    if (actions->fake->refusal_to_identify != ERR_OK)
        return actions->fake->refusal_to_identify;
    assert_true(actions->count < MANY);
    actions->watchers[actions->count] = callback;
    actions->contexts[actions->count++] = context;
    return ERR_OK;
}

void actions_unwatch(struct actions *actions, const void *context)
{
    for (size_t i = 0; i < actions->count; i++)
        if (actions->contexts[i] == context) {
            actions->count--;
            actions->watchers[i] = actions->watchers[actions->count];
            actions->contexts[i] = actions->contexts[actions->count];
            return;
        }
}

void fake_agent_identify(struct fake_agent *fake)
{
    for (size_t i = 0; i < fake->actions->count; i++)
        fake->actions->watchers[i](fake->actions->contexts[i]);
}

bool owner_private_is_one(const struct owner_private *private, const char *key)
{
    (void)private;
    return strncmp(key, "secret", 6) == 0;
}

enum err owner_private_report(
    struct owner_private *private, const struct json *patch)
{
    struct fake_agent *fake = private->fake;
    size_t used = strlen(fake->letters);
    char *text;

    if (fake->refusal != ERR_OK)
        return fake->refusal;
    text = json_print(patch);
    assert_non_null(text);
    (void)snprintf(fake->letters + used, sizeof(fake->letters) - used,
        "private %s\n", text);
    free(text);
    return ERR_OK;
}

enum err owner_private_watch(struct owner_private *private,
    owner_private_wished *callback, void *context)
{
    private->watcher = callback;
    private->context = context;
    return ERR_OK;
}

void owner_private_unwatch(struct owner_private *private, const void *context)
{
    if (private->context == context)
    private->watcher = NULL;
}

static struct json *parse(const char *text)
{
    struct json *value = NULL;

    assert_int_equal(
        json_parse(text, strlen(text), (struct json_limits){9000, 9}, &value),
        ERR_OK);
    return value;
}

void fake_agent_wish(struct fake_agent *fake, const char *settings)
{
    struct json *value = parse(settings);

    if (fake->private->watcher != NULL)
        fake->private->watcher(fake->private->context, value, 1);
    json_free(value);
}

enum err calls_watch(struct calls *calls, calls_called *callback, void *context)
{
    calls->watcher = callback;
    calls->context = context;
    return ERR_OK;
}

void calls_unwatch(struct calls *calls, const void *context)
{
    if (calls->context == context)
        calls->watcher = NULL;
}

void fake_agent_call(struct fake_agent *fake, const char *input)
{
    struct json *value = input == NULL ? NULL : parse(input);

    fake->calls->open = true;
    if (fake->calls->watcher != NULL)
        fake->calls->watcher(fake->calls->context, "c1", "unlock", value);
    json_free(value);
}

enum err calls_done(struct calls *calls, const char *id,
    const struct json *output, const char *words)
{
    (void)output;
    (void)words;
    if (!calls->open || strcmp(id, "c1") != 0)
        return ERR_NOT_FOUND;
    calls->open = false;
    return ERR_OK;
}

struct json *owner_status(const struct owner *owner)
{
    struct json *status = json_new_object();

    (void)owner;
    assert_int_equal(
        json_set(status, "state", json_new_string("nobody")), ERR_OK);
    return status;
}

enum err owner_reset(struct owner *owner, owner_reset_done *done, void *context)
{
    if (owner->fake->refusal != ERR_OK)
        return owner->fake->refusal;
    owner->done = done;
    owner->context = context;
    return ERR_OK;
}

void fake_agent_end_reset(struct fake_agent *fake, enum err e, int64_t epoch)
{
    owner_reset_done *done = fake->owner->done;

    if (done == NULL)
        return;
    fake->owner->done = NULL;
    done(fake->owner->context, e, epoch);
}

size_t fake_agent_watchers(const struct fake_agent *fake)
{
    return fake->shadow->watcher_count;
}

void fake_agent_desire(
    struct fake_agent *fake, const char *settings, int64_t version)
{
    struct json *value = parse(settings);

    for (size_t i = 0; i < fake->shadow->watcher_count; i++)
        fake->shadow->watchers[i](
            fake->shadow->watcher_contexts[i], value, version);
    json_free(value);
}

enum err session_on_state(
    struct session *s, session_state_callback *callback, void *context)
{
    s->listener = callback;
    s->context = context;
    return ERR_OK;
}

struct session_status session_status(const struct session *s)
{
    return s->fake->status;
}

bool session_budget(struct session *s, struct budget_figures *out)
{
    *out = (struct budget_figures){
        .in = {10, 20},
        .limit = {100,  0},
        .classes = {{"event", {3, 4}}},
        .class_count = 1,
        .used_percent = 10
    };
    return s != NULL;
}

void fake_agent_set_online(struct fake_agent *fake, bool online)
{
    fake->status.online = online;
    if (fake->session->listener != NULL)
        fake->session->listener(fake->session->context, online, false);
}

/* No test here has an enrolment; where one is asked for there is none. */
enum err enrolment_now(struct enrolment *e)
{
    (void)e;
    return ERR_UNSUPPORTED;
}

struct json *enrolment_json(const struct enrolment *e, bool all)
{
    (void)e;
    (void)all;
    return NULL;
}
