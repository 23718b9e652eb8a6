/* box.h - sealed messages between a user and a device, and their keys
 * (docs/ownership.md, "Channel"). */

#ifndef IDENTITY_BOX_H
#define IDENTITY_BOX_H

#include <stdint.h>

#include "core/err.h"
#include "identity/bytes.h"
#include "identity/p256.h"
#include "identity/transcript.h"

#define BOX_CHANNEL 16 /* bytes of a channel's id */
#define BOX_KEY     32
#define BOX_EXTRA   24    /* a box is so much longer than its text */
#define BOX_TEXT    65536 /* the most bytes in one */

enum box_side { BOX_USER, BOX_DEVICE };

struct box_keys {
    unsigned char user[BOX_KEY], device[BOX_KEY]; /* for what this side says */
    unsigned char psk[BOX_KEY]; /* of a claim, for later channels */
};

/* Of a claim's own channel, from the key that SPAKE2+ agreed on. */
enum err box_keys_of_claim(const unsigned char agreed[BOX_KEY],
    const unsigned char channel[BOX_CHANNEL], struct box_keys *out) MUST_CHECK;

/* Of a channel with fresh shares.  The psk in *out is untouched. */
struct box_meeting {
    const unsigned char *scalar;  /* ours, P256_SCALAR */
    const unsigned char *share;   /* theirs, P256_POINT */
    const unsigned char *psk;     /* BOX_KEY; NULL: there is none */
    const unsigned char *channel; /* BOX_CHANNEL */
    const unsigned char *hash;    /* what the device signed, TRANSCRIPT_HASH */
};
/* ERR_INVALID: the share is no point. */
enum err box_keys_of_meeting(
    const struct box_meeting *meeting, struct box_keys *out) MUST_CHECK;

struct box_place {
    const unsigned char *key; /* BOX_KEY; the sender's */
    enum box_side from;
    const unsigned char *channel; /* BOX_CHANNEL */
};

/* The caller frees.  A counter is used once with a key.  ERR_TOO_BIG. */
enum err box_seal(const struct box_place *place, uint64_t counter,
    struct span text, struct bytes *out) MUST_CHECK;

/* The caller frees.  ERR_DENIED: it is not from there, was changed, or its
 * counter is not above *counter, which is then left; else it is raised. */
enum err box_open(const struct box_place *place, uint64_t *counter,
    struct span box, struct bytes *text) MUST_CHECK;

#endif
