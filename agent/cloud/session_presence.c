/* session_presence.c */

#include "cloud/session_inside.h"

#include <stdio.h>

#include "ports/port.h"

bool session_say_presence(struct session *s, uint64_t token, const char *member)
{
    char text[200];
    int len = snprintf(text, sizeof(text), "{\"online\":%s,\"ts\":%lld,%s}",
        token == SESSION_GOODBYE ? "false" : "true", (long long)port_wall_ms(),
        member);
    const struct mqtt_message message = {.topic = s->status_topic,
        .payload = text,
        .len = (size_t)len,
        .retain = true};

    return session_mqtt(s) != NULL &&
        mqtt_publish(session_mqtt(s), token, &message) == ERR_OK;
}
