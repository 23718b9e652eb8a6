/* link_tls.c - the handshake, and why it failed. */

#include <mbedtls/psa_util.h>

#include "cloud/link_inside.h"
#include "cloud/link_pump.h"
#include "cloud/link_vigil.h"
#include "cloud/link_websocket.h"
#include "cloud/link_words.h"
#include "core/log.h"
#include "ports/port.h"

/* What mbedTLS offers by itself, but for RSA-PSS.  It offers that for TLS 1.3
 * and refuses it in TLS 1.2, against RFC 8446 section 4.2.3, so a server with
 * an RSA key and TLS 1.2 alone, which takes what it likes best, could not be
 * reached. */
static const uint16_t signatures_without_pss[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256, MBEDTLS_TLS1_3_SIG_NONE};

static void explain_tls(
    struct link *link, const mbedtls_ssl_context *ssl, int code)
{
    char why[KEY_WHY];
    const struct trust_verdict *v = &link->check.verdict;

    trust_explain(&link->check, code);
    if (v->reason != TRUST_OK) {
        link_because(link,
            trust_blames_clock(v) ? LINK_CLOCK : LINK_CERTIFICATE, "%s: %s",
            trust_reason_name(v->reason), v->detail);
    } else if (key_trouble(link->options.key, why)) {
        link_because(link, LINK_KEY, "%s", why);
    } else if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        int alert = ssl->MBEDTLS_PRIVATE(in_msg)[1];
        const char *words = link_alert_words(alert);

        link_because(link, words != NULL ? LINK_REFUSED : LINK_TLS,
            "the server refuses us: %s (TLS alert %d)",
            words != NULL ? words : "see its log", alert);
    } else if (code == MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL) {
        link_because(link, LINK_TLS, "the server does not speak ALPN \"%s\"",
            link->alpn[0]);
    } else if (code == MBEDTLS_ERR_SSL_TIMEOUT) {
        link_because(link, LINK_TLS,
            "the server talks without end and does not finish the handshake");
    } else if (code == MBEDTLS_ERR_SSL_CONN_EOF ||
        code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || code == 0) {
        link_because(link, link->up ? LINK_LOST : LINK_TLS,
            link->up ? "the connection broke"
                     : "the server hung up during the handshake");
    } else {
        link_because(link, LINK_TLS, "TLS error -0x%04x", (unsigned)-code);
    }
}

/* Is it the signature that mbedTLS cannot read (see above)?  The server has
 * shown a certificate that we believe, and nothing of ours was sent. */
static bool is_pss_to_blame(
    const struct link *link, const mbedtls_ssl_context *ssl, int code)
{
    return code == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER && !link->without_pss &&
        link->check.is_judged && link->check.verdict.reason == TRUST_OK &&
        mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
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
            return is_pss_to_blame(link, ssl, code) ? ERR_CONFLICT : ERR_DENIED;
        }
        e = link_wait_for_socket(
            link, code == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT);
        if (e == ERR_AGAIN)
            link_because(link, LINK_TLS, "the server stalls in the handshake");
        if (e != ERR_OK)
            return e;
    }
}

