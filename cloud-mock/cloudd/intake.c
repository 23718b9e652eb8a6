/* intake.c - one table: a topic, and what its messages mean.  The broker's
 * policy lets a device write below its own name only, so the name in a topic
 * can be believed, the payload never. */

#include "cloudd/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/claim.h"
#include "cloudd/enrolment.h"
#include "cloudd/fields.h"
#include "cloudd/fleet.h"
#include "cloudd/ownership.h"
#include "cloudd/path.h"
#include "cloudd/settings.h"
#include "cloudd/store_telemetry.h"
#include "core/log.h"
#include "ports/port.h"

#define PAYLOAD_MOST  (128 * 1024)
#define DEPTH_MOST    24
#define AHEAD_MOST_MS 60000

/* A message whose topic matched; `thing` and `rest` are its '+' levels. */
struct message {
    struct app *app;
    const char *thing, *rest;
    const struct json *json;
    const struct broker_message *raw;
    int64_t now_ms;
};

/* --- helpers -------------------------------------------------------------- */

void intake_record(struct app *app, const struct store_event *event)
{
    struct json *data = json_new_object();
    enum err e = store_history_add(app->store, event);

    if (e != ERR_OK)
        log_error("intake", "history not kept: %s", err_name(e));
    events_send(app->events, "history",
        fields_end(data,
            fields_text(data, "thingName", event->thing) &&
                fields_take(data, "event", store_event_json(event))));
}

static void on_tick(void *context)
{
    struct app *app = context;

    app->tick = NULL;
    devices_tick(app->devices, port_wall_ms());
    intake_plan(app);
}

void intake_plan(struct app *app)
{
    int64_t due_ms = devices_due(app->devices);
    int64_t wait_ms = due_ms - port_wall_ms();

    loop_timer_cancel(app->tick);
    app->tick = NULL;
    if (due_ms < 0)
        return;
    if (wait_ms < 1)
        wait_ms = 1;
    if (wait_ms > 60000) /* the wall clock may jump */
        wait_ms = 60000;
    app->tick = loop_timer_start(app->loop, (uint64_t)wait_ms, on_tick, app);
}

void intake_presence(struct app *app, const struct device *device, bool online)
{
    const struct status *s = device_status(device);
    const char *why = online ? "came online" : status_reason_words(s->reason);

    intake_record(app,
        &(struct store_event){
            .thing = device_thing(device),
            .ts_ms = s->since_ms,
            .kind = online ? "connected" : "disconnected",
            .text = why,
        });
}

void intake_status(
    void *context, const struct device *device, enum status_state before)
{
    struct app *app = context;
    enum status_state now = device_status(device)->state;
    bool was = before == STATUS_ONLINE || before == STATUS_SILENT;
    bool is = now == STATUS_ONLINE || now == STATUS_SILENT;

    if (was != is && (is || now == STATUS_OFFLINE))
        intake_presence(app, device, is);
    events_send(app->events, "status", device_json(device, false));
    if (is && !was)
        claims_arrived(app->claims, device_thing(device));
}

/* --- messages ------------------------------------------------------------- */

static void heard(const struct message *m)
{
    struct device *device = devices_find(m->app->devices, m->thing);

    if (device == NULL)
        fleet_ask_thing(m->app, m->thing);
    else if (!m->raw->retained)
        devices_heard(m->app->devices, device, m->now_ms);
}

/* When it happened by the device's clock, if that can be true at all. */
static int64_t happened(const struct message *m)
{
    int64_t ts = m->now_ms;

    (void)json_whole(json_get(m->json, "ts"), m->now_ms - STORE_POINTS_AGE_MS,
        m->now_ms + AHEAD_MOST_MS, &ts);
    return ts;
}

