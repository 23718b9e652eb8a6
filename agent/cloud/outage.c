/* outage.c */

#include "cloud/outage.h"

#include <stdio.h>
#include <string.h>

static void add_reason(struct outage *outage, const char *why)
{
    for (size_t i = 0; i < outage->count; i++)
        if (strcmp(outage->why[i], why) == 0)
            return;
    if (outage->count < OUTAGE_REASONS)
        outage->why[outage->count++] = why;
}

void outage_note(
    struct outage *outage, const struct verdict *verdict, int64_t now_ms)
{
    if (outage->to_ms != 0)
        *outage = (struct outage){.from_ms = 0};
    if (outage->from_ms == 0)
        outage->from_ms = now_ms;
    else
        outage->tries++;
    add_reason(outage, verdict->why);
    (void)snprintf(
        outage->detail, sizeof(outage->detail), "%s", verdict->detail);
}

static enum err print_reasons(const struct outage *outage, struct json *top)
{
    struct json *why = json_new_array();
    enum err e = json_set(top, "why", why);

    for (size_t i = 0; e == ERR_OK && i < outage->count; i++)
        e = json_append(why, json_new_string(outage->why[i]));
    return e;
}

void outage_end(struct outage *outage, int64_t now_ms)
{
    if (outage->from_ms != 0)
        outage->to_ms = now_ms;
}

struct json *outage_json(const struct outage *outage)
{
    struct json *top;

    if (outage->to_ms == 0)
        return NULL;
    top = json_new_object();
    if (top != NULL &&
        json_set(top, "from", json_new_number((double)outage->from_ms)) ==
            ERR_OK &&
        json_set(top, "to", json_new_number((double)outage->to_ms)) == ERR_OK &&
        print_reasons(outage, top) == ERR_OK &&
        json_set(top, "tries", json_new_number(outage->tries)) == ERR_OK &&
        json_set(top, "detail", json_new_string(outage->detail)) == ERR_OK)
        return top;
    json_free(top);
    return NULL;
}
