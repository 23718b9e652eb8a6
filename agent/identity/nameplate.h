/* nameplate.h - who this device is: read from its certificate, nothing else. */

#ifndef IDENTITY_NAMEPLATE_H
#define IDENTITY_NAMEPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* A certificate that stands above the device's own. */
struct nameplate_above {
    char *subject;        /* in one line */
    char *fingerprint;    /* as below */
    char *certificate_id; /* as below */
};

/* Everything is owned by the nameplate; text is UTF-8. */
struct nameplate {
    char *vendor;      /* subject O */
    char *model;       /* subject OU */
    char *serial;      /* subject serialNumber (2.5.4.5) */
    char *thing;       /* subject CN = mapping of the three; MQTT client id */
    char *issuer;      /* the issuer's name in one line */
    char *fingerprint; /* SHA-256 of the SubjectPublicKeyInfo, 64 hex digits */
    char *certificate_id; /* SHA-256 of the certificate's DER, 64 hex digits */
    int64_t not_before_s, not_after_s; /* 253402300799 means: for ever */
    char *hit; /* Host Identity Tag of the key; NULL: its kind has none */
    struct nameplate_above *above; /* as they stand in the file */
    size_t above_count;
};

/* Read a PEM file: the first certificate is the device's, the others stand
 * above it.  ERR_NOT_FOUND, ERR_DENIED, ERR_IO
 * on the file; ERR_INVALID when a field is missing, stands twice, or the CN is
 * not the mapping of the other three.  The reason is logged. */
enum err nameplate_read(const char *path, struct nameplate **out) MUST_CHECK;
void nameplate_free(struct nameplate *nameplate); /* NULL is fine */

#endif
