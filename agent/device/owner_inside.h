/* owner_inside.h - for the files that are the owner together. */

#ifndef DEVICE_OWNER_INSIDE_H
#define DEVICE_OWNER_INSIDE_H

#include "core/loop_child.h"
#include "device/owner.h"
#include "device/owner_channels.h"
#include "device/owner_claims.h"
#include "device/owner_store.h"
#include "device/owner_tries.h"
#include "device/owner_work.h"

#define OWNER_MODULE "owner"

struct owner {
    struct owner_options o;
    struct owner_store *store;
    struct owner_tries *tries;
    struct owner_claims *claims;
    struct owner_channels *channels;
    struct owner_work *work;
    struct loop_timer *expiry; /* the next claim that ends by itself */
    struct loop_child *wiping;
    struct loop_timer *wiping_limit;
    bool told_locked; /* since the last try */
    bool published;   /* since the start */
};

/* --- owner_reply.c --- */

/* Why a request is refused: a code of the document, and words. */
struct owner_refusal {
    const char *code, *words;
};
void owner_refuse(struct command *command, const char *code, const char *words);
/* `extra` is taken; NULL: no memory. */
void owner_refuse_with(struct command *command, const char *code,
    const char *words, struct json *extra);
void owner_succeed(struct command *command, struct json *answer); /* taken */
/* {"box":...} of a sealed JSON value, which is taken. */
void owner_succeed_sealed(
    struct command *command, struct owner_channel *channel, struct json *value);

/* Set base64url of bytes, or a list of the device's certificates. */
enum err owner_set_bytes(struct json *object, const char *key,
    const void *bytes, size_t len) MUST_CHECK;
enum err owner_set_chain(
    const struct owner *owner, struct json *object) MUST_CHECK;
/* The request's member `key`, exactly `len` bytes. */
bool owner_get_bytes(
    const struct json *request, const char *key, void *bytes, size_t len);

/* {"epoch":n}; NULL: no memory. */
struct json *owner_epoch(const struct owner *owner);
/* {"epoch":n,"record":Envelope|absent}; NULL: no memory. */
struct json *owner_current(const struct owner *owner);

/* --- owner_sign.c --- */

/* The factory key signs a hash; `signature` is lent, NULL when it cannot.
 * When the owner is freed first, `drop` comes instead, with no owner any more;
 * NULL: nobody waits.  `context` is freed behind either. */
typedef void owner_signed(
    void *context, const struct keystore_signature *signature);
struct owner_sign_job {
    owner_signed *done;
    void (*drop)(void *context);
    void *context;
};
enum err owner_sign(struct owner *owner,
    const unsigned char hash[TRANSCRIPT_HASH],
    const struct owner_sign_job *job) MUST_CHECK;

/* --- owner_claim.c, owner_claim_record.c --- */

/* A claim's boxes are a channel's. */
struct owner_channel owner_channel_of(const struct owner_claim *claim);
void owner_expect_end(struct owner *owner); /* of the next claim */
/* A damaged record is somebody's. */
bool owner_is_owned(const struct owner *owner);
bool owner_is_owner(const struct owner *owner, const unsigned char *key);
void owner_take_record(
    struct owner *owner, struct command *command, const struct json *request);

/* --- owner_claim.c, owner_channel.c, owner_requests.c --- */

void owner_on_claim(
    void *context, struct command *command, const struct json *request);
void owner_on_channel(
    void *context, struct command *command, const struct json *request);
/* A sealed request that was opened; both are lent. */
void owner_take_request(struct owner *owner, struct owner_channel *channel,
    struct command *command, const struct json *request);

/* --- owner_code.c --- */

/* Release with a code of our own making; `record`, judged, is taken.  It is
 * answered in the end by owner_released. */
void owner_release_with_new_code(struct owner *owner,
    const struct owner_channel *channel, struct command *command,
    const struct json *id, struct record *record);
/* Part of owner_requests.c: `record` is taken; NULL: no code could be made. */
void owner_released(struct owner *owner, struct owner_channel *channel,
    struct command *command, const struct json *id, struct record *record,
    const char *code);

/* --- owner_change.c --- */

/* Say an event (lent) in a channel, unasked. */
void owner_say(struct owner *owner, struct owner_channel *channel,
    const struct json *event);

/* Take a record that was judged: store it, wipe what must go, publish, tell,
 * end channels.  `record` is taken when it succeeds. */
enum err owner_change(struct owner *owner, struct record *record) MUST_CHECK;
/* What the power cut short. */
void owner_finish_wipe(struct owner *owner);
void owner_publish(struct owner *owner);
/* Tell nameplate/<t>/claims. */
void owner_tell(const struct owner *owner, const char *what);
/* What a wiping record wiped, by name; NULL: no memory. */
struct json *owner_wiped(const struct owner *owner);

#endif
