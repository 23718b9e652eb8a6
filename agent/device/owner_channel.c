/* owner_channel.c - opening a channel, and the boxes that come on it. */

#include <stdlib.h>
#include <string.h>

#include "device/owner_inside.h"
#include "ports/port.h"

#define NONCE 16

/* From the request until the factory key has signed. */
struct opening {
    struct owner *owner;
    struct command *command;
    struct owner_channel channel;
    unsigned char share[P256_POINT]; /* ours */
    bool psk;
};

struct opening_request {
    unsigned char key[P256_POINT], share[P256_POINT], nonce[NONCE];
    unsigned char signature[USER_KEY_SIGNATURE];
};

static bool read_request(
    const struct json *request, struct opening_request *out)
{
    return owner_get_bytes(request, "key", out->key, sizeof(out->key)) &&
        owner_get_bytes(request, "share", out->share, sizeof(out->share)) &&
        owner_get_bytes(request, "nonce", out->nonce, sizeof(out->nonce)) &&
        owner_get_bytes(
            request, "signature", out->signature, sizeof(out->signature));
}

static bool is_signed(
    const struct owner *o, const struct opening_request *request)
{
    const struct span fields[] = {
        transcript_text("nameplate-open-v1"), transcript_text(o->o.thing),
        {o->o.hit.bytes, HIT_SIZE  },
         {request->key,   P256_POINT},
        {request->share, P256_POINT},
         {request->nonce, NONCE     }
    };
    unsigned char hash[TRANSCRIPT_HASH];

    return transcript_hash(fields, sizeof(fields) / sizeof(fields[0]), hash) ==
        ERR_OK &&
        user_key_verify(request->key, hash, request->signature) == ERR_OK;
}

static enum err hash_opened(const struct opening *p,
    const struct opening_request *request, unsigned char hash[TRANSCRIPT_HASH])
{
    const struct owner *o = p->owner;
    const struct span fields[] = {
        transcript_text("nameplate-opened-v1"), transcript_text(o->o.thing),
        {o->o.hit.bytes, HIT_SIZE   },
         {request->key,   P256_POINT },
        {request->share, P256_POINT },
         {request->nonce, NONCE      },
        {p->channel.id,  BOX_CHANNEL},
         {p->share,       P256_POINT },
        transcript_text(p->psk ? "1" : "0")
    };

    return transcript_hash(fields, sizeof(fields) / sizeof(fields[0]), hash);
}

/* Share, id and keys; `hash` is what the factory key signs. */
static enum err make_channel(struct opening *p,
    const struct opening_request *request, unsigned char hash[TRANSCRIPT_HASH])
{
    unsigned char scalar[P256_SCALAR];
    const struct box_meeting meeting = {scalar, request->share,
        owner_store_psk(p->owner->store, request->key), p->channel.id, hash};
    enum err e = p256_random(scalar);

    p->psk = meeting.psk != NULL;
    memcpy(p->channel.key, request->key, P256_POINT);
    if (e == ERR_OK)
        e = p256_multiply(scalar, p256_base, p->share);
    if (e == ERR_OK)
        e = port_random(p->channel.id, BOX_CHANNEL);
    if (e == ERR_OK)
        e = hash_opened(p, request, hash);
    if (e == ERR_OK)
        e = box_keys_of_meeting(&meeting, &p->channel.keys);
    explicit_bzero(scalar, sizeof(scalar));
    return e;
}

static struct json *print_opened(
    const struct opening *p, const struct keystore_signature *signature)
{
    struct json *answer = json_new_object();

    if (answer != NULL &&
        owner_set_bytes(answer, "channel", p->channel.id, BOX_CHANNEL) ==
            ERR_OK &&
        owner_set_bytes(answer, "share", p->share, P256_POINT) == ERR_OK &&
        json_set(answer, "psk", json_new_bool(p->psk)) == ERR_OK &&
        owner_set_bytes(
            answer, "signature", signature->bytes, signature->len) == ERR_OK &&
        owner_set_chain(p->owner, answer) == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

/* The record may have changed while the key signed. */
static void on_signed(void *context, const struct keystore_signature *signature)
{
    struct opening *p = context;
    struct owner *o = p->owner;

    if (signature == NULL) {
        owner_refuse(p->command, "BUSY",
            "the device's factory key does not sign now; its log says why");
    } else if (record_role(owner_store_record(o->store), p->channel.key) ==
        RECORD_NOBODY) {
        owner_refuse(p->command, "NOT_YOURS", "the key is in no role");
    } else {
        owner_channels_add(o->channels, port_monotonic_ms(), &p->channel);
        owner_succeed(p->command, print_opened(p, signature));
    }
    explicit_bzero(&p->channel, sizeof(p->channel));
}

static void forget(void *context)
{
    struct opening *p = context;

    explicit_bzero(&p->channel, sizeof(p->channel));
}

static void start(struct owner *o, struct command *command,
    const struct opening_request *request)
{
    struct opening *p = calloc(1, sizeof(*p));
    unsigned char hash[TRANSCRIPT_HASH];
    enum err e = ERR_NO_MEMORY;

    if (p != NULL) {
        p->owner = o;
        p->command = command;
        e = make_channel(p, request, hash);
        if (e == ERR_OK)
            e = owner_sign(
                o, hash, &(struct owner_sign_job){on_signed, forget, p});
    }
    if (e == ERR_OK)
        return;
    free(p);
    if (e == ERR_INVALID)
        owner_refuse(
            command, "INVALID", "\"share\" wants a point of the curve");
    else
        owner_refuse(command, "BUSY", "the device cannot now; try again");
}

static void open_channel(
    struct owner *o, struct command *command, const struct json *request)
{
    struct opening_request wanted;

    if (!read_request(request, &wanted))
        owner_refuse(command, "INVALID",
            "step open wants \"key\", \"share\", \"nonce\" and \"signature\"");
    else if (record_role(owner_store_record(o->store), wanted.key) ==
            RECORD_NOBODY ||
        !is_signed(o, &wanted))
        owner_refuse(command, "NOT_YOURS",
            "the key is in no role on this device, or did not sign this");
    else
        start(o, command, &wanted);
}

static void take_box(
    struct owner *o, struct command *command, const struct json *request)
{
    unsigned char id[BOX_CHANNEL];
    struct owner_channel *channel = NULL;
    struct json *inside;
    enum err e;

    if (owner_get_bytes(request, "channel", id, sizeof(id)))
        channel = owner_channels_find(o->channels, port_monotonic_ms(), id);
    if (channel == NULL) {
        owner_refuse(command, "NO_CHANNEL",
            "this channel is not open (any more): open one anew");
        return;
    }
    e = owner_channel_open(
        channel, json_text(json_get(request, "box")), &inside);
    if (e != ERR_OK) {
        owner_refuse(command, "INVALID",
            "\"box\" wants a box of this channel that was not opened before");
        return;
    }
    owner_channels_heard(o->channels, port_monotonic_ms(), channel);
    owner_take_request(o, channel, command, inside);
    json_free(inside);
}

void owner_on_channel(
    void *context, struct command *command, const struct json *request)
{
    const char *step = json_text(json_get(request, "step"));

    if (step != NULL && strcmp(step, "open") == 0)
        open_channel(context, command, request);
    else if (step != NULL && strcmp(step, "box") == 0)
        take_box(context, command, request);
    else
        owner_refuse(command, "INVALID", "\"step\" wants open or box");
}
