/* things_certificate.c - a person revokes, rotates, approves. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/crl.h"
#include "cloudd/answer.h"
#include "cloudd/enrolment.h"
#include "cloudd/fields.h"
#include "cloudd/fleet.h"
#include "cloudd/intake.h"
#include "cloudd/things_room.h"
#include "ports/port.h"

/* --- revoking ------------------------------------------------------------- */

static void revoked(
    const struct things_pending *p, enum err e, const char *text)
{
    if (e != ERR_OK)
        return;
    intake_record(p->app,
        &(struct store_event){.thing = p->thing,
            .ts_ms = port_wall_ms(),
            .kind = "certificate",
            .who = p->user,
            .text = text});
    fleet_ask_thing(p->app, p->thing);
}

static void on_revoked(void *context, enum err e, const struct json *answer)
{
    revoked(context, e, "revoked the device's certificates");
    things_done(context, e, answer);
}

static void on_revoked_one(void *context, enum err e, const struct json *answer)
{
    revoked(context, e, "revoked one of the device's certificates");
    things_done(context, e, answer);
}

/* The body's {"reason":"keyCompromise"}, RFC 5280 5.3.1; none is unspecified.
 * False: answered. */
static bool read_reason(struct http_request *request, enum crl_reason *reason)
{
    size_t len;
    const char *body = http_body(request, &len), *word;
    struct json *json = NULL;
    bool good = true;

    *reason = CRL_UNSPECIFIED;
    if (body == NULL || len == 0)
        return true;
    if (json_parse(body, len, (struct json_limits){HTTP_BODY_MOST, 2}, &json) !=
        ERR_OK)
        good = false;
    word = json_text(json_get(json, "reason"));
    if (good && json_get(json, "reason") != NULL)
        good = word != NULL && crl_reason_parse(word, reason);
    json_free(json);
    if (!good)
        answer_error(request, 400, "invalid",
            "Expected {\"reason\":\"…\"}, one of " CRL_REASONS ".");
    return good;
}

static struct json *revoke_question(
    const char *key, const char *name, enum crl_reason reason)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_text(o, "op", "set-certificate-status") &&
            fields_text(o, key, name) && fields_text(o, "status", "REVOKED") &&
            fields_number(o, "reason", reason));
}

void things_revoke(struct things_request *q)
{
    enum crl_reason reason;

    if (things_find(q) != NULL && read_reason(q->request, &reason))
        things_ask(
            q, revoke_question("thing", q->parts.part[0], reason), on_revoked);
}

void things_revoke_one(struct things_request *q)
{
    const struct device *device = things_find(q);
    const char *id = q->parts.part[1];
    enum crl_reason reason;

    if (device == NULL)
        return;
    if (device_find_certificate(device, id) == NULL) {
        answer_error(q->request, 404, "not_found",
            "This device has no such certificate.");
        return;
    }
    if (read_reason(q->request, &reason))
        things_ask(
            q, revoke_question("certificateId", id, reason), on_revoked_one);
}

/* --- rotating ------------------------------------------------------------- */

void things_rotate(struct things_request *q)
{
    const struct device *device = things_find(q);
    char execution[ENROLMENT_EXECUTION_SIZE];
    struct json *o;
    enum err e;

    if (device == NULL)
        return;
    e = enrolment_rotate(q->app, device, q->login.user, execution);
    if (e != ERR_OK) {
        answer_failure(q->request, e);
        return;
    }
    o = json_new_object();
    answer_json(
        q->request, fields_end(o, fields_text(o, "executionId", execution)));
}

/* --- who waits to be enrolled --------------------------------------------- */

static struct est_pending *pending_of(const struct things_request *q)
{
    return q->app->est != NULL ? est_server_pending(q->app->est) : NULL;
}

void things_enrolments(struct things_request *q)
{
    const struct est_pending *pending = pending_of(q);
    struct json *o = json_new_object();
    struct json *list =
        pending != NULL ? est_pending_json(pending) : json_new_array();

    answer_json(q->request, fields_end(o, fields_take(o, "enrolments", list)));
}

static void decide(struct things_request *q, bool approved)
{
    struct est_pending *pending = pending_of(q);

    if (pending != NULL &&
        est_pending_decide(pending, q->parts.part[0], approved))
        answer_nothing(q->request);
    else
        answer_error(q->request, 404, "not_found",
            "No such enrolment waits; it may have been approved already.");
}

void things_approve(struct things_request *q)
{
    decide(q, true);
}

void things_refuse(struct things_request *q)
{
    decide(q, false);
}
