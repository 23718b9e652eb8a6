/* tpm2_inside.h - what the parts of the TPM variant share. */

#ifndef PORTS_KEYSTORE_TPM2_INSIDE_H
#define PORTS_KEYSTORE_TPM2_INSIDE_H

#include <stdbool.h>

#include "ports/keystore/keystore_inside.h"
#include "ports/keystore/pin.h"
#include "ports/keystore/tpm2_library.h"
#include "ports/keystore/tpm2_uri.h"

struct tpm2 {
    const struct tpm2_library *tss;
    struct pin *pin;
    uint32_t handle;
    char tcti[TPM2_URI_VALUE];
    enum keystore_kind kind;
    bool movable; /* its attributes let it be taken elsewhere */
};

/* The TPM while it is open, and the key in it. */
struct tpm2_visit {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR key;
};

enum err tpm2_enter(
    const struct tpm2 *t, struct tpm2_visit *v, char *why) MUST_CHECK;
void tpm2_leave(const struct tpm2 *t, struct tpm2_visit *v);

/* Look the handle up; v->key then names it. */
TSS2_RC tpm2_find(const struct tpm2 *t, struct tpm2_visit *v);

/* Is `rc` the TPM's error `code`, whatever operand it is about? */
bool tpm2_is_error(TSS2_RC rc, TSS2_RC code);

/* Translate what the TPM returned; `what` was tried. */
enum err tpm2_say(
    const struct tpm2 *t, TSS2_RC rc, const char *what, char *why);

/* Of struct keystore_variant. */
enum err tpm2_create(void *context, enum keystore_kind kind, char *why);
enum err tpm2_erase(void *context, char *why);

#endif
