/* psa/internal_trusted_storage.h - where PSA keeps what outlives a key's use.
 *
 * The names and shapes are those of the PSA Storage API 1.0, section 5.2; what
 * stands behind them is ../its.c: memory of this process.  The build puts this
 * folder's headers among mbedTLS's. */

#ifndef PSA_INTERNAL_TRUSTED_STORAGE_H
#define PSA_INTERNAL_TRUSTED_STORAGE_H

#include <psa/crypto_types.h>
#include <psa/crypto_values.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t psa_storage_uid_t;
typedef uint32_t psa_storage_create_flags_t;

struct psa_storage_info_t {
    uint32_t size; /* bytes */
    psa_storage_create_flags_t flags;
};

/* Replaces what stands under `uid`.  PSA_ERROR_INSUFFICIENT_STORAGE: too much
 * for one entry, or too many. */
psa_status_t psa_its_set(psa_storage_uid_t uid, uint32_t data_length,
    const void *p_data, psa_storage_create_flags_t create_flags);

/* *p_data_length bytes from `data_offset` on are given.  These three return
 * PSA_ERROR_DOES_NOT_EXIST for an unknown uid. */
psa_status_t psa_its_get(psa_storage_uid_t uid, uint32_t data_offset,
    uint32_t data_length, void *p_data, size_t *p_data_length);
psa_status_t psa_its_get_info(
    psa_storage_uid_t uid, struct psa_storage_info_t *p_info);
psa_status_t psa_its_remove(psa_storage_uid_t uid);

#endif
