/* config_file.h - the lines of one INI file, each with its number.
 *
 * libinih forgives much (half a section's name, trailing rubbish, lines cut at
 * its buffer's end) and counts no lines; this file does neither. */

#ifndef CORE_CONFIG_FILE_H
#define CORE_CONFIG_FILE_H

#include "core/err.h"

struct config_file_events {
    /* One "name = value" of a section; all are lent for the call. */
    void (*entry)(void *context, unsigned line, const char *section,
        const char *name, const char *value);
    /* What is wrong in a line; line 0: with the file as a whole. */
    void (*fault)(void *context, unsigned line, const char *text);
    void *context;
};

/* Read a file of at most 1 MiB.  ERR_NOT_FOUND, ERR_DENIED, ERR_IO,
 * ERR_TOO_BIG: it could not be read, which was told as a fault; faults inside
 * lines are told, and ERR_OK comes back. */
enum err config_file_read(
    const char *path, const struct config_file_events *events) MUST_CHECK;

#endif
