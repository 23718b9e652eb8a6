/* config.h - settings from an INI file and its drop-ins, all checked at once.
 *
 * FILE is read, then FILE.d/ *.ini in the order of their names; a later file
 * replaces values of an earlier one, and a key twice in one file is a fault.
 * What may stand there is a table; anything else is a fault that names file,
 * line and what was expected.  A comment fills a line from '#' or ';', or
 * follows a value after " ;".  Indentation means nothing. */

#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum config_kind {
    CONFIG_TEXT,   /* any text, not empty */
    CONFIG_PATH,   /* absolute, or relative to the folder of its file; one of
                      `choices`, if there are any, is a word and no path */
    CONFIG_NUMBER, /* whole, within [min, max] */
    CONFIG_CHOICE, /* one of `choices`, separated by '|' */
    CONFIG_YES_NO, /* "yes" or "no" */
    CONFIG_URI,    /* SCHEME:REST, the scheme one of `choices`; the rest of a
                      "file:" is a path as above and comes back with "file:" */
    CONFIG_NEVER   /* a key people try and must not; `expected` says why */
};

struct config_key {
    const char *section; /* NULL in CONFIG_NEVER: whatever the section; with a
                            '*' at its end: all that begin so and have no rows
                            of their own */
    const char *name;
    enum config_kind kind;
    const char *fallback; /* NULL: must be given; "": may be left empty */
    int64_t min, max;
    const char *choices;
    const char *expected; /* words for a fault, when the kind's do not do */
};

struct config;

/* Read everything or nothing.  On failure every fault found is written to
 * `say`, one line each ("agent.ini:7: unknown key 'prot' in [cloud]; did you
 * mean 'port'?"), and ERR_INVALID (content) or ERR_NOT_FOUND, ERR_DENIED,
 * ERR_IO (file) comes back.  The table is borrowed for life. */
typedef void config_say(void *context, const char *line);
enum err config_load(const char *path, const struct config_key *table,
    size_t count, config_say *say, void *context,
    struct config **out) MUST_CHECK;
void config_free(struct config *config); /* NULL is fine */

/* Look up what stands in the table; asking for anything else is our own
 * mistake (assert).  Text is lent for the config's life; NULL only when the
 * fallback was the empty string, which means "not given". */
const char *config_text(
    const struct config *config, const char *section, const char *name);
int64_t config_number(
    const struct config *config, const char *section, const char *name);
bool config_yes(
    const struct config *config, const char *section, const char *name);

/* The sections that stand there by virtue of a '*', from index 0 on in the
 * order of the files; NULL: no more. */
const char *config_section(const struct config *config, size_t index);

/* Where the value stands ("agent.ini:7"), for a fault found later; NULL when
 * it is the fallback. */
const char *config_where(
    const struct config *config, const char *section, const char *name);

#endif
