/* peer.h - one connected application: its bytes in, its bytes out, bounded.
 *
 * While it has PEER_OUTPUT_PAUSE bytes to read, or as many letters unanswered
 * as a conversation takes, nothing is read from it.  An application that
 * watches and does not read is disconnected at PEER_OUTPUT_MAX. */

#ifndef LOCAL_PEER_H
#define LOCAL_PEER_H

#include <stdbool.h>

#include "core/err.h"
#include "core/loop.h"
#include "local/conversation.h"

#define PEER_OUTPUT_PAUSE 65536
#define PEER_OUTPUT_MAX   (4 * PEER_OUTPUT_PAUSE)

struct peer;

/* It hung up, or had to be: free it.  Comes once, from the loop. */
typedef void peer_ended(void *context, struct peer *peer);

struct peer_options {
    struct loop *loop;
    int fd; /* connected and non-blocking; taken when peer_start succeeds */
    const struct conversation_sources *sources;
    bool privileged; /* root, or the agent's own user */
    peer_ended *ended;
    void *context;
};

enum err peer_start(
    const struct peer_options *options, struct peer **out) MUST_CHECK;
void peer_free(struct peer *peer); /* hangs up; NULL is fine */

/* As conversation_tell_online. */
void peer_tell_online(struct peer *peer, bool online);

#endif
