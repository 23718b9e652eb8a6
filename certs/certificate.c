/* certificate.c - RFC 5280 section 4.1, written back to front. */

#include "certs/certificate.h"

#include <stdlib.h>

#include "ports/port.h"

#define TBS_SIZE    4000 /* names are bounded: about 1,200 in practice */
#define SEAL_SIZE   300  /* tags, algorithm and a P-384 signature */
#define SERIAL_SIZE 16

void certificate_put_algorithm(struct der *d, const struct keypair *signer)
{
    size_t mark = der_mark(d);

    /* RFC 5758 3.2: no parameters. */
    der_put_oid(d, keypair_signature_oid(signer));
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_extensions(
    struct der *d, const struct certificate_plan *p, struct span key_id)
{
    size_t mark = der_mark(d);

    if (p->masa != NULL)
        extension_masa_url(d, p->masa);
    if (p->issuer_key_id.len > 0)
        extension_authority_key_id(d, p->issuer_key_id);
    extension_subject_key_id(d, key_id);
    if (p->hardware_type != NULL)
        extension_hardware_module(
            d, p->hardware_type, p->subject.serial_number);
    if (p->server != NULL)
        extension_server_names(d, p->server);
    if (p->permitted != NULL)
        extension_name_constraints(d, p->permitted);
    if (p->purposes != NULL)
        extension_extended_key_usage(d, p->purposes);
    extension_key_usage(d,
        p->path_length == EXTENSION_NOT_A_CA
            ? USAGE_DIGITAL_SIGNATURE
            : USAGE_CERTIFICATE_SIGN | USAGE_CRL_SIGN);
    extension_basic_constraints(d, p->path_length);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(3), mark);
}

static void put_validity(struct der *d, const struct certificate_plan *p)
{
    size_t mark = der_mark(d);

    der_put_time(d, p->to);
    der_put_time(d, p->from);
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_tbs(struct der *d, const struct certificate_plan *p,
    const struct keypair *signer, struct span serial)
{
    unsigned char id[KEYPAIR_ID_SIZE];
    size_t mark = der_mark(d);
    size_t version;

    if (keypair_id(p->spki, id) != ERR_OK) {
        d->error = ERR_INVALID;
        return;
    }
    put_extensions(d, p, (struct span){id, sizeof(id)});
    der_put(d, p->spki);
    subject_put(d, &p->subject);
    put_validity(d, p);
    if (p->issuer.len > 0)
        der_put(d, p->issuer);
    else
        subject_put(d, &p->subject);
    certificate_put_algorithm(d, signer);
    der_put_integer(d, serial);
    version = der_mark(d);
    der_put_number(d, 2); /* v3 */
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), version);
    der_wrap(d, DER_SEQUENCE, mark);
}

enum err certificate_seal(
    struct span tbs, const struct keypair *signer, struct bytes *der)
{
    size_t size = tbs.len + SEAL_SIZE;
    unsigned char *buffer = malloc(size);
    struct bytes signature = {NULL, 0};
    struct span whole;
    struct der d;
    enum err e;

    if (buffer == NULL)
        return ERR_NO_MEMORY;
    e = keypair_sign(signer, tbs, &signature);
    if (e != ERR_OK)
        goto free_buffer;
    der_start(&d, buffer, size);
    der_put_bits(&d, bytes_span(&signature));
    certificate_put_algorithm(&d, signer);
    der_put(&d, tbs);
    der_wrap(&d, DER_SEQUENCE, 0);
    e = der_done(&d, &whole);
    if (e == ERR_OK)
        e = bytes_copy(whole, der);
    bytes_free(&signature);

free_buffer:
    free(buffer);
    return e;
}

/* 125 random bits in 16 octets: positive, never shorter (RFC 5280 4.1.2.2). */
static enum err make_serial(unsigned char serial[SERIAL_SIZE])
{
    enum err e = port_random(serial, SERIAL_SIZE);

    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
    return e;
}

enum err certificate_make(const struct certificate_plan *plan,
    const struct keypair *signer, struct bytes *der)
{
    unsigned char buffer[TBS_SIZE], serial[SERIAL_SIZE];
    struct span tbs;
    struct der d;
    enum err e;

    e = make_serial(serial);
    if (e != ERR_OK)
        return e;
    der_start(&d, buffer, sizeof(buffer));
    put_tbs(&d, plan, signer, (struct span){serial, sizeof(serial)});
    e = der_done(&d, &tbs);
    return e == ERR_OK ? certificate_seal(tbs, signer, der) : e;
}
