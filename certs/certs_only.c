/* certs_only.c - written back to front, see der.h. */

#include "certs/certs_only.h"

#include <stdlib.h>

#include "certs/der.h"

#define OID_DATA        "1.2.840.113549.1.7.1"
#define OID_SIGNED_DATA "1.2.840.113549.1.7.2"
#define FIXED_SIZE      100

static void put_signed_data(
    struct der *d, const struct span *certificates, size_t count)
{
    size_t mark = der_mark(d), part;

    der_wrap(d, DER_SET, mark); /* signerInfos: none */
    part = der_mark(d);
    for (size_t i = count; i > 0; i--)
        der_put(d, certificates[i - 1]);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), part);
    part = der_mark(d);
    der_put_oid(d, OID_DATA); /* encapContentInfo without content */
    der_wrap(d, DER_SEQUENCE, part);
    part = der_mark(d);
    der_wrap(d, DER_SET, part); /* digestAlgorithms: none */
    der_put_number(d, 1);
    der_wrap(d, DER_SEQUENCE, mark);
}

enum err certs_only_write(
    const struct span *certificates, size_t count, struct bytes *der)
{
    size_t size = FIXED_SIZE;
    unsigned char *buffer;
    struct span whole;
    struct der d;
    enum err e;

    for (size_t i = 0; i < count; i++)
        size += certificates[i].len;
    buffer = malloc(size);
    if (buffer == NULL)
        return ERR_NO_MEMORY;
    der_start(&d, buffer, size);
    put_signed_data(&d, certificates, count);
    der_wrap(&d, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(&d, OID_SIGNED_DATA);
    der_wrap(&d, DER_SEQUENCE, 0);
    e = der_done(&d, &whole);
    if (e == ERR_OK)
        e = bytes_copy(whole, der);
    free(buffer);
    return e;
}
