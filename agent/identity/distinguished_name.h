/* distinguished_name.h - comparing X.501 names as RFC 5280 section 7.1 says.
 *
 * Names are DER, their SEQUENCE included (subject_raw, issuer_raw). */

#ifndef IDENTITY_DISTINGUISHED_NAME_H
#define IDENTITY_DISTINGUISHED_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct dn {
    unsigned char *der; /* lent */
    size_t len;
};

/* The same, RDN by RDN.  Text (PrintableString, UTF8String, IA5String,
 * TeletexString) is compared without regard to ASCII case and to white space
 * around and within it; everything else to the byte.  False when one is
 * malformed. */
bool dn_equal(struct dn a, struct dn b);

/* Does `name` begin with all RDNs of `base`, in their order?  What a
 * directoryName constraint means (section 4.2.1.10). */
bool dn_within(struct dn name, struct dn base);

/* Well-formed, and all of it such text, with letters above ASCII in UTF8String
 * alone? */
bool dn_is_comparable(struct dn name);

/* No RDN at all. */
bool dn_is_empty(struct dn name);

/* The one value of attribute `oid` (MBEDTLS_OID_AT_...) in `name`, lent.  False
 * when there is none, or more than one, or the name is malformed. */
bool dn_value(
    struct dn name, const char *oid, const unsigned char **value, size_t *len);

/* Is attribute `oid` there at all?  Also true when the name is malformed. */
bool dn_has(struct dn name, const char *oid);

#endif
