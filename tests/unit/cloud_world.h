/* cloud_world.h - the world of the mock cloud in a unit test: time stands
 * still until it is moved, random bytes count up, and what the cloud publishes
 * is written down, one line a message: "[to ]topic payload". */

#ifndef TESTS_CLOUD_WORLD_H
#define TESTS_CLOUD_WORLD_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/seam.h"

#define WORLD_NOW_MS  1591142747000
#define WORLD_LOG_MAX (256 * 1024)

struct world {
    int64_t now_ms;
    unsigned char random;
    char said[WORLD_LOG_MAX];
    size_t said_len;
    char kicked[300]; /* client ids, each followed by a blank */
};

static inline int64_t world_now_ms(void *context)
{
    const struct world *world = context;

    return world->now_ms;
}

static inline enum err world_random(void *context, void *bytes, size_t len)
{
    struct world *world = context;

    memset(bytes, world->random++, len);
    return ERR_OK;
}

static inline void world_publish(
    void *context, const struct seam_message *message)
{
    struct world *world = context;
    int written = snprintf(world->said + world->said_len,
        WORLD_LOG_MAX - world->said_len, "%s%s%s %.*s\n",
        message->to == NULL ? "" : message->to, message->to == NULL ? "" : " ",
        message->topic, (int)message->len, (const char *)message->payload);

    if (written < 0 || (size_t)written >= WORLD_LOG_MAX - world->said_len)
        abort();
    world->said_len += (size_t)written;
}

static inline void world_kick(void *context, const char *client)
{
    struct world *world = context;

    size_t len = strlen(world->kicked);

    (void)snprintf(
        world->kicked + len, sizeof(world->kicked) - len, "%s ", client);
}

static inline struct seam world_seam(struct world *world)
{
    return (struct seam){
        world, world_now_ms, world_random, world_publish, world_kick};
}

static inline void world_begin(struct world *world)
{
    world->now_ms = WORLD_NOW_MS;
    world->random = 0;
    world->said[0] = '\0';
    world->said_len = 0;
    world->kicked[0] = '\0';
}

/* What was said since the last call; lent until the cloud speaks again. */
static inline const char *world_said(struct world *world)
{
    world->said_len = 0;
    return world->said;
}

/* Nothing was said since the last call? */
static inline void world_forget(struct world *world)
{
    world->said_len = 0;
    world->said[0] = '\0';
}

#endif
