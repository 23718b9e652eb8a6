/* postroom.c */

#include "cloud/postroom.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/postroom_report.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE        "postroom"
#define FORGETTING_MS 1000
#define REPORT_MS     60000   /* between reports of what was dropped */
#define LOOK_MS       3600000 /* a timer's longest wait */
#define LEAST_MS      100     /* between looks for what is over */
#define TOPIC_BYTES   256
#define NUMBER_BYTES  40
#define OVERHEAD      60

struct waiting {
    session_stored_callback *stored;
    void *context;
};

struct postroom {
    struct loop *loop;
    struct outbox *outbox;
    struct budget *budget;          /* NULL: nobody counts */
    struct mqtt *mqtt;              /* NULL: no connection */
    struct pace pace;               /* of the connection */
    struct loop_timer *commit_soon; /* puts are waiting */
    struct loop_timer *commit_later;
    struct loop_timer *drain; /* a backlog waits for its rate */
    struct loop_timer *sweep; /* something is over then */
    struct waiting *waiting;  /* who hears of the next commit */
    size_t count, room;
    struct outbox_figures logged, told; /* what was dropped */
    struct outbox_figures telling;      /* without an answer so far */
    int64_t logged_ms, told_ms;
    char report_topic[TOPIC_BYTES];
};

enum err postroom_new(struct loop *loop, struct outbox *outbox,
    struct budget *budget, const char *thing, struct postroom **out)
{
    struct postroom *room = calloc(1, sizeof(*room));

    if (room == NULL)
        return ERR_NO_MEMORY;
    room->loop = loop;
    room->outbox = outbox;
    room->budget = budget;
    room->logged = outbox_figures(outbox);
    room->logged_ms = room->told_ms = port_monotonic_ms() - REPORT_MS;
    (void)snprintf(room->report_topic, sizeof(room->report_topic),
        "nameplate/%s/outbox", thing);
    *out = room;
    return ERR_OK;
}

/* --- what was dropped -------------------------------------------------------
 */

static bool is_time(int64_t last_ms)
{
    return port_monotonic_ms() - last_ms >= REPORT_MS;
}

static void log_drops(struct postroom *room, const struct outbox_figures *now)
{
    for (size_t i = 0; i < now->class_count; i++)
        for (int reason = 0; reason < OUTBOX_DROPS; reason++) {
            uint64_t before = i < room->logged.class_count
                ? room->logged.classes[i].dropped[reason]
                : 0;
            uint64_t count = now->classes[i].dropped[reason];

            if (count > before)
                log_warning(MODULE,
                    "dropped messages class=%s reason=%s count=%" PRIu64
                    " in_all=%" PRIu64,
                    now->classes[i].name,
                    outbox_drop_name((enum outbox_drop)reason), count - before,
                    count);
        }
    room->logged = *now;
    room->logged_ms = port_monotonic_ms();
}

static void tell_drops(struct postroom *room, const struct outbox_figures *now)
{
    char text[POSTROOM_REPORT_BYTES];
    const struct mqtt_message message = {.topic = room->report_topic,
        .payload = text,
        .len = postroom_report_print(now, port_wall_ms(), text)};

    if (mqtt_publish(room->mqtt, POSTROOM_REPORT, &message) != ERR_OK)
        return;
    room->telling = *now;
    room->told_ms = port_monotonic_ms();
}

/* At most once a minute each; the first time at once. */
static void report_drops(struct postroom *room)
{
    struct outbox_figures now;
    bool log_now = is_time(room->logged_ms);
    bool tell_now = room->mqtt != NULL && is_time(room->told_ms);

    if (!log_now && !tell_now)
        return;
    now = outbox_figures(room->outbox);
    if (log_now && postroom_report_is_news(&now, &room->logged))
        log_drops(room, &now);
    if (tell_now && postroom_report_is_news(&now, &room->told))
        tell_drops(room, &now);
}

/* --- out and in -------------------------------------------------------------
 */

static void commit_later(struct postroom *room);
static void commit_soon(struct postroom *room);
static void send_next(struct postroom *room);

static void on_drain(void *context)
{
    struct postroom *room = context;

    room->drain = NULL;
    send_next(room);
}

