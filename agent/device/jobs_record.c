/* jobs_record.c */

#include "device/jobs_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"

#define MODULE "jobs"
#define BYTES  4096

static const char *const names[] = {
    [JOBS_UNDECIDED] = "IN_PROGRESS",
    [JOBS_SUCCEEDED] = "SUCCEEDED",
    [JOBS_FAILED] = "FAILED",
    [JOBS_REJECTED] = "REJECTED",
};

const char *jobs_outcome_name(enum jobs_outcome outcome)
{
    return names[outcome];
}

static bool read_outcome(const struct json *value, enum jobs_outcome *out)
{
    const char *text = json_text(value);

    for (int i = JOBS_UNDECIDED; i <= JOBS_REJECTED; i++)
        if (text != NULL && strcmp(text, names[i]) == 0) {
            *out = (enum jobs_outcome)i;
            return true;
        }
    return false;
}

static bool read_text(const struct json *value, char *out, size_t size)
{
    const char *text = json_text(value);

    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_record(const struct json *root, struct jobs_record *out)
{
    int64_t step, steps, tries;

    if (!read_text(json_get(root, "job"), out->id, sizeof(out->id)) ||
        !read_text(
            json_get(root, "reason"), out->reason, sizeof(out->reason)) ||
        !json_whole(
            json_get(root, "execution"), 0, JSON_WHOLE_MAX, &out->number) ||
        !json_whole(json_get(root, "step"), 0, JOBS_STEPS_MOST, &step) ||
        !json_whole(json_get(root, "steps"), 0, JOBS_STEPS_MOST, &steps) ||
        !json_whole(json_get(root, "tries"), 0, 1000, &tries) ||
        !read_outcome(json_get(root, "status"), &out->outcome))
        return false;
    out->step = (size_t)step;
    out->steps = (size_t)steps;
    out->tries = (unsigned)tries;
    return true;
}

void jobs_record_read(const char *path, struct jobs_record *out)
{
    const struct json_limits limits = {BYTES, 2};
    struct jobs_record found = {.id = ""};
    struct json *root = NULL;
    char *text;
    size_t len;
    enum err e;

    *out = found;
    e = file_read(path, BYTES, &text, &len);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_error(
            MODULE, "cannot read file=%s reason=\"%s\"", path, strerror(errno));
    if (e != ERR_OK)
        return;
    if (json_parse(text, len, limits, &root) == ERR_OK &&
        read_record(root, &found))
        *out = found;
    else
        log_error(MODULE, "this is no record of a job file=%s", path);
    json_free(root);
    free(text);
}

static char *print(const struct jobs_record *record)
{
    struct json *root = json_new_object();
    char *text = NULL;

    if (root != NULL &&
        json_set(root, "job", json_new_string(record->id)) == ERR_OK &&
        json_set(root, "execution", json_new_number((double)record->number)) ==
            ERR_OK &&
        json_set(root, "step", json_new_number((double)record->step)) ==
            ERR_OK &&
        json_set(root, "steps", json_new_number((double)record->steps)) ==
            ERR_OK &&
        json_set(root, "tries", json_new_number(record->tries)) == ERR_OK &&
        json_set(root, "status", json_new_string(names[record->outcome])) ==
            ERR_OK &&
        json_set(root, "reason", json_new_string(record->reason)) == ERR_OK)
        text = json_print(root);
    json_free(root);
    return text;
}

enum err jobs_record_keep(const char *path, const struct jobs_record *record)
{
    char *text = print(record);
    enum err e;

    if (text == NULL)
        return ERR_NO_MEMORY;
    e = file_replace(path, text, strlen(text));
    if (e != ERR_OK)
        log_error(MODULE, "cannot write file=%s reason=\"%s\"", path,
            strerror(errno));
    free(text);
    return e;
}

/* When a power cut brings it back, the cloud says that it knows. */
void jobs_record_forget(const char *path)
{
    (void)unlink(path); /* not there is as good */
}
