/* budget_file.c - {"day":{"number":20783,"in":1,"out":2},"month":{...},
 * "classes":{"event":{"day":1,"month":2}}} */

#include "cloud/budget_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/log.h"

#define MODULE     "budget"
#define FILE_BYTES 8192
#define DEPTH      3

static bool read_count(
    const struct json *object, const char *key, uint64_t *out)
{
    int64_t n;

    if (!json_whole(json_get(object, key), 0, JSON_WHOLE_MAX, &n))
        return false;
    *out = (uint64_t)n;
    return true;
}

static bool read_period(
    const struct json *top, enum budget_period p, struct budget_count *out)
{
    const struct json *period = json_get(top, budget_period_name(p));

    return json_whole(json_get(period, "number"), -JSON_WHOLE_MAX,
               JSON_WHOLE_MAX, &out->period[p]) &&
        read_count(period, "in", &out->in[p]) &&
        read_count(period, "out", &out->out[p]);
}

static bool read_class(const struct json *class, struct budget_count *out)
{
    struct budget_class_figures *f = &out->classes[out->class_count];
    const char *name = json_key(class);

    if (name == NULL || !outbox_class_is_name(name) ||
        out->class_count == OUTBOX_CLASSES)
        return false;
    memcpy(f->name, name, strlen(name) + 1);
    for (int p = 0; p < BUDGET_PERIODS; p++)
        if (!read_count(
                class, budget_period_name((enum budget_period)p), &f->bytes[p]))
            return false;
    out->class_count++;
    return true;
}

static bool read_all(const struct json *top, struct budget_count *out)
{
    const struct json *classes = json_get(top, "classes");

    if (!json_is_object(classes) || !read_period(top, BUDGET_DAY, out) ||
        !read_period(top, BUDGET_MONTH, out))
        return false;
    for (const struct json *c = json_first(classes); c != NULL;
         c = json_next(c))
        if (!read_class(c, out))
            return false;
    return true;
}

void budget_file_read(const char *path, struct budget_count *out)
{
    const struct json_limits limits = {FILE_BYTES, DEPTH};
    struct json *top = NULL;
    char *text = NULL;
    size_t len;
    enum err e = file_read(path, FILE_BYTES, &text, &len);

    *out = (struct budget_count){.class_count = 0};
    if (e == ERR_NOT_FOUND)
        return;
    if (e != ERR_OK || json_parse(text, len, limits, &top) != ERR_OK ||
        !read_all(top, out)) {
        *out = (struct budget_count){.class_count = 0};
        log_warning(MODULE,
            "not usable, counting begins anew file=\"%s\" expected=\"what "
            "this agent wrote\"",
            path);
    }
    json_free(top);
    free(text);
}

/* --- writing -----------------------------------------------------------------
 */

static enum err put(struct json *object, const char *key, uint64_t number)
{
    return json_set(object, key, json_new_number((double)number));
}

static enum err put_period(
    struct json *top, enum budget_period p, const struct budget_count *count)
{
    struct json *period = json_new_object();
    enum err e = json_set(top, budget_period_name(p), period);

    if (e == ERR_OK)
        e = json_set(
            period, "number", json_new_number((double)count->period[p]));
    if (e == ERR_OK)
        e = put(period, "in", count->in[p]);
    return e == ERR_OK ? put(period, "out", count->out[p]) : e;
}

static enum err put_class(
    struct json *classes, const struct budget_class_figures *figures)
{
    struct json *class = json_new_object();
    enum err e = json_set(classes, figures->name, class);

    for (int p = 0; e == ERR_OK && p < BUDGET_PERIODS; p++)
        e = put(class, budget_period_name((enum budget_period)p),
            figures->bytes[p]);
    return e;
}

static enum err put_all(struct json *top, const struct budget_count *count)
{
    struct json *classes;
    enum err e = put_period(top, BUDGET_DAY, count);

    if (e == ERR_OK)
        e = put_period(top, BUDGET_MONTH, count);
    if (e != ERR_OK)
        return e;
    classes = json_new_object();
    e = json_set(top, "classes", classes);
    for (size_t i = 0; e == ERR_OK && i < count->class_count; i++)
        e = put_class(classes, &count->classes[i]);
    return e;
}

enum err budget_file_write(const char *path, const struct budget_count *count)
{
    struct json *top = json_new_object();
    char *text = NULL;
    enum err e = top == NULL ? ERR_NO_MEMORY : put_all(top, count);

    if (e == ERR_OK)
        text = json_print(top);
    if (e == ERR_OK)
        e = text == NULL ? ERR_NO_MEMORY
                         : file_replace(path, text, strlen(text));
    free(text);
    json_free(top);
    return e;
}
