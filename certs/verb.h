/* verb.h - one verb of the command line; the table of them is in main.c. */

#ifndef CERTS_VERB_H
#define CERTS_VERB_H

#include "certs/options.h"
#include "core/err.h"
#include "core/json.h"

struct verb {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* one line */
    const char *help;      /* what the options mean, and an example */
    const struct option_rule *rules;
    size_t rule_count;
    size_t words_min, words_max;
    bool device_or_file; /* --model and --serial, or one FILE */
    enum err (*run)(const struct options *options); /* says what fails */
};

#define VERB_RULES(rules) rules, sizeof(rules) / sizeof((rules)[0])

extern const struct verb verb_init, verb_model, verb_issue, verb_server,
    verb_revoke, verb_crl, verb_check, verb_batch, verb_show, verb_deliver,
    verb_label;

/* Print the result: with --json the object on one line, else the text.  Takes
 * `result`; NULL means that memory ran out making it. */
enum err verb_print(const struct options *options, struct json *result,
    const char *format, ...) __attribute__((format(printf, 3, 4))) MUST_CHECK;

/* An object of texts; a NULL value leaves its key out, NULL when memory runs
 * out: VERB_OBJECT({"key", value}, {"key", value}). */
struct verb_pair {
    const char *key;
    const char *value;
};
struct json *verb_object(const struct verb_pair *pairs); /* to a NULL key */
#define VERB_END                                                               \
    {                                                                          \
        NULL, NULL                                                             \
    }
#define VERB_PAIRS(...)                                                        \
    (const struct verb_pair[])                                                 \
    {                                                                          \
        __VA_ARGS__, VERB_END                                                  \
    }
#define VERB_OBJECT(...) verb_object((VERB_PAIRS(__VA_ARGS__)))

#endif
