/* sealed.c - a file is MAGIC, the label, a nonce, then what GCM made of the
 * bytes, with MAGIC and label as associated data. */

#include "identity/sealed.h"

#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE       "sealed"
#define MAGIC        "nameplate sealed 1\n"
#define MAGIC_BYTES  (sizeof(MAGIC) - 1)
#define SECRET_BYTES 32
#define NONCE_BYTES  12
#define TAG_BYTES    16
#define HEAD_BYTES   (MAGIC_BYTES + SEALED_LABEL)
#define EXTRA_BYTES  (HEAD_BYTES + NONCE_BYTES + TAG_BYTES)

struct sealer {
    unsigned char secret[SECRET_BYTES];
};

/* --- the secret ---------------------------------------------------------- */

static enum err make_secret(struct sealer *s, const char *path)
{
    enum err e = port_random(s->secret, SECRET_BYTES);

    return e == ERR_OK ? file_replace(path, s->secret, SECRET_BYTES) : e;
}

static enum err read_secret(struct sealer *s, const char *path)
{
    char *bytes = NULL;
    size_t len = 0;
    enum err e = file_read(path, SECRET_BYTES, &bytes, &len);

    if (e == ERR_TOO_BIG || (e == ERR_OK && len != SECRET_BYTES)) {
        log_warning(
            MODULE, "not a secret, a new one is made path=\"%s\"", path);
        e = ERR_NOT_FOUND;
    } else if (e == ERR_OK) {
        memcpy(s->secret, bytes, SECRET_BYTES);
    }
    if (bytes != NULL)
        mbedtls_platform_zeroize(bytes, len);
    free(bytes);
    return e;
}

enum err sealer_new(const char *path, struct sealer **out)
{
    struct sealer *s = calloc(1, sizeof(*s));
    enum err e;

    if (s == NULL)
        return ERR_NO_MEMORY;
    e = read_secret(s, path);
    if (e == ERR_NOT_FOUND)
        e = make_secret(s, path);
    if (e != ERR_OK) {
        sealer_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void sealer_free(struct sealer *s)
{
    if (s == NULL)
        return;
    mbedtls_platform_zeroize(s, sizeof(*s));
    free(s);
}

/* --- sealing ------------------------------------------------------------- */

static enum err key_for(const struct sealer *s,
    const unsigned char label[SEALED_LABEL], psa_key_id_t *out)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    unsigned char key[32];
    enum err e = ERR_IO;

    if (mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
            (const unsigned char *)MAGIC, MAGIC_BYTES, s->secret, SECRET_BYTES,
            label, SEALED_LABEL, key, sizeof(key)) != 0)
        return ERR_IO;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
    psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
    psa_set_key_usage_flags(
        &attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
    if (psa_import_key(&attributes, key, sizeof(key), out) == PSA_SUCCESS)
        e = ERR_OK;
    mbedtls_platform_zeroize(key, sizeof(key));
    return e;
}

static enum err seal(
    const struct sealer *s, unsigned char *file, const void *bytes, size_t len)
{
    unsigned char *nonce = file + HEAD_BYTES;
    size_t sealed = 0;
    psa_key_id_t key;
    psa_status_t status;
    enum err e = key_for(s, file + MAGIC_BYTES, &key);

    if (e == ERR_OK)
        e = port_random(nonce, NONCE_BYTES);
    if (e != ERR_OK)
        return e;
    status = psa_aead_encrypt(key, PSA_ALG_GCM, nonce, NONCE_BYTES, file,
        HEAD_BYTES, bytes, len, nonce + NONCE_BYTES, len + TAG_BYTES, &sealed);
    (void)psa_destroy_key(key);
    return status == PSA_SUCCESS ? ERR_OK : ERR_IO;
}

enum err sealer_write(const struct sealer *s, const struct sealed *sealed,
    const void *bytes, size_t len)
{
    unsigned char *file;
    enum err e;

    if (len > SEALED_MOST)
        return ERR_TOO_BIG;
    file = malloc(len + EXTRA_BYTES);
    if (file == NULL)
        return ERR_NO_MEMORY;
    memcpy(file, MAGIC, MAGIC_BYTES);
    memcpy(file + MAGIC_BYTES, sealed->label, SEALED_LABEL);
    e = seal(s, file, bytes, len);
    if (e == ERR_OK)
        e = file_replace(sealed->path, file, len + EXTRA_BYTES);
    free(file);
    return e;
}

static enum err open_sealed(const struct sealer *s, const unsigned char *file,
    size_t len, unsigned char *out, size_t *out_len)
{
    const unsigned char *nonce = file + HEAD_BYTES;
    psa_key_id_t key;
    psa_status_t status;
    enum err e = key_for(s, file + MAGIC_BYTES, &key);

    if (e != ERR_OK)
        return e;
    status = psa_aead_decrypt(key, PSA_ALG_GCM, nonce, NONCE_BYTES, file,
        HEAD_BYTES, nonce + NONCE_BYTES, len - HEAD_BYTES - NONCE_BYTES, out,
        len, out_len);
    (void)psa_destroy_key(key);
    return status == PSA_SUCCESS ? ERR_OK : ERR_DENIED;
}

enum err sealer_read(const struct sealer *s, const struct sealed *sealed,
    unsigned char **bytes, size_t *len)
{
    char *file = NULL;
    unsigned char *out = NULL;
    size_t size, got = 0;
    enum err e =
        file_read(sealed->path, SEALED_MOST + EXTRA_BYTES, &file, &size);

    if (e == ERR_TOO_BIG)
        return ERR_DENIED;
    if (e != ERR_OK)
        return e;
    if (size < EXTRA_BYTES || memcmp(file, MAGIC, MAGIC_BYTES) != 0)
        e = ERR_DENIED;
    else if (memcmp(file + MAGIC_BYTES, sealed->label, SEALED_LABEL) != 0)
        e = ERR_CONFLICT;
    if (e == ERR_OK) {
        out = malloc(size);
        e = out == NULL
            ? ERR_NO_MEMORY
            : open_sealed(s, (unsigned char *)file, size, out, &got);
    }
    free(file);
    if (e != ERR_OK) {
        free(out);
        return e;
    }
    *bytes = out;
    *len = got;
    return ERR_OK;
}
