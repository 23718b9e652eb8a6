/* key_driver.c - PSA knows its keys by number and calls from any thread, so
 * the table of ours is global, each entry with a lock.
 *
 * Lock order: the store's lock, then PSA's (a key in a file signs through PSA).
 * PSA calls p_destroy and p_validate_slot_number with its lock held; so they
 * touch nothing. */

#include "identity/key_driver.h"

#include <psa/crypto.h>
#include <psa/crypto_se_driver.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"

#define MODULE   "key"
#define LOCATION 0x4e /* any below 256 that nobody else has */
#define KEYS     16
#define LIFETIME                                                               \
    PSA_KEY_LIFETIME_FROM_PERSISTENCE_AND_LOCATION(                            \
        PSA_KEY_PERSISTENCE_DEFAULT, LOCATION)

struct key_driver {
    struct keystore *store; /* NULL: free */
    struct keystore_public key;
    psa_key_id_t id;
    bool trouble;
    char why[KEYSTORE_WHY];
};

static struct key_driver keys[KEYS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct key_driver *find(psa_key_slot_number_t slot)
{
    return slot < KEYS && keys[slot].store != NULL ? &keys[slot] : NULL;
}

/* --- what PSA calls ------------------------------------------------------ */

static psa_status_t validate_slot(psa_drv_se_context_t *context,
    void *persistent, const psa_key_attributes_t *attributes,
    psa_key_creation_method_t method, psa_key_slot_number_t slot)
{
    (void)context;
    (void)persistent;
    (void)attributes;
    (void)slot;
    return method == PSA_KEY_CREATION_REGISTER ? PSA_SUCCESS
                                               : PSA_ERROR_NOT_SUPPORTED;
}

/* PSA forgets the key's number; the key stays where it is. */
static psa_status_t forget(
    psa_drv_se_context_t *context, void *persistent, psa_key_slot_number_t slot)
{
    (void)context;
    (void)persistent;
    (void)slot;
    return PSA_SUCCESS;
}

static psa_status_t export_public(psa_drv_se_context_t *context,
    psa_key_slot_number_t slot, uint8_t *data, size_t size, size_t *len)
{
    const struct key_driver *k = find(slot);

    (void)context;
    if (k == NULL)
        return PSA_ERROR_DOES_NOT_EXIST;
    if (size < k->key.len)
        return PSA_ERROR_BUFFER_TOO_SMALL;
    memcpy(data, k->key.bytes, k->key.len);
    *len = k->key.len;
    return PSA_SUCCESS;
}

static bool scheme_of(psa_algorithm_t algorithm, enum keystore_scheme *out)
{
    if (PSA_ALG_IS_ECDSA(algorithm))
        *out = KEYSTORE_ECDSA;
    else if (PSA_ALG_IS_RSA_PKCS1V15_SIGN(algorithm))
        *out = KEYSTORE_RSA_PKCS1;
    else if (PSA_ALG_IS_RSA_PSS(algorithm))
        *out = KEYSTORE_RSA_PSS;
    else
        return false;
    return true;
}

static void note(struct key_driver *k, enum err e, const char *why)
{
    (void)pthread_mutex_lock(&mutex);
    k->trouble = e != ERR_OK;
    if (k->trouble)
        (void)snprintf(k->why, sizeof(k->why), "%s", why);
    (void)pthread_mutex_unlock(&mutex);
}

static psa_status_t sign(psa_drv_se_context_t *context,
    psa_key_slot_number_t slot, psa_algorithm_t algorithm, const uint8_t *hash,
    size_t hash_len, uint8_t *signature, size_t size, size_t *len)
{
    struct key_driver *k = find(slot);
    struct keystore_job job = {.hash = hash, .len = hash_len};
    struct keystore_signature made;
    char why[KEYSTORE_WHY];
    enum err e;

    (void)context;
    if (k == NULL)
        return PSA_ERROR_DOES_NOT_EXIST;
    if (!scheme_of(algorithm, &job.scheme))
        return PSA_ERROR_NOT_SUPPORTED;
    e = keystore_sign(k->store, &job, &made, why);
    note(k, e, why);
    if (e != ERR_OK)
        return PSA_ERROR_HARDWARE_FAILURE;
    if (made.len > size)
        return PSA_ERROR_BUFFER_TOO_SMALL;
    memcpy(signature, made.bytes, made.len);
    *len = made.len;
    return PSA_SUCCESS;
}

/* The interface's members are private by name since mbedTLS 3.0; drivers have
 * no other way. */
static psa_status_t register_driver(void)
{
    static psa_drv_se_key_management_t management;
    static psa_drv_se_asymmetric_t asymmetric;
    static psa_drv_se_t methods;

    management.MBEDTLS_PRIVATE(p_validate_slot_number) = validate_slot;
    management.MBEDTLS_PRIVATE(p_destroy) = forget;
    management.MBEDTLS_PRIVATE(p_export_public) = export_public;
    asymmetric.MBEDTLS_PRIVATE(p_sign) = sign;
    methods.MBEDTLS_PRIVATE(hal_version) = PSA_DRV_SE_HAL_VERSION;
    methods.MBEDTLS_PRIVATE(key_management) = &management;
    methods.MBEDTLS_PRIVATE(asymmetric) = &asymmetric;
    return psa_register_se_driver(LOCATION, &methods);
}

/* --- what key.c calls ---------------------------------------------------- */

enum err key_driver_start(void)
{
    static bool registered;
    psa_status_t status = PSA_SUCCESS;

    (void)pthread_mutex_lock(&mutex);
    if (!registered)
        status = register_driver();
    registered = registered || status == PSA_SUCCESS;
    (void)pthread_mutex_unlock(&mutex);
    if (status == PSA_SUCCESS)
        status = psa_crypto_init();
    if (status == PSA_SUCCESS)
        return ERR_OK;
    log_error(MODULE, "PSA does not start status=%d", (int)status);
    return ERR_IO;
}

static struct key_driver *take_slot(
    struct keystore *store, const struct keystore_public *key)
{
    struct key_driver *k = NULL;

    (void)pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < KEYS && k == NULL; i++)
        if (keys[i].store == NULL)
            k = &keys[i];
    if (k != NULL)
        *k = (struct key_driver){.store = store, .key = *key};
    (void)pthread_mutex_unlock(&mutex);
    return k;
}

