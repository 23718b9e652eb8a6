/* table.c - chains of nodes; twice the buckets when there are as many nodes. */

#include "cloud-mock/lib/table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

struct node {
    struct node *next;
    void *value;
    char name[];
};

struct bucket {
    struct node *first;
};

struct table {
    void (*free_value)(void *value);
    struct bucket *buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

uint64_t table_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

struct table *table_new(void (*free_value)(void *value))
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return NULL;
    table->free_value = free_value;
    table->bucket_count = FIRST_BUCKETS;
    table->buckets = calloc(table->bucket_count, sizeof(*table->buckets));
    if (table->buckets != NULL)
        return table;
    free(table);
    return NULL;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        while (table->buckets[i].first != NULL) {
            struct node *n = table->buckets[i].first;

            table->buckets[i].first = n->next;
            table->free_value(n->value);
            free(n);
        }
    }
    free(table->buckets);
    free(table);
}

static struct node **chain(
    struct bucket *buckets, size_t count, const char *name)
{
    return &buckets[table_hash(name) & (count - 1)].first;
}

void *table_get(const struct table *table, const char *name)
{
    const struct node *n = *chain(table->buckets, table->bucket_count, name);

    while (n != NULL && strcmp(n->name, name) != 0)
        n = n->next;
    return n == NULL ? NULL : n->value;
}

/* Failing to grow costs time, nothing else. */
static void grow(struct table *table)
{
    size_t count = table->bucket_count * 2;
    struct bucket *buckets = calloc(count, sizeof(*buckets));

    if (buckets == NULL)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        while (table->buckets[i].first != NULL) {
            struct node *n = table->buckets[i].first;
            struct node **to = chain(buckets, count, n->name);

            table->buckets[i].first = n->next;
            n->next = *to;
            *to = n;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
}

bool table_add(struct table *table, const char *name, void *value)
{
    size_t size = strlen(name) + 1;
    struct node *n = malloc(sizeof(*n) + size);
    struct node **to;

    if (n == NULL)
        return false;
    if (table->count >= table->bucket_count)
        grow(table);
    to = chain(table->buckets, table->bucket_count, name);
    n->next = *to;
    n->value = value;
    memcpy(n->name, name, size);
    *to = n;
    table->count++;
    return true;
}

void table_each(const struct table *table,
    void (*visit)(void *context, void *value), void *context)
{
    for (size_t i = 0; i < table->bucket_count; i++)
        for (struct node *n = table->buckets[i].first; n != NULL; n = n->next)
            visit(context, n->value);
}
