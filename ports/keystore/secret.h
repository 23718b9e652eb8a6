/* secret.h - memory for a secret: no core dump has it, no fork gets it, no swap
 * sees it where the system allows that, and it is wiped at the end. */

#ifndef PORTS_KEYSTORE_SECRET_H
#define PORTS_KEYSTORE_SECRET_H

#include <stddef.h>

#include "core/err.h"

#define SECRET_BYTES 16384 /* the most that one holds */

struct secret;

/* NULL: out of memory. */
struct secret *secret_new(void);
void secret_free(struct secret *secret); /* NULL is fine */

/* SECRET_BYTES of it; zero at first. */
unsigned char *secret_bytes(struct secret *secret);

/* Read a file that its owner alone may read, and say `what` it is ("key") when
 * others can; *len bytes, and a NUL behind them.  ERR_NOT_FOUND, ERR_DENIED,
 * ERR_TOO_BIG, ERR_INVALID (not a file), with the reason in `why` as keystore.h
 * says. */
struct secret_file {
    const char *path;
    const char *what;
};
enum err secret_read(const struct secret_file *file, char *why,
    struct secret **out, size_t *len) MUST_CHECK;

/* Between the two the process makes no core dump at all: for the moments in
 * which a library holds a secret in memory of its own.  Pairs may nest, and
 * overlap on several threads. */
void secret_hold(void);
void secret_release(void);

#endif
