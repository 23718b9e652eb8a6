/* run.h - `nameplate run`: the daemon, where the floors are introduced. */

#ifndef RUN_H
#define RUN_H

int verb_run(int argc, char **argv);

#endif
