/* pkcs11_inside.h - what the parts of the PKCS #11 variant share. */

#ifndef PORTS_KEYSTORE_PKCS11_INSIDE_H
#define PORTS_KEYSTORE_PKCS11_INSIDE_H

#include "ports/keystore/keystore_inside.h"
#include "ports/keystore/pin.h"
#include "ports/keystore/pkcs11_library.h"

struct pkcs11 {
    const struct pkcs11_library *kit;
    P11KitUri *uri;
    struct pin *pin;
    CK_FUNCTION_LIST *given[2]; /* the module that the URI names, NULL */
    CK_FUNCTION_LIST **modules; /* NULL while closed; ends with NULL */
    CK_FUNCTION_LIST *module;   /* where the token is */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    bool has_session;
    CK_OBJECT_HANDLE key;
    enum keystore_kind kind;
    char token[33]; /* its label, for people */
    bool extractable;
};

/* Translate what a module returned; `what` was tried. */
enum err pkcs11_say(
    const struct pkcs11 *p, CK_RV rv, const char *what, char *why);

/* Load the modules, find the one token, open a session on it and log in. */
enum err pkcs11_token_enter(
    struct pkcs11 *p, bool writing, char *why) MUST_CHECK;
void pkcs11_token_leave(struct pkcs11 *p);

/* Find the one private key that the URI names, and its public half. */
enum err pkcs11_object_find(
    struct pkcs11 *p, struct keystore_public *out, char *why) MUST_CHECK;

/* Make a pair that the URI will name. */
enum err pkcs11_object_make(
    struct pkcs11 *p, enum keystore_kind kind, char *why) MUST_CHECK;

/* Destroy the pair that the URI names, or the half of it that is left. */
enum err pkcs11_object_erase(struct pkcs11 *p, char *why) MUST_CHECK;

#endif
