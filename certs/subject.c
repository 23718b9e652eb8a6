/* subject.c */

#include "certs/subject.h"

#include "identity/oid.h"

static void put(
    struct der *d, const char *oid, unsigned char tag, const char *text)
{
    size_t mark = der_mark(d);

    if (text == NULL)
        return;
    der_put_text(d, tag, text);
    der_put_oid(d, oid);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_SET, mark);
}

void subject_put(struct der *d, const struct subject *s)
{
    size_t mark = der_mark(d);

    put(d, OID_SERIAL_NUMBER, DER_PRINTABLE, s->serial_number);
    put(d, OID_COMMON_NAME, DER_UTF8, s->common_name);
    put(d, OID_ORGANIZATION_UNIT, DER_UTF8, s->organization_unit);
    put(d, OID_ORGANIZATION, DER_UTF8, s->organization);
    der_wrap(d, DER_SEQUENCE, mark);
}
