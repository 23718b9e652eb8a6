/* server.h - the local socket: who comes in, and how many.
 *
 * Root, the agent's own user and the members of one group may; everybody else
 * is told why not and sent away, also where somebody opened the file's mode.
 */

#ifndef LOCAL_SERVER_H
#define LOCAL_SERVER_H

#include "core/err.h"
#include "core/loop.h"
#include "local/conversation.h"

#define SERVER_PEERS    64 /* at a time */
#define SERVER_RESERVED 8  /* of them, for root and the agent's own user */

struct server;

struct server_options {
    struct loop *loop;
    const char *path;
    const char *group; /* NULL: the agent's own */
    struct conversation_sources sources;
};

/* Text is copied, the rest is borrowed for the server's life.  ERR_INVALID:
 * there is no such group; else as address_take.  The reason is logged. */
enum err server_start(
    const struct server_options *options, struct server **out) MUST_CHECK;

/* Hang up on everybody and remove the socket.  The session, which told the
 * server its state, must tell nothing after this: stop the server once the
 * session has closed.  NULL is fine. */
void server_stop(struct server *server);

#endif
