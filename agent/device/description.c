/* description.c */

#include "device/description.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "device/description_check.h"

#define MODULE        "description"
#define TOPIC_BYTES   257          /* AWS: 256, and a NUL */
#define PAYLOAD_BYTES (128 * 1024) /* AWS */
#define DEPTH         20
#define PATH_BYTES    4096
#define REMEMBERED    "description.sent"

struct description {
    struct session *session;
    char topic[TOPIC_BYTES];
    char remembered[PATH_BYTES];
    char *text;
    size_t len;
    bool sent; /* `text` is what was stored for sending last */
};

/* --- reading -------------------------------------------------------------- */

static size_t line_of(const char *bytes, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at; i++)
        line += bytes[i] == '\n';
    return line;
}

static enum err parse(
    const char *path, const char *bytes, size_t len, struct json **out)
{
    const struct json_limits limits = {PAYLOAD_BYTES, DEPTH};
    struct json_fault fault = {"", 0};
    struct description_fault wrong;
    struct json *td;
    enum err e = json_parse_or_say(bytes, len, limits, &fault, &td);

    if (e != ERR_OK) {
        log_error(
            MODULE, "%s:%zu: %s", path, line_of(bytes, fault.at), fault.what);
        return e;
    }
    e = description_check(td, &wrong);
    if (e != ERR_OK) {
        log_error(
            MODULE, "%s: %s: expected %s", path, wrong.place, wrong.expected);
        json_free(td);
        return e;
    }
    *out = td;
    return ERR_OK;
}

enum err description_read(const char *path, struct json **out)
{
    char *bytes;
    size_t len;
    enum err e = file_read(path, PAYLOAD_BYTES, &bytes, &len);

    if (e != ERR_OK) {
        log_error(MODULE, "cannot read file=%s reason=\"%s\"", path,
            e == ERR_TOO_BIG ? "larger than 128 KB" : strerror(errno));
        return e;
    }
    e = parse(path, bytes, len, out);
    free(bytes);
    return e;
}

/* --- what the agent adds -------------------------------------------------- */

/* ["https://www.w3.org/2022/wot/td/v1.1", {"nameplate": "urn:nameplate:td#"}],
 * or NULL. */
static struct json *make_context(void)
{
    struct json *context = json_new_array();
    struct json *ours = json_new_object();
    enum err e = context == NULL || ours == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK)
        e = json_set(ours, "nameplate", json_new_string("urn:nameplate:td#"));
    if (e == ERR_OK)
        e = json_append(
            context, json_new_string("https://www.w3.org/2022/wot/td/v1.1"));
    if (e == ERR_OK) {
        e = json_append(context, ours);
        ours = NULL;
    }
    json_free(ours);
    if (e == ERR_OK)
        return context;
    json_free(context);
    return NULL;
}

/* {"nosec":{"scheme":"nosec"}}: the broker authenticates. */
static struct json *make_security(void)
{
    struct json *definitions = json_new_object();
    struct json *nosec = json_new_object();

    if (nosec == NULL ||
        json_set(nosec, "scheme", json_new_string("nosec")) != ERR_OK) {
        json_free(nosec);
        nosec = NULL;
    }
    if (definitions != NULL && json_set(definitions, "nosec", nosec) == ERR_OK)
        return definitions;
    if (definitions == NULL)
        json_free(nosec);
    json_free(definitions);
    return NULL;
}

static enum err add_ours(struct json *td, const char *thing)
{
    char id[TOPIC_BYTES];
    enum err e;

    (void)snprintf(id, sizeof(id), "urn:nameplate:%s", thing);
    e = json_set(td, "@context", make_context());
    if (e == ERR_OK)
        e = json_set(td, "id", json_new_string(id));
    if (e == ERR_OK)
        e = json_set(td, "securityDefinitions", make_security());
    if (e == ERR_OK)
        e = json_set(td, "security", json_new_string("nosec"));
    return e;
}

/* --- sending -------------------------------------------------------------- */

static bool was_sent_before(const struct description *d)
{
    char *bytes;
    size_t len;
    bool same;

    if (file_read(d->remembered, PAYLOAD_BYTES, &bytes, &len) != ERR_OK)
        return false;
    same = len == d->len && memcmp(bytes, d->text, len) == 0;
    free(bytes);
    return same;
}

static void on_stored(void *context, bool stored)
{
    struct description *d = context;

    if (!stored) {
        d->sent = false;
        log_error(MODULE, "not stored; the next connection tries again");
        return;
    }
    if (file_replace(d->remembered, d->text, d->len) != ERR_OK)
        log_warning(MODULE,
            "cannot remember that it was sent file=%s reason=\"%s\"",
            d->remembered, strerror(errno));
}

static void on_state(void *context, bool online, bool session_present)
{
    struct description *d = context;
    enum err e;

    if (!online || (session_present && d->sent))
        return;
    e = session_send(d->session,
        &(struct session_letter){.topic = d->topic,
            .payload = d->text,
            .len = d->len,
            .retain = true,
            .class = OUTBOX_CRITICAL,
            .stream = "$td",
            .stored = on_stored,
            .context = d});
    d->sent = e == ERR_OK;
    if (e != ERR_OK)
        log_error(MODULE, "cannot send it reason=%s", err_name(e));
}

/* --- life ----------------------------------------------------------------- */

static enum err make_text(
    struct description *d, const char *path, const char *thing)
{
    struct json *td;
    enum err e = description_read(path, &td);

    if (e != ERR_OK)
        return e;
    e = add_ours(td, thing);
    if (e == ERR_OK)
        d->text = json_print(td);
    json_free(td);
    if (d->text == NULL)
        return ERR_NO_MEMORY;
    d->len = strlen(d->text);
    if (d->len <= PAYLOAD_BYTES)
        return ERR_OK;
    log_error(MODULE, "%s: %zu bytes with what the agent adds; 128 KB fit",
        path, d->len);
    return ERR_TOO_BIG;
}

static enum err make_names(
    struct description *d, const struct description_options *options)
{
    int topic =
        snprintf(d->topic, sizeof(d->topic), "nameplate/%s/td", options->thing);
    int path = snprintf(d->remembered, sizeof(d->remembered), "%s/" REMEMBERED,
        options->folder);

    return topic < (int)sizeof(d->topic) && path < (int)sizeof(d->remembered)
        ? ERR_OK
        : ERR_TOO_BIG;
}

enum err description_new(
    const struct description_options *options, struct description **out)
{
    struct description *d = calloc(1, sizeof(*d));
    enum err e;

    if (d == NULL)
        return ERR_NO_MEMORY;
    d->session = options->session;
    e = make_names(d, options);
    if (e == ERR_OK)
        e = make_text(d, options->path, options->thing);
    if (e == ERR_OK) {
        d->sent = was_sent_before(d);
        e = session_on_state(d->session, on_state, d);
    }
    if (e != ERR_OK) {
        description_free(d);
        return e;
    }
    *out = d;
    return ERR_OK;
}

void description_free(struct description *d)
{
    if (d == NULL)
        return;
    free(d->text);
    free(d);
}
