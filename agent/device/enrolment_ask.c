/* enrolment_ask.c - an attempt as the agent makes it: with what is shown to the
 * broker, into a new generation. */

#include <stdio.h>

#include "core/log.h"
#include "device/enrolment_inside.h"
#include "ports/port.h"

#define PATIENCE 10 /* "ask again later" is obeyed so often */

static void fail(struct enrolment *e, const char *why, const char *words)
{
    enrolment_note(e, why, words);
    if (e->begun != 0)
        generations_drop(e->generations, e->begun);
    e->begun = 0;
    enrolment_step(e, ENROLMENT_ON_FAILED);
}

static void on_step(void *context, const struct enrolment_step *step)
{
    (void)context;
    log_debug(ENROLMENT_MODULE, "step=%s good=%s words=\"%s\"", step->name,
        step->good ? "yes" : "no", step->words);
}

static void on_waits(void *context, uint32_t seconds)
{
    struct enrolment *e = context;

    e->waits_until_ms = port_wall_ms() + (int64_t)seconds * 1000;
    log_info(ENROLMENT_MODULE, "the server wants to be asked again in_s=%u",
        seconds);
    enrolment_tell(e);
}

/* On the disk before the broker sees it: what it takes must not be lost. */
static enum err keep(struct enrolment *e, const struct bytes *pem,
    char why[KEY_WHY], struct generation **out)
{
    enum err err = generations_put(e->generations, e->begun, bytes_span(pem));

    (void)snprintf(why, KEY_WHY, "it cannot be written; see the log");
    return err == ERR_OK ? generations_load(e->generations, e->begun, why, out)
                         : err;
}

static void on_ended(void *context, struct enrolment_result *result)
{
    struct enrolment *e = context;
    struct generation *generation;
    char why[KEY_WHY];

    e->attempt = NULL;
    e->fleet = NULL;
    e->waits_until_ms = 0;
    e->told_s = result->retry_s;
    if (result->issued.fault != ISSUED_OK || result->issued.pem.at == NULL) {
        fail(e, result->why, result->words);
        return;
    }
    if (keep(e, &result->issued.pem, why, &generation) != ERR_OK) {
        fail(e, "disk", why);
        return;
    }
    log_info(ENROLMENT_MODULE, "a new certificate id=%s words=\"%s\"",
        result->issued.id, result->words);
    enrolment_hold(e, generation, &e->fresh);
    e->tries = 0;
    enrolment_step(e, ENROLMENT_ON_GOT);
}

static enum err begin(struct enrolment *e)
{
    enum err err = generations_begin(e->generations, &e->begun);

    if (err == ERR_OK)
        err = generations_key(e->generations, e->begun, e->key_uri);
    return err == ERR_OK ? generations_mark(e->generations, e->begun, &e->mark)
                         : err;
}

/* NULL: keys are files. */
static const char *mark_of(const struct enrolment *e)
{
    return *e->mark.path != '\0' ? e->mark.path : NULL;
}

struct est_options enrolment_est(const struct enrolment *e)
{
    const struct enrolment_options *o = &e->options;
    struct session_identity shown = enrolment_identity(e);

    return (struct est_options){.url = o->url,
        .label = o->label,
        .trust = o->trust,
        .proxy = o->proxy,
        .chain = shown.chain,
        .key = shown.key,
        .user = o->user,
        .password = o->password};
}

static enum err ask_est(
    struct enrolment *e, const struct enrolment_attempt_events *events)
{
    const struct enrolment_options *o = &e->options;
    const struct enrolment_attempt_options options = {.loop = o->loop,
        .est = enrolment_est(e),
        .renews = e->shows_operational,
        .key_uri = e->key_uri,
        .mark = mark_of(e),
        .mark_text = e->mark.text,
        .who = &e->who,
        .thing = o->nameplate->thing,
        .floor = o->floor,
        .max_days = o->max_days,
        .patience = PATIENCE};

    log_info(ENROLMENT_MODULE, "asking url=\"%s\" as=%s", o->url,
        e->shows_operational ? "operational" : "factory");
    return enrolment_attempt_start(&options, events, &e->attempt);
}

static enum err ask_fleet(
    struct enrolment *e, const struct enrolment_attempt_events *events)
{
    const struct enrolment_options *o = &e->options;
    const struct enrolment_fleet_options options = {.loop = o->loop,
        .room = o->room,
        .link = o->claim,
        .template = o->template,
        .key_uri = e->key_uri,
        .mark = mark_of(e),
        .mark_text = e->mark.text,
        .who = &e->who,
        .thing = o->nameplate->thing,
        .floor = o->floor,
        .max_days = o->max_days};

    log_info(ENROLMENT_MODULE, "asking template=\"%s\"", o->template);
    return enrolment_fleet_start(&options, events, &e->fleet);
}

void enrolment_ask(struct enrolment *e)
{
    const struct enrolment_attempt_events events = {
        on_step, on_waits, on_ended, e};
    enum err err;

    e->last_attempt_ms = port_wall_ms();
    e->told_s = 0;
    if (begin(e) != ERR_OK) {
        fail(e, "disk", "no folder for a new identity; see the log");
        return;
    }
    err = e->options.method == ENROLMENT_FLEET ? ask_fleet(e, &events)
                                               : ask_est(e, &events);
    if (err != ERR_OK)
        fail(e, "local", "the question could not be put; see the log");
}
