/* settings.c */

#include "cloudd/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/intake.h"

static const struct json *state(const struct json *documents, const char *which)
{
    return json_get(json_get(documents, which), "state");
}

bool settings_reported(const struct json *documents)
{
    const struct json *before =
        json_get(state(documents, "previous"), "reported");
    const struct json *after =
        json_get(state(documents, "current"), "reported");

    return after != NULL && (before == NULL || !json_equal(before, after));
}

/* The object, or NULL and freed when it is empty. */
static struct json *unless_empty(struct json *object)
{
    return fields_end(object, json_count(object) > 0);
}

struct json *settings_asked(const struct json *before, const struct json *after)
{
    struct json *out = json_new_object();
    bool ok = true;

    for (struct json *c = json_first(after); c != NULL; c = json_next(c)) {
        const struct json *old = json_get(before, json_key(c));

        if (old == NULL || !json_equal(old, c))
            ok = ok && fields_copy(out, json_key(c), c);
    }
    for (struct json *c = json_first(before); c != NULL; c = json_next(c)) {
        if (json_get(after, json_key(c)) == NULL)
            ok = ok && fields_take(out, json_key(c), json_new_null());
    }
    return ok ? unless_empty(out) : fields_end(out, false);
}

static bool is_so(const struct json *state_, const char *key)
{
    const struct json *wanted = json_get(json_get(state_, "desired"), key);
    const struct json *is = json_get(json_get(state_, "reported"), key);

    return wanted != NULL && is != NULL && json_equal(wanted, is);
}

struct json *settings_applied(
    const struct json *before, const struct json *after)
{
    const struct json *reported = json_get(after, "reported");
    struct json *out = json_new_object();
    bool ok = true;

    for (struct json *c = json_first(reported); c != NULL; c = json_next(c)) {
        const char *key = json_key(c);

        if (is_so(after, key) && !is_so(before, key) &&
            json_get(json_get(before, "desired"), key) != NULL)
            ok = ok && fields_copy(out, key, c);
    }
    return ok ? unless_empty(out) : fields_end(out, false);
}

/* A text cut at `size` may end inside a character: take its beginning away. */
static void end_whole(char *text, size_t size)
{
    size_t len = strnlen(text, size);

    while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0 && ((unsigned char)text[len - 1] & 0x80) != 0)
        len--;
    text[len] = '\0';
}

/* "asked for led = true, speed = 3" */
static void describe(
    char *out, size_t size, const char *verb, const struct json *changes)
{
    int len = snprintf(out, size, "%s", verb);

    for (struct json *c = json_first(changes);
         c != NULL && len > 0 && (size_t)len < size; c = json_next(c)) {
        char *value = json_print(c);

        len += snprintf(out + len, size - (size_t)len, "%s %s = %s",
            c == json_first(changes) ? "" : ",", json_key(c),
            json_is_null(c) || value == NULL ? "(withdrawn)" : value);
        free(value);
    }
    if (len < 0 || (size_t)len >= size)
        end_whole(out, size);
}

/* Takes `changes`; NULL is none. */
static void record(struct app *app, struct store_event event, const char *verb,
    const char *member, struct json *changes)
{
    char text[200];
    struct json *detail;

    if (changes == NULL)
        return;
    describe(text, sizeof(text), verb, changes);
    detail = json_new_object();
    detail = fields_end(detail, fields_take(detail, member, changes));
    event.kind = "setting";
    event.text = text;
    event.detail = detail;
    intake_record(app, &event);
    json_free(detail);
}

void settings_record(struct app *app, const char *thing,
    const struct json *documents, int64_t now_ms)
{
    const struct json *before = state(documents, "previous");
    const struct json *after = state(documents, "current");
    const char *token = json_text(json_get(documents, "clientToken"));
    struct store_event event = {.thing = thing, .ts_ms = now_ms};

    event.who = token != NULL ? cloud_author(app->cloud, token) : NULL;
    record(app, event, "asked for", "asked",
        settings_asked(
            json_get(before, "desired"), json_get(after, "desired")));
    event.who = NULL;
    record(app, event, "the device applied", "applied",
        settings_applied(before, after));
}
