/* http_options.c - what is asked for, checked and told to libcurl. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloud/http_inside.h"
#include "core/log.h"

/* libcurl gives half of its time to the first of several addresses; ours is
 * over a little earlier. */
#define BEHIND_OURS_MS 1000

static const struct {
    CURLoption option;
    long value;
} rules[] = {
    {CURLOPT_NOSIGNAL,                 1                            },
    {CURLOPT_FOLLOWLOCATION,           0                            },
    {CURLOPT_FORBID_REUSE,             1                            },
    {CURLOPT_HTTP_VERSION,             (long)CURL_HTTP_VERSION_1_1  },
    {CURLOPT_HTTP09_ALLOWED,           0                            },
    {CURLOPT_HTTPAUTH,                 (long)CURLAUTH_BASIC         },
    {CURLOPT_PROXYAUTH,                (long)CURLAUTH_BASIC         },
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1                            },
    {CURLOPT_SSL_VERIFYPEER,           1                            },
    {CURLOPT_SSL_VERIFYHOST,           2                            },
    {CURLOPT_SSL_SESSIONID_CACHE,      0                            },
    {CURLOPT_SSLVERSION,               (long)CURL_SSLVERSION_TLSv1_2},
};

static bool set_text(CURL *easy, CURLoption option, const char *text)
{
    return curl_easy_setopt(easy, option, text) == CURLE_OK;
}

/* --- the URL ------------------------------------------------------------- */

static bool part_of(CURLU *url, CURLUPart part, char *out, size_t size)
{
    char *text = NULL;
    bool fits =
        curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        strlen(text) < size;

    if (fits)
        (void)snprintf(out, size, "%s", text);
    curl_free(text);
    return fits;
}

/* "[::1]" is only how a URL writes it. */
static void unwrap(char *host)
{
    size_t len = strlen(host);

    if (len < 2 || host[0] != '[')
        return;
    memmove(host, host + 1, len - 2);
    host[len - 2] = '\0';
}

enum err http_place_of(const char *text, struct http_place *out)
{
    struct http_place place = {0};
    char scheme[8];
    CURLU *url = curl_url();
    enum err e = ERR_INVALID;

    if (url == NULL)
        return ERR_NO_MEMORY;
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) ==
            CURLUE_OK &&
        part_of(url, CURLUPART_SCHEME, scheme, sizeof(scheme)) &&
        part_of(url, CURLUPART_HOST, place.host, sizeof(place.host)) &&
        part_of(url, CURLUPART_PORT, place.port, sizeof(place.port)))
        e = ERR_OK;
    curl_url_cleanup(url);
    if (e != ERR_OK)
        return e;
    place.is_https = strcmp(scheme, "https") == 0;
    if (!place.is_https && strcmp(scheme, "http") != 0)
        return ERR_INVALID;
    unwrap(place.host);
    *out = place;
    return ERR_OK;
}

char *http_without_user(const char *text)
{
    CURLU *url = curl_url();
    char *bare = NULL, *copy = NULL;

    if (url != NULL &&
        curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ==
            CURLUE_OK &&
        curl_url_set(url, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &bare, 0) == CURLUE_OK)
        copy = strdup(bare);
    curl_free(bare);
    curl_url_cleanup(url);
    return copy;
}

/* --- options ------------------------------------------------------------- */

static const char *fault_in(
    const struct http_options *o, const struct http_place *place)
{
    if (place->is_https && o->trust == NULL)
        return "https:// without anybody to trust";
    if (!place->is_https && o->user != NULL)
        return "a password over http://, for all to read";
    if ((o->chain == NULL) != (o->key == NULL))
        return "a certificate without its key, or the other way round";
    if (o->proxy != NULL && strncmp(o->proxy, "http://", 7) != 0 &&
        strncmp(o->proxy, "socks5h://", 10) != 0)
        return "a proxy must be http:// or socks5h://";
    if (o->redirects > HTTP_REDIRECTS)
        return "too many redirects allowed";
    if (o->redirects > 0 && o->method != HTTP_GET)
        return "only a GET follows redirects";
    for (size_t i = 0; o->headers != NULL && o->headers[i] != NULL; i++)
        if (strpbrk(o->headers[i], "\r\n") != NULL)
            return "a header of two lines";
    return NULL;
}

