/* link_tickets.c - a kept session, inside its seal, is: when it was received
 * and when the server proved itself (wall clock, ms, 8 bytes each), the bytes
 * of mbedtls_ssl_session_save, and the peer's certificates, each with 4 bytes
 * of length before it.  Numbers are big-endian. */

#include "cloud/link_tickets.h"

#include <errno.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/sha256.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "identity/certificate.h"
#include "identity/sealed.h"
#include "ports/port.h"

#define MODULE     "link"
#define PATH_BYTES 4096
#define DAY_MS     (LINK_TICKETS_DAY_S * INT64_C(1000))

struct link_tickets {
    char folder[PATH_BYTES - 64];
    struct sealer *sealer;
    unsigned char bound[TRUST_DIGEST]; /* to whom we believe and who we are */
    atomic_bool given_up;
};

/* --- life ---------------------------------------------------------------- */

static enum err bind_to(
    struct link_tickets *t, const struct link_tickets_options *options)
{
    mbedtls_sha256_context hash;
    bool ok;
    enum err e = trust_digest(options->trust, t->bound);

    if (e != ERR_OK)
        return e;
    mbedtls_sha256_init(&hash);
    ok = mbedtls_sha256_starts(&hash, 0) == 0 &&
        mbedtls_sha256_update(&hash, t->bound, sizeof(t->bound)) == 0;
    for (const mbedtls_x509_crt *c = options->chain; c != NULL && ok;
         c = c->next)
        ok = mbedtls_sha256_update(&hash, c->raw.p, c->raw.len) == 0;
    ok = ok && mbedtls_sha256_finish(&hash, t->bound) == 0;
    mbedtls_sha256_free(&hash);
    return ok ? ERR_OK : ERR_IO;
}

enum err link_tickets_new(
    const struct link_tickets_options *options, struct link_tickets **out)
{
    struct link_tickets *t = calloc(1, sizeof(*t));
    char path[PATH_BYTES];
    enum err e = ERR_OK;

    if (t == NULL)
        return ERR_NO_MEMORY;
    if (snprintf(t->folder, sizeof(t->folder), "%s", options->folder) >=
        (int)sizeof(t->folder))
        e = ERR_TOO_BIG;
    (void)snprintf(path, sizeof(path), "%s/session.key", t->folder);
    if (e == ERR_OK)
        e = sealer_new(path, &t->sealer);
    if (e == ERR_OK)
        e = bind_to(t, options);
    if (e != ERR_OK) {
        log_warning(MODULE, "TLS sessions are not kept path=\"%s\" reason=%s",
            path, err_name(e));
        link_tickets_free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void link_tickets_free(struct link_tickets *t)
{
    if (t == NULL)
        return;
    sealer_free(t->sealer);
    free(t);
}

void link_tickets_give_up(struct link_tickets *t)
{
    atomic_store(&t->given_up, true);
}

void link_ticket_init(struct link_ticket *ticket)
{
    mbedtls_ssl_session_init(&ticket->session);
    mbedtls_x509_crt_init(&ticket->peer);
    ticket->proved_ms = 0;
}

void link_ticket_free(struct link_ticket *ticket)
{
    mbedtls_ssl_session_free(&ticket->session);
    mbedtls_x509_crt_free(&ticket->peer);
}

/* --- which file ---------------------------------------------------------- */

struct place {
    char path[PATH_BYTES];
    struct sealed file;
};

/* The name says the broker; the label also what it is bound to. */
static enum err find_place(const struct link_tickets *t,
    const struct broker *broker, struct place *out)
{
    char text[BROKERS_PLACE];
    unsigned char both[TRUST_DIGEST + 32], *name = both + TRUST_DIGEST;

    broker_print(broker, 0, text);
    memcpy(both, t->bound, TRUST_DIGEST);
    if (mbedtls_sha256((unsigned char *)text, strlen(text), name, 0) != 0 ||
        mbedtls_sha256(both, sizeof(both), out->file.label, 0) != 0)
        return ERR_IO;
    (void)snprintf(out->path, sizeof(out->path),
        "%s/session-%02x%02x%02x%02x%02x%02x%02x%02x", t->folder, name[0],
        name[1], name[2], name[3], name[4], name[5], name[6], name[7]);
    out->file.path = out->path;
    return ERR_OK;
}

/* --- bytes --------------------------------------------------------------- */

struct writer {
    unsigned char *bytes;
    size_t size, len;
    bool is_full;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
    if (len > w->size - w->len) {
        w->is_full = true;
        return;
    }
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
}

static void put_number(struct writer *w, uint64_t number, size_t width)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < width; i++)
        bytes[i] = (unsigned char)(number >> (8 * (width - 1 - i)));
    put(w, bytes, width);
}

struct reader {
    const unsigned char *bytes;
    size_t len;
};

static bool take_number(struct reader *r, size_t width, uint64_t *out)
{
    *out = 0;
    if (r->len < width)
        return false;
    for (size_t i = 0; i < width; i++)
        *out = *out << 8 | r->bytes[i];
    r->bytes += width;
    r->len -= width;
    return true;
}

