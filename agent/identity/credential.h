/* credential.h - a factory credential as it lies on the device: the chain, its
 * key and their files, held against the profile. */

#ifndef IDENTITY_CREDENTIAL_H
#define IDENTITY_CREDENTIAL_H

#include "identity/profile_chain.h"

/* Everything is borrowed for the call. */
struct credential {
    const char *certificate; /* path of a PEM file, the device's first */
    const char *key;         /* as key_open; NULL: the file alone is judged */
    const char *files[3]; /* more files that only the owner may write; NULL */
    enum eku eku;         /* what the factory chose for the model */
};

/* A broken rule, and where; lent for the call. */
struct credential_finding {
    const char *file; /* a path, or the key's URI */
    size_t number;    /* of the certificate in it; 0: the file itself */
    enum profile_role role;
    const struct profile_rule *rule;
};
typedef void credential_tell(
    void *context, const struct credential_finding *finding);

/* Tell every rule that is broken.  With a key also: that it is there, fits and
 * is its owner's alone, that the chain reaches the Vendor CA, and that nobody
 * else can write the files.  *count is the number of certificates.  Errors of
 * the certificate's file only (not logged): ERR_NOT_FOUND, ERR_DENIED, ERR_IO,
 * ERR_TOO_BIG; ERR_INVALID: no PEM certificate, or damaged PEM. */
enum err credential_check(const struct credential *credential,
    credential_tell *tell, void *context, size_t *count) MUST_CHECK;

#endif
