/* tpm2.c - a key in a TPM 2.0, behind a persistent handle.
 *
 * Each operation opens the TPM, does its work and closes it: others need it
 * too, and what holds no session cannot have a stale one. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/keystore/tpm2_inside.h"

#define FORMAT_ONE 0xff /* the error without its number and kind of operand */
#define COMMAND    0xffff

/* Format-one codes carry the operand they are about in bits 6 and 8 to 11. */
bool tpm2_is_error(TSS2_RC rc, TSS2_RC code)
{
    if ((rc & TSS2_RC_LAYER_MASK) != 0)
        return false;
    return (code & TPM2_RC_FMT1) != 0 ? (rc & TPM2_RC_FMT1) != 0 &&
            (rc & FORMAT_ONE & ~TPM2_RC_P) == (code & FORMAT_ONE)
                                      : (rc & COMMAND) == code;
}

/* The PIN was looked at; in lockout it is not. */
static bool is_refusal(TSS2_RC rc)
{
    return tpm2_is_error(rc, TPM2_RC_AUTH_FAIL) ||
        tpm2_is_error(rc, TPM2_RC_BAD_AUTH);
}

enum err tpm2_say(const struct tpm2 *t, TSS2_RC rc, const char *what, char *why)
{
    if (is_refusal(rc))
        return keystore_say(why, ERR_DENIED,
            "wrong_pin: the TPM refuses the PIN of key 0x%08x; it is not "
            "tried again, so that the TPM does not lock itself",
            t->handle);
    if (tpm2_is_error(rc, TPM2_RC_LOCKOUT))
        return keystore_say(why, ERR_DENIED,
            "wrong_pin: the TPM is locked after too many wrong PINs; wait, or "
            "tpm2_dictionarylockout -c");
    if (tpm2_is_error(rc, TPM2_RC_HANDLE))
        return keystore_say(why, ERR_NOT_FOUND,
            "no_object: the TPM has no key at 0x%08x; tpm2_getcap "
            "handles-persistent lists them",
            t->handle);
    if (tpm2_is_error(rc, TPM2_RC_SCHEME) ||
        tpm2_is_error(rc, TPM2_RC_TICKET) ||
        tpm2_is_error(rc, TPM2_RC_ATTRIBUTES) || tpm2_is_error(rc, TPM2_RC_KEY))
        return keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: the key at 0x%08x does not sign what TLS needs (0x%x);"
            " make it unrestricted and without a scheme, see docs/keys.md",
            t->handle, rc);
    if ((rc & TSS2_RC_LAYER_MASK) != 0)
        return keystore_say(why, ERR_AGAIN,
            "token_absent: the TPM does not answer at %.80s (0x%x)", t->tcti,
            rc);
    return keystore_say(
        why, ERR_IO, "token_failed: the TPM could not %s (0x%x)", what, rc);
}

enum err tpm2_enter(const struct tpm2 *t, struct tpm2_visit *v, char *why)
{
    TSS2_RC rc;

    *v = (struct tpm2_visit){.key = ESYS_TR_NONE};
    rc = t->tss->tcti_open(t->tcti, &v->tcti);
    if (rc == TSS2_RC_SUCCESS) {
        rc = t->tss->initialize(&v->esys, v->tcti, NULL);
        if (rc != TSS2_RC_SUCCESS)
            t->tss->tcti_close(&v->tcti);
    }
    if (rc == TSS2_RC_SUCCESS)
        return ERR_OK;
    return keystore_say(why, ERR_AGAIN,
        "token_absent: no TPM answers at %.80s (0x%x); may this user open it?",
        t->tcti, rc);
}

void tpm2_leave(const struct tpm2 *t, struct tpm2_visit *v)
{
    t->tss->finalize(&v->esys);
    t->tss->tcti_close(&v->tcti);
}

TSS2_RC tpm2_find(const struct tpm2 *t, struct tpm2_visit *v)
{
    return t->tss->from_tpm_public(
        v->esys, t->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &v->key);
}

/* --- the public half ----------------------------------------------------- */

