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
    char letter;      /* '\0': one of the verb's own, or none */
    bool takes_value;
    size_t own; /* which one of the verb's own */
};

static const struct known all[] = {
    {"--help",   'h', false, 0},
    {"--json",   'j', false, 0},
    {"--socket", 's', true,  0},
    {"--config", 'c', true,  0},
};
#define KNOWN (sizeof(all) / sizeof(all[0]))

/* How many options the verb takes, and the i-th of them. */
static size_t count_known(const struct page *page)
{
    return KNOWN + page->own_count;
}

static struct known known_at(const struct page *page, size_t i)
{
    if (i < KNOWN)
        return all[i];
    return (struct known){.name = page->own[i - KNOWN].name,
        .takes_value = page->own[i - KNOWN].hint != NULL,
        .own = i - KNOWN};
}

static bool is_taken(const struct page *page, const struct known *known)
{
    if (known->letter == 's')
        return !page->no_agent;
    return known->letter != 'c' || page->takes_config;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0' && !isdigit((unsigned char)arg[1]) &&
        arg[1] != '.';
}

/* Is `arg` this option?  *value is what stands behind it in the same word, or
 * NULL. */
static bool is_this(const struct known *k, const char *arg, const char **value)
{
    size_t len = strcspn(arg, "=");

    if (k->letter != '\0' && arg[1] == k->letter &&
        (arg[2] == '\0' || k->takes_value)) {
        *value = arg[2] == '\0' ? NULL : arg + 2;
        return true;
    }
    if (strlen(k->name) != len || strncmp(arg, k->name, len) != 0 ||
        (arg[len] != '\0' && !k->takes_value))
        return false;
    *value = arg[len] == '\0' ? NULL : arg + len + 1;
    return true;
}

static bool find(const struct page *page, const char *arg, const char **value,
    struct known *out)
{
    for (size_t i = 0; i < count_known(page); i++) {
        *out = known_at(page, i);
        if (is_taken(page, out) && is_this(out, arg, value))
            return true;
    }
    return false;
}

static int complain_unknown(
    const struct page *page, const struct options *o, const char *arg)
{
    const char *names[KNOWN + OPTIONS_OWN];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < count_known(page); i++) {
        const struct known k = known_at(page, i);

        if (is_taken(page, &k))
            names[n++] = k.name;
    }
    near = near_word(arg, names, n);
    if (near != NULL)
        return speak_fail(o, EX_USAGE, "usage",
            "unknown option '%s'; did you mean '%s'?", arg, near);
    return speak_fail(o, EX_USAGE, "usage",
        "unknown option '%s'; see 'nameplate %s --help'", arg, page->name);
}

static void print_own(const struct option_own *own)
{
    char both[64];

    if (own->help == NULL)
        return;
    (void)snprintf(both, sizeof(both), "%s %s", own->name,
        own->hint == NULL ? "" : own->hint);
    (void)printf("  %-20s %s\n", both, own->help);
}

static int print_help(const struct page *page)
{
    (void)printf("nameplate %s - %s\nusage: nameplate %s%s%s%s\n\n%s\n",
        page->name, page->summary, page->name,
        page->takes_config ? " [-c FILE]" : "",
        *page->arguments == '\0' ? "" : " ", page->arguments, page->help);
    for (size_t i = 0; i < page->own_count; i++)
        print_own(&page->own[i]);
    (void)printf("  --json        print JSON, one object a line\n");
    if (!page->no_agent)
        (void)printf(
            "  -s PATH       the agent's socket (else NAMEPLATE_SOCKET, "
            "else\n                " SETTINGS_SOCKET ")\n");
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

/* Take one option; *i moves on when its value is the next word. */
static int take(
    const struct page *page, int argc, char **argv, int *i, struct options *o)
{
    const char *value = NULL;
    struct known k;

    if (!find(page, argv[*i], &value, &k))
        return complain_unknown(page, o, argv[*i]);
    if (k.takes_value && value == NULL && *i + 1 < argc)
        value = argv[++*i];
    if (k.takes_value && (value == NULL || *value == '\0'))
        return speak_fail(
            o, EX_USAGE, "usage", "option '%s' wants a value", k.name);
    switch (k.letter) {
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
    default:
        o->own[k.own] = k.takes_value ? value : "";
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
