/* hook_letter.c - a letter never goes through a proxy, never follows a
 * redirect, and looks at the address itself before it connects: a name may
 * lead anywhere, and another time elsewhere. */

#include "cloudd/hook_letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cloudd/fields.h"
#include "cloudd/public_address.h"
#include "cloudd/secret.h"

#define TIMEOUT_MS 10000L

/* {"alerts":[alert]} as text; takes `alert`. */
static char *print_body(struct json *alert)
{
    struct json *list = json_new_array(), *o = json_new_object();
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
    return text;
}

struct letter *letter_new(const struct hook_receiver *to, struct json *alert)
{
    char *body = print_body(alert);
    struct letter *l = body != NULL ? calloc(1, sizeof(*l)) : NULL;

    if (l == NULL) {
        free(body);
        return NULL;
    }
    l->body = body;
    l->to = strdup(to->to);
    l->url = strdup(to->url);
    l->secret = strdup(to->secret);
    l->private_too = to->private_too;
    if (l->to != NULL && l->url != NULL && l->secret != NULL)
        return l;
    letter_free(l);
    return NULL;
}

void letter_free(struct letter *l)
{
    if (l == NULL)
        return;
    free(l->to);
    free(l->url);
    free(l->secret);
    free(l->body);
    free(l);
}

/* --- the transfer --------------------------------------------------------- */

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static curl_socket_t open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct letter *l = context;

    (void)purpose;
    if (l->private_too || public_address(&address->addr))
        return socket(address->family, address->socktype | SOCK_CLOEXEC,
            address->protocol);
    l->kept_off = true;
    return CURL_SOCKET_BAD;
}

static struct curl_slist *make_headers(const struct letter *l)
{
    char mac[SECRET_SIZE], line[SECRET_SIZE + 40];
    struct curl_slist *list, *longer;

    if (secret_hmac(l->secret, l->body, mac) != ERR_OK)
        return NULL;
    (void)snprintf(line, sizeof(line), "X-Nameplate-Signature: sha256=%s", mac);
    list = curl_slist_append(NULL, "Content-Type: application/json");
    longer = list != NULL ? curl_slist_append(list, line) : NULL;
    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

static bool set_up(struct letter *l, const char *trust)
{
    CURL *c = l->transfer;

    return curl_easy_setopt(c, CURLOPT_URL, l->url) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_CAINFO, trust) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) ==
        CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, l) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_PRIVATE, l) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, l->headers) == CURLE_OK &&
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, l->body) == CURLE_OK;
}

static void drop_transfer(struct letter *l)
{
    curl_easy_cleanup(l->transfer);
    curl_slist_free_all(l->headers);
    l->transfer = NULL;
    l->headers = NULL;
}

enum err letter_start(struct letter *l, const char *trust)
{
    l->tries++;
    l->kept_off = false;
    l->transfer = curl_easy_init();
    l->headers = make_headers(l);
    if (l->transfer != NULL && l->headers != NULL && set_up(l, trust))
        return ERR_OK;
    drop_transfer(l);
    return ERR_NO_MEMORY;
}

static const char *words_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "its name is not found";
    case CURLE_COULDNT_CONNECT:
        return "nothing answers at its address";
    case CURLE_OPERATION_TIMEDOUT:
        return "it did not answer within 10 s";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate is not of a CA that is trusted here, or is for "
               "another name";
    case CURLE_SSL_CACERT_BADFILE:
        return "the list of CAs that are trusted here cannot be read; tell who "
               "runs this cloud";
    case CURLE_SSL_CONNECT_ERROR:
        return "it does not speak TLS there";
    default:
        return curl_easy_strerror(code);
    }
}

const char *letter_end(struct letter *l, CURLcode code, char words[160])
{
    long status = 0;

    (void)curl_easy_getinfo(l->transfer, CURLINFO_RESPONSE_CODE, &status);
    drop_transfer(l);
    if (code == CURLE_OK && status >= 200 && status < 300)
        return NULL;
    if (code == CURLE_OK)
        (void)snprintf(words, 160, "it answered with the status %ld", status);
    else
        (void)snprintf(words, 160, "%s",
            code == CURLE_COULDNT_CONNECT && l->kept_off
                ? "its address is in a private network, which who runs this "
                  "cloud has not allowed"
                : words_of(code));
    return words;
}

/* --- the address ---------------------------------------------------------- */

/* The part, or NULL; the caller frees it with curl_free. */
static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_this_machine(const char *host)
{
    return host != NULL &&
        (strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
            strcmp(host, "[::1]") == 0);
}

static const char *parts_fault(CURLU *url, bool private_too)
{
    char *scheme = part_of(url, CURLUPART_SCHEME);
    char *host = part_of(url, CURLUPART_HOST);
    char *user = part_of(url, CURLUPART_USER);
    char *password = part_of(url, CURLUPART_PASSWORD);
    const char *fault = NULL;

    if (scheme == NULL || host == NULL)
        fault = "Expected an address like https://example.org/hook.";
    else if (user != NULL || password != NULL)
        fault = "Expected an address without a name or password in it: the "
                "signature says who sends.";
    else if (strcmp(scheme, "https") != 0 &&
        !(private_too && strcmp(scheme, "http") == 0 && is_this_machine(host)))
        fault = "Expected an address that begins with https://.";
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
    return fault;
}

const char *hook_fault(const char *text, bool private_too)
{
    CURLU *url;
    const char *fault;

    if (strlen(text) > HOOK_URL)
        return "Expected an address of at most 500 characters.";
    url = curl_url();
    if (url == NULL)
        return "The server is out of memory. Try again.";
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) !=
        CURLUE_OK)
        fault = "Expected an address like https://example.org/hook.";
    else
        fault = parts_fault(url, private_too);
    curl_url_cleanup(url);
    return fault;
}
