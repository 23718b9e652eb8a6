/* mint.c - written back to front, see certs/der.h. */

#include "mint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/certificate.h"
#include "identity/certificate.h"
#include "identity/oid.h"
#include "ports/port.h"

#define ROOM       16384
#define LONG_AGO   (MINT_NOW - 1000 * MINT_DAY)
#define LONG_AFTER (MINT_NOW + 1000 * MINT_DAY)

static void check(bool good)
{
    if (!good)
        abort();
}

static struct bytes copy(const struct der *d)
{
    struct bytes out = {NULL, 0};
    struct span written;

    check(
        der_done(d, &written) == ERR_OK && bytes_copy(written, &out) == ERR_OK);
    return out;
}

/* --- parties ------------------------------------------------------------- */

struct party party_new(const struct subject *name)
{
    unsigned char room[ROOM];
    struct party p;
    struct der d;

    check(keypair_make(KEYPAIR_P256, &p.key) == ERR_OK);
    der_start(&d, room, sizeof(room));
    subject_put(&d, name);
    p.name = copy(&d);
    return p;
}

struct party party_named(const char *common_name)
{
    return party_new(&(struct subject){.common_name = common_name});
}

struct party party_twin(const struct party *name)
{
    struct party p;

    check(keypair_make(KEYPAIR_P256, &p.key) == ERR_OK &&
        bytes_copy(bytes_span(&name->name), &p.name) == ERR_OK);
    return p;
}

struct party party_alias(const struct party *key, const char *common_name)
{
    struct party p = party_named(common_name);
    struct bytes pem = {NULL, 0};

    keypair_free(p.key);
    check(keypair_pem(key->key, &pem) == ERR_OK &&
        keypair_parse(&pem, &p.key) == ERR_OK);
    bytes_free(&pem);
    return p;
}

void party_free(struct party *party)
{
    keypair_free(party->key);
    bytes_free(&party->name);
}

/* --- certificates -------------------------------------------------------- */

static void put_value(
    struct der *d, const char *oid, bool critical, struct span value)
{
    size_t mark = der_mark(d);

    der_put(d, value);
    extension_wrap(d, oid, critical, mark);
}

static void put_basic(struct der *d, const struct mint_plan *plan)
{
    size_t mark = der_mark(d);

    if (plan->has_limit)
        der_put_number(d, plan->limit);
    if (plan->is_ca)
        der_put_true(d);
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_BASIC_CONSTRAINTS, true, mark);
}

static void put_extensions(struct der *d, const struct mint_plan *plan)
{
    size_t mark = der_mark(d);
    unsigned char usual = plan->is_ca ? USAGE_CERTIFICATE_SIGN | USAGE_CRL_SIGN
                                      : USAGE_DIGITAL_SIGNATURE;

    der_put(d, plan->more);
    if (plan->constraints.len > 0)
        put_value(d, OID_NAME_CONSTRAINTS, true, plan->constraints);
    if (plan->names.len > 0)
        put_value(d, OID_SUBJECT_ALT_NAME, false, plan->names);
    if (plan->purpose != NULL)
        extension_extended_key_usage(
            d, (const char *const[]){plan->purpose, NULL});
    extension_key_usage(d, plan->usage != 0 ? plan->usage : usual);
    put_basic(d, plan);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(3), mark);
}

