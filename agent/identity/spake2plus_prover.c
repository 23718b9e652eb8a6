/* spake2plus_prover.c */

#include "identity/spake2plus_prover.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#include "identity/spake2plus_inside.h"

/* shareP = x*P + w0*M */
static enum err make_share(struct spake2plus_prover *run)
{
    unsigned char own[P256_POINT], masked[P256_POINT];
    enum err e = p256_multiply(run->x, p256_base, own);

    if (e == ERR_OK)
        e = p256_multiply(run->secrets.w0, spake2plus_m, masked);
    if (e == ERR_OK)
        e = p256_add(own, masked, run->transcript.share_p);
    mbedtls_platform_zeroize(own, sizeof(own));
    mbedtls_platform_zeroize(masked, sizeof(masked));
    return e;
}

enum err spake2plus_prover_start_with(const struct spake2plus_secrets *secrets,
    const unsigned char x[P256_SCALAR], struct spake2plus_prover **out)
{
    struct spake2plus_prover *run = calloc(1, sizeof(*run));
    enum err e;

    if (run == NULL)
        return ERR_NO_MEMORY;
    run->secrets = *secrets;
    memcpy(run->x, x, P256_SCALAR);
    e = make_share(run);
    if (e == ERR_OK)
        *out = run;
    else
        spake2plus_prover_free(run);
    return e;
}

enum err spake2plus_prover_start(
    const struct spake2plus_secrets *secrets, struct spake2plus_prover **out)
{
    unsigned char x[P256_SCALAR];
    enum err e = p256_random(x);

    if (e == ERR_OK)
        e = spake2plus_prover_start_with(secrets, x, out);
    mbedtls_platform_zeroize(x, sizeof(x));
    return e;
}

const unsigned char *spake2plus_prover_share(
    const struct spake2plus_prover *run)
{
    return run->transcript.share_p;
}

/* Z = x*(shareV - w0*N), V = w1*(shareV - w0*N) */
static enum err meet(struct spake2plus_prover *run)
{
    unsigned char masked[P256_POINT], theirs[P256_POINT];
    enum err e = p256_multiply(run->secrets.w0, spake2plus_n, masked);

    if (e == ERR_OK)
        e = p256_subtract(run->transcript.share_v, masked, theirs);
    if (e == ERR_OK)
        e = p256_multiply(run->x, theirs, run->transcript.z);
    if (e == ERR_OK)
        e = p256_multiply(run->secrets.w1, theirs, run->transcript.v);
    mbedtls_platform_zeroize(theirs, sizeof(theirs));
    mbedtls_platform_zeroize(masked, sizeof(masked));
    return e;
}

static enum err judge(
    const struct spake2plus_prover *run, struct span confirm_v)
{
    unsigned char expected[SPAKE2PLUS_CONFIRM];
    enum err e = spake2plus_keys_confirm(
        run->keys.confirm_v, run->transcript.share_p, expected);

    if (e == ERR_OK &&
        (confirm_v.len != sizeof(expected) ||
            mbedtls_ct_memcmp(confirm_v.at, expected, sizeof(expected)) != 0))
        e = ERR_DENIED;
    mbedtls_platform_zeroize(expected, sizeof(expected));
    return e;
}

enum err spake2plus_prover_finish(struct spake2plus_prover *run,
    const struct spake2plus_names *names,
    const struct spake2plus_answer *answer,
    unsigned char confirm[SPAKE2PLUS_CONFIRM],
    unsigned char key[SPAKE2PLUS_KEY])
{
    enum err e = run->over ? ERR_DENIED : ERR_OK;

    if (e == ERR_OK && answer->share.len != P256_POINT)
        e = ERR_INVALID;
    if (e == ERR_OK) {
        memcpy(run->transcript.share_v, answer->share.at, P256_POINT);
        e = meet(run);
    }
    if (e == ERR_OK)
        e = spake2plus_keys_derive(
            names, &run->transcript, run->secrets.w0, &run->keys);
    if (e == ERR_OK)
        e = judge(run, answer->confirm);
    if (e == ERR_OK)
        e = spake2plus_keys_confirm(
            run->keys.confirm_p, run->transcript.share_v, confirm);
    if (e == ERR_OK)
        memcpy(key, run->keys.shared, SPAKE2PLUS_KEY);
    mbedtls_platform_zeroize(run, sizeof(*run));
    run->over = true;
    return e;
}

void spake2plus_prover_free(struct spake2plus_prover *run)
{
    if (run == NULL)
        return;
    mbedtls_platform_zeroize(run, sizeof(*run));
    free(run);
}