static bool take_part(struct reader *r, struct reader *out)
{
    uint64_t len;

    if (!take_number(r, 4, &len) || len > r->len)
        return false;
    *out = (struct reader){r->bytes, (size_t)len};
    r->bytes += len;
    r->len -= (size_t)len;
    return true;
}

static enum err encode(const struct link_ticket *ticket, struct writer *w)
{
    size_t len = 0;

    put_number(w, (uint64_t)port_wall_ms(), 8);
    put_number(w, (uint64_t)ticket->proved_ms, 8);
    if (w->size - w->len < 4 ||
        mbedtls_ssl_session_save(&ticket->session, w->bytes + w->len + 4,
            w->size - w->len - 4, &len) != 0)
        return ERR_TOO_BIG;
    put_number(w, len, 4);
    w->len += len;
    for (const mbedtls_x509_crt *c = &ticket->peer; c != NULL; c = c->next) {
        put_number(w, c->raw.len, 4);
        put(w, c->raw.p, c->raw.len);
    }
    return w->is_full ? ERR_TOO_BIG : ERR_OK;
}

/* mbedTLS counts a ticket's age on a clock that begins anew with the machine;
 * the wall clock went on. */
static bool set_age(mbedtls_ssl_session *session, int64_t age_ms)
{
    int64_t lifetime_ms =
        INT64_C(1000) * session->MBEDTLS_PRIVATE(ticket_lifetime);

    if (session->MBEDTLS_PRIVATE(tls_version) != MBEDTLS_SSL_VERSION_TLS1_3)
        return lifetime_ms == 0 || age_ms <= lifetime_ms;
    session->MBEDTLS_PRIVATE(ticket_reception_time) =
        mbedtls_ms_time() - age_ms;
    return age_ms <= lifetime_ms;
}

static bool is_fresh(int64_t then_ms, int64_t now_ms)
{
    return then_ms <= now_ms && now_ms - then_ms <= DAY_MS;
}

/* ERR_NOT_FOUND: its time is over. */
static enum err decode(struct reader r, struct link_ticket *out)
{
    int64_t now_ms = port_wall_ms();
    uint64_t received_ms, proved_ms;
    struct reader part;

    if (!take_number(&r, 8, &received_ms) || !take_number(&r, 8, &proved_ms) ||
        !take_part(&r, &part) ||
        mbedtls_ssl_session_load(&out->session, part.bytes, part.len) != 0)
        return ERR_INVALID;
    while (r.len > 0)
        if (!take_part(&r, &part) ||
            certificate_add(&out->peer, part.bytes, part.len) != 0)
            return ERR_INVALID;
    out->proved_ms = (int64_t)proved_ms;
    if (!is_fresh((int64_t)received_ms, now_ms) ||
        !is_fresh(out->proved_ms, now_ms) ||
        !set_age(&out->session, now_ms - (int64_t)received_ms))
        return ERR_NOT_FOUND;
    return out->peer.raw.p != NULL ? ERR_OK : ERR_INVALID;
}

/* --- take and keep ------------------------------------------------------- */

static enum err read_file(const struct link_tickets *t,
    const struct place *place, struct link_ticket *out)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    enum err e = sealer_read(t->sealer, &place->file, &bytes, &len);

    if (e == ERR_NOT_FOUND)
        return e;
    (void)unlink(place->path);
    if (e == ERR_OK) {
        e = decode((struct reader){bytes, len}, out);
        explicit_bzero(bytes, len);
        free(bytes);
    }
    if (e == ERR_CONFLICT)
        log_info(MODULE,
            "the kept TLS session is of another configuration or version");
    else if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_warning(MODULE,
            "the kept TLS session is damaged or not ours, and not used "
            "file=\"%s\" reason=%s",
            place->path, err_name(e));
    return e == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
}

enum err link_tickets_take(struct link_tickets *t, const struct broker *broker,
    struct link_ticket *out)
{
    struct place place;

    if (find_place(t, broker, &place) != ERR_OK)
        return ERR_NOT_FOUND;
    return read_file(t, &place, out);
}

void link_tickets_keep(struct link_tickets *t, const struct broker *broker,
    const struct link_ticket *ticket)
{
    struct place place;
    struct writer w = {.bytes = malloc(SEALED_MOST), .size = SEALED_MOST};
    enum err e = w.bytes == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (atomic_load(&t->given_up))
        e = ERR_DENIED;
    if (e == ERR_OK)
        e = find_place(t, broker, &place);
    if (e == ERR_OK)
        e = encode(ticket, &w);
    if (e == ERR_OK)
        e = sealer_write(t->sealer, &place.file, w.bytes, w.len);
    if (e != ERR_OK && e != ERR_DENIED)
        log_warning(
            MODULE, "the TLS session is not kept reason=%s", err_name(e));
    if (w.bytes != NULL)
        explicit_bzero(w.bytes, w.len);
    free(w.bytes);
}
