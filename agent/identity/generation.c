/* generation.c */

#include "identity/generation.h"

#include <stdio.h>
#include <stdlib.h>

#include "identity/chain.h"
#include "identity/moment.h"

static enum err describe(struct generation *it)
{
    const mbedtls_x509_crt *leaf = it->chain;

    it->from_s = moment_of(&leaf->valid_from);
    it->until_s = moment_of(&leaf->valid_to);
    if (mbedtls_x509_dn_gets(it->issuer, sizeof(it->issuer), &leaf->issuer) < 0)
        (void)snprintf(it->issuer, sizeof(it->issuer), "(a long name)");
    return issued_id((struct span){leaf->raw.p, leaf->raw.len}, it->id);
}

static enum err open_key(
    const char *uri, struct generation *it, char why[KEY_WHY])
{
    enum err e = key_open(uri, &it->key);

    if (e != ERR_OK || key_is_in_token(it->key))
        return e;
    return key_ready(it->key, it->chain, why);
}

enum err generation_read(const char *path, const char *uri, char why[KEY_WHY],
    struct generation **out)
{
    struct generation *it = calloc(1, sizeof(*it));
    enum err e;

    if (it == NULL)
        return ERR_NO_MEMORY;
    (void)snprintf(why, KEY_WHY, "its certificate cannot be read; see the log");
    e = chain_read_own(path, &it->chain);
    if (e == ERR_OK)
        e = describe(it);
    if (e == ERR_OK) {
        (void)snprintf(why, KEY_WHY, "its key cannot be found");
        e = open_key(uri, it, why);
    }
    if (e != ERR_OK) {
        generation_free(it);
        return e;
    }
    *out = it;
    return ERR_OK;
}

void generation_free(struct generation *generation)
{
    if (generation == NULL)
        return;
    key_free(generation->key);
    chain_free(generation->chain);
    free(generation);
}
