/* owner_claim.c - the four steps of a claim.
 *
 * Whoever hears the answer to step 2 can test one guess.  So the try is counted
 * on disk before that answer leaves, and nothing about the guess is told
 * before: not even whether the share was accepted by a second computation. */

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/owner_inside.h"
#include "ports/port.h"

static void on_expiry(void *context)
{
    struct owner *o = context;
    unsigned guesses = owner_claims_expire(o->claims, port_monotonic_ms());

    o->expiry = NULL;
    for (; guesses > 0; guesses--)
        owner_tell(o, "wrong_code");
    owner_expect_end(o);
}

void owner_expect_end(struct owner *o)
{
    int64_t next_ms = owner_claims_next_ms(o->claims, port_monotonic_ms());

    loop_timer_cancel(o->expiry);
    o->expiry = next_ms < 0
        ? NULL
        : loop_timer_start(o->o.loop, (uint64_t)next_ms + 1, on_expiry, o);
}

/* --- 1: begin --------------------------------------------------------------
 */

/* False: it was refused. */
static bool may_try(struct owner *o, struct command *command)
{
    int64_t wait_ms = owner_tries_wait_ms(o->tries, port_monotonic_ms());
    int64_t wait_s = (wait_ms + 999) / 1000;
    struct json *extra;

    if (owner_store_verifier(o->store) == NULL) {
        owner_refuse(command, "NO_CODE",
            "this device has no pass code and cannot be claimed");
        return false;
    }
    if (wait_ms == 0)
        return true;
    if (!o->told_locked)
        owner_tell(o, "locked");
    o->told_locked = true;
    extra = json_new_object();
    if (extra != NULL &&
        json_set(extra, "wait_s", json_new_number((double)wait_s)) != ERR_OK) {
        json_free(extra);
        extra = NULL;
    }
    owner_refuse_with(
        command, "LOCKED", "too many wrong codes; wait and try again", extra);
    return false;
}

