/* outbox_world.h - an outbox in a folder of its own, and short words to use it
 * in tests. */

#ifndef TESTS_OUTBOX_WORLD_H
#define TESTS_OUTBOX_WORLD_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cloud/outbox.h"
#include "cmocka_all.h"
#include "folder.h"

struct world {
    struct folder folder;
    char path[500];
    struct outbox_options options;
    struct outbox *ob;
};

static inline enum err try_open(struct world *w)
{
    w->ob = NULL;
    return outbox_open(&w->options, &w->ob);
}

static inline void close_outbox(struct world *w)
{
    outbox_close(w->ob);
    w->ob = NULL;
}

static inline void open_again(struct world *w)
{
    close_outbox(w);
    assert_int_equal(try_open(w), ERR_OK);
}

static inline int set_up(void **state)
{
    static struct world world;

    world = (struct world){.ob = NULL};
    if (folder_make(&world.folder) != 0)
        return 1;
    (void)snprintf(
        world.path, sizeof(world.path), "%s/outbox.db", world.folder.path);
    world.options = (struct outbox_options){
        .path = world.path, .limit_messages = 100000, .limit_bytes = 100000000};
    *state = &world;
    return try_open(&world) != ERR_OK;
}

static inline int tear_down(void **state)
{
    struct world *w = *state;

    outbox_close(w->ob);
    folder_remove(&w->folder);
    return 0;
}

static inline enum err try_put(
    struct world *w, const void *payload, size_t len, uint64_t *id)
{
    const struct outbox_message m = {
        .topic = "t", .payload = payload, .len = len};

    return outbox_put(w->ob, &m, id);
}

static inline uint64_t put(struct world *w, const char *payload)
{
    uint64_t id = 0;

    assert_int_equal(try_put(w, payload, strlen(payload), &id), ERR_OK);
    return id;
}

static inline uint64_t put_number(struct world *w, uint64_t number)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    return put(w, text);
}

static inline void commit(struct world *w)
{
    assert_int_equal(outbox_commit(w->ob), ERR_OK);
}

/* Put and commit. */
static inline uint64_t store(struct world *w, const char *payload)
{
    uint64_t id = put(w, payload);

    commit(w);
    return id;
}

/* Take the next; 0: as a new connection does, from the oldest on.  It must be
 * `payload`; its id comes back. */
static inline uint64_t take(
    struct world *w, uint64_t after, const char *payload)
{
    struct outbox_message m;

    if (after == 0)
        outbox_rewind(w->ob);
    if (!outbox_take(w->ob, &m))
        fail_msg("nothing to take where %s should be", payload);
    assert_int_equal(m.len, strlen(payload));
    assert_memory_equal(m.payload, payload, m.len);
    assert_true(m.id > after);
    return m.id;
}

static inline void assert_nothing_more(struct world *w)
{
    struct outbox_message m;

    assert_false(outbox_take(w->ob, &m));
}

/* How many a new connection would send. */
static inline uint64_t count_all(struct world *w)
{
    struct outbox_message m;
    uint64_t count = 0;

    outbox_rewind(w->ob);
    while (outbox_take(w->ob, &m))
        count++;
    outbox_rewind(w->ob);
    return count;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
