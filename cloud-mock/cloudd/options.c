/* options.c */

#include "cloudd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define EST_FIRST 1000 /* the first letter of the options of EST */

const char options_usage[] =
    "usage: cloudd --broker SOCKET --state FILE --page FOLDER\n"
    "              [--listen ADDRESS:PORT] [--client-id ID]\n"
    "              [--silent-after SECONDS] [--away-after SECONDS]\n"
    "              [--signup yes|no] [--vendors FILE]\n"
    "              [--web-hook URL --web-hook-secret FILE]\n"
    "              [--web-hook-trust FILE] [--private-hooks yes|no]\n"
    "              [--est ADDRESS:PORT --est-state FOLDER --est-trust FILE\n"
    "               --est-certificate FILE --est-key FILE\n"
    "               [--est-auth certificate|basic|both|any]\n"
    "               [--est-users FILE] [--est-approval none|manual|SECONDS]\n"
    "               [--est-crl FILE]]\n"
    "       cloudd add-user --state FILE --user NAME   (password on stdin)\n"
    "       cloudd operational-ca --est-state FOLDER\n"
    "\n"
    "Serves the page where people meet their devices; prints one line,\n"
    "\"listening http://ADDRESS:PORT\".  PORT 0 takes any free one.\n"
    "Each account may have a web hook of its own; where it is in a private\n"
    "network only with --private-hooks yes.  Its certificate leads to a CA of\n"
    "--web-hook-trust, else of the machine's.\n"
    "With --est devices enrol for operational certificates (RFC 7030): a "
    "second\n"
    "line, \"est https://ADDRESS:PORT\".  The operational CA lives in "
    "--est-state,\n"
    "where the broker wants it too (configure --operational): operational-ca "
    "makes\n"
    "it beforehand.\n"
    "\n"
    "example: cloudd --broker /run/mock/broker.sock --state cloudd.sqlite \\\n"
    "             --page build/release/page --listen 127.0.0.1:8080\n";

int options_wrong(const char *what)
{
    (void)fprintf(stderr, "cloudd: %s\n%s", what, options_usage);
    return EX_USAGE;
}

/* The options of the EST server, in the order of the table. */
static bool set_est(struct est_settings *est, int letter)
{
    const char **const places[] = {&est->listen, &est->certificate, &est->key,
        &est->trust, &est->state, &est->users, &est->access, &est->approval,
        &est->crl};
    int place = letter - EST_FIRST;

    if (place < 0 || place >= (int)(sizeof(places) / sizeof(places[0])))
        return false;
    *places[place] = optarg;
    return true;
}

static bool set_yes(bool *out)
{
    *out = strcmp(optarg, "yes") == 0;
    return *out || strcmp(optarg, "no") == 0;
}

/* Put an option's argument where it belongs; false: not one of ours. */
static bool set_option(struct options *o, int letter)
{
    switch (letter) {
    case 'b':
        o->broker = optarg;
        return true;
    case 's':
        o->state = optarg;
        return true;
    case 'p':
        o->page = optarg;
        return true;
    case 'l':
        o->listen = optarg;
        return true;
    case 'c':
        o->client_id = optarg;
        return true;
    case 'u':
        o->user = optarg;
        return true;
    case 'v':
        o->vendors = optarg;
        return true;
    case 'w':
        o->hook = optarg;
        return true;
    case 'k':
        o->hook_secret = optarg;
        return true;
    case 't':
        o->hook_trust = optarg;
        return true;
    case 'h':
        return set_yes(&o->private_hooks);
    case 'n':
        return set_yes(&o->sign_up);
    case 'a':
        o->away_s = strtol(optarg, NULL, 10);
        return o->away_s > 0 && o->away_s < 100000000;
    case 'q':
        o->silent_s = strtol(optarg, NULL, 10);
        return o->silent_s > 0 && o->silent_s < 1000000;
    default:
        return set_est(&o->est, letter);
    }
}

bool options_read(int argc, char **argv, struct options *o)
{
    static const struct option table[] = {
        {"broker",          required_argument, NULL, 'b'          },
        {"state",           required_argument, NULL, 's'          },
        {"page",            required_argument, NULL, 'p'          },
        {"listen",          required_argument, NULL, 'l'          },
        {"client-id",       required_argument, NULL, 'c'          },
        {"user",            required_argument, NULL, 'u'          },
        {"silent-after",    required_argument, NULL, 'q'          },
        {"away-after",      required_argument, NULL, 'a'          },
        {"signup",          required_argument, NULL, 'n'          },
        {"vendors",         required_argument, NULL, 'v'          },
        {"web-hook",        required_argument, NULL, 'w'          },
        {"web-hook-secret", required_argument, NULL, 'k'          },
        {"web-hook-trust",  required_argument, NULL, 't'          },
        {"private-hooks",   required_argument, NULL, 'h'          },
        {"est",             required_argument, NULL, EST_FIRST    },
        {"est-certificate", required_argument, NULL, EST_FIRST + 1},
        {"est-key",         required_argument, NULL, EST_FIRST + 2},
        {"est-trust",       required_argument, NULL, EST_FIRST + 3},
        {"est-state",       required_argument, NULL, EST_FIRST + 4},
        {"est-users",       required_argument, NULL, EST_FIRST + 5},
        {"est-auth",        required_argument, NULL, EST_FIRST + 6},
        {"est-approval",    required_argument, NULL, EST_FIRST + 7},
        {"est-crl",         required_argument, NULL, EST_FIRST + 8},
        {NULL,              0,                 NULL, 0            },
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (!set_option(o, letter))
            return false;
    }
    return optind == argc;
}
