/* hook.c - letters, a thread that carries them, and the lock between it and
 * the loop.
 *
 * The list is changed under the lock only, by either side; the loop appends
 * and marks as dropped, the thread starts, ends and frees.  So a letter that
 * has a transfer stays where it is while the thread runs without the lock. */

#include "cloudd/hook.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/hook_letter.h"
#include "core/log.h"
#include "ports/port.h"

#define LONGEST_MS 60000
#define AT_ONCE    16

struct hook {
    struct hook_options o;
    CURLM *carrier;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    struct letter *first;
    unsigned running;
    bool closing;
};

/* --- outcomes ------------------------------------------------------------- */

struct report {
    struct hook_options o;
    bool again, bad;
    char to[80], words[160];
};

static void on_report(void *context)
{
    struct report *r = context;

    r->o.done(r->o.context,
        &(struct hook_outcome){r->to, r->bad ? r->words : NULL, r->again});
    free(r);
}

static void report(
    struct hook *h, const struct letter *l, const char *fault, bool again)
{
    struct report *r = calloc(1, sizeof(*r));

    if (fault == NULL)
        log_debug("hook", "taken: to=%s", l->to);
    else
        log_warning("hook", "not taken: to=%s: %s", l->to, fault);
    if (fault != NULL && !again)
        log_error("hook", "an alert was given up: to=%s", l->to);
    if (r == NULL)
        return;
    *r = (struct report){.o = h->o, .again = again, .bad = fault != NULL};
    (void)snprintf(r->to, sizeof(r->to), "%s", l->to);
    (void)snprintf(
        r->words, sizeof(r->words), "%s", fault != NULL ? fault : "");
    if (loop_post(h->o.loop, on_report, r) != ERR_OK)
        free(r);
}

/* --- the thread's side, with the lock held -------------------------------- */

static void take_out(struct hook *h, struct letter *l)
{
    struct letter **link = &h->first;

    while (*link != l)
        link = &(*link)->next;
    *link = l->next;
    letter_free(l);
}

/* After a try that failed: later, or never more. */
static void put_off(struct hook *h, struct letter *l, const char *fault)
{
    bool again = l->tries < HOOK_TRIES && !l->dropped;

    if (!l->dropped)
        report(h, l, fault, again);
    if (again)
        l->due_ms = port_monotonic_ms() + (h->o.wait_ms << (l->tries - 1));
    else
        take_out(h, l);
}

/* Does an older letter go to the same receiver? */
static bool is_behind(const struct hook *h, const struct letter *l)
{
    for (const struct letter *other = h->first; other != l; other = other->next)
        if (strcmp(other->to, l->to) == 0)
            return true;
    return false;
}

static void start(struct hook *h, struct letter *l)
{
    if (letter_start(l, h->o.trust) != ERR_OK) {
        put_off(h, l, "this cloud is out of memory");
    } else if (curl_multi_add_handle(h->carrier, l->transfer) != CURLM_OK) {
        char words[160];

        put_off(h, l, letter_end(l, CURLE_OUT_OF_MEMORY, words));
    } else {
        h->running++;
    }
}

/* Start what is due; gives how long there is nothing to do. */
static int start_due(struct hook *h)
{
    int64_t now_ms = port_monotonic_ms(), wait_ms = LONGEST_MS;
    struct letter *next;

    for (struct letter *l = h->first; l != NULL; l = next) {
        next = l->next;
        if (l->transfer != NULL || is_behind(h, l))
            continue;
        if (l->dropped)
            take_out(h, l);
        else if (l->due_ms > now_ms)
            wait_ms =
                l->due_ms - now_ms < wait_ms ? l->due_ms - now_ms : wait_ms;
        else if (h->running < AT_ONCE)
            start(h, l);
    }
    return (int)wait_ms;
}

static void end_done(struct hook *h)
{
    const CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(h->carrier, &left)) != NULL) {
        CURLcode code = m->data.result;
        struct letter *l = NULL;
        char words[160];
        const char *fault;

        if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &l) != CURLE_OK)
            continue;
        (void)curl_multi_remove_handle(h->carrier, m->easy_handle);
        h->running--;
        fault = letter_end(l, code, words);
        if (fault != NULL) {
            put_off(h, l, fault);
        } else {
            if (!l->dropped)
                report(h, l, NULL, false);
            take_out(h, l);
        }
    }
}

