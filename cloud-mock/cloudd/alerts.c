/* alerts.c */

#include "cloudd/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cloudd/access.h"
#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/hooks.h"
#include "cloudd/store_alerts.h"
#include "core/log.h"
#include "ports/port.h"

static struct json *alert_json(const struct store_alert *a, int64_t over_ms)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_number(o, "id", (double)a->id) &&
            fields_text(o, "thingName", a->thing) &&
            fields_number(o, "ts", (double)a->ts_ms) &&
            fields_text(o, "kind", a->kind) &&
            fields_text(o, "text", a->text) &&
            (over_ms == 0 || fields_number(o, "over", (double)over_ms)));
}

void alerts_raise(struct app *app, const struct alert *alert)
{
    struct store_alert kept = {.thing = alert->thing,
        .kind = alert->kind,
        .text = alert->text,
        .ts_ms = port_wall_ms()};
    enum err e = store_alert_add(app->store, &kept);

    if (e != ERR_OK)
        log_error("alerts", "not kept: %s", err_name(e));
    log_warning("alerts", "thing=%s kind=%s", alert->thing, alert->kind);
    events_send(app->events, "alert", alert_json(&kept, 0));
    hooks_tell(app, kept.thing, alert_json(&kept, 0));
}

void alerts_wipe(struct app *app, const char *thing)
{
    if (store_alerts_wipe(app->store, thing) != ERR_OK)
        log_error("alerts", "the time before was not wiped: thing=%s", thing);
}

/* Raise it once, and end it when `is` is over. */
static void follow(struct app *app, bool is, const struct alert *alert)
{
    bool open = store_alert_open(app->store, alert->thing, alert->kind, 0);

    if (is && !open)
        alerts_raise(app, alert);
    if (!is && open &&
        store_alert_end(
            app->store, alert->thing, alert->kind, port_wall_ms()) != ERR_OK)
        log_error("alerts", "cannot end one: thing=%s", alert->thing);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void look_at_certificate(
    struct app *app, const struct device *device, int64_t now_s)
{
    const char *thing = device_thing(device);
    int64_t begin_s, end_s, left_s, soon_s, urgent_s;
    char until[sizeof("2026-12-31")] = "", soon[120], urgent[160];
    struct tm date;

    device_validity(device, &begin_s, &end_s);
    left_s = end_s > 0 ? end_s - now_s : INT64_MAX;
    soon_s = least(ALERTS_SOON_S, (end_s - begin_s) / ALERTS_SOON_PART);
    urgent_s = least(ALERTS_NOW_S, (end_s - begin_s) / ALERTS_NOW_PART);
    if (gmtime_r(&(time_t){(time_t)end_s}, &date) != NULL)
        (void)strftime(until, sizeof(until), "%Y-%m-%d", &date);
    (void)snprintf(
        soon, sizeof(soon), "Its certificate ends on %s. Renew it.", until);
    (void)snprintf(urgent, sizeof(urgent),
        left_s > 0 ? "Its certificate ends on %s. Without a new one it cannot "
                     "connect then."
                   : "Its certificate ended on %s. Without a new one it cannot "
                     "connect.",
        until);
    follow(app, left_s < soon_s && left_s >= urgent_s,
        &(struct alert){thing, "certificate", soon});
    follow(app, left_s < urgent_s,
        &(struct alert){thing, "certificate_now", urgent});
}

static void look_at(struct app *app, const struct device *device)
{
    const struct status *s = device_status(device);
    int64_t now_ms = port_wall_ms();

    follow(app,
        s->state == STATUS_OFFLINE && now_ms - s->since_ms > app->away_ms,
        &(struct alert){device_thing(device), "offline",
            "It has been offline for long. Is it switched on, and is its "
            "network there?"});
    look_at_certificate(app, device, now_ms / 1000);
}

void alerts_look(void *context)
{
    struct app *app = context;

    app->look = loop_timer_start(app->loop, ALERTS_LOOK_MS, alerts_look, app);
    for (const struct device *d = devices_first(app->devices); d != NULL;
         d = device_next(d))
        look_at(app, d);
}

/* --- what the page asks --------------------------------------------------- */

struct listing {
    struct things_request *q;
    struct json *list;
    bool ok;
};

static void add(void *context, const struct store_alert *alert, int64_t over_ms)
{
    struct listing *l = context;

    if (access_role(l->q->app, l->q->login.user, alert->thing) >= ROLE_OWNER)
        l->ok =
            l->ok && json_append(l->list, alert_json(alert, over_ms)) == ERR_OK;
}

void alerts_list(struct things_request *q)
{
    struct listing l = {q, json_new_array(), true};
    struct json *o = json_new_object();

    if (l.list != NULL)
        store_alerts_each(q->app->store, q->login.user, add, &l);
    l.list = fields_end(l.list, l.ok);
    answer_json(q->request, fields_end(o, fields_take(o, "alerts", l.list)));
}

void alerts_dismiss(struct things_request *q)
{
    int64_t id = strtoll(q->parts.part[0], NULL, 10);
    char thing[PATH_PART_SIZE];
    enum err e = store_alert_thing(q->app->store, id, thing, sizeof(thing));

    if (e == ERR_NOT_FOUND ||
        (e == ERR_OK &&
            access_role(q->app, q->login.user, thing) < ROLE_OWNER)) {
        answer_error(q->request, 404, "not_found", "There is no such alert.");
        return;
    }
    if (e == ERR_OK)
        e = store_alert_dismiss(q->app->store, q->login.user, id);
    if (e == ERR_OK)
        answer_nothing(q->request);
    else
        answer_failure(q->request, e);
}
