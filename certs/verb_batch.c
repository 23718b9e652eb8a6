/* verb_batch.c - many devices from a list.
 *
 * Each line is issued by itself, and what was issued stays: after an
 * interruption the same command does what is left. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/issue.h"
#include "certs/list.h"
#include "certs/request.h"
#include "certs/say.h"
#include "certs/verb.h"

#define BAR_WIDTH 40

struct work {
    const struct home *home;
    const char *path; /* of the list */
    const char *batch;
    bool bar, quiet;
    size_t issued, before, failed;
};

static void show_progress(const struct work *work, size_t done, size_t all)
{
    int filled = (int)(done * BAR_WIDTH / all);

    if (work->bar)
        (void)fprintf(stderr, "\r[%.*s%*s] %zu of %zu%s", filled,
            "########################################", BAR_WIDTH - filled, "",
            done, all, done == all ? "\n" : "");
}

/* The serial number was issued before: for the key of this request? */
static enum err compare_request(const char *request, const char *folder)
{
    struct home_certificate issued;
    struct bytes spki = {NULL, 0};
    char path[DISK_PATH_SIZE];
    enum err e = request_read(request, &spki);

    if (e != ERR_OK)
        return e;
    disk_path(path, "%s/device.crt", folder);
    e = home_read_certificate(path, &issued);
    if (e != ERR_OK)
        goto free_spki;
    if (!span_equal(bytes_span(&spki), issued.view.spki)) {
        say("it was issued already, for another key than the request's; see"
            " %s",
            path);
        e = ERR_EXISTS;
    }
    bytes_free(&issued.der);

free_spki:
    bytes_free(&spki);
    return e;
}

static enum err issue_line(struct work *work, const struct list_line *line)
{
    char request[DISK_PATH_SIZE];
    const struct issue_order order = {
        .model = line->model,
        .batch = work->batch,
        .serial = line->serial,
        .request = line->request == NULL ? NULL : request,
    };
    struct issue_result result;
    int lock;
    enum err e;

    if (line->request != NULL)
        list_request_path(work->path, line, request);
    e = disk_lock(work->home->folder, &lock);
    if (e != ERR_OK)
        return e;
    e = issue_device(work->home, &order, &result);
    disk_unlock(lock);
    if (e == ERR_OK) {
        work->issued++;
        if (!work->quiet && !work->bar)
            (void)puts(result.thing);
    } else if (e == ERR_EXISTS) {
        e = line->request == NULL ? ERR_OK
                                  : compare_request(request, result.folder);
        work->before += e == ERR_OK;
    }
    return e;
}

static void do_line(struct work *work, const struct list_line *line)
{
    char where[DISK_PATH_SIZE];
    enum err e = ERR_INVALID;

    disk_path(where, "%.500s:%zu", work->path, line->number);
    say_at(where);
    if (line->fault != NULL)
        say("%s", line->fault);
    else if (line->repeats != 0)
        say("the same device as in line %zu; a serial number is issued once",
            line->repeats);
    else
        e = issue_line(work, line);
    work->failed += e != ERR_OK;
    say_at(NULL);
}

static struct json *result_of(const struct work *work)
{
    struct json *object = VERB_OBJECT({"list", work->path});

    if (object != NULL &&
        json_set(object, "issued", json_new_number((double)work->issued)) ==
            ERR_OK &&
        json_set(object, "before", json_new_number((double)work->before)) ==
            ERR_OK &&
        json_set(object, "failed", json_new_number((double)work->failed)) ==
            ERR_OK)
        return object;
    json_free(object);
    return NULL;
}

static enum err run(const struct options *options)
{
    struct work work = {.path = options->words[0],
        .batch = options_get(options, "batch"),
        .quiet = options_has(options, "json"),
        .bar = isatty(STDERR_FILENO) == 1};
    struct home home;
    struct list list;
    enum err e = home_open(options, &home);

    if (e == ERR_OK)
        e = list_read(work.path, &list);
    if (e != ERR_OK)
        return e;
    work.home = &home;
    for (size_t i = 0; i < list.count; i++) {
        do_line(&work, &list.lines[i]);
        show_progress(&work, i + 1, list.count);
    }
    list_free(&list);
    e = verb_print(options, result_of(&work),
        "%zu issued, %zu were issued before, %zu failed\n", work.issued,
        work.before, work.failed);
    if (e != ERR_OK)
        return e;
    return work.failed == 0 ? ERR_OK : ERR_INVALID;
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"batch",  OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_batch = {
    .name = "batch",
    .arguments = "LIST [--batch NAME]",
    .summary = "issue many devices from a list; may be repeated",
    .help = "  LIST          lines MODEL,SERIAL or MODEL,SERIAL,REQUEST; the\n"
            "                path of a request is relative to the list's\n"
            "                folder; '#' begins a comment\n"
            "  --batch NAME  (default: each model's newest)\n"
            "A line that fails is told with its number, the others are done;\n"
            "run it again after an interruption.  Exit status 65 when a line\n"
            "failed.\n"
            "example: factory batch monday.csv\n",
    VERB_RULES(rules),
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
