/* outbox.c - opening, closing, and the figures.  What comes in is in
 * outbox_put.c, what goes out in outbox_drain.c, what becomes durable in
 * outbox_commit.c. */

#include "cloud/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_inside.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE        "outbox"
#define COMMITS_PER_S 100

static struct outbox_now port_now(void *context)
{
    (void)context;
    return (struct outbox_now){port_wall_ms(), port_monotonic_ms()};
}

int64_t outbox_clock_now(struct outbox *ob)
{
    return outbox_clock_ms(&ob->state.clock, ob->now(ob->context));
}

/* --- opening ----------------------------------------------------------------
 */

static void copy_classes(
    struct outbox *ob, const struct outbox_options *options)
{
    static const char *const built_in[] = {
        OUTBOX_EVENT, OUTBOX_TELEMETRY, OUTBOX_CRITICAL};

    for (size_t i = 0; i < 3; i++)
        ob->classes[i] = outbox_class_default(built_in[i]);
    ob->class_count = 3;
    for (size_t i = 0; i < options->class_count; i++) {
        size_t at = 0;

        while (at < ob->class_count &&
            strcmp(ob->classes[at].name, options->classes[i].name) != 0)
            at++;
        if (at == OUTBOX_CONFIGURED)
            continue;
        ob->classes[at] = options->classes[i];
        ob->class_count += at == ob->class_count;
    }
}

void outbox_close_queues(struct outbox *ob)
{
    for (size_t i = 0; i < ob->queue_count; i++)
        outbox_queue_close(&ob->queues[i]);
    ob->queue_count = 0;
}

static enum err add_queue(
    struct outbox *ob, const struct outbox_class *class, int number)
{
    enum err e = outbox_queue_open(&ob->queues[ob->queue_count], class,
        (unsigned)number, &ob->state.classes[number]);

    if (e == ERR_OK)
        ob->queue_count++;
    return e;
}

/* What is configured first, then what a class left that no longer is. */
enum err outbox_adopt(struct outbox *ob)
{
    struct outbox_now now = ob->now(ob->context);
    unsigned used = 0;
    enum err e = ERR_OK;

    ob->file = outbox_file_identify(ob->path);
    outbox_close_queues(ob);
    outbox_streams_forget(ob->streams);
    outbox_clock_start(&ob->state.clock, now);
    for (size_t i = 0; i < ob->class_count && e == ERR_OK; i++) {
        int number = outbox_state_class(&ob->state, ob->classes[i].name, used);

        if (number < 0) {
            log_error(MODULE,
                "no room for class=%s until the file has sent"
                " what other classes left",
                ob->classes[i].name);
            continue;
        }
        used |= 1U << number;
        e = add_queue(ob, &ob->classes[i], number);
    }
    for (int i = 0; i < OUTBOX_CLASSES && e == ERR_OK; i++) {
        struct outbox_class left =
            outbox_class_default(ob->state.classes[i].name);

        if ((used >> i & 1) == 0 && ob->state.classes[i].load.messages > 0)
            e = add_queue(ob, &left, i);
    }
    return e;
}

static enum err open_store(struct outbox *ob, const char *path)
{
    enum err e = outbox_store_open(path, ob->wear, &ob->state, &ob->store);

    if (e == ERR_AGAIN) /* also a kernel that is out of locks for a moment */
        e = outbox_store_open(path, ob->wear, &ob->state, &ob->store);
    if (e == ERR_IO && !outbox_file_is_misplaced(path)) {
        log_error(MODULE,
            "starting without a store; nothing is stored until"
            " the disk takes it file=%s",
            path);
        ob->failing = true;
        return ERR_OK;
    }
    if (e == ERR_OK)
        ob->reserved = outbox_file_reserve(path);
    return e;
}

enum err outbox_open(const struct outbox_options *options, struct outbox **out)
{
    struct outbox *ob = calloc(1, sizeof(*ob));
    enum err e = ERR_NO_MEMORY;

    if (ob == NULL)
        return e;
    ob->limits =
        (struct outbox_load){options->limit_messages, options->limit_bytes};
    ob->now = options->now != NULL ? options->now : port_now;
    ob->context = options->context;
    copy_classes(ob, options);
    ob->pace = outbox_pace_begin(
        options->commits_per_s > 0 ? options->commits_per_s : COMMITS_PER_S,
        options->day_bytes, ob->now(ob->context).monotonic_ms);
    ob->path = strdup(options->path);
    ob->streams = outbox_streams_new();
    if (ob->path == NULL || ob->streams == NULL)
        goto fail;
    e = outbox_wear_new(&ob->wear);
    if (e != ERR_OK)
        goto fail;
    outbox_clock_start(&ob->state.clock, ob->now(ob->context));
    e = open_store(ob, ob->path);
    if (e == ERR_OK)
        e = outbox_adopt(ob);
    if (e != ERR_OK)
        goto fail;
    *out = ob;
    return ERR_OK;

fail:
    ob->needs_commit = false;
    outbox_close(ob);
    return e;
}

void outbox_close(struct outbox *ob)
{
    if (ob == NULL)
        return;
    if (ob->store != NULL && outbox_commit(ob) != ERR_OK)
        log_error(MODULE, "closed without storing its last messages");
    outbox_close_queues(ob);
    outbox_store_close(ob->store);
    outbox_wear_free(ob->wear);
    outbox_streams_free(ob->streams);
    free(ob->path);
    free(ob);
}

/* --- what it knows ----------------------------------------------------------
 */

const char *outbox_store_name(const struct outbox *ob)
{
    return ob->state.name;
}

uint64_t outbox_next_id(const struct outbox *ob)
{
    return ob->state.next_id;
}

bool outbox_needs_commit(const struct outbox *ob)
{
    return ob->needs_commit;
}

struct outbox_queue *outbox_queue_of(struct outbox *ob, uint64_t id)
{
    for (size_t i = 0; i < ob->queue_count; i++)
        if (ob->queues[i].number == id >> OUTBOX_CLASS_SHIFT)
            return &ob->queues[i];
    return NULL;
}

struct outbox_queue *outbox_queue_named(struct outbox *ob, const char *name)
{
    for (size_t i = 0; i < ob->queue_count; i++)
        if (strcmp(ob->queues[i].rules.name, name) == 0)
            return &ob->queues[i];
    return NULL;
}

static void add_figures(
    struct outbox_figures *f, const struct outbox_tally *tally)
{
    struct outbox_class_figures *c = &f->classes[f->class_count++];

    memcpy(c->name, tally->name, sizeof(c->name));
    c->queued = tally->load.messages;
    c->queued_bytes = tally->load.bytes;
    c->refused = tally->refused;
    f->queued += c->queued;
    f->queued_bytes += c->queued_bytes;
    for (int i = 0; i < OUTBOX_DROPS; i++) {
        c->dropped[i] = tally->dropped[i];
        f->dropped += tally->dropped[i];
    }
}

struct outbox_figures outbox_figures(const struct outbox *ob)
{
    struct outbox_wear_figures wear = outbox_wear_figures(ob->wear);
    uint64_t since = wear.written - ob->counted;
    struct outbox_figures f = {.written = ob->state.written + since,
        .written_today = ob->state.written_today + since,
        .day_bytes = ob->pace.budget_bytes,
        .syncs = wear.syncs,
        .accepted = ob->accepted,
        .set_aside = ob->state.set_aside,
        .failing = ob->failing};

    for (size_t i = 0; i < OUTBOX_CLASSES; i++)
        if (ob->state.classes[i].name[0] != '\0')
            add_figures(&f, &ob->state.classes[i]);
    return f;
}
