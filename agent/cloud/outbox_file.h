/* outbox_file.h - an outbox's file seen from outside: its mode, its traces of
 * a sudden end, and how it is set aside.  Reasons are logged. */

#ifndef CLOUD_OUTBOX_FILE_H
#define CLOUD_OUTBOX_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* Make the file when missing, its name durable, and its mode 0600.  ERR_IO:
 * it cannot be made, or is not a regular file. */
enum err outbox_file_make(const char *path) MUST_CHECK;

/* Make its folder when missing (mode 0700; not those above it); what cannot be
 * done shows when the file is made. */
void outbox_file_make_folder(const char *path);

/* What stands at the path can never be the file, or its folder is not there or
 * not for us to write in: a person must act.  Else only the disk may refuse. */
bool outbox_file_is_misplaced(const char *path);

/* Which file it is, to notice that another one stands there now: a disk came
 * back, or was changed. */
struct outbox_file_id {
    uint64_t device, number;
};
/* All zero when there is none. */
struct outbox_file_id outbox_file_identify(const char *path);

/* SQLite removes "<path>-wal" when it closes cleanly; found before opening, it
 * means a kill or a power cut. */
bool outbox_file_was_cut_short(const char *path);

/* "<path>-reserve" keeps room on the disk for what must still be written when
 * it is full: that messages were forgotten.  Keep or make it; false when there
 * is no room. */
#define OUTBOX_RESERVE_BYTES (1024 * 1024)
bool outbox_file_reserve(const char *path);
void outbox_file_release(const char *path);

#define OUTBOX_FILE_NAME 4096 /* a path, with its NUL */

/* Rename the file to "<path>.corrupt-<wall ms>", *aside, its WAL to the same
 * name with "-wal".  One such pair is kept, older ones are removed: a disk that
 * lies again and again must not be filled by it. */
enum err outbox_file_set_aside(
    const char *path, char aside[OUTBOX_FILE_NAME]) MUST_CHECK;

#endif
