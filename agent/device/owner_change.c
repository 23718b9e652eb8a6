/* owner_change.c - a new record holds: everything that follows from it. */

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/owner_inside.h"
#include "device/owner_private.h"
#include "ports/port.h"

#define TOPIC_BYTES 257
#define PROGRAM_MS  60000 /* for the wipe program */

/* --- telling ---------------------------------------------------------------
 */

static void send_text(const struct owner *o, const char *tail,
    const struct json *value, bool retain)
{
    char topic[TOPIC_BYTES];
    char *text = value == NULL ? NULL : json_print(value);
    struct session_letter letter = {.topic = topic,
        .payload = text,
        .retain = retain,
        .class = OUTBOX_CRITICAL};
    enum err e = ERR_NO_MEMORY;

    (void)snprintf(topic, sizeof(topic), "nameplate/%s/%s", o->o.thing, tail);
    if (text != NULL) {
        letter.len = strlen(text);
        e = session_send(o->o.session, &letter);
    }
    if (e != ERR_OK)
        log_error(OWNER_MODULE, "the cloud is not told topic=%s reason=%s",
            topic, err_name(e));
    free(text);
}

void owner_publish(struct owner *o)
{
    const struct record *record = owner_store_record(o->store);
    struct json *envelope;

    if (record == NULL)
        return;
    envelope = record_envelope(record);
    send_text(o, "ownership", envelope, true);
    json_free(envelope);
    o->published = true;
}

void owner_tell(const struct owner *o, const char *what)
{
    struct json *told = json_new_object();

    if (told != NULL &&
        json_set(told, "ts", json_new_number((double)port_wall_ms())) ==
            ERR_OK &&
        json_set(told, "what", json_new_string(what)) == ERR_OK &&
        json_set(told, "tries",
            json_new_number(owner_tries_number(o->tries))) == ERR_OK &&
        json_set(told, "epoch",
            json_new_number((double)owner_store_epoch(o->store))) == ERR_OK)
        send_text(o, "claims", told, false);
    log_info(OWNER_MODULE, "%s tries=%u epoch=%lld", what,
        owner_tries_number(o->tries), (long long)owner_store_epoch(o->store));
    json_free(told);
}

static const char *word_of(enum record_act act)
{
    switch (act) {
    case RECORD_CLAIM:
        return "claimed";
    case RECORD_SHARE:
        return "shared";
    case RECORD_RECOVER:
        return "recovered";
    case RECORD_TRANSFER:
        return "transferred";
    case RECORD_RELEASE:
        return "released";
    case RECORD_RESET:
        break;
    }
    return "reset";
}

/* --- wiping ----------------------------------------------------------------
 */

static void on_limit(void *context)
{
    struct owner *o = context;

    o->wiping_limit = NULL;
    log_warning(OWNER_MODULE, "killed the wipe program, which ran too long");
    loop_child_kill(o->wiping);
}

static void on_program_ended(void *context, int status)
{
    struct owner *o = context;

    o->wiping = NULL;
    loop_timer_cancel(o->wiping_limit);
    o->wiping_limit = NULL;
    if (status != 0)
        log_error(OWNER_MODULE,
            "[ownership] wipe failed, user data of applications may be left"
            " status=%d",
            status);
    owner_store_wiped(o->store);
}

static void run_program(struct owner *o)
{
    char *words[] = {(char *)o->o.wipe, NULL};

    if (o->o.wipe == NULL) {
        owner_store_wiped(o->store);
        return;
    }
    if (o->wiping != NULL)
        return; /* it is at it */
    o->wiping = loop_child_start(o->o.loop, words, on_program_ended, o);
    if (o->wiping == NULL) {
        owner_store_wiped(o->store);
        return;
    }
    o->wiping_limit = loop_timer_start(o->o.loop, PROGRAM_MS, on_limit, o);
}

void owner_finish_wipe(struct owner *o)
{
    if (!owner_store_must_wipe(o->store))
        return;
    if (o->o.private != NULL && owner_private_wipe(o->o.private) != ERR_OK)
        log_error(OWNER_MODULE, "private settings could not be wiped");
    if (owner_store_unpair(o->store) != ERR_OK)
        log_error(OWNER_MODULE, "pairing secrets could not be wiped");
    run_program(o);
}

struct json *owner_wiped(const struct owner *o)
{
    struct json *list = json_new_array();
    enum err e = list == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK)
        e = json_append(list, json_new_string("private settings"));
    if (e == ERR_OK)
        e = json_append(list, json_new_string("pairing secrets"));
    if (e == ERR_OK)
        e = json_append(list, json_new_string("channels"));
    if (e == ERR_OK && o->o.wipe != NULL)
        e = json_append(list, json_new_string("data of applications"));
    if (e == ERR_OK)
        return list;
    json_free(list);
    return NULL;
}

/* --- the change ------------------------------------------------------------
 */

static bool stays(void *context, const unsigned char key[P256_POINT])
{
    const struct owner *o = context;

    return record_role(owner_store_record(o->store), key) != RECORD_NOBODY;
}

static void say_epoch(void *context, struct owner_channel *channel)
{
    struct owner *o = context;
    struct json *event = json_new_object();

    if (event != NULL &&
        json_set(event, "ev", json_new_string("ownership")) == ERR_OK &&
        json_set(event, "epoch",
            json_new_number((double)owner_store_epoch(o->store))) == ERR_OK)
        owner_say(o, channel, event);
    json_free(event);
}

void owner_say(
    struct owner *o, struct owner_channel *channel, const struct json *event)
{
    char topic[TOPIC_BYTES];
    struct json *message = json_new_object();
    char *box = owner_channel_seal(channel, event), *text = NULL;

    (void)snprintf(topic, sizeof(topic), "nameplate/%s/sealed", o->o.thing);
    if (message != NULL && box != NULL &&
        owner_set_bytes(message, "channel", channel->id, BOX_CHANNEL) ==
            ERR_OK &&
        json_set(message, "box", json_new_string(box)) == ERR_OK)
        text = json_print(message);
    /* Offline it is not heard; who comes back asks anew. */
    if (text != NULL &&
        session_publish(o->o.session, topic, text, strlen(text)) != ERR_OK)
        log_debug(OWNER_MODULE, "an event was not sent");
    free(text);
    free(box);
    json_free(message);
}

enum err owner_change(struct owner *o, struct record *record)
{
    enum err e = owner_store_put(o->store, record);

    if (e != ERR_OK)
        return e;
    owner_finish_wipe(o);
    /* Whoever knew the code before need not know it now. */
    if (record->act != RECORD_CLAIM)
        (void)owner_claims_expire(o->claims, INT64_MAX);
    owner_channels_keep(o->channels, stays, o);
    owner_publish(o);
    owner_tell(o, word_of(record->act));
    owner_channels_each(o->channels, port_monotonic_ms(), say_epoch, o);
    return ERR_OK;
}
