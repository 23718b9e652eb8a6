/* outbox_classes_world.h - an outbox with classes, and a clock of the test's.
 */

#ifndef TESTS_OUTBOX_CLASSES_WORLD_H
#define TESTS_OUTBOX_CLASSES_WORLD_H

#include "outbox_world.h"

struct classes_world {
    struct world world; /* first: tear_down casts */
    struct outbox_class classes[4];
    struct outbox_now now;
};

static inline struct outbox_now tell_now(void *context)
{
    return ((struct classes_world *)context)->now;
}

static inline void pass_ms(struct classes_world *cw, int64_t ms)
{
    cw->now.wall_ms += ms;
    cw->now.monotonic_ms += ms;
}

/* telemetry, event, critical and "bulk", with their defaults. */
static inline int set_up_classes(void **state)
{
    static struct classes_world cw;
    static const char *const names[] = {
        OUTBOX_TELEMETRY, OUTBOX_EVENT, OUTBOX_CRITICAL, "bulk"};

    if (set_up(state) != 0)
        return 1;
    cw.world = *(struct world *)*state;
    cw.now = (struct outbox_now){1790000000000, 1000};
    for (size_t i = 0; i < 4; i++)
        cw.classes[i] = outbox_class_default(names[i]);
    cw.world.options.classes = cw.classes;
    cw.world.options.class_count = 4;
    cw.world.options.now = tell_now;
    cw.world.options.context = &cw;
    *state = &cw;
    open_again(&cw.world);
    return 0;
}

static inline struct outbox_class *rules_of(
    struct classes_world *cw, const char *name)
{
    for (size_t i = 0; i < 4; i++)
        if (strcmp(cw->classes[i].name, name) == 0)
            return &cw->classes[i];
    fail_msg("no class %s", name);
    return NULL;
}

static inline enum err try_put_in(struct classes_world *cw, const char *class,
    const char *payload, bool or_busy)
{
    const struct outbox_message m = {.topic = "t",
        .payload = payload,
        .len = strlen(payload),
        .class = class,
        .stream = class,
        .or_busy = or_busy};
    uint64_t id;

    return outbox_put(cw->world.ob, &m, &id);
}

static inline void put_in(
    struct classes_world *cw, const char *class, const char *payload)
{
    assert_int_equal(try_put_in(cw, class, payload, false), ERR_OK);
}

static inline void put_numbers(
    struct classes_world *cw, const char *class, int first, int last)
{
    for (int i = first; i <= last; i++) {
        char text[16];

        (void)snprintf(text, sizeof(text), "%d", i);
        put_in(cw, class, text);
    }
    commit(&cw->world);
}

/* Take all that may go now: "1 2 3". */
static inline const char *taken(struct classes_world *cw)
{
    static char text[20000];
    struct outbox_message m;
    size_t len = 0;

    text[0] = '\0';
    while (outbox_take(cw->world.ob, &m))
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
            len == 0 ? "" : " ", (int)m.len, (const char *)m.payload);
    return text;
}

/* What a new connection takes at once. */
static inline const char *drained(struct classes_world *cw)
{
    outbox_rewind(cw->world.ob);
    outbox_begin_drain(cw->world.ob);
    return taken(cw);
}

static inline struct outbox_class_figures figures_of(
    struct classes_world *cw, const char *class)
{
    struct outbox_figures f = outbox_figures(cw->world.ob);

    for (size_t i = 0; i < f.class_count; i++)
        if (strcmp(f.classes[i].name, class) == 0)
            return f.classes[i];
    return (struct outbox_class_figures){.queued = 0};
}

#define TEST_CLASSES(f)                                                        \
    cmocka_unit_test_setup_teardown(f, set_up_classes, tear_down)

#endif
