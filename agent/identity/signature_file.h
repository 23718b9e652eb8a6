/* signature_file.h - a detached signature over a file. */

#ifndef IDENTITY_SIGNATURE_FILE_H
#define IDENTITY_SIGNATURE_FILE_H

#include "identity/signature.h"

/* Paths; borrowed for the call. */
struct signature_options {
    enum signature_algorithm algorithm;
    const char *key;       /* a public key in PEM */
    const char *signature; /* the signature's bytes as they are */
    const char *file;      /* what is signed; of any size */
};

/* Is it genuine?  *valid is set with ERR_OK only; a key that is not for the
 * algorithm makes nothing valid (logged).  Errors say that a file could not be
 * read, and which is logged: ERR_NOT_FOUND, ERR_DENIED, ERR_IO; ERR_INVALID,
 * ERR_TOO_BIG: `key` holds no public key. */
enum err signature_check_file(
    const struct signature_options *o, bool *valid) MUST_CHECK;

#endif
