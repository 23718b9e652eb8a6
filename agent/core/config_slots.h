/* config_slots.h - a place for each value a configuration may hold.
 *
 * A row whose section ends with '*' stands for every section that begins so;
 * each such section that a file names gets places of its own. */

#ifndef CORE_CONFIG_SLOTS_H
#define CORE_CONFIG_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"
#include "core/config_value.h"

struct config_slot {
    struct config_value value;
    char *where;   /* "agent.ini:7"; NULL: the fallback holds */
    unsigned file; /* which file gave it, counted from 1 */
};
void config_slot_clear(struct config_slot *slot);

/* The places of one section, or of all whose names have no '*'. */
struct config_slots {
    char *section; /* NULL: the latter */
    struct config_slots *next;
    struct config_slot slots[]; /* one for each row of the table */
};

struct config {
    const struct config_key *table;
    size_t count;
    struct config_slots *first; /* those without '*'; then as the files name
                                   them */
};

/* ERR_NO_MEMORY. */
enum err config_slots_init(struct config *config) MUST_CHECK;
void config_slots_free(struct config *config);

/* Does a row stand for this section? */
bool config_row_is_in(const struct config_key *row, const char *section);
/* A row of the section itself goes before one with '*'; NULL: none. */
const struct config_key *config_row(
    const struct config *config, const char *section, const char *name);

/* The place for a row's value in a section; NULL: the section was never named.
 */
struct config_slot *config_slot_of(const struct config *config,
    const struct config_key *row, const char *section);
/* As config_slot_of, and names it; NULL: out of memory. */
struct config_slot *config_slot_make(
    struct config *config, const struct config_key *row, const char *section);

/* Do these places hold a value for the row? */
bool config_slots_hold(
    const struct config_slots *slots, const struct config_key *row);

#endif
