/* options.h - a verb's command line.
 *
 * Every verb takes --help, --json and, when it talks to the agent, -s PATH;
 * options may stand anywhere, "--" ends them, "-" and "-5" are words. */

#ifndef LOCAL_OPTIONS_H
#define LOCAL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_OWN 16

/* An option that only this verb takes. */
struct option_own {
    const char *name; /* "--purpose" */
    const char *hint; /* "FILE", for the help; NULL: it takes no value */
    const char *help; /* one line; NULL: the verb's text says it */
};

/* What a verb is, for its --help and its usage line. */
struct page {
    const char *name;
    const char *arguments; /* "KEY=VALUE..." */
    const char *summary;   /* one line */
    const char *help;      /* what it means, and an example */
    bool takes_config;     /* -c FILE */
    bool no_agent;         /* it never talks to the agent: no -s */
    size_t words_min, words_max;
    const struct option_own *own; /* at most OPTIONS_OWN */
    size_t own_count;
};

struct options {
    const char *verb;
    const char *socket; /* -s, else NAMEPLATE_SOCKET, else the default */
    const char *config; /* -c, else NULL */
    bool json;
    char **words;
    size_t word_count;
    const char *own[OPTIONS_OWN]; /* as in the page: the value, "" for one that
                                     takes none, NULL when it was not given */
};

#define OPTIONS_GO (-1)

/* OPTIONS_GO, or the exit status after the help or a complaint was printed.
 * The words of `argv` are put in front. */
int options_read(
    const struct page *page, int argc, char **argv, struct options *out);

#endif
