/* hooks.c */

#include "cloudd/hooks.h"

#include <string.h>

#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/store_hooks.h"
#include "cloudd/store_keys.h"
#include "core/log.h"
#include "ports/port.h"

/* The operator is no account: its receiver may be anywhere, and nothing is kept
 * of how it went but the log. */
#define OPERATOR ""

/* --- telling -------------------------------------------------------------- */

/* Takes `alert`. */
static void send_to(struct app *app, const char *user,
    const struct store_hook *hook, struct json *alert)
{
    const struct hook_receiver to = {
        user, hook->url, hook->secret, app->private_hooks};

    if (alert == NULL)
        log_error("hooks", "no memory: lost one alert of %s", user);
    else
        hook_send(app->hook, &to, alert);
}

struct telling {
    struct app *app;
    const struct json *alert;
};

static void tell_owner(void *context, const char *user)
{
    const struct telling *t = context;
    struct store_hook hook;

    if (store_hook_get(t->app->store, user, &hook) == ERR_OK)
        send_to(t->app, user, &hook, json_clone(t->alert));
}

void hooks_tell(struct app *app, const char *thing, struct json *alert)
{
    struct telling telling = {app, alert};
    const struct hook_receiver to = {
        OPERATOR, app->hook_url, app->hook_secret, true};

    if (alert == NULL)
        return;
    store_role_each(app->store, thing, ROLE_OWNER, tell_owner, &telling);
    if (app->hook_url != NULL)
        hook_send(app->hook, &to, alert);
    else
        json_free(alert);
}

void hooks_outcome(void *context, const struct hook_outcome *outcome)
{
    struct app *app = context;

    if (strcmp(outcome->to, OPERATOR) != 0 &&
        store_hook_tried(app->store, port_wall_ms(), outcome) != ERR_OK)
        log_error("hooks", "not kept how it went: to=%s", outcome->to);
}

/* --- what the page asks --------------------------------------------------- */

/* How the last try went, or NULL: `*ok` is false when there is no memory. */
static struct json *last_json(const struct store_hook *hook)
{
    struct json *o = json_new_object();
    bool taken = hook->fault[0] == '\0';

    return fields_end(o,
        fields_number(o, "ts", (double)hook->tried_ms) &&
            fields_bool(o, "taken", taken) &&
            fields_text(o, "fault", taken ? NULL : hook->fault) &&
            (taken || fields_bool(o, "again", hook->again)));
}

/* `secret`: shown when it is new, and never again. */
static void answer_hook(
    struct things_request *q, const struct store_hook *hook, const char *secret)
{
    struct json *o = json_new_object();

    answer_json(q->request,
        fields_end(o,
            fields_text(o, "url", hook->url) &&
                fields_text(o, "secret", secret) &&
                (hook->tried_ms == 0 ||
                    fields_take(o, "last", last_json(hook)))));
}

void hooks_show(struct things_request *q)
{
    struct store_hook hook;
    enum err e = store_hook_get(q->app->store, q->login.user, &hook);

    if (e == ERR_OK)
        answer_hook(q, &hook, NULL);
    else if (e == ERR_NOT_FOUND)
        answer_json(q->request, json_new_object());
    else
        answer_failure(q->request, e);
}

static void put(struct things_request *q, const char *url)
{
    struct store_hook hook = {0};
    enum err e = secret_new(hook.secret);

    if (e == ERR_OK)
        e = store_hook_put(q->app->store, q->login.user, url, hook.secret);
    if (e == ERR_OK) {
        hook_forget(q->app->hook, q->login.user);
        e = store_hook_get(q->app->store, q->login.user, &hook);
    }
    if (e == ERR_OK)
        answer_hook(q, &hook, hook.secret);
    else
        answer_failure(q->request, e);
}

void hooks_put(struct things_request *q)
{
    struct json *body =
        answer_read(q->request, "{\"url\":\"https://example.org/hook\"}");
    const char *url = json_text(json_get(body, "url")), *fault;

    if (body == NULL)
        return;
    fault = url != NULL ? hook_fault(url, q->app->private_hooks)
                        : "Expected {\"url\":\"https://example.org/hook\"}.";
    if (fault != NULL)
        answer_error(q->request, 400, "invalid", fault);
    else
        put(q, url);
    json_free(body);
}

void hooks_remove(struct things_request *q)
{
    enum err e = store_hook_remove(q->app->store, q->login.user);

    hook_forget(q->app->hook, q->login.user);
    if (e == ERR_OK)
        answer_nothing(q->request);
    else
        answer_failure(q->request, e);
}

static struct json *test_alert(void)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_number(o, "ts", (double)port_wall_ms()) &&
            fields_text(o, "kind", "test") &&
            fields_text(o, "text",
                "A test: alerts of your devices come here like this one."));
}

void hooks_test(struct things_request *q)
{
    struct store_hook hook;
    enum err e = store_hook_get(q->app->store, q->login.user, &hook);
    int64_t left_ms;

    if (e == ERR_NOT_FOUND) {
        answer_error(q->request, 404, "not_found",
            "This account has no web hook. Enter its address first.");
        return;
    }
    if (e != ERR_OK) {
        answer_failure(q->request, e);
        return;
    }
    left_ms = hook.tried_ms + HOOKS_TEST_MS - port_wall_ms();
    if (hook_waiting(q->app->hook, q->login.user) > 0)
        left_ms = HOOKS_TEST_MS;
    if (left_ms > 0 && left_ms <= HOOKS_TEST_MS) {
        answer_later(q->request, left_ms, "too_soon",
            "Something is or was just on its way to it. Wait a moment.");
        return;
    }
    send_to(q->app, q->login.user, &hook, test_alert());
    answer_nothing(q->request);
}
