/* signature_file.c */

#include "identity/signature_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"

#define MODULE          "signature"
#define KEY_BYTES       65536
#define SIGNATURE_BYTES 4096 /* RSA of 8192 bits has 1024 */
#define PIECE_BYTES     65536

static enum err complain(const char *path, const char *reason, enum err e)
{
    log_error(MODULE, "cannot read file=\"%s\" reason=\"%s\"", path, reason);
    return e;
}

/* *out stays NULL when the key is good, but not for this algorithm. */
static enum err open_key(
    const struct signature_options *o, struct signature **out)
{
    char *pem;
    size_t len;
    enum err e = file_read(o->key, KEY_BYTES, &pem, &len);

    if (e != ERR_OK)
        return complain(o->key,
            e == ERR_TOO_BIG ? "larger than 64 KiB" : strerror(errno), e);
    /* A NUL within would hide what stands behind it. */
    e = strlen(pem) == len ? signature_open(o->algorithm, pem, out)
                           : ERR_INVALID;
    free(pem);
    if (e == ERR_INVALID)
        return complain(
            o->key, "expected one public key in PEM (BEGIN PUBLIC KEY)", e);
    if (e != ERR_DENIED)
        return e;
    log_error(MODULE, "the key is not for this algorithm file=\"%s\" alg=%s",
        o->key, signature_algorithm_name(o->algorithm));
    return ERR_OK;
}

static enum err read_all(int fd, struct signature *s)
{
    unsigned char *piece = malloc(PIECE_BYTES);
    enum err e = ERR_OK;
    ssize_t got;

    if (piece == NULL)
        return ERR_NO_MEMORY;
    while (e == ERR_OK && (got = read(fd, piece, PIECE_BYTES)) != 0) {
        if (got > 0)
            e = signature_update(s, piece, (size_t)got);
        else if (errno != EINTR)
            e = ERR_IO;
    }
    free(piece);
    return e;
}

static enum err update_all(struct signature *s, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum err e;

    if (fd < 0)
        return complain(path, strerror(errno),
            errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND
                : errno == EACCES               ? ERR_DENIED
                                                : ERR_IO);
    e = read_all(fd, s);
    if (e == ERR_IO)
        (void)complain(path, strerror(errno), e);
    (void)close(fd);
    return e;
}

static enum err check(
    const struct signature_options *o, struct signature *s, bool *valid)
{
    char *value;
    size_t len;
    enum err e = file_read(o->signature, SIGNATURE_BYTES, &value, &len);

    /* Whatever is that long is no signature of ours. */
    if (e == ERR_TOO_BIG) {
        *valid = false;
        return ERR_OK;
    }
    if (e != ERR_OK)
        return complain(o->signature, strerror(errno), e);
    e = update_all(s, o->file);
    if (e == ERR_OK) {
        e = signature_finish(s, (const unsigned char *)value, len);
        *valid = e == ERR_OK;
        if (e == ERR_DENIED)
            e = ERR_OK;
    }
    free(value);
    return e;
}

enum err signature_check_file(const struct signature_options *o, bool *valid)
{
    struct signature *s = NULL;
    enum err e = open_key(o, &s);

    if (e == ERR_OK && s == NULL)
        *valid = false;
    else if (e == ERR_OK)
        e = check(o, s, valid);
    signature_close(s);
    return e;
}
