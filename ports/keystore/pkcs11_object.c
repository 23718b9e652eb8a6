/* pkcs11_object.c - a pair of keys in a token. */

#include <mbedtls/asn1write.h>
#include <mbedtls/bignum.h>
#include <stdint.h>
#include <string.h>

#include "ports/keystore/pkcs11_inside.h"
#include "ports/port.h"

#define VALUE_BYTES 1024
#define EC_OCTETS   4 /* ASN.1's OCTET STRING */

/* The curves' names, DER (SEC 2, RFC 5480 section 2.1.1.1). */
static const unsigned char p256[] = {
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const unsigned char p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

struct value {
    unsigned char bytes[VALUE_BYTES];
    size_t len;
};

static bool read_value(struct pkcs11 *p, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct value *out)
{
    CK_ATTRIBUTE attribute = {type, out->bytes, sizeof(out->bytes)};

    if (p->module->C_GetAttributeValue(p->session, object, &attribute, 1) !=
            CKR_OK ||
        attribute.ulValueLen > sizeof(out->bytes))
        return false;
    out->len = attribute.ulValueLen;
    return true;
}

/* What is not told counts as true: the worse case. */
static bool is_true(
    struct pkcs11 *p, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    struct value v;

    return !read_value(p, object, type, &v) || v.len < 1 || v.bytes[0] != 0;
}

/* --- looking ------------------------------------------------------------- */

/* Of class `class`, and as the URI says, or with the given id; how many, at
 * most two, or an error. */
static enum err find(struct pkcs11 *p, CK_ATTRIBUTE *attributes, CK_ULONG count,
    CK_OBJECT_HANDLE found[2], CK_ULONG *number, char *why)
{
    CK_RV rv = p->module->C_FindObjectsInit(p->session, attributes, count);

    if (rv == CKR_OK) {
        rv = p->module->C_FindObjects(p->session, found, 2, number);
        (void)p->module->C_FindObjectsFinal(p->session);
    }
    return rv == CKR_OK ? ERR_OK : pkcs11_say(p, rv, "look for the key", why);
}

/* The URI's label and id; returns how many attributes that makes. */
static CK_ULONG name_of(const struct pkcs11 *p, CK_ATTRIBUTE out[2])
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
    CK_ULONG count = 0;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const CK_ATTRIBUTE *a = p->kit->uri_get_attribute(p->uri, types[i]);

        if (a != NULL)
            out[count++] = *a;
    }
    return count;
}

/* Those of this class that the URI names. */
static enum err find_named(struct pkcs11 *p, CK_OBJECT_CLASS class,
    CK_OBJECT_HANDLE found[2], CK_ULONG *number, char *why)
{
    CK_ATTRIBUTE attributes[3] = {
        {CKA_CLASS, &class, sizeof(class)}
    };
    CK_ULONG count = 1 + name_of(p, attributes + 1);

    return find(p, attributes, count, found, number, why);
}

static enum err find_private(struct pkcs11 *p, char *why)
{
    CK_OBJECT_HANDLE found[2];
    CK_ULONG number = 0;
    enum err e = find_named(p, CKO_PRIVATE_KEY, found, &number, why);

    if (e != ERR_OK)
        return e;
    if (number == 0)
        return keystore_say(why, ERR_NOT_FOUND,
            "no_object: the token \"%s\" has no private key that fits the URI; "
            "is object= or id= right?",
            p->token);
    if (number > 1)
        return keystore_say(why, ERR_CONFLICT,
            "ambiguous: several private keys in the token \"%s\" fit the URI; "
            "add id=",
            p->token);
    p->key = found[0];
    return ERR_OK;
}

/* --- the public half ----------------------------------------------------- */

static enum err refuse_kind(char *why)
{
    return keystore_say(why, ERR_UNSUPPORTED,
        "unsuitable: expected an ECDSA key on P-256 or P-384, or RSA of 2048 "
        "to 4096 bits");
}

/* The point stands in a public key object of the same id, or where there are no
 * ids, of the same label; some tokens tell it of the private one. */
