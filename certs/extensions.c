/* extensions.c - each is written back to front, see der.h. */

#include "certs/extensions.h"

#include "identity/oid.h"

void extension_wrap(struct der *d, const char *oid, bool critical, size_t mark)
{
    der_wrap(d, DER_OCTET_STRING, mark);
    if (critical)
        der_put_true(d);
    der_put_oid(d, oid);
    der_wrap(d, DER_SEQUENCE, mark);
}

void extension_basic_constraints(struct der *d, int path_length)
{
    size_t mark = der_mark(d);

    /* cA is DEFAULT FALSE: DER leaves it out, and the SEQUENCE is empty. */
    if (path_length >= 0) {
        der_put_number(d, (uint64_t)path_length);
        der_put_true(d);
    }
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_BASIC_CONSTRAINTS, true, mark);
}

void extension_key_usage(struct der *d, unsigned char flags)
{
    size_t mark = der_mark(d);

    der_put_flags(d, flags);
    extension_wrap(d, OID_KEY_USAGE, true, mark);
}

void extension_extended_key_usage(struct der *d, const char *const *purposes)
{
    size_t mark = der_mark(d), count = 0;

    while (purposes[count] != NULL)
        count++;
    while (count > 0)
        der_put_oid(d, purposes[--count]);
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_EXTENDED_KEY_USAGE, false, mark);
}

/* GeneralSubtree with the default minimum, left out. */
static void put_subtree(struct der *d, unsigned char tag, size_t zeros)
{
    static const unsigned char zero[32];
    size_t mark = der_mark(d);

    der_put_tagged(d, tag, (struct span){zero, zeros});
    der_wrap(d, DER_SEQUENCE, mark);
}

void extension_name_constraints(struct der *d, const struct subject *permitted)
{
    size_t mark = der_mark(d), subtrees;

    put_subtree(d, DER_CONTEXT(6), 0);  /* every URI */
    put_subtree(d, DER_CONTEXT(1), 0);  /* every e-mail address */
    put_subtree(d, DER_CONTEXT(7), 32); /* ::/0 */
    put_subtree(d, DER_CONTEXT(7), 8);  /* 0.0.0.0/0 */
    put_subtree(d, DER_CONTEXT(2), 0);  /* every DNS name */
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(1), mark);
    subtrees = der_mark(d);
    subject_put(d, permitted);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(4), subtrees); /* Name is a CHOICE */
    der_wrap(d, DER_SEQUENCE, subtrees);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), subtrees);
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_NAME_CONSTRAINTS, true, mark);
}

void extension_hardware_module(
    struct der *d, const char *hardware_type, const char *serial_number)
{
    size_t mark = der_mark(d);

    der_put_text(d, DER_OCTET_STRING, serial_number);
    der_put_oid(d, hardware_type);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), mark); /* value */
    der_put_oid(d, OID_HARDWARE_MODULE);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), mark); /* otherName */
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_SUBJECT_ALT_NAME, false, mark);
}

void extension_server_names(struct der *d, const struct server_names *names)
{
    size_t mark = der_mark(d);

    for (size_t i = names->address_count; i > 0; i--)
        der_put_tagged(d, DER_CONTEXT(7), names->addresses[i - 1]);
    for (size_t i = names->dns_count; i > 0; i--)
        der_put_text(d, DER_CONTEXT(2), names->dns[i - 1]);
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_SUBJECT_ALT_NAME, false, mark);
}

void extension_subject_key_id(struct der *d, struct span id)
{
    size_t mark = der_mark(d);

    der_put_tagged(d, DER_OCTET_STRING, id);
    extension_wrap(d, OID_SUBJECT_KEY_ID, false, mark);
}

void extension_authority_key_id(struct der *d, struct span id)
{
    size_t mark = der_mark(d);

    der_put_tagged(d, DER_CONTEXT(0), id);
    der_wrap(d, DER_SEQUENCE, mark);
    extension_wrap(d, OID_AUTHORITY_KEY_ID, false, mark);
}

void extension_masa_url(struct der *d, const char *authority)
{
    size_t mark = der_mark(d);

    der_put_text(d, DER_IA5, authority);
    extension_wrap(d, OID_MASA_URL, false, mark);
}
