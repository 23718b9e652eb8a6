/* hook.c - a queue, a thread that empties it, and the lock between them. */

#include "cloudd/hook.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cloudd/fields.h"
#include "cloudd/secret.h"
#include "core/log.h"
#include "ports/port.h"

#define FIRST_WAIT_MS 1000 /* doubles with each try */
#define TIMEOUT_MS    10000L

struct waiting {
    struct waiting *next;
    char body[];
};

struct hook {
    char *url, *secret;
    CURL *curl; /* the thread's alone */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;
    struct waiting *first;
    unsigned count;
    bool closing;
};

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

/* Ends a transfer when the hook is freed. */
static int on_progress(
    void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct hook *h = context;
    bool closing;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    (void)pthread_mutex_lock(&h->lock);
    closing = h->closing;
    (void)pthread_mutex_unlock(&h->lock);
    return closing;
}

static struct curl_slist *make_headers(struct hook *h, const char *body)
{
    char mac[SECRET_SIZE], line[SECRET_SIZE + 40];
    struct curl_slist *list, *longer;

    if (secret_hmac(h->secret, body, mac) != ERR_OK)
        return NULL;
    (void)snprintf(line, sizeof(line), "X-Nameplate-Signature: sha256=%s", mac);
    list = curl_slist_append(NULL, "Content-Type: application/json");
    longer = list != NULL ? curl_slist_append(list, line) : NULL;
    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

/* True: the receiver took it. */
static bool post(struct hook *h, const char *body)
{
    struct curl_slist *headers = make_headers(h, body);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;

    if (headers != NULL) {
        (void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, body);
        code = curl_easy_perform(h->curl);
        (void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
    }
    curl_slist_free_all(headers);
    (void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status >= 200 && status < 300)
        return true;
    log_warning("hook", "not taken: status=%ld code=%d %s", status, (int)code,
        curl_easy_strerror(code));
    return false;
}

/* Until work comes, or `wait_ms` are over (0: for ever).  The lock is held. */
static void wait_for(struct hook *h, int64_t wait_ms)
{
    struct timespec until;

    if (wait_ms == 0) {
        (void)pthread_cond_wait(&h->work, &h->lock);
        return;
    }
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    (void)pthread_cond_timedwait(&h->work, &h->lock, &until);
}

/* One after the other, each until it was taken or HOOK_TRIES are over. */
static void send_one(struct hook *h, struct waiting *w)
{
    int64_t wait_ms = FIRST_WAIT_MS;
    bool taken = false, closing = false;

    for (int tries = 0; tries < HOOK_TRIES && !taken && !closing; tries++) {
        taken = post(h, w->body);
        (void)pthread_mutex_lock(&h->lock);
        if (!taken && tries + 1 < HOOK_TRIES && !h->closing)
            wait_for(h, wait_ms);
        closing = h->closing;
        (void)pthread_mutex_unlock(&h->lock);
        wait_ms *= 2;
    }
    if (!taken)
        log_error("hook", "an alert was given up: the receiver took it not");
    free(w);
}

static void *work(void *context)
{
    struct hook *h = context;
    struct waiting *w;

    port_name_thread("hook");
    for (;;) {
        (void)pthread_mutex_lock(&h->lock);
        while (h->first == NULL && !h->closing)
            wait_for(h, 0);
        w = h->closing ? NULL : h->first;
        if (w != NULL) {
            h->first = w->next;
            h->count--;
        }
        (void)pthread_mutex_unlock(&h->lock);
        if (w == NULL)
            return NULL;
        send_one(h, w);
    }
}

/* --- the loop's side ------------------------------------------------------ */

static bool set_up_curl(struct hook *h)
{
    CURL *c = h->curl;

    return curl_easy_setopt(c, CURLOPT_URL, h->url) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) ==
        CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, h) == CURLE_OK;
}

static void hook_drop(struct hook *h)
{
    struct waiting *next;

    for (struct waiting *w = h->first; w != NULL; w = next) {
        next = w->next;
        free(w);
    }
    if (h->curl != NULL)
        curl_easy_cleanup(h->curl);
    free(h->url);
    free(h->secret);
    free(h);
}

enum err hook_new(const char *url, const char *secret, struct hook **out)
{
    struct hook *h;

    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        log_error("hook", "--web-hook %s: expected http:// or https://", url);
        return ERR_INVALID;
    }
    h = calloc(1, sizeof(*h));
    if (h == NULL)
        return ERR_NO_MEMORY;
    h->url = strdup(url);
    h->secret = strdup(secret);
    h->curl = curl_easy_init();
    if (h->url == NULL || h->secret == NULL || h->curl == NULL ||
        !set_up_curl(h)) {
        hook_drop(h);
        return ERR_NO_MEMORY;
    }
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_cond_init(&h->work, NULL);
    if (pthread_create(&h->thread, NULL, work, h) != 0) {
        hook_drop(h);
        return ERR_NO_MEMORY;
    }
    *out = h;
    return ERR_OK;
}

void hook_free(struct hook *hook)
{
    if (hook == NULL)
        return;
    (void)pthread_mutex_lock(&hook->lock);
    hook->closing = true;
    (void)pthread_cond_signal(&hook->work);
    (void)pthread_mutex_unlock(&hook->lock);
    (void)pthread_join(hook->thread, NULL);
    (void)pthread_cond_destroy(&hook->work);
    (void)pthread_mutex_destroy(&hook->lock);
    hook_drop(hook);
}

/* Takes `alert`; NULL: out of memory. */
static struct waiting *wrap(struct json *alert)
{
    struct json *list = json_new_array(), *o = json_new_object();
    struct waiting *w = NULL;
    char *text = NULL;

    if (list == NULL || json_append(list, alert) != ERR_OK) {
        json_free(list);
        json_free(list == NULL ? alert : NULL);
        list = NULL;
    }
    o = fields_end(o, fields_take(o, "alerts", list));
    if (o != NULL)
        text = json_print(o);
    json_free(o);
    if (text != NULL)
        w = malloc(sizeof(*w) + strlen(text) + 1);
    if (w != NULL) {
        w->next = NULL;
        memcpy(w->body, text, strlen(text) + 1);
    }
    free(text);
    return w;
}

/* The lock is held. */
static struct waiting *enqueue(struct hook *h, struct waiting *w)
{
    struct waiting **end = &h->first, *dropped = NULL;

    if (h->count == HOOK_QUEUE) {
        dropped = h->first;
        h->first = dropped->next;
        h->count--;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = w;
    h->count++;
    (void)pthread_cond_signal(&h->work);
    return dropped;
}

void hook_send(struct hook *hook, struct json *alert)
{
    struct waiting *w, *dropped;

    if (hook == NULL || alert == NULL) {
        json_free(alert);
        return;
    }
    w = wrap(alert);
    if (w == NULL) {
        log_error("hook", "no memory: lost one alert");
        return;
    }
    (void)pthread_mutex_lock(&hook->lock);
    dropped = enqueue(hook, w);
    (void)pthread_mutex_unlock(&hook->lock);
    if (dropped != NULL)
        log_error("hook", "too many wait: the oldest alert was dropped");
    free(dropped);
}
