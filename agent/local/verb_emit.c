/* verb_emit.c */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local/assign.h"
#include "local/call.h"
#include "local/lines.h"
#include "local/pipeline.h"
#include "local/speak.h"
#include "local/verbs.h"

enum { CLASS, BUSY, OWN };

static const struct option_own own[OWN] = {
    [CLASS] = {"--class", "NAME",
               "telemetry, event (unless given), critical, or yours"  },
    [BUSY] = {"--busy",  NULL,
               "when its queue is full fail, rather than drop another"},
};

static const struct page page = {
    .name = "emit",
    .arguments = "STREAM JSON|KEY=VALUE...|-",
    .summary = "send a value or an event to the cloud",
    .help =
        "  STREAM is 1 to 64 letters, digits, '-' and '_'. A value that is no\n"
        "  JSON is text; KEY=VALUE makes an object, as in 'report'. With '-',\n"
        "  JSON lines are read from standard input, and each is a message.\n"
        "  Done means stored on this device's disk; it goes out when the\n"
        "  device is online.\n"
        "\n"
        "  Example: nameplate emit door open=true by=anna\n"
        "           nameplate emit power '{\"watts\":3.1}' --class telemetry\n",
    .words_min = 2,
    .words_max = 1000,
    .own = own,
    .own_count = OWN,
};

/* NULL leaves it out. */
static bool set_text(struct json *request, const char *key, const char *text)
{
    return text == NULL ||
        json_set(request, key, json_new_string(text)) == ERR_OK;
}

/* Takes `data`. */
static struct json *request_of(const struct options *o, struct json *data)
{
    struct json *request = call_request("emit");

    if (request == NULL) {
        json_free(data);
        return NULL;
    }
    if (json_set(request, "data", data) == ERR_OK &&
        set_text(request, "stream", o->words[0]) &&
        set_text(request, "class", o->own[CLASS]) &&
        set_text(request, "when_full", o->own[BUSY] ? "busy" : NULL))
        return request;
    json_free(request);
    return NULL;
}

/* A line must be JSON as it stands: here a typing error is likelier than a
 * text without quotes. */
static enum err make(const struct options *o, const char *line,
    struct json **request, char fault[ASSIGN_FAULT])
{
    static const struct json_limits limits = {LINES_MAX, 30};
    struct json_fault found;
    struct json *data = NULL;
    enum err e = json_parse_or_say(line, strlen(line), limits, &found, &data);

    if (e == ERR_INVALID || e == ERR_TOO_BIG) {
        (void)snprintf(fault, ASSIGN_FAULT, "expected JSON: %s, at byte %zu",
            found.what, found.at);
        return ERR_INVALID;
    }
    if (e != ERR_OK)
        return e;
    *request = request_of(o, data);
    return *request == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* One word without '=' is a value; else all are KEY=VALUE. */
static enum err read_data(
    const struct options *o, struct json **out, char fault[ASSIGN_FAULT])
{
    struct json *data = NULL;
    const char *first = o->words[1];
    enum err e = ERR_OK;

    if (o->word_count == 2 &&
        (strchr(first, '=') == NULL || strchr("{[\"", *first) != NULL))
        return assign_value(first, out, fault);
    data = json_new_object();
    if (data == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 1; i < o->word_count && e == ERR_OK; i++)
        e = assign_add(data, o->words[i], fault);
    if (e == ERR_OK)
        *out = data;
    else
        json_free(data);
    return e;
}

int verb_emit(int argc, char **argv)
{
    char fault[ASSIGN_FAULT];
    struct options o;
    struct json *data = NULL, *request;
    enum err e;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.word_count == 2 && strcmp(o.words[1], "-") == 0)
        return pipeline_run(&o, make);
    e = read_data(&o, &data, fault);
    if (e == ERR_INVALID)
        return speak_fail(&o, EX_DATAERR, "invalid", "emit: %s", fault);
    request = e == ERR_OK ? request_of(&o, data) : NULL;
    return request == NULL ? speak_no_memory(&o) : call_store(&o, request);
}
