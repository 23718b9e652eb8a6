/* subscriptions.c - filters are remembered by their hash: two that collide
 * count as one, which nobody will ever notice. */

#include "cloud-mock/lib/subscriptions.h"

#include <stdint.h>
#include <stdlib.h>

#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/table.h"

struct filters {
    size_t in_packet;
    size_t count;
    uint64_t hashes[LIMITS_SUBSCRIPTIONS];
};

struct subscriptions {
    struct table *clients;
};

struct subscriptions *subscriptions_new(void)
{
    struct subscriptions *subscriptions = calloc(1, sizeof(*subscriptions));

    if (subscriptions == NULL)
        return NULL;
    subscriptions->clients = table_new(free);
    if (subscriptions->clients != NULL)
        return subscriptions;
    free(subscriptions);
    return NULL;
}

void subscriptions_free(struct subscriptions *subscriptions)
{
    if (subscriptions == NULL)
        return;
    table_free(subscriptions->clients);
    free(subscriptions);
}

/* The place of a hash, or the count when it is not there. */
static size_t find(const struct filters *filters, uint64_t hash)
{
    size_t i = 0;

    while (i < filters->count && filters->hashes[i] != hash)
        i++;
    return i;
}

/* NULL: no memory. */
static struct filters *find_or_make(
    struct subscriptions *subscriptions, const char *client)
{
    struct filters *filters = table_get(subscriptions->clients, client);

    if (filters != NULL)
        return filters;
    filters = calloc(1, sizeof(*filters));
    if (filters == NULL || table_add(subscriptions->clients, client, filters))
        return filters;
    free(filters);
    return NULL;
}

bool subscriptions_in_packet(
    struct subscriptions *subscriptions, const char *client, bool first)
{
    struct filters *filters = find_or_make(subscriptions, client);

    if (filters == NULL)
        return false;
    filters->in_packet = first ? 1 : filters->in_packet + 1;
    return filters->in_packet <= LIMITS_FILTERS;
}

bool subscriptions_add(
    struct subscriptions *subscriptions, const char *client, const char *filter)
{
    struct filters *filters = find_or_make(subscriptions, client);
    uint64_t hash = table_hash(filter);

    if (filters == NULL)
        return false;
    if (find(filters, hash) < filters->count)
        return true;
    if (filters->count == LIMITS_SUBSCRIPTIONS)
        return false;
    filters->hashes[filters->count++] = hash;
    return true;
}

void subscriptions_remove(
    struct subscriptions *subscriptions, const char *client, const char *filter)
{
    struct filters *filters = table_get(subscriptions->clients, client);
    size_t i;

    if (filters == NULL)
        return;
    i = find(filters, table_hash(filter));
    if (i < filters->count)
        filters->hashes[i] = filters->hashes[--filters->count];
}

void subscriptions_forget(
    struct subscriptions *subscriptions, const char *client)
{
    struct filters *filters = table_get(subscriptions->clients, client);

    if (filters != NULL)
        filters->count = 0;
}