static void put_validity(struct der *d, const struct mint_plan *plan)
{
    size_t mark = der_mark(d);

    der_put_time(d, plan->to != 0 ? plan->to : LONG_AFTER);
    der_put_time(d, plan->from != 0 ? plan->from : LONG_AGO);
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_algorithm(
    struct der *d, const struct mint_plan *plan, const struct party *signer)
{
    size_t mark = der_mark(d);

    if (plan->rsa_signature == 0) {
        certificate_put_algorithm(d, signer->key);
        return;
    }
    der_put_tagged(d, 0x05, (struct span){NULL, 0});
    der_put_oid(d, "1.2.840.113549.1.1.11"); /* sha256WithRSAEncryption */
    der_wrap(d, DER_SEQUENCE, mark);
}

/* tbs, algorithm, and a signature that is none. */
static struct bytes seal_badly(struct span tbs, const struct mint_plan *plan)
{
    unsigned char room[ROOM], signature[1024];
    struct der d;

    check(plan->rsa_signature <= sizeof(signature));
    memset(signature, 0x55, sizeof(signature));
    der_start(&d, room, sizeof(room));
    der_put_bits(&d, (struct span){signature, plan->rsa_signature});
    put_algorithm(&d, plan, NULL);
    der_put(&d, tbs);
    der_wrap(&d, DER_SEQUENCE, 0);
    return copy(&d);
}

struct bytes mint_rsa_spki(size_t bits, size_t exponent_bits)
{
    unsigned char room[ROOM], number[2048];
    struct der d;
    size_t mark;

    memset(number, 0x55, sizeof(number));
    number[0] = 0x80;
    der_start(&d, room, sizeof(room));
    number[exponent_bits / 8 - 1] |= 1;
    der_put_integer(&d, (struct span){number, exponent_bits / 8});
    number[0] = 0xff;
    der_put_integer(&d, (struct span){number, bits / 8});
    der_wrap(&d, DER_SEQUENCE, 0);
    {
        struct bytes key = copy(&d);

        der_start(&d, room, sizeof(room));
        der_put_bits(&d, bytes_span(&key));
        bytes_free(&key);
    }
    mark = der_mark(&d);
    der_put_tagged(&d, 0x05, (struct span){NULL, 0});
    der_put_oid(&d, "1.2.840.113549.1.1.1"); /* rsaEncryption */
    der_wrap(&d, DER_SEQUENCE, mark);
    der_wrap(&d, DER_SEQUENCE, 0);
    return copy(&d);
}

static void put_serial(struct der *d)
{
    unsigned char serial[16];

    check(port_random(serial, sizeof(serial)) == ERR_OK);
    serial[0] = 0x4e;
    der_put_integer(d, (struct span){serial, sizeof(serial)});
}

struct bytes mint(const struct party *subject, const struct mint_plan *plan)
{
    const struct party *issuer = plan->issuer ? plan->issuer : subject;
    const struct party *signer = plan->signer ? plan->signer : issuer;
    unsigned char room[ROOM];
    struct bytes spki = {NULL, 0}, out = {NULL, 0};
    struct span tbs;
    struct der d;
    size_t version;

    check(keypair_spki(subject->key, &spki) == ERR_OK);
    der_start(&d, room, sizeof(room));
    if (!plan->is_old)
        put_extensions(&d, plan);
    der_put(&d, plan->spki.len > 0 ? plan->spki : bytes_span(&spki));
    der_put(&d, bytes_span(&subject->name));
    put_validity(&d, plan);
    der_put(&d, bytes_span(&issuer->name));
    put_algorithm(&d, plan, signer);
    put_serial(&d);
    version = der_mark(&d);
    if (!plan->is_old) {
        der_put_number(&d, 2);
        der_wrap(&d, DER_CONTEXT_CONSTRUCTED(0), version);
    }
    der_wrap(&d, DER_SEQUENCE, 0);
    check(der_done(&d, &tbs) == ERR_OK);
    if (plan->rsa_signature > 0)
        out = seal_badly(tbs, plan);
    else
        check(certificate_seal(tbs, signer->key, &out) == ERR_OK);
    bytes_free(&spki);
    return out;
}

void mint_add(mbedtls_x509_crt *list, const struct bytes *der)
{
    int failed = certificate_add(list, der->at, der->len);

    if (failed != 0)
        (void)fprintf(stderr, "does not parse: -0x%04x\n", (unsigned)-failed);
    check(failed == 0);
}
