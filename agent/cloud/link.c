/* link.c - a link's life: dial, shake hands, verify, pump, end.
 *
 * Two owners: the loop's side and the link's thread.  The thread works on its
 * own copy of nothing but pointers that outlive it, and ends by posting
 * `finish`, which joins it and frees the link.  `stopped` belongs to the loop
 * alone; it is what makes link_stop silent. */

#include "cloud/link.h"

#include <errno.h>
#include <mbedtls/psa_util.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/dial.h"
#include "cloud/link_guard.h"
#include "cloud/link_pump.h"
#include "cloud/link_words.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE          "link"
#define HANDSHAKE_BYTES (512 * 1024) /* twice the longest chain we look at */

struct link {
    struct loop *loop;
    struct link_options options;
    struct link_events events;
    const char *alpn[2];
    pthread_t thread;
    int listener; /* -1 once Paho is in */
    int plain;    /* Paho's end, -1 before */
    int socket;   /* the peer's end, -1 before */
    int stop;     /* an eventfd */
    bool stopped; /* on the loop: say nothing more */
    bool up;
    bool deaf;     /* the peer hung up on what we sent */
    uint16_t port; /* of the listener */
    int64_t deadline_ms;
    struct trust_check check;
    enum link_reason reason;
    char detail[400];
    _Atomic uint64_t bytes_in, bytes_out;
    atomic_bool must_end; /* `stop`, for a thread deep in mbedTLS */
};

static atomic_uint threads;

__attribute__((format(printf, 3, 4))) static void because(
    struct link *link, enum link_reason reason, const char *format, ...)
{
    va_list args;

    link->reason = reason;
    va_start(args, format);
    (void)vsnprintf(link->detail, sizeof(link->detail), format, args);
    va_end(args);
}

/* --- waiting ------------------------------------------------------------- */

static void welcome_paho(struct link *link)
{
    if (link_guard_accept(link->listener, &link->plain) != ERR_OK)
        return;
    (void)close(link->listener);
    link->listener = -1;
}

/* Wait until `fd` is ready, and let Paho in meanwhile; with fd -1, only that.
 * ERR_AGAIN: the time is over; ERR_DENIED: we are asked to stop. */
static enum err wait_for(void *context, int fd, short events)
{
    struct link *link = context;

    for (;;) {
        int64_t left = link->deadline_ms - port_monotonic_ms();
        struct pollfd fds[3] = {
            {.fd = link->stop,     .events = POLLIN},
            {.fd = link->listener, .events = POLLIN},
            {.fd = fd,             .events = events},
        };

        if (left <= 0)
            return ERR_AGAIN;
        if (poll(fds, 3, (int)left) < 0 && errno != EINTR)
            return ERR_IO;
        if (fds[0].revents != 0)
            return ERR_DENIED;
        if (fds[1].revents != 0)
            welcome_paho(link);
        if (fd >= 0 ? fds[2].revents != 0 : link->plain >= 0)
            return ERR_OK;
    }
}

static enum err reach_server(struct link *link)
{
    const struct dial dial = {.host = link->options.host,
        .port = link->options.port,
        .wait = wait_for,
        .context = link,
        .why = link->detail,
        .why_size = sizeof(link->detail)};
    enum err e = dial_host(&dial, &link->socket);

    if (e == ERR_NOT_FOUND)
        link->reason = LINK_DNS;
    else if (e == ERR_AGAIN)
        link->reason = LINK_TCP;
    else if (e == ERR_IO)
        link->reason = LINK_LOCAL;
    return e;
}

/* --- TLS ----------------------------------------------------------------- */

static int send_bytes(void *context, const unsigned char *bytes, size_t len)
{
    struct link *link = context;
    ssize_t done = send(link->socket, bytes, len, MSG_NOSIGNAL);

    if (done >= 0) {
        atomic_fetch_add(&link->bytes_out, (uint64_t)done);
        return (int)done;
    }
    if (errno == EAGAIN || errno == EINTR)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    /* It may have said why before it hung up: pretend, until reading has met
     * that or the end. */
    link->deaf = true;
    return (int)len;
}

/* mbedTLS reads on and on while all that comes is warnings and the like, and
 * returns to us only when nothing comes: so time, too, is looked at here. */
static bool has_had_enough(const struct link *link)
{
    return atomic_load(&link->must_end) ||
        (!link->up &&
            (atomic_load(&link->bytes_in) > HANDSHAKE_BYTES ||
                port_monotonic_ms() > link->deadline_ms));
}

