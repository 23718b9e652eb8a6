/* csr_template.c - written back to front, see der.h.  The module of RFC 9908
 * has IMPLICIT TAGS. */

#include "certs/csr_template.h"

#include "identity/oid.h"

#define OID_TEMPLATE  "1.2.840.113549.1.9.16.2.61"
#define TEMPLATE_SIZE 1200 /* four names of at most 200 bytes */

/* A RelativeDistinguishedNameTemplate: the value may be missing. */
static void put_name(
    struct der *d, const char *oid, unsigned char tag, const char *text)
{
    size_t mark = der_mark(d);

    if (text != NULL)
        der_put_text(d, tag, text);
    der_put_oid(d, oid);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_SET, mark);
}

static void put_subject(struct der *d, const struct subject *s)
{
    size_t mark = der_mark(d);

    put_name(d, OID_SERIAL_NUMBER, DER_PRINTABLE, s->serial_number);
    put_name(d, OID_COMMON_NAME, DER_UTF8, s->common_name);
    put_name(d, OID_ORGANIZATION_UNIT, DER_UTF8, s->organization_unit);
    put_name(d, OID_ORGANIZATION, DER_UTF8, s->organization);
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_key(struct der *d)
{
    size_t mark = der_mark(d);

    der_put_oid(d, OID_P256);
    der_put_oid(d, OID_EC_PUBLIC_KEY);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), mark);
}

enum err csr_template_write(const struct subject *subject, struct bytes *der)
{
    unsigned char buffer[TEMPLATE_SIZE];
    struct span whole;
    struct der d;
    enum err e;

    der_start(&d, buffer, sizeof(buffer));
    der_wrap(&d, DER_CONTEXT_CONSTRUCTED(1), 0); /* no attributes */
    put_key(&d);
    put_subject(&d, subject);
    der_put_number(&d, 0); /* v1 */
    der_wrap(&d, DER_SEQUENCE, 0);
    der_wrap(&d, DER_SET, 0);
    der_put_oid(&d, OID_TEMPLATE);
    der_wrap(&d, DER_SEQUENCE, 0);
    der_wrap(&d, DER_SEQUENCE, 0); /* CsrAttrs */
    e = der_done(&d, &whole);
    return e == ERR_OK ? bytes_copy(whole, der) : e;
}
