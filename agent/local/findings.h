/* findings.h - what a check-up found, told as it is found. */

#ifndef LOCAL_FINDINGS_H
#define LOCAL_FINDINGS_H

#include "core/json.h"
#include "local/options.h"

enum finding { FINDING_OK, FINDING_WARNING, FINDING_FAILURE };

struct findings {
    const struct options *options;
    struct json *list; /* for --json; NULL when memory ran out */
    enum finding worst;
};

struct findings findings_begin(const struct options *o);

/* "ok       clock     it agrees with the time floor" */
void findings_add(struct findings *f, enum finding level, const char *what,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Print the sum, or with --json all of it as one object; 0 ok, 1 a warning, 2
 * a failure. */
int findings_end(struct findings *f);

#endif
