/* owner_claim_record.c - the last step of a claim: a record that makes an
 * owner, or the signature of one who is. */

#include <string.h>

#include "device/owner_inside.h"
#include "identity/record_rules.h"
#include "ports/port.h"

/* --- 4: record -------------------------------------------------------------
 */

static const char *code_of(enum record_verdict verdict)
{
    switch (verdict) {
    case RECORD_STALE:
        return "STALE";
    case RECORD_NOT_YOURS:
        return "NOT_YOURS";
    case RECORD_TAKE:
    case RECORD_WRONG:
        break;
    }
    return "INVALID";
}

/* NULL: it was refused. */
static struct record *read_record(struct owner *o, struct command *command,
    const struct owner_claim *claim, const struct json *inside)
{
    const struct record_place place = {
        o->o.thing, &o->o.hit, owner_store_record(o->store), claim->key};
    struct record *record = NULL;
    enum record_verdict verdict = RECORD_WRONG;
    const char *why = "out of memory";

    if (record_read(json_get(inside, "record"), &why, &record) == ERR_OK)
        verdict = record_judge(record, &place, &why);
    if (verdict == RECORD_TAKE && record->act == RECORD_CLAIM)
        return record;
    if (verdict == RECORD_TAKE) {
        verdict = RECORD_NOT_YOURS;
        why = "a claim ends with a record of the act claim";
    }
    record_free(record);
    owner_refuse_with(command, code_of(verdict), why,
        verdict == RECORD_STALE ? owner_current(o) : NULL);
    return NULL;
}

static struct json *print_taken(const struct owner *o)
{
    struct json *answer = json_new_object();

    if (answer != NULL &&
        json_set(answer, "ok", json_new_bool(true)) == ERR_OK &&
        json_set(answer, "epoch",
            json_new_number((double)owner_store_epoch(o->store))) == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

/* The secret first: without a record it means nothing, and is forgotten. */
static void become_owned(struct owner *o, struct command *command,
    struct owner_claim *claim, struct record *record)
{
    struct owner_channel channel = owner_channel_of(claim);

    if (owner_store_pair(o->store, claim->key, claim->keys.psk) != ERR_OK ||
        owner_change(o, record) != ERR_OK) {
        record_free(record);
        owner_refuse(command, "BUSY",
            "the device's disk refused, nothing has changed; try again");
    } else {
        owner_succeed_sealed(command, &channel, print_taken(o));
        owner_channels_add(o->channels, port_monotonic_ms(), &channel);
        owner_claims_end(o->claims, claim->id);
        owner_expect_end(o);
    }
    explicit_bzero(&channel, sizeof(channel));
}

/* H("nameplate-yours-v1", what the factory key signed in step 3) */
static bool has_signed(
    const struct owner_claim *claim, const struct json *inside)
{
    const struct span fields[] = {
        transcript_text("nameplate-yours-v1"), {claim->proof, TRANSCRIPT_HASH}
    };
    unsigned char hash[TRANSCRIPT_HASH], signature[USER_KEY_SIGNATURE];

    return owner_get_bytes(inside, "yours", signature, sizeof(signature)) &&
        transcript_hash(fields, 2, hash) == ERR_OK &&
        user_key_verify(claim->key, hash, signature) == ERR_OK;
}

/* An owner who lost the pairing secret gets this claim's. */
static void renew(struct owner *o, struct command *command,
    struct owner_claim *claim, const struct json *inside)
{
    struct owner_channel channel = owner_channel_of(claim);

    if (!has_signed(claim, inside)) {
        owner_refuse(command, "NOT_YOURS",
            "the device is owned; \"yours\" wants the signature of its owner");
    } else if (owner_store_pair(o->store, claim->key, claim->keys.psk) !=
        ERR_OK) {
        owner_refuse(command, "BUSY", "the device's disk refused; try again");
    } else {
        owner_succeed_sealed(command, &channel, print_taken(o));
        owner_channels_add(o->channels, port_monotonic_ms(), &channel);
        owner_claims_end(o->claims, claim->id);
        owner_expect_end(o);
    }
    explicit_bzero(&channel, sizeof(channel));
}

void owner_take_record(
    struct owner *o, struct command *command, const struct json *request)
{
    unsigned char id[BOX_CHANNEL];
    struct owner_claim *claim = NULL;
    struct owner_channel channel;
    struct record *record;
    struct json *inside;
    enum err e;

    if (owner_get_bytes(request, "claim", id, sizeof(id)))
        claim = owner_claims_find(o->claims, port_monotonic_ms(), id);
    if (claim == NULL) {
        owner_refuse(command, "NO_CLAIM",
            "this claim is not open, or not that far: begin anew");
        return;
    }
    if (owner_is_owned(o) && !owner_is_owner(o, claim->key)) {
        owner_refuse(command, "NOT_YOURS", "the device belongs to somebody");
        return;
    }
    channel = owner_channel_of(claim);
    e = owner_channel_open(
        &channel, json_text(json_get(request, "box")), &inside);
    claim->heard = channel.heard;
    explicit_bzero(&channel, sizeof(channel));
    if (e != ERR_OK) {
        owner_refuse(command, "INVALID", "\"box\" wants a box of this claim");
        return;
    }
    if (owner_is_owned(o)) {
        renew(o, command, claim, inside);
        json_free(inside);
        return;
    }
    record = read_record(o, command, claim, inside);
    json_free(inside);
    if (record != NULL)
        become_owned(o, command, claim, record);
}
