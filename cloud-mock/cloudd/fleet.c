/* fleet.c - which devices there are: the plugin owns the registry, we ask. */

#include "cloudd/fleet.h"

#include "cloudd/claim.h"
#include "cloudd/fields.h"
#include "cloudd/intake.h"
#include "cloudd/store_telemetry.h"
#include "core/log.h"
#include "ports/port.h"

#define ASK_AGAIN_MS 2000

/* What is known from before a restart of ours is not recorded twice. */
void fleet_meet(struct app *app, const struct json *thing)
{
    const char *name = json_text(json_get(thing, "thingName"));
    int64_t now_ms = port_wall_ms(), first_ms = now_ms, last_ms;
    const struct device *device;
    bool is_new = false, online;

    if (devices_put(app->devices, thing, now_ms, &is_new) != ERR_OK || !is_new)
        return;
    (void)json_whole(
        json_get(thing, "registeredAt"), 1, JSON_WHOLE_MAX, &first_ms);
    if (!store_history_has(app->store, name, "registered"))
        intake_record(app,
            &(struct store_event){.thing = name,
                .ts_ms = first_ms,
                .kind = "registered",
                .text = "met for the first time, by its certificate"});
    device = devices_find(app->devices, name);
    last_ms = store_telemetry_last(app->store, name);
    if (last_ms > 0)
        devices_heard(app->devices, devices_find(app->devices, name),
            last_ms < now_ms ? last_ms : now_ms);
    online = device_status(device)->connected;
    if (device_status(device)->ever &&
        !store_history_last_is(
            app->store, name, online ? "connected" : "disconnected"))
        intake_presence(app, device, online);
    events_send(app->events, "status", device_json(device, false));
    if (online)
        claims_arrived(app->claims, name);
}

static void on_thing(void *context, enum err e, const struct json *answer)
{
    struct app *app = context;

    if (e == ERR_OK)
        fleet_meet(app, json_get(answer, "thing"));
    intake_plan(app);
}

void fleet_ask_thing(struct app *app, const char *thing)
{
    struct json *o = json_new_object();
    enum err e = cloud_ask(app->cloud,
        fields_end(
            o, fields_text(o, "op", "thing") && fields_text(o, "thing", thing)),
        on_thing, app);

    if (e != ERR_OK)
        log_warning("intake", "cannot ask about a thing: %s", err_name(e));
}

static void ask_things(struct app *app);

static void on_ask_again(void *context)
{
    struct app *app = context;

    app->again = NULL;
    if (broker_is_up(app->broker))
        ask_things(app);
}

/* Only now: a device's retained words must find the device. */
static void subscribe(struct app *app)
{
    static const char *const filters[] = {"nameplate/+/td",
        "nameplate/+/telemetry", "nameplate/+/stream/+", "nameplate/+/status",
        "nameplate/+/ownership", "nameplate/+/claims", "nameplate/+/sealed",

        "nameplate/+/enrolment"};

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        if (broker_subscribe(app->broker, filters[i]) != ERR_OK)
            return;
    }
}

static void on_things(void *context, enum err e, const struct json *answer)
{
    struct app *app = context;
    const struct json *list = json_get(answer, "things");

    if (e != ERR_OK) {
        log_warning("intake", "the plugin did not list its things: %s",
            e == ERR_DENIED ? "it refused" : "no answer");
        loop_timer_cancel(app->again);
        app->again =
            loop_timer_start(app->loop, ASK_AGAIN_MS, on_ask_again, app);
        return;
    }
    for (struct json *t = json_first(list); t != NULL; t = json_next(t))
        fleet_meet(app, t);
    subscribe(app);
    intake_plan(app);
}

static void ask_things(struct app *app)
{
    struct json *o = json_new_object();
    enum err e = cloud_ask(app->cloud,
        fields_end(o, fields_text(o, "op", "things")), on_things, app);

    if (e != ERR_OK)
        log_error("intake", "cannot ask for the things: %s", err_name(e));
}

static void tell_link(struct app *app, bool up)
{
    struct json *o = json_new_object();

    events_send(
        app->events, "broker", fields_end(o, fields_bool(o, "connected", up)));
}

void fleet_link(void *context, bool up)
{
    static const char *const filters[] = {"$aws/events/presence/connected/+",
        "$aws/events/presence/disconnected/+", "$nameplate/cloud/registered",
        "$nameplate/cloud/alarm", "$aws/things/+/shadow/update/accepted",
        "$aws/things/+/shadow/update/rejected",
        "$aws/things/+/shadow/update/documents",
        "$aws/things/+/shadow/name/+/update/accepted",
        "$aws/things/+/shadow/name/+/update/rejected",
        "$aws/things/+/shadow/name/+/update/documents",
        "$aws/commands/things/+/executions/+/response/json"};
    struct app *app = context;

    tell_link(app, up);
    if (!up) {
        commands_lost(app->commands);
        return;
    }
    if (broker_subscribe(app->broker, cloud_response_topic(app->cloud)) !=
        ERR_OK)
        return;
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        if (broker_subscribe(app->broker, filters[i]) != ERR_OK)
            return;
    }
    ask_things(app);
}