static bool find_point(struct pkcs11 *p, struct value *out)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    struct value name;
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class,     sizeof(class)},
        {CKA_ID,    name.bytes, 0            },
    };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG number = 0;
    char ignored[KEYSTORE_WHY];

    if (!read_value(p, p->key, CKA_ID, &name) || name.len == 0)
        attributes[1].type = CKA_LABEL;
    if (attributes[1].type == CKA_ID ||
        (read_value(p, p->key, CKA_LABEL, &name) && name.len > 0)) {
        attributes[1].ulValueLen = name.len;
        if (find(p, attributes, 2, found, &number, ignored) == ERR_OK &&
            number == 1 && read_value(p, found[0], CKA_EC_POINT, out))
            return true;
    }
    return read_value(p, p->key, CKA_EC_POINT, out);
}

/* An OCTET STRING around the point, which some modules leave out. */
static enum err take_point(
    const struct value *v, struct keystore_public *out, char *why)
{
    size_t len = 1 + 2 * (out->bits / 8);
    const unsigned char *at = v->bytes;

    if (v->len == len + 2 && at[0] == EC_OCTETS && at[1] == len)
        at += 2;
    else if (v->len != len)
        return refuse_kind(why);
    if (at[0] != 4)
        return refuse_kind(why);
    memcpy(out->bytes, at, len);
    out->len = len;
    return ERR_OK;
}

static enum err read_ec(
    struct pkcs11 *p, struct keystore_public *out, char *why)
{
    struct value v;

    if (!read_value(p, p->key, CKA_EC_PARAMS, &v))
        return refuse_kind(why);
    if (v.len == sizeof(p256) && memcmp(v.bytes, p256, sizeof(p256)) == 0)
        out->kind = KEYSTORE_P256;
    else if (v.len == sizeof(p384) && memcmp(v.bytes, p384, sizeof(p384)) == 0)
        out->kind = KEYSTORE_P384;
    else
        return refuse_kind(why);
    out->bits = out->kind == KEYSTORE_P256 ? 256 : 384;
    if (!find_point(p, &v))
        return keystore_say(why, ERR_NOT_FOUND,
            "no_object: the token \"%s\" does not tell the key's public half; "
            "import it with the same id",
            p->token);
    return take_point(&v, out, why);
}

/* RSAPublicKey (RFC 8017 appendix A.1.1), at the front of out->bytes. */
static int write_rsa(const struct value *modulus, const struct value *exponent,
    struct keystore_public *out)
{
    unsigned char *at = out->bytes + sizeof(out->bytes);
    mbedtls_mpi n, e;
    int len = 0, part = 0;

    mbedtls_mpi_init(&n);
    mbedtls_mpi_init(&e);
    if (mbedtls_mpi_read_binary(&n, modulus->bytes, modulus->len) != 0 ||
        mbedtls_mpi_read_binary(&e, exponent->bytes, exponent->len) != 0)
        goto free_numbers;
    out->bits = mbedtls_mpi_bitlen(&n);
    part = mbedtls_asn1_write_mpi(&at, out->bytes, &e);
    len = part;
    if (part > 0)
        len += part = mbedtls_asn1_write_mpi(&at, out->bytes, &n);
    if (part > 0)
        len += part = mbedtls_asn1_write_len(&at, out->bytes, (size_t)len);
    if (part > 0)
        len += part = mbedtls_asn1_write_tag(
            &at, out->bytes, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    if (part > 0)
        memmove(out->bytes, at, (size_t)len);

free_numbers:
    mbedtls_mpi_free(&n);
    mbedtls_mpi_free(&e);
    return part > 0 ? len : 0;
}

static enum err read_rsa(
    struct pkcs11 *p, struct keystore_public *out, char *why)
{
    struct value modulus, exponent;
    int len;

