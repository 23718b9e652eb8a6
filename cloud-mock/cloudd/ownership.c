/* ownership.c */

#include "cloudd/ownership.h"

#include <stdio.h>
#include <string.h>

#include "cloudd/alerts.h"
#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/intake.h"
#include "cloudd/record.h"
#include "cloudd/store_alerts.h"
#include "cloudd/store_history.h"
#include "cloudd/store_keys.h"
#include "cloudd/store_labels.h"
#include "cloudd/store_telemetry.h"
#include "core/log.h"
#include "ports/port.h"

#define CLAIMS_QUIET_MS 60000

/* The record that holds; NULL: none. */
static struct record *current(struct app *app, const char *thing)
{
    struct json *envelope = NULL;
    struct record *record = NULL;
    const char *why;

    if (store_ownership_get(app->store, thing, &envelope) == ERR_OK &&
        record_read(envelope, thing, &why, &record) != ERR_OK)
        record = NULL;
    json_free(envelope);
    return record;
}

static void tell(struct app *app, const char *thing, const struct record *r)
{
    struct json *o = json_new_object();

    events_send(app->events, "ownership",
        fields_end(o,
            fields_text(o, "thingName", thing) &&
                fields_number(o, "epoch", (double)record_epoch(r))));
}

/* What was known of the time before is somebody else's. */
static void wipe(struct app *app, const char *thing)
{
    if (store_labels_wipe(app->store, thing) != ERR_OK ||
        store_history_wipe(app->store, thing) != ERR_OK ||
        store_telemetry_wipe(app->store, thing) != ERR_OK)
        log_error("ownership", "not all of the time before was wiped: thing=%s",
            thing);
    alerts_wipe(app, thing);
}

static void write_down(
    struct app *app, const char *thing, const struct record *r)
{
    static const char *const words[] = {
        [RECORD_CLAIM] = "has an owner now",
        [RECORD_SHARE] = "who may use it was changed by its owner",
        [RECORD_RECOVER] = "its owner came back with the recovery code",
        [RECORD_TRANSFER] = "was given to another owner",
        [RECORD_RELEASE] = "was released by its owner: it is nobody's now",
        [RECORD_RESET] = "was reset at the device: it is nobody's now",
    };
    struct json *detail = json_new_object();

    detail = fields_end(detail,
        fields_text(detail, "act", record_act_name(record_act(r))) &&
            fields_number(detail, "epoch", (double)record_epoch(r)));
    intake_record(app,
        &(struct store_event){.thing = thing,
            .ts_ms = port_wall_ms(),
            .kind = "ownership",
            .text = words[record_act(r)],
            .detail = detail});
    json_free(detail);
}

/* An offer is the record after the one that holds, and may come before that
 * one's news does; an older one cannot be accepted any more. */
static void drop_old_offer(
    struct app *app, const char *thing, const struct record *r)
{
    struct json *offer = NULL;

    if (store_offer_get(app->store, thing, &offer) == ERR_OK &&
        record_epoch_said(offer) != record_epoch(r) + 1 &&
        store_offer_put(app->store, thing, NULL) != ERR_OK)
        log_error("ownership", "an old offer stays: thing=%s", thing);
    json_free(offer);
}

/* `first`: nothing was known, perhaps because our own store is new. */
static void accept(struct app *app, const char *thing,
    const struct json *envelope, const struct record *r, bool first)
{
    enum err e;

    tell(app, thing, r); /* who has a role until now */
    e = store_ownership_put(app->store, thing, envelope, r);
    if (e != ERR_OK) {
        log_error("ownership", "not kept: thing=%s %s", thing, err_name(e));
        return;
    }
    log_info("ownership", "holds: thing=%s epoch=%lld act=%s", thing,
        (long long)record_epoch(r), record_act_name(record_act(r)));
    if (!first && record_wipes(record_act(r)))
        wipe(app, thing);
    drop_old_offer(app, thing, r);
    write_down(app, thing, r);
    tell(app, thing, r); /* and who has one from now on */
}

void ownership_take(
    struct app *app, const char *thing, const struct json *envelope)
{
    struct record *before = NULL, *next = NULL;
    const char *why = NULL;

    if (devices_find(app->devices, thing) == NULL ||
        record_read(envelope, thing, &why, &next) != ERR_OK) {
        log_warning("ownership", "refused: thing=%s: %s", thing,
            why != NULL ? why : "there is no such device");
        return;
    }
    before = current(app, thing);
    if (before == NULL || !record_same(before, next)) {
        why = record_fault_after(next, before);
        if (why == NULL)
            accept(app, thing, envelope, next, before == NULL);
        else
            log_warning("ownership", "refused: thing=%s epoch=%lld: %s", thing,
                (long long)record_epoch(next), why);
    }
    record_free(before);
    record_free(next);
}

void ownership_offer(struct things_request *q)
{
    const char *thing = q->parts.part[0];
    struct json *body = answer_read(q->request, "{\"envelope\":{...}}"), *o;
    enum err e;

    if (body == NULL)
        return;
    e = store_offer_put(q->app->store, thing, json_get(body, "envelope"));
    json_free(body);
    if (e != ERR_OK) {
        answer_failure(q->request, e);
        return;
    }
    answer_nothing(q->request);
    o = json_new_object();
    events_send(q->app->events, "ownership",
        fields_end(o, fields_text(o, "thingName", thing)));
}

/* --- claims --------------------------------------------------------------- */

#define TOLD_REFUSED                                                           \
    "Somebody who knows this device's code tried to claim it, and was "        \
    "refused."
#define TOLD_WRONG  "Somebody tried to claim this device with a wrong code."
#define TOLD_LOCKED "Its code is locked for a while, after many wrong ones."

static const struct {
    const char *what, *words, *alert;
} notes[] = {
    {"refused_owned", "somebody with its code was refused",       TOLD_REFUSED},
    {"wrong_code",    "somebody tried a wrong code",              TOLD_WRONG  },
    {"locked",        "its code is locked: too many wrong tries", TOLD_LOCKED },
};
#define NOTES (sizeof(notes) / sizeof(notes[0]))

/* `claimed`, `shared` and the like come as records, and are told then. */
void ownership_claims(
    struct app *app, const char *thing, const struct json *note)
{
    const char *what = json_text(json_get(note, "what"));
    struct record *record;
    size_t i = 0;

    while (what != NULL && i < NOTES && strcmp(notes[i].what, what) != 0)
        i++;
    if (what == NULL || i == NOTES || devices_find(app->devices, thing) == NULL)
        return;
    intake_record(app,
        &(struct store_event){.thing = thing,
            .ts_ms = port_wall_ms(),
            .kind = "claim",
            .text = notes[i].words});
    record = current(app, thing);
    /* Somebody who tries all day is told once a minute. */
    if (record != NULL && record_owned(record) &&
        !store_alert_open(
            app->store, thing, "claim", port_wall_ms() - CLAIMS_QUIET_MS))
        alerts_raise(app,
            &(struct alert){
                .thing = thing, .kind = "claim", .text = notes[i].alert});
    record_free(record);
}
