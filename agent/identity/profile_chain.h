/* profile_chain.h - a PEM file held against the profile: each certificate, and
 * the way it stands below the next. */

#ifndef IDENTITY_PROFILE_CHAIN_H
#define IDENTITY_PROFILE_CHAIN_H

#include "identity/profile.h"

/* A broken rule, and where. */
struct profile_finding {
    size_t number;          /* of the certificate, from 1 */
    enum profile_role role; /* 0: it could not be read */
    const struct profile_rule *rule;
};

/* Called for each rule that is broken; the finding is lent for the call. */
typedef void profile_tell(void *context, const struct profile_finding *finding);

/* What was chosen for a certificate.  An error ends the walk. */
typedef enum err profile_choose(void *context, const struct view *certificate,
    enum profile_role role, enum eku *eku);

struct profile_walk {
    enum profile_role role;   /* of all; 0: what each says of itself */
    const struct view *above; /* above the last one; NULL: not known */
    profile_choose *choose;
    profile_tell *tell;
    void *context; /* for both */
};

/* Walk up the chain in `text` (a string): each certificate below its issuer; a
 * root is its own.  *count is the number of certificates, broken ones too.
 * ERR_NOT_FOUND: there is none; ERR_INVALID: damaged PEM, after what was
 * readable. */
enum err profile_chain(const struct profile_walk *walk, const char *text,
    size_t *count) MUST_CHECK;

#endif
