/* tpm2_uri.h - the words of a tpm2: URI.
 *
 * tpm2:handle=0x81010001[;tcti=NAME:CONF][;pin-value=PIN | ;pin-source=FILE]
 *
 * Attributes stand between ';', '?' and '&'; values are percent-encoded where
 * they hold one of these, as in RFC 7512. */

#ifndef PORTS_KEYSTORE_TPM2_URI_H
#define PORTS_KEYSTORE_TPM2_URI_H

#include <stdint.h>

#include "core/err.h"

#define TPM2_URI_VALUE 256
#define TPM2_URI_TCTI  "device:/dev/tpmrm0" /* takes several users */

struct tpm2_uri {
    uint32_t handle; /* persistent: 0x81000000 to 0x81ffffff */
    char tcti[TPM2_URI_VALUE];
    char pin_value[TPM2_URI_VALUE]; /* empty: none; the caller wipes */
    char pin_source[TPM2_URI_VALUE];
};

/* ERR_INVALID, with `why` as in keystore.h. */
enum err tpm2_uri_read(
    const char *uri, struct tpm2_uri *out, char *why) MUST_CHECK;

#endif
