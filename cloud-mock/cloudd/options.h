/* options.h - cloudd's command line. */

#ifndef CLOUDD_OPTIONS_H
#define CLOUDD_OPTIONS_H

#include <stdbool.h>

#include "cloudd/est_server.h"

struct options {
    const char *broker, *state, *page, *listen, *client_id, *user;
    const char *vendors, *hook, *hook_secret, *hook_trust;
    long silent_s, away_s;
    bool sign_up, private_hooks;
    struct est_settings est;
};

extern const char options_usage[];

/* Say what is wrong and how it is used; gives the exit code. */
int options_wrong(const char *what);

/* Into `options`, which has the defaults; all is lent from `argv`.  False: one
 * is unknown or incomplete. */
bool options_read(int argc, char **argv, struct options *options);

#endif
