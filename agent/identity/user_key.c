/* user_key.c */

#include "identity/user_key.h"

#include <psa/crypto.h>

#include "identity/key_driver.h"

#define BITS      256
#define ALGORITHM PSA_ALG_ECDSA(PSA_ALG_SHA_256)

/* PSA looks whether the point lies on the curve. */
static enum err import(const unsigned char *bytes, size_t len,
    psa_key_usage_t usage, psa_key_id_t *out)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_status_t status;
    enum err e = key_driver_start();

    if (e != ERR_OK)
        return e;
    psa_set_key_type(&attributes,
        usage == PSA_KEY_USAGE_SIGN_HASH
            ? PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)
            : PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, BITS);
    psa_set_key_algorithm(&attributes, ALGORITHM);
    psa_set_key_usage_flags(&attributes, usage);
    status = psa_import_key(&attributes, bytes, len, out);
    if (status == PSA_SUCCESS)
        return ERR_OK;
    return status == PSA_ERROR_INSUFFICIENT_MEMORY ? ERR_NO_MEMORY : ERR_DENIED;
}

bool user_key_is_one(const unsigned char key[P256_POINT])
{
    psa_key_id_t id;

    if (import(key, P256_POINT, PSA_KEY_USAGE_VERIFY_HASH, &id) != ERR_OK)
        return false;
    (void)psa_destroy_key(id);
    return true;
}

enum err user_key_verify(const unsigned char key[P256_POINT],
    const unsigned char message[TRANSCRIPT_HASH],
    const unsigned char signature[USER_KEY_SIGNATURE])
{
    unsigned char hash[TRANSCRIPT_HASH];
    psa_key_id_t id;
    enum err e =
        transcript_sha256((struct span){message, TRANSCRIPT_HASH}, hash);

    if (e == ERR_OK)
        e = import(key, P256_POINT, PSA_KEY_USAGE_VERIFY_HASH, &id);
    if (e != ERR_OK)
        return e;
    if (psa_verify_hash(id, ALGORITHM, hash, sizeof(hash), signature,
            USER_KEY_SIGNATURE) != PSA_SUCCESS)
        e = ERR_DENIED;
    (void)psa_destroy_key(id);
    return e;
}

enum err user_key_sign(const unsigned char scalar[P256_SCALAR],
    const unsigned char message[TRANSCRIPT_HASH],
    unsigned char signature[USER_KEY_SIGNATURE])
{
    unsigned char hash[TRANSCRIPT_HASH];
    size_t len;
    psa_key_id_t id;
    enum err e =
        transcript_sha256((struct span){message, TRANSCRIPT_HASH}, hash);

    if (e == ERR_OK)
        e = import(scalar, P256_SCALAR, PSA_KEY_USAGE_SIGN_HASH, &id);
    if (e != ERR_OK)
        return e;
    if (psa_sign_hash(id, ALGORITHM, hash, sizeof(hash), signature,
            USER_KEY_SIGNATURE, &len) != PSA_SUCCESS)
        e = ERR_DENIED;
    (void)psa_destroy_key(id);
    return e;
}