static enum err configure(struct link *link, struct link_tls *tls)
{
    mbedtls_ssl_config *config = &tls->config;
    mbedtls_ssl_context *ssl = &tls->ssl;

    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT,
            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_own_cert(
            config, link->options.chain, key_signer(link->options.key)) != 0)
        return ERR_NO_MEMORY;
    mbedtls_ssl_conf_rng(
        config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    if (link->without_pss)
        mbedtls_ssl_conf_sig_algs(config, signatures_without_pss);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(config,
        link->resumes ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
                      : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
    mbedtls_ssl_conf_session_tickets(config,
        link->resumes ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                      : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    trust_apply(&link->check, config);
    if (link->alpn[0] != NULL &&
        mbedtls_ssl_conf_alpn_protocols(config, link->alpn) != 0)
        return ERR_INVALID;
    if (mbedtls_ssl_setup(ssl, config) != 0)
        return ERR_NO_MEMORY;
    link_bio_join(link, ssl);
    return trust_name_server(&link->check, ssl);
}

/* Nobody is believed who neither proved itself now nor was offered a session
 * that it had proved itself for. */
static enum err check_proof(struct link *link, const struct link_tls *tls)
{
    if (link->check.is_judged || tls->is_offered)
        return ERR_OK;
    link_because(link, LINK_CERTIFICATE, "the server has shown no certificate");
    return ERR_DENIED;
}

/* RFC 7301 section 3.2 lets a server ignore ALPN; then it is not ours. */
static enum err check_alpn(struct link *link, const mbedtls_ssl_context *ssl)
{
    if (link->alpn[0] == NULL || mbedtls_ssl_get_alpn_protocol(ssl))
        return ERR_OK;
    link_because(
        link, LINK_TLS, "the server does not speak ALPN \"%s\"", link->alpn[0]);
    return ERR_DENIED;
}

static int read_tls(void *context, unsigned char *bytes, size_t len)
{
    struct link_tls *tls = context;

    return link_bio_read(tls->link, &tls->ssl, bytes, len);
}

static int write_tls(void *context, const unsigned char *bytes, size_t len)
{
    struct link_tls *tls = context;

    return mbedtls_ssl_write(&tls->ssl, bytes, len);
}

static bool is_never_blocked(void *context)
{
    (void)context;
    return false;
}

static void explain_end(struct link *link, const struct link_tls *tls,
    enum link_pump_end end, int code)
{
    const char *fault =
        tls->websocket != NULL ? link_websocket_fault(tls->websocket) : NULL;
    char room[LINK_VIGIL_WORDS];
    const char *words = link_vigil_words(link, room);

    switch (end) {
    case LINK_PUMP_PLAIN_CLOSED:
    case LINK_PUMP_STOPPED:
        link_because(link, LINK_CLOSED, "closed by us");
        break;
    case LINK_PUMP_TLS_CLOSED:
        link_because(link, LINK_LOST, "the server closed the connection");
        break;
    case LINK_PUMP_TLS_CUT:
    case LINK_PUMP_DEAD:
        link_because(link, LINK_LOST, "%s",
            words != NULL ? words : "the connection was cut (no close_notify)");
        break;
    case LINK_PUMP_TLS_ERROR:
        if (fault != NULL)
            link_because(
                link, LINK_LOST, "the server broke WebSocket: %s", fault);
        else
            explain_tls(link, &tls->ssl, code);
        break;
    }
}

static void say_goodbye(struct link_tls *tls, enum link_pump_end end)
{
    if (end == LINK_PUMP_TLS_CUT || end == LINK_PUMP_DEAD ||
        (end == LINK_PUMP_TLS_ERROR && tls->websocket == NULL))
        return;
    if (tls->websocket != NULL)
        link_websocket_close(tls->websocket);
    (void)mbedtls_ssl_close_notify(&tls->ssl);
}

static void carry(struct link *link, struct link_tls *tls)
{
    struct link_pump pump = {
        .stream = {read_tls, write_tls, is_never_blocked, tls},
        .on_quiet = link->resumes ? link_resume_keep : NULL,
        .context = tls,
        .tls = link->socket,
        .plain = link->plain,
        .stop = link->stop,
        .greeting = &link->greeting
    };
    enum link_pump_end end;

    link_vigil_join(link, &pump);
    if (tls->websocket != NULL)
        pump.stream = link_websocket_stream(tls->websocket);
    link->up = true;
    if (link->check.verdict.clock_is_late)
        log_warning(LINK_MODULE,
            "this device's clock is before the floor: dates are judged at the "
            "floor until it is set");
    log_info(LINK_MODULE,
        "up host=%s port=%u tls=%s suite=%s handshake=%s in=%llu out=%llu",
        link_broker(link)->host, link_broker(link)->port,
        mbedtls_ssl_get_version(&tls->ssl),
        mbedtls_ssl_get_ciphersuite(&tls->ssl),
        link->check.is_judged ? "full" : "resumed",
        (unsigned long long)atomic_load(&link->bytes_in),
        (unsigned long long)atomic_load(&link->bytes_out));
    if (link_tell_up(link) != ERR_OK) {
        link_because(link, LINK_LOCAL, "out of memory");
        return;
    }
    end = link_pump_run(&pump);
    link_resume_keep(tls);
    link_vigil_conclude(link, end);
    explain_end(link, tls, end, pump.code);
    say_goodbye(tls, end);
}

static enum err open_websocket(struct link *link, struct link_tls *tls)
{
    return link->options.websocket
        ? link_websocket_open(link, &tls->ssl, &tls->websocket)
        : ERR_OK;
}

static enum err wait_for_paho(struct link *link)
{
    enum err e = link_wait_for_paho(link);

    if (e != ERR_OK && e != ERR_DENIED)
        link_because(link, LINK_LOCAL, "Paho did not connect to its door");
    return e;
}

/* Did the server fail at the session that it was offered?  Not when it was we
 * who did not believe it. */
static bool is_resumption_to_blame(
    const struct link *link, const struct link_tls *tls, enum err e)
{
    return e != ERR_OK && tls->is_offered && !link->check.is_judged &&
        port_monotonic_ms() < link->deadline_ms &&
        (link->reason == LINK_TLS || link->reason == LINK_REFUSED);
}

static enum err prove(struct link *link, struct link_tls *tls)
{
    enum err e;

    link_resume_offer(link, tls);
    e = shake_hands(link, &tls->ssl);
    if (is_resumption_to_blame(link, tls, e))
        return ERR_AGAIN;
    if (e == ERR_CONFLICT)
        return e;
    if (e == ERR_OK)
        e = check_proof(link, tls);
    if (e == ERR_OK)
        e = check_alpn(link, &tls->ssl);
    if (e == ERR_OK)
        link_resume_note(link, tls);
    return e == ERR_OK ? ERR_OK : ERR_DENIED;
}

static void go_up(struct link *link, struct link_tls *tls)
{
    enum err e = open_websocket(link, tls);

    if (e == ERR_OK)
        e = wait_for_paho(link);
    if (e == ERR_OK)
        carry(link, tls);
}

enum err link_secure(struct link *link)
{
    struct link_tls tls = {.link = link};
    enum err e;

    mbedtls_ssl_config_init(&tls.config);
    mbedtls_ssl_init(&tls.ssl);
    link_ticket_init(&tls.ticket);
    e = configure(link, &tls);
    if (e != ERR_OK) {
        link_because(
            link, LINK_LOCAL, "TLS could not be set up: %s", err_name(e));
        e = ERR_DENIED;
        goto free_tls;
    }
    e = prove(link, &tls);
    if (e == ERR_OK)
        go_up(link, &tls);

free_tls:
    link_websocket_free(tls.websocket);
    link_ticket_free(&tls.ticket);
    mbedtls_ssl_free(&tls.ssl);
    mbedtls_ssl_config_free(&tls.config);
    return e;
}