static int receive_bytes(void *context, unsigned char *bytes, size_t len)
{
    struct link *link = context;
    ssize_t got;

    if (has_had_enough(link))
        return MBEDTLS_ERR_SSL_TIMEOUT;
    got = recv(link->socket, bytes, len, 0);
    if (got > 0) {
        atomic_fetch_add(&link->bytes_in, (uint64_t)got);
        return (int)got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return MBEDTLS_ERR_SSL_WANT_READ;
    return MBEDTLS_ERR_SSL_CONN_EOF;
}

static void explain_tls(
    struct link *link, const mbedtls_ssl_context *ssl, int code)
{
    char why[KEY_WHY];
    const struct trust_verdict *v = &link->check.verdict;

    trust_explain(&link->check, code);
    if (v->reason != TRUST_OK) {
        because(link, trust_blames_clock(v) ? LINK_CLOCK : LINK_CERTIFICATE,
            "%s: %s", trust_reason_name(v->reason), v->detail);
    } else if (key_trouble(link->options.key, why)) {
        because(link, LINK_KEY, "%s", why);
    } else if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        int alert = ssl->MBEDTLS_PRIVATE(in_msg)[1];
        const char *words = link_alert_words(alert);

        because(link, words != NULL ? LINK_REFUSED : LINK_TLS,
            "the server refuses us: %s (TLS alert %d)",
            words != NULL ? words : "see its log", alert);
    } else if (code == MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL) {
        because(link, LINK_TLS, "the server does not speak ALPN \"%s\"",
            link->options.alpn);
    } else if (code == MBEDTLS_ERR_SSL_TIMEOUT) {
        because(link, LINK_TLS,
            "the server talks without end and does not finish the handshake");
    } else if (code == MBEDTLS_ERR_SSL_CONN_EOF ||
        code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || code == 0) {
        because(link, link->up ? LINK_LOST : LINK_TLS,
            link->up ? "the connection broke"
                     : "the server hung up during the handshake");
    } else {
        because(link, LINK_TLS, "TLS error -0x%04x", (unsigned)-code);
    }
}

static enum err shake_hands(struct link *link, mbedtls_ssl_context *ssl)
{
    unsigned char nothing;

    for (;;) {
        int code = mbedtls_ssl_handshake(ssl);
        enum err e;

        if (code == 0 && link->deaf)
            code = mbedtls_ssl_read(ssl, &nothing, 1);
        else if (code == 0)
            return ERR_OK;
        if (code != MBEDTLS_ERR_SSL_WANT_READ &&
            code != MBEDTLS_ERR_SSL_WANT_WRITE) {
            explain_tls(link, ssl, code);
            return ERR_DENIED;
        }
        e = wait_for(link, link->socket,
            code == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT);
        if (e == ERR_AGAIN)
            because(link, LINK_TLS, "the server stalls in the handshake");
        if (e != ERR_OK)
            return e;
    }
}

static enum err configure(
    struct link *link, mbedtls_ssl_config *config, mbedtls_ssl_context *ssl)
{
    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT,
            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_own_cert(
            config, link->options.chain, key_signer(link->options.key)) != 0)
        return ERR_NO_MEMORY;
    mbedtls_ssl_conf_rng(
        config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    trust_apply(&link->check, config);
    link->alpn[0] = link->options.alpn;
    if (link->alpn[0] != NULL &&
        mbedtls_ssl_conf_alpn_protocols(config, link->alpn) != 0)
        return ERR_INVALID;
    if (mbedtls_ssl_setup(ssl, config) != 0)
        return ERR_NO_MEMORY;
    mbedtls_ssl_set_bio(ssl, link, send_bytes, receive_bytes, NULL);
    return trust_name_server(&link->check, ssl);
}

/* RFC 7301 section 3.2 lets a server ignore ALPN; then it is not ours. */
static enum err check_alpn(struct link *link, const mbedtls_ssl_context *ssl)
{
    if (link->options.alpn == NULL || mbedtls_ssl_get_alpn_protocol(ssl))
        return ERR_OK;
    because(link, LINK_TLS, "the server does not speak ALPN \"%s\"",
        link->options.alpn);
    return ERR_DENIED;
}

static void post_up(void *context)
{
    struct link *link = context;

    if (!link->stopped)
        link->events.up(link->events.context);
}

static void explain_end(struct link *link, const mbedtls_ssl_context *ssl,
    enum link_pump_end end, int code)
{
    switch (end) {
    case LINK_PUMP_PLAIN_CLOSED:
    case LINK_PUMP_STOPPED:
        because(link, LINK_CLOSED, "closed by us");
        break;
    case LINK_PUMP_TLS_CLOSED:
        because(link, LINK_LOST, "the server closed the connection");
        break;
    case LINK_PUMP_TLS_CUT:
        because(link, LINK_LOST, "the connection was cut (no close_notify)");
        break;
    case LINK_PUMP_TLS_ERROR:
        explain_tls(link, ssl, code);
        break;
    }
}

