/* link_memory.h - what links have learnt, kept over restarts: which broker had
 * us in last and by which family, and the rhythm (rhythm.h).
 *
 * It is a small file, <folder>/link; one that is missing, broken or of another
 * configuration only means that all is learnt again.  Written when something
 * changed.  On the loop only. */

#ifndef CLOUD_LINK_MEMORY_H
#define CLOUD_LINK_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/brokers.h"
#include "cloud/rhythm.h"
#include "core/err.h"

/* A connection that stands so soon after another died: the network was there,
 * so it was silence that killed it. */
#define LINK_MEMORY_SOON_MS 10000

struct link_memory;

/* A way that led to a broker once. */
struct link_route {
    size_t broker; /* its place among link_options.brokers */
    int family;    /* AF_INET, AF_INET6; 0: nothing is known */
};

struct link_memory_options {
    const char *folder;            /* copied */
    const struct brokers *brokers; /* borrowed for its life */
    struct rhythm_bounds bounds;
};

/* ERR_NO_MEMORY, ERR_TOO_BIG (the folder's name). */
enum err link_memory_new(const struct link_memory_options *options,
    struct link_memory **out) MUST_CHECK;
void link_memory_free(struct link_memory *m); /* NULL is fine */

struct link_route link_memory_route(const struct link_memory *m);
struct rhythm link_memory_rhythm(const struct link_memory *m);
struct rhythm_bounds link_memory_bounds(const struct link_memory *m);

/* The broker had us in (CONNACK), by this route. */
void link_memory_settled(
    struct link_memory *m, const struct link_route *route, int64_t now_ms);
/* What a link has learnt; with `died_of_s` not 0 it did not survive a silence
 * of so many seconds. */
void link_memory_ended(struct link_memory *m, const struct rhythm *rhythm,
    uint16_t died_of_s, int64_t now_ms);

#endif
