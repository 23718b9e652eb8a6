/* main.c - factory: the vendor's CA, and what it signs.
 *
 * Exit status: 0, or from sysexits 64 usage, 65 data, 66 input missing, 71 no
 * memory, 73 exists already, 74 disk, 75 try later, 77 permission. */

#include <stdio.h>
#include <string.h>

#include "certs/say.h"
#include "certs/verb.h"
#include "core/near.h"

static const struct verb *const verbs[] = {
    &verb_init,
    &verb_model,
    &verb_issue,
    &verb_batch,
    &verb_deliver,
    &verb_label,
    &verb_show,
    &verb_check,
    &verb_revoke,
    &verb_crl,
    &verb_server,
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
    (void)puts("factory - a vendor's CA, and the factory certificates of its"
               " devices\n"
               "usage: factory VERB [--folder DIR] [--json] ...\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        (void)printf("  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
    (void)puts("\n  --folder DIR  where the factory keeps everything (default:"
               " ./factory)\n"
               "  --json        print the result as one JSON object\n"
               "\n'factory VERB --help' says more, with an example.");
}

static void print_verb_help(const struct verb *verb)
{
    (void)printf("factory %s - %s\nusage: factory %s %s [--folder DIR]"
                 " [--json]\n%s",
        verb->name, verb->summary, verb->name, verb->arguments, verb->help);
}

static const struct verb *find_verb(const char *name)
{
    const char *names[VERB_COUNT], *near;

    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
        names[i] = verbs[i]->name;
    }
    near = near_word(name, names, VERB_COUNT);
    if (near != NULL)
        say("unknown verb '%s'; did you mean '%s'?", name, near);
    else
        say("unknown verb '%s'; see 'factory --help'", name);
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* Either a device or a file, and a device by both its options. */
static bool names_one(const struct options *options)
{
    bool model = options_has(options, "model");
    bool serial = options_has(options, "serial");

    return model == serial && model == (options->word_count == 0);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct options options;

    if (wants_help(argc, argv)) {
        print_verb_help(verb);
        return 0;
    }
    if (options_parse(argc, argv, verb->rules, verb->rule_count, &options) !=
        ERR_OK)
        return SAY_USAGE;
    if (options.word_count < verb->words_min) {
        say("%s: an argument is missing; usage: factory %s %s", verb->name,
            verb->name, verb->arguments);
        return SAY_USAGE;
    }
    if (options.word_count > verb->words_max) {
        say("%s: '%s' is one argument too many; usage: factory %s %s",
            verb->name, options.words[verb->words_max], verb->name,
            verb->arguments);
        return SAY_USAGE;
    }
    if (verb->device_or_file && !names_one(&options)) {
        say("%s: expected --model and --serial, or the FILE of a certificate;"
            " see 'factory %s --help'",
            verb->name, verb->name);
        return SAY_USAGE;
    }
    return say_exit_status(verb->run(&options));
}

int main(int argc, char **argv)
{
    const struct verb *verb;

    if (argc < 2) {
        say("a verb is missing; see 'factory --help'");
        return SAY_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("factory " NAMEPLATE_VERSION);
        return 0;
    }
    verb = find_verb(argv[1]);
    return verb == NULL ? SAY_USAGE : run_verb(verb, argc - 1, argv + 1);
}
