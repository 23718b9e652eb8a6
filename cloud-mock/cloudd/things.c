/* things.c - handlers that need the broker keep a `pending` while they wait;
 * those that read our own store answer at once. */

#include "cloudd/things.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/access.h"
#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/fleet.h"
#include "cloudd/intake.h"
#include "cloudd/store_telemetry.h"
#include "cloudd/things_room.h"
#include "cloudd/view.h"
#include "ports/port.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct things_pending *pending_new(const struct things_request *q)
{
    struct things_pending *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return NULL;
    p->app = q->app;
    p->request = q->request;
    (void)snprintf(p->thing, sizeof(p->thing), "%s", q->parts.part[0]);
    (void)snprintf(p->user, sizeof(p->user), "%s", q->login.user);
    return p;
}

struct device *things_find(struct things_request *q)
{
    struct device *device = devices_find(q->app->devices, q->parts.part[0]);

    if (device == NULL)
        answer_error(q->request, 404, "not_found",
            "No device of this name has ever connected.");
    return device;
}

void things_ask(
    struct things_request *q, struct json *question, cloud_callback *callback)
{
    struct things_pending *p = pending_new(q);
    enum err e = ERR_NO_MEMORY;

    if (p != NULL)
        e = cloud_ask(q->app->cloud, question, callback, p);
    else
        json_free(question);
    if (e == ERR_OK)
        return;
    free(p);
    answer_failure(q->request, e);
}

struct json *things_question(const char *op, const char *thing)
{
    struct json *o = json_new_object();

    return fields_end(
        o, fields_text(o, "op", op) && fields_text(o, "thing", thing));
}

void things_refusal(struct http_request *request, const struct json *answer)
{
    const char *message = json_text(json_get(answer, "message"));
    const char *code = json_text(json_get(answer, "error"));
    int64_t status = code != NULL && strcmp(code, "not_found") == 0 ? 404 : 400;

    (void)json_whole(json_get(answer, "code"), 400, 599, &status);
    answer_error(request, (unsigned)status, code != NULL ? code : "refused",
        message != NULL ? message : "The cloud refused this.");
}

/* --- reading -------------------------------------------------------------- */

void things_list(struct things_request *q)
{
    struct json *o = json_new_object();

    answer_json(q->request,
        fields_end(o,
            fields_take(o, "things", view_devices(q->app, q->login.user)) &&
                fields_bool(o, "broker", broker_is_up(q->app->broker)) &&
                fields_number(o, "now", (double)port_wall_ms())));
}

static bool no_shadow(enum err e, const struct json *answer)
{
    const char *code = json_text(json_get(answer, "error"));

    return e == ERR_DENIED && code != NULL && strcmp(code, "not_found") == 0;
}

static void on_show(void *context, enum err e, const struct json *answer)
{
    struct things_pending *p = context;
    const struct device *device = devices_find(p->app->devices, p->thing);
    enum role role = access_role(p->app, p->user, p->thing);
    struct json *o = device != NULL
        ? view_device(p->app, p->user, role, device, true)
        : NULL;

    if (e == ERR_AGAIN)
        answer_failure(p->request, e);
    else if (e != ERR_OK && !no_shadow(e, answer))
        things_refusal(p->request, answer);
    else {
        bool ok = fields_copy(o, "shadow", json_get(answer, "shadow"));

        answer_json(p->request, fields_end(o, ok));
        o = NULL;
    }
    json_free(o);
    free(p);
}

void things_show(struct things_request *q)
{
    if (things_find(q) != NULL)
        things_ask(q, things_question("shadow", q->parts.part[0]), on_show);
}

static void on_shadow(void *context, enum err e, const struct json *answer)
{
    struct things_pending *p = context;

    if (e == ERR_OK)
        answer_json(p->request, json_clone(json_get(answer, "shadow")));
    else if (e == ERR_DENIED)
        things_refusal(p->request, answer);
    else
        answer_failure(p->request, e);
    free(p);
}

void things_shadow(struct things_request *q)
{
    const char *name = http_query(q->request, "name");
    struct json *o;

    if (things_find(q) == NULL)
        return;
    o = things_question("shadow", q->parts.part[0]);
    things_ask(q, fields_end(o, fields_text(o, "name", name)), on_shadow);
}

/* A whole number in the query, else `otherwise`. */
static int64_t time_in_query(
    struct http_request *request, const char *name, int64_t otherwise)
{
    const char *text = http_query(request, name);
    char *end = NULL;
    long long value = text != NULL ? strtoll(text, &end, 10) : 0;

    if (text == NULL || end == text || *end != '\0' || value < 0 ||
        value > JSON_WHOLE_MAX)
        return otherwise;
    return value;
}

