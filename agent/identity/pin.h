/* pin.h - keys chosen beforehand, by the SHA-256 of their SubjectPublicKeyInfo
 * (as in RFC 7469): at least one must stand in the path of a peer. */

#ifndef IDENTITY_PIN_H
#define IDENTITY_PIN_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define PIN_BYTES 32
#define PIN_MAX   16
#define PIN_WORDS                                                              \
    "two or more of sha256//BASE64 (44 characters), the second a backup key"

struct pins {
    unsigned char hashes[PIN_MAX][PIN_BYTES];
    size_t count;
};

/* "sha256//BASE64 sha256//BASE64", parted by spaces or commas.  One pin alone
 * would cut the device off on the day its server gets a new key, so there must
 * be two different ones.  ERR_INVALID: not PIN_WORDS. */
enum err pins_parse(const char *text, struct pins *out) MUST_CHECK;

bool pins_hold(const struct pins *pins, const mbedtls_x509_crt *certificate);

#endif
