/* judge.c - where mbedTLS asks and our policy answers.
 *
 * A handshake parses the peer's certificates with mbedtls_x509_crt_parse_der
 * and judges them with mbedtls_x509_crt_verify_restartable.  The first refuses
 * every certificate with critical name constraints, the second evaluates none
 * and takes the first path for the only one, and mbedTLS has no hook in place
 * of either.  So the linker sends both calls here (--wrap, agent/
 * CMakeLists.txt), whoever makes them, libcurl included.  Were the option lost,
 * mbedTLS's own verification would run and end in `unlinked`, which refuses
 * everything. */

#include <stdio.h>

#include "identity/certificate.h"
#include "identity/endpoint.h"
#include "identity/trust.h"
#include "identity/trust_inside.h"

/* NOLINTBEGIN(bugprone-reserved-identifier): the names are the linker's */
int __wrap_mbedtls_x509_crt_parse_der(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len);
int __wrap_mbedtls_x509_crt_verify_restartable(mbedtls_x509_crt *crt,
    mbedtls_x509_crt *trust_ca, mbedtls_x509_crl *ca_crl,
    const mbedtls_x509_crt_profile *profile, const char *cn, uint32_t *flags,
    int (*f_vrfy)(void *, mbedtls_x509_crt *, int, uint32_t *), void *p_vrfy,
    mbedtls_x509_crt_restart_ctx *rs_ctx);

/* What came along with a leaf and has an algorithm that we do not know may be
 * part of another path than ours.  A leaf must parse; and mbedTLS, which passes
 * over a certificate with a signature algorithm unknown to it, so that what
 * follows becomes the leaf, shall not hear that this is what was wrong. */
int __wrap_mbedtls_x509_crt_parse_der(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len)
{
    int failed = certificate_add(chain, der, len);

    if (failed == 0 || certificate_fault(failed) != TRUST_UNSUPPORTED)
        return failed;
    return chain->raw.p != NULL ? certificate_add_unusable(chain, der, len)
                                : MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;
}

static int unlinked(
    void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    (void)context;
    (void)crt;
    (void)depth;
    *flags |= MBEDTLS_X509_BADCERT_OTHER;
    return 0;
}

/* mbedTLS chooses the alert by the flag (mbedtls_ssl_verify_certificate). */
static uint32_t flag_of(enum trust_reason reason)
{
    switch (reason) {
    case TRUST_OK:
        return 0;
    case TRUST_EXPIRED:
    case TRUST_NOT_YET:
        return MBEDTLS_X509_BADCERT_EXPIRED; /* certificate_expired */
    case TRUST_REVOKED:
        return MBEDTLS_X509_BADCERT_REVOKED; /* certificate_revoked */
    case TRUST_UNKNOWN_ISSUER:
        return MBEDTLS_X509_BADCERT_NOT_TRUSTED; /* unknown_ca */
    case TRUST_BAD_SIGNATURE:
    case TRUST_NAME:
    case TRUST_CONSTRAINTS:
    case TRUST_MALFORMED:
        return MBEDTLS_X509_BADCERT_CN_MISMATCH; /* bad_certificate */
    case TRUST_PURPOSE:
    case TRUST_NOT_A_CA:
    case TRUST_CRITICAL_EXTENSION:
    case TRUST_WEAK_KEY:
    case TRUST_WEAK_SIGNATURE:
    case TRUST_UNSUPPORTED:
        return MBEDTLS_X509_BADCERT_KEY_USAGE; /* unsupported_certificate */
    case TRUST_PATH_LENGTH:
    case TRUST_CRL_STALE:
    case TRUST_CRL_BAD:
    case TRUST_PIN:
    case TRUST_HIT:
    case TRUST_VENDOR:
    case TRUST_MODEL:
    case TRUST_SERIAL:
    case TRUST_LEVEL:
    case TRUST_NAMEPLATE:
    case TRUST_TOO_COMPLEX:
        break;
    }
    return MBEDTLS_X509_BADCERT_BAD_MD; /* certificate_unknown */
}

int __wrap_mbedtls_x509_crt_verify_restartable(mbedtls_x509_crt *crt,
    mbedtls_x509_crt *trust_ca, mbedtls_x509_crl *ca_crl,
    const mbedtls_x509_crt_profile *profile, const char *cn, uint32_t *flags,
    int (*f_vrfy)(void *, mbedtls_x509_crt *, int, uint32_t *), void *p_vrfy,
    mbedtls_x509_crt_restart_ctx *rs_ctx)
{
    struct trust_check *check = p_vrfy;

    (void)trust_ca;
    (void)ca_crl;
    (void)profile;
    (void)cn;
    (void)rs_ctx;
    *flags = MBEDTLS_X509_BADCERT_OTHER;
    /* Somebody set up TLS without trust_apply. */
    if (f_vrfy != unlinked || check == NULL)
        return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    check->is_judged = true;
    trust_judge(check->trust,
        &(struct trust_question){
            .purpose = PATH_SERVER, .host = check->host, .at_s = TRUST_NOW},
        crt, &check->verdict);
    *flags = flag_of(check->verdict.reason);
    return *flags == 0 ? 0 : MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
}
/* NOLINTEND(bugprone-reserved-identifier) */

void trust_apply(struct trust_check *check, mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(config, trust_anchors(check->trust), NULL);
    mbedtls_ssl_conf_verify(config, unlinked, check);
}

enum err trust_name_server(
    const struct trust_check *check, mbedtls_ssl_context *ssl)
{
    unsigned char address[ENDPOINT_ADDRESS_BYTES];
    bool is_address = endpoint_address(check->host, address) > 0;
    const char *sni = is_address ? NULL : check->host;

    /* RFC 6066 section 3: an address is never sent as a server name. */
    return mbedtls_ssl_set_hostname(ssl, sni) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

/* mbedTLS numbers its modules in bits 7 to 14: X.509 has 0x2080 to 0x3000, PK
 * 0x3880 to 0x3f80. */
static bool is_about_certificates(int error)
{
    int module = -error & 0x7f80;

    return (module >= 0x2080 && module <= 0x3000) ||
        (module >= 0x3880 && module <= 0x3f80);
}

void trust_explain(struct trust_check *check, int mbedtls_error)
{
    struct trust_verdict *v = &check->verdict;

    if (v->reason != TRUST_OK || !is_about_certificates(mbedtls_error))
        return;
    v->reason = certificate_fault(mbedtls_error);
    (void)snprintf(v->detail, sizeof(v->detail),
        "the server's certificate: %s (-0x%04x)",
        trust_reason_advice(v->reason), (unsigned)-mbedtls_error);
}
