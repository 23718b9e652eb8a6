/* telemetry.c */

#include "device/telemetry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/telemetry_figures.h"
#include "ports/port.h"

#define MODULE        "telemetry"
#define TOPIC_BYTES   257          /* AWS: 256, and a NUL */
#define PAYLOAD_BYTES (128 * 1024) /* AWS */
#define STREAM_BYTES  64
#define FIGURES       "$telemetry" /* no application can emit to it */
#define FIRST_MS      2000 /* long enough for a rate, short for who waits */

struct telemetry {
    struct session *session;
    struct loop *loop;
    char *thing;
    char *disk_folder;
    uint64_t interval_ms;
    struct telemetry_reading last;
    struct loop_timer *timer;
    bool complained; /* since the last figures that were stored */
};

/* "nameplate/<t>/<rest>" */
static enum err make_topic(
    const struct telemetry *t, const char *rest, char topic[TOPIC_BYTES])
{
    int len = snprintf(topic, TOPIC_BYTES, "nameplate/%s/%s", t->thing, rest);

    return len >= 0 && len < TOPIC_BYTES ? ERR_OK : ERR_TOO_BIG;
}

/* --- machine figures ------------------------------------------------------ */

static void read_machine(
    const struct telemetry *t, struct telemetry_reading *reading)
{
    reading->monotonic_ms = port_monotonic_ms();
    port_machine_read(t->disk_folder, &reading->machine);
}

static enum err add_envelope(struct telemetry *t, struct json *object)
{
    struct session_status status = session_status(t->session);
    uint64_t seq = session_next_seq(t->session);
    enum err e =
        json_set(object, "ts", json_new_number((double)port_wall_ms()));

    if (e == ERR_OK)
        e = json_set(object, "seq", json_new_number((double)seq));
    if (e == ERR_OK)
        e = json_set(object, "outbox_messages",
            json_new_number((double)status.outbox.queued));
    return e;
}

static enum err send_figures(
    struct telemetry *t, const struct telemetry_reading *now)
{
    struct json *object = json_new_object();
    char topic[TOPIC_BYTES];
    char *text = NULL;
    enum err e = object == NULL ? ERR_NO_MEMORY : add_envelope(t, object);

    if (e == ERR_OK)
        e = telemetry_figures(&t->last, now, object);
    if (e == ERR_OK)
        e = make_topic(t, "telemetry", topic);
    if (e == ERR_OK) {
        text = json_print(object);
        e = text == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    if (e == ERR_OK)
        e = session_send(t->session,
            &(struct session_letter){.topic = topic,
                .payload = text,
                .len = strlen(text),
                .class = OUTBOX_TELEMETRY,
                .stream = FIGURES});
    free(text);
    json_free(object);
    return e;
}

static void start_timer(struct telemetry *t, uint64_t delay_ms);

static void on_timer(void *context)
{
    struct telemetry *t = context;
    struct telemetry_reading now;
    enum err e;

    t->timer = NULL;
    read_machine(t, &now);
    e = send_figures(t, &now);
    t->last = now;
    if (e != ERR_OK && !t->complained)
        log_error(MODULE, "figures are lost reason=%s", err_name(e));
    t->complained = e != ERR_OK;
    start_timer(t, t->interval_ms);
}

static void start_timer(struct telemetry *t, uint64_t delay_ms)
{
    t->timer = loop_timer_start(t->loop, delay_ms, on_timer, t);
    if (t->timer == NULL)
        log_error(MODULE, "out of memory: no more figures");
}

/* --- what applications emit ----------------------------------------------- */

static bool is_stream(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(name);

    return len >= 1 && len <= STREAM_BYTES && strspn(name, allowed) == len;
}

/* {"ts":<ms>,"seq":<n>,"data":<data>}, to be freed by the caller. */
static enum err print_emission(
    uint64_t seq, const struct json *data, char **out, size_t *len)
{
    char *inner = json_print(data);
    size_t size = inner == NULL ? 0 : strlen(inner) + 100;
    char *text = inner == NULL ? NULL : malloc(size);
    enum err e = ERR_NO_MEMORY;

    if (text == NULL)
        goto free_inner;
    *len = (size_t)snprintf(text, size,
        "{\"ts\":%" PRId64 ",\"seq\":%" PRIu64 ",\"data\":%s}", port_wall_ms(),
        seq, inner);
    e = *len > PAYLOAD_BYTES ? ERR_TOO_BIG : ERR_OK;
    if (e == ERR_OK)
        *out = text;
    else
        free(text);
free_inner:
    free(inner);
    return e;
}

enum err telemetry_emit(
    struct telemetry *t, const struct telemetry_emission *emission)
{
    char rest[STREAM_BYTES + 8], topic[TOPIC_BYTES];
    char *text;
    size_t len;
    enum err e;

    if (!is_stream(emission->stream) || emission->data == NULL)
        return ERR_INVALID;
    (void)snprintf(rest, sizeof(rest), "stream/%s", emission->stream);
    e = make_topic(t, rest, topic);
    if (e == ERR_OK)
        e = print_emission(
            session_next_seq(t->session), emission->data, &text, &len);
    if (e != ERR_OK)
        return e;
    e = session_send(t->session,
        &(struct session_letter){.topic = topic,
            .payload = text,
            .len = len,
            .class = emission->class,
            .stream = emission->stream,
            .or_busy = emission->or_busy,
            .stored = emission->stored,
            .context = emission->context});
    free(text);
    return e;
}

/* --- life ----------------------------------------------------------------- */

enum err telemetry_new(
    const struct telemetry_options *options, struct telemetry **out)
{
    struct telemetry *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return ERR_NO_MEMORY;
    t->session = options->session;
    t->loop = options->loop;
    t->interval_ms = options->interval_ms;
    t->thing = strdup(options->thing);
    t->disk_folder = strdup(options->disk_folder);
    if (t->thing == NULL || t->disk_folder == NULL)
        goto fail;
    if (t->interval_ms > 0) {
        read_machine(t, &t->last);
        start_timer(t, t->interval_ms < FIRST_MS ? t->interval_ms : FIRST_MS);
        if (t->timer == NULL)
            goto fail;
    }
    *out = t;
    return ERR_OK;

fail:
    telemetry_free(t);
    return ERR_NO_MEMORY;
}

void telemetry_free(struct telemetry *t)
{
    if (t == NULL)
        return;
    loop_timer_cancel(t->timer);
    free(t->disk_folder);
    free(t->thing);
    free(t);
}
