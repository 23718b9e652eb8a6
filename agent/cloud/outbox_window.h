/* outbox_window.h - the newest messages of one class, in memory, so that
 * sending what was just put needs no look at the disk.  Bounded. */

#ifndef CLOUD_OUTBOX_WINDOW_H
#define CLOUD_OUTBOX_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/outbox.h"

#define OUTBOX_WINDOW_MESSAGES 256
#define OUTBOX_WINDOW_BYTES    (128 * 1024) /* topics and payloads */

/* Every queued message from the id `outbox_window_start` on is in it. */
struct outbox_window;

struct outbox_window *outbox_window_new(uint64_t start);
void outbox_window_free(struct outbox_window *window); /* NULL is fine */

/* When a message was put, by the outbox's clock, travels with it. */
struct outbox_kept {
    struct outbox_message message;
    int64_t put_ms;
};

/* Copy a message (its class is lent for life) that is newer than all in the
 * window; the oldest make room. When it cannot be kept, the window starts
 * behind it. */
void outbox_window_add(
    struct outbox_window *window, const struct outbox_kept *kept);

uint64_t outbox_window_start(const struct outbox_window *window);

/* The oldest message with this id or a higher one, lent until the window
 * changes; NULL when there is none. */
const struct outbox_kept *outbox_window_find(
    const struct outbox_window *window, uint64_t id);
/* The newest with this id or a lower one, likewise. */
const struct outbox_kept *outbox_window_find_back(
    const struct outbox_window *window, uint64_t id);

/* The message left the queue; harmless when it is not in the window. */
void outbox_window_remove(struct outbox_window *window, uint64_t id);

/* Empty it; it will hold what is added from id `start` on. */
void outbox_window_clear(struct outbox_window *window, uint64_t start);

#endif