    if (!read_value(p, p->key, CKA_MODULUS, &modulus) ||
        !read_value(p, p->key, CKA_PUBLIC_EXPONENT, &exponent))
        return refuse_kind(why);
    out->kind = KEYSTORE_RSA;
    len = write_rsa(&modulus, &exponent, out);
    if (len <= 0 || out->bits < 2048 || out->bits > 4096)
        return refuse_kind(why);
    out->len = (size_t)len;
    return ERR_OK;
}

enum err pkcs11_object_find(
    struct pkcs11 *p, struct keystore_public *out, char *why)
{
    CK_KEY_TYPE type;
    struct value v;
    enum err e = find_private(p, why);

    if (e != ERR_OK)
        return e;
    if (!read_value(p, p->key, CKA_KEY_TYPE, &v) || v.len != sizeof(type))
        return refuse_kind(why);
    memcpy(&type, v.bytes, sizeof(type));
    if (type == CKK_EC)
        e = read_ec(p, out, why);
    else
        e = type == CKK_RSA ? read_rsa(p, out, why) : refuse_kind(why);
    p->kind = out->kind;
    p->extractable = is_true(p, p->key, CKA_EXTRACTABLE) ||
        !is_true(p, p->key, CKA_SENSITIVE);
    return e;
}

/* --- making -------------------------------------------------------------- */

enum err pkcs11_object_make(
    struct pkcs11 *p, enum keystore_kind kind, char *why)
{
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    const unsigned char *curve = kind == KEYSTORE_P256 ? p256 : p384;
    unsigned char id[16];
    CK_ATTRIBUTE public[6] = {
        {CKA_TOKEN,     &yes,                     sizeof(yes)},
        {CKA_VERIFY,    &yes,                     sizeof(yes)},
        {CKA_EC_PARAMS, (void *)(uintptr_t)curve,
         kind == KEYSTORE_P256 ? sizeof(p256) : sizeof(p384) },
    };
    CK_ATTRIBUTE private[8] = {
        {CKA_TOKEN,       &yes, sizeof(yes)},
        {CKA_PRIVATE,     &yes, sizeof(yes)},
        {CKA_SENSITIVE,   &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no,  sizeof(no) },
        {CKA_SIGN,        &yes, sizeof(yes)},
    };
    CK_ULONG names = name_of(p, public + 3);
    CK_OBJECT_HANDLE pair[2];
    CK_RV rv;

    (void)name_of(p, private + 5);
    if (p->kit->uri_get_attribute(p->uri, CKA_ID) == NULL) {
        if (port_random(id, sizeof(id)) != ERR_OK)
            return keystore_say(why, ERR_IO, "token_failed: no randomness");
        public[3 + names] = private[5 + names] =
            (CK_ATTRIBUTE){CKA_ID, id, sizeof(id)};
        names++;
    }
    rv = p->module->C_GenerateKeyPair(p->session, &mechanism, public, 3 + names,
        private, 5 + names, &pair[0], &pair[1]);
    return rv == CKR_OK ? ERR_OK : pkcs11_say(p, rv, "make a key", why);
}

/* --- destroying ---------------------------------------------------------- */

static enum err erase_named(struct pkcs11 *p, CK_OBJECT_CLASS class, char *why)
{
    CK_OBJECT_HANDLE found[2];
    CK_ULONG number = 0;
    CK_RV rv;
    enum err e = find_named(p, class, found, &number, why);

    if (e != ERR_OK)
        return e;
    if (number == 0)
        return keystore_say(why, ERR_NOT_FOUND,
            "no_object: the token \"%s\" has no such key", p->token);
    if (number > 1)
        return keystore_say(why, ERR_CONFLICT,
            "ambiguous: several keys in the token \"%s\" fit the URI; none is "
            "destroyed",
            p->token);
    rv = p->module->C_DestroyObject(p->session, found[0]);
    return rv == CKR_OK ? ERR_OK : pkcs11_say(p, rv, "destroy the key", why);
}

/* The private half first: what a power cut leaves is then no key. */
enum err pkcs11_object_erase(struct pkcs11 *p, char *why)
{
    enum err e = erase_named(p, CKO_PRIVATE_KEY, why), half;

    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    half = erase_named(p, CKO_PUBLIC_KEY, why);
    return half == ERR_NOT_FOUND || half == ERR_CONFLICT ? e : half;
}
