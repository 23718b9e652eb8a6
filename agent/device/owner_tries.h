/* owner_tries.h - how many wrong codes, and how long nobody may try.
 *
 * Each try is on disk before its answer leaves (docs/ownership.md, "Claim").
 * Times are monotonic milliseconds, so a clock that is set shortens nothing;
 * after a start the wait begins anew. */

#ifndef DEVICE_OWNER_TRIES_H
#define DEVICE_OWNER_TRIES_H

#include <stdint.h>

#include "core/err.h"

#define OWNER_TRIES_FREE  10 /* from this one on the code is locked */
#define OWNER_TRIES_FIRST (60 * 1000)
#define OWNER_TRIES_LAST  (24 * 60 * 60 * 1000)

struct owner_tries;

/* `path` is a file; when it cannot be understood, the code is locked. */
enum err owner_tries_open(
    const char *path, int64_t now_ms, struct owner_tries **out) MUST_CHECK;
void owner_tries_close(struct owner_tries *tries); /* NULL is fine */

/* 0: a code may be tried. */
int64_t owner_tries_wait_ms(const struct owner_tries *tries, int64_t now_ms);

/* One more; it is on disk when this returns ERR_OK.  Else nobody may hear the
 * answer to the try. */
enum err owner_tries_count(
    struct owner_tries *tries, int64_t now_ms) MUST_CHECK;

/* The code was right: none was ever wrong. */
void owner_tries_forgive(struct owner_tries *tries);

unsigned owner_tries_number(const struct owner_tries *tries);

#endif