void things_telemetry(struct things_request *q)
{
    const char *stream = http_query(q->request, "stream");
    const char *key = http_query(q->request, "key");
    int64_t to = time_in_query(q->request, "to", port_wall_ms() + 1);
    int64_t from = time_in_query(q->request, "from", to - DAY_MS);
    struct store_series series = {
        q->parts.part[0], stream != NULL ? stream : "telemetry", key};
    struct json *points = NULL, *o;
    enum err e;

    if (things_find(q) == NULL)
        return;
    if (key == NULL || from >= to) {
        answer_error(q->request, 400, "invalid",
            "Expected key=, and from= before to= in milliseconds.");
        return;
    }
    e = store_telemetry_points(q->app->store, &series, from, to, &points);
    if (e != ERR_OK) {
        answer_failure(q->request, e);
        return;
    }
    o = json_new_object();
    answer_json(q->request,
        fields_end(o,
            fields_text(o, "stream", series.stream) &&
                fields_text(o, "key", key) &&
                fields_take(o, "points", points)));
}

/* Takes `list`. */
static void answer_list(struct http_request *request, enum err e,
    const char *name, struct json *list)
{
    struct json *o;

    if (e != ERR_OK) {
        answer_failure(request, e);
        return;
    }
    o = json_new_object();
    answer_json(request, fields_end(o, fields_take(o, name, list)));
}

void things_series(struct things_request *q)
{
    struct json *list = NULL;
    enum err e;

    if (things_find(q) == NULL)
        return;
    e = store_telemetry_series(q->app->store, q->parts.part[0], &list);
    answer_list(q->request, e, "series", list);
}

void things_history(struct things_request *q)
{
    struct json *list = NULL;
    enum err e;

    if (things_find(q) == NULL)
        return;
    e = store_history_list(q->app->store, q->parts.part[0],
        http_query(q->request, "kind"),
        time_in_query(q->request, "before", JSON_WHOLE_MAX), &list);
    answer_list(q->request, e, "events", list);
}

/* --- changing ------------------------------------------------------------- */

static void on_set(void *context, enum err e, const struct json *answer)
{
    struct things_pending *p = context;

    if (e == ERR_OK)
        answer_json(p->request, json_clone(answer));
    else if (e == ERR_DENIED)
        things_refusal(p->request, answer);
    else
        answer_failure(p->request, e);
    free(p);
}

/* A person may wish, only the device may report.  NULL: answered. */
static struct json *read_wish(struct http_request *request)
{
    size_t len;
    const char *body = http_body(request, &len);
    struct json *json = NULL;
    struct json *state;

    if (body == NULL ||
        json_parse(body, len, (struct json_limits){HTTP_BODY_MOST, 10},
            &json) != ERR_OK) {
        answer_error(request, 400, "invalid",
            "Expected JSON like {\"state\":{\"desired\":{\"led\":true}}}.");
        return NULL;
    }
    state = json_get(json, "state");
    json_remove(json, "clientToken");
    if (json_count(state) == 1 && json_get(state, "desired") != NULL)
        return json;
    answer_error(request, 400, "invalid",
        "Expected state.desired and nothing else in state.");
    json_free(json);
    return NULL;
}

/* [$a-zA-Z0-9:_-]{1,64}: it becomes part of a topic. */
static bool shadow_name_fits(const char *name)
{
    size_t len = strspn(name,
        "$abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-");

    return len > 0 && len <= 64 && name[len] == '\0';
}

void things_set(struct things_request *q)
{
    struct cloud_update update = {.thing = q->parts.part[0],
        .shadow = http_query(q->request, "name"),
        .author = q->login.user};
    struct things_pending *p;
    struct json *wish;
    enum err e = ERR_NO_MEMORY;

    if (things_find(q) == NULL)
        return;
    if (update.shadow != NULL && !shadow_name_fits(update.shadow)) {
        answer_error(q->request, 400, "invalid",
            "A shadow's name is 1 to 64 of a-z A-Z 0-9 $ : _ -");
        return;
    }
    wish = read_wish(q->request);
    if (wish == NULL)
        return;
    p = pending_new(q);
    if (p != NULL)
        e = cloud_update_shadow(q->app->cloud, &update, wish, on_set, p);
    else
        json_free(wish);
    if (e == ERR_OK)
        return;
    free(p);
    answer_failure(q->request, e);
}

void things_done(void *context, enum err e, const struct json *answer)
{
    struct things_pending *p = context;

    if (e == ERR_OK)
        answer_nothing(p->request);
    else if (e == ERR_DENIED)
        things_refusal(p->request, answer);
    else
        answer_failure(p->request, e);
    free(p);
}

void things_kick(struct things_request *q)
{
    if (things_find(q) != NULL)
        things_ask(q, things_question("kick", q->parts.part[0]), things_done);
}
