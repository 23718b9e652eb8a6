/* door.c - how a connection is held back: a callback of its BIO, asked before
 * each read and write, says "try again later" while more was moved than the
 * quota allows.  The socket stays readable, so the broker's loop turns at once
 * and asks again; door_rest makes that a thousand times a second, at most. */

#include "cloud-mock/broker/door.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "cloud-mock/lib/quota.h"
#include "core/log.h"
#include "ports/port.h"

struct door {
    struct door_options options;
    int index; /* OpenSSL's, of our callback */
    bool held_back;
};

/* Of one connection; freed with its BIO. */
struct pace {
    struct door *door;
    struct quota quota;
};

static long hold_back(BIO *bio, struct pace *pace, int operation)
{
    BIO_clear_retry_flags(bio);
    if (operation == BIO_CB_READ)
        BIO_set_retry_read(bio);
    else
        BIO_set_retry_write(bio);
    pace->door->held_back = true;
    return -1;
}

/* What BIO_read or BIO_write gives before it does anything; 1: go on. */
static long judge(BIO *bio, struct pace *pace, int operation)
{
    const struct door_options *options = &pace->door->options;

    if (operation == BIO_CB_WRITE && !options->may_write(options->context)) {
        BIO_clear_retry_flags(bio);
        return -1;
    }
    if (cloud_has_rates(options->cloud) &&
        quota_wait_ms(&pace->quota, port_monotonic_ms()) > 0)
        return hold_back(bio, pace, operation);
    return 1;
}

/* OpenSSL's shape of a BIO callback (BIO_set_callback_ex(3)). */
static long on_bio(BIO *bio, int operation, const char *data, size_t len,
    int argi, long argl, int result, size_t *moved)
{
    struct pace *pace = (struct pace *)(void *)BIO_get_callback_arg(bio);

    (void)data;
    (void)len;
    (void)argi;
    (void)argl;
    switch (operation) {
    case BIO_CB_READ:
    case BIO_CB_WRITE:
        return judge(bio, pace, operation);
    case BIO_CB_READ | BIO_CB_RETURN:
    case BIO_CB_WRITE | BIO_CB_RETURN:
        if (result > 0 && moved != NULL)
            quota_spend(&pace->quota, (int64_t)*moved, port_monotonic_ms());
        break;
    case BIO_CB_FREE:
        BIO_set_callback_ex(bio, NULL);
        free(pace);
        break;
    default:
        break;
    }
    return result;
}

/* Once for a connection, though a handshake may come by twice. */
static bool set_pace(struct door *door, BIO *bio)
{
    struct pace *pace;

    if (bio == NULL || BIO_get_callback_ex(bio) == on_bio)
        return true;
    pace = calloc(1, sizeof(*pace));
    if (pace == NULL)
        return false;
    pace->door = door;
    quota_start(&pace->quota, LIMITS_BYTES_PER_S, port_monotonic_ms());
    BIO_set_callback_arg(bio, (char *)pace);
    BIO_set_callback_ex(bio, on_bio);
    return true;
}

static int refuse(int *alert, int description, const char *name)
{
    log_warning("door",
        "refused a TLS handshake name=\"%s\" why=\"the client must name the"
        " server as its certificate does\"",
        name == NULL ? "" : name);
    *alert = description;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Comes for every ClientHello, with or without a name. */
static int on_hello(SSL *tls, int *alert, void *context)
{
    struct door *door = context;
    const char *name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);

    if (door->options.sni_required && name == NULL)
        return refuse(alert, SSL_AD_MISSING_EXTENSION, name);
    if (door->options.sni_required &&
        X509_check_host(SSL_get_certificate(tls), name, 0, 0, NULL) != 1)
        return refuse(alert, SSL_AD_UNRECOGNIZED_NAME, name);
    if (!set_pace(door, SSL_get_rbio(tls)))
        return refuse(alert, SSL_AD_INTERNAL_ERROR, name);
    return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL's shape: a new SSL_CTX is there. */
static void on_context(void *parent, void *value, CRYPTO_EX_DATA *data,
    int index, long argl, void *argp)
{
    SSL_CTX *tls = parent;

    (void)value;
    (void)data;
    (void)index;
    (void)argl;
    (void)SSL_CTX_set_tlsext_servername_callback(tls, on_hello);
    (void)SSL_CTX_set_tlsext_servername_arg(tls, argp);
}

struct door *door_open(const struct door_options *options)
{
    struct door *door = calloc(1, sizeof(*door));

    if (door == NULL)
        return NULL;
    door->options = *options;
    door->index = SSL_CTX_get_ex_new_index(0, door, on_context, NULL, NULL);
    if (door->index >= 0)
        return door;
    free(door);
    return NULL;
}

void door_close(struct door *door)
{
    if (door == NULL)
        return;
    (void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL_CTX, door->index);
    free(door);
}

void door_rest(struct door *door)
{
    const struct timespec moment = {0, 1000000};

    if (door->held_back)
        (void)nanosleep(&moment, NULL);
    door->held_back = false;
}