static void keep_numbers(
    const struct message *m, const char *stream, const struct json *data)
{
    struct json *o = json_new_object();
    int64_t ts = happened(m);
    enum err e = store_telemetry_add(m->app->store, m->thing, stream, ts, data);

    if (e == ERR_TOO_BIG)
        log_debug("intake", "more series than kept: thing=%s", m->thing);
    else if (e != ERR_OK)
        log_error("intake", "telemetry not kept: %s", err_name(e));
    heard(m);
    events_send(m->app->events, "telemetry",
        fields_end(o,
            fields_text(o, "thingName", m->thing) &&
                fields_text(o, "stream", stream) &&
                fields_number(o, "ts", (double)ts) &&
                fields_copy(o, "data", data)));
}

static void on_telemetry(const struct message *m)
{
    struct json *figures = json_clone(m->json);

    if (!json_is_object(figures)) {
        json_free(figures);
        return;
    }
    json_remove(figures, "ts");
    json_remove(figures, "seq");
    keep_numbers(m, "telemetry", figures);
    json_free(figures);
}

/* A stream that the Thing Description lists among its events is history. */
static void on_stream(const struct message *m)
{
    const struct json *data = json_get(m->json, "data");
    const struct device *device = devices_find(m->app->devices, m->thing);
    const struct json *events =
        device != NULL ? json_get(device_td(device), "events") : NULL;
    const struct json *event = json_get(events, m->rest);
    const char *title = json_text(json_get(event, "title"));

    keep_numbers(m, m->rest, data);
    if (event != NULL)
        intake_record(m->app,
            &(struct store_event){.thing = m->thing,
                .ts_ms = happened(m),
                .kind = "event",
                .text = title != NULL ? title : m->rest,
                .detail = data});
}

static void on_td(const struct message *m)
{
    struct device *device = devices_find(m->app->devices, m->thing);
    struct json *o = json_new_object();

    heard(m);
    if (device == NULL || m->raw->len > DEVICES_TD_MOST ||
        !json_is_object(m->json)) {
        json_free(o);
        return;
    }
    devices_set_td(device, json_clone(m->json));
    events_send(m->app->events, "td",
        fields_end(o,
            fields_text(o, "thingName", m->thing) &&
                fields_copy(o, "td", m->json)));
}

static void on_status(const struct message *m)
{
    struct device *device = devices_find(m->app->devices, m->thing);
    const char *agent = json_text(json_get(m->json, "agent"));

    if (device != NULL && agent != NULL)
        devices_set_agent(device, agent);
    /* The broker publishes the will; that is no sign of life. */
    if (json_is_true(json_get(m->json, "online")))
        heard(m);
}

static void on_presence(const struct message *m)
{
    struct device *device = devices_find(m->app->devices, m->thing);

    if (device != NULL)
        devices_presence(m->app->devices, device, m->json, m->now_ms);
    /* The certificate's state may have changed, or the device is new; clients
     * that are no devices (we are one) have no certificate. */
    if (json_text(json_get(m->json, "principalIdentifier")) != NULL)
        fleet_ask_thing(m->app, m->thing);
}

static void on_documents(const struct message *m)
{
    const struct json *current = json_get(m->json, "current");
    struct json *o = json_new_object(), *shadow = json_clone(current);
    bool ok = fields_copy(shadow, "timestamp", json_get(m->json, "timestamp"));

    if (m->rest[0] == '\0')
        settings_record(m->app, m->thing, m->json, m->now_ms);
    if (settings_reported(m->json))
        heard(m);
    events_send(m->app->events, "shadow",
        fields_end(o,
            fields_text(o, "thingName", m->thing) &&
                fields_text(o, "name", m->rest[0] != '\0' ? m->rest : NULL) &&
                fields_take(o, "shadow", fields_end(shadow, ok))));
}

static void on_accepted(const struct message *m)
{
    cloud_updated(m->app->cloud, true, m->json);
}

static void on_rejected(const struct message *m)
{
    cloud_updated(m->app->cloud, false, m->json);
}

