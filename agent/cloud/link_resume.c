/* link_resume.c - a session that was kept is offered when who gave it would be
 * believed now, and the one of this handshake is kept in its place. */

#include "cloud/link_inside.h"
#include "core/log.h"
#include "identity/certificate.h"
#include "ports/port.h"

static void forget_ticket(struct link_tls *tls)
{
    link_ticket_free(&tls->ticket);
    link_ticket_init(&tls->ticket);
}

/* The server will send no certificate: what it sent when it proved itself is
 * judged as if it came now. */
static bool is_still_believed(struct link *link, const struct link_tls *tls)
{
    struct trust_verdict *verdict = &link->check.verdict;
    const struct trust_question question = {
        .purpose = PATH_SERVER, .host = link->check.host, .at_s = TRUST_NOW};

    trust_judge(link->options.trust, &question, &tls->ticket.peer, verdict);
    if (verdict->reason == TRUST_OK)
        return true;
    log_info(LINK_MODULE, "a kept TLS session is not used reason=\"%s: %s\"",
        trust_reason_name(verdict->reason), verdict->detail);
    *verdict = (struct trust_verdict){.reason = TRUST_OK};
    return false;
}

void link_resume_offer(struct link *link, struct link_tls *tls)
{
    if (!link->resumes ||
        link_tickets_take(
            link->options.tickets, link_broker(link), &tls->ticket) != ERR_OK ||
        !is_still_believed(link, tls) ||
        mbedtls_ssl_set_session(&tls->ssl, &tls->ticket.session) != 0)
        forget_ticket(tls);
    else
        tls->is_offered = true;
}

static bool copy_chain(mbedtls_x509_crt *to, const mbedtls_x509_crt *from)
{
    for (; from != NULL; from = from->next)
        if (certificate_add(to, from->raw.p, from->raw.len) != 0)
            return false;
    return to->raw.p != NULL;
}

/* The chain is only there after a full handshake; else it is the kept one. */
void link_resume_note(struct link *link, struct link_tls *tls)
{
    if (link->resumed_in_vain) {
        log_warning(LINK_MODULE,
            "the server fails at its own TLS sessions: none are used until the "
            "agent starts again");
        link_tickets_give_up(link->options.tickets);
    }
    if (!link->resumes || !link->check.is_judged)
        return;
    forget_ticket(tls);
    tls->ticket.proved_ms = port_wall_ms();
    if (!copy_chain(&tls->ticket.peer, mbedtls_ssl_get_peer_cert(&tls->ssl)))
        forget_ticket(tls);
}

/* In TLS 1.3 the tickets come when they come: not with the handshake, and not
 * from every server. */
void link_resume_keep(void *context)
{
    struct link_tls *tls = context;
    mbedtls_ssl_session *session = &tls->ticket.session;

    if (!tls->link->resumes || tls->ticket.peer.raw.p == NULL)
        return;
    mbedtls_ssl_session_free(session);
    mbedtls_ssl_session_init(session);
    if (mbedtls_ssl_get_session(&tls->ssl, session) != 0 ||
        (session->MBEDTLS_PRIVATE(ticket_len) == 0 &&
            session->MBEDTLS_PRIVATE(id_len) == 0))
        return;
    link_tickets_keep(
        tls->link->options.tickets, link_broker(tls->link), &tls->ticket);
}
