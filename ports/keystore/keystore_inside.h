/* keystore_inside.h - what a variant of the key store is to keystore.c.
 *
 * keystore.c calls one operation at a time, `open` only when closed and `sign`
 * only when open; `close` also after a fork, in the child. */

#ifndef PORTS_KEYSTORE_KEYSTORE_INSIDE_H
#define PORTS_KEYSTORE_KEYSTORE_INSIDE_H

#include "ports/keystore/keystore.h"

struct keystore_variant {
    enum err (*parse)(const char *uri, char *why, void **state);
    enum err (*open)(void *state, struct keystore_public *out, char *why);
    enum err (*sign)(void *state, const struct keystore_job *job,
        struct keystore_signature *out, char *why);
    void (*close)(void *state); /* fine when closed */
    enum err (*create)(void *state, enum keystore_kind kind, char *why);
    enum err (*erase)(void *state, char *why);
    void (*place)(const void *state, struct keystore_place *out);
    void (*free)(void *state);
};

extern const struct keystore_variant keystore_file;
extern const struct keystore_variant keystore_pkcs11;
extern const struct keystore_variant keystore_tpm2;

/* Write the reason, at most KEYSTORE_WHY bytes; gives `e` back. */
enum err keystore_say(char *why, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
