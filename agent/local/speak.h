/* speak.h - how the command line talks: results to stdout, complaints to
 * stderr. */

#ifndef LOCAL_SPEAK_H
#define LOCAL_SPEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "local/options.h"

/* "nameplate: WHAT FAILED: WHY; WHAT TO DO"; with --json also an object with
 * `code` on stdout.  Returns `status`. */
int speak_fail(const struct options *o, int status, const char *code,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
int speak_no_memory(const struct options *o);

/* Print an object on one line; an exit status. */
int speak_json(const struct options *o, const struct json *object);

/* Make sure that what was printed went out; an exit status. */
int speak_end(const struct options *o);

/* Colour is for a terminal that can and whose owner wants it (NO_COLOR). */
enum speak_colour { SPEAK_GOOD, SPEAK_BAD, SPEAK_PLAIN };
const char *speak_colour(enum speak_colour colour); /* "" without colour */

/* "2026-11-24 14:02:11", in the reader's zone. */
#define SPEAK_TIME 40
void speak_time(int64_t wall_ms, char out[SPEAK_TIME]);
/* "3 h 5 min"; "" for a time that makes no sense (a clock that jumped). */
void speak_duration(int64_t ms, char out[SPEAK_TIME]);

#endif
