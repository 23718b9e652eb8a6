/* login.c - an unknown user, a wrong password and a malformed hash all take
 * the same way and get the same answer. */

#include "cloudd/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/password.h"
#include "core/log.h"
#include "ports/port.h"

#define COOKIE       "np_session"
#define COOKIE_FLAGS "; Path=/; HttpOnly; SameSite=Strict; Max-Age="

/* A log-in whose password is being checked. */
struct attempt {
    struct attempt *next;
    struct password_check *check;
    struct app *app;
    struct http_request *request;
    char user[STORE_USER_SIZE];
    char address[64];
};

bool login_of(struct app *app, struct http_request *request, struct login *out)
{
    const char *token = http_cookie(request, COOKIE);
    struct store_session_limits limits = {LOGIN_IDLE_MS, LOGIN_WHOLE_MS};

    return token != NULL && strlen(token) == SECRET_SIZE - 1 &&
        secret_digest("session", token, out->digest) == ERR_OK &&
        secret_digest("csrf", token, out->csrf) == ERR_OK &&
        secret_digest("key", token, out->challenge) == ERR_OK &&
        store_session_use(app->store, out->digest, port_wall_ms(), limits,
            out->user) == ERR_OK;
}

static struct json *session_json(
    struct app *app, const char *user, const struct login *login)
{
    struct json *o = json_new_object();
    bool admin = store_user_is_admin(app->store, user);

    return fields_end(o,
        fields_text(o, "user", user) && fields_text(o, "csrf", login->csrf) &&
            fields_text(o, "challenge", login->challenge) &&
            fields_text(o, "role", admin ? "admin" : "user"));
}

void login_show(
    struct app *app, struct http_request *request, const struct login *login)
{
    answer_json(request, session_json(app, login->user, login));
}

static void welcome(struct attempt *a)
{
    char token[SECRET_SIZE], cookie[200];
    struct login login = {0};
    struct json *body;
    char *text;
    enum err e = secret_new(token);

    if (e == ERR_OK)
        e = secret_digest("session", token, login.digest);
    if (e == ERR_OK)
        e = secret_digest("csrf", token, login.csrf);
    if (e == ERR_OK)
        e = secret_digest("key", token, login.challenge);
    if (e == ERR_OK)
        e = store_session_put(
            a->app->store, login.digest, a->user, port_wall_ms());
    body = e == ERR_OK ? session_json(a->app, a->user, &login) : NULL;
    text = body != NULL ? json_print(body) : NULL;
    json_free(body);
    if (text == NULL) {
        answer_failure(a->request, e);
        return;
    }
    (void)snprintf(cookie, sizeof(cookie), COOKIE "=%s" COOKIE_FLAGS "%d",
        token, (int)(LOGIN_WHOLE_MS / 1000));
    http_reply(a->request,
        &(struct http_answer){.status = 200,
            .type = "application/json",
            .body = text,
            .len = strlen(text),
            .header_name = "Set-Cookie",
            .header_value = cookie});
    free(text);
}

static void attempt_free(struct attempt *a)
{
    struct attempt **link = &a->app->attempts;

    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    password_check_cancel(a->check);
    free(a);
}

void login_cancel_all(struct app *app)
{
    while (app->attempts != NULL)
        attempt_free(app->attempts);
}

static void on_checked(void *context, bool right)
{
    struct attempt *a = context;

    a->check = NULL;
    if (right) {
        rate_forgive(a->app->users, a->user);
        log_info("login", "in: user=%s from=%s", a->user, a->address);
        welcome(a);
    } else {
        rate_touch(a->app->users, a->user, port_monotonic_ms());
        rate_failed(a->app->addresses, a->address, port_monotonic_ms());
        log_warning("login", "refused: from=%s", a->address);
        answer_error(a->request, 401, "wrong_login",
            "The name or the password is not right.");
    }
    attempt_free(a);
}

