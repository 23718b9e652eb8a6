/* revocation.c - asks, judges, keeps; when is revocation_schedule's business.
 *
 * Order matters: `use` first, the disk second.  A list that cannot be written
 * is in use all the same, and the failure is told. */

#include "cloud/revocation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/http.h"
#include "cloud/revocation_schedule.h"
#include "core/backoff.h"
#include "core/file.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE     "revocation"
#define FIRST_MS   10000   /* the widest first wait after a failure */
#define CEILING_MS 3600000 /* ... and of any */
#define TIMEOUT_MS 120000  /* for a list of a megabyte over a slow line */
#define CONNECT_MS 30000
#define STALL_MS   30000
#define TAG_BYTES  256

struct revocation {
    struct revocation_options options;
    struct http *http;        /* not NULL: asked */
    struct loop_timer *timer; /* not NULL: waiting */
    struct revocation_times times;
    struct backoff backoff;
    char etag[TAG_BYTES], last_modified[TAG_BYTES]; /* of the list in use */
    int64_t succeeded_s, failed_s;                  /* wall clock */
    const char *why;
    char detail[400];
};

static void sleep_on(struct revocation *r);

/* --- judging ------------------------------------------------------------- */

/* What is no list at all is not worth a parser's words. */
static bool looks_like_a_list(const char *bytes, size_t len)
{
    return (len > 0 && bytes[0] == 0x30) ||
        strstr(bytes, "-----BEGIN X509 CRL-----") != NULL;
}

static void note(struct revocation *r, const struct revocation_dates *dates)
{
    r->times.this_update_s = dates->this_update_s;
    r->times.next_update_s = dates->next_update_s;
}

static enum err use(struct revocation *r, const char *bytes, size_t len)
{
    struct revocation_dates dates = {0};
    enum err e = ERR_INVALID;

    if (looks_like_a_list(bytes, len))
        e = r->options.use(r->options.context, bytes, len, &dates);
    if (e == ERR_OK)
        note(r, &dates);
    return e;
}

static void use_what_is_on_disk(struct revocation *r)
{
    char *bytes = NULL;
    size_t len;
    enum err e =
        file_read(r->options.path, REVOCATION_LIST_BYTES, &bytes, &len);

    if (e == ERR_NOT_FOUND)
        return;
    if (e == ERR_OK)
        e = use(r, bytes, len);
    free(bytes);
    if (e != ERR_OK)
        log_warning(MODULE, "the list on disk is not used path=%s reason=%s",
            r->options.path, err_name(e));
}

/* --- telling ------------------------------------------------------------- */

static uint32_t draw(void)
{
    uint32_t random = UINT32_MAX / 2;

    if (port_random(&random, sizeof(random)) != ERR_OK)
        log_warning(MODULE, "no randomness: the wait is not spread");
    return random;
}

static void read_clocks(struct revocation_times *times)
{
    times->now_ms = port_monotonic_ms();
    times->now_wall_s = port_wall_ms() / 1000;
}

static void tried(struct revocation *r, bool good)
{
    struct revocation_times *times = &r->times;

    read_clocks(times);
    times->tried_ms = times->now_ms;
    times->has_failed = !good;
    times->random = draw();
    if (good) {
        times->succeeded_ms = times->now_ms;
        r->succeeded_s = times->now_wall_s;
    } else {
        r->failed_s = times->now_wall_s;
    }
    /* A server with nothing newer than a list that is nearly over is asked
     * less and less often, like one that fails. */
    if (good && !revocation_wants_news(times)) {
        backoff_reset(&r->backoff);
        times->back_off_ms = 0;
    } else {
        times->back_off_ms = backoff_next_ms(&r->backoff, times->random);
    }
}

__attribute__((format(printf, 3, 4))) static void failed(
    struct revocation *r, const char *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(r->detail, sizeof(r->detail), format, args);
    va_end(args);
    r->why = why;
    tried(r, false);
    log_warning(MODULE, "no fresh list why=%s detail=\"%s\" url=\"%s\"", why,
        r->detail, r->options.url);
}

/* --- the answer ---------------------------------------------------------- */

static void remember(char *tag, const char *value)
{
    (void)snprintf(tag, TAG_BYTES, "%s", value != NULL ? value : "");
}

static void take_list(struct revocation *r, const struct http_end *end)
{
    enum err e = use(r, end->body, end->len);

    if (e != ERR_OK) {
        failed(r, "list", "the answer (%zu bytes, %s) is refused: %s", end->len,
            end->content_type != NULL ? end->content_type : "of no type",
            looks_like_a_list(end->body, end->len)
                ? err_name(e)
                : "it is no revocation list");
        return;
    }
    /* Without tags the next answer brings the whole list again. */
    remember(r->etag, NULL);
    remember(r->last_modified, NULL);
    if (file_replace(r->options.path, end->body, end->len) != ERR_OK) {
        failed(r, "disk", "the list is used, but not kept: %s: %s",
            r->options.path, strerror(errno));
        return;
    }
    remember(r->etag, end->etag);
    remember(r->last_modified, end->last_modified);
    tried(r, true);
    log_info(
        MODULE, "a fresh list bytes=%zu url=\"%s\"", end->len, r->options.url);
}

