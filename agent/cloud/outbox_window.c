/* outbox_window.c - a ring in the order of ids.  A message removed from its
 * middle leaves a hole (`kept` NULL) that is closed when it is the oldest.
 */

#include "cloud/outbox_window.h"

#include <stdlib.h>
#include <string.h>

struct slot {
    uint64_t id;
    struct outbox_kept *kept;
};

struct outbox_window {
    uint64_t start;
    size_t bytes;
    size_t first; /* index of the oldest slot */
    size_t count; /* slots in use, holes too */
    struct slot slots[OUTBOX_WINDOW_MESSAGES];
};

static struct slot *slot_at(const struct outbox_window *w, size_t i)
{
    return (struct slot *)&w->slots[(w->first + i) % OUTBOX_WINDOW_MESSAGES];
}

static size_t size_of(const struct outbox_message *message)
{
    return strlen(message->topic) + message->len;
}

static void *append(char **end, const void *bytes, size_t len)
{
    char *at = *end;

    if (len > 0)
        memcpy(at, bytes, len);
    *end += len;
    return at;
}

static struct outbox_kept *copy(const struct outbox_kept *kept)
{
    const struct outbox_message *m = &kept->message;
    size_t topic_size = strlen(m->topic) + 1;
    struct outbox_kept *k = malloc(sizeof(*k) + topic_size + m->len);
    char *end;

    if (k == NULL)
        return NULL;
    *k = *kept;
    end = (char *)(k + 1);
    k->message.topic = append(&end, m->topic, topic_size);
    k->message.stream = NULL; /* a loan's is its number alone */
    k->message.payload = append(&end, m->payload, m->len);
    return k;
}

struct outbox_window *outbox_window_new(uint64_t start)
{
    struct outbox_window *w = calloc(1, sizeof(*w));

    if (w != NULL)
        w->start = start;
    return w;
}

void outbox_window_free(struct outbox_window *w)
{
    if (w == NULL)
        return;
    outbox_window_clear(w, 0);
    free(w);
}

static void empty(struct outbox_window *w, struct slot *slot)
{
    if (slot->kept == NULL)
        return;
    w->bytes -= size_of(&slot->kept->message);
    free(slot->kept);
    slot->kept = NULL;
}

static void pop(struct outbox_window *w)
{
    empty(w, slot_at(w, 0));
    w->first = (w->first + 1) % OUTBOX_WINDOW_MESSAGES;
    w->count--;
}

void outbox_window_clear(struct outbox_window *w, uint64_t start)
{
    while (w->count > 0)
        pop(w);
    w->start = start;
}

static void make_room(struct outbox_window *w, size_t size)
{
    while (w->count == OUTBOX_WINDOW_MESSAGES ||
        (w->count > 0 && w->bytes > OUTBOX_WINDOW_BYTES - size)) {
        w->start = slot_at(w, 0)->id + 1;
        pop(w);
    }
}

void outbox_window_add(struct outbox_window *w, const struct outbox_kept *kept)
{
    size_t size = size_of(&kept->message);
    struct outbox_kept *k = size > OUTBOX_WINDOW_BYTES ? NULL : copy(kept);

    if (k == NULL) {
        outbox_window_clear(w, kept->message.id + 1);
        return;
    }
    make_room(w, size);
    *slot_at(w, w->count++) = (struct slot){k->message.id, k};
    w->bytes += size;
}

uint64_t outbox_window_start(const struct outbox_window *w)
{
    return w->start;
}

/* Index of the first slot with this id or a higher one. */
static size_t search(const struct outbox_window *w, uint64_t id)
{
    size_t low = 0, high = w->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (slot_at(w, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct outbox_kept *outbox_window_find(
    const struct outbox_window *w, uint64_t id)
{
    for (size_t i = search(w, id); i < w->count; i++)
        if (slot_at(w, i)->kept != NULL)
            return slot_at(w, i)->kept;
    return NULL;
}

const struct outbox_kept *outbox_window_find_back(
    const struct outbox_window *w, uint64_t id)
{
    for (size_t i = search(w, id + 1); i > 0; i--)
        if (slot_at(w, i - 1)->kept != NULL)
            return slot_at(w, i - 1)->kept;
    return NULL;
}

void outbox_window_remove(struct outbox_window *w, uint64_t id)
{
    size_t i = search(w, id);

    if (i == w->count || slot_at(w, i)->id != id)
        return;
    empty(w, slot_at(w, i));
    while (w->count > 0 && slot_at(w, 0)->kept == NULL)
        pop(w);
}
