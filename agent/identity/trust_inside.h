/* trust_inside.h - what trust.c shows judge.c alone. */

#ifndef IDENTITY_TRUST_INSIDE_H
#define IDENTITY_TRUST_INSIDE_H

#include <mbedtls/x509_crt.h>

#include "identity/trust.h"

/* Lent; mbedTLS insists on a list before it verifies at all. */
mbedtls_x509_crt *trust_anchors(const struct trust *trust);

#endif
