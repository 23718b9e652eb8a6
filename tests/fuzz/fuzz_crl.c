/* Any bytes as a file of revocation lists.  The CA has signed one list, and it
 * holds one of two devices: whatever is made of it, the other one is never
 * revoked, and the one never good.
 *
 * $FUZZ_FOLDER holds ca.pem, honest.pem and revoked.pem. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "identity/chain.h"
#include "identity/crl.h"
#include "identity/signed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#ifdef PLANT_A_FAULT /* test_trust proves that it would be found */
bool __wrap_signed_check(
    const struct signed_bytes *s, const mbedtls_pk_context *key);

/* Every signature is good. */
bool __wrap_signed_check(
    const struct signed_bytes *s, const mbedtls_pk_context *key)
{
    (void)s;
    (void)key;
    return true;
}
#endif

static mbedtls_x509_crt *ca, *honest, *revoked;

static mbedtls_x509_crt *read_one(const char *name)
{
    mbedtls_x509_crt *crt;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", getenv("FUZZ_FOLDER"), name);
    if (chain_read_anchors(path, &crt) != ERR_OK)
        abort();
    return crt;
}

static void judge(const struct crls *crls, int64_t now_s)
{
    const struct crl_when when = {now_s, 0, false};
    enum crl_status of_honest = crls_look(crls, honest, ca, &when);
    enum crl_status of_revoked = crls_look(crls, revoked, ca, &when);

    if (of_honest == CRL_REVOKED || of_revoked == CRL_GOOD ||
        of_revoked == CRL_STALE)
        abort();
    if ((of_honest == CRL_NONE) != (of_revoked == CRL_NONE) ||
        (of_honest == CRL_BAD) != (of_revoked == CRL_BAD))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct crls *crls = NULL;
    int64_t next, begun;

    if (ca == NULL) {
        ca = read_one("ca.pem");
        honest = read_one("honest.pem");
        revoked = read_one("revoked.pem");
        log_set_descriptor(1); /* -close_fd_mask */
    }
    if (crls_parse(bytes, len, &crls) != ERR_OK)
        return 0;
    judge(crls, 0);
    judge(crls, INT64_C(4000000000));
    crls_dates(crls, &next, &begun);
    crls_free(crls);
    return 0;
}
