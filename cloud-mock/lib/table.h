/* table.h - values found by name; it grows and never shrinks. */

#ifndef CLOUD_MOCK_TABLE_H
#define CLOUD_MOCK_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct table;

/* NULL when memory runs out.  Freeing calls `free_value` for every value. */
struct table *table_new(void (*free_value)(void *value));
void table_free(struct table *table);

/* The value, lent; NULL when the name is not there. */
void *table_get(const struct table *table, const char *name);

/* Takes `value` for a name that is not there yet; on failure, for want of
 * memory, false, and the caller keeps it.  The name is copied. */
bool table_add(struct table *table, const char *name, void *value);

/* Call back with every value, in no order; nothing may be added meanwhile. */
void table_each(const struct table *table,
    void (*visit)(void *context, void *value), void *context);

/* FNV-1a; also good for telling texts apart. */
uint64_t table_hash(const char *text);

#endif
