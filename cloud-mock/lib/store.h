/* store.h - what the cloud remembers, in SQLite; only store*.c know it.
 *
 * One writer, WAL, synchronous=NORMAL: what was stored survives a killed
 * process, and nothing waits for the disk.  Every function gives ERR_IO (said
 * in the log) when SQLite fails; a `get` gives ERR_NOT_FOUND; on failure
 * results are untouched. */

#ifndef CLOUD_MOCK_STORE_H
#define CLOUD_MOCK_STORE_H

#include "core/err.h"

#define STORE_ID_SIZE 65 /* SHA-256 in hex */

struct store;

enum err store_open(const char *path, struct store **out) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine */

#endif
