/* key.c */

#include "identity/key.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"

#define MODULE         "key"
#define KEY_FILE_BYTES 8192

struct key {
    mbedtls_pk_context pk;
};

/* The mode is asked of the open file, so nobody can swap it in between. */
static enum err check_mode(int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        log_error(MODULE, "not a file path=\"%s\"", path);
        return ERR_INVALID;
    }
    if ((st.st_mode & 077) != 0) {
        log_error(MODULE,
            "refused: others can read the key mode=%04o mend=\"chmod 600 %s\"",
            (unsigned)st.st_mode & 07777u, path);
        return ERR_DENIED;
    }
    return ERR_OK;
}

/* `text` gets the file and a NUL; *len counts the NUL, as mbedTLS wants. */
static enum err read_secret(
    const char *path, unsigned char *text, size_t size, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t got;
    size_t used = 0;
    enum err e;

    if (fd < 0) {
        log_error(MODULE, "cannot open path=\"%s\" reason=\"%s\"", path,
            strerror(errno));
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED;
    }
    e = check_mode(fd, path);
    if (e != ERR_OK)
        goto close_file;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)))
        if (got > 0)
            used += (size_t)got;
        else if (errno != EINTR)
            break;
    text[used] = '\0';
    *len = used + 1;

close_file:
    (void)close(fd);
    return e;
}

static enum err parse_file(const char *path, mbedtls_pk_context *pk)
{
    unsigned char text[KEY_FILE_BYTES];
    size_t len = 0;
    enum err e = read_secret(path, text, sizeof(text), &len);
    int failed;

    if (e != ERR_OK)
        return e;
    failed = mbedtls_pk_parse_key(pk, text, len, NULL, 0,
        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_platform_zeroize(text, sizeof(text));
    if (failed != 0) {
        log_error(MODULE,
            "not a private key path=\"%s\" expected=\"PEM, not encrypted\" "
            "code=-0x%04x",
            path, (unsigned)-failed);
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err key_open(const char *uri, struct key **out)
{
    static const char scheme[] = "file:";
    struct key *key;
    enum err e;

    if (strncmp(uri, scheme, sizeof(scheme) - 1) != 0) {
        log_error(MODULE, "cannot use key=\"%s\" expected=\"file:PATH\"", uri);
        return ERR_UNSUPPORTED;
    }
    if (psa_crypto_init() != PSA_SUCCESS) {
        log_error(MODULE, "no randomness: PSA did not start");
        return ERR_IO;
    }
    key = calloc(1, sizeof(*key));
    if (key == NULL)
        return ERR_NO_MEMORY;
    mbedtls_pk_init(&key->pk);
    e = parse_file(uri + sizeof(scheme) - 1, &key->pk);
    if (e != ERR_OK) {
        key_free(key);
        return e;
    }
    *out = key;
    return ERR_OK;
}

void key_free(struct key *key)
{
    if (key == NULL)
        return;
    mbedtls_pk_free(&key->pk); /* wipes the secret */
    free(key);
}

mbedtls_pk_context *key_signer(struct key *key)
{
    return &key->pk;
}

enum err key_fits(const struct key *key, const mbedtls_x509_crt *certificate)
{
    int failed = mbedtls_pk_check_pair(&certificate->pk, &key->pk,
        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);

    if (failed == 0)
        return ERR_OK;
    log_error(MODULE, "the certificate is for another key code=-0x%04x",
        (unsigned)-failed);
    return ERR_INVALID;
}
