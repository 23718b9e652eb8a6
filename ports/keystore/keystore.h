/* keystore.h - where a private key lives and is used, as a contract in prose.
 *
 * A URI names the key: "file:PATH", "pkcs11:..." (RFC 7512) or "tpm2:...", see
 * docs/keys.md; each kind is a variant beside this file.  A key signs where it
 * is, and never comes out of here.  A token may come and go: what fails
 * because of it heals by asking again.  A refused PIN is never offered twice,
 * so no token locks itself because of us.
 *
 * Any thread may call; operations on one key wait for each other, at most 10 s,
 * and take as long as the token does.  After a fork both sides open the token
 * anew. The libraries of tokens are loaded when a URI asks for them, not
 * before.
 *
 * Every `why` gets "reason: words a person can act on" on failure, never a
 * secret; the reason is one of wrong_pin, no_pin, token_absent, token_failed,
 * no_object, ambiguous, no_module, unsuitable, another_key, unreadable. */

#ifndef PORTS_KEYSTORE_KEYSTORE_H
#define PORTS_KEYSTORE_KEYSTORE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define KEYSTORE_WHY             200
#define KEYSTORE_PUBLIC_BYTES    600
#define KEYSTORE_SIGNATURE_BYTES 512

struct keystore;

enum keystore_kind { KEYSTORE_P256, KEYSTORE_P384, KEYSTORE_RSA };

/* As PSA exports it: the uncompressed point, or RSAPublicKey in DER. */
struct keystore_public {
    enum keystore_kind kind;
    size_t bits;
    unsigned char bytes[KEYSTORE_PUBLIC_BYTES];
    size_t len;
};

enum keystore_scheme {
    KEYSTORE_ECDSA,     /* signature: r||s */
    KEYSTORE_RSA_PKCS1, /* RFC 8017 section 8.2 */
    KEYSTORE_RSA_PSS    /* section 8.1; the salt is as long as the hash */
};

struct keystore_job {
    enum keystore_scheme scheme;
    const unsigned char *hash; /* SHA-256, -384 or -512, told by its length */
    size_t len;
};

struct keystore_signature {
    unsigned char bytes[KEYSTORE_SIGNATURE_BYTES];
    size_t len;
};

struct keystore_place {
    const char *kind; /* "file", "pkcs11", "tpm2"; static */
    bool opened;      /* false: not seen yet, `exportable` is a guess */
    bool exportable;  /* a person could take the key out */
    char words[200];
};

/* Take the URI apart; no key is touched yet.  ERR_UNSUPPORTED: another scheme;
 * ERR_INVALID: the URI is wrong. */
enum err keystore_new(
    const char *uri, char why[KEYSTORE_WHY], struct keystore **out) MUST_CHECK;
void keystore_free(struct keystore *store); /* wipes; NULL is fine */

/* Find the key; at once when it is open already.  ERR_AGAIN: the token is not
 * there; ERR_DENIED: the PIN, or who may read the file; ERR_NOT_FOUND: no such
 * file, object or library; ERR_CONFLICT: more than one key fits; ERR_INVALID,
 * ERR_UNSUPPORTED: not a key, or none of the kinds above; ERR_IO: the token
 * failed. */
enum err keystore_open(struct keystore *store, struct keystore_public *out,
    char why[KEYSTORE_WHY]) MUST_CHECK;

/* Sign; opens what is not open, and once more what broke.  Errors as above;
 * ERR_CONFLICT also when another key is there than keystore_open found. */
enum err keystore_sign(struct keystore *store, const struct keystore_job *job,
    struct keystore_signature *out, char why[KEYSTORE_WHY]) MUST_CHECK;

/* Make a new key where the URI says.  ERR_EXISTS: there is one already, and it
 * stays; ERR_UNSUPPORTED: not this kind, or not there. */
enum err keystore_create(struct keystore *store, enum keystore_kind kind,
    char why[KEYSTORE_WHY]) MUST_CHECK;

/* Destroy the key that the URI names, for good, with its public half.
 * ERR_NOT_FOUND: there is none (any more); ERR_CONFLICT: several fit, and all
 * stay; else as keystore_open. */
enum err keystore_erase(
    struct keystore *store, char why[KEYSTORE_WHY]) MUST_CHECK;

/* Let go of sessions and secrets; the next use opens again. */
void keystore_close(struct keystore *store);

/* Is an operation under way just now?  Never waits. */
bool keystore_is_busy(struct keystore *store);

/* As it was when the key was opened last; never waits. */
void keystore_place(struct keystore *store, struct keystore_place *out);

#endif