/* The TPM may leave leading zeros out. */
static bool put_coordinate(
    const TPM2B_ECC_PARAMETER *number, unsigned char *out, size_t len)
{
    if (number->size > len)
        return false;
    memset(out, 0, len);
    memcpy(out + len - number->size, number->buffer, number->size);
    return true;
}

static enum err take_public(struct tpm2 *t, const TPMT_PUBLIC *key,
    struct keystore_public *out, char *why)
{
    const TPMA_OBJECT fixed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT;
    TPMI_ECC_CURVE curve = key->parameters.eccDetail.curveID;

    if (key->type != TPM2_ALG_ECC ||
        (curve != TPM2_ECC_NIST_P256 && curve != TPM2_ECC_NIST_P384))
        return keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: expected an ECDSA key on P-256 or P-384 at 0x%08x "
            "(RSA in a TPM cannot sign TLS 1.3's way)",
            t->handle);
    out->kind = curve == TPM2_ECC_NIST_P256 ? KEYSTORE_P256 : KEYSTORE_P384;
    out->bits = out->kind == KEYSTORE_P256 ? 256 : 384;
    out->len = 1 + 2 * (out->bits / 8);
    out->bytes[0] = 4; /* uncompressed: SEC 1 section 2.3.3 */
    if (!put_coordinate(&key->unique.ecc.x, out->bytes + 1, out->bits / 8) ||
        !put_coordinate(
            &key->unique.ecc.y, out->bytes + 1 + out->bits / 8, out->bits / 8))
        return keystore_say(why, ERR_IO, "token_failed: not a point");
    t->kind = out->kind;
    t->movable = (key->objectAttributes & fixed) != fixed;
    return ERR_OK;
}

static enum err unlock(void *context, struct keystore_public *out, char *why)
{
    struct tpm2 *t = context;
    TPM2B_PUBLIC *key = NULL;
    struct tpm2_visit v;
    TSS2_RC rc;
    enum err e = tpm2_enter(t, &v, why);

    if (e != ERR_OK)
        return e;
    rc = tpm2_find(t, &v);
    if (rc == TSS2_RC_SUCCESS)
        rc = t->tss->read_public(v.esys, v.key, ESYS_TR_NONE, ESYS_TR_NONE,
            ESYS_TR_NONE, &key, NULL, NULL);
    e = rc == TSS2_RC_SUCCESS ? take_public(t, &key->publicArea, out, why)
                              : tpm2_say(t, rc, "read the key", why);
    t->tss->free(key);
    tpm2_leave(t, &v);
    return e;
}

/* --- signing ------------------------------------------------------------- */

static TPMI_ALG_HASH hash_of(size_t len)
{
    if (len == 32)
        return TPM2_ALG_SHA256;
    return len == 48 ? TPM2_ALG_SHA384 : TPM2_ALG_SHA512;
}

static enum err authorise(
    const struct tpm2 *t, const struct tpm2_visit *v, ESYS_TR object, char *why)
{
    TPM2B_AUTH auth = {.size = 0};
    const unsigned char *bytes;
    size_t len;
    enum err e = pin_read(t->pin, why, &bytes, &len);

    if (e != ERR_OK)
        return e;
    if (len > sizeof(auth.buffer))
        return keystore_say(why, ERR_DENIED, "wrong_pin: too long for the TPM");
    memcpy(auth.buffer, bytes, len);
    auth.size = (UINT16)len;
    if (t->tss->set_auth(v->esys, object, &auth) != TSS2_RC_SUCCESS)
        e = keystore_say(why, ERR_IO, "token_failed: the PIN is not taken");
    explicit_bzero(&auth, sizeof(auth));
    return e;
}

static enum err take_signature(const struct tpm2 *t,
    const TPMT_SIGNATURE *signature, struct keystore_signature *out, char *why)
{
    size_t half = t->kind == KEYSTORE_P256 ? 32 : 48;

    if (signature->sigAlg != TPM2_ALG_ECDSA ||
        !put_coordinate(
            &signature->signature.ecdsa.signatureR, out->bytes, half) ||
        !put_coordinate(
            &signature->signature.ecdsa.signatureS, out->bytes + half, half))
        return keystore_say(why, ERR_IO, "token_failed: not a signature");
    out->len = 2 * half;
    return ERR_OK;
}

