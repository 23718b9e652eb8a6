/* view.h - a certificate taken apart, without judging it. */

#ifndef IDENTITY_VIEW_H
#define IDENTITY_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/bytes.h"
#include "identity/reader.h"

#define VIEW_ATTRIBUTES 16
#define VIEW_EXTENSIONS 24
#define VIEW_TEXT_SIZE  200

struct view_attribute {
    char oid[READER_OID_SIZE];
    unsigned char tag; /* the string type */
    struct span value;
    bool alone; /* not in a multi-valued RDN */
};

struct view_name {
    struct span whole;
    struct view_attribute attributes[VIEW_ATTRIBUTES];
    size_t count;
};

struct view_extension {
    char oid[READER_OID_SIZE];
    bool critical;
    struct span value; /* what stands in the OCTET STRING */
};

struct view {
    struct span whole, tbs;
    unsigned version; /* 3 for v3 */
    struct span serial;
    char inner_algorithm[READER_OID_SIZE]; /* of the signature, as signed */
    char algorithm[READER_OID_SIZE];       /* ... and beside the signature */
    bool algorithm_parameters;             /* it carries some */
    struct view_name issuer, subject;
    struct item not_before, not_after;
    int64_t from, to; /* the same in seconds; INT64_MIN when malformed */
    struct span spki;
    char key_algorithm[READER_OID_SIZE];
    char curve[READER_OID_SIZE]; /* empty: none */
    struct view_extension extensions[VIEW_EXTENSIONS];
    size_t extension_count;
    struct span signature;
};

/* KeyUsage, RFC 5280 4.2.1.3: bits of its first octet. */
enum {
    USAGE_DIGITAL_SIGNATURE = 0x80,
    USAGE_CERTIFICATE_SIGN = 0x04,
    USAGE_CRL_SIGN = 0x02,
};

/* Take `der` apart; every span is lent from it.  ERR_INVALID: *why says which
 * part is malformed (static). */
enum err view_read(
    struct span der, struct view *view, const char **why) MUST_CHECK;

/* The first attribute or extension with this OID, or NULL. */
const struct view_attribute *view_attribute(
    const struct view_name *name, const char *oid);
const struct view_extension *view_extension(
    const struct view *view, const char *oid);

/* An attribute's value as a string; "" when it is not there, holds a NUL, or
 * does not fit. */
void view_text(
    const struct view_name *name, const char *oid, char text[VIEW_TEXT_SIZE]);

/* Key identifiers; empty when absent or malformed. */
struct span view_subject_key_id(const struct view *view);
struct span view_authority_key_id(const struct view *view);

/* The algorithm and curve OIDs of a SubjectPublicKeyInfo. */
bool view_key_type(struct span spki, char algorithm[READER_OID_SIZE],
    char curve[READER_OID_SIZE]);

#endif
