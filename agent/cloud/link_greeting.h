/* link_greeting.h - the first bytes that a broker sent inside TLS: its CONNACK,
 * of whose properties Paho tells nothing when it refuses. */

#ifndef CLOUD_LINK_GREETING_H
#define CLOUD_LINK_GREETING_H

#include <stdatomic.h>
#include <stddef.h>

#define LINK_GREETING 1024

/* Filled on the link's thread, read on the loop. */
struct link_greeting {
    unsigned char bytes[LINK_GREETING];
    atomic_size_t len; /* so many of `bytes` stand */
};

/* More came in; what is behind the room is left out.  Before it goes on. */
void link_greeting_note(
    struct link_greeting *greeting, const unsigned char *bytes, size_t len);

#endif
