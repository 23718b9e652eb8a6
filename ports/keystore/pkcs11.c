/* pkcs11.c - a key in a PKCS #11 token: its URI (RFC 7512), and signing. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/keystore/pkcs11_inside.h"

enum err pkcs11_say(
    const struct pkcs11 *p, CK_RV rv, const char *what, char *why)
{
    switch (rv) {
    case CKR_PIN_LOCKED:
        return keystore_say(why, ERR_DENIED,
            "wrong_pin: the token has locked its PIN; its owner must unlock "
            "it");
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
        return keystore_say(why, ERR_DENIED,
            "wrong_pin: the token refuses the PIN (%s); it is not tried again, "
            "so that the token does not lock itself",
            p->kit->strerror(rv));
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_DEVICE_REMOVED:
        return keystore_say(why, ERR_AGAIN,
            "token_absent: the token is gone (%s)", p->kit->strerror(rv));
    default:
        return keystore_say(why, ERR_IO,
            "token_failed: the token could not %s: %s (0x%lx)", what,
            p->kit->strerror(rv), rv);
    }
}

/* --- the URI ------------------------------------------------------------- */

static const char *fault_of(const struct pkcs11 *p)
{
    const CK_ATTRIBUTE *class = p->kit->uri_get_attribute(p->uri, CKA_CLASS);

    if (p->kit->uri_any_unrecognized(p->uri))
        return "it has an attribute that is not known";
    if (class != NULL &&
        (class->ulValueLen != sizeof(CK_OBJECT_CLASS) ||
            *(const CK_OBJECT_CLASS *)class->pValue != CKO_PRIVATE_KEY))
        return "type must be private, or left out";
    if (p->kit->uri_get_module_name(p->uri) != NULL)
        return "module-name is not known here; use module-path";
    if (p->kit->uri_get_attribute(p->uri, CKA_LABEL) == NULL &&
        p->kit->uri_get_attribute(p->uri, CKA_ID) == NULL)
        return "object= or id= is missing";
    return NULL;
}

static enum err read_uri(struct pkcs11 *p, const char *uri, char *why)
{
    int failed = p->kit->uri_parse(uri, P11_KIT_URI_FOR_ANY, p->uri);
    const char *source, *fault;

    if (failed != P11_KIT_URI_OK)
        return keystore_say(why, ERR_INVALID,
            "unsuitable: not a PKCS #11 URI as RFC 7512 wants it: %s",
            p->kit->uri_message(failed));
    fault = fault_of(p);
    source = p->kit->uri_get_pin_source(p->uri);
    if (fault == NULL && source != NULL && source[0] == '|')
        fault = "pin-source must be a file";
    if (fault != NULL)
        return keystore_say(
            why, ERR_INVALID, "unsuitable: the PKCS #11 URI: %s", fault);
    p->pin = pin_new(p->kit->uri_get_pin_value(p->uri), source);
    if (p->pin == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "no_pin: out of memory");
    return ERR_OK;
}

static void destroy(void *context)
{
    struct pkcs11 *p = context;

    pin_free(p->pin);
    p->kit->uri_free(p->uri);
    free(p);
}

static enum err parse(const char *uri, char *why, void **out)
{
    struct pkcs11 *p = calloc(1, sizeof(*p));
    enum err e;

    if (p == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory");
    e = pkcs11_library(&p->kit, why);
    if (e != ERR_OK) {
        free(p);
        return e;
    }
    p->uri = p->kit->uri_new();
    e = p->uri != NULL
        ? read_uri(p, uri, why)
        : keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory");
    if (e != ERR_OK)
        destroy(p);
    else
        *out = p;
    return e;
}

/* --- life ---------------------------------------------------------------- */

static enum err unlock(void *context, struct keystore_public *out, char *why)
{
    struct pkcs11 *p = context;
    enum err e = pkcs11_token_enter(p, false, why);

    return e == ERR_OK ? pkcs11_object_find(p, out, why) : e;
}

static void shut(void *context)
{
    pkcs11_token_leave(context);
}

static enum err create(void *context, enum keystore_kind kind, char *why)
{
    struct pkcs11 *p = context;
    struct keystore_public key;
    enum err e;

