/* forge.h - certificates for unit tests, also such as no factory makes. */

#ifndef TESTS_FORGE_H
#define TESTS_FORGE_H

#include <stdio.h>
#include <stdlib.h>

#include "certs/certificate.h"
#include "identity/pem.h"
#include "identity/view.h"
#include "ports/port.h"

struct forge {
    struct keypair *key;
    struct bytes der;
};

static inline void forge_check(bool good)
{
    if (!good)
        abort();
}

/* A CA that signed itself; forge_free frees. */
static inline struct forge forge_authority(const char *vendor)
{
    struct forge ca = {
        NULL, {NULL, 0}
    };
    struct bytes spki = {NULL, 0};
    struct certificate_plan plan = {
        .subject = {.organization = vendor, .common_name = "CA"},
        .from = port_wall_ms() / 1000,
        .to = READER_FOR_EVER,
        .path_length = 0,
    };

    forge_check(keypair_make(KEYPAIR_P256, &ca.key) == ERR_OK &&
        keypair_spki(ca.key, &spki) == ERR_OK);
    plan.spki = bytes_span(&spki);
    forge_check(certificate_make(&plan, ca.key, &ca.der) == ERR_OK);
    bytes_free(&spki);
    return ca;
}

/* A device's certificate, signed with the CA's key; the caller frees. */
static inline struct bytes forge_leaf(
    const struct forge *ca, const struct subject *subject)
{
    struct certificate_plan plan = {
        .subject = *subject,
        .from = port_wall_ms() / 1000,
        .to = READER_FOR_EVER,
        .path_length = EXTENSION_NOT_A_CA,
    };
    struct keypair *key = NULL;
    struct bytes spki = {NULL, 0}, der = {NULL, 0};
    struct view above;
    const char *why;

    forge_check(keypair_make(KEYPAIR_P256, &key) == ERR_OK &&
        keypair_spki(key, &spki) == ERR_OK &&
        view_read(bytes_span(&ca->der), &above, &why) == ERR_OK);
    plan.spki = bytes_span(&spki);
    plan.issuer = above.subject.whole;
    forge_check(certificate_make(&plan, ca->key, &der) == ERR_OK);
    bytes_free(&spki);
    keypair_free(key);
    return der;
}

/* A request in PEM for this key and subject, with a signature that is good, or
 * else spoiled; the caller frees. */
static inline struct bytes forge_request(
    const struct keypair *key, const struct subject *subject, bool good)
{
    unsigned char buffer[2000];
    struct bytes spki = {NULL, 0}, der = {NULL, 0}, pem = {NULL, 0};
    struct span info;
    struct der d;

    forge_check(keypair_spki(key, &spki) == ERR_OK);
    der_start(&d, buffer, sizeof(buffer));
    der_wrap(&d, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put(&d, bytes_span(&spki));
    subject_put(&d, subject);
    der_put_number(&d, 0);
    der_wrap(&d, DER_SEQUENCE, 0);
    forge_check(der_done(&d, &info) == ERR_OK &&
        certificate_seal(info, key, &der) == ERR_OK);
    if (!good)
        der.at[der.len - 1] ^= 1;
    forge_check(pem_write(PEM_REQUEST, bytes_span(&der), &pem) == ERR_OK);
    bytes_free(&der);
    bytes_free(&spki);
    return pem;
}

/* Append to a PEM file. */
static inline void forge_write(const struct bytes *der, const char *path)
{
    struct bytes text = {NULL, 0};
    FILE *file = fopen(path, "ab");

    forge_check(file != NULL &&
        pem_write(PEM_CERTIFICATE, bytes_span(der), &text) == ERR_OK &&
        fwrite(text.at, 1, text.len, file) == text.len);
    (void)fclose(file);
    bytes_free(&text);
}

static inline void forge_free(struct forge *ca)
{
    keypair_free(ca->key);
    bytes_free(&ca->der);
}

#endif
