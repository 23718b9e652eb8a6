/* signature_value.c */

#include "identity/signature_value.h"

#include <string.h>

#include "identity/reader.h"
#include "identity/tag.h"

#define SIZE_MAX_OCTETS (SIGNATURE_VALUE_MAX / 2)

/* The order n of the curve's base point, big-endian; 0: no such curve. */
static size_t order_of(
    mbedtls_ecp_group_id curve, unsigned char order[SIZE_MAX_OCTETS])
{
    mbedtls_ecp_group group;
    size_t size = 0;

    mbedtls_ecp_group_init(&group);
    if (mbedtls_ecp_group_load(&group, curve) == 0 &&
        mbedtls_mpi_size(&group.N) <= SIZE_MAX_OCTETS &&
        mbedtls_mpi_write_binary(&group.N, order, mbedtls_mpi_size(&group.N)) ==
            0)
        size = mbedtls_mpi_size(&group.N);
    mbedtls_ecp_group_free(&group);
    return size;
}

static bool is_zero(const unsigned char *number, size_t size)
{
    unsigned char any = 0;

    for (size_t i = 0; i < size; i++)
        any |= number[i];
    return any == 0;
}

/* FIPS 186-5 section 6.4.2, step 1: both are in [1, n - 1]. */
static bool is_in_range(
    const unsigned char *number, const unsigned char *order, size_t size)
{
    return !is_zero(number, size) && memcmp(number, order, size) < 0;
}

enum err signature_value_raw(
    mbedtls_ecp_group_id curve, struct span raw, struct signature_value *out)
{
    unsigned char order[SIZE_MAX_OCTETS];
    size_t size = order_of(curve, order);

    if (size == 0 || raw.len != 2 * size || !is_in_range(raw.at, order, size) ||
        !is_in_range(raw.at + size, order, size))
        return ERR_DENIED;
    memcpy(out->bytes, raw.at, raw.len);
    out->size = size;
    return ERR_OK;
}

/* An INTEGER that is not negative, as short as can be (X.690 8.3.2), put into
 * `size` octets. */
static bool take_number(struct span *rest, unsigned char *out, size_t size)
{
    struct item item;
    struct span n;

    if (!reader_take(rest, DER_INTEGER, &item))
        return false;
    n = item.content;
    if (n.len == 0 || n.at[0] >= 0x80 ||
        (n.len > 1 && n.at[0] == 0 && n.at[1] < 0x80))
        return false;
    if (n.at[0] == 0) {
        n.at++;
        n.len--;
    }
    if (n.len > size)
        return false;
    memset(out, 0, size - n.len);
    if (n.len > 0)
        memcpy(out + size - n.len, n.at, n.len);
    return true;
}

enum err signature_value_der(
    mbedtls_ecp_group_id curve, struct span der, struct signature_value *out)
{
    unsigned char order[SIZE_MAX_OCTETS], raw[SIGNATURE_VALUE_MAX];
    size_t size = order_of(curve, order);
    struct item sequence;
    struct span rest;

    if (size == 0 || !reader_whole(der, DER_SEQUENCE, &sequence))
        return ERR_DENIED;
    rest = sequence.content;
    if (!take_number(&rest, raw, size) ||
        !take_number(&rest, raw + size, size) || rest.len != 0)
        return ERR_DENIED;
    return signature_value_raw(curve, (struct span){raw, 2 * size}, out);
}