static void too_many(struct http_request *request, int64_t wait_ms)
{
    char seconds[24], body[160];
    long long s = (wait_ms + 999) / 1000;

    (void)snprintf(seconds, sizeof(seconds), "%lld", s);
    (void)snprintf(body, sizeof(body),
        "{\"error\":\"too_many_tries\",\"message\":"
        "\"Too many wrong tries. Wait %lld s, then try again.\"}",
        s);
    http_reply(request,
        &(struct http_answer){.status = 429,
            .type = "application/json",
            .body = body,
            .len = strlen(body),
            .header_name = "Retry-After",
            .header_value = seconds});
}

/* Members of the request, lent by *json; false: answered with what is wrong. */
static bool read_request(struct http_request *request, struct json **json,
    const char **user, const char **password)
{
    size_t len;
    const char *body = http_body(request, &len);
    enum err e = body == NULL
        ? ERR_INVALID
        : json_parse(body, len, (struct json_limits){HTTP_BODY_MOST, 1}, json);

    *user = e == ERR_OK ? json_text(json_get(*json, "user")) : NULL;
    *password = e == ERR_OK ? json_text(json_get(*json, "password")) : NULL;
    if (*user != NULL && *password != NULL)
        return true;
    answer_error(request, 400, "invalid",
        "Expected {\"user\":\"...\",\"password\":\"...\"}.");
    return false;
}

/* The failure is counted before it is known, so that tries side by side are
 * not free. */
static void check(struct app *app, struct http_request *request,
    const char *user, const char *password)
{
    struct attempt *a = calloc(1, sizeof(*a));
    char hash[PASSWORD_HASH_SIZE];
    bool known = store_user_hash(app->store, user, hash) == ERR_OK;

    if (a == NULL) {
        answer_failure(request, ERR_NO_MEMORY);
        return;
    }
    a->app = app;
    a->request = request;
    (void)snprintf(a->user, sizeof(a->user), "%s", user);
    (void)snprintf(a->address, sizeof(a->address), "%s", http_peer(request));
    a->next = app->attempts;
    app->attempts = a;
    a->check = password_check_start(
        app->loop, password, known ? hash : NULL, on_checked, a);
    if (a->check == NULL) {
        attempt_free(a);
        answer_failure(request, ERR_NO_MEMORY);
        return;
    }
    rate_failed(app->users, user, port_monotonic_ms());
}

/* Too many checks going on, for everybody or for this user? */
static bool is_busy(const struct app *app, const char *user)
{
    unsigned all = 0, same = 0;

    for (struct attempt *a = app->attempts; a != NULL; a = a->next) {
        all++;
        same += strcmp(a->user, user) == 0;
    }
    return all >= LOGIN_CHECKS || same >= LOGIN_FREE_TRIES;
}

static int64_t wait_ms(
    struct app *app, struct http_request *request, const char *user)
{
    int64_t now_ms = port_monotonic_ms();
    int64_t by_user = rate_wait_ms(app->users, user, now_ms);
    int64_t by_address =
        rate_wait_ms(app->addresses, http_peer(request), now_ms);
    int64_t longest = by_user > by_address ? by_user : by_address;

    return longest < 1000 && is_busy(app, user) ? 1000 : longest;
}

void login_start(struct app *app, struct http_request *request)
{
    char name[STORE_USER_SIZE];
    const char *user, *password;
    struct json *json = NULL;
    int64_t wait;

    if (!read_request(request, &json, &user, &password))
        goto free;
    (void)snprintf(name, sizeof(name), "%s", user);
    wait = wait_ms(app, request, name);
    if (wait > 0)
        too_many(request, wait);
    else
        check(app, request, name, password);

free:
    json_free(json);
}

void login_end(
    struct app *app, struct http_request *request, const struct login *login)
{
    if (store_session_end(app->store, login->digest) != ERR_OK) {
        answer_failure(request, ERR_IO);
        return;
    }
    events_end_session(app->events, login->digest);
    http_reply(request,
        &(struct http_answer){.status = 204,
            .header_name = "Set-Cookie",
            .header_value = COOKIE "=" COOKIE_FLAGS "0"});
}
