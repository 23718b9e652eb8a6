/* crl.c - mbedTLS parses; whom a list speaks for, and until when, is decided
 * here. */

#include "identity/crl.h"

#include <errno.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"
#include "identity/distinguished_name.h"
#include "identity/moment.h"
#include "identity/pem.h"
#include "identity/signed.h"

#define MODULE     "crl"
#define FILE_BYTES (1024 * 1024)

struct crls {
    mbedtls_x509_crl list;
};

static enum err add(void *context, const unsigned char *der, size_t len)
{
    struct crls *crls = context;
    int failed = mbedtls_x509_crl_parse_der(&crls->list, der, len);

    if (failed == 0)
        return ERR_OK;
    log_error(MODULE,
        "not a revocation list expected=\"an X.509 CRL, PEM or DER, neither "
        "indirect nor delta\" code=-0x%04x",
        (unsigned)-failed);
    return failed == MBEDTLS_ERR_X509_ALLOC_FAILED ? ERR_NO_MEMORY
                                                   : ERR_INVALID;
}

/* What stands behind it was not looked at. */
static enum err refuse_nul(void)
{
    log_error(MODULE, "not a revocation list expected=\"PEM without a NUL\"");
    return ERR_INVALID;
}

static struct crls *crls_new(void)
{
    struct crls *crls = calloc(1, sizeof(*crls));

    if (crls != NULL)
        mbedtls_x509_crl_init(&crls->list);
    return crls;
}

static enum err add_all(struct crls *crls, const char *bytes, size_t len)
{
    size_t count = 0;
    enum err e = pem_each(bytes, "X509 CRL", add, crls, &count);

    if (e == ERR_OK && count == 0)
        e = add(crls, (const unsigned char *)bytes, len);
    else if (e == ERR_OK && strlen(bytes) != len)
        e = refuse_nul();
    return e;
}

enum err crls_parse(const void *bytes, size_t len, struct crls **out)
{
    struct crls *crls = crls_new();
    char *text = malloc(len + 1);
    enum err e = ERR_NO_MEMORY;

    if (crls != NULL && text != NULL) {
        memcpy(text, bytes, len);
        text[len] = '\0';
        e = add_all(crls, text, len);
    }
    free(text);
    if (e == ERR_OK)
        *out = crls;
    else
        crls_free(crls);
    return e;
}

enum err crls_add_file(struct crls *crls, const char *path)
{
    char *text;
    size_t len;
    enum err e = file_read(path, FILE_BYTES, &text, &len);

    if (e != ERR_OK) {
        log_error(MODULE, "cannot read file=\"%s\" reason=\"%s\"", path,
            e == ERR_TOO_BIG ? "larger than 1 MiB" : strerror(errno));
        return e;
    }
    e = add_all(crls, text, len);
    free(text);
    if (e == ERR_INVALID)
        log_error(MODULE, "not usable file=\"%s\"", path);
    return e;
}

enum err crls_read(const char *path, struct crls **out)
{
    struct crls *crls = crls_new();
    enum err e = crls == NULL ? ERR_NO_MEMORY : crls_add_file(crls, path);

    if (e == ERR_OK)
        *out = crls;
    else
        crls_free(crls);
    return e;
}

void crls_free(struct crls *crls)
{
    if (crls == NULL)
        return;
    mbedtls_x509_crl_free(&crls->list);
    free(crls);
}

static bool is_in_name_of(
    const mbedtls_x509_crl *crl, const mbedtls_x509_crt *issuer)
{
    return dn_equal((struct dn){crl->issuer_raw.p, crl->issuer_raw.len},
        (struct dn){issuer->subject_raw.p, issuer->subject_raw.len});
}

static bool may_sign_lists(const mbedtls_x509_crt *issuer)
{
    return mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) ==
        0;
}

static bool is_signed_by(
    const mbedtls_x509_crl *crl, const mbedtls_x509_crt *issuer)
{
    const struct signed_bytes s = {.bytes = crl->tbs.p,
        .len = crl->tbs.len,
        .signature = crl->MBEDTLS_PRIVATE(sig).p,
        .signature_len = crl->MBEDTLS_PRIVATE(sig).len,
        .md = crl->MBEDTLS_PRIVATE(sig_md),
        .pk = crl->MBEDTLS_PRIVATE(sig_pk),
        .options = crl->MBEDTLS_PRIVATE(sig_opts)};

    return may_sign_lists(issuer) && signed_is_strong(&s) &&
        signed_check(&s, &issuer->pk);
}

