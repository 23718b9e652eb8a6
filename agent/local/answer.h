/* answer.h - one line for an application, put together piece by piece.
 *
 * What fails on the way adds up, so only the end needs a check. */

#ifndef LOCAL_ANSWER_H
#define LOCAL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/json.h"
#include "identity/key.h"
#include "identity/nameplate.h"

struct answer {
    struct json *object;
    enum err e;
};

struct answer answer_ok(void);
struct answer answer_event(const char *name);
/* `e` becomes a code that applications know: invalid, too_large, unsupported,
 * denied, busy, io. */
struct answer answer_refusal(enum err e, const char *words);

void answer_text(struct answer *a, const char *key, const char *text); /* NULL
    leaves the key out */
void answer_number(struct answer *a, const char *key, double number);
void answer_bool(struct answer *a, const char *key, bool truth);
void answer_value(struct answer *a, const char *key, struct json *value);
/* takes `value` */

/* All of a nameplate, as `identity` tells it. */
void answer_nameplate(struct answer *a, const struct nameplate *n);

/* Where the key lives; NULL leaves it out. */
void answer_key(struct answer *a, struct key *key);

/* End it: a line with its newline, `id` (JSON, or "" for none) in front; the
 * caller calls free(3).  NULL: out of memory. */
#define ANSWER_ID     200 /* bytes of an id as printed, with its NUL */
#define ANSWER_STORED (ANSWER_ID + 40)

/* {"ok":true,"stored":true} as answer_line prints it; its length.  Made without
 * memory: it is what is said most often. */
size_t answer_stored(const char *id, char line[ANSWER_STORED]);

char *answer_line(struct answer *a, const char *id, size_t *len);

#endif