static bool add_header(struct http_transfer *t, const char *header)
{
    struct curl_slist *longer = curl_slist_append(t->headers, header);

    if (longer != NULL)
        t->headers = longer;
    return longer != NULL;
}

/* libcurl would add its own "Expect" and call every body a form. */
static bool set_headers(struct http_transfer *t, const struct http_options *o)
{
    bool has_type = o->method == HTTP_GET;
    bool ok = add_header(t, "Expect:");

    for (size_t i = 0; o->headers != NULL && o->headers[i] != NULL; i++) {
        ok = ok && add_header(t, o->headers[i]);
        if (strncasecmp(o->headers[i], "content-type:", 13) == 0)
            has_type = true;
    }
    if (!has_type)
        ok = ok && add_header(t, "Content-Type: application/octet-stream");
    return ok &&
        curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

static bool set_method(CURL *easy, const struct http_options *o)
{
    if (o->method == HTTP_GET)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
            (curl_off_t)o->body_len) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
            o->body_len > 0 ? o->body : "") == CURLE_OK;
}

static bool set_callbacks(struct http_transfer *t)
{
    CURL *easy = t->easy;

    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
               http_answer_on_header) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, &t->answer) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_answer_on_body) ==
        CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t->answer) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->words) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
            (curl_off_t)t->limit_bytes) == CURLE_OK;
}

/* An empty proxy and an empty list of exceptions keep libcurl from asking the
 * environment. */
static bool set_options(struct http_transfer *t, const struct http_options *o)
{
    bool ok = true;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        ok = ok &&
            curl_easy_setopt(t->easy, rules[i].option, rules[i].value) ==
                CURLE_OK;
    return ok &&
        curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
            (long)t->connect_ms + BEHIND_OURS_MS) == CURLE_OK &&
        set_text(t->easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
        set_text(t->easy, CURLOPT_PROXY, o->proxy != NULL ? o->proxy : "") &&
        set_text(t->easy, CURLOPT_PROXYUSERNAME, o->proxy_user) &&
        set_text(t->easy, CURLOPT_PROXYPASSWORD, o->proxy_password) &&
        set_text(t->easy, CURLOPT_NOPROXY, "") &&
        set_text(t->easy, CURLOPT_USERAGENT, "nameplate/" NAMEPLATE_VERSION) &&
        set_text(t->easy, CURLOPT_USERNAME, o->user) &&
        set_text(t->easy, CURLOPT_PASSWORD, o->password) && set_headers(t, o) &&
        set_method(t->easy, o) && set_callbacks(t) &&
        http_tls_attach(t) == ERR_OK;
}

static void take_options(struct http_transfer *t, const struct http_options *o)
{
    t->trust = o->trust;
    t->chain = o->chain;
    t->key = o->key;
    t->limit_bytes = o->limit_bytes;
    t->timeout_ms = o->timeout_ms;
    t->connect_ms = o->connect_ms;
    t->stall_ms = o->stall_ms;
    t->redirects = o->redirects;
    t->has_proxy = o->proxy != NULL;
    t->shows_credentials = true;
}

enum err http_transfer_open(
    struct http_transfer *t, const struct http_options *options)
{
    const char *fault = "not an http:// or https:// URL";
    enum err e = http_place_of(options->url, &t->place);

    if (e == ERR_OK)
        fault = fault_in(options, &t->place);
    if (e == ERR_INVALID || (e == ERR_OK && fault != NULL)) {
        log_error(HTTP_MODULE, "not asked reason=\"%s\" url=\"%s\"", fault,
            options->url);
        return ERR_INVALID;
    }
    if (e != ERR_OK)
        return e;
    take_options(t, options);
    t->url = strdup(options->url);
    t->easy = curl_easy_init();
    t->multi = curl_multi_init();
    if (t->url == NULL || t->easy == NULL || t->multi == NULL ||
        !set_options(t, options))
        return ERR_NO_MEMORY;
    return ERR_OK;
}
