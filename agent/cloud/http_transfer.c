/* http_transfer.c - one request and its hops, on the thread of the request.
 *
 * libcurl keeps no time here and follows no redirect: all limits are counted
 * in one place, `wait_for_more`, and every hop gets a judgement of its own,
 * about its own host. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloud/http_inside.h"
#include "ports/port.h"

#define POLL_MS 60000 /* the longest sleep; libcurl takes an int */

static bool is_same_place(
    const struct http_place *a, const struct http_place *b)
{
    return a->is_https == b->is_https && strcmp(a->host, b->host) == 0 &&
        strcmp(a->port, b->port) == 0;
}

static bool set_text(CURL *easy, CURLoption option, const char *text)
{
    return curl_easy_setopt(easy, option, text) == CURLE_OK;
}

/* --- one hop ------------------------------------------------------------- */

struct watch {
    int64_t end_ms, connect_end_ms, heard_ms;
    uint64_t bytes;
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool is_connected(const struct http_transfer *t)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us) ==
        CURLE_OK &&
        us > 0;
}

/* ERR_AGAIN: a limit of time is over; ERR_DENIED: we are asked to stop. */
static enum err wait_for_more(struct http_transfer *t, struct watch *w)
{
    struct http_bytes bytes = http_transfer_bytes(t);
    struct curl_waitfd wake = {.fd = t->wake, .events = CURL_WAIT_POLLIN};
    int64_t now = port_monotonic_ms();
    int64_t end = w->end_ms;

    if (bytes.in + bytes.out != w->bytes) {
        w->bytes = bytes.in + bytes.out;
        w->heard_ms = now;
    }
    if (is_connected(t))
        end = earlier(end, w->heard_ms + t->stall_ms);
    else
        end = earlier(end, w->connect_end_ms);
    if (now >= end)
        return ERR_AGAIN;
    if (curl_multi_poll(t->multi, &wake, 1, (int)earlier(end - now, POLL_MS),
            NULL) != CURLM_OK)
        return ERR_NO_MEMORY;
    return wake.revents != 0 ? ERR_DENIED : ERR_OK;
}

/* What curl says about the end; ERR_NOT_FOUND: nothing yet. */
static enum err outcome(struct http_transfer *t, CURLcode *code)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(t->multi, &left);

    if (message == NULL || message->msg != CURLMSG_DONE)
        return ERR_NOT_FOUND;
    *code = message->data.result;
    return ERR_OK;
}

/* Errors as wait_for_more; ERR_OK: `code` says how it went. */
static enum err perform(struct http_transfer *t, int64_t end_ms, CURLcode *code)
{
    int64_t now = port_monotonic_ms();
    struct watch w = {.end_ms = end_ms,
        .connect_end_ms = now + t->connect_ms,
        .heard_ms = now};
    int running;

    t->end_ms = end_ms;
    t->connect_end_ms = earlier(end_ms, w.connect_end_ms);
    for (;;) {
        enum err e;

        if (curl_multi_perform(t->multi, &running) != CURLM_OK)
            return ERR_NO_MEMORY;
        if (outcome(t, code) == ERR_OK)
            return ERR_OK;
        e = wait_for_more(t, &w);
        if (e != ERR_OK)
            return e;
    }
}

static enum err begin_hop(struct http_transfer *t)
{
    t->check = (struct trust_check){.trust = t->trust, .host = t->place.host};
    t->ssl = NULL;
    t->tls_error = t->alert = 0;
    t->words[0] = '\0';
    http_answer_begin(&t->answer, t->limit_bytes);
    if (!set_text(t->easy, CURLOPT_URL, t->url) ||
        (!t->shows_credentials &&
            (!set_text(t->easy, CURLOPT_USERNAME, NULL) ||
                !set_text(t->easy, CURLOPT_PASSWORD, NULL))))
        return ERR_NO_MEMORY;
    return curl_multi_add_handle(t->multi, t->easy) == CURLM_OK ? ERR_OK
                                                                : ERR_NO_MEMORY;
}

/* --- the answer, or the next hop ----------------------------------------- */

static const char *header(const struct http_transfer *t, size_t index)
{
    const struct http_header *h = &t->answer.headers[index];

    return h->is_there ? h->value : NULL;
}

