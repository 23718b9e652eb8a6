/* p256.c */

#include "identity/p256.h"

#include <mbedtls/ecp.h>

#include "ports/port.h"

const unsigned char p256_base[P256_POINT] = {0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
    0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
    0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8,
    0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e,
    0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
    0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

/* Freed, which wipes, whatever happens in between. */
struct work {
    mbedtls_ecp_group group;
    mbedtls_ecp_point a, b;
    mbedtls_mpi scalar;
};

static int work_begin(struct work *w)
{
    mbedtls_ecp_group_init(&w->group);
    mbedtls_ecp_point_init(&w->a);
    mbedtls_ecp_point_init(&w->b);
    mbedtls_mpi_init(&w->scalar);
    return mbedtls_ecp_group_load(&w->group, MBEDTLS_ECP_DP_SECP256R1);
}

static enum err work_end(struct work *w, int status)
{
    mbedtls_ecp_group_free(&w->group);
    mbedtls_ecp_point_free(&w->a);
    mbedtls_ecp_point_free(&w->b);
    mbedtls_mpi_free(&w->scalar);
    switch (status) {
    case 0:
        return ERR_OK;
    case MBEDTLS_ERR_MPI_ALLOC_FAILED:
    case MBEDTLS_ERR_ECP_ALLOC_FAILED:
        return ERR_NO_MEMORY;
    case MBEDTLS_ERR_ECP_RANDOM_FAILED:
        return ERR_IO;
    default:
        return ERR_INVALID;
    }
}

static int blind(void *unused, unsigned char *bytes, size_t len)
{
    (void)unused;
    return port_random(bytes, len) == ERR_OK ? 0
                                             : MBEDTLS_ERR_ECP_RANDOM_FAILED;
}

static int read_point(const struct work *w,
    const unsigned char bytes[P256_POINT], mbedtls_ecp_point *point)
{
    int status =
        mbedtls_ecp_point_read_binary(&w->group, point, bytes, P256_POINT);

    return status != 0 ? status : mbedtls_ecp_check_pubkey(&w->group, point);
}

static int write_point(const struct work *w, const mbedtls_ecp_point *point,
    unsigned char out[P256_POINT])
{
    unsigned char bytes[P256_POINT];
    size_t len;
    int status;

    if (mbedtls_ecp_is_zero((mbedtls_ecp_point *)point) != 0)
        return MBEDTLS_ERR_ECP_INVALID_KEY;
    status = mbedtls_ecp_point_write_binary(&w->group, point,
        MBEDTLS_ECP_PF_UNCOMPRESSED, &len, bytes, sizeof(bytes));
    for (size_t i = 0; status == 0 && i < sizeof(bytes); i++)
        out[i] = bytes[i];
    return status;
}

enum err p256_multiply(const unsigned char scalar[P256_SCALAR],
    const unsigned char point[P256_POINT], unsigned char out[P256_POINT])
{
    struct work w;
    int status = work_begin(&w);

    if (status == 0)
        status = read_point(&w, point, &w.a);
    if (status == 0)
        status = mbedtls_mpi_read_binary(&w.scalar, scalar, P256_SCALAR);
    if (status == 0)
        status = mbedtls_ecp_mul(&w.group, &w.b, &w.scalar, &w.a, blind, NULL);
    if (status == 0)
        status = write_point(&w, &w.b, out);
    return work_end(&w, status);
}

/* muladd with the public scalars 1 and `sign` copies, negates and adds. */
static enum err combine(const unsigned char a[P256_POINT], int sign,
    const unsigned char b[P256_POINT], unsigned char out[P256_POINT])
{
    mbedtls_mpi one;
    struct work w;
    int status = work_begin(&w);

    mbedtls_mpi_init(&one);
    if (status == 0)
        status = read_point(&w, a, &w.a);
    if (status == 0)
        status = read_point(&w, b, &w.b);
    if (status == 0)
        status = mbedtls_mpi_lset(&one, 1);
    if (status == 0)
        status = mbedtls_mpi_lset(&w.scalar, sign);
    if (status == 0)
        status =
            mbedtls_ecp_muladd(&w.group, &w.b, &one, &w.a, &w.scalar, &w.b);
    if (status == 0)
        status = write_point(&w, &w.b, out);
    mbedtls_mpi_free(&one);
    return work_end(&w, status);
}

enum err p256_add(const unsigned char a[P256_POINT],
    const unsigned char b[P256_POINT], unsigned char out[P256_POINT])
{
    return combine(a, 1, b, out);
}

enum err p256_subtract(const unsigned char a[P256_POINT],
    const unsigned char b[P256_POINT], unsigned char out[P256_POINT])
{
    return combine(a, -1, b, out);
}

enum err p256_reduce(struct span number, unsigned char out[P256_SCALAR])
{
    struct work w;
    int status = work_begin(&w);

    if (status == 0)
        status = mbedtls_mpi_read_binary(&w.scalar, number.at, number.len);
    if (status == 0)
        status = mbedtls_mpi_mod_mpi(&w.scalar, &w.scalar, &w.group.N);
    if (status == 0 && mbedtls_mpi_cmp_int(&w.scalar, 0) == 0)
        status = MBEDTLS_ERR_ECP_INVALID_KEY;
    if (status == 0)
        status = mbedtls_mpi_write_binary(&w.scalar, out, P256_SCALAR);
    return work_end(&w, status);
}

enum err p256_random(unsigned char out[P256_SCALAR])
{
    struct work w;
    int status = work_begin(&w);

    if (status == 0)
        status = mbedtls_ecp_gen_privkey(&w.group, &w.scalar, blind, NULL);
    if (status == 0)
        status = mbedtls_mpi_write_binary(&w.scalar, out, P256_SCALAR);
    return work_end(&w, status);
}
