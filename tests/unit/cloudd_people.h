/* cloudd_people.h - people who sign, for tests of cloudd's records. */

#ifndef TESTS_CLOUDD_PEOPLE_H
#define TESTS_CLOUDD_PEOPLE_H

#include <mbedtls/ecdsa.h>

#include "cloudd/proof.h"
#include "cmocka_all.h"
#include "ports/port.h"

struct person {
    mbedtls_ecp_keypair pair;
    char key[PROOF_KEY_SIZE];
};

static inline int rng(void *context, unsigned char *out, size_t len)
{
    (void)context;
    return port_random(out, len) == ERR_OK ? 0 : -1;
}

static inline void person_new(struct person *p)
{
    unsigned char bytes[PROOF_POINT];
    size_t len;

    mbedtls_ecp_keypair_init(&p->pair);
    assert_int_equal(
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, &p->pair, rng, NULL), 0);
    assert_int_equal(
        mbedtls_ecp_write_public_key(
            &p->pair, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, bytes, sizeof(bytes)),
        0);
    proof_encode(bytes, len, p->key);
}

static inline void sign_hash(
    struct person *p, const unsigned char hash[32], char out[90])
{
    unsigned char digest[32], raw[64];
    mbedtls_ecp_group group;
    mbedtls_mpi r, s, d;

    mbedtls_ecp_group_init(&group);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    mbedtls_mpi_init(&d);
    assert_int_equal(proof_sha256(hash, 32, digest), ERR_OK);
    assert_int_equal(mbedtls_ecp_export(&p->pair, &group, &d, NULL), 0);
    assert_int_equal(
        mbedtls_ecdsa_sign(&group, &r, &s, &d, digest, 32, rng, NULL), 0);
    assert_int_equal(mbedtls_mpi_write_binary(&r, raw, 32), 0);
    assert_int_equal(mbedtls_mpi_write_binary(&s, raw + 32, 32), 0);
    proof_encode(raw, sizeof(raw), out);
    mbedtls_ecp_group_free(&group);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&d);
}

#endif
