/* disk.h - files and folders that appear whole or not at all.
 *
 * What must appear together is put into a staging folder, ".new-<random>",
 * flushed, and renamed to its name: rename(2) to a folder that has files fails,
 * so two who make the same thing cannot both succeed.  Failures are said here,
 * once.  Folders get mode 0700. */

#ifndef CERTS_DISK_H
#define CERTS_DISK_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"
#include "identity/bytes.h"

#define DISK_PATH_SIZE 1024

/* Put a path together; the parts' bounds are the caller's promise. */
void disk_path(char out[DISK_PATH_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool disk_exists(const char *path);

/* False when group or others have any right to a file that is there. */
bool disk_is_private(const char *path);

/* Read all of a file of at most `limit` bytes; a NUL stands behind them.  The
 * caller frees.  ERR_NOT_FOUND is not said: it may be no failure. */
enum err disk_read(
    const char *path, size_t limit, struct bytes *out) MUST_CHECK;

/* Write `path` anew, replacing what was there, durably.  `staging` is a folder
 * on the same file system, where a killed process may leave a part. */
enum err disk_write(const char *staging, const char *path, struct span content,
    mode_t mode) MUST_CHECK;

/* Make a folder, durably; one that is there already is fine. */
enum err disk_make_folder(const char *path) MUST_CHECK;

/* Make an empty staging folder within `parent`. */
enum err disk_stage(const char *parent, char stage[DISK_PATH_SIZE]) MUST_CHECK;

/* Write a file into a staging folder; its name becomes durable when the stage
 * is published. */
enum err disk_stage_file(const char *stage, const char *name,
    struct span content, mode_t mode) MUST_CHECK;

/* Rename the stage to `path`, durably.  ERR_EXISTS (not said): something is
 * there; the stage is still ours to discard. */
enum err disk_publish(const char *stage, const char *path) MUST_CHECK;

/* Remove a staging folder with its files; best effort. */
void disk_discard(const char *stage);

/* Remove a file, durably.  ERR_NOT_FOUND is not said. */
enum err disk_remove(const char *path) MUST_CHECK;

/* Call `visit` for the names in a folder that do not begin with a dot, in
 * order, until one is not ERR_OK; returns that one.  An absent folder has no
 * names. */
typedef enum err disk_visit(void *context, const char *name);
enum err disk_each(
    const char *folder, disk_visit *visit, void *context) MUST_CHECK;

/* Be the only one who changes things in `folder` until disk_unlock; the lock
 * dies with the process.  Removes stages that a killed one left in it.
 * ERR_AGAIN (said) when another still works after 30 s. */
enum err disk_lock(const char *folder, int *lock) MUST_CHECK;
void disk_unlock(int lock);

#endif
