/* hint.h - what a broker of MQTT 5 adds when it sends a client away: where else
 * to go, and when to come again.
 *
 * Source: MQTT 5 sections 3.2.2.3.16 and 4.13 (Server Reference);
 * docs/protocol.md (the user property `retry-after`). */

#ifndef CLOUD_HINT_H
#define CLOUD_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HINT_REFERENCE   512  /* with its NUL */
#define HINT_RETRY_MAX_S 3600 /* more is taken for so much */

enum hint_place {
    HINT_HERE,        /* nothing was said of another server */
    HINT_USE_ANOTHER, /* 0x9c: for now */
    HINT_MOVED        /* 0x9d: for good */
};

struct hint {
    enum hint_place place;
    char reference[HINT_REFERENCE]; /* as received; empty: none, or too long */
    uint32_t retry_after_s;         /* 0: none */
};

/* Nothing but what the reason code of a CONNACK or DISCONNECT says. */
struct hint hint_of_code(int code);

/* Add a Server Reference or a user property; what means nothing is left out. */
void hint_add_reference(struct hint *hint, const char *text, size_t len);
struct hint_pair {
    const char *name, *value;
    size_t name_len, value_len;
};
void hint_add_pair(struct hint *hint, const struct hint_pair *pair);

/* From the first bytes that a broker of MQTT 5 sent, which Paho keeps to
 * itself.  False: no whole and sound CONNACK begins there; *out is unchanged.
 */
bool hint_of_connack(const unsigned char *bytes, size_t len, struct hint *out);

#endif