static void carry(struct link *link, mbedtls_ssl_context *ssl)
{
    struct link_pump pump = {.ssl = ssl,
        .tls = link->socket,
        .plain = link->plain,
        .stop = link->stop};
    enum link_pump_end end;

    link->up = true;
    if (link->check.verdict.clock_is_late)
        log_warning(MODULE,
            "this device's clock is before the floor: dates are judged at the "
            "floor until it is set");
    log_info(MODULE, "up host=%s port=%u tls=%s suite=%s", link->options.host,
        link->options.port, mbedtls_ssl_get_version(ssl),
        mbedtls_ssl_get_ciphersuite(ssl));
    if (loop_post(link->loop, post_up, link) != ERR_OK) {
        because(link, LINK_LOCAL, "out of memory");
        return;
    }
    end = link_pump_run(&pump);
    explain_end(link, ssl, end, pump.code);
    if (end != LINK_PUMP_TLS_ERROR && end != LINK_PUMP_TLS_CUT)
        (void)mbedtls_ssl_close_notify(ssl);
}

static void secure_and_carry(struct link *link)
{
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    enum err e;

    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&ssl);
    e = configure(link, &config, &ssl);
    if (e != ERR_OK) {
        because(link, LINK_LOCAL, "TLS could not be set up: %s", err_name(e));
        goto free_ssl;
    }
    e = shake_hands(link, &ssl);
    if (e == ERR_OK)
        e = check_alpn(link, &ssl);
    if (e == ERR_OK && link->plain < 0) {
        e = wait_for(link, -1, 0);
        if (e != ERR_OK && e != ERR_DENIED)
            because(link, LINK_LOCAL, "Paho did not connect to its door");
    }
    if (e == ERR_OK)
        carry(link, &ssl);

free_ssl:
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
}

/* --- life ---------------------------------------------------------------- */

static void close_all(struct link *link)
{
    const int fds[] = {link->listener, link->plain, link->socket, link->stop};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

/* On the loop: the thread has said its last word. */
static void finish(void *context)
{
    struct link *link = context;
    const struct link_end end = {link->reason, link->detail};

    (void)pthread_join(link->thread, NULL);
    atomic_fetch_sub(&threads, 1);
    close_all(link);
    if (!link->stopped)
        link->events.down(link->events.context, &end);
    free(link);
}

/* Before anybody is called: without its key a device has nothing to say. */
static bool has_key(struct link *link)
{
    char why[KEY_WHY];

    if (key_ready(link->options.key, link->options.chain, why) == ERR_OK)
        return true;
    because(link, LINK_KEY, "%s", why);
    return false;
}

static void *run(void *context)
{
    struct link *link = context;

    port_name_thread("nameplate_link");
    link->deadline_ms = port_monotonic_ms() + link->options.timeout_ms;
    because(link, LINK_CLOSED, "closed by us");
    if (has_key(link) && reach_server(link) == ERR_OK)
        secure_and_carry(link);
    /* Paho learns of the end at once; the descriptors stay ours until the
     * loop has joined this thread. */
    if (link->plain >= 0)
        (void)shutdown(link->plain, SHUT_RDWR);
    if (loop_post(link->loop, finish, link) != ERR_OK)
        log_error(MODULE, "out of memory: a link is never freed");
    return NULL;
}

enum err link_start(struct loop *loop, const struct link_options *options,
    const struct link_events *events, struct link **out)
{
    struct link *link = calloc(1, sizeof(*link));
    enum err e;

    if (link == NULL)
        return ERR_NO_MEMORY;
    link->loop = loop;
    link->options = *options;
    link->events = *events;
    link->listener = link->plain = link->socket = -1;
    link->check =
        (struct trust_check){.trust = options->trust, .host = options->host};
    link->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->stop < 0) {
        log_error(MODULE, "no descriptor reason=\"%s\"", strerror(errno));
        e = ERR_IO;
        goto close_all;
    }
    e = link_guard_listen(&link->listener, &link->port);
    if (e != ERR_OK)
        goto close_all;
    atomic_fetch_add(&threads, 1);
    if (pthread_create(&link->thread, NULL, run, link) != 0) {
        log_error(MODULE, "no thread");
        e = ERR_IO;
        goto uncount;
    }
    *out = link;
    return ERR_OK;

uncount:
    atomic_fetch_sub(&threads, 1);
close_all:
    close_all(link);
    free(link);
    return e;
}

uint16_t link_port(const struct link *link)
{
    return link->port;
}

struct link_bytes link_bytes(const struct link *link)
{
    return (struct link_bytes){
        atomic_load(&link->bytes_in), atomic_load(&link->bytes_out)};
}

void link_stop(struct link *link)
{
    const uint64_t one = 1;

    if (link == NULL)
        return;
    link->stopped = true;
    atomic_store(&link->must_end, true);
    if (write(link->stop, &one, sizeof(one)) < 0)
        log_error(MODULE, "cannot stop reason=\"%s\"", strerror(errno));
}

unsigned link_threads(void)
{
    return atomic_load(&threads);
}
