/* fake_pkcs11.h - a PKCS #11 module whose token does what a test says: counts
 * PINs, locks, forgets its sessions, or does not answer.  Its key signs
 * nonsense.
 *
 * The test opens the library too and finds its controls by name. */

#ifndef TESTS_FAKE_PKCS11_H
#define TESTS_FAKE_PKCS11_H

#include <stdatomic.h>

#define FAKE_CONTROLS "fake_pkcs11_controls"
#define FAKE_HANG                                                              \
    "FAKE_PKCS11_HANG" /* C_OpenSession waits while the file                   \
that this variable of the environment names is there */

struct fake_pkcs11 {
    unsigned long token_flags;        /* CKF_* besides CKF_TOKEN_INITIALIZED */
    unsigned long login;              /* what C_Login returns */
    unsigned long sign;               /* what the next C_Sign returns, once */
    unsigned logins, signs, sessions; /* calls so far */
    int bare_point;                   /* CKA_EC_POINT without OCTET STRING */
    atomic_int hangs;                 /* C_Sign waits while this is not 0 */
};

#endif
