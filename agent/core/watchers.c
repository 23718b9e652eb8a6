/* watchers.c - who is removed while the list is told is only marked, and freed
 * behind the last one. */

#include "core/watchers.h"

#include <stdlib.h>

struct watcher {
    struct watcher *next;
    watchers_callback *callback; /* NULL: removed */
    void *context;
    bool untold;
};

static void free_removed(struct watchers *ws)
{
    struct watcher **link = &ws->first;

    while (*link != NULL) {
        struct watcher *w = *link;

        if (w->callback != NULL) {
            link = &w->next;
            continue;
        }
        *link = w->next;
        free(w);
    }
}

enum err watchers_add(struct watchers *watchers, watchers_callback *callback,
    void *context, bool untold)
{
    struct watcher *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return ERR_NO_MEMORY;
    *w = (struct watcher){watchers->first, callback, context, untold};
    watchers->first = w;
    return ERR_OK;
}

void watchers_remove(struct watchers *watchers, const void *context)
{
    for (struct watcher *w = watchers->first; w != NULL; w = w->next)
        if (w->context == context)
            w->callback = NULL;
    if (!watchers->telling)
        free_removed(watchers);
}

bool watchers_mark(struct watchers *watchers)
{
    for (struct watcher *w = watchers->first; w != NULL; w = w->next)
        w->untold = true;
    return watchers->first != NULL;
}

void watchers_tell(
    struct watchers *watchers, const struct json *value, int64_t version)
{
    watchers->telling = true;
    for (struct watcher *w = watchers->first; w != NULL; w = w->next) {
        if (!w->untold || w->callback == NULL)
            continue;
        w->untold = false;
        w->callback(w->context, value, version);
    }
    watchers->telling = false;
    free_removed(watchers);
}

void watchers_clear(struct watchers *watchers)
{
    for (struct watcher *w = watchers->first; w != NULL; w = w->next)
        w->callback = NULL;
    free_removed(watchers);
}