    if (kind == KEYSTORE_RSA)
        return keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: only keys on P-256 and P-384 are made");
    e = pkcs11_token_enter(p, true, why);
    if (e == ERR_OK)
        e = pkcs11_object_find(p, &key, why);
    if (e == ERR_OK || e == ERR_CONFLICT)
        e = keystore_say(why, ERR_EXISTS,
            "ambiguous: the token has a key of that name already");
    else if (e == ERR_NOT_FOUND)
        e = pkcs11_object_make(p, kind, why);
    pkcs11_token_leave(p);
    return e;
}

static enum err erase(void *context, char *why)
{
    struct pkcs11 *p = context;
    enum err e = pkcs11_token_enter(p, true, why);

    if (e == ERR_OK)
        e = pkcs11_object_erase(p, why);
    pkcs11_token_leave(p);
    return e;
}

/* --- signing ------------------------------------------------------------- */

/* DigestInfo up to the hash: RFC 8017 section 9.2, note 1. */
static const unsigned char info_256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
    0x20};
static const unsigned char info_384[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04,
    0x30};
static const unsigned char info_512[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04,
    0x40};

struct hash_kind {
    size_t len;
    const unsigned char *info; /* sizeof(info_256) of it */
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_MGF_TYPE mgf;
};

static const struct hash_kind hashes[] = {
    {32, info_256, CKM_SHA256, CKG_MGF1_SHA256},
    {48, info_384, CKM_SHA384, CKG_MGF1_SHA384},
    {64, info_512, CKM_SHA512, CKG_MGF1_SHA512},
};

static const struct hash_kind *find_hash(size_t len)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        if (hashes[i].len == len)
            return &hashes[i];
    return NULL;
}

static CK_RV ask(struct pkcs11 *p, CK_MECHANISM *mechanism,
    const struct keystore_job *job, struct keystore_signature *out)
{
    unsigned char hash[sizeof(info_256) + 64];
    CK_ULONG len = sizeof(out->bytes);
    size_t prefix = 0;
    CK_RV rv;

    if (mechanism->mechanism == CKM_RSA_PKCS) {
        memcpy(hash, find_hash(job->len)->info, sizeof(info_256));
        prefix = sizeof(info_256);
    }
    memcpy(hash + prefix, job->hash, job->len);
    rv = p->module->C_SignInit(p->session, mechanism, p->key);
    if (rv == CKR_OK)
        rv = p->module->C_Sign(
            p->session, hash, prefix + job->len, out->bytes, &len);
    out->len = len;
    return rv;
}

static enum err sign(void *context, const struct keystore_job *job,
    struct keystore_signature *out, char *why)
{
    struct pkcs11 *p = context;
    const struct hash_kind *hash = find_hash(job->len);
    CK_RSA_PKCS_PSS_PARAMS pss = {0};
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_RV rv;

    if (hash == NULL)
        return keystore_say(why, ERR_INVALID, "unsuitable: not a hash");
    if (job->scheme == KEYSTORE_RSA_PKCS1) {
        mechanism.mechanism = CKM_RSA_PKCS;
    } else if (job->scheme == KEYSTORE_RSA_PSS) {
        pss = (CK_RSA_PKCS_PSS_PARAMS){hash->mechanism, hash->mgf, job->len};
        mechanism = (CK_MECHANISM){CKM_RSA_PKCS_PSS, &pss, sizeof(pss)};
    }
    rv = ask(p, &mechanism, job, out);
    return rv == CKR_OK ? ERR_OK : pkcs11_say(p, rv, "sign", why);
}

static void place(const void *context, struct keystore_place *out)
{
    const struct pkcs11 *p = context;

    out->kind = "pkcs11";
    out->exportable = p->extractable;
    (void)snprintf(out->words, sizeof(out->words),
        "in the PKCS #11 token %s%s%s; %s", p->token[0] != '\0' ? "\"" : "",
        p->token[0] != '\0' ? p->token : "of its URI",
        p->token[0] != '\0' ? "\"" : "",
        p->extractable ? "the token lets it out" : "it cannot leave it");
}

const struct keystore_variant keystore_pkcs11 = {
    .parse = parse,
    .open = unlock,
    .sign = sign,
    .close = shut,
    .create = create,
    .erase = erase,
    .place = place,
    .free = destroy,
};
