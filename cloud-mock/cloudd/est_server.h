/* est_server.h - the EST server on its own HTTPS listener, from the words of
 * the command line. */

#ifndef CLOUDD_EST_SERVER_H
#define CLOUDD_EST_SERVER_H

#include "cloudd/est.h"
#include "core/loop.h"

struct est_server;

struct est_settings {
    const char *listen;            /* ADDRESS:PORT; NULL: no server */
    const char *certificate, *key; /* files: the server's */
    const char *trust;             /* file of the vendors' CAs */
    const char *state, *users;     /* see est.h */
    const char *access;            /* NULL: certificate */
    const char *crl;      /* file of lists, read at the start; NULL: none */
    const char *approval; /* none, manual, or seconds; NULL: none */
};

/* Make the operational CA in `state` if there is none. */
enum err est_server_make_ca(const char *state) MUST_CHECK;

/* Start listening; the settings are borrowed for life.  ERR_INVALID: a word is
 * wrong; all is said in the log. */
enum err est_server_start(struct loop *loop,
    const struct est_settings *settings, struct cloud *const *cloud,
    struct est_server **out) MUST_CHECK;
/* Unanswered requests get none; after cloud_free. */
void est_server_stop(struct est_server *server); /* NULL is fine */

uint16_t est_server_port(const struct est_server *server);
/* NULL: nobody waits here. */
struct est_pending *est_server_pending(const struct est_server *server);

/* "ADDRESS:PORT"; false: it is not. */
bool est_server_address(const char *text, char address[64], uint16_t *port);

#endif
