/* Any bytes as a PEM file: of a peer, of anchors, of our own chain. */

#define _GNU_SOURCE /* memfd_create */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/log.h"
#include "identity/certificate.h"
#include "identity/chain.h"
#include "identity/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum err see(void *context, const unsigned char *der, size_t len)
{
    size_t *sum = context;

    for (size_t i = 0; i < len; i++)
        *sum += der[i];
    return ERR_OK;
}

static void check(enum err e, mbedtls_x509_crt *chain, size_t most)
{
    size_t count = 0;

    if (e != ERR_OK)
        return;
#ifdef PLANT_A_FAULT /* test_trust proves that it would be found */
    most = 1;
#endif
    for (const mbedtls_x509_crt *c = chain; c != NULL; c = c->next) {
        count++;
        if (!certificate_is_one(c->raw.p, c->raw.len))
            abort();
    }
    if (count == 0 || count > most)
        abort();
    chain_free(chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    mbedtls_x509_crt *peer = NULL, *anchors = NULL, *own = NULL;
    enum trust_reason reason = TRUST_OK;
    enum err of_peer, of_anchors, of_own;
    int fd = memfd_create("chain", 0);
    size_t count, sum = 0;
    char path[64];
    char *text;

    log_set_descriptor(1); /* -close_fd_mask */
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    of_peer = chain_read_peer(path, &peer, &reason);
    of_anchors = chain_read_anchors(path, &anchors);
    of_own = chain_read_own(path, &own);
    (void)close(fd);
    if ((of_peer == ERR_OK) != (peer != NULL) ||
        (of_peer == ERR_DENIED) != (reason != TRUST_OK))
        abort();
    /* What is taken as our own is taken from a peer. */
    if (of_own == ERR_OK && (of_peer != ERR_OK || of_anchors != ERR_OK))
        abort();
    check(of_peer, peer, CHAIN_MOST);
    check(of_anchors, anchors, CHAIN_MOST);
    check(of_own, own, CHAIN_OWN);

    text = strndup((const char *)bytes, len);
    if (text != NULL)
        (void)!pem_each(text, "CERTIFICATE", see, &sum, &count);
    free(text);
    return 0;
}
