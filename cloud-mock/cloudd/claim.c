/* claim.c - each step is answered at the floor or at a multiple of it, whoever
 * answered: the device, a ghost, or we for one that is away. */

#include "cloudd/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/answer.h"
#include "cloudd/claim_ghost.h"
#include "cloudd/fields.h"
#include "cloudd/relay.h"
#include "core/log.h"
#include "ports/port.h"

#define WAITERS  256
#define WAIT_MS  ((int64_t)3600 * 1000)
#define WAIT_ONE 8 /* things that one account waits for at once */
#define HOUR_MS  ((int64_t)3600 * 1000)

/* A step that is being answered. */
struct step {
    struct claims *claims;
    struct step *next;
    struct http_request *request;
    struct loop_timer *timer;
    struct json *body;
    unsigned status;
    uint64_t began_ms;
    bool last; /* the step that shows whether the code was right */
    char thing[PATH_PART_SIZE];
    char user[STORE_USER_SIZE];
};

struct waiter {
    char user[STORE_USER_SIZE];
    char thing[PATH_PART_SIZE];
    int64_t until_ms;
};

struct claims {
    struct app *app;
    struct ghosts *ghosts;
    struct rate *users, *things;
    struct step *first;
    struct waiter waiters[WAITERS];
};

struct claims *claims_new(struct app *app, const char *secret)
{
    struct claims *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->app = app;
    c->ghosts = ghosts_new(secret);
    c->users = rate_new(&(struct rate_options){.free_tries = CLAIM_USER_FREE,
        .first_ms = 5000,
        .longest_ms = HOUR_MS / 4,
        .forget_ms = HOUR_MS,
        .keys = 512});
    c->things = rate_new(&(struct rate_options){.free_tries = CLAIM_THING_FREE,
        .first_ms = 60000,
        .longest_ms = 24 * HOUR_MS,
        .forget_ms = 24 * HOUR_MS,
        .keys = 2048});
    if (c->ghosts != NULL && c->users != NULL && c->things != NULL)
        return c;
    claims_free(c);
    return NULL;
}

static void forget(struct step *s)
{
    struct step **link = &s->claims->first;

    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    loop_timer_cancel(s->timer);
    json_free(s->body);
    free(s);
}

void claims_free(struct claims *claims)
{
    if (claims == NULL)
        return;
    while (claims->first != NULL)
        forget(claims->first);
    ghosts_free(claims->ghosts);
    rate_free(claims->users);
    rate_free(claims->things);
    free(claims);
}

/* --- who waits ------------------------------------------------------------ */

/* The slot of this wait, else a free one or the oldest; an account with
 * WAIT_ONE waits gives up its oldest. */
static struct waiter *slot(
    struct claims *c, const char *user, const char *thing, int64_t now_ms)
{
    struct waiter *oldest = &c->waiters[0], *own = NULL;
    unsigned mine = 0;

    for (size_t i = 0; i < WAITERS; i++) {
        struct waiter *w = &c->waiters[i];
        bool same = w->until_ms > now_ms && strcmp(w->user, user) == 0;

        if (same && strcmp(w->thing, thing) == 0)
            return w;
        mine += same;
        if (same && (own == NULL || w->until_ms < own->until_ms))
            own = w;
        if (w->until_ms < oldest->until_ms)
            oldest = w;
    }
    return mine >= WAIT_ONE ? own : oldest;
}

static void wait_for(struct claims *c, const char *user, const char *thing)
{
    int64_t now_ms = port_monotonic_ms();
    struct waiter *w = slot(c, user, thing, now_ms);

    (void)snprintf(w->user, sizeof(w->user), "%s", user);
    (void)snprintf(w->thing, sizeof(w->thing), "%s", thing);
    w->until_ms = now_ms + WAIT_MS;
}

void claims_arrived(struct claims *claims, const char *thing)
{
    int64_t now_ms = port_monotonic_ms();

    for (size_t i = 0; i < WAITERS; i++) {
        struct waiter *w = &claims->waiters[i];
        struct json *o;

        if (w->until_ms <= now_ms || strcmp(w->thing, thing) != 0)
            continue;
        w->until_ms = 0;
        o = json_new_object();
        events_send_to(claims->app->events, w->user, "arrived",
            fields_end(o, fields_text(o, "thingName", thing)));
    }
}

/* --- answering ------------------------------------------------------------ */

static void answer_now(void *context)
{
    struct step *s = context;
    struct json *body = s->body;

    s->timer = NULL;
    s->body = NULL;
    answer_with(s->request, s->status, body);
    forget(s);
}

/* Takes `body`. */
static void answer_at_floor(struct step *s, unsigned status, struct json *body)
{
    uint64_t took = loop_now_ms(s->claims->app->loop) - s->began_ms;

    s->status = status;
    s->body = body;
    s->timer = loop_timer_start(s->claims->app->loop,
        CLAIM_FLOOR_MS - took % CLAIM_FLOOR_MS, answer_now, s);
    if (s->timer == NULL)
        answer_now(s);
}

