/* reason.h - why a peer is not believed: one word, and what to do about it. */

#ifndef IDENTITY_REASON_H
#define IDENTITY_REASON_H

/* In the log, in `status` and in `verify --json` by name; a name is never
 * given another meaning. */
enum trust_reason {
    TRUST_OK,
    TRUST_EXPIRED,            /* a certificate of the path is over */
    TRUST_NOT_YET,            /* ... or has not begun */
    TRUST_UNKNOWN_ISSUER,     /* no path to one of our anchors */
    TRUST_BAD_SIGNATURE,      /* an issuer of that name did not sign it */
    TRUST_NAME,               /* genuine, but somebody else */
    TRUST_PURPOSE,            /* not for this use (EKU, keyUsage, a CA) */
    TRUST_NOT_A_CA,           /* signed by something that may not sign */
    TRUST_PATH_LENGTH,        /* more CAs than one above allows */
    TRUST_CONSTRAINTS,        /* a name that a CA above may not speak for */
    TRUST_CRITICAL_EXTENSION, /* says what we cannot evaluate */
    TRUST_WEAK_KEY,
    TRUST_WEAK_SIGNATURE,
    TRUST_UNSUPPORTED, /* an algorithm that we do not have */
    TRUST_REVOKED,
    TRUST_CRL_STALE,   /* the revocation list is over */
    TRUST_CRL_BAD,     /* ... or not the issuer's */
    TRUST_PIN,         /* none of the pinned keys is in the path */
    TRUST_HIT,         /* another key than the Host Identity Tag's */
    TRUST_VENDOR,      /* the CA does not speak for that vendor */
    TRUST_MODEL,       /* ... or the device is another model */
    TRUST_SERIAL,      /* ... or another one of the model */
    TRUST_LEVEL,       /* less is proved than was asked for */
    TRUST_NAMEPLATE,   /* no vendor, model, serial and thing name that agree */
    TRUST_TOO_COMPLEX, /* more than we are willing to look at */
    TRUST_MALFORMED
};
#define TRUST_REASONS (TRUST_MALFORMED + 1)

/* "unknown_issuer"; static. */
const char *trust_reason_name(enum trust_reason reason);

/* What a person can do, to stand behind "certificate "X": "; static. */
const char *trust_reason_advice(enum trust_reason reason);

#endif
