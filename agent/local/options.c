/* options.c */

#include "local/options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/near.h"
#include "local/settings.h"
#include "local/speak.h"

struct known {
    const char *name; /* "--socket" */
    char letter;
    bool takes_value;
};

static const struct known all[] = {
    {"--help",   'h', false},
    {"--json",   'j', false},
    {"--socket", 's', true },
    {"--config", 'c', true },
};
#define KNOWN (sizeof(all) / sizeof(all[0]))

static bool is_taken(const struct page *page, const struct known *known)
{
    if (known->letter == 's')
        return !page->alone;
    return known->letter != 'c' || page->takes_config;
}

/* One of the verb's own options, by its place; -1: none. */
static int find_own(const struct page *page, const char *arg)
{
    size_t len = strcspn(arg, "=");

    for (int i = 0; page->values[i] != NULL; i++)
        if (strlen(page->values[i]) == len &&
            strncmp(page->values[i], arg, len) == 0)
            return i;
    return -1;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0' && !isdigit((unsigned char)arg[1]) &&
        arg[1] != '.';
}

/* *value is what stands behind it in the same word, or NULL. */
static const struct known *find(
    const struct page *page, const char *arg, const char **value)
{
    size_t len = strcspn(arg, "=");

    *value = NULL;
    for (size_t i = 0; i < KNOWN; i++) {
        const struct known *k = &all[i];

        if (!is_taken(page, k))
            continue;
        if (arg[1] == k->letter && (arg[2] == '\0' || k->takes_value)) {
            *value = arg[2] == '\0' ? NULL : arg + 2;
            return k;
        }
        if (strlen(k->name) == len && strncmp(arg, k->name, len) == 0 &&
            (arg[len] == '\0' || k->takes_value)) {
            *value = arg[len] == '\0' ? NULL : arg + len + 1;
            return k;
        }
    }
    return NULL;
}

static int complain_unknown(
    const struct page *page, const struct options *o, const char *arg)
{
    const char *names[KNOWN + OPTIONS_VALUES];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < KNOWN; i++)
        if (is_taken(page, &all[i]))
            names[n++] = all[i].name;
    for (size_t i = 0; page->values[i] != NULL; i++)
        names[n++] = page->values[i];
    near = near_word(arg, names, n);
    if (near != NULL)
        return speak_fail(o, EX_USAGE, "usage",
            "unknown option '%s'; did you mean '%s'?", arg, near);
    return speak_fail(o, EX_USAGE, "usage",
        "unknown option '%s'; see 'nameplate %s --help'", arg, page->name);
}

static int print_help(const struct page *page)
{
    (void)printf("nameplate %s - %s\nusage: nameplate %s%s%s%s\n\n%s\n"
                 "  --json        print JSON, one object a line\n",
        page->name, page->summary, page->name,
        page->takes_config ? " [-c FILE]" : "",
        *page->arguments == '\0' ? "" : " ", page->arguments, page->help);
    if (!page->alone)
        (void)printf(
            "  -s PATH       the agent's socket (else "
            "NAMEPLATE_SOCKET, else\n                " SETTINGS_SOCKET ")\n");
    if (page->takes_config)
        (void)printf("  -c FILE       the agent's configuration\n");
    return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int check_words(const struct page *page, const struct options *o)
{
    if (o->word_count < page->words_min)
        return speak_fail(o, EX_USAGE, "usage",
            "%s: an argument is missing; usage: nameplate %s %s", page->name,
            page->name, page->arguments);
    if (o->word_count > page->words_max)
        return speak_fail(o, EX_USAGE, "usage",
            "%s: '%s' is one argument too many; usage: nameplate %s %s",
            page->name, o->words[page->words_max], page->name, page->arguments);
    return OPTIONS_GO;
}

static int want_value(
    const struct options *o, const char *name, const char *value)
{
    if (value != NULL && *value != '\0')
        return OPTIONS_GO;
    return speak_fail(o, EX_USAGE, "usage", "option '%s' wants a value", name);
}

/* The verb's own option in `argv[*i]`; *i moves on when its value is the next
 * word. */
static int take_own(const char *name, int argc, char **argv, int *i,
    const struct options *o, const char **out)
{
    const char *value = strchr(argv[*i], '=');

    if (value != NULL)
        value++;
    else if (*i + 1 < argc)
        value = argv[++*i];
    *out = value;
    return want_value(o, name, value);
}

/* Take one option; *i moves on when its value is the next word. */
static int take(
    const struct page *page, int argc, char **argv, int *i, struct options *o)
{
    const char *value;
    int own = find_own(page, argv[*i]);
    const struct known *k = find(page, argv[*i], &value);

    if (own >= 0)
        return take_own(page->values[own], argc, argv, i, o, &o->values[own]);
    if (k == NULL)
        return complain_unknown(page, o, argv[*i]);
    if (k->takes_value && value == NULL && *i + 1 < argc)
        value = argv[++*i];
    if (k->takes_value && want_value(o, k->name, value) != OPTIONS_GO)
        return EX_USAGE;
    switch (k->letter) {
    case 'h':
        return print_help(page);
    case 'j':
        o->json = true;
        break;
    case 's':
        o->socket = value;
        break;
    case 'c':
        o->config = value;
        break;
    }
    return OPTIONS_GO;
}

int options_read(
    const struct page *page, int argc, char **argv, struct options *out)
{
    const char *socket = getenv("NAMEPLATE_SOCKET");
    bool ended = false;
    int status = OPTIONS_GO;

    *out = (struct options){.verb = page->name,
        .socket = socket != NULL && *socket != '\0' ? socket : SETTINGS_SOCKET,
        .words = argv};
    for (int i = 1; i < argc && status == OPTIONS_GO; i++) {
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (!ended && is_option(argv[i]))
            status = take(page, argc, argv, &i, out);
        else
            argv[out->word_count++] = argv[i];
    }
    return status == OPTIONS_GO ? check_words(page, out) : status;
}
