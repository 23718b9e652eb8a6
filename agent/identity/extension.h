/* extension.h - the extensions of a parsed certificate, as bytes.
 *
 * mbedTLS keeps what it understands and drops the rest; here everything that
 * stands there can be looked at (RFC 5280 section 4.2). */

#ifndef IDENTITY_EXTENSION_H
#define IDENTITY_EXTENSION_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct extension {
    const unsigned char *oid; /* content octets */
    size_t oid_len;
    bool critical;
    unsigned char *value; /* what stands in the OCTET STRING; lent */
    size_t len;
};

/* A place in the list; begin with extension_walk. */
struct extension_walk {
    unsigned char *next, *end;
};

struct extension_walk extension_walk(const mbedtls_x509_crt *certificate);

/* ERR_NOT_FOUND behind the last one; ERR_INVALID: malformed. */
enum err extension_next(
    struct extension_walk *walk, struct extension *out) MUST_CHECK;

/* The first with this OID (MBEDTLS_OID_...). */
enum err extension_find(const mbedtls_x509_crt *certificate, const char *oid,
    struct extension *out) MUST_CHECK;

/* Does one stand there twice, against RFC 5280 section 4.2?  Also true when the
 * list is malformed. */
bool extension_repeats(const mbedtls_x509_crt *certificate);

/* Is a critical one there that we neither evaluate nor may ignore? */
bool extension_unknown_critical(const mbedtls_x509_crt *certificate);

/* One GeneralName (section 4.2.1.6): its form, and what stands in its tag. */
enum general_form {
    GENERAL_OTHER = 0,
    GENERAL_EMAIL = 1,
    GENERAL_DNS = 2,
    GENERAL_DIRECTORY = 4, /* bytes: a Name with its SEQUENCE */
    GENERAL_URI = 6,
    GENERAL_IP = 7
};
struct general_name {
    unsigned form; /* the tag's number; those we know are above */
    unsigned char *bytes;
    size_t len;
};

/* Take the next one from *p; ERR_NOT_FOUND at the end, ERR_INVALID. */
enum err general_next(unsigned char **p, const unsigned char *end,
    struct general_name *out) MUST_CHECK;

/* The names in subjectAltName as *p to *end; both equal when there is none. */
enum err general_begin(const mbedtls_x509_crt *certificate, unsigned char **p,
    unsigned char **end) MUST_CHECK;

#endif
