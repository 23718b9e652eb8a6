/* certificate_pool.c - the registered CAs, read from PEM files. */

#include <dirent.h>
#include <errno.h>
#include <mbedtls/pem.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud-mock/lib/certificate.h"
#include "cloud-mock/lib/certificate_x509.h"
#include "core/log.h"

#define FILE_BYTES_MAX (1024 * 1024)
#define FOLDERS_DEEP   4
#define PATH_SIZE      4096

struct authority {
    struct authority *next;
    mbedtls_x509_crt crt;
};

struct certificate_pool {
    struct authority *first;
};

static void authority_free(struct authority *authority)
{
    mbedtls_x509_crt_free(&authority->crt);
    free(authority);
}

void certificate_pool_free(struct certificate_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->first != NULL) {
        struct authority *authority = pool->first;

        pool->first = authority->next;
        authority_free(authority);
    }
    free(pool);
}

static bool is_known(
    const struct certificate_pool *pool, const unsigned char *der, size_t len)
{
    for (const struct authority *a = pool->first; a != NULL; a = a->next)
        if (a->crt.raw.len == len && memcmp(a->crt.raw.p, der, len) == 0)
            return true;
    return false;
}

/* ERR_UNSUPPORTED: a certificate, but not of a CA. */
static enum err add_der(
    struct certificate_pool *pool, const unsigned char *der, size_t len)
{
    struct authority *authority;
    enum err e;

    if (is_known(pool, der, len))
        return ERR_OK;
    authority = malloc(sizeof(*authority));
    if (authority == NULL)
        return ERR_NO_MEMORY;
    mbedtls_x509_crt_init(&authority->crt);
    e = certificate_parse(der, len, &authority->crt);
    if (e == ERR_OK && mbedtls_x509_crt_get_ca_istrue(&authority->crt) != 1)
        e = ERR_UNSUPPORTED;
    if (e != ERR_OK) {
        authority_free(authority);
        return e;
    }
    authority->next = pool->first;
    pool->first = authority;
    return ERR_OK;
}

/* Every certificate of a PEM text that ends with NUL. */
static enum err add_pem(struct certificate_pool *pool, const char *text)
{
    mbedtls_pem_context pem;
    enum err e = ERR_INVALID;
    size_t used;
    int rc;

    for (;;) {
        mbedtls_pem_init(&pem);
        rc = mbedtls_pem_read_buffer(&pem, "-----BEGIN CERTIFICATE-----",
            "-----END CERTIFICATE-----", (const unsigned char *)text, NULL, 0,
            &used);
        if (rc == 0) {
            size_t len;
            const unsigned char *der = mbedtls_pem_get_buffer(&pem, &len);

            e = add_der(pool, der, len);
        }
        mbedtls_pem_free(&pem);
        if (rc == MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT)
            return e; /* of the last; nothing at all is ERR_INVALID */
        if (rc != 0)
            return ERR_INVALID;
        if (e != ERR_OK)
            return e;
        text += used;
    }
}

static enum err read_file(const char *path, char **out)
{
    FILE *file = fopen(path, "rb");
    char *text;
    size_t len;
    enum err e = ERR_OK;

    if (file == NULL)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    text = malloc(FILE_BYTES_MAX + 1);
    if (text == NULL) {
        fclose(file);
        return ERR_NO_MEMORY;
    }
    len = fread(text, 1, FILE_BYTES_MAX, file);
    if (ferror(file) || !feof(file))
        e = ERR_IO;
    fclose(file);
    text[len] = '\0';
    if (e == ERR_OK)
        *out = text;
    else
        free(text);
    return e;
}

static enum err add_file(struct certificate_pool *pool, const char *path)
{
    char *text = NULL;
    enum err e = read_file(path, &text);

    if (e != ERR_OK)
        return e;
    e = add_pem(pool, text);
    free(text);
    return e;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static enum err add_folder(
    struct certificate_pool *pool, const char *path, int deep);

/* Something in a folder: what is no CA's certificate is passed over. */
static enum err add_entry(
    struct certificate_pool *pool, const char *path, int deep)
{
    struct stat about;
    enum err e;

    if (stat(path, &about) != 0)
        return ERR_OK;
    if (S_ISDIR(about.st_mode))
        return deep > 0 ? add_folder(pool, path, deep - 1) : ERR_OK;
    if (!ends_with(path, ".crt") && !ends_with(path, ".pem"))
        return ERR_OK;
    e = add_file(pool, path);
    return e == ERR_UNSUPPORTED || e == ERR_INVALID ? ERR_OK : e;
}

static enum err add_folder(
    struct certificate_pool *pool, const char *path, int deep)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char below[PATH_SIZE];
    enum err e = ERR_OK;

    if (folder == NULL)
        return ERR_IO;
    while (e == ERR_OK && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        e = add_entry(pool, below, deep);
    }
    closedir(folder);
    return e;
}

enum err certificate_pool_add(struct certificate_pool *pool, const char *path)
{
    const struct authority *before = pool->first;
    struct stat about;
    enum err e;

    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        e = add_folder(pool, path, FOLDERS_DEEP);
        if (e == ERR_OK && pool->first == before)
            log_warning("registry", "no CA found below=%s", path);
    } else {
        e = add_file(pool, path);
    }
    if (e == ERR_UNSUPPORTED)
        e = ERR_INVALID;
    if (e != ERR_OK)
        log_error("registry",
            "cannot register CAs file=%s reason=%s;"
            " expected PEM certificates of CAs",
            path, err_name(e));
    return e;
}

/* Is `crt` signed with the key of `authority`?  Dates do not matter here. */
static bool has_signed(mbedtls_x509_crt *authority, mbedtls_x509_crt *crt)
{
    uint32_t flags = 0;
    int rc;

    if (crt->issuer_raw.len != authority->subject_raw.len ||
        memcmp(crt->issuer_raw.p, authority->subject_raw.p,
            crt->issuer_raw.len) != 0)
        return false;
    rc =
        mbedtls_x509_crt_verify(crt, authority, NULL, NULL, &flags, NULL, NULL);
    return rc == 0 ||
        (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED &&
            (flags &
                (MBEDTLS_X509_BADCERT_NOT_TRUSTED |
                    MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_MD |
                    MBEDTLS_X509_BADCERT_BAD_PK)) == 0);
}

mbedtls_x509_crt *certificate_pool_signer(
    const struct certificate_pool *pool, mbedtls_x509_crt *crt)
{
    for (struct authority *a = pool->first; a != NULL; a = a->next)
        if (has_signed(&a->crt, crt))
            return &a->crt;
    return NULL;
}

enum err certificate_pool_open(
    const char *const *paths, size_t count, struct certificate_pool **out)
{
    struct certificate_pool *pool = NULL;
    enum err e = ERR_OK;

    if (psa_crypto_init() == PSA_SUCCESS)
        pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count && e == ERR_OK; i++)
        e = certificate_pool_add(pool, paths[i]);
    if (e != ERR_OK)
        certificate_pool_free(pool);
    else
        *out = pool;
    return e;
}
