/* main.c - one table of verbs. */

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/near.h"
#include "local/speak.h"
#include "local/verbs.h"
#include "run.h"

static const struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"run",      "connect this device to the cloud and keep it so",      verb_run     },
    {"status",   "say whether the device is online, and if not, why",
     verb_status                                                                      },
    {"doctor",   "check all that the agent needs, and say what to mend",
     verb_doctor                                                                      },
    {"identity", "show who this device is",                              verb_identity},
    {"csr",      "print a request for the factory certificate",          verb_csr     },
    {"owner",    "say whose this device is",                             verb_owner   },
    {"reset",    "make this device nobody's, as it left the factory",    verb_reset   },
    {"enrol",    "get or renew the operational certificate now",         verb_enrol   },
    {"report",   "tell the cloud how the settings are",                  verb_report  },
    {"emit",     "send a value or an event to the cloud",                verb_emit    },
    {"watch",    "print each setting that the cloud wants",              verb_watch   },
    {"verify",   "say whether a certificate would be believed",          verb_verify  },
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static int print_help(void)
{
    (void)puts("nameplate - this device, met in the cloud by its factory"
               " certificate\n"
               "usage: nameplate VERB ...\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        (void)printf("  %-9s %s\n", verbs[i].name, verbs[i].summary);
    (void)puts("\n'nameplate VERB --help' says more, with an example.");
    return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int complain(const char *word)
{
    const char *names[VERB_COUNT];
    const char *near;

    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    near = near_word(word, names, VERB_COUNT);
    if (near != NULL)
        return speak_fail(NULL, EX_USAGE, "usage",
            "unknown verb '%s'; did you mean '%s'?", word, near);
    return speak_fail(NULL, EX_USAGE, "usage",
        "unknown verb '%s'; see 'nameplate --help'", word);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return speak_fail(NULL, EX_USAGE, "usage",
            "a verb is missing; see 'nameplate --help'");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("nameplate " NAMEPLATE_VERSION);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
    }
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].name, argv[1]) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    return complain(argv[1]);
}
