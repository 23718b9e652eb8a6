/* store.h - cloudd's own SQLite file: accounts, history, telemetry.
 *
 * WAL with synchronous=NORMAL: a power cut may take the last moment, never the
 * file.  The tables are in store_accounts.h, store_history.h and
 * store_telemetry.h. */

#ifndef CLOUDD_STORE_H
#define CLOUDD_STORE_H

#include "core/err.h"

struct store;

/* Open or make the file, mode 0600.  ERR_IO: it cannot be used;
 * ERR_UNSUPPORTED: a newer cloudd made it.  Why is logged. */
enum err store_open(const char *path, struct store **out) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine */

#endif