static enum err ask(struct tpm2 *t, const struct tpm2_visit *v,
    const struct keystore_job *job, struct keystore_signature *out, char *why)
{
    TPMT_SIG_SCHEME scheme = {0};
    const TPMT_TK_HASHCHECK ticket = {
        .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    TPM2B_DIGEST digest = {.size = (UINT16)job->len};
    TPMT_SIGNATURE *signature = NULL;
    TSS2_RC rc;
    enum err e;

    scheme.scheme = TPM2_ALG_ECDSA;
    scheme.details.ecdsa.hashAlg = hash_of(job->len);
    memcpy(digest.buffer, job->hash, job->len);
    rc = t->tss->sign(v->esys, v->key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
        ESYS_TR_NONE, &digest, &scheme, &ticket, &signature);
    e = rc == TSS2_RC_SUCCESS ? take_signature(t, signature, out, why)
                              : tpm2_say(t, rc, "sign", why);
    t->tss->free(signature);
    if (is_refusal(rc))
        pin_refuse(t->pin);
    return e;
}

static enum err sign(void *context, const struct keystore_job *job,
    struct keystore_signature *out, char *why)
{
    struct tpm2 *t = context;
    struct tpm2_visit v;
    enum err e;
    TSS2_RC rc;

    if (job->len > sizeof(((TPM2B_DIGEST *)0)->buffer))
        return keystore_say(why, ERR_INVALID, "unsuitable: not a hash");
    e = tpm2_enter(t, &v, why);
    if (e != ERR_OK)
        return e;
    rc = tpm2_find(t, &v);
    e = rc == TSS2_RC_SUCCESS ? authorise(t, &v, v.key, why)
                              : tpm2_say(t, rc, "find the key", why);
    if (e == ERR_OK)
        e = ask(t, &v, job, out, why);
    pin_forget(t->pin);
    tpm2_leave(t, &v);
    return e;
}

/* --- life ---------------------------------------------------------------- */

static void shut(void *context)
{
    pin_forget(((struct tpm2 *)context)->pin);
}

static void place(const void *context, struct keystore_place *out)
{
    const struct tpm2 *t = context;

    out->kind = "tpm2";
    out->exportable = t->movable;
    (void)snprintf(out->words, sizeof(out->words),
        "in the TPM at %.80s, handle 0x%08x; %s", t->tcti, t->handle,
        t->movable ? "its attributes let it be moved to another"
                   : "it cannot leave it");
}

static void destroy(void *context)
{
    struct tpm2 *t = context;

    pin_free(t->pin);
    free(t);
}

static enum err fill(struct tpm2 *t, const struct tpm2_uri *uri, char *why)
{
    t->handle = uri->handle;
    memcpy(t->tcti, uri->tcti, sizeof(t->tcti));
    t->pin = pin_new(uri->pin_value[0] != '\0' ? uri->pin_value : NULL,
        uri->pin_source[0] != '\0' ? uri->pin_source : NULL);
    if (t->pin == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "no_pin: out of memory");
    return tpm2_library(&t->tss, why);
}

static enum err parse(const char *text, char *why, void **out)
{
    struct tpm2_uri uri;
    struct tpm2 *t;
    enum err e = tpm2_uri_read(text, &uri, why);

    if (e != ERR_OK)
        return e;
    t = calloc(1, sizeof(*t));
    e = t == NULL
        ? keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory")
        : fill(t, &uri, why);
    explicit_bzero(&uri, sizeof(uri));
    if (e == ERR_OK)
        *out = t;
    else if (t != NULL)
        destroy(t);
    return e;
}

const struct keystore_variant keystore_tpm2 = {
    .parse = parse,
    .open = unlock,
    .sign = sign,
    .close = shut,
    .create = tpm2_create,
    .erase = tpm2_erase,
    .place = place,
    .free = destroy,
};
