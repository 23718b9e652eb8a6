/* mint.c - written back to front, see certs/der.h. */

#include "mint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/certificate.h"
#include "certs/oid.h"
#include "identity/certificate.h"
#include "ports/port.h"

#define ROOM       16384
#define WORDS_MAX  2000
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
        extension_extended_key_usage(d, plan->purpose);
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

/* --- names in words ------------------------------------------------------ */

static void put_organization(struct der *d, unsigned char tag, struct span text)
{
    unsigned char wide[ROOM];
    size_t mark = der_mark(d);

    if (tag == 0x1e) { /* BMPString: two octets each */
        check(2 * text.len <= sizeof(wide));
        for (size_t i = 0; i < text.len; i++) {
            wide[2 * i] = 0;
            wide[2 * i + 1] = text.at[i];
        }
        text = (struct span){wide, 2 * text.len};
    }
    der_put_tagged(d, tag, text);
    der_put_oid(d, OID_ORGANIZATION);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_SET, mark);
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_directory(struct der *d, struct span text)
{
    char o[ROOM] = "", *ou;
    struct subject s = {.organization = NULL};

    memcpy(o, text.at, text.len);
    ou = strchr(o, '/');
    if (ou != NULL)
        *ou++ = '\0';
    s.organization = *o != '\0' ? o : NULL;
    s.organization_unit = ou;
    subject_put(d, &s);
}

static void put_address(struct der *d, struct span hex)
{
    unsigned char bytes[64];

    check(hex.len / 2 <= sizeof(bytes));
    for (size_t i = 0; i < hex.len / 2; i++) {
        const char two[] = {(char)hex.at[2 * i], (char)hex.at[2 * i + 1], '\0'};

        bytes[i] = (unsigned char)strtoul(two, NULL, 16);
    }
    der_put_tagged(d, DER_CONTEXT(7), (struct span){bytes, hex.len / 2});
}

static void put_other(struct der *d)
{
    size_t mark = der_mark(d), value;

    value = der_mark(d);
    der_put_text(d, DER_UTF8, "x");
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), value);
    der_put_oid(d, "1.3.6.1.4.1.32473.1");
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), mark);
}

static bool is(const char *word, const char *kind)
{
    return strncmp(word, kind, strlen(kind)) == 0;
}

static void put_name(struct der *d, const char *word, size_t len)
{
    const char *colon = memchr(word, ':', len);
    struct span text;
    size_t mark = der_mark(d);

    check(colon != NULL);
    text = (struct span){
        (const unsigned char *)colon + 1, len - (size_t)(colon + 1 - word)};
    if (is(word, "dns:"))
        der_put_tagged(d, DER_CONTEXT(2), text);
    else if (is(word, "mail:"))
        der_put_tagged(d, DER_CONTEXT(1), text);
    else if (is(word, "uri:"))
        der_put_tagged(d, DER_CONTEXT(6), text);
    else if (is(word, "rid:"))
        der_put_tagged(d, DER_CONTEXT(8), (struct span){(const void *)"*", 1});
    else if (is(word, "ip:"))
        put_address(d, text);
    else if (is(word, "other:"))
        put_other(d);
    else if (is(word, "dir:"))
        put_directory(d, text);
    else if (is(word, "t61:"))
        put_organization(d, 0x14, text);
    else if (is(word, "bmp:"))
        put_organization(d, 0x1e, text);
    else
        abort();
    if (is(word, "dir:") || is(word, "t61:") || is(word, "bmp:"))
        der_wrap(d, DER_CONTEXT_CONSTRUCTED(4), mark);
}

struct words {
    const char *at[WORDS_MAX];
    size_t len[WORDS_MAX];
    size_t count;
};

static void split(const char *text, struct words *w)
{
    w->count = 0;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        check(w->count < WORDS_MAX);
        w->at[w->count] = text;
        w->len[w->count] = strcspn(text, " ");
        text += w->len[w->count++];
    }
}

struct bytes mint_names(const char *text)
{
    unsigned char room[ROOM];
    struct words w;
    struct der d;

    split(text, &w);
    der_start(&d, room, sizeof(room));
    for (size_t i = w.count; i-- > 0;)
        put_name(&d, w.at[i], w.len[i]);
    der_wrap(&d, DER_SEQUENCE, 0);
    return copy(&d);
}

static void put_subtree(struct der *d, const char *word, size_t len)
{
    static const unsigned char one[] = {1};
    const char *bound = memchr(word, '?', len);
    size_t mark = der_mark(d);

    if (bound != NULL) {
        der_put_tagged(d, DER_CONTEXT(bound[2] == 'i' ? 0 : 1),
            (struct span){one, sizeof(one)});
        len = (size_t)(bound - word);
    }
    put_name(d, word, len);
    der_wrap(d, DER_SEQUENCE, mark);
}

struct bytes mint_constraints(const char *text)
{
    unsigned char room[ROOM];
    struct words w;
    struct der d;

    split(text, &w);
    der_start(&d, room, sizeof(room));
    for (unsigned kind = 2; kind-- > 0;) {
        size_t mark = der_mark(&d);

        for (size_t i = w.count; i-- > 0;)
            if (*w.at[i] == "+-"[kind])
                put_subtree(&d, w.at[i] + 1, w.len[i] - 1);
        if (der_mark(&d) > mark)
            der_wrap(&d, DER_CONTEXT_CONSTRUCTED(kind), mark);
    }
    der_wrap(&d, DER_SEQUENCE, 0);
    return copy(&d);
}
