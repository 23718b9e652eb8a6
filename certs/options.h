/* options.h - a verb's command line, checked against its rules. */

#ifndef CERTS_OPTIONS_H
#define CERTS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum option_kind {
    OPTION_FLAG, /* --json */
    OPTION_ONE,  /* --model NAME or --model=NAME, once */
    OPTION_MUST, /* the same, and it may not be missing */
    OPTION_SOME, /* once or more */
    OPTION_MANY, /* any number */
};

struct option_rule {
    const char *name; /* without the dashes */
    enum option_kind kind;
};

#define OPTIONS_MAX 64

/* Everything is borrowed from argv. */
struct options {
    const char *names[OPTIONS_MAX];
    const char *values[OPTIONS_MAX];
    size_t count;
    char **words; /* what is no option, in order */
    size_t word_count;
};

/* argv[0] is the verb; argv is reordered.  ERR_INVALID is said, with the near
 * option for a typo. */
enum err options_parse(int argc, char **argv, const struct option_rule *rules,
    size_t rule_count, struct options *out) MUST_CHECK;

/* The value, or NULL when it was not given. */
const char *options_get(const struct options *o, const char *name);
bool options_has(const struct options *o, const char *name);
/* All values of a repeated option; `values` has room for OPTIONS_MAX. */
size_t options_all(
    const struct options *o, const char *name, const char **values);

#endif
