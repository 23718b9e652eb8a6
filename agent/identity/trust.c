/* trust.c - mbedTLS builds the path and checks signatures and dates; what it
 * does not check, or checks too kindly, is checked here in its callback:
 *
 * - it falls back to the CN when there is no subjectAltName: refused here;
 * - it compares an IP endpoint as text with dNSNames: compared as bytes here;
 * - a missing extendedKeyUsage on the leaf is fine to it: refused here;
 * - it does not look at the extendedKeyUsage of the CAs above: done here. */

#include "identity/trust.h"

#include <mbedtls/oid.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/chain.h"
#include "identity/endpoint.h"
#include "ports/port.h"

struct trust {
    mbedtls_x509_crt *anchors;
};

const char *trust_reason_name(enum trust_reason reason)
{
    switch (reason) {
    case TRUST_OK:
        return "ok";
    case TRUST_CLOCK:
        return "clock";
    case TRUST_EXPIRED:
        return "expired";
    case TRUST_NOT_YET:
        return "not_yet_valid";
    case TRUST_UNKNOWN_ISSUER:
        return "unknown_issuer";
    case TRUST_NAME:
        return "wrong_name";
    case TRUST_PURPOSE:
        return "wrong_purpose";
    case TRUST_REVOKED:
        return "revoked";
    case TRUST_WEAK:
        return "weak";
    case TRUST_BAD:
        return "bad_certificate";
    }
    return "unknown";
}

enum err trust_load(const char *path, struct trust **out)
{
    struct trust *trust = calloc(1, sizeof(*trust));
    enum err e;

    if (trust == NULL)
        return ERR_NO_MEMORY;
    e = chain_read_anchors(path, &trust->anchors);
    if (e != ERR_OK) {
        free(trust);
        return e;
    }
    *out = trust;
    return ERR_OK;
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    chain_free(trust->anchors);
    free(trust);
}

static bool san_names(const mbedtls_asn1_buf *san, const char *host)
{
    unsigned tag = (unsigned)san->tag & MBEDTLS_ASN1_TAG_VALUE_MASK;

    if (tag == MBEDTLS_X509_SAN_IP_ADDRESS)
        return endpoint_is_ip_address(host, san->p, san->len);
    return tag == MBEDTLS_X509_SAN_DNS_NAME &&
        endpoint_is_dns_name(host, san->p, san->len);
}

static bool names_host(const mbedtls_x509_crt *leaf, const char *host)
{
    if ((leaf->MBEDTLS_PRIVATE(ext_types) &
            MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) == 0)
        return false;
    for (const mbedtls_x509_sequence *s = &leaf->subject_alt_names; s != NULL;
         s = s->next)
        if (s->buf.p != NULL && san_names(&s->buf, host))
            return true;
    return false;
}

static bool may_serve(const mbedtls_x509_crt *crt, bool must_say)
{
    bool says = (crt->MBEDTLS_PRIVATE(ext_types) &
                    MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) != 0;

    if (!says)
        return !must_say;
    return mbedtls_x509_crt_check_extended_key_usage(crt,
               MBEDTLS_OID_SERVER_AUTH,
               MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0;
}

/* Before this program was built nobody can have started it: a clock that says
 * so is wrong, and no date can be judged with it. */
static bool clock_is_wrong(void)
{
    return port_wall_ms() / 1000 < (int64_t)NAMEPLATE_BUILD_TIME;
}

static enum trust_reason reason_of(uint32_t flags)
{
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
        return TRUST_UNKNOWN_ISSUER;
    if (flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))
        if (clock_is_wrong())
            return TRUST_CLOCK;
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
        return TRUST_EXPIRED;
    if (flags & MBEDTLS_X509_BADCERT_FUTURE)
        return TRUST_NOT_YET;
    if (flags & MBEDTLS_X509_BADCERT_REVOKED)
        return TRUST_REVOKED;
    if (flags &
        (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
            MBEDTLS_X509_BADCERT_BAD_KEY))
        return TRUST_WEAK;
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
        return TRUST_NAME;
    if (flags &
        (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
            MBEDTLS_X509_BADCERT_NS_CERT_TYPE))
        return TRUST_PURPOSE;
    return TRUST_BAD;
}

static const char *advice(enum trust_reason reason)
{
    switch (reason) {
    case TRUST_OK:
        return "";
    case TRUST_CLOCK:
        return "this device's clock is before the agent was built; set it";
    case TRUST_EXPIRED:
        return "it is expired; the server must renew it";
    case TRUST_NOT_YET:
        return "it is not valid yet; compare both clocks";
    case TRUST_UNKNOWN_ISSUER:
        return "no trusted CA signed it; check [cloud] trust";
    case TRUST_NAME:
        return "it is for another name; check [cloud] endpoint";
    case TRUST_PURPOSE:
        return "it is not a server's certificate (extendedKeyUsage)";
    case TRUST_REVOKED:
        return "it is revoked";
    case TRUST_WEAK:
        return "its key or signature is too weak";
    case TRUST_BAD:
        return "it is malformed";
    }
    return "";
}

static void judge(
    struct trust_check *check, const mbedtls_x509_crt *crt, uint32_t flags)
{
    char subject[100];

    /* The first verdict stays, unless a later one says it is not ours at all:
     * who cannot be traced to an anchor has no dates worth talking about. */
    if (check->verdict.reason != TRUST_OK &&
        (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) == 0)
        return;
    if (mbedtls_x509_dn_gets(subject, sizeof(subject), &crt->subject) < 0)
        (void)snprintf(subject, sizeof(subject), "(a long name)");
    check->verdict.reason = reason_of(flags);
    (void)snprintf(check->verdict.detail, sizeof(check->verdict.detail),
        "certificate \"%s\": %s", subject, advice(check->verdict.reason));
}

static int on_certificate(
    void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct trust_check *check = context;

    if (depth == 0 && !names_host(crt, check->host))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    if (!may_serve(crt, depth == 0))
        *flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
    if (*flags != 0)
        judge(check, crt, *flags);
    return 0; /* the flags refuse; an error code here would hide them */
}

/* P-256 and P-384, RSA from 2048 bits, SHA-256 and up. */
static const mbedtls_x509_crt_profile accepted_algorithms = {
    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
    0xFFFFFFF,
    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1),
    2048,
};

void trust_apply(struct trust_check *check, mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(config, check->trust->anchors, NULL);
    mbedtls_ssl_conf_cert_profile(config, &accepted_algorithms);
    mbedtls_ssl_conf_verify(config, on_certificate, check);
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
