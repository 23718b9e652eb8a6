/* run.h - `nameplate run`: the daemon, where the floors are introduced. */

#ifndef RUN_H
#define RUN_H

#include "core/err.h"

/* Runs as the file says until a signal ends it.  What is wrong is logged. */
enum err run(const char *path) MUST_CHECK;

int verb_run(int argc, char **argv);

#endif
