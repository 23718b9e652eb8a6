/* certificate.c - reading the leaf. */

#include "cloud-mock/lib/certificate.h"

#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cloud-mock/lib/certificate_x509.h"
#include "core/json.h"
#include "core/log.h"
#include "core/utf8.h"

#define CHAIN_LENGTH_MAX 8

static int let_through(void *context, mbedtls_x509_crt const *crt,
    mbedtls_x509_buf const *oid, int critical, const unsigned char *p,
    const unsigned char *end)
{
    (void)context;
    (void)crt;
    (void)p;
    (void)end;
    if (!critical || MBEDTLS_OID_CMP(MBEDTLS_OID_NAME_CONSTRAINTS, oid) == 0)
        return 0;
    return MBEDTLS_ERR_X509_INVALID_EXTENSIONS;
}

enum err certificate_parse(const void *der, size_t len, mbedtls_x509_crt *out)
{
    int e = mbedtls_x509_crt_parse_der_with_ext_cb(
        out, der, len, 1, let_through, NULL);

    if (e == MBEDTLS_ERR_X509_ALLOC_FAILED)
        return ERR_NO_MEMORY;
    return e == 0 ? ERR_OK : ERR_INVALID;
}

static bool has_oid(const mbedtls_x509_name *name, const char *oid)
{
    return name->oid.len == strlen(oid) &&
        memcmp(name->oid.p, oid, name->oid.len) == 0;
}

enum err certificate_attribute(
    const mbedtls_x509_name *name, const char *oid, char text[STORE_TEXT_SIZE])
{
    const mbedtls_x509_buf *found = NULL;

    for (; name != NULL; name = name->next) {
        if (!has_oid(name, oid))
            continue;
        if (found != NULL)
            return ERR_INVALID;
        found = &name->val;
    }
    if (found == NULL || found->len == 0 || found->len >= STORE_TEXT_SIZE ||
        !utf8_valid(found->p, found->len))
        return ERR_INVALID;
    memcpy(text, found->p, found->len);
    text[found->len] = '\0';
    return ERR_OK;
}

void certificate_name_text(
    const mbedtls_x509_name *name, char text[STORE_NAME_SIZE])
{
    if (mbedtls_x509_dn_gets(text, STORE_NAME_SIZE, name) < 0)
        snprintf(text, STORE_NAME_SIZE, "(a name too long to show)");
}

enum err certificate_id(const void *der, size_t len, char id[STORE_ID_SIZE])
{
    unsigned char hash[32];

    if (mbedtls_sha256(der, len, hash, 0) != 0)
        return ERR_IO;
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(id + 2 * i, 3, "%02x", hash[i]);
    return ERR_OK;
}

static int64_t seconds(const mbedtls_x509_time *t)
{
    struct tm tm = {
        .tm_year = t->year - 1900,
        .tm_mon = t->mon - 1,
        .tm_mday = t->day,
        .tm_hour = t->hour,
        .tm_min = t->min,
        .tm_sec = t->sec,
    };

    return timegm(&tm);
}

/* All names that are there; ERR_INVALID: not each of them exactly once. */
static enum err read_names(const mbedtls_x509_crt *crt, struct certificate *out)
{
    const struct {
        const char *oid;
        char *text;
    } wanted[] = {
        {MBEDTLS_OID_AT_ORGANIZATION,  out->vendor     },
        {MBEDTLS_OID_AT_ORG_UNIT,      out->model      },
        {MBEDTLS_OID_AT_CN,            out->common_name},
        {MBEDTLS_OID_AT_SERIAL_NUMBER, out->serial     },
    };

    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (certificate_attribute(
                &crt->subject, wanted[i].oid, wanted[i].text) != ERR_OK)
            e = ERR_INVALID;
    certificate_name_text(&crt->subject, out->subject);
    certificate_name_text(&crt->issuer, out->issuer);
    return e;
}

static bool is_of_vendor(const mbedtls_x509_crt *authority, const char *vendor)
{
    char theirs[STORE_TEXT_SIZE];

    return certificate_attribute(&authority->subject,
               MBEDTLS_OID_AT_ORGANIZATION, theirs) == ERR_OK &&
        strcmp(theirs, vendor) == 0;
}