static void end_all(struct hook *h)
{
    char words[160];

    while (h->first != NULL) {
        struct letter *l = h->first;

        if (l->transfer != NULL) {
            (void)curl_multi_remove_handle(h->carrier, l->transfer);
            (void)letter_end(l, CURLE_ABORTED_BY_CALLBACK, words);
        }
        take_out(h, l);
    }
}

static void *work(void *context)
{
    struct hook *h = context;
    int running, wait_ms;
    bool closing = false;

    port_name_thread("hook");
    while (!closing) {
        (void)curl_multi_perform(h->carrier, &running);
        (void)pthread_mutex_lock(&h->lock);
        end_done(h);
        wait_ms = start_due(h);
        closing = h->closing;
        (void)pthread_mutex_unlock(&h->lock);
        if (!closing)
            (void)curl_multi_poll(h->carrier, NULL, 0, wait_ms, NULL);
    }
    (void)pthread_mutex_lock(&h->lock);
    end_all(h);
    (void)pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* --- the loop's side ------------------------------------------------------ */

enum err hook_new(const struct hook_options *options, struct hook **out)
{
    struct hook *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return ERR_NO_MEMORY;
    h->o = *options;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        h->carrier = curl_multi_init();
    if (h->carrier == NULL) {
        free(h);
        return ERR_NO_MEMORY;
    }
    (void)pthread_mutex_init(&h->lock, NULL);
    if (pthread_create(&h->thread, NULL, work, h) != 0) {
        (void)pthread_mutex_destroy(&h->lock);
        (void)curl_multi_cleanup(h->carrier);
        free(h);
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
    (void)pthread_mutex_unlock(&hook->lock);
    (void)curl_multi_wakeup(hook->carrier);
    (void)pthread_join(hook->thread, NULL);
    (void)pthread_mutex_destroy(&hook->lock);
    (void)curl_multi_cleanup(hook->carrier);
    curl_global_cleanup();
    free(hook);
}

/* The lock is held.  How many go to it; `*oldest` can be dropped. */
static unsigned count(struct hook *h, const char *to, struct letter **oldest)
{
    unsigned found = 0;

    *oldest = NULL;
    for (struct letter *l = h->first; l != NULL; l = l->next) {
        if (l->dropped || strcmp(l->to, to) != 0)
            continue;
        found++;
        if (*oldest == NULL && l->transfer == NULL)
            *oldest = l;
    }
    return found;
}

void hook_send(
    struct hook *hook, const struct hook_receiver *to, struct json *alert)
{
    struct letter *l = letter_new(to, alert), *oldest;
    struct letter **end;
    bool full;

    if (l == NULL) {
        log_error("hook", "no memory: lost one alert");
        return;
    }
    (void)pthread_mutex_lock(&hook->lock);
    full = count(hook, l->to, &oldest) >= HOOK_QUEUE && oldest != NULL;
    if (full)
        oldest->dropped = true;
    for (end = &hook->first; *end != NULL;)
        end = &(*end)->next;
    *end = l;
    (void)pthread_mutex_unlock(&hook->lock);
    (void)curl_multi_wakeup(hook->carrier);
    if (full)
        log_error("hook", "too many wait: the oldest alert was dropped: to=%s",
            to->to);
}

unsigned hook_waiting(struct hook *hook, const char *to)
{
    struct letter *oldest;
    unsigned found;

    (void)pthread_mutex_lock(&hook->lock);
    found = count(hook, to, &oldest);
    (void)pthread_mutex_unlock(&hook->lock);
    return found;
}

void hook_forget(struct hook *hook, const char *to)
{
    (void)pthread_mutex_lock(&hook->lock);
    for (struct letter *l = hook->first; l != NULL; l = l->next)
        if (strcmp(l->to, to) == 0)
            l->dropped = true;
    (void)pthread_mutex_unlock(&hook->lock);
    (void)curl_multi_wakeup(hook->carrier);
}
