/* surroundings.h - tells when the machine's network changed, when it slept, and
 * when its clock was set.
 *
 * The system's bell (port.h) only means "look": after SURROUNDINGS_SETTLE_MS,
 * in which more may happen, the network as it is then is compared with what it
 * was.  So an interface that flaps is looked at twice a second at the most.
 * Where the system does not tell, that is logged once, and nothing is told. */

#ifndef CLOUD_SURROUNDINGS_H
#define CLOUD_SURROUNDINGS_H

#include "core/err.h"
#include "core/loop.h"
#include "ports/port.h"

#define SURROUNDINGS_SETTLE_MS 500
#define SURROUNDINGS_NAP_MS    2000 /* a shorter sleep is none */

struct surroundings;

enum surroundings_news {
    SURROUNDINGS_STIRRED = 1, /* something happened, maybe to one address */
    SURROUNDINGS_CHANGED = 2, /* the way to the internet is another one */
    SURROUNDINGS_CAME = 4,  /* there is one where there was none, or another */
    SURROUNDINGS_SLEPT = 8, /* the machine did */
    SURROUNDINGS_CLOCK = 16 /* the wall clock jumped, maybe by sleep */
};

/* `news`: one or more of these, on the loop. */
typedef void surroundings_callback(void *context, unsigned news);

/* ERR_NO_MEMORY. */
enum err surroundings_watch(struct loop *loop, surroundings_callback *callback,
    void *context, struct surroundings **out) MUST_CHECK;
void surroundings_free(struct surroundings *s); /* NULL is fine */

/* What is news from one look to the next; STIRRED alone when nothing is. */
unsigned surroundings_compare(
    const struct port_network *before, const struct port_network *after);

#endif
