/* psa/error.h - the status codes of PSA, which mbedTLS has among its own. */

#ifndef PSA_ERROR_H
#define PSA_ERROR_H

#include <psa/crypto_types.h>
#include <psa/crypto_values.h>

#endif
