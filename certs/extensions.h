/* extensions.h - what X.509 certificates and lists say beside the names. */

#ifndef CERTS_EXTENSIONS_H
#define CERTS_EXTENSIONS_H

#include "certs/der.h"
#include "certs/subject.h"
#include "identity/view.h"

/* Wrap what was written since `mark` as the value of an extension. */
void extension_wrap(struct der *d, const char *oid, bool critical, size_t mark);

#define EXTENSION_NOT_A_CA (-1)

/* RFC 5280 4.2.1.9, critical; a CA when path_length >= 0. */
void extension_basic_constraints(struct der *d, int path_length);

void extension_key_usage(struct der *d, unsigned char flags); /* critical */
void extension_extended_key_usage(
    struct der *d, const char *const *purposes); /* up to a NULL */

/* RFC 5280 4.2.1.10, critical: subjects begin with `permitted`; no DNS name,
 * IP address, e-mail address or URI at all. */
void extension_name_constraints(struct der *d, const struct subject *permitted);

/* SAN with a hardwareModuleName, RFC 4108 section 5. */
void extension_hardware_module(
    struct der *d, const char *hardware_type, const char *serial_number);

/* SAN of a server; addresses have 4 or 16 octets. */
struct server_names {
    const char *const *dns;
    size_t dns_count;
    const struct span *addresses;
    size_t address_count;
};
void extension_server_names(struct der *d, const struct server_names *names);

void extension_subject_key_id(struct der *d, struct span id);
void extension_authority_key_id(struct der *d, struct span id);
void extension_masa_url(struct der *d, const char *authority);

#endif