static struct json *print_begin(
    const struct owner *o, const unsigned char id[BOX_CHANNEL])
{
    const struct claim_verifier *v = owner_store_verifier(o->store);
    struct json *answer = json_new_object();

    if (answer != NULL &&
        owner_set_bytes(answer, "claim", id, BOX_CHANNEL) == ERR_OK &&
        owner_set_bytes(answer, "salt", v->salt, sizeof(v->salt)) == ERR_OK &&
        json_set(answer, "iterations", json_new_number(v->iterations)) ==
            ERR_OK &&
        owner_set_bytes(answer, "hit", o->o.hit.bytes, HIT_SIZE) == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

static void begin(
    struct owner *o, struct command *command, const struct json *request)
{
    unsigned char id[BOX_CHANNEL];

    (void)request;
    if (!may_try(o, command))
        return;
    if (owner_claims_begin(o->claims, port_monotonic_ms(), id) != ERR_OK) {
        owner_refuse(command, "BUSY",
            "too many claims are open; try again in two minutes");
        return;
    }
    owner_expect_end(o);
    owner_succeed(command, print_begin(o, id));
}

/* --- 2: share --------------------------------------------------------------
 */

static struct json *print_share(const struct owner_claims_answer *a)
{
    struct json *answer = json_new_object();

    if (answer != NULL &&
        owner_set_bytes(answer, "share", a->share, P256_POINT) == ERR_OK &&
        owner_set_bytes(answer, "confirm", a->confirm, SPAKE2PLUS_CONFIRM) ==
            ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

static void refuse_share(struct command *command, enum err e)
{
    if (e == ERR_INVALID)
        owner_refuse(command, "INVALID",
            "\"key\" and \"share\" want points of the curve");
    else if (e == ERR_NOT_FOUND)
        owner_refuse(command, "NO_CLAIM",
            "this claim is not open, or past this step: begin anew");
    else
        owner_refuse(command, "BUSY", "the device cannot now; try again");
}

static void share(
    struct owner *o, struct command *command, const struct json *request)
{
    unsigned char id[BOX_CHANNEL], key[P256_POINT], point[P256_POINT];
    const struct owner_claims_share wanted = {id, key, point};
    struct owner_claims_answer answer;
    int64_t now_ms = port_monotonic_ms();
    enum err e;

    if (!owner_get_bytes(request, "claim", id, sizeof(id)) ||
        !owner_get_bytes(request, "key", key, sizeof(key)) ||
        !owner_get_bytes(request, "share", point, sizeof(point))) {
        owner_refuse(command, "INVALID",
            "step share wants \"claim\", \"key\" and \"share\"");
        return;
    }
    if (!may_try(o, command))
        return;
    e = owner_claims_share(o->claims, now_ms,
        &owner_store_verifier(o->store)->record, &wanted, &answer);
    if (e != ERR_OK) {
        refuse_share(command, e);
        return;
    }
    if (owner_tries_count(o->tries, now_ms) != ERR_OK) {
        owner_claims_end(o->claims, id);
        owner_refuse(command, "BUSY",
            "the device's disk refused, so no code can be tried");
        return;
    }
    o->told_locked = false;
    owner_succeed(command, print_share(&answer));
}

/* --- 3: confirm ------------------------------------------------------------
 */

struct proving {
    struct owner *owner;
    struct command *command;
    unsigned char id[BOX_CHANNEL];
};

bool owner_is_owner(const struct owner *o, const unsigned char *key)
{
    return record_role(owner_store_record(o->store), key) == RECORD_OWNER;
}

bool owner_is_owned(const struct owner *o)
{
    return owner_store_is_damaged(o->store) ||
        record_is_owned(owner_store_record(o->store));
}

/* The record only of what is nobody's, which the claim follows: who owns it and
 * who may use it is no business of whoever has read the label. */
static struct json *print_proof(const struct owner *o,
    const struct owner_claim *claim, const struct keystore_signature *signature)
{
    struct json *proof = owner_is_owned(o) ? owner_epoch(o) : owner_current(o);

    if (proof != NULL && owner_set_chain(o, proof) == ERR_OK &&
        owner_set_bytes(proof, "signature", signature->bytes, signature->len) ==
            ERR_OK &&
        json_set(proof, "owned", json_new_bool(owner_is_owned(o))) == ERR_OK &&
        json_set(proof, "yours",
            json_new_bool(owner_is_owner(o, claim->key))) == ERR_OK)
        return proof;
    json_free(proof);
    return NULL;
}

struct owner_channel owner_channel_of(const struct owner_claim *claim)
{
    struct owner_channel channel = {
        .keys = claim->keys, .heard = claim->heard, .said = claim->said};

    memcpy(channel.id, claim->id, BOX_CHANNEL);
    memcpy(channel.key, claim->key, P256_POINT);
    return channel;
}

static void on_proved(void *context, const struct keystore_signature *signature)
{
    const struct proving *p = context;
    struct owner *o = p->owner;
    struct owner_claim *claim =
        owner_claims_find(o->claims, port_monotonic_ms(), p->id);
    struct owner_channel channel;

    if (claim == NULL) {
        owner_refuse(p->command, "NO_CLAIM", "the claim is over: begin anew");
        return;
    }
    if (signature == NULL) {
        owner_claims_end(o->claims, p->id);
        owner_refuse(p->command, "BUSY",
            "the device's factory key does not sign now; its log says why");
        return;
    }
    channel = owner_channel_of(claim);
    owner_succeed_sealed(
        p->command, &channel, print_proof(o, claim, signature));
    claim->said = channel.said;
    explicit_bzero(&channel, sizeof(channel));
}

/* The code was right, and that is all: anybody can name an owner's key, which
 * is no secret.  Its holder signs in step 4. */
static void admit(
    struct owner *o, struct command *command, const struct owner_claim *claim)
{
    struct proving *p = calloc(1, sizeof(*p));

    owner_tries_forgive(o->tries);
    if (owner_is_owned(o))
        owner_tell(o, "refused_owned");
    if (p != NULL) {
        p->owner = o;
        p->command = command;
        memcpy(p->id, claim->id, BOX_CHANNEL);
        if (owner_sign(o, claim->proof,
                &(struct owner_sign_job){on_proved, NULL, p}) == ERR_OK)
            return;
    }
    free(p);
    owner_refuse(command, "BUSY", "the device cannot now; try again");
}

static void confirm(
    struct owner *o, struct command *command, const struct json *request)
{
    unsigned char id[BOX_CHANNEL], proof[SPAKE2PLUS_CONFIRM];
    struct owner_claim *claim = NULL;
    enum err e;

    if (!owner_get_bytes(request, "claim", id, sizeof(id)) ||
        !owner_get_bytes(request, "confirm", proof, sizeof(proof))) {
        owner_refuse(
            command, "INVALID", "step confirm wants \"claim\" and \"confirm\"");
        return;
    }
    e = owner_claims_confirm(o->claims, port_monotonic_ms(), id,
        (struct span){proof, sizeof(proof)}, &claim);
    owner_expect_end(o);
    if (e == ERR_OK) {
        admit(o, command, claim);
    } else if (e == ERR_DENIED) {
        owner_tell(o, "wrong_code");
        owner_refuse(command, "WRONG_CODE", "the code did not match");
    } else {
        owner_refuse(command, e == ERR_NOT_FOUND ? "NO_CLAIM" : "BUSY",
            "this claim is not open, or past this step: begin anew");
    }
}

void owner_on_claim(
    void *context, struct command *command, const struct json *request)
{
    static const struct {
        const char *name;
        void (*run)(struct owner *o, struct command *command,
            const struct json *request);
    } steps[] = {
        {"begin",   begin            },
        {"share",   share            },
        {"confirm", confirm          },
        {"record",  owner_take_record},
    };
    const char *name = json_text(json_get(request, "step"));

    for (size_t i = 0; name != NULL && i < sizeof(steps) / sizeof(steps[0]);
         i++)
        if (strcmp(steps[i].name, name) == 0) {
            steps[i].run(context, command, request);
            return;
        }
    owner_refuse(
        command, "INVALID", "\"step\" wants begin, share, confirm or record");
}
