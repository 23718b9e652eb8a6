/* http_tls.c - where libcurl's connections become ours.
 *
 * libcurl sets up mbedTLS, then calls on_tls last, before the handshake:
 * trust_apply replaces its anchors (none), its algorithms (RSA from 1024 bits,
 * SHA-1) and its callback, which would clear flags, and asks for REQUIRED
 * again.  libcurl names the server also when it is an address, which RFC 6066
 * section 3 forbids: trust_name_server takes that back.  If on_tls is never
 * called, libcurl has no anchor and believes nobody. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/http_inside.h"
#include "ports/port.h"

/* A server that hung up may have said why before it did: pretend that our bytes
 * still go, until reading has met that or the end. */
static int on_send(void *context, const unsigned char *bytes, size_t len)
{
    const struct http_ear *ear = context;
    int done = ear->send(ear->context, bytes, len);

    return done < 0 && done != MBEDTLS_ERR_SSL_WANT_WRITE ? (int)len : done;
}

/* mbedTLS reads on and on while all that comes is warnings and the like, and
 * returns to libcurl only when nothing comes: so time is looked at here too. */
static bool has_had_enough(const struct http_ear *ear)
{
    const struct http_transfer *t = ear->transfer;
    bool is_up = mbedtls_ssl_is_handshake_over(ear->ssl);

    return atomic_load(&t->must_end) ||
        port_monotonic_ms() > (is_up ? t->end_ms : t->connect_end_ms);
}

static int on_receive(void *context, unsigned char *bytes, size_t len)
{
    const struct http_ear *ear = context;
    int got = ear->receive(ear->context, bytes, len);

    /* Who is silent is told from who talks without end. */
    return got > 0 && has_had_enough(ear) ? MBEDTLS_ERR_SSL_TIMEOUT : got;
}

static void listen_to_last_words(struct http_transfer *t)
{
    struct http_ear *ear = &t->ears[t->ears_used];

    if (t->ears_used == sizeof(t->ears) / sizeof(t->ears[0]))
        return; /* libcurl made more connections than hops: do without */
    t->ears_used++;
    *ear = (struct http_ear){t, t->ssl, t->ssl->MBEDTLS_PRIVATE(f_send),
        t->ssl->MBEDTLS_PRIVATE(f_recv), t->ssl->MBEDTLS_PRIVATE(p_bio)};
    mbedtls_ssl_set_bio(t->ssl, ear, on_send, on_receive, NULL);
}

static CURLcode on_tls(CURL *easy, void *config, void *context)
{
    struct http_transfer *t = context;
    struct curl_tlssessioninfo *tls = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK ||
        tls->backend != CURLSSLBACKEND_MBEDTLS || tls->internals == NULL)
        return CURLE_SSL_CONNECT_ERROR;
    t->ssl = tls->internals;
    listen_to_last_words(t);
    trust_apply(&t->check, config);
    if (trust_name_server(&t->check, t->ssl) != ERR_OK)
        return CURLE_OUT_OF_MEMORY;
    if (!t->shows_credentials || t->chain == NULL)
        return CURLE_OK;
    if (key_ready(t->key, t->chain, t->key_why) != ERR_OK)
        return CURLE_SSL_CONNECT_ERROR;
    t->key_why[0] = '\0';
    return mbedtls_ssl_conf_own_cert(config, t->chain, key_signer(t->key)) == 0
        ? CURLE_OK
        : CURLE_OUT_OF_MEMORY;
}

/* The code in "SENTENCE: (-0x7780) words", 0 when it is another sentence. */
static int error_in(const char *line, const char *sentence)
{
    size_t len = strlen(sentence);

    if (strncmp(line, sentence, len) != 0)
        return 0;
    return (int)-strtol(line + len, NULL, 16);
}

/* libcurl keeps mbedTLS's error to itself but for these two sentences; the
 * connection is still there while it says them. */
static int on_words(
    CURL *easy, curl_infotype type, char *text, size_t len, void *context)
{
    struct http_transfer *t = context;
    char line[200];

    (void)easy;
    if (type != CURLINFO_TEXT || t->tls_error != 0 || t->ssl == NULL)
        return 0;
    (void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
    t->tls_error = error_in(line, "ssl_handshake returned: (-0x");
    if (t->tls_error == 0)
        t->tls_error = error_in(line, "ssl_read returned: (-0x");
    if (t->tls_error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        t->alert = t->ssl->MBEDTLS_PRIVATE(in_msg)[1];
    return 0;
}

/* --- counting ------------------------------------------------------------ */

static curl_socket_t on_open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *t = context;
    int fd = socket(
        address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    for (size_t i = 0; i < HTTP_SOCKETS && fd >= 0; i++)
        if (t->sockets[i] < 0) {
            t->sockets[i] = fd;
            break;
        }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void add_bytes(struct http_bytes *sum, int fd)
{
    uint64_t in = 0, out = 0;

    port_tcp_bytes(fd, &in, &out);
    sum->in += in;
    sum->out += out;
}

static int on_close_socket(void *context, curl_socket_t fd)
{
    struct http_transfer *t = context;

    for (size_t i = 0; i < HTTP_SOCKETS; i++)
        if (t->sockets[i] == fd) {
            add_bytes(&t->closed, fd);
            t->sockets[i] = -1;
        }
    return close(fd);
}

struct http_bytes http_transfer_bytes(const struct http_transfer *t)
{
    struct http_bytes sum = t->closed;

    for (size_t i = 0; i < HTTP_SOCKETS; i++)
        if (t->sockets[i] >= 0)
            add_bytes(&sum, t->sockets[i]);
    return sum;
}

enum err http_tls_attach(struct http_transfer *t)
{
    CURL *easy = t->easy;

    for (size_t i = 0; i < HTTP_SOCKETS; i++)
        t->sockets[i] = -1;
    if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_words) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, t) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, t) == CURLE_OK)
        return ERR_OK;
    return ERR_UNSUPPORTED; /* not the libcurl that we build */
}
