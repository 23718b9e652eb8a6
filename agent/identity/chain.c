/* chain.c */

#include "identity/chain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"
#include "identity/certificate.h"
#include "identity/pem.h"
#include "identity/trust.h"

#define MODULE      "chain"
#define SYSTEM_FILE "/etc/ssl/certs/ca-certificates.crt" /* Debian's list */

struct reading {
    const char *path;
    mbedtls_x509_crt *chain;
    size_t limit_bytes;
    size_t most, count;
    const char *why;         /* what is wrong, in words */
    enum trust_reason fault; /* ... with one certificate */
    bool pass_over_unknown;  /* algorithms: an anchor that we cannot use */
    bool outside_only;       /* tell what is no certificate from what is a
                                bad one */
};

static enum err refuse(struct reading *r, enum err e, const char *why)
{
    r->why = why;
    return e;
}

static enum err add(void *context, const unsigned char *der, size_t len)
{
    struct reading *r = context;
    int failed;

    if (r->count == r->most)
        return refuse(r, ERR_INVALID, "it holds too many certificates");
    if (!certificate_is_one(der, len))
        return refuse(r, ERR_INVALID, "a certificate in it is damaged");
    r->count++;
    failed = certificate_add(r->chain, der, len);
    if (failed == 0)
        return ERR_OK;
    if (failed == MBEDTLS_ERR_X509_ALLOC_FAILED)
        return ERR_NO_MEMORY;
    r->fault = certificate_fault(failed);
    if (r->pass_over_unknown && r->fault == TRUST_UNSUPPORTED) {
        log_warning(MODULE,
            "passed over: its algorithm is not known here certificate=%zu "
            "file=\"%s\"",
            r->count, r->path);
        return ERR_OK;
    }
    /* As in a handshake: see judge.c. */
    if (r->outside_only && r->chain->raw.p != NULL &&
        r->fault == TRUST_UNSUPPORTED &&
        certificate_add_unusable(r->chain, der, len) == 0)
        return ERR_OK;
    return refuse(r, ERR_DENIED, trust_reason_advice(r->fault));
}

static const char *too_big(const struct reading *r)
{
    return r->limit_bytes == CHAIN_FILE_BYTES ? "larger than 64 KiB"
                                              : "larger than 1 MiB";
}

static enum err add_all(struct reading *r)
{
    char *text;
    size_t len, count;
    enum err e = file_read(r->path, r->limit_bytes, &text, &len);

    if (e != ERR_OK)
        return refuse(r, e, e == ERR_TOO_BIG ? too_big(r) : strerror(errno));
    r->why = "the PEM in it is damaged";
    e = strlen(text) != len
        ? refuse(r, ERR_INVALID, "it is no text (PEM): it holds a NUL")
        : pem_each(text, "CERTIFICATE", add, r, &count);
    free(text);
    if (e == ERR_OK && r->chain->raw.p == NULL)
        e = refuse(r, ERR_INVALID, "no PEM certificate in it");
    return e;
}

static enum err read_chain(struct reading *r, mbedtls_x509_crt **out)
{
    enum err e;

    r->chain = calloc(1, sizeof(*r->chain));
    if (r->chain == NULL)
        return ERR_NO_MEMORY;
    mbedtls_x509_crt_init(r->chain);
    e = add_all(r);
    if (e == ERR_OK) {
        *out = r->chain;
        return ERR_OK;
    }
    chain_free(r->chain);
    return e;
}

static enum err read_and_say(struct reading *r, mbedtls_x509_crt **out)
{
    enum err e = read_chain(r, out);
    bool in_file = e == ERR_INVALID || (e == ERR_DENIED && r->count > 0);

    if (in_file)
        log_error(MODULE,
            "not a certificate chain file=\"%s\" certificate=%zu reason=\"%s\"",
            r->path, r->count, r->why);
    else if (e != ERR_OK)
        log_error(MODULE, "cannot read file=\"%s\" reason=\"%s\"", r->path,
            e == ERR_NO_MEMORY ? "out of memory" : r->why);
    return in_file ? ERR_INVALID : e;
}

enum err chain_read_own(const char *path, mbedtls_x509_crt **out)
{
    struct reading r = {
        .path = path, .limit_bytes = CHAIN_FILE_BYTES, .most = CHAIN_OWN};

    return read_and_say(&r, out);
}

enum err chain_read_anchors(const char *path, mbedtls_x509_crt **out)
{
    struct reading r = {
        .path = strcmp(path, TRUST_SYSTEM) == 0 ? SYSTEM_FILE : path,
        .limit_bytes = CHAIN_MOST_BYTES,
        .most = CHAIN_MOST,
        .pass_over_unknown = true};

    return read_and_say(&r, out);
}

enum err chain_read_peer(
    const char *path, mbedtls_x509_crt **out, enum trust_reason *reason)
{
    struct reading r = {.path = path,
        .limit_bytes = CHAIN_MOST_BYTES,
        .most = CHAIN_MOST,
        .outside_only = true};
    enum err e = read_chain(&r, out);

    *out = e == ERR_OK ? *out : NULL;
    if (e == ERR_DENIED && r.count > 0) {
        *reason = r.fault;
        return ERR_DENIED;
    }
    if (e != ERR_OK)
        log_error(MODULE, "cannot read file=\"%s\" reason=\"%s\"", path,
            r.why == NULL ? err_name(e) : r.why);
    return e;
}

bool chain_at(const mbedtls_x509_crt *chain, size_t index, struct span *der)
{
    for (; chain != NULL && index > 0; index--)
        chain = chain->next;
    if (chain == NULL || chain->raw.p == NULL)
        return false;
    *der = (struct span){chain->raw.p, chain->raw.len};
    return true;
}

void chain_free(mbedtls_x509_crt *chain)
{
    if (chain == NULL)
        return;
    mbedtls_x509_crt_free(chain);
    free(chain);
}
