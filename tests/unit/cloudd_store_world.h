/* cloudd_store_world.h - a store of cloudd's in a folder of its own. */

#ifndef CLOUDD_STORE_WORLD_H
#define CLOUDD_STORE_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloudd/store.h"
#include "cmocka_all.h"
#include "core/json.h"

struct world {
    struct store *store;
    char folder[64], path[80];
};

static inline int set_up(void **state)
{
    static struct world world;

    world = (struct world){.folder = "/tmp/cloudd-store-XXXXXX"};
    *state = &world;
    if (mkdtemp(world.folder) == NULL)
        return 1;
    (void)snprintf(world.path, sizeof(world.path), "%s/s", world.folder);
    return store_open(world.path, &world.store) != ERR_OK;
}

static inline int tear_down(void **state)
{
    struct world *w = *state;
    char other[96];

    store_close(w->store);
    (void)unlink(w->path);
    (void)snprintf(other, sizeof(other), "%s-wal", w->path);
    (void)unlink(other);
    (void)snprintf(other, sizeof(other), "%s-shm", w->path);
    (void)unlink(other);
    return rmdir(w->folder);
}

static inline void reopen(struct world *w)
{
    store_close(w->store);
    w->store = NULL;
    assert_int_equal(store_open(w->path, &w->store), ERR_OK);
}

static inline struct json *parse(const char *text)
{
    struct json *json = NULL;

    assert_int_equal(
        json_parse(text, strlen(text), (struct json_limits){100000, 10}, &json),
        ERR_OK);
    return json;
}

#endif
