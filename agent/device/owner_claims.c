/* owner_claims.c */

#include "device/owner_claims.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "identity/transcript.h"
#include "identity/user_key.h"
#include "ports/port.h"

/* In the order they are lived. */
enum step { STEP_FREE, STEP_BEGUN, STEP_SHARED, STEP_CONFIRMED };

struct slot {
    enum step step;
    int64_t opened_ms;
    struct spake2plus *run; /* STEP_SHARED */
    struct owner_claim claim;
    unsigned char share_p[P256_POINT];
    struct owner_claims_answer answer;
};

struct owner_claims {
    char *thing;
    struct hit hit;
    struct slot slots[OWNER_CLAIMS_OPEN];
};

static void clear(struct slot *slot)
{
    spake2plus_free(slot->run);
    explicit_bzero(slot, sizeof(*slot));
    slot->step = STEP_FREE;
}

static bool is_over(const struct slot *slot, int64_t now_ms)
{
    return now_ms - slot->opened_ms >= OWNER_CLAIMS_MS;
}

static struct slot *find(struct owner_claims *c, int64_t now_ms,
    const unsigned char id[BOX_CHANNEL], enum step step)
{
    for (size_t i = 0; i < OWNER_CLAIMS_OPEN; i++) {
        struct slot *slot = &c->slots[i];

        if (slot->step == step && !is_over(slot, now_ms) &&
            memcmp(slot->claim.id, id, BOX_CHANNEL) == 0)
            return slot;
    }
    return NULL;
}

enum err owner_claims_new(
    const char *thing, const struct hit *hit, struct owner_claims **out)
{
    struct owner_claims *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->hit = *hit;
    c->thing = strdup(thing);
    if (c->thing == NULL) {
        free(c);
        return ERR_NO_MEMORY;
    }
    *out = c;
    return ERR_OK;
}

void owner_claims_free(struct owner_claims *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < OWNER_CLAIMS_OPEN; i++)
        clear(&c->slots[i]);
    free(c->thing);
    free(c);
}

enum err owner_claims_begin(
    struct owner_claims *c, int64_t now_ms, unsigned char id[BOX_CHANNEL])
{
    for (size_t i = 0; i < OWNER_CLAIMS_OPEN; i++) {
        struct slot *slot = &c->slots[i];
        enum err e;

        if (slot->step != STEP_FREE)
            continue;
        e = port_random(slot->claim.id, BOX_CHANNEL);
        if (e != ERR_OK)
            return e;
        memcpy(id, slot->claim.id, BOX_CHANNEL);
        slot->step = STEP_BEGUN;
        slot->opened_ms = now_ms;
        return ERR_OK;
    }
    return ERR_AGAIN;
}

/* F("nameplate-claim-v1", thing, hit, claim) */
static enum err make_context(
    const struct owner_claims *c, const struct slot *slot, struct bytes *out)
{
    const struct span fields[] = {
        transcript_text("nameplate-claim-v1"), transcript_text(c->thing),
        {c->hit.bytes,   HIT_SIZE   },
         {slot->claim.id, BOX_CHANNEL}
    };

    return transcript_join(fields, sizeof(fields) / sizeof(fields[0]), out);
}

static enum err start_run(const struct owner_claims *c, struct slot *slot,
    const struct spake2plus_record *record,
    const struct owner_claims_share *request)
{
    struct spake2plus_names names = {
        .prover = {request->key, P256_POINT},
        .verifier = transcript_text(c->thing)
    };
    struct bytes context;
    enum err e = make_context(c, slot, &context);

    if (e != ERR_OK)
        return e;
    names.context = bytes_span(&context);
    e = spake2plus_start(
        record, &names, (struct span){request->share, P256_POINT}, &slot->run);
    bytes_free(&context);
    return e;
}

enum err owner_claims_share(struct owner_claims *c, int64_t now_ms,
    const struct spake2plus_record *record,
    const struct owner_claims_share *request,
    struct owner_claims_answer *answer)
{
    struct slot *slot = find(c, now_ms, request->id, STEP_BEGUN);
    enum err e;

