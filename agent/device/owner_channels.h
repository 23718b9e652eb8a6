/* owner_channels.h - the channels that are open, and their boxes
 * (docs/ownership.md, "Channel").  Times are monotonic milliseconds. */

#ifndef DEVICE_OWNER_CHANNELS_H
#define DEVICE_OWNER_CHANNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "identity/box.h"

#define OWNER_CHANNELS    16
#define OWNER_CHANNELS_MS (60 * 60 * 1000) /* silent so long: it is over */

struct owner_channel {
    unsigned char id[BOX_CHANNEL];
    unsigned char key[P256_POINT]; /* whose it is */
    struct box_keys keys;
    uint64_t heard, said;
};

struct owner_channels;

struct owner_channels *owner_channels_new(void);           /* NULL: no memory */
void owner_channels_free(struct owner_channels *channels); /* wipes */

/* Copy one in; the one that was silent longest gives way. */
void owner_channels_add(struct owner_channels *channels, int64_t now_ms,
    const struct owner_channel *channel);

/* Lent until the next add or end; NULL: it is not open (any more). */
struct owner_channel *owner_channels_find(struct owner_channels *channels,
    int64_t now_ms, const unsigned char id[BOX_CHANNEL]);

/* The user said something: it is not silent. */
void owner_channels_heard(struct owner_channels *channels, int64_t now_ms,
    const struct owner_channel *channel);

/* End those for whose key `stays` (called with the context) is false. */
typedef bool owner_channels_stays(
    void *context, const unsigned char key[P256_POINT]);
void owner_channels_keep(struct owner_channels *channels,
    owner_channels_stays *stays, void *context);

/* Each that is open. */
typedef void owner_channels_each_callback(
    void *context, struct owner_channel *channel);
void owner_channels_each(struct owner_channels *channels, int64_t now_ms,
    owner_channels_each_callback *callback, void *context);

/* What the device says: base64url of a box around the JSON; the caller calls
 * free(3).  NULL: no memory, or too big. */
char *owner_channel_seal(
    struct owner_channel *channel, const struct json *value);

/* What the user said.  ERR_DENIED: not a box of this channel, or an old one;
 * ERR_INVALID: it holds no JSON object.  The caller frees. */
enum err owner_channel_open(struct owner_channel *channel, const char *box,
    struct json **out) MUST_CHECK;

#endif
