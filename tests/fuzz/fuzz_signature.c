/* Any bytes as a public key in PEM and as a signature: nothing crashes, and an
 * ECDSA-Sig-Value that is taken is the only encoding of its numbers.
 *
 * The first byte chooses the algorithm, and what the rest is: a signature, a
 * key in PEM, or a key in DER that is put into PEM; a key that is taken judges
 * a signature too. */

#include <mbedtls/psa_util.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/pem.h"
#include "identity/signature.h"
#include "identity/signature_value.h"
#include "signature_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char *const keys[] = {
    KEY_P256, KEY_P256, KEY_P384, KEY_P384, KEY_RSA2048, KEY_RSA2048};

static void check_signature(
    enum signature_algorithm algorithm, const uint8_t *bytes, size_t len)
{
    struct signature *s;

    if (signature_open(algorithm, keys[algorithm], &s) != ERR_OK ||
        signature_update(s, MESSAGE, sizeof(MESSAGE) - 1) != ERR_OK)
        abort();
    (void)!signature_finish(s, bytes, len);
    signature_close(s);
}

/* Write the numbers again: the same bytes must come out. */
static void check_encoding(const uint8_t *bytes, size_t len)
{
    unsigned char der[SIGNATURE_VALUE_MAX + 16];
    struct signature_value value;
    size_t written;

    if (signature_value_der(MBEDTLS_ECP_DP_SECP256R1, (struct span){bytes, len},
            &value) != ERR_OK)
        return;
#ifdef PLANT_A_FAULT /* test_signature proves that it would be found */
    value.bytes[0] ^= 1;
#endif
    if (mbedtls_ecdsa_raw_to_der(8 * value.size, value.bytes, 2 * value.size,
            der, sizeof(der), &written) != 0 ||
        written != len || memcmp(der, bytes, len) != 0)
        abort();
}

static void check_key(enum signature_algorithm algorithm, const uint8_t *bytes,
    size_t len, bool in_pem)
{
    const struct span given = {bytes, len};
    struct bytes pem;
    struct signature *s;

    /* Both put a NUL behind it. */
    if ((in_pem ? bytes_copy(given, &pem)
                : pem_write("PUBLIC KEY", given, &pem)) != ERR_OK)
        return;
    if (signature_open(algorithm, (const char *)pem.at, &s) == ERR_OK) {
        (void)!signature_finish(s, bytes, len);
        signature_close(s);
    }
    bytes_free(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    enum signature_algorithm algorithm;

    if (len == 0)
        return 0;
    algorithm =
        (enum signature_algorithm)((bytes[0] & 0x3f) % (SIGNATURE_RS256 + 1));
    if ((bytes[0] & 0x80) != 0) {
        check_key(algorithm, bytes + 1, len - 1, (bytes[0] & 0x40) != 0);
        return 0;
    }
    check_encoding(bytes + 1, len - 1);
    check_signature(algorithm, bytes + 1, len - 1);
    return 0;
}
