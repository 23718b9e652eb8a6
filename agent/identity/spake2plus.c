/* spake2plus.c */

#include "identity/spake2plus.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#include "identity/spake2plus_inside.h"

/* shareV = y*P + w0*N */
static enum err make_share(struct spake2plus *run,
    const unsigned char w0[P256_SCALAR], const unsigned char y[P256_SCALAR])
{
    unsigned char masked[P256_POINT], own[P256_POINT];
    enum err e = p256_multiply(y, p256_base, own);

    if (e == ERR_OK)
        e = p256_multiply(w0, spake2plus_n, masked);
    if (e == ERR_OK)
        e = p256_add(own, masked, run->transcript.share_v);
    mbedtls_platform_zeroize(own, sizeof(own));
    mbedtls_platform_zeroize(masked, sizeof(masked));
    return e;
}

/* Z = y*(shareP - w0*M), V = y*L */
static enum err meet(struct spake2plus *run,
    const struct spake2plus_record *record, const unsigned char y[P256_SCALAR])
{
    unsigned char masked[P256_POINT], theirs[P256_POINT];
    enum err e = p256_multiply(record->w0, spake2plus_m, masked);

    if (e == ERR_OK)
        e = p256_subtract(run->transcript.share_p, masked, theirs);
    if (e == ERR_OK)
        e = p256_multiply(y, theirs, run->transcript.z);
    if (e == ERR_OK)
        e = p256_multiply(y, record->l, run->transcript.v);
    mbedtls_platform_zeroize(theirs, sizeof(theirs));
    mbedtls_platform_zeroize(masked, sizeof(masked));
    return e;
}

static enum err confirm(struct spake2plus *run)
{
    enum err e = spake2plus_keys_confirm(
        run->keys.confirm_v, run->transcript.share_p, run->confirm);

    return e != ERR_OK ? e
                       : spake2plus_keys_confirm(run->keys.confirm_p,
                             run->transcript.share_v, run->expected);
}

enum err spake2plus_start_with(const struct spake2plus_record *record,
    const struct spake2plus_names *names, struct span share_p,
    const unsigned char y[P256_SCALAR], struct spake2plus **out)
{
    struct spake2plus *run;
    enum err e;

    if (share_p.len != P256_POINT)
        return ERR_INVALID;
    run = calloc(1, sizeof(*run));
    if (run == NULL)
        return ERR_NO_MEMORY;
    memcpy(run->transcript.share_p, share_p.at, P256_POINT);
    e = meet(run, record, y);
    if (e == ERR_OK)
        e = make_share(run, record->w0, y);
    if (e == ERR_OK)
        e = spake2plus_keys_derive(
            names, &run->transcript, record->w0, &run->keys);
    if (e == ERR_OK)
        e = confirm(run);
    if (e == ERR_OK)
        *out = run;
    else
        spake2plus_free(run);
    return e;
}

enum err spake2plus_start(const struct spake2plus_record *record,
    const struct spake2plus_names *names, struct span share_p,
    struct spake2plus **out)
{
    unsigned char y[P256_SCALAR];
    enum err e = p256_random(y);

    if (e == ERR_OK)
        e = spake2plus_start_with(record, names, share_p, y, out);
    mbedtls_platform_zeroize(y, sizeof(y));
    return e;
}

const unsigned char *spake2plus_share(const struct spake2plus *run)
{
    return run->transcript.share_v;
}

const unsigned char *spake2plus_confirm(const struct spake2plus *run)
{
    return run->confirm;
}

enum err spake2plus_finish(struct spake2plus *run, struct span confirm_p,
    unsigned char key[SPAKE2PLUS_KEY])
{
    bool right = !run->over && confirm_p.len == SPAKE2PLUS_CONFIRM &&
        mbedtls_ct_memcmp(confirm_p.at, run->expected, SPAKE2PLUS_CONFIRM) == 0;

    if (right)
        memcpy(key, run->keys.shared, SPAKE2PLUS_KEY);
    mbedtls_platform_zeroize(run, sizeof(*run));
    run->over = true;
    return right ? ERR_OK : ERR_DENIED;
}

void spake2plus_free(struct spake2plus *run)
{
    if (run == NULL)
        return;
    mbedtls_platform_zeroize(run, sizeof(*run));
    free(run);
}
