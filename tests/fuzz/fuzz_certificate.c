/* Any bytes as the certificates of a peer, each behind its length in two
 * octets: what mbedTLS takes we can walk, and see the same in; and nobody is
 * believed whom mbedTLS's own verification would not believe.
 *
 * $FUZZ_FOLDER/anchors.pem holds whom we trust. */

#include <mbedtls/oid.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "identity/certificate.h"
#include "identity/chain.h"
#include "identity/constraints.h"
#include "identity/distinguished_name.h"
#include "identity/extension.h"
#include "identity/genuine.h"
#include "identity/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static mbedtls_x509_crt *anchors;

static void set_up(void)
{
    char path[512];

    if (anchors != NULL)
        return;
    (void)snprintf(path, sizeof(path), "%s/anchors.pem", getenv("FUZZ_FOLDER"));
    if (chain_read_anchors(path, &anchors) != ERR_OK)
        abort();
}

/* mbedTLS has parsed them: ours must come to an end behind the last one. */
static void walk_extensions(const mbedtls_x509_crt *c)
{
    struct extension_walk walk = extension_walk(c);
    struct extension e;
    enum err end;

    while ((end = extension_next(&walk, &e)) == ERR_OK)
        if (e.value + e.len > c->raw.p + c->raw.len)
            abort();
    if (end != ERR_NOT_FOUND)
        abort();
    (void)extension_repeats(c);
    (void)extension_unknown_critical(c);
}

static void walk_names(const mbedtls_x509_crt *c)
{
    struct general_name n;
    unsigned char *p, *end;
    size_t ours = 0, theirs = 0;

    for (const mbedtls_x509_sequence *s = &c->subject_alt_names;
         s != NULL && s->buf.p != NULL; s = s->next)
        theirs++;
    if (general_begin(c, &p, &end) != ERR_OK)
        abort();
    while (general_next(&p, end, &n) == ERR_OK)
        ours++;
    if (ours != theirs || p != end)
        abort();
}

static void compare_names(const mbedtls_x509_crt *c)
{
    const struct dn subject = {c->subject_raw.p, c->subject_raw.len};
    const struct dn issuer = {c->issuer_raw.p, c->issuer_raw.len};

    if (!dn_equal(subject, subject) || !dn_within(issuer, issuer) ||
        dn_equal(subject, issuer) != dn_equal(issuer, subject))
        abort();
    if (dn_equal(subject, issuer) && !dn_within(subject, issuer))
        abort();
}

static void constrain(const mbedtls_x509_crt *by, const mbedtls_x509_crt *whom)
{
    struct extension nc;

    if (extension_find(by, MBEDTLS_OID_NAME_CONSTRAINTS, &nc) == ERR_OK &&
        constraints_check(nc.value, nc.len, whom) == ERR_NO_MEMORY)
        abort();
}

/* mbedTLS's own judgement: no constraints, no purposes, one way only. */
static void ask_mbedtls(mbedtls_x509_crt *sent)
{
    uint32_t flags = 0;

    (void)mbedtls_x509_crt_verify(
        sent, anchors, NULL, NULL, &flags, NULL, NULL);
    flags &=
        ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (flags != 0)
        abort();
}

static void judge(mbedtls_x509_crt *sent, enum path_purpose purpose)
{
    struct path_question q = {.sent = sent,
        .anchors = anchors,
        .purpose = purpose,
        .now_s = time(NULL)};
    struct path_answer answer;
    enum proof level;

#ifdef PLANT_A_FAULT /* test_trust proves that it would be found */
    q.anchors = sent;
#endif
    path_find(&q, &answer);
    if (answer.reason != TRUST_OK)
        return;
    ask_mbedtls(sent);
    if (genuine_check(&answer.path,
            &(struct genuine_question){.min_level = PROOF_NONE},
            &level) != TRUST_OK &&
        level != PROOF_NONE)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    mbedtls_x509_crt sent;

    set_up();
    mbedtls_x509_crt_init(&sent);
    while (len >= 2) {
        size_t size = (size_t)bytes[0] << 8 | bytes[1];
        int failed;

        bytes += 2;
        len -= 2;
        size = size < len ? size : len;
        failed = certificate_add(&sent, bytes, size);
        if (failed == 0 && !certificate_is_one(bytes, size))
            abort();
        if (failed != 0 && certificate_fault(failed) == TRUST_OK)
            abort();
        bytes += size;
        len -= size;
    }
    if (sent.raw.p != NULL) {
        for (const mbedtls_x509_crt *c = &sent; c != NULL; c = c->next) {
            walk_extensions(c);
            walk_names(c);
            compare_names(c);
            constrain(c, &sent);
        }
        judge(&sent, PATH_SERVER);
        judge(&sent, PATH_DEVICE);
    }
    mbedtls_x509_crt_free(&sent);
    return 0;
}