static enum err check_one(
    const mbedtls_x509_crl *crl, const mbedtls_x509_crt *cas)
{
    enum err e = ERR_AGAIN;

    for (const mbedtls_x509_crt *ca = cas; ca != NULL; ca = ca->next) {
        if (ca->raw.p == NULL || !is_in_name_of(crl, ca))
            continue;
        if (is_signed_by(crl, ca))
            return ERR_OK;
        e = ERR_DENIED;
    }
    return e;
}

enum err crls_check(const struct crls *crls, const mbedtls_x509_crt *cas,
    const mbedtls_x509_crt *more)
{
    for (const mbedtls_x509_crl *c = &crls->list; c != NULL; c = c->next) {
        enum err e = check_one(c, cas);
        enum err second = e == ERR_OK ? ERR_OK : check_one(c, more);

        if (e != ERR_OK && second != ERR_OK)
            return e == ERR_DENIED ? e : second;
    }
    return ERR_OK;
}

/* How many lists in the name that `of` has are as new as it is? */
static size_t count_like(const struct crls *crls, const mbedtls_x509_crl *of)
{
    const struct dn name = {of->issuer_raw.p, of->issuer_raw.len};
    size_t count = 0;

    for (const mbedtls_x509_crl *c = &crls->list; c != NULL; c = c->next)
        count +=
            dn_equal((struct dn){c->issuer_raw.p, c->issuer_raw.len}, name) &&
            moment_of(&c->this_update) >= moment_of(&of->this_update);
    return count;
}

bool crls_replace(const struct crls *fresh, const struct crls *old)
{
    for (const mbedtls_x509_crl *o = &old->list; o != NULL; o = o->next)
        if (count_like(fresh, o) < count_like(old, o))
            return false;
    return true;
}

static int64_t next_update(const mbedtls_x509_crl *crl)
{
    return crl->next_update.year == 0 ? INT64_MAX
                                      : moment_of(&crl->next_update);
}

/* Without zeros before it: DER has none, other programs may.  An empty list is
 * one entry without a place in memory. */
static mbedtls_x509_buf significant(mbedtls_x509_buf serial)
{
    while (serial.len > 1 && *serial.p == 0) {
        serial.p++;
        serial.len--;
    }
    return serial;
}

/* mbedtls_x509_crt_is_revoked looks at our clock as well; entries whose
 * revocationDate lies ahead count here. */
static bool lists(
    const mbedtls_x509_crl *crl, const mbedtls_x509_crt *certificate)
{
    const mbedtls_x509_buf wanted = significant(certificate->serial);

    for (const mbedtls_x509_crl_entry *e = &crl->entry; e != NULL;
         e = e->next) {
        const mbedtls_x509_buf s = significant(e->serial);

        if (s.p != NULL && s.len == wanted.len &&
            memcmp(s.p, wanted.p, s.len) == 0)
            return true;
    }
    return false;
}

static bool has_begun(const mbedtls_x509_crl *crl, const struct crl_when *when)
{
    return when->may_be_later || moment_of(&crl->this_update) <= when->now_s;
}

static bool is_fresh(const mbedtls_x509_crl *crl, const struct crl_when *when)
{
    int64_t end = next_update(crl);

    return end == INT64_MAX || when->now_s <= end + when->grace_s;
}

enum crl_status crls_look(const struct crls *crls,
    const mbedtls_x509_crt *certificate, const mbedtls_x509_crt *issuer,
    const struct crl_when *when)
{
    bool named = false, fresh = false, any = false;

    for (const mbedtls_x509_crl *c = crls == NULL ? NULL : &crls->list;
         c != NULL; c = c->next) {
        if (c->version == 0 || !is_in_name_of(c, issuer))
            continue;
        named = true;
        if (!is_signed_by(c, issuer))
            continue;
        if (lists(c, certificate))
            return CRL_REVOKED;
        if (!has_begun(c, when))
            continue;
        any = true;
        fresh |= is_fresh(c, when);
    }
    if (!named)
        return CRL_NONE;
    if (!any)
        return CRL_BAD;
    return fresh ? CRL_GOOD : CRL_STALE;
}

void crls_dates(
    const struct crls *crls, int64_t *next_update_s, int64_t *this_update_s)
{
    *next_update_s = INT64_MAX;
    *this_update_s = 0;
    for (const mbedtls_x509_crl *c = &crls->list; c != NULL; c = c->next) {
        int64_t next = next_update(c), begun = moment_of(&c->this_update);

        if (next < *next_update_s)
            *next_update_s = next;
        if (begun > *this_update_s)
            *this_update_s = begun;
    }
}
