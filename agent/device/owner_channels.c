/* owner_channels.c */

#include "device/owner_channels.h"

#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"

#define DEPTH 12

struct slot {
    bool open;
    int64_t used_ms;
    struct owner_channel channel;
};

struct owner_channels {
    struct slot slots[OWNER_CHANNELS];
};

static void clear(struct slot *slot)
{
    explicit_bzero(slot, sizeof(*slot));
}

struct owner_channels *owner_channels_new(void)
{
    return calloc(1, sizeof(struct owner_channels));
}

void owner_channels_free(struct owner_channels *c)
{
    if (c == NULL)
        return;
    explicit_bzero(c, sizeof(*c));
    free(c);
}

static bool is_open(const struct slot *slot, int64_t now_ms)
{
    return slot->open && now_ms - slot->used_ms < OWNER_CHANNELS_MS;
}

void owner_channels_add(struct owner_channels *c, int64_t now_ms,
    const struct owner_channel *channel)
{
    struct slot *best = &c->slots[0];

    for (size_t i = 0; i < OWNER_CHANNELS && is_open(best, now_ms); i++)
        if (!is_open(&c->slots[i], now_ms) ||
            c->slots[i].used_ms < best->used_ms)
            best = &c->slots[i];
    clear(best);
    best->open = true;
    best->used_ms = now_ms;
    best->channel = *channel;
}

struct owner_channel *owner_channels_find(struct owner_channels *c,
    int64_t now_ms, const unsigned char id[BOX_CHANNEL])
{
    for (size_t i = 0; i < OWNER_CHANNELS; i++) {
        if (!is_open(&c->slots[i], now_ms))
            clear(&c->slots[i]);
        else if (memcmp(c->slots[i].channel.id, id, BOX_CHANNEL) == 0)
            return &c->slots[i].channel;
    }
    return NULL;
}

void owner_channels_heard(struct owner_channels *c, int64_t now_ms,
    const struct owner_channel *channel)
{
    for (size_t i = 0; i < OWNER_CHANNELS; i++)
        if (&c->slots[i].channel == channel)
            c->slots[i].used_ms = now_ms;
}

void owner_channels_keep(
    struct owner_channels *c, owner_channels_stays *stays, void *context)
{
    for (size_t i = 0; i < OWNER_CHANNELS; i++)
        if (c->slots[i].open && !stays(context, c->slots[i].channel.key))
            clear(&c->slots[i]);
}

void owner_channels_each(struct owner_channels *c, int64_t now_ms,
    owner_channels_each_callback *callback, void *context)
{
    for (size_t i = 0; i < OWNER_CHANNELS; i++)
        if (is_open(&c->slots[i], now_ms))
            callback(context, &c->slots[i].channel);
}

/* --- boxes -----------------------------------------------------------------
 */

char *owner_channel_seal(
    struct owner_channel *channel, const struct json *value)
{
    const struct box_place place = {
        channel->keys.device, BOX_DEVICE, channel->id};
    char *text = json_print(value), *encoded = NULL;
    struct bytes box;

    if (text == NULL)
        return NULL;
    if (box_seal(&place, channel->said + 1,
            (struct span){(unsigned char *)text, strlen(text)},
            &box) == ERR_OK) {
        channel->said++;
        encoded = malloc(BASE64URL_SIZE(box.len));
        if (encoded != NULL)
            base64url_encode(box.at, box.len, encoded);
        bytes_free(&box);
    }
    explicit_bzero(text, strlen(text));
    free(text);
    return encoded;
}

static enum err parse(const struct bytes *text, struct json **out)
{
    static const struct json_limits limits = {BOX_TEXT, DEPTH};
    enum err e = json_parse(text->at, text->len, limits, out);

    if (e == ERR_OK && !json_is_object(*out)) {
        json_free(*out);
        e = ERR_INVALID;
    }
    return e == ERR_TOO_BIG ? ERR_INVALID : e;
}

enum err owner_channel_open(
    struct owner_channel *channel, const char *box, struct json **out)
{
    const struct box_place place = {channel->keys.user, BOX_USER, channel->id};
    size_t size = box == NULL ? 0 : strlen(box), len;
    unsigned char *bytes;
    struct bytes text;
    enum err e;

    if (size == 0)
        return ERR_DENIED;
    bytes = malloc(size);
    if (bytes == NULL)
        return ERR_NO_MEMORY;
    e = base64url_decode(box, bytes, size, &len);
    if (e == ERR_OK)
        e = box_open(&place, &channel->heard, (struct span){bytes, len}, &text);
    free(bytes);
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_DENIED;
    e = parse(&text, out);
    bytes_free(&text);
    return e;
}