static bool is_conditional(const struct revocation *r)
{
    return r->etag[0] != '\0' || r->last_modified[0] != '\0';
}

static void on_ended(void *context, const struct http_end *end)
{
    struct revocation *r = context;

    r->http = NULL;
    if (end->reason != HTTP_ANSWERED)
        failed(r, http_reason_name(end->reason), "%s", end->detail);
    else if (end->status == 200)
        take_list(r, end);
    else if (end->status == 304 && is_conditional(r))
        tried(r, true);
    else
        failed(r, "status", "the server answers with status %d", end->status);
    sleep_on(r);
}

/* --- asking -------------------------------------------------------------- */

static enum err ask(struct revocation *r)
{
    char same[TAG_BYTES + 20], since[TAG_BYTES + 20];
    const char *headers[3] = {NULL, NULL, NULL};
    const struct proxy *proxy = r->options.proxy;
    bool logs_in = proxy != NULL && proxy->user[0] != '\0';
    char door[PROXY_TEXT];
    const struct http_options options = {.url = r->options.url,
        .headers = headers,
        .proxy = proxy != NULL ? door : NULL,
        .proxy_user = logs_in ? proxy->user : NULL,
        .proxy_password = logs_in ? proxy->password : NULL,
        .trust = r->options.trust,
        .limit_bytes = REVOCATION_LIST_BYTES,
        .timeout_ms = TIMEOUT_MS,
        .connect_ms = CONNECT_MS,
        .stall_ms = STALL_MS,
        .redirects = HTTP_REDIRECTS};
    size_t n = 0;

    if (proxy != NULL)
        proxy_print(proxy, door);
    (void)snprintf(same, sizeof(same), "If-None-Match: %s", r->etag);
    (void)snprintf(
        since, sizeof(since), "If-Modified-Since: %s", r->last_modified);
    if (r->etag[0] != '\0')
        headers[n++] = same;
    if (r->last_modified[0] != '\0')
        headers[n] = since;
    return http_start(r->options.loop, &options,
        &(struct http_events){on_ended, r}, &r->http);
}

static void begin(struct revocation *r)
{
    enum err e = ask(r);

    if (e == ERR_OK)
        return;
    failed(r, http_reason_name(HTTP_LOCAL), "the question could not be put: %s",
        err_name(e));
    sleep_on(r);
}

static uint64_t wait_ms(const struct revocation *r)
{
    struct revocation_times times = r->times;
    int64_t due_ms;

    read_clocks(&times);
    due_ms = revocation_due_ms(&times);
    return due_ms > times.now_ms ? (uint64_t)(due_ms - times.now_ms) : 0;
}

static void on_time(void *context)
{
    struct revocation *r = context;

    r->timer = NULL;
    if (wait_ms(r) == 0)
        begin(r);
    else
        sleep_on(r);
}

/* Until it is time, but look at the clocks now and then. */
static void sleep_on(struct revocation *r)
{
    uint64_t wait = wait_ms(r);

    if (wait > REVOCATION_LOOK_MS)
        wait = REVOCATION_LOOK_MS;
    r->timer = loop_timer_start(r->options.loop, wait, on_time, r);
    if (r->timer == NULL)
        log_error(MODULE, "out of memory: the list is not kept fresh");
}

/* --- the public face ----------------------------------------------------- */

enum err revocation_start(
    const struct revocation_options *options, struct revocation **out)
{
    struct revocation *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->options = *options;
    r->times.interval_ms = options->interval_ms;
    r->backoff =
        (struct backoff){.first_ms = FIRST_MS, .ceiling_ms = CEILING_MS};
    r->why = "";
    r->timer = loop_timer_start(options->loop, 0, on_time, r);
    if (r->timer == NULL) {
        free(r);
        return ERR_NO_MEMORY;
    }
    if (options->known != NULL)
        note(r, options->known);
    else
        use_what_is_on_disk(r);
    *out = r;
    return ERR_OK;
}

void revocation_ask(struct revocation *r)
{
    if (r->http != NULL)
        return;
    loop_timer_cancel(r->timer);
    r->timer = NULL;
    begin(r);
}

void revocation_look(struct revocation *r)
{
    if (r->timer == NULL)
        return;
    loop_timer_cancel(r->timer);
    r->timer = NULL;
    sleep_on(r);
}

struct revocation_status revocation_status(const struct revocation *r)
{
    return (struct revocation_status){
        .dates = {r->times.this_update_s, r->times.next_update_s},
        .succeeded_s = r->succeeded_s,
        .failed_s = r->failed_s,
        .why = r->why,
        .detail = r->detail,
        .next_ms = r->http != NULL ? 0 : wait_ms(r),
    };
}

void revocation_free(struct revocation *r)
{
    if (r == NULL)
        return;
    http_cancel(r->http);
    loop_timer_cancel(r->timer);
    free(r);
}
