/* options.h - a verb's command line.
 *
 * Every verb takes --help, --json and, when it talks to the agent, -s PATH;
 * options may stand anywhere, "--" ends them, "-" and "-5" are words. */

#ifndef LOCAL_OPTIONS_H
#define LOCAL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_VALUES 8 /* own options that a verb may have */

/* What a verb is, for its --help and its usage line. */
struct page {
    const char *name;
    const char *arguments; /* "KEY=VALUE..." */
    const char *summary;   /* one line */
    const char *help;      /* what it means, and an example */
    bool takes_config;     /* -c FILE */
    bool alone;            /* it talks to no agent: no -s PATH */
    const char *values[OPTIONS_VALUES + 1]; /* its own options, each with a
        value ("--key"), in an order of its own; NULL-ended */
    size_t words_min, words_max;
};

struct options {
    const char *verb;
    const char *socket; /* -s, else NAMEPLATE_SOCKET, else the default */
    const char *config; /* -c, else NULL */
    bool json;
    const char *values[OPTIONS_VALUES]; /* of page.values; NULL: not given */
    char **words;
    size_t word_count;
};

#define OPTIONS_GO (-1)

/* OPTIONS_GO, or the exit status after the help or a complaint was printed.
 * The words of `argv` are put in front. */
int options_read(
    const struct page *page, int argc, char **argv, struct options *out);

#endif
