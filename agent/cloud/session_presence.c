/* session_presence.c */

#include "cloud/session_inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports/port.h"

#define TEXT_BYTES 4096 /* a detail has 480, each may be escaped */

bool session_say_presence(struct session *s, uint64_t token, const char *member)
{
    char text[TEXT_BYTES];
    int len = snprintf(text, sizeof(text), "{\"online\":%s,\"ts\":%lld,%s}",
        token == SESSION_GOODBYE ? "false" : "true", (long long)port_wall_ms(),
        member);
    const struct mqtt_message message = {.topic = s->status_topic,
        .payload = text,
        .len = (size_t)len,
        .retain = true};

    if (len <= 0 || len >= TEXT_BYTES)
        return false;
    postroom_note_other(s->postroom, message.len);
    return session_mqtt(s) != NULL &&
        mqtt_publish(session_mqtt(s), token, &message) == ERR_OK;
}

/* With the reason of the outage that it ended. */
bool session_say_online(struct session *s)
{
    struct json *outage;
    char member[TEXT_BYTES - 100], *text;

    outage_end(&s->outage, port_wall_ms());
    outage = outage_json(&s->outage);
    text = outage == NULL ? NULL : json_print(outage);
    (void)snprintf(member, sizeof(member), "\"agent\":\"%s\"%s%s",
        NAMEPLATE_VERSION,
        text == NULL ? "" : ",\"outage\":", text == NULL ? "" : text);
    free(text);
    json_free(outage);
    return session_say_presence(s, SESSION_IMMEDIATE, member);
}