/* docs/protocol.md, "The number of a message".  One property: each costs Paho
 * some five allocations on its threads, and more than two of them a tenth of
 * the throughput. */
static enum err send(struct postroom *room, const struct outbox_message *m)
{
    char id[NUMBER_BYTES];
    const struct mqtt_tag tag = {"id", id};
    const struct mqtt_message message = {.topic = m->topic,
        .payload = m->payload,
        .len = m->len,
        .retain = m->retain,
        .expiry_s = m->expiry_s,
        .tags = &tag,
        .tag_count = 1};

    (void)snprintf(id, sizeof(id), "%s-%s%" PRIu64,
        outbox_store_name(room->outbox), m->seq > 0 ? "" : "x",
        m->seq > 0 ? m->seq : m->id);
    return mqtt_publish(room->mqtt, m->id, &message);
}

/* MQTT's and TLS's headers and the properties, more or less. */
static void count(struct postroom *room, const struct outbox_message *m)
{
    if (room->budget != NULL)
        budget_send(
            room->budget, m->class, strlen(m->topic) + m->len + OVERHEAD);
}

static bool may_send(struct postroom *room, int64_t *wait_ms)
{
    *wait_ms = 0;
    if (mqtt_room_in_window(room->mqtt) == 0)
        return false;
    *wait_ms = pace_wait_ms(&room->pace, port_monotonic_ms());
    return *wait_ms == 0;
}

static void refuse(struct postroom *room, uint64_t id, size_t len)
{
    log_warning(MODULE,
        "a message is larger than the broker takes, dropped id=%" PRIu64
        " bytes=%zu",
        id, len);
    outbox_reject(room->outbox, id);
}

static void send_next(struct postroom *room)
{
    struct outbox_message next;
    int64_t wait_ms;

    if (room->mqtt == NULL)
        return;
    while (may_send(room, &wait_ms) && outbox_take(room->outbox, &next)) {
        uint64_t id = next.id;
        size_t len = next.len;
        enum err e = send(room, &next);

        if (e == ERR_TOO_BIG) {
            refuse(room, id, len);
        } else if (e != ERR_OK) { /* it is ending; the next one sends it */
            outbox_put_back(room->outbox, id);
            return;
        } else {
            pace_spend(&room->pace, len, port_monotonic_ms());
            count(room, &next);
        }
    }
    if (wait_ms == 0)
        wait_ms = outbox_take_wait_ms(room->outbox);
    if (wait_ms > 0 && room->drain == NULL)
        room->drain =
            loop_timer_start(room->loop, (uint64_t)wait_ms, on_drain, room);
    if (outbox_needs_commit(room->outbox))
        commit_later(room);
}

static void watch_the_old(struct postroom *room);

static void on_sweep(void *context)
{
    struct postroom *room = context;

    room->sweep = NULL;
    watch_the_old(room);
}

static void watch_the_old(struct postroom *room)
{
    int64_t left;

    if (room->sweep != NULL)
        return;
    left = outbox_sweep(room->outbox);
    if (outbox_needs_commit(room->outbox))
        commit_later(room);
    if (left == INT64_MAX)
        return;
    left = left < LEAST_MS ? LEAST_MS : left > LOOK_MS ? LOOK_MS : left;
    room->sweep = loop_timer_start(room->loop, (uint64_t)left, on_sweep, room);
}

/* Tell everybody who waits; they may take new letters while being told. */
static void commit(struct postroom *room)
{
    struct waiting *told = room->waiting;
    size_t count = room->count;
    bool stored = outbox_commit(room->outbox) == ERR_OK;

    room->waiting = NULL;
    room->count = room->room = 0;
    for (size_t i = 0; i < count; i++)
        if (told[i].stored != NULL)
            told[i].stored(told[i].context, stored);
    free(told);
    report_drops(room);
    watch_the_old(room);
    send_next(room);
}

static void on_commit_soon(void *context)
{
    struct postroom *room = context;

    room->commit_soon = NULL;
    loop_timer_cancel(room->commit_later);
    room->commit_later = NULL;
    commit(room);
}

