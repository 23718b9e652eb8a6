/* enrolment_report.c - what people see of it. */

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/enrolment_inside.h"
#include "ports/port.h"

#define DAY_S 86400

static const char *method_name(enum enrolment_method method)
{
    switch (method) {
    case ENROLMENT_NONE:
        return "none";
    case ENROLMENT_EST:
        return "est";
    case ENROLMENT_FLEET:
        return "fleet";
    case ENROLMENT_JITP:
        return "jitp";
    }
    return "none";
}

/* docs/enrolment.md has them as a table. */
static const char *state_name(const struct enrolment *e)
{
    if (e->options.method == ENROLMENT_NONE)
        return "off";
    if (e->options.method == ENROLMENT_JITP)
        return e->was_online ? "registered" : "registering";
    if (e->state == ENROLMENT_ASKING)
        return e->waits_until_ms != 0 ? "waiting" : "asking";
    if (e->state != ENROLMENT_RESTING)
        return "trying";
    if (e->shows_operational)
        return e->failures > 0 ? "renewal_failed" : "enrolled";
    if (e->current.generation != NULL)
        return "fallen_back";
    return e->failures > 0 ? "failed" : "factory";
}

struct writer {
    struct json *object;
    enum err e;
};

static void put(struct writer *w, const char *key, struct json *value)
{
    if (w->e == ERR_OK)
        w->e = json_set(w->object, key, value);
    else
        json_free(value);
}

static void put_text(struct writer *w, const char *key, const char *text)
{
    put(w, key, json_new_string(text));
}

static void put_number(struct writer *w, const char *key, int64_t number)
{
    put(w, key, json_new_number((double)number));
}

static void put_certificate(struct writer *w, const struct enrolment *e)
{
    const struct generation *g = e->current.generation;
    const struct nameplate *n = e->options.nameplate;
    bool late;
    int64_t until_s = e->shows_operational ? g->until_s : n->not_after_s;

    put_text(
        w, "certificate_id", e->shows_operational ? g->id : n->certificate_id);
    put_number(w, "not_after", until_s);
    put_number(w, "days_left",
        (until_s - timefloor_now(e->options.floor, &late)) / DAY_S);
}

/* Old and new roots of the broker, once they were rolled over. */
static void put_anchors(struct writer *w, const struct enrolment *e)
{
    struct writer inner = {NULL, ERR_OK};
    struct anchors_view view;

    if (e->options.roll == NULL)
        return;
    trust_look(e->options.broker, &view);
    if (view.generation == 0)
        return;
    inner.object = json_new_object();
    if (inner.object == NULL)
        inner.e = ERR_NO_MEMORY;
    put_number(&inner, "generation", view.generation);
    put_number(&inner, "since", view.since_s * 1000);
    put_number(&inner, "configured", (int64_t)view.configured);
    put_number(&inner, "added", (int64_t)view.added);
    if (view.added > 0) {
        put_text(&inner, "subject", view.subject);
        put_number(&inner, "both_until", view.both_until_s);
    }
    if (inner.e == ERR_OK) {
        put(w, "anchors", inner.object);
    } else {
        json_free(inner.object);
        w->e = inner.e;
    }
}

static int64_t next_wall_ms(const struct enrolment *e)
{
    if (e->waits_until_ms != 0)
        return e->waits_until_ms;
    return e->generations != NULL && e->state == ENROLMENT_RESTING
        ? port_wall_ms() + e->next_ms - port_monotonic_ms()
        : 0;
}

static void put_all(struct writer *w, const struct enrolment *e)
{
    const struct generation *g = e->current.generation;

    put(w, "operational", json_new_bool(e->shows_operational));
    if (*e->why != '\0')
        put_text(w, "last_error_detail", e->words);
    if (g == NULL)
        return;
    put_text(w, "operational_id", g->id);
    put_text(w, "operational_issuer", g->issuer);
    put_number(w, "operational_not_before", g->from_s);
    put_number(w, "operational_not_after", g->until_s);
}

struct json *enrolment_json(const struct enrolment *e, bool all)
{
    struct writer w = {json_new_object(), ERR_OK};
    const char *old =
        e->generations != NULL ? generations_old_id(e->generations) : "";
    /* To the minute, so that looking again is no news. */
    int64_t next_ms = next_wall_ms(e) / 60000 * 60000;

    if (w.object == NULL)
        return NULL;
    put_text(&w, "state", state_name(e));
    put_text(&w, "method", method_name(e->options.method));
    put_certificate(&w, e);
    if (e->last_attempt_ms != 0)
        put_number(&w, "last_attempt", e->last_attempt_ms);
    if (*e->why != '\0')
        put_text(&w, "last_error", e->why);
    if (next_ms > 0)
        put_number(&w, "next_attempt", next_ms);
    if (*old != '\0')
        put_text(&w, "old_certificate_id", old);
    put_anchors(&w, e);
    if (all)
        put_all(&w, e);
    if (w.e == ERR_OK)
        return w.object;
    json_free(w.object);
    return NULL;
}

void enrolment_tell(struct enrolment *e)
{
    struct json *object = enrolment_json(e, false);
    char *text = object != NULL ? json_print(object) : NULL;
    struct session_letter letter = {.topic = e->topic,
        .payload = text,
        .retain = true,
        .class = OUTBOX_CRITICAL,
        .stream = "$enrolment"};

    json_free(object);
    if (text == NULL || e->session == NULL ||
        (e->told != NULL && strcmp(e->told, text) == 0)) {
        free(text);
        return;
    }
    letter.len = strlen(text);
    if (session_send(e->session, &letter) != ERR_OK) {
        log_warning(ENROLMENT_MODULE, "the cloud could not be told");
        free(text);
        return;
    }
    free(e->told);
    e->told = text;
}
