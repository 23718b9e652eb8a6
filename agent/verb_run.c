/* verb_run.c - the command line of the daemon, and what it exits with. */

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "local/settings.h"
#include "run.h"

static int exit_code(enum err e)
{
    switch (e) {
    case ERR_OK:
        return EX_OK;
    case ERR_NOT_FOUND:
        return EX_NOINPUT;
    case ERR_DENIED:
        return EX_NOPERM;
    case ERR_INVALID:
    case ERR_UNSUPPORTED:
        return EX_CONFIG;
    case ERR_NO_MEMORY:
    case ERR_TOO_BIG:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_AGAIN:
    case ERR_IO:
        break;
    }
    return EX_UNAVAILABLE;
}

int verb_run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"help",   no_argument,       NULL, 'h'},
        {NULL,     0,                 NULL, 0  },
    };
    const char *path = SETTINGS_PATH;
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'h':
            printf("nameplate run [-c FILE]\n\n"
                   "Connect this device to the cloud and keep it connected.\n"
                   "FILE is " SETTINGS_PATH " unless given.\n\n"
                   "Example: nameplate run -c ./nameplate.ini\n");
            return EX_OK;
        default:
            return EX_USAGE;
        }
    if (optind != argc) {
        fprintf(stderr, "nameplate: run takes no '%s'; see run --help\n",
            argv[optind]);
        return EX_USAGE;
    }
    return exit_code(run(path));
}
