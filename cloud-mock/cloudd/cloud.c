/* cloud.c - a list of what waits, each with a key: the request's number, or
 * the update's client token, which no device can guess. */

#include "cloudd/cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/secret.h"
#include "cloudd/store_accounts.h"
#include "core/log.h"

#define TIMEOUT_MS 5000
#define AUTHORS    64

struct waiting {
    struct cloud *cloud;
    struct waiting *next;
    struct loop_timer *timer;
    cloud_callback *callback;
    void *context;
    char key[SECRET_SIZE];
};

struct author {
    char token[SECRET_SIZE];
    char user[STORE_USER_SIZE];
};

struct cloud {
    struct loop *loop;
    struct broker *broker;
    struct waiting *first;
    char request[160], response[160];
    unsigned last_id;
    struct author authors[AUTHORS]; /* a ring: events come late or never */
    unsigned next_author;
};

struct cloud *cloud_new(
    struct loop *loop, struct broker *broker, const char *client_id)
{
    struct cloud *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->broker = broker;
    (void)snprintf(c->request, sizeof(c->request),
        "$nameplate/cloud/%s/request", client_id);
    (void)snprintf(c->response, sizeof(c->response),
        "$nameplate/cloud/%s/response", client_id);
    return c;
}

static void forget(struct waiting *w)
{
    struct waiting **link = &w->cloud->first;

    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    loop_timer_cancel(w->timer);
    free(w);
}

static void finish(struct waiting *w, enum err e, const struct json *answer)
{
    cloud_callback *callback = w->callback;
    void *context = w->context;

    forget(w);
    callback(context, e, answer);
}

void cloud_free(struct cloud *cloud)
{
    if (cloud == NULL)
        return;
    while (cloud->first != NULL)
        finish(cloud->first, ERR_AGAIN, NULL);
    free(cloud);
}

static void on_timeout(void *context)
{
    struct waiting *w = context;

    w->timer = NULL;
    log_warning("cloud", "no answer in %d s", TIMEOUT_MS / 1000);
    finish(w, ERR_AGAIN, NULL);
}

static struct waiting *wait_for(struct cloud *cloud, const char *key,
    cloud_callback *callback, void *context)
{
    struct waiting *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->timer = loop_timer_start(cloud->loop, TIMEOUT_MS, on_timeout, w);
    if (w->timer == NULL) {
        free(w);
        return NULL;
    }
    w->cloud = cloud;
    w->callback = callback;
    w->context = context;
    (void)snprintf(w->key, sizeof(w->key), "%s", key);
    w->next = cloud->first;
    cloud->first = w;
    return w;
}

/* Takes `message`. */
static enum err publish(struct cloud *cloud, const char *topic,
    struct json *message, struct waiting *w)
{
    char *text = json_print(message);
    enum err e = text == NULL || w == NULL
        ? ERR_NO_MEMORY
        : broker_publish(cloud->broker, topic, text, strlen(text));

    free(text);
    json_free(message);
    if (e != ERR_OK && w != NULL)
        forget(w);
    return e;
}

enum err cloud_ask(struct cloud *cloud, struct json *request,
    cloud_callback *callback, void *context)
{
    char key[SECRET_SIZE];

    if (!fields_number(request, "id", ++cloud->last_id)) {
        json_free(request);
        return ERR_NO_MEMORY;
    }
    (void)snprintf(key, sizeof(key), "%u", cloud->last_id);
    return publish(cloud, cloud->request, request,
        wait_for(cloud, key, callback, context));
}

static void remember(struct cloud *cloud, const char *token, const char *user)
{
    struct author *a = &cloud->authors[cloud->next_author++ % AUTHORS];

    (void)snprintf(a->token, sizeof(a->token), "%s", token);
    (void)snprintf(a->user, sizeof(a->user), "%s", user);
}

const char *cloud_author(const struct cloud *cloud, const char *token)
{
    for (unsigned i = 0; i < AUTHORS; i++) {
        if (token[0] != '\0' && secret_equal(cloud->authors[i].token, token))
            return cloud->authors[i].user;
    }
    return NULL;
}

enum err cloud_update_shadow(struct cloud *cloud,
    const struct cloud_update *update, struct json *document,
    cloud_callback *callback, void *context)
{
    char token[SECRET_SIZE], topic[256];
    bool named = update->shadow != NULL;

    if (secret_new(token) != ERR_OK ||
        !fields_text(document, "clientToken", token)) {
        json_free(document);
        return ERR_NO_MEMORY;
    }
    (void)snprintf(topic, sizeof(topic), "$aws/things/%s/shadow%s%s/update",
        update->thing, named ? "/name/" : "", named ? update->shadow : "");
    remember(cloud, token, update->author);
    return publish(
        cloud, topic, document, wait_for(cloud, token, callback, context));
}

static void answer_waiting(
    struct cloud *cloud, const char *key, enum err e, const struct json *answer)
{
    struct waiting *w = cloud->first;

    while (w != NULL && !secret_equal(w->key, key))
        w = w->next;
    if (w != NULL)
        finish(w, e, answer);
}

void cloud_answered(struct cloud *cloud, const struct json *answer)
{
    int64_t id;
    char key[SECRET_SIZE];

    if (!json_whole(json_get(answer, "id"), 1, UINT32_MAX, &id))
        return;
    (void)snprintf(key, sizeof(key), "%u", (unsigned)id);
    answer_waiting(cloud, key,
        json_get(answer, "error") != NULL ? ERR_DENIED : ERR_OK, answer);
}

void cloud_updated(
    struct cloud *cloud, bool accepted, const struct json *answer)
{
    const char *token = json_text(json_get(answer, "clientToken"));

    if (token != NULL)
        answer_waiting(cloud, token, accepted ? ERR_OK : ERR_DENIED, answer);
}

const char *cloud_response_topic(const struct cloud *cloud)
{
    return cloud->response;
}