/* The names upward from `authority`, as far as they are registered. */
static enum err write_chain(const struct certificate_pool *pool,
    mbedtls_x509_crt *authority, char chain[STORE_CHAIN_SIZE])
{
    struct json *names = json_new_array();
    char name[STORE_NAME_SIZE];
    enum err e = names == NULL ? ERR_NO_MEMORY : ERR_OK;
    char *text = NULL;

    for (int i = 0; i < CHAIN_LENGTH_MAX && authority != NULL && e == ERR_OK;
         i++) {
        mbedtls_x509_crt *above = certificate_pool_signer(pool, authority);

        certificate_name_text(&authority->subject, name);
        e = json_append(names, json_new_string(name));
        authority = above == authority ? NULL : above;
    }
    if (e == ERR_OK) {
        text = json_print(names);
        e = text == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    if (e == ERR_OK)
        snprintf(chain, STORE_CHAIN_SIZE, "%s",
            strlen(text) < STORE_CHAIN_SIZE ? text : "[]");
    free(text);
    json_free(names);
    return e;
}

/* What stands in the certificate beside its names. */
static enum err read_rest(mbedtls_x509_crt *crt,
    const mbedtls_x509_crt *authority, struct certificate *out)
{
    enum err e = certificate_id(crt->raw.p, crt->raw.len, out->id);

    out->not_before_s = seconds(&crt->valid_from);
    out->not_after_s = seconds(&crt->valid_to);
    if (e == ERR_OK)
        e = certificate_id(crt->pk_raw.p, crt->pk_raw.len, out->key_sha256);
    if (e == ERR_OK)
        e = certificate_id(
            authority->raw.p, authority->raw.len, out->authority_id);
    return e;
}

static enum err read_parsed(const struct certificate_pool *pool,
    mbedtls_x509_crt *crt, struct certificate *out)
{
    mbedtls_x509_crt *authority;
    enum err e = read_names(crt, out);

    if (e != ERR_OK)
        return e;
    authority = certificate_pool_signer(pool, crt);
    if (authority == NULL || !is_of_vendor(authority, out->vendor))
        return ERR_DENIED;
    e = read_rest(crt, authority, out);
    return e == ERR_OK ? write_chain(pool, authority, out->chain) : e;
}

enum err certificate_read(const struct certificate_pool *pool, const void *der,
    size_t len, struct certificate *out)
{
    struct certificate certificate = {.id = ""};
    mbedtls_x509_crt crt;
    enum err e;

    mbedtls_x509_crt_init(&crt);
    e = certificate_parse(der, len, &crt);
    if (e == ERR_OK)
        e = read_parsed(pool, &crt, &certificate);
    if (e == ERR_OK)
        *out = certificate;
    mbedtls_x509_crt_free(&crt);
    return e;
}

enum err certificate_read_signed(const struct certificate_pool *pool,
    const void *der, size_t len, struct certificate *out)
{
    struct certificate certificate = {.chain = "[]"};
    mbedtls_x509_crt *authority;
    mbedtls_x509_crt crt;
    enum err e;

    mbedtls_x509_crt_init(&crt);
    e = certificate_parse(der, len, &crt);
    if (e == ERR_OK) {
        authority = certificate_pool_signer(pool, &crt);
        e = authority == NULL ? ERR_DENIED
                              : read_rest(&crt, authority, &certificate);
    }
    if (e == ERR_OK) {
        (void)read_names(&crt, &certificate);
        *out = certificate;
    }
    mbedtls_x509_crt_free(&crt);
    return e;
}

enum err certificate_read_issued(const void *der, size_t len,
    const void *authority, size_t authority_len, struct certificate *out)
{
    struct certificate certificate = {.chain = "[]"};
    mbedtls_x509_crt crt, ca;
    enum err e;

    mbedtls_x509_crt_init(&crt);
    mbedtls_x509_crt_init(&ca);
    e = certificate_parse(der, len, &crt);
    if (e == ERR_OK)
        e = certificate_parse(authority, authority_len, &ca);
    if (e == ERR_OK)
        e = read_rest(&crt, &ca, &certificate);
    if (e == ERR_OK) {
        (void)read_names(&crt, &certificate);
        *out = certificate;
    }
    mbedtls_x509_crt_free(&ca);
    mbedtls_x509_crt_free(&crt);
    return e;
}
