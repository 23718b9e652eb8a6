/* link_bio.c - TLS records to and from the socket.
 *
 * mbedTLS reads each record in two steps, its header first.  Here all that came
 * is read at once: a hundred PUBACKs cost one call of the kernel, not two
 * hundred.  mbedTLS says WANT_READ also after a message of its own, a ticket
 * say, without asking for more; then what was read ahead comes first. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "cloud/link_inside.h"
#include "ports/port.h"

#define HANDSHAKE_BYTES (512 * 1024) /* twice the longest chain we look at */

static int send_bytes(void *context, const unsigned char *bytes, size_t len)
{
    struct link *link = context;
    ssize_t done = send(link->socket, bytes, len, MSG_NOSIGNAL);

    if (done >= 0) {
        link_count_out(link, (size_t)done);
        return (int)done;
    }
    if (errno == EAGAIN || errno == EINTR)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    /* It may have said why before it hung up: pretend, until reading has met
     * that or the end. */
    link->deaf = true;
    link->broken = errno;
    return (int)len;
}

/* mbedTLS reads on and on while all that comes is warnings and the like, and
 * returns to us only when nothing comes: so time, too, is looked at here. */
static bool has_had_enough(const struct link *link)
{
    return atomic_load(&link->must_end) ||
        (!link->up &&
            (atomic_load(&link->bytes_in) - link->bytes_before >
                    HANDSHAKE_BYTES ||
                port_monotonic_ms() > link->deadline_ms));
}

static int receive_some(struct link *link, unsigned char *room, size_t size)
{
    ssize_t got = recv(link->socket, room, size, 0);

    if (got > 0) {
        link_count_in(link, (size_t)got);
        return (int)got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (got < 0)
        link->broken = errno;
    return MBEDTLS_ERR_SSL_CONN_EOF;
}

bool link_bio_has_more(const struct link *link)
{
    return link->intake_at < link->intake_len;
}

static int take(struct link *link, unsigned char *bytes, size_t len)
{
    size_t left = link->intake_len - link->intake_at;
    size_t taken = left < len ? left : len;

    memcpy(bytes, link->intake + link->intake_at, taken);
    link->intake_at += taken;
    return (int)taken;
}

static int receive_bytes(void *context, unsigned char *bytes, size_t len)
{
    struct link *link = context;
    int got;

    if (has_had_enough(link))
        return MBEDTLS_ERR_SSL_TIMEOUT;
    if (link_bio_has_more(link))
        return take(link, bytes, len);
    if (len >= sizeof(link->intake)) /* the rest of a large record */
        return receive_some(link, bytes, len);
    got = receive_some(link, link->intake, sizeof(link->intake));
    if (got <= 0)
        return got;
    link->intake_at = 0;
    link->intake_len = (size_t)got;
    return take(link, bytes, len);
}

void link_bio_join(struct link *link, mbedtls_ssl_context *ssl)
{
    link->intake_at = link->intake_len = 0;
    mbedtls_ssl_set_bio(ssl, link, send_bytes, receive_bytes, NULL);
}

int link_bio_read(struct link *link, mbedtls_ssl_context *ssl,
    unsigned char *bytes, size_t len)
{
    int got;

    do
        got = mbedtls_ssl_read(ssl, bytes, len);
    while (got == MBEDTLS_ERR_SSL_WANT_READ && link_bio_has_more(link));
    return got;
}
