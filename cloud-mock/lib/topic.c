/* topic.c - levels are what stands between slashes; an empty one counts. */

#include "cloud-mock/lib/topic.h"

#include <stdio.h>
#include <string.h>

#define ALPHABET                                                               \
    "abcdefghijklmnopqrstuvwxyz"                                               \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-"

struct level {
    const char *text;
    size_t len;
};

/* Take the first level off *rest, which becomes NULL after the last. */
static bool take(const char **rest, struct level *level)
{
    if (*rest == NULL)
        return false;
    level->text = *rest;
    level->len = strcspn(*rest, "/");
    *rest = (*rest)[level->len] == '/' ? *rest + level->len + 1 : NULL;
    return true;
}

static bool level_is(struct level level, const char *text)
{
    return level.len == strlen(text) &&
        memcmp(level.text, text, level.len) == 0;
}

size_t topic_slashes(const char *topic)
{
    size_t count = 0;

    for (; *topic != '\0'; topic++)
        count += *topic == '/';
    return count;
}

bool topic_has_wildcard(const char *topic)
{
    return strpbrk(topic, "+#") != NULL;
}

bool topic_begins_with(const char *topic, const char *prefix)
{
    return strncmp(topic, prefix, strlen(prefix)) == 0;
}

static bool is_name(const char *text, size_t len, size_t max, bool dollar)
{
    if (len == 0 || len > max)
        return false;
    for (size_t i = 0; i < len; i++)
        if (strchr(ALPHABET, text[i]) == NULL && !(dollar && text[i] == '$'))
            return false;
    return true;
}

bool topic_is_thing_name(const char *name)
{
    return is_name(name, strlen(name), TOPIC_THING_MAX, false);
}

bool topic_is_shadow_name(const char *name)
{
    return is_name(name, strlen(name), TOPIC_SHADOW_NAME_MAX, true);
}

static bool level_matches(
    struct level level, struct level wanted, const char *thing)
{
    if (level_is(wanted, "%t"))
        return level_is(level, thing);
    if (level_is(wanted, "%s"))
        return is_name(level.text, level.len, TOPIC_SHADOW_NAME_MAX, true);
    return level.len == wanted.len &&
        memcmp(level.text, wanted.text, level.len) == 0;
}

bool topic_matches(const char *topic, const char *pattern, const char *thing)
{
    struct level level, wanted;

    while (take(&pattern, &wanted))
        if (!take(&topic, &level) || !level_matches(level, wanted, thing))
            return false;
    return topic == NULL;
}

static bool read_operation(
    struct level level, enum topic_shadow_operation *operation)
{
    if (level_is(level, "get"))
        *operation = TOPIC_SHADOW_GET;
    else if (level_is(level, "update"))
        *operation = TOPIC_SHADOW_UPDATE;
    else if (level_is(level, "delete"))
        *operation = TOPIC_SHADOW_DELETE;
    else
        return false;
    return true;
}

/* "name/<s>/" or nothing, then the operation. */
static bool read_shadow_tail(const char *rest, struct topic_shadow *out)
{
    struct level level;

    out->name[0] = '\0';
    if (!take(&rest, &level))
        return false;
    if (level_is(level, "name")) {
        if (!take(&rest, &level) ||
            !is_name(level.text, level.len, TOPIC_SHADOW_NAME_MAX, true))
            return false;
        snprintf(
            out->name, sizeof(out->name), "%.*s", (int)level.len, level.text);
        if (!take(&rest, &level))
            return false;
    }
    return read_operation(level, &out->operation) && rest == NULL;
}

/* "$aws/things/<t>/<service>/" and something: what follows, or NULL. */
static const char *read_thing(
    const char *topic, const char *service, char thing[TOPIC_THING_SIZE])
{
    const char *rest = topic;
    struct level level;

    if (!take(&rest, &level) || !level_is(level, "$aws") ||
        !take(&rest, &level) || !level_is(level, "things") ||
        !take(&rest, &level) ||
        !is_name(level.text, level.len, TOPIC_THING_MAX, false))
        return NULL;
    snprintf(thing, TOPIC_THING_SIZE, "%.*s", (int)level.len, level.text);
    return take(&rest, &level) && level_is(level, service) ? rest : NULL;
}

bool topic_read_shadow(const char *topic, struct topic_shadow *out)
{
    const char *rest = read_thing(topic, "shadow", out->thing);

    return rest != NULL && read_shadow_tail(rest, out);
}

static bool is_job_id(const char *text, size_t len)
{
    return is_name(text, len, TOPIC_JOB_MAX, false) &&
        memchr(text, ':', len) == NULL;
}

bool topic_is_job_id(const char *id)
{
    return is_job_id(id, strlen(id));
}

static enum topic_jobs_operation read_jobs_tail(
    const char *rest, char job[TOPIC_JOB_SIZE])
{
    struct level first, last;

    if (!take(&rest, &first))
        return TOPIC_JOBS_UNKNOWN;
    if (rest == NULL && level_is(first, "get"))
        return TOPIC_JOBS_PENDING;
    if (rest == NULL && level_is(first, "start-next"))
        return TOPIC_JOBS_START_NEXT;
    if (!take(&rest, &last) || rest != NULL ||
        !(is_job_id(first.text, first.len) || level_is(first, "$next")))
        return TOPIC_JOBS_UNKNOWN;
    snprintf(job, TOPIC_JOB_SIZE, "%.*s", (int)first.len, first.text);
    if (level_is(last, "get"))
        return TOPIC_JOBS_DESCRIBE;
    return level_is(last, "update") && job[0] != '$' ? TOPIC_JOBS_UPDATE
                                                     : TOPIC_JOBS_UNKNOWN;
}

bool topic_read_jobs(const char *topic, struct topic_jobs *out)
{
    const char *rest = read_thing(topic, "jobs", out->thing);

    out->job[0] = '\0';
    if (rest == NULL)
        return false;
    out->operation = read_jobs_tail(rest, out->job);
    return true;
}
