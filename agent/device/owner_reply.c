/* owner_reply.c - answers, and the pieces they are made of. */

#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "device/owner_inside.h"

void owner_refuse_with(struct command *command, const char *code,
    const char *words, struct json *extra)
{
    const struct commands_answer answer = {
        COMMANDS_REJECTED, code, words, extra};

    commands_reply(command, &answer);
}

void owner_refuse(struct command *command, const char *code, const char *words)
{
    owner_refuse_with(command, code, words, NULL);
}

void owner_succeed(struct command *command, struct json *value)
{
    const struct commands_answer answer = {
        COMMANDS_SUCCEEDED, NULL, NULL, value};

    if (value == NULL)
        owner_refuse(command, "BUSY", "the device is out of memory; try again");
    else
        commands_reply(command, &answer);
}

void owner_succeed_sealed(
    struct command *command, struct owner_channel *channel, struct json *value)
{
    struct json *answer = json_new_object();
    char *box = value == NULL ? NULL : owner_channel_seal(channel, value);

    if (answer != NULL &&
        json_set(answer, "box", box == NULL ? NULL : json_new_string(box)) !=
            ERR_OK) {
        json_free(answer);
        answer = NULL;
    }
    json_free(value);
    free(box);
    owner_succeed(command, answer);
}

static struct json *encode(const void *bytes, size_t len)
{
    char *text = malloc(BASE64URL_SIZE(len));
    struct json *value = NULL;

    if (text == NULL)
        return NULL;
    base64url_encode(bytes, len, text);
    value = json_new_string(text);
    free(text);
    return value;
}

enum err owner_set_bytes(
    struct json *object, const char *key, const void *bytes, size_t len)
{
    return json_set(object, key, encode(bytes, len));
}

enum err owner_set_chain(const struct owner *owner, struct json *object)
{
    struct json *list = json_new_array();
    enum err e = list == NULL ? ERR_NO_MEMORY : ERR_OK;
    struct span der;

    for (size_t i = 0; e == ERR_OK && chain_at(owner->o.chain, i, &der); i++)
        e = json_append(list, encode(der.at, der.len));
    if (e == ERR_OK)
        return json_set(object, "chain", list);
    json_free(list);
    return e;
}

bool owner_get_bytes(
    const struct json *request, const char *key, void *bytes, size_t len)
{
    return base64url_exact(json_text(json_get(request, key)), bytes, len) ==
        ERR_OK;
}

struct json *owner_epoch(const struct owner *owner)
{
    struct json *answer = json_new_object();

    if (answer != NULL &&
        json_set(answer, "epoch",
            json_new_number((double)owner_store_epoch(owner->store))) == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

struct json *owner_current(const struct owner *owner)
{
    const struct record *record = owner_store_record(owner->store);
    struct json *answer = owner_epoch(owner);

    if (answer == NULL || record == NULL ||
        json_set(answer, "record", record_envelope(record)) == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}
