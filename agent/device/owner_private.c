/* owner_private.c */

#include "device/owner_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"
#include "core/patch.h"
#include "core/watchers.h"
#include "device/owner_file.h"

#define MODULE     "private"
#define MARK       "nameplate:private"
#define FILE_BYTES (4 * OWNER_PRIVATE_BYTES)

struct owner_private {
    struct loop *loop;
    char *path;
    struct json *names; /* an object whose keys are the private properties */
    struct json *desired, *reported;
    int64_t version; /* of the wishes, since the start */
    struct watchers watchers;
    struct loop_timer *tell, *tell_report;
    owner_private_reported *on_report;
    void *report_context;
};

/* --- the file --------------------------------------------------------------
 */

/* NULL: no memory.  Values are copied. */
static struct json *pair(
    const struct json *desired, const struct json *reported)
{
    struct json *both = json_new_object();

    if (both != NULL &&
        json_set(both, "desired", json_clone(desired)) == ERR_OK &&
        json_set(both, "reported", json_clone(reported)) == ERR_OK)
        return both;
    json_free(both);
    return NULL;
}

static enum err write_file(const struct owner_private *p,
    const struct json *desired, const struct json *reported)
{
    struct json *both = pair(desired, reported);
    char *text = both == NULL ? NULL : json_print(both);
    enum err e = ERR_NO_MEMORY;

    if (text != NULL) {
        e = owner_file_replace(p->path, text, strlen(text));
        if (e != ERR_OK)
            log_error(MODULE, "cannot write path=\"%s\" reason=\"%s\"", p->path,
                strerror(errno));
        explicit_bzero(text, strlen(text));
    }
    free(text);
    json_free(both);
    return e;
}

static struct json *detach_object(struct json *both, const char *key)
{
    struct json *value = json_detach(both, key);

    if (json_is_object(value))
        return value;
    json_free(value);
    return json_new_object();
}

static enum err read_file(struct owner_private *p)
{
    static const struct json_limits limits = {
        FILE_BYTES, OWNER_PRIVATE_DEPTH + 2};
    struct json *both = NULL;
    char *text = NULL;
    size_t len = 0;
    enum err e = file_read(p->path, FILE_BYTES, &text, &len);

    if (e == ERR_OK)
        e = json_parse(text, len, limits, &both);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_warning(MODULE,
            "private settings are damaged, and gone path=\"%s\""
            " reason=%s",
            p->path, err_name(e));
    if (text != NULL)
        explicit_bzero(text, len);
    free(text);
    p->desired = detach_object(both, "desired");
    p->reported = detach_object(both, "reported");
    json_free(both);
    return p->desired == NULL || p->reported == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* --- telling ---------------------------------------------------------------
 */

static void on_tell(void *context)
{
    struct owner_private *p = context;
    struct json *difference = NULL;

    p->tell = NULL;
    if (patch_between(p->desired, p->reported, &difference) != ERR_OK) {
        log_error(MODULE, "out of memory: nobody was told of a wish");
        return;
    }
    watchers_tell(&p->watchers, difference, p->version);
    json_free(difference);
}

static void tell_soon(struct owner_private *p)
{
    if (p->tell == NULL)
        p->tell = loop_timer_start(p->loop, 0, on_tell, p);
    if (p->tell == NULL)
        log_error(MODULE, "out of memory: nobody is told of a wish");
}

static void tell_everybody(struct owner_private *p)
{
    if (watchers_mark(&p->watchers))
        tell_soon(p);
}

static void on_tell_report(void *context)
{
    struct owner_private *p = context;

    p->tell_report = NULL;
    if (p->on_report != NULL)
        p->on_report(p->report_context, p->reported);
}

enum err owner_private_watch(
    struct owner_private *p, owner_private_wished *callback, void *context)
{
    enum err e;

    if (json_count(p->names) == 0)
        return ERR_OK;
    e = watchers_add(&p->watchers, callback, context, true);
    if (e == ERR_OK)
        tell_soon(p);
    return e;
}

void owner_private_unwatch(struct owner_private *p, const void *context)
{
    watchers_remove(&p->watchers, context);
}

void owner_private_on_report(
    struct owner_private *p, owner_private_reported *callback, void *context)
{
    p->on_report = callback;
    p->report_context = context;
}

/* --- changing --------------------------------------------------------------
 */

bool owner_private_is_one(const struct owner_private *p, const char *key)
{
    return json_get(p->names, key) != NULL;
}

static enum err check(const struct owner_private *p, const struct json *patch)
{
    if (!json_is_object(patch) || json_depth(patch) > OWNER_PRIVATE_DEPTH ||
        patch_has_null_in_array(patch))
        return ERR_INVALID;
    for (const struct json *m = json_first(patch); m != NULL; m = json_next(m))
        if (!owner_private_is_one(p, json_key(m)))
            return ERR_INVALID;
    return ERR_OK;
}

static enum err check_size(const struct json *section)
{
    char *text = json_print(section);
    enum err e = ERR_NO_MEMORY;

