/* owner_reset.c - whoever holds the device makes it nobody's: a record that its
 * own factory key signs. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "core/log.h"
#include "device/owner_inside.h"
#include "ports/port.h"

#define TEXT_BYTES 600

struct resetting {
    struct owner *owner;
    owner_reset_done *done;
    void *context;
    int64_t epoch;
    char text[TEXT_BYTES];
};

/* False: it does not fit. */
static bool write_text(struct resetting *r)
{
    const struct owner *o = r->owner;
    const struct record *before = owner_store_record(o->store);
    unsigned char hash[TRANSCRIPT_HASH];
    char hit[BASE64URL_SIZE(HIT_SIZE)];
    char previous[BASE64URL_SIZE(TRANSCRIPT_HASH)] = "";
    const char *mark = before == NULL ? "" : "\"";

    if (before != NULL) {
        if (record_hash(before, hash) != ERR_OK)
            return false;
        base64url_encode(hash, sizeof(hash), previous);
    }
    base64url_encode(o->o.hit.bytes, HIT_SIZE, hit);
    return snprintf(r->text, TEXT_BYTES,
               "{\"v\":1,\"act\":\"reset\",\"thing\":\"%s\",\"hit\":\"%s\","
               "\"epoch\":%" PRId64 ",\"previous\":%s%s%s,\"at\":%" PRId64
               ",\"owner\":null,\"recovery\":null,\"members\":[]}",
               o->o.thing, hit, r->epoch, mark,
               before == NULL ? "null" : previous, mark,
               port_wall_ms()) < TEXT_BYTES;
}

static enum err add_signature(
    struct json *envelope, const struct keystore_signature *signature)
{
    struct json *list = json_new_array(), *one = json_new_object();
    enum err e = list == NULL || one == NULL
        ? ERR_NO_MEMORY
        : json_set(one, "device", json_new_bool(true));

    if (e == ERR_OK)
        e = owner_set_bytes(one, "signature", signature->bytes, signature->len);
    if (e != ERR_OK) {
        json_free(one);
        json_free(list);
        return e;
    }
    e = json_append(list, one);
    if (e == ERR_OK)
        return json_set(envelope, "signatures", list);
    json_free(list);
    return e;
}

static enum err make_record(const struct resetting *r,
    const struct keystore_signature *signature, struct record **out)
{
    struct json *envelope = json_new_object();
    const char *why = "out of memory";
    enum err e = envelope == NULL
        ? ERR_NO_MEMORY
        : owner_set_bytes(envelope, "record", r->text, strlen(r->text));

    if (e == ERR_OK)
        e = add_signature(envelope, signature);
    if (e == ERR_OK)
        e = record_read(envelope, &why, out);
    if (e == ERR_INVALID)
        log_error(OWNER_MODULE, "a reset cannot be read reason=\"%s\"", why);
    json_free(envelope);
    return e;
}

/* The label's code holds again, before the device is free to be claimed. */
static enum err reset(
    const struct resetting *r, const struct keystore_signature *signature)
{
    struct owner *o = r->owner;
    struct record *record = NULL;
    enum err e;

    if (signature == NULL)
        return ERR_IO;
    if (r->epoch != owner_store_epoch(o->store) + 1)
        return ERR_CONFLICT; /* another record was faster */
    e = make_record(r, signature, &record);
    if (e == ERR_OK)
        e = owner_store_set_verifier(o->store, NULL);
    if (e == ERR_OK)
        e = owner_change(o, record);
    if (e != ERR_OK)
        record_free(record);
    return e;
}

static void on_signed(void *context, const struct keystore_signature *signature)
{
    const struct resetting *r = context;
    enum err e = reset(r, signature);

    r->done(r->context, e, r->epoch);
}

/* The agent stops; nothing was reset. */
static void drop(void *context)
{
    const struct resetting *r = context;

    r->done(r->context, ERR_AGAIN, 0);
}

enum err owner_reset(struct owner *o, owner_reset_done *done, void *context)
{
    struct resetting *r = calloc(1, sizeof(*r));
    unsigned char hash[TRANSCRIPT_HASH];
    struct span fields[2];
    enum err e = ERR_TOO_BIG;

    if (r == NULL)
        return ERR_NO_MEMORY;
    *r = (struct resetting){.owner = o,
        .done = done,
        .context = context,
        .epoch = owner_store_epoch(o->store) + 1};
    if (write_text(r)) {
        fields[0] = transcript_text("nameplate-record-v1");
        fields[1] = transcript_text(r->text);
        e = transcript_hash(fields, 2, hash);
        if (e == ERR_OK)
            e = owner_sign(
                o, hash, &(struct owner_sign_job){on_signed, drop, r});
    }
    if (e != ERR_OK)
        free(r);
    return e;
}
