/* call.h - the command line's end of the local socket. */

#ifndef LOCAL_CALL_H
#define LOCAL_CALL_H

#include <stddef.h>

#include "core/err.h"
#include "core/json.h"
#include "local/options.h"

#define CALL_PATIENCE_MS 30000 /* for an answer: a slow disk syncs */

struct call;

/* Connect and hear the greeting.  NULL after saying why not; *status is then
 * what to exit with. */
struct call *call_open(const struct options *o, int *status);
void call_close(struct call *call);           /* NULL is fine */
int call_descriptor(const struct call *call); /* for poll(2), lent */

/* Send whole lines.  ERR_IO: the agent is gone; ERR_AGAIN: it takes nothing
 * for CALL_PATIENCE_MS. */
enum err call_send(struct call *call, const char *lines, size_t len) MUST_CHECK;

/* The next object the agent says; the caller frees.  ERR_AGAIN: none came in
 * `timeout_ms`; ERR_IO: it hung up; ERR_INVALID: it said no object. */
enum err call_next(
    struct call *call, int timeout_ms, struct json **out) MUST_CHECK;

/* Take `request` and wait for its answer, which the caller frees.  NULL, as
 * above, when the agent said no. */
struct json *call_ask(struct call *call, struct json *request, int *status);

/* Connect, ask `op` and hang up: as call_open and call_ask. */
struct json *call_once(const struct options *o, const char *op, int *status);

/* A new request for `op`, to be filled and given away; NULL: no memory. */
struct json *call_request(const char *op);

/* Take `request`, send it and say "stored" when it is.  An exit status. */
int call_store(const struct options *o, struct json *request);

/* What to do about an answer that says no. */
int call_status_of(const struct json *answer);

#endif
