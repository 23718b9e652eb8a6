/* emission.c */

#include "local/emission.h"

#include <string.h>

const char *emission_read(
    const struct json *request, struct telemetry_emission *out)
{
    const struct json *class = json_get(request, "class");
    const struct json *when_full = json_get(request, "when_full");
    const char *rule = json_text(when_full);

    *out = (struct telemetry_emission){
        .stream = json_text(json_get(request, "stream")),
        .data = json_get(request, "data"),
        .class = json_text(class),
        .or_busy = when_full != NULL};
    if (out->stream == NULL || out->data == NULL)
        return "emit wants \"stream\", text, and \"data\", anything: "
               "{\"op\":\"emit\",\"stream\":\"door\",\"data\":true}";
    if (class != NULL && out->class == NULL)
        return "\"class\" wants text: telemetry, event, critical";
    if (when_full != NULL && (rule == NULL || strcmp(rule, "busy") != 0))
        return "\"when_full\" wants \"busy\", or is left out";
    return NULL;
}
