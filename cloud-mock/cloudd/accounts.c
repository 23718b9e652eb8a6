/* accounts.c */

#include "cloudd/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/password.h"
#include "cloudd/store_keys.h"
#include "core/log.h"
#include "ports/port.h"

#define SIGN_UPS_AT_ONCE 2

/* A sign-up whose password is being hashed. */
struct sign_up {
    struct sign_up *next;
    struct app *app;
    struct http_request *request;
    struct password_check *making;
    char user[STORE_USER_SIZE];
};

static void forget(struct sign_up *s)
{
    struct sign_up **link = &s->app->sign_ups;

    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    password_check_cancel(s->making);
    free(s);
}

void accounts_cancel_all(struct app *app)
{
    while (app->sign_ups != NULL)
        forget(app->sign_ups);
}

static void answer_made(struct http_request *request, enum err e)
{
    if (e == ERR_OK)
        answer_nothing(request);
    else if (e == ERR_EXISTS)
        answer_error(
            request, 409, "taken", "This name is taken. Choose another one.");
    else if (e == ERR_INVALID)
        answer_error(request, 400, "invalid",
            "A name is 1 to 64 of a-z A-Z 0-9 . _ @ -");
    else if (e == ERR_TOO_BIG)
        answer_error(request, 503, "full",
            "No more accounts can be made here. Ask who runs this page.");
    else
        answer_failure(request, e);
}

static void on_made(void *context, const char *hash)
{
    struct sign_up *s = context;
    enum err e = ERR_IO;

    s->making = NULL;
    if (hash != NULL)
        e = store_user_add(s->app->store, s->user, hash);
    if (e == ERR_OK)
        log_info("accounts", "signed up: user=%s", s->user);
    answer_made(s->request, e);
    forget(s);
}

static void start(struct things_request *q, const char *user, const char *word)
{
    struct sign_up *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        answer_failure(q->request, ERR_NO_MEMORY);
        return;
    }
    s->app = q->app;
    s->request = q->request;
    (void)snprintf(s->user, sizeof(s->user), "%s", user);
    s->next = q->app->sign_ups;
    q->app->sign_ups = s;
    s->making = password_make_start(q->app->loop, word, on_made, s);
    if (s->making == NULL) {
        forget(s);
        answer_failure(q->request, ERR_NO_MEMORY);
    }
}

/* 0: go ahead; else how long to wait. */
static int64_t wait_ms(struct things_request *q)
{
    const char *peer = http_peer(q->request);
    int64_t wait = rate_wait_ms(q->app->newcomers, peer, port_monotonic_ms());
    unsigned going_on = 0;

    for (struct sign_up *s = q->app->sign_ups; s != NULL; s = s->next)
        going_on++;
    if (wait == 0 && going_on >= SIGN_UPS_AT_ONCE)
        return 1000;
    if (wait == 0)
        rate_failed(q->app->newcomers, peer, port_monotonic_ms());
    return wait;
}

static void sign_up(struct things_request *q, const struct json *body)
{
    const char *user = json_text(json_get(body, "user"));
    const char *word = json_text(json_get(body, "password"));
    int64_t wait;

    if (user == NULL || word == NULL || strlen(user) >= STORE_USER_SIZE ||
        !password_fits(word)) {
        answer_error(q->request, 400, "invalid",
            "Expected {\"user\":\"...\",\"password\":\"...\"}: a name of 1 to "
            "64 and a password of 1 to 256 bytes.");
        return;
    }
    wait = wait_ms(q);
    if (wait > 0)
        answer_later(q->request, wait, "too_many_tries",
            "Too many accounts are being made. Wait a little, then try "
            "again.");
    else
        start(q, user, word);
}

void accounts_sign_up(struct things_request *q)
{
    struct json *body;

    if (!q->app->sign_up) {
        answer_error(q->request, 403, "no_sign_up",
            "Nobody can sign up here. Ask who runs this page for an account.");
        return;
    }
    body = answer_read(q->request, "{\"user\":\"...\",\"password\":\"...\"}");
    if (body != NULL)
        sign_up(q, body);
    json_free(body);
}

/* --- keys ----------------------------------------------------------------- */

void accounts_keys(struct things_request *q)
{
    struct json *list = NULL, *o;
    enum err e = store_keys_list(q->app->store, q->login.user, &list);

    if (e != ERR_OK) {
        answer_failure(q->request, e);
        return;
    }
    o = json_new_object();
    answer_json(q->request, fields_end(o, fields_take(o, "keys", list)));
}

/* Signed for this account and this session; nobody can have got it elsewhere.
 */
static bool is_proved(
    const struct login *login, const char *key, const char *signature)
{
    struct proof_field fields[] = {
        {"nameplate-account-key-v1", 24                      },
        {login->user,                strlen(login->user)     },
        {login->challenge,           strlen(login->challenge)},
        {key,                        strlen(key)             },
    };
    unsigned char hash[PROOF_HASH];

    return proof_hash(fields, 4, hash) == ERR_OK &&
        proof_verify(key, signature, hash);
}

static void answer_kept(struct http_request *request, enum err e)
{
    if (e == ERR_OK)
        answer_nothing(request);
    else if (e == ERR_EXISTS)
        answer_error(request, 409, "other_account",
            "This browser's key belongs to another account. Log in there, or "
            "clear this site's data.");
    else if (e == ERR_TOO_BIG)
        answer_error(request, 409, "too_many_keys",
            "This account has many browsers. Remove one that you no longer "
            "use.");
    else if (e == ERR_NOT_FOUND)
        answer_error(
            request, 404, "not_found", "This account has no such key.");
    else
        answer_failure(request, e);
}

static void add_key(struct things_request *q, const struct json *body)
{
    const char *key = json_text(json_get(body, "key"));
    const char *name = json_text(json_get(body, "name"));
    const char *signature = json_text(json_get(body, "signature"));

    if (key == NULL || name == NULL || signature == NULL ||
        strlen(name) > 100) {
        answer_error(q->request, 400, "invalid",
            "Expected key, name (at most 100 bytes) and signature.");
        return;
    }
    if (!is_proved(&q->login, key, signature)) {
        answer_error(q->request, 403, "not_proved",
            "The signature does not prove this key. Reload the page.");
        return;
    }
    answer_kept(q->request,
        store_key_put(q->app->store,
            &(struct store_key){key, q->login.user, name, port_wall_ms()}));
}

void accounts_add_key(struct things_request *q)
{
    struct json *body = answer_read(q->request, "key, name and signature");

    if (body != NULL)
        add_key(q, body);
    json_free(body);
}

void accounts_remove_key(struct things_request *q)
{
    answer_kept(q->request,
        store_key_remove(q->app->store, q->login.user, q->parts.part[0]));
}
