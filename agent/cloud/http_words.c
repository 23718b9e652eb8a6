/* http_words.c - what people read about a request's end: the layer that failed,
 * and what it said. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cloud/http_inside.h"
#include "cloud/link_words.h"

const char *http_reason_name(enum http_reason reason)
{
    switch (reason) {
    case HTTP_ANSWERED:
        return "answered";
    case HTTP_DNS:
        return "dns";
    case HTTP_TCP:
        return "tcp";
    case HTTP_PROXY:
        return "proxy";
    case HTTP_TLS:
        return "tls";
    case HTTP_CLOCK:
        return "clock";
    case HTTP_CERTIFICATE:
        return "certificate";
    case HTTP_REFUSED:
        return "refused";
    case HTTP_KEY:
        return "key";
    case HTTP_LOST:
        return "lost";
    case HTTP_TIMEOUT:
        return "timeout";
    case HTTP_TOO_BIG:
        return "too_big";
    case HTTP_BAD:
        return "http";
    case HTTP_LOCAL:
        return "local";
    }
    return "unknown";
}

void http_because(
    struct http_transfer *t, enum http_reason reason, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(t->detail, sizeof(t->detail), format, args);
    va_end(args);
    t->end = (struct http_end){.reason = reason, .detail = t->detail};
}

/* --- how far it came ----------------------------------------------------- */

static bool has_passed(const struct http_transfer *t, CURLINFO step)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(t->easy, step, &us) == CURLE_OK && us > 0;
}

/* libcurl tells of a connection only when all of its layers are there. */
void http_explain_late(struct http_transfer *t)
{
    bool is_in_handshake =
        t->ssl != NULL && !has_passed(t, CURLINFO_APPCONNECT_TIME_T);
    const char *host = t->place.host;

    if (!has_passed(t, CURLINFO_NAMELOOKUP_TIME_T))
        http_because(t, HTTP_DNS, "%s: no name server answered in time", host);
    else if (is_in_handshake)
        http_because(
            t, HTTP_TLS, "%s: the server stalls in the handshake", host);
    else if (!has_passed(t, CURLINFO_PRETRANSFER_TIME_T))
        http_because(t, t->has_proxy ? HTTP_PROXY : HTTP_TCP,
            "%s port %s: no answer in time%s", host, t->place.port,
            t->has_proxy ? " through the proxy" : "");
    else
        http_because(t, HTTP_TIMEOUT,
            "%s: the answer was not whole in time (%zu bytes came)", host,
            t->answer.len);
}

/* --- TLS ----------------------------------------------------------------- */

static void explain_alert(struct http_transfer *t)
{
    const char *words = link_alert_words(t->alert);

    http_because(t, words != NULL ? HTTP_REFUSED : HTTP_TLS,
        "%s refuses us: %s (TLS alert %d)", t->place.host,
        words != NULL ? words : "see the server's log", t->alert);
}

static void explain_tls(struct http_transfer *t)
{
    const struct trust_verdict *verdict = &t->check.verdict;
    bool has_key = t->key_why[0] == '\0' &&
        (t->chain == NULL || !t->shows_credentials ||
            !key_trouble(t->key, t->key_why));

    trust_explain(&t->check, t->tls_error);
    if (!has_key)
        http_because(t, HTTP_KEY, "%s", t->key_why);
    else if (verdict->reason != TRUST_OK)
        http_because(t,
            trust_blames_clock(verdict) ? HTTP_CLOCK : HTTP_CERTIFICATE,
            "%s: %s", trust_reason_name(verdict->reason), verdict->detail);
    else if (t->alert != 0)
        explain_alert(t);
    else
        http_because(t, HTTP_TLS, "%s: %s", t->place.host,
            t->words[0] != '\0' ? t->words
                                : "the server hung up during the handshake");
}

/* A connection that breaks may have said why before it did. */
static void explain_broken(struct http_transfer *t)
{
    long refusal = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &refusal);
    if (t->alert != 0)
        explain_alert(t);
    else if (refusal / 100 > 2)
        http_because(
            t, HTTP_PROXY, "the proxy answers with status %ld", refusal);
    else
        http_because(t, HTTP_LOST,
            "%s hung up before the answer was whole (%zu bytes came): %s",
            t->place.host, t->answer.len, t->words);
}

static void explain_unreachable(struct http_transfer *t)
{
    long why = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &why);
    http_because(t, t->has_proxy ? HTTP_PROXY : HTTP_TCP, "%s port %s: %s%s",
        t->place.host, t->place.port,
        why != 0 ? strerror((int)why) : "no connection",
        t->has_proxy ? " (at the proxy)" : "");
}

static void explain_stopped_by_us(struct http_transfer *t)
{
    if (t->answer.is_out_of_memory)
        http_because(t, HTTP_LOCAL, "out of memory");
    else
        http_because(t, HTTP_TOO_BIG,
            "the answer of %s is larger than the %zu bytes that are allowed",
            t->place.host, t->limit_bytes);
}

void http_explain(struct http_transfer *t, CURLcode code)
{
    switch ((int)code) { /* an enum of a hundred: most end in `default` */
    case CURLE_COULDNT_RESOLVE_HOST:
        http_because(t, HTTP_DNS, "%s: the name has no address", t->place.host);
        break;
    case CURLE_COULDNT_CONNECT:
        explain_unreachable(t);
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        http_because(t, HTTP_PROXY, "%s", t->words);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        http_explain_late(t);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        explain_tls(t);
        break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        explain_broken(t);
        break;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
        explain_stopped_by_us(t);
        break;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        http_because(t, HTTP_LOCAL, "%s", curl_easy_strerror(code));
        break;
    default: /* a status line, header or encoding that is none */
        http_because(t, HTTP_BAD, "%s: %s", t->place.host,
            t->words[0] != '\0' ? t->words : curl_easy_strerror(code));
        break;
    }
}