static void on_answer(void *context, const struct command_answer *answer)
{
    struct step *s = context;
    unsigned status;
    struct json *body = relay_body(answer, &status);

    if (s->last && answer->e == ERR_OK) {
        rate_forgive(s->claims->users, s->user);
        rate_forgive(s->claims->things, s->thing);
    }
    answer_at_floor(s, status, body);
}

static void answer_waiting(struct step *s)
{
    struct json *o = json_new_object();

    wait_for(s->claims, s->user, s->thing);
    answer_at_floor(s, 202,
        fields_end(o,
            fields_bool(o, "waiting", true) &&
                fields_text(o, "message",
                    "The device is not connected. Switch it on; the claim goes "
                    "on by itself when it is there.")));
}

/* --- asking --------------------------------------------------------------- */

static const char *const members[] = {
    "step", "claim", "key", "share", "confirm", "box"};

/* What the device gets of the page's request. */
static struct json *make_request(const struct json *body)
{
    struct json *o = json_new_object();
    bool ok = fields_text(o, "action", "claim");

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        ok = ok && fields_copy(o, members[i], json_get(body, members[i]));
    return fields_end(o, ok);
}

static bool is_step(const char *step)
{
    static const char *const steps[] = {"begin", "share", "confirm", "record"};

    for (size_t i = 0; step != NULL && i < sizeof(steps) / sizeof(steps[0]);
         i++) {
        if (strcmp(step, steps[i]) == 0)
            return true;
    }
    return false;
}

static struct step *step_new(struct things_request *q, const char *thing)
{
    struct claims *c = q->app->claims;
    struct step *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->claims = c;
    s->request = q->request;
    s->began_ms = loop_now_ms(c->app->loop);
    (void)snprintf(s->thing, sizeof(s->thing), "%s", thing);
    (void)snprintf(s->user, sizeof(s->user), "%s", q->login.user);
    s->next = c->first;
    c->first = s;
    return s;
}

/* Takes `request`. */
static void ask(struct step *s, struct json *request)
{
    struct app *app = s->claims->app;
    const struct device *device = devices_find(app->devices, s->thing);
    enum err e;

    if (device != NULL && device_status(device)->connected) {
        e = command_send(app->commands, s->thing, request, on_answer, s);
        if (e != ERR_OK)
            on_answer(s, &(struct command_answer){.e = ERR_AGAIN});
        return;
    }
    if (device == NULL && request != NULL &&
        ghosts_is_there(s->claims->ghosts, s->thing)) {
        wait_for(s->claims, s->user, s->thing);
        ghosts_answer(s->claims->ghosts, s->thing, request, port_monotonic_ms(),
            on_answer, s);
    } else
        answer_waiting(s);
    json_free(request);
}

/* Tries are counted before they are answered. */
static int64_t count(
    struct claims *c, const char *user, const char *thing, const char *step)
{
    int64_t now_ms = port_monotonic_ms();
    bool begins = strcmp(step, "begin") == 0;
    int64_t by_user = begins ? rate_wait_ms(c->users, user, now_ms) : 0;
    int64_t by_thing = rate_wait_ms(c->things, thing, now_ms);

    if (strcmp(step, "begin") != 0 && strcmp(step, "share") != 0)
        return 0;
    if (by_user > 0 || by_thing > 0)
        return by_user > by_thing ? by_user : by_thing;
    if (begins)
        rate_failed(c->users, user, now_ms);
    else
        rate_failed(c->things, thing, now_ms);
    return 0;
}

static bool thing_fits(const char *thing)
{
    return thing != NULL && thing[0] != '\0' && strlen(thing) <= 128 &&
        strpbrk(thing, "/+#") == NULL;
}

static void handle(struct things_request *q, const struct json *body)
{
    const char *thing = json_text(json_get(body, "thing"));
    const char *name = json_text(json_get(body, "step"));
    struct step *s;
    int64_t wait_ms;

    if (!thing_fits(thing) || !is_step(name)) {
        answer_error(q->request, 400, "invalid",
            "Expected "
            "{\"thing\":\"...\",\"step\":\"begin|share|confirm|record\""
            ",...}.");
        return;
    }
    wait_ms = count(q->app->claims, q->login.user, thing, name);
    if (wait_ms > 0) {
        answer_later(q->request, wait_ms, "too_many_tries",
            "Too many tries. Wait a while, then compare the code with the "
            "label and try again.");
        return;
    }
    s = step_new(q, thing);
    if (s == NULL) {
        answer_failure(q->request, ERR_NO_MEMORY);
        return;
    }
    s->last = strcmp(name, "confirm") == 0;
    ask(s, make_request(body));
}

void claim_handle(struct things_request *q)
{
    struct json *body =
        answer_read(q->request, "{\"thing\":\"...\",\"step\":\"begin\"}");

    if (body != NULL)
        handle(q, body);
    json_free(body);
}
