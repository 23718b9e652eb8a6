/* config_slots.c */

#include "core/config_slots.h"

#include <stdlib.h>
#include <string.h>

static bool is_family(const struct config_key *row)
{
    return row->section != NULL && strchr(row->section, '*') != NULL;
}

static struct config_slots *new_slots(
    const struct config *config, const char *section)
{
    struct config_slots *s =
        calloc(1, sizeof(*s) + config->count * sizeof(s->slots[0]));

    if (s == NULL || section == NULL)
        return s;
    s->section = strdup(section);
    if (s->section == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

enum err config_slots_init(struct config *config)
{
    config->first = new_slots(config, NULL);
    return config->first == NULL ? ERR_NO_MEMORY : ERR_OK;
}

void config_slot_clear(struct config_slot *slot)
{
    free(slot->value.text);
    free(slot->where);
    *slot = (struct config_slot){.file = 0};
}

void config_slots_free(struct config *config)
{
    while (config->first != NULL) {
        struct config_slots *s = config->first;

        config->first = s->next;
        for (size_t i = 0; i < config->count; i++)
            config_slot_clear(&s->slots[i]);
        free(s->section);
        free(s);
    }
}

bool config_row_is_in(const struct config_key *row, const char *section)
{
    size_t len;

    if (row->section == NULL) /* any */
        return true;
    if (!is_family(row))
        return strcmp(row->section, section) == 0;
    len = strlen(row->section) - 1;
    return strncmp(row->section, section, len) == 0 && section[len] != '\0';
}

const struct config_key *config_row(
    const struct config *config, const char *section, const char *name)
{
    const struct config_key *found = NULL;

    for (size_t i = 0; i < config->count; i++) {
        const struct config_key *row = &config->table[i];

        if (strcmp(row->name, name) != 0 || !config_row_is_in(row, section))
            continue;
        if (!is_family(row))
            return row;
        found = row;
    }
    return found;
}

/* The places of a family's section; with `last`, where a new one belongs. */
static struct config_slots *find(const struct config *config,
    const char *section, struct config_slots ***last)
{
    struct config_slots **link = &config->first->next;

    while (*link != NULL && strcmp((*link)->section, section) != 0)
        link = &(*link)->next;
    if (last != NULL)
        *last = link;
    return *link;
}

struct config_slot *config_slot_of(const struct config *config,
    const struct config_key *row, const char *section)
{
    struct config_slots *s =
        is_family(row) ? find(config, section, NULL) : config->first;

    return s == NULL ? NULL : &s->slots[row - config->table];
}

struct config_slot *config_slot_make(
    struct config *config, const struct config_key *row, const char *section)
{
    struct config_slots **last;

    if (is_family(row) && find(config, section, &last) == NULL) {
        *last = new_slots(config, section);
        if (*last == NULL)
            return NULL;
    }
    return config_slot_of(config, row, section);
}

bool config_slots_hold(
    const struct config_slots *slots, const struct config_key *row)
{
    if (slots->section == NULL)
        return !is_family(row);
    return is_family(row) && config_row_is_in(row, slots->section);
}
