/* chain.c */

#include "identity/chain.h"

#include <errno.h>
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"

#define MODULE "chain"
#define BEGIN  "-----BEGIN CERTIFICATE-----"
#define END    "-----END CERTIFICATE-----"

/* mbedTLS asks here about extensions it does not know; 0 lets them pass. */
static int accept_name_constraints(void *context, const mbedtls_x509_crt *crt,
    const mbedtls_x509_buf *oid, int critical, const unsigned char *p,
    const unsigned char *end)
{
    (void)context;
    (void)crt;
    (void)p;
    (void)end;
    if (!critical || MBEDTLS_OID_CMP(MBEDTLS_OID_NAME_CONSTRAINTS, oid) == 0)
        return 0;
    return MBEDTLS_ERR_X509_INVALID_EXTENSIONS +
        MBEDTLS_ERR_ASN1_UNEXPECTED_TAG;
}

static int add_der(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len, bool own)
{
    if (own)
        return mbedtls_x509_crt_parse_der_with_ext_cb(
            chain, der, len, 1, accept_name_constraints, NULL);
    return mbedtls_x509_crt_parse_der(chain, der, len);
}

/* Parse every certificate of `text`; the number found, or an mbedTLS error. */
static int add_all(mbedtls_x509_crt *chain, char *text, bool own)
{
    int found = 0;
    int failed = 0;

    for (char *p = strstr(text, BEGIN); p != NULL && failed == 0;
         p = strstr(p, BEGIN)) {
        mbedtls_pem_context pem;
        size_t used = 0;

        if (found == CHAIN_LENGTH)
            return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
        mbedtls_pem_init(&pem);
        failed = mbedtls_pem_read_buffer(
            &pem, BEGIN, END, (unsigned char *)p, NULL, 0, &used);
        if (failed == 0) {
            size_t len;
            const unsigned char *der = mbedtls_pem_get_buffer(&pem, &len);

            failed = add_der(chain, der, len, own);
        }
        mbedtls_pem_free(&pem);
        p += used;
        found++;
    }
    return failed != 0 ? failed : found;
}

static enum err chain_read(const char *path, bool own, mbedtls_x509_crt **out)
{
    mbedtls_x509_crt *chain;
    char *text;
    size_t len;
    int found;
    enum err e = file_read(path, CHAIN_FILE_BYTES, &text, &len);

    if (e != ERR_OK) {
        log_error(MODULE, "cannot read file=\"%s\" reason=\"%s\"", path,
            e == ERR_TOO_BIG ? "larger than 64 KiB" : strerror(errno));
        return e;
    }
    chain = calloc(1, sizeof(*chain));
    if (chain == NULL) {
        e = ERR_NO_MEMORY;
        goto free_text;
    }
    mbedtls_x509_crt_init(chain);
    found = add_all(chain, text, own);
    if (found <= 0) {
        log_error(MODULE,
            "not a certificate chain file=\"%s\" reason=\"%s\" code=-0x%04x",
            path,
            found == 0 ? "no PEM certificate in it"
                       : "a certificate in it does not parse",
            (unsigned)-found);
        chain_free(chain);
        e = ERR_INVALID;
        goto free_text;
    }
    *out = chain;

free_text:
    free(text);
    return e;
}

enum err chain_read_own(const char *path, mbedtls_x509_crt **out)
{
    return chain_read(path, true, out);
}

enum err chain_read_anchors(const char *path, mbedtls_x509_crt **out)
{
    return chain_read(path, false, out);
}

void chain_free(mbedtls_x509_crt *chain)
{
    if (chain == NULL)
        return;
    mbedtls_x509_crt_free(chain);
    free(chain);
}