    if (text == NULL)
        return e;
    e = strlen(text) > OWNER_PRIVATE_BYTES ? ERR_TOO_BIG : ERR_OK;
    explicit_bzero(text, strlen(text));
    free(text);
    return e;
}

/* The section that becomes *out, in which the patch is merged. */
static enum err merge(const struct owner_private *p, const struct json *section,
    const struct json *patch, struct json **out)
{
    struct json *merged = NULL;
    enum err e = check(p, patch);

    if (e == ERR_OK)
        e = patch_apply(section, patch, &merged);
    if (e == ERR_OK)
        e = check_size(merged);
    if (e == ERR_OK)
        *out = merged;
    else
        json_free(merged);
    return e;
}

enum err owner_private_set(struct owner_private *p, const struct json *patch)
{
    struct json *merged;
    enum err e = merge(p, p->desired, patch, &merged);

    if (e != ERR_OK)
        return e;
    e = write_file(p, merged, p->reported);
    if (e != ERR_OK) {
        json_free(merged);
        return e;
    }
    json_free(p->desired);
    p->desired = merged;
    p->version++;
    tell_everybody(p);
    return ERR_OK;
}

enum err owner_private_report(struct owner_private *p, const struct json *patch)
{
    struct json *merged;
    enum err e = merge(p, p->reported, patch, &merged);

    if (e != ERR_OK)
        return e;
    if (json_equal(merged, p->reported)) {
        json_free(merged);
        return ERR_OK;
    }
    e = write_file(p, p->desired, merged);
    if (e != ERR_OK) {
        json_free(merged);
        return e;
    }
    json_free(p->reported);
    p->reported = merged;
    tell_everybody(p);
    if (p->tell_report == NULL)
        p->tell_report = loop_timer_start(p->loop, 0, on_tell_report, p);
    return ERR_OK;
}

enum err owner_private_wipe(struct owner_private *p)
{
    struct json *desired = json_new_object(), *reported = json_new_object();

    if (desired == NULL || reported == NULL) {
        json_free(desired);
        json_free(reported);
        return ERR_NO_MEMORY;
    }
    json_free(p->desired);
    json_free(p->reported);
    p->desired = desired;
    p->reported = reported;
    p->version++;
    tell_everybody(p);
    return unlink(p->path) == 0 || errno == ENOENT ? ERR_OK : ERR_IO;
}

struct json *owner_private_state(const struct owner_private *p)
{
    return pair(p->desired, p->reported);
}

/* --- life ------------------------------------------------------------------
 */

static enum err find_names(struct owner_private *p, const struct json *td)
{
    enum err e = ERR_OK;

    p->names = json_new_object();
    if (p->names == NULL)
        return ERR_NO_MEMORY;
    for (const struct json *m = json_first(json_get(td, "properties"));
         e == ERR_OK && m != NULL; m = json_next(m))
        if (json_is_true(json_get(m, MARK)))
            e = json_set(p->names, json_key(m), json_new_bool(true));
    return e;
}

enum err owner_private_new(struct loop *loop, const struct json *td,
    const char *path, struct owner_private **out)
{
    struct owner_private *p = calloc(1, sizeof(*p));
    enum err e = ERR_NO_MEMORY;

    if (p == NULL)
        return e;
    p->loop = loop;
    p->path = strdup(path);
    if (p->path != NULL)
        e = find_names(p, td);
    if (e == ERR_OK)
        e = read_file(p);
    if (e == ERR_OK)
        *out = p;
    else
        owner_private_free(p);
    return e;
}

void owner_private_free(struct owner_private *p)
{
    if (p == NULL)
        return;
    loop_timer_cancel(p->tell);
    loop_timer_cancel(p->tell_report);
    watchers_clear(&p->watchers);
    json_free(p->names);
    json_free(p->desired);
    json_free(p->reported);
    free(p->path);
    free(p);
}