/* We never ask for a compressed answer, and unpack none. */
static bool is_encoded(const struct http_transfer *t)
{
    const char *encoding = header(t, HTTP_CONTENT_ENCODING);

    return encoding != NULL && strcasecmp(encoding, "identity") != 0;
}

static void tell_answer(struct http_transfer *t)
{
    long status = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_encoded(t)) {
        http_because(t, HTTP_BAD,
            "%s sends the answer encoded (%s), which was not asked for",
            t->place.host, header(t, HTTP_CONTENT_ENCODING));
        return;
    }
    t->end = (struct http_end){.reason = HTTP_ANSWERED,
        .detail = "",
        .status = (int)status,
        .etag = header(t, HTTP_ETAG),
        .last_modified = header(t, HTTP_LAST_MODIFIED),
        .retry_after = header(t, HTTP_RETRY_AFTER),
        .content_type = header(t, HTTP_CONTENT_TYPE),
        .body = t->answer.body != NULL ? t->answer.body : "",
        .len = t->answer.len};
}

/* Why we do not go to `url`; NULL: we do. */
static const char *fault_in(const struct http_transfer *t, const char *url,
    enum err parsed, const struct http_place *next)
{
    if (url == NULL || parsed != ERR_OK)
        return "neither http:// nor https://";
    if (t->place.is_https && !next->is_https)
        return "not https://";
    if (next->is_https && t->trust == NULL)
        return "https:// without anybody to trust";
    return NULL;
}

/* False: t->end says why not.  Neither our own password nor one that the server
 * made up is kept in the URL: libcurl puts the former there. */
static bool go_on_to(struct http_transfer *t, const char *location)
{
    struct http_place next = {0};
    char *url = http_without_user(location);
    enum err e = url != NULL ? http_place_of(url, &next) : ERR_INVALID;
    const char *fault = fault_in(t, url, e, &next);

    if (fault != NULL) {
        http_because(t, HTTP_BAD, "%s redirects to %.200s, which is %s",
            t->place.host, url != NULL ? url : "what is no URL", fault);
        free(url);
        return false;
    }
    free(t->url);
    t->url = url;
    t->shows_credentials =
        t->shows_credentials && is_same_place(&t->place, &next);
    t->place = next;
    return true;
}

/* Where the answer wants us to go; NULL: it is the last one. */
static const char *redirect_of(const struct http_transfer *t)
{
    char *url = NULL;

    if (curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url) != CURLE_OK)
        return NULL;
    return url;
}

/* True: another hop follows. */
static bool conclude(struct http_transfer *t, enum err e, CURLcode code)
{
    const char *next;

    if (e == ERR_AGAIN)
        http_explain_late(t);
    else if (e == ERR_NO_MEMORY)
        http_because(t, HTTP_LOCAL, "out of memory");
    else if (e == ERR_OK && code != CURLE_OK)
        http_explain(t, code);
    if (e != ERR_OK || code != CURLE_OK)
        return false;
    next = t->redirects > 0 ? redirect_of(t) : NULL;
    if (next == NULL) {
        tell_answer(t);
        return false;
    }
    t->redirects--;
    return go_on_to(t, next);
}

void http_transfer_run(struct http_transfer *t)
{
    int64_t end_ms = port_monotonic_ms() + t->timeout_ms;
    bool goes_on;

    do {
        CURLcode code = CURLE_OK;
        enum err e = begin_hop(t);

        if (e == ERR_OK)
            e = perform(t, end_ms, &code);
        goes_on = conclude(t, e, code);
        if (goes_on)
            (void)curl_multi_remove_handle(t->multi, t->easy);
    } while (goes_on);
    t->end.bytes = http_transfer_bytes(t);
}

void http_transfer_close(struct http_transfer *t)
{
    if (t->multi != NULL && t->easy != NULL)
        (void)curl_multi_remove_handle(t->multi, t->easy);
    curl_easy_cleanup(t->easy);
    if (t->multi != NULL)
        (void)curl_multi_cleanup(t->multi);
    curl_slist_free_all(t->headers);
    t->easy = NULL;
    t->multi = NULL;
    t->headers = NULL;
}

void http_transfer_forget(struct http_transfer *t)
{
    http_answer_free(&t->answer);
    free(t->url);
}
