/* verb_report.c */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local/assign.h"
#include "local/call.h"
#include "local/pipeline.h"
#include "local/speak.h"
#include "local/verbs.h"

static const struct page page = {
    .name = "report",
    .arguments = "KEY=VALUE...|-",
    .summary = "tell the cloud how the device's settings are",
    .help =
        "  A value that reads as JSON is that, everything else is text; dots\n"
        "  in a key make objects; null forgets a key. With '-', KEY=VALUE\n"
        "  lines are read from standard input, and each is a report.\n"
        "  Done means stored on this device's disk; it goes out when the\n"
        "  device is online.\n"
        "\n"
        "  Example: nameplate report temp=21.5 led.on=true mode=eco\n",
    .words_min = 1,
    .words_max = 1000,
};

/* Takes `settings`. */
static struct json *request_of(struct json *settings)
{
    struct json *request = call_request("report");

    if (request == NULL) {
        json_free(settings);
        return NULL;
    }
    if (json_set(request, "state", settings) == ERR_OK)
        return request;
    json_free(request);
    return NULL;
}

static enum err make(const struct options *o, const char *line,
    struct json **request, char fault[ASSIGN_FAULT])
{
    struct json *settings = json_new_object();
    enum err e =
        settings == NULL ? ERR_NO_MEMORY : assign_add(settings, line, fault);

    (void)o;
    if (e != ERR_OK) {
        json_free(settings);
        return e;
    }
    *request = request_of(settings);
    return *request == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* All words in one request; NULL after saying why not. */
static struct json *make_all(const struct options *o, int *status)
{
    char fault[ASSIGN_FAULT];
    struct json *settings = json_new_object(), *request = NULL;
    enum err e = settings == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (size_t i = 0; i < o->word_count && e == ERR_OK; i++)
        e = assign_add(settings, o->words[i], fault);
    if (e == ERR_OK)
        request = request_of(settings);
    else
        json_free(settings);
    if (e == ERR_INVALID)
        *status = speak_fail(o, EX_DATAERR, "invalid", "report: %s", fault);
    else if (request == NULL)
        *status = speak_no_memory(o);
    return request;
}

int verb_report(int argc, char **argv)
{
    struct options o;
    struct json *request;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.word_count == 1 && strcmp(o.words[0], "-") == 0)
        return pipeline_run(&o, make);
    request = make_all(&o, &status);
    return request == NULL ? status : call_store(&o, request);
}
