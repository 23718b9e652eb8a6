/* link_inside.h - what the files link*.c share; for nobody else. */

#ifndef CLOUD_LINK_INSIDE_H
#define CLOUD_LINK_INSIDE_H

#include <mbedtls/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <sys/socket.h>

#include "cloud/link.h"
#include "cloud/link_greeting.h"
#include "cloud/rhythm.h"
#include "cloud/vigil.h"
#include "cloud/waiter.h"

#define LINK_MODULE "link"

struct link_websocket;

#define LINK_INTAKE_BYTES 4096

struct link {
    struct loop *loop;
    struct link_options options;
    struct brokers brokers; /* a copy: redirects change the caller's */
    struct link_events events;
    const char *alpn[2];
    pthread_t thread;
    int listener; /* -1 once Paho is in */
    int plain;    /* Paho's end, -1 before */
    int socket;   /* the peer's end, -1 before */
    int stop;     /* an eventfd */
    int nudge;    /* an eventfd: the vigil is to look again */
    bool stopped; /* on the loop: say nothing more */
    bool
        told_up; /* on the loop: all that the thread wrote before can be read */
    bool up;
    bool deaf;            /* the peer hung up on what we sent */
    bool resumes;         /* a kept session may be used with this broker */
    bool resumed_in_vain; /* ... and was, and the server failed at it */
    bool without_pss;     /* RSA-PSS is not offered: see link_tls.c */
    uint16_t port;        /* of the listener */
    int64_t deadline_ms;
    struct link_route route; /* what is tried now */
    struct trust_check check;
    enum link_reason reason;
    char detail[400];
    struct link_greeting greeting;
    _Atomic uint64_t bytes_in, bytes_out;
    _Atomic uint64_t packets_in, packets_out; /* that carried them */
    uint64_t bytes_before; /* of bytes_in, with servers that are left behind */
    atomic_bool must_end;  /* `stop`, for a thread deep in mbedTLS */
    struct sockaddr_storage local; /* our end of `socket` */
    int broken;           /* errno of what broke `socket`; 0: nothing */
    uint32_t patience_ms; /* of TCP, with what it sent */
    struct vigil vigil;
    enum vigil_advice advice; /* the last */
    struct rhythm_bounds bounds;
    _Atomic struct rhythm rhythm;
    atomic_uint keep_alive_s; /* the broker's, or ours; 0: nobody watches */
    uint16_t died_of_s;       /* a silence, see link_memory.h; 0: of else */
    atomic_bool must_probe;
    atomic_bool is_displaced;     /* the machine has no longer our address */
    size_t intake_at, intake_len; /* what was read ahead of mbedTLS: */
    unsigned char intake[LINK_INTAKE_BYTES];
};

/* So much came or went in one call. */
void link_count_in(struct link *link, size_t len);
void link_count_out(struct link *link, size_t len);

/* Fill in what was on the wire, as link.h says; `family` is AF_INET6, or
 * anything else. */
void link_estimate(struct link_bytes *bytes, uint64_t packets_in,
    uint64_t packets_out, int family);

/* The broker that is tried now. */
const struct broker *link_broker(const struct link *link);

/* Remember why it ends. */
void link_because(struct link *link, enum link_reason reason,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Wait as waiter.h says, and let Paho in meanwhile. */
struct waiter link_waiter(struct link *link);
/* Until Paho is in; errors as a waiter's. */
enum err link_wait_for_paho(struct link *link) MUST_CHECK;

/* Until link->socket has events of poll(2); errors as a waiter's. */
enum err link_wait_for_socket(struct link *link, short events) MUST_CHECK;

/* Have the proxy connect link->socket with the broker; otherwise the reason is
 * set. */
enum err link_pass_proxy(struct link *link) MUST_CHECK;

/* A connection to the broker in link->socket; otherwise the reason is set. */
enum err link_reach(struct link *link) MUST_CHECK;

/* Shake hands over link->socket, tell the loop, and carry bytes until the end;
 * the reason is set.  ERR_AGAIN: the server failed at a session that it gave us
 * itself; all else would be as good without.  ERR_CONFLICT: it must be offered
 * no RSA-PSS. */
enum err link_secure(struct link *link) MUST_CHECK;

/* On the loop: have the thread end; `down` comes. */
void link_end_soon(struct link *link);

/* Tell the loop that the link is up. */
enum err link_tell_up(struct link *link) MUST_CHECK;

/* TLS of one attempt; it lies on the thread's stack. */
struct link_tls {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    struct link_websocket *websocket; /* NULL: MQTT lies in TLS itself */
    struct link *link;
    struct link_ticket ticket; /* what was kept, then what is to be kept */
    bool is_offered;           /* ... to the server */
};

/* Have it read from and write to the link's socket. */
void link_bio_join(struct link *link, mbedtls_ssl_context *ssl);
/* Something was read from the socket that mbedTLS has not had. */
bool link_bio_has_more(const struct link *link);
/* As mbedtls_ssl_read, but after WANT_READ the socket can be waited for. */
int link_bio_read(struct link *link, mbedtls_ssl_context *ssl,
    unsigned char *bytes, size_t len);

/* Before the handshake: offer what is kept for this broker. */
void link_resume_offer(struct link *link, struct link_tls *tls);
/* After it: remember what the server has shown. */
void link_resume_note(struct link *link, struct link_tls *tls);
/* While it stands and at its end: keep the session, if there is a new one;
 * `context` is the struct link_tls. */
void link_resume_keep(void *context);

#endif
