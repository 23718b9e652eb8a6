/* certificate.h - a device's certificate as the registry sees it, and the
 * vendors' CAs that are registered. */

#ifndef CLOUD_MOCK_CERTIFICATE_H
#define CLOUD_MOCK_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "cloud-mock/lib/store_registry.h"
#include "core/err.h"

/* All the registry needs to know of a certificate. */
struct certificate {
    char id[STORE_ID_SIZE]; /* SHA-256 of the DER, hex */
    char key_sha256[STORE_ID_SIZE];
    char vendor[STORE_TEXT_SIZE];      /* O */
    char model[STORE_TEXT_SIZE];       /* OU */
    char serial[STORE_TEXT_SIZE];      /* serialNumber */
    char common_name[STORE_TEXT_SIZE]; /* CN */
    char subject[STORE_NAME_SIZE];
    char issuer[STORE_NAME_SIZE];
    char chain[STORE_CHAIN_SIZE]; /* names of its CAs upward, a JSON array */
    char authority_id[STORE_ID_SIZE]; /* of the CA that signed it */
    int64_t not_before_s, not_after_s;
};

/* The registered CAs. */
struct certificate_pool;

/* A pool of these files and folders, each as certificate_pool_add says.
 * ERR_NO_MEMORY too. */
enum err certificate_pool_open(const char *const *paths, size_t count,
    struct certificate_pool **out) MUST_CHECK;
void certificate_pool_free(struct certificate_pool *pool);

/* Add every CA of a PEM file, or of the files *.crt and *.pem in a folder and
 * the folders below it.  On failure, said in the log with the file's name:
 * ERR_NOT_FOUND, ERR_INVALID (no certificate in it, or one that is not a
 * CA's), ERR_IO; what was added before stays. */
enum err certificate_pool_add(
    struct certificate_pool *pool, const char *path) MUST_CHECK;

/* The id alone, whatever the bytes are. */
enum err certificate_id(
    const void *der, size_t len, char id[STORE_ID_SIZE]) MUST_CHECK;

/* Read a leaf.  ERR_INVALID: not a certificate, or its subject has not exactly
 * one O, OU, CN and serialNumber; ERR_DENIED: no registered CA of the same
 * vendor has signed it.  Dates are the TLS layer's business. */
enum err certificate_read(const struct certificate_pool *pool, const void *der,
    size_t len, struct certificate *out) MUST_CHECK;

/* Read any certificate that a CA of the pool has signed, whoever's it is: names
 * that are not exactly once there are empty.  ERR_INVALID, ERR_DENIED. */
enum err certificate_read_signed(const struct certificate_pool *pool,
    const void *der, size_t len, struct certificate *out) MUST_CHECK;

/* Read one that this CA has just signed, whoever's it is: the names may be
 * missing.  ERR_INVALID: not a certificate. */
enum err certificate_read_issued(const void *der, size_t len,
    const void *authority, size_t authority_len,
    struct certificate *out) MUST_CHECK;

#endif