static psa_status_t register_key(struct key_driver *k)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_slot_number_t slot = (psa_key_slot_number_t)(k - keys);
    psa_key_id_t id = PSA_KEY_ID_USER_MIN + (psa_key_id_t)slot;
    psa_status_t status;

    psa_set_key_id(&a, id);
    psa_set_key_lifetime(&a, LIFETIME);
    psa_set_key_slot_number(&a, slot);
    psa_set_key_bits(&a, k->key.bits);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_HASH);
    if (k->key.kind == KEYSTORE_RSA) {
        psa_set_key_type(&a, PSA_KEY_TYPE_RSA_KEY_PAIR);
        psa_set_key_algorithm(&a, PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_ANY_HASH));
        psa_set_key_enrollment_algorithm(&a, PSA_ALG_RSA_PSS(PSA_ALG_ANY_HASH));
    } else {
        psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
        psa_set_key_algorithm(&a, PSA_ALG_ECDSA(PSA_ALG_ANY_HASH));
    }
    status = mbedtls_psa_register_se_key(&a);
    psa_reset_key_attributes(&a);
    k->id = status == PSA_SUCCESS ? id : PSA_KEY_ID_NULL;
    return status;
}

enum err key_driver_attach(struct keystore *store,
    const struct keystore_public *key, mbedtls_pk_context *pk,
    struct key_driver **out)
{
    struct key_driver *k = take_slot(store, key);
    psa_status_t status;
    int failed = 0;

    if (k == NULL) {
        log_error(MODULE, "too many keys at once limit=%d", KEYS);
        return ERR_TOO_BIG;
    }
    status = register_key(k);
    if (status == PSA_SUCCESS)
        failed = mbedtls_pk_setup_opaque(pk, k->id);
    if (status != PSA_SUCCESS || failed != 0) {
        log_error(MODULE, "PSA does not take the key status=%d code=-0x%04x",
            (int)status, (unsigned)-failed);
        key_driver_detach(k);
        return ERR_IO;
    }
    *out = k;
    return ERR_OK;
}

void key_driver_detach(struct key_driver *driver)
{
    if (driver == NULL)
        return;
    if (driver->id != PSA_KEY_ID_NULL)
        (void)psa_destroy_key(driver->id);
    (void)pthread_mutex_lock(&mutex);
    *driver = (struct key_driver){.store = NULL};
    (void)pthread_mutex_unlock(&mutex);
}

bool key_driver_trouble(struct key_driver *driver, char why[KEYSTORE_WHY])
{
    bool trouble;

    (void)pthread_mutex_lock(&mutex);
    trouble = driver->trouble;
    if (trouble)
        (void)snprintf(why, KEYSTORE_WHY, "%s", driver->why);
    (void)pthread_mutex_unlock(&mutex);
    return trouble;
}

void key_driver_clear(struct key_driver *driver)
{
    note(driver, ERR_OK, "");
}