static void on_commit_later(void *context)
{
    struct postroom *room = context;

    room->commit_later = NULL;
    if (room->commit_soon == NULL && outbox_needs_commit(room->outbox))
        commit(room);
}

static void commit_soon(struct postroom *room)
{
    if (room->commit_soon == NULL)
        room->commit_soon = loop_timer_start(room->loop,
            (uint64_t)outbox_commit_wait_ms(room->outbox), on_commit_soon,
            room);
}

static void commit_later(struct postroom *room)
{
    int64_t wait_ms;

    if (room->commit_later != NULL || room->commit_soon != NULL)
        return;
    wait_ms = outbox_commit_wait_ms(room->outbox);
    if (wait_ms < FORGETTING_MS)
        wait_ms = FORGETTING_MS;
    room->commit_later =
        loop_timer_start(room->loop, (uint64_t)wait_ms, on_commit_later, room);
}

void postroom_free(struct postroom *room)
{
    if (room == NULL)
        return;
    loop_timer_cancel(room->commit_soon);
    loop_timer_cancel(room->commit_later);
    room->commit_soon = room->commit_later = NULL;
    room->mqtt = NULL;
    commit(room);
    loop_timer_cancel(room->commit_later);
    loop_timer_cancel(room->drain);
    loop_timer_cancel(room->sweep);
    free(room->waiting);
    free(room);
}

static enum err make_room(struct postroom *room)
{
    size_t more = room->room == 0 ? 16 : room->room * 2;
    struct waiting *grown;

    if (room->count < room->room)
        return ERR_OK;
    grown = realloc(room->waiting, more * sizeof(*grown));
    if (grown == NULL)
        return ERR_NO_MEMORY;
    room->waiting = grown;
    room->room = more;
    return ERR_OK;
}

enum err postroom_take(
    struct postroom *room, const struct session_letter *letter)
{
    const struct outbox_message message = {.topic = letter->topic,
        .payload = letter->payload,
        .len = letter->len,
        .retain = letter->retain,
        .class = letter->class,
        .stream = letter->stream,
        .or_busy = letter->or_busy};
    const struct loop_timer *soon = room->commit_soon;
    uint64_t id;
    enum err e = make_room(room);

    if (e != ERR_OK)
        return e;
    commit_soon(room);
    if (room->commit_soon == NULL)
        return ERR_NO_MEMORY;
    e = outbox_put(room->outbox, &message, &id);
    if (e == ERR_AGAIN && soon == NULL) { /* a count can wait */
        loop_timer_cancel(room->commit_soon);
        room->commit_soon = NULL;
        commit_later(room);
    }
    if (e != ERR_OK)
        return e;
    room->waiting[room->count++] =
        (struct waiting){letter->stored, letter->context};
    return ERR_OK;
}

void postroom_pace(struct postroom *room, const struct pace_limits *limits)
{
    room->pace = pace_begin(limits, port_monotonic_ms());
}

void postroom_note_other(struct postroom *room, size_t bytes)
{
    pace_spend(&room->pace, bytes, port_monotonic_ms());
}

void postroom_open(struct postroom *room, struct mqtt *mqtt)
{
    room->mqtt = mqtt;
    room->told_ms = port_monotonic_ms() - REPORT_MS;
    report_drops(room);
    outbox_begin_drain(room->outbox);
    send_next(room);
}

void postroom_shut(struct postroom *room)
{
    room->mqtt = NULL;
    loop_timer_cancel(room->drain);
    room->drain = NULL;
    outbox_rewind(room->outbox);
}

void postroom_set_used(struct postroom *room, unsigned used_percent)
{
    outbox_set_used(room->outbox, used_percent);
    send_next(room);
}

void postroom_answered(struct postroom *room, uint64_t id, bool accepted)
{
    if (id == POSTROOM_REPORT) {
        room->told = room->telling;
    } else if (accepted) {
        outbox_forget(room->outbox, id);
    } else {
        log_warning(MODULE, "the broker refused a message for ever id=%llu",
            (unsigned long long)id);
        outbox_reject(room->outbox, id);
    }
    if (outbox_commit_is_due(room->outbox))
        commit_soon(room);
    else
        commit_later(room);
    send_next(room);
}
