/* tpm2_make.c - a new key in the TPM: a primary key of its owner, kept behind
 * the handle; and its end. */

#include <string.h>

#include "ports/keystore/tpm2_inside.h"
#include "ports/port.h"

/* The point of the template is random: a TPM makes the same key again from the
 * same template (TPM 2.0 part 1, section 14). */
static enum err make_template(
    enum keystore_kind kind, bool has_pin, TPM2B_PUBLIC *out)
{
    TPMT_PUBLIC *key = &out->publicArea;

    *out = (TPM2B_PUBLIC){.size = 0};
    key->type = TPM2_ALG_ECC;
    key->nameAlg = TPM2_ALG_SHA256;
    key->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
        TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
        TPMA_OBJECT_SIGN_ENCRYPT | (has_pin ? 0 : TPMA_OBJECT_NODA);
    key->parameters.eccDetail =
        (TPMS_ECC_PARMS){.symmetric.algorithm = TPM2_ALG_NULL,
            .scheme.scheme = TPM2_ALG_NULL,
            .curveID =
                kind == KEYSTORE_P256 ? TPM2_ECC_NIST_P256 : TPM2_ECC_NIST_P384,
            .kdf.scheme = TPM2_ALG_NULL};
    key->unique.ecc.x.size = key->unique.ecc.y.size = 32;
    if (port_random(key->unique.ecc.x.buffer, 32) != ERR_OK)
        return ERR_IO;
    return port_random(key->unique.ecc.y.buffer, 32);
}

static TSS2_RC make(const struct tpm2 *t, const struct tpm2_visit *v,
    const TPM2B_PUBLIC *template, const TPM2B_SENSITIVE_CREATE *sensitive)
{
    const TPM2B_DATA outside = {.size = 0};
    const TPML_PCR_SELECTION pcrs = {.count = 0};
    ESYS_TR made, persistent;
    TSS2_RC rc = t->tss->create_primary(v->esys, ESYS_TR_RH_OWNER,
        ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, sensitive, template,
        &outside, &pcrs, &made, NULL, NULL, NULL, NULL);

    if (rc != TSS2_RC_SUCCESS)
        return rc;
    rc = t->tss->evict_control(v->esys, ESYS_TR_RH_OWNER, made,
        ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, t->handle, &persistent);
    (void)t->tss->flush_context(v->esys, made);
    return rc;
}

static enum err say_owner(
    const struct tpm2 *t, TSS2_RC rc, const char *what, char *why)
{
    enum err e = tpm2_say(t, rc, what, why);

    return e != ERR_DENIED
        ? e
        : keystore_say(why, e, "wrong_pin: the TPM's owner has a password");
}

static enum err make_with_pin(const struct tpm2 *t, const struct tpm2_visit *v,
    enum keystore_kind kind, char *why)
{
    TPM2B_SENSITIVE_CREATE sensitive = {.size = 0};
    TPM2B_AUTH *auth = &sensitive.sensitive.userAuth;
    TPM2B_PUBLIC template;
    const unsigned char *bytes;
    size_t len;
    TSS2_RC rc;
    enum err e = pin_read(t->pin, why, &bytes, &len);

    if (e != ERR_OK)
        return e;
    if (len > 32) /* the name's hash is the limit */
        return keystore_say(
            why, ERR_INVALID, "wrong_pin: longer than 32 bytes");
    memcpy(auth->buffer, bytes, len);
    auth->size = (UINT16)len;
    pin_forget(t->pin);
    if (make_template(kind, len > 0, &template) != ERR_OK)
        return keystore_say(why, ERR_IO, "token_failed: no randomness");
    rc = make(t, v, &template, &sensitive);
    explicit_bzero(&sensitive, sizeof(sensitive));
    return rc == TSS2_RC_SUCCESS ? ERR_OK : say_owner(t, rc, "make a key", why);
}

enum err tpm2_create(void *context, enum keystore_kind kind, char *why)
{
    struct tpm2 *t = context;
    struct tpm2_visit v;
    TSS2_RC rc;
    enum err e;

    if (kind == KEYSTORE_RSA)
        return keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: only keys on P-256 and P-384 are made");
    e = tpm2_enter(t, &v, why);
    if (e != ERR_OK)
        return e;
    rc = tpm2_find(t, &v);
    if (rc == TSS2_RC_SUCCESS)
        e = keystore_say(why, ERR_EXISTS,
            "ambiguous: the TPM has a key at 0x%08x already", t->handle);
    else if (tpm2_is_error(rc, TPM2_RC_HANDLE))
        e = make_with_pin(t, &v, kind, why);
    else
        e = tpm2_say(t, rc, "look for the key", why);
    tpm2_leave(t, &v);
    return e;
}

/* TPM2_EvictControl takes a persistent object out again (TPM 2.0 part 3,
 * section 28.5). */
enum err tpm2_erase(void *context, char *why)
{
    struct tpm2 *t = context;
    ESYS_TR none;
    struct tpm2_visit v;
    TSS2_RC rc;
    enum err e = tpm2_enter(t, &v, why);

    if (e != ERR_OK)
        return e;
    rc = tpm2_find(t, &v);
    if (rc != TSS2_RC_SUCCESS) {
        e = tpm2_say(t, rc, "look for the key", why);
    } else {
        rc = t->tss->evict_control(v.esys, ESYS_TR_RH_OWNER, v.key,
            ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, t->handle, &none);
        if (rc != TSS2_RC_SUCCESS)
            e = say_owner(t, rc, "destroy the key", why);
    }
    tpm2_leave(t, &v);
    return e;
}
