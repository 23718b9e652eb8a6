/* revocation.h - keeps a certificate revocation list fresh (RFC 5280 section
 * 5): fetches it before it is over, has it judged, and only then keeps it on
 * disk.  A list that is no good replaces nothing. */

#ifndef CLOUD_REVOCATION_H
#define CLOUD_REVOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/proxy.h"
#include "core/err.h"
#include "core/loop.h"
#include "identity/trust.h"

#define REVOCATION_LIST_BYTES 1048576 /* the largest list that is read */

struct revocation;

/* Seconds since 1970; 0: the list does not say. */
struct revocation_dates {
    int64_t this_update_s, next_update_s;
};

/* Judge a list, DER or PEM (`len` bytes and a NUL behind them), and use it from
 * now on.  Anything but ERR_OK: refused, the old one stays in use; so must be a
 * list older than that, which the network can bring at will. */
typedef enum err revocation_use(
    void *context, const void *bytes, size_t len, struct revocation_dates *out);

/* Borrowed until revocation_free, and `trust` until http_threads() is 0. */
struct revocation_options {
    struct loop *loop;
    const char *url; /* http:// will do: a list is signed (RFC 5280 8) */
    const struct proxy *proxy; /* or NULL */
    const struct trust *trust; /* for https://, or NULL */
    const char *path;          /* where the list is kept */
    /* Of the list at `path`, which is in use already (zeros: there is none that
     * can be used); NULL: revocation_start uses what is there.  Copied. */
    const struct revocation_dates *known;
    uint64_t interval_ms; /* ask at least as often */
    revocation_use *use;
    void *context;
};

/* Use what is on disk, if it is any good and not in use already, then ask at
 * once and again in time.
 * ERR_NO_MEMORY: nothing happened. */
enum err revocation_start(const struct revocation_options *options,
    struct revocation **out) MUST_CHECK;
void revocation_free(struct revocation *r); /* NULL is fine; does not block */

/* Ask now, unless an answer is on its way. */
void revocation_ask(struct revocation *r);

/* The clock jumped or the machine slept: is it time now? */
void revocation_look(struct revocation *r);

struct revocation_status {
    struct revocation_dates dates; /* of the list in use, zeros without one */
    int64_t succeeded_s;           /* wall clock: last good answer, 0: never */
    int64_t failed_s;              /* ... last bad one */
    const char *why;    /* of the failure: http_reason_name, or "status",
                           "list" (refused), "disk"; "" without one; static */
    const char *detail; /* in words; lent until the loop runs on */
    uint64_t next_ms;   /* until the next question; 0: on its way */
};
struct revocation_status revocation_status(const struct revocation *r);

#endif