    if (slot == NULL)
        return ERR_NOT_FOUND;
    if (!user_key_is_one(request->key))
        return ERR_INVALID;
    e = start_run(c, slot, record, request);
    if (e != ERR_OK)
        return e;
    memcpy(slot->claim.key, request->key, P256_POINT);
    memcpy(slot->share_p, request->share, P256_POINT);
    memcpy(slot->answer.share, spake2plus_share(slot->run), P256_POINT);
    memcpy(slot->answer.confirm, spake2plus_confirm(slot->run),
        SPAKE2PLUS_CONFIRM);
    *answer = slot->answer;
    slot->step = STEP_SHARED;
    return ERR_OK;
}

/* H("nameplate-proof-v1", context, key, shareP, shareV, confirmV, confirmP) */
static enum err make_proof(
    const struct owner_claims *c, struct slot *slot, struct span confirm)
{
    struct bytes context;
    enum err e = make_context(c, slot, &context);

    if (e != ERR_OK)
        return e;
    {
        const struct span fields[] = {
            transcript_text("nameplate-proof-v1"), bytes_span(&context),
            {slot->claim.key,      P256_POINT        },
             {slot->share_p,        P256_POINT        },
            {slot->answer.share,   P256_POINT        },
            {slot->answer.confirm, SPAKE2PLUS_CONFIRM},
             confirm
        };

        e = transcript_hash(
            fields, sizeof(fields) / sizeof(fields[0]), slot->claim.proof);
    }
    bytes_free(&context);
    return e;
}

enum err owner_claims_confirm(struct owner_claims *c, int64_t now_ms,
    const unsigned char id[BOX_CHANNEL], struct span confirm,
    struct owner_claim **out)
{
    struct slot *slot = find(c, now_ms, id, STEP_SHARED);
    unsigned char agreed[SPAKE2PLUS_KEY];
    enum err e;

    if (slot == NULL)
        return ERR_NOT_FOUND;
    e = spake2plus_finish(slot->run, confirm, agreed);
    if (e == ERR_OK)
        e = box_keys_of_claim(agreed, slot->claim.id, &slot->claim.keys);
    if (e == ERR_OK)
        e = make_proof(c, slot, confirm);
    explicit_bzero(agreed, sizeof(agreed));
    if (e != ERR_OK) {
        clear(slot);
        return e;
    }
    slot->step = STEP_CONFIRMED;
    *out = &slot->claim;
    return ERR_OK;
}

struct owner_claim *owner_claims_find(
    struct owner_claims *c, int64_t now_ms, const unsigned char id[BOX_CHANNEL])
{
    struct slot *slot = find(c, now_ms, id, STEP_CONFIRMED);

    return slot == NULL ? NULL : &slot->claim;
}

void owner_claims_end(
    struct owner_claims *c, const unsigned char id[BOX_CHANNEL])
{
    for (size_t i = 0; i < OWNER_CLAIMS_OPEN; i++)
        if (c->slots[i].step != STEP_FREE &&
            memcmp(c->slots[i].claim.id, id, BOX_CHANNEL) == 0)
            clear(&c->slots[i]);
}

unsigned owner_claims_expire(struct owner_claims *c, int64_t now_ms)
{
    unsigned guesses = 0;

    for (size_t i = 0; i < OWNER_CLAIMS_OPEN; i++) {
        struct slot *slot = &c->slots[i];

        if (slot->step == STEP_FREE || !is_over(slot, now_ms))
            continue;
        guesses += slot->step == STEP_SHARED;
        clear(slot);
    }
    return guesses;
}

int64_t owner_claims_next_ms(const struct owner_claims *c, int64_t now_ms)
{
    int64_t next_ms = -1;

    for (size_t i = 0; i < OWNER_CLAIMS_OPEN; i++) {
        int64_t left_ms = c->slots[i].opened_ms + OWNER_CLAIMS_MS - now_ms;

        if (c->slots[i].step == STEP_FREE)
            continue;
        if (left_ms < 0)
            left_ms = 0;
        if (next_ms < 0 || left_ms < next_ms)
            next_ms = left_ms;
    }
    return next_ms;
}
