/* eku.h - what certificates of devices are for: the profile's one switch.
 *
 * extendedKeyUsage, RFC 5280 section 4.2.1.12.  The profile says clientAuth;
 * a model whose devices also serve (DTLS, the local network) says serverAuth
 * too; one that follows RFC 8995 section 2.3 to the letter says nothing.  A CA
 * always says something: it is the limit of what stands below. */

#ifndef IDENTITY_EKU_H
#define IDENTITY_EKU_H

#include "identity/view.h"

enum eku {
    EKU_CLIENT,
    EKU_CLIENT_SERVER,
    EKU_NONE, /* no extension */
};

/* "client", "client+server", "none"; static. */
const char *eku_name(enum eku eku);
bool eku_parse(const char *name, enum eku *eku);

/* The purposes' OIDs up to a NULL, in the order they are written; NULL for
 * EKU_NONE.  Static. */
const char *const *eku_purposes(enum eku eku);

/* What a certificate says.  False: none of the three, or critical. */
bool eku_of(const struct view *certificate, enum eku *eku);

/* What the CAs above a device with this EKU say: clientAuth when it is none. */
enum eku eku_of_ca(enum eku device);
/* May a certificate stand below a CA that says `ca`? */
bool eku_permits(enum eku ca, enum eku below);

#endif