static void on_response(const struct message *m)
{
    if (strcmp(m->raw->topic, cloud_response_topic(m->app->cloud)) == 0)
        cloud_answered(m->app->cloud, m->json);
}

static void on_registered(const struct message *m)
{
    fleet_meet(m->app, m->json);
}

static void on_ownership(const struct message *m)
{
    ownership_take(m->app, m->thing, m->json);
}

static void on_claims(const struct message *m)
{
    heard(m);
    ownership_claims(m->app, m->thing, m->json);
}

/* Nobody here can read it; it is for whoever has the key. */
static void on_sealed(const struct message *m)
{
    struct json *o = json_new_object();

    heard(m);
    events_send(m->app->events, "sealed",
        fields_end(o,
            fields_text(o, "thingName", m->thing) &&
                fields_copy(o, "channel", json_get(m->json, "channel")) &&
                fields_copy(o, "box", json_get(m->json, "box"))));
}

static void on_answer(const struct message *m)
{
    if (!commands_answered(m->app->commands, m->thing, m->rest, m->json))
        enrolment_answered(m->app, m->thing, m->rest, m->json);
}

static void on_enrolment(const struct message *m)
{
    struct device *device = devices_find(m->app->devices, m->thing);

    heard(m);
    if (device != NULL)
        enrolment_told(m->app, device, m->json, m->raw->retained);
}

static void on_alarm(const struct message *m)
{
    enrolment_alarm(m->app, m->json, m->now_ms);
}

static const struct {
    const char *pattern;
    void (*take)(const struct message *message);
} table[] = {
    {"nameplate/+/telemetry",                             on_telemetry },
    {"nameplate/+/stream/+",                              on_stream    },
    {"nameplate/+/td",                                    on_td        },
    {"nameplate/+/status",                                on_status    },
    {"nameplate/+/ownership",                             on_ownership },
    {"nameplate/+/claims",                                on_claims    },
    {"nameplate/+/sealed",                                on_sealed    },
    {"nameplate/+/enrolment",                             on_enrolment },
    {"$aws/commands/things/+/executions/+/response/json", on_answer    },
    {"$aws/events/presence/connected/+",                  on_presence  },
    {"$aws/events/presence/disconnected/+",               on_presence  },
    {"$aws/things/+/shadow/update/documents",             on_documents },
    {"$aws/things/+/shadow/name/+/update/documents",      on_documents },
    {"$aws/things/+/shadow/update/accepted",              on_accepted  },
    {"$aws/things/+/shadow/name/+/update/accepted",       on_accepted  },
    {"$aws/things/+/shadow/update/rejected",              on_rejected  },
    {"$aws/things/+/shadow/name/+/update/rejected",       on_rejected  },
    {"$nameplate/cloud/registered",                       on_registered},
    {"$nameplate/cloud/alarm",                            on_alarm     },
    {"$nameplate/cloud/+/response",                       on_response  },
};

void intake_message(void *context, const struct broker_message *message)
{
    struct path_parts parts = {0};
    struct json *json = NULL;
    enum err e;
    size_t i = 0;

    while (i < sizeof(table) / sizeof(table[0]) &&
        !path_match(message->topic, table[i].pattern, &parts))
        i++;
    if (i == sizeof(table) / sizeof(table[0]))
        return;
    e = json_parse(message->payload, message->len,
        (struct json_limits){PAYLOAD_MOST, DEPTH_MOST}, &json);
    if (e != ERR_OK) {
        log_debug("intake", "not JSON we take: topic=%s %s", message->topic,
            err_name(e));
        return;
    }
    table[i].take(&(struct message){
        .app = context,
        .thing = parts.part[0],
        .rest =
            strstr(table[i].pattern, "+/shadow/update") ? "" : parts.part[1],
        .json = json,
        .raw = message,
        .now_ms = port_wall_ms(),
    });
    json_free(json);
    intake_plan(context);
}
