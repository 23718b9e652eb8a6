/* csr.c */

#include "identity/csr.h"

#include <ctype.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEM_BYTES     4096
#define SUBJECT_BYTES 1600 /* four values of at most 128 bytes, escaped */

/* X.520's PrintableString, which a serialNumber is. */
static bool is_printable(const char *text)
{
    static const char others[] = " '()+,-./:=?";

    for (; *text != '\0'; text++)
        if (!(*text > 0 && isalnum((unsigned char)*text)) &&
            strchr(others, *text) == NULL)
            return false;
    return true;
}

/* RFC 4514 section 2.4, and escaping more than must be is allowed. */
static enum err append(char *subject, const char *name, const char *value)
{
    size_t used = strlen(subject);

    used += (size_t)snprintf(subject + used, SUBJECT_BYTES - used,
        "%s%s=", used > 0 ? "," : "", name);
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if (used + 8 > SUBJECT_BYTES)
            return ERR_TOO_BIG;
        used += (size_t)snprintf(subject + used, SUBJECT_BYTES - used,
            c < 0x80 && isalnum(c) ? "%c" : "\\%02x", c);
    }
    return ERR_OK;
}

static enum err make_subject(
    const struct thing_name_parts *who, char subject[SUBJECT_BYTES], char *why)
{
    char thing[THING_NAME_SIZE];
    enum err e = thing_name_make(who, thing);

    subject[0] = '\0';
    if (e == ERR_OK)
        e = append(subject, "O", who->vendor);
    if (e == ERR_OK)
        e = append(subject, "OU", who->model);
    if (e == ERR_OK)
        e = append(subject, "CN", thing);
    if (e == ERR_OK)
        e = append(subject, "serialNumber", who->serial);
    if (e != ERR_OK)
        (void)snprintf(why, KEY_WHY,
            "vendor, model and serial number do not make a thing name of at "
            "most %d characters",
            THING_NAME_MAX);
    else if (!is_printable(who->serial)) {
        e = ERR_INVALID;
        (void)snprintf(why, KEY_WHY,
            "the serial number may have letters, digits and '()+,-./:=? only");
    }
    return e;
}

static enum err write_request(
    struct key *key, const char *subject, char *why, char *pem)
{
    mbedtls_pk_context *signer = key_signer(key);
    mbedtls_x509write_csr csr;
    int failed;
    enum err e = ERR_OK;

    mbedtls_x509write_csr_init(&csr);
    mbedtls_x509write_csr_set_key(&csr, signer);
    mbedtls_x509write_csr_set_md_alg(&csr,
        mbedtls_pk_get_bitlen(signer) == 384 ? MBEDTLS_MD_SHA384
                                             : MBEDTLS_MD_SHA256);
    failed = mbedtls_x509write_csr_set_subject_name(&csr, subject);
    if (failed == 0)
        failed = mbedtls_x509write_csr_pem(&csr, (unsigned char *)pem,
            PEM_BYTES, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_x509write_csr_free(&csr);
    if (failed != 0) {
        e = ERR_IO;
        if (!key_trouble(key, why))
            (void)snprintf(why, KEY_WHY,
                "the request cannot be written (-0x%04x)", (unsigned)-failed);
    }
    return e;
}

enum err csr_make(struct key *key, const struct thing_name_parts *who,
    char why[KEY_WHY], char **pem)
{
    char subject[SUBJECT_BYTES];
    char *text;
    enum err e = make_subject(who, subject, why);

    if (e == ERR_OK)
        e = key_ready(key, NULL, why);
    if (e != ERR_OK)
        return e;
    text = malloc(PEM_BYTES);
    if (text == NULL) {
        (void)snprintf(why, KEY_WHY, "out of memory");
        return ERR_NO_MEMORY;
    }
    e = write_request(key, subject, why, text);
    if (e == ERR_OK)
        *pem = text;
    else
        free(text);
    return e;
}
