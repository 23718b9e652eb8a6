/* outbox_ledger.c - two short arrays: what is in flight is bounded by the
 * session, what is forgotten grows by one range for each gap in the order of
 * acknowledgements, and mostly there is none. */

#include "cloud/outbox_ledger.h"

#include <stdlib.h>
#include <string.h>

struct flight {
    uint64_t id;
    uint64_t size;
};

struct outbox_ledger {
    struct flight *flights; /* in the order of ids */
    size_t flying, flight_room;
    uint64_t bytes; /* in flight */
    struct outbox_range *ranges;
    size_t range_count, range_room;
};

struct outbox_ledger *outbox_ledger_new(void)
{
    return calloc(1, sizeof(struct outbox_ledger));
}

void outbox_ledger_free(struct outbox_ledger *l)
{
    if (l == NULL)
        return;
    free(l->flights);
    free(l->ranges);
    free(l);
}

/* Room for one more of `size` bytes; `array` moves only on success. */
static enum err grow(void **array, size_t used, size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 16 : *room * 2;
    void *bigger;

    if (used < *room)
        return ERR_OK;
    bigger = realloc(*array, wanted * size);
    if (bigger == NULL)
        return ERR_NO_MEMORY;
    *array = bigger;
    *room = wanted;
    return ERR_OK;
}

/* Index of the first flight with this id or a higher one. */
static size_t search(const struct outbox_ledger *l, uint64_t id)
{
    size_t low = 0, high = l->flying;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->flights[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum err outbox_ledger_send(struct outbox_ledger *l, uint64_t id, uint64_t size)
{
    size_t i = search(l, id);
    void *array = l->flights;
    enum err e;

    if (i < l->flying && l->flights[i].id == id)
        return ERR_OK;
    e = grow(&array, l->flying, &l->flight_room, sizeof(struct flight));
    if (e != ERR_OK)
        return e;
    l->flights = array;
    memmove(l->flights + i + 1, l->flights + i,
        (l->flying - i) * sizeof(struct flight));
    l->flights[i] = (struct flight){id, size};
    l->flying++;
    l->bytes += size;
    return ERR_OK;
}

bool outbox_ledger_land(struct outbox_ledger *l, uint64_t id, uint64_t *size)
{
    size_t i = search(l, id);

    if (i == l->flying || l->flights[i].id != id)
        return false;
    *size = l->flights[i].size;
    l->flying--;
    l->bytes -= *size;
    memmove(l->flights + i, l->flights + i + 1,
        (l->flying - i) * sizeof(struct flight));
    return true;
}

struct outbox_flying outbox_ledger_flying(const struct outbox_ledger *l)
{
    return (struct outbox_flying){
        .count = l->flying,
        .bytes = l->bytes,
    };
}

void outbox_ledger_rewind(struct outbox_ledger *l)
{
    l->flying = 0;
    l->bytes = 0;
}

enum err outbox_ledger_forget(struct outbox_ledger *l, uint64_t id)
{
    void *array = l->ranges;
    enum err e;

    for (size_t i = l->range_count; i-- > 0;) {
        struct outbox_range *r = &l->ranges[i];

        if (id >= r->first && id <= r->last)
            return ERR_OK;
        if (id == r->last + 1 || id + 1 == r->first) {
            *(id > r->last ? &r->last : &r->first) = id;
            return ERR_OK;
        }
    }
    e = grow(
        &array, l->range_count, &l->range_room, sizeof(struct outbox_range));
    if (e != ERR_OK)
        return e;
    l->ranges = array;
    l->ranges[l->range_count++] = (struct outbox_range){id, id};
    return ERR_OK;
}

uint64_t outbox_ledger_skip(const struct outbox_ledger *l, uint64_t id)
{
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < l->range_count; i++) {
            if (id < l->ranges[i].first || id > l->ranges[i].last)
                continue;
            id = l->ranges[i].last + 1;
            moved = true;
        }
    }
    return id;
}

uint64_t outbox_ledger_skip_back(const struct outbox_ledger *l, uint64_t id)
{
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < l->range_count; i++) {
            if (id < l->ranges[i].first || id > l->ranges[i].last)
                continue;
            id = l->ranges[i].first - 1;
            moved = true;
        }
    }
    return id;
}

uint64_t outbox_ledger_past_flying(const struct outbox_ledger *l, uint64_t id)
{
    for (size_t i = search(l, id); i < l->flying && l->flights[i].id == id; i++)
        id++;
    return id;
}

uint64_t outbox_ledger_before_flying(const struct outbox_ledger *l, uint64_t id)
{
    for (size_t i = search(l, id + 1);
         i > 0 && id > 0 && l->flights[i - 1].id == id; i--)
        id--;
    return id;
}

const struct outbox_range *outbox_ledger_forgotten(
    const struct outbox_ledger *l, size_t *count)
{
    *count = l->range_count;
    return l->ranges;
}

void outbox_ledger_settle(struct outbox_ledger *l)
{
    l->range_count = 0;
}
