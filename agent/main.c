/* main.c - one table of verbs. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "run.h"

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "run") == 0)
        return verb_run(argc - 1, argv + 1);
    fprintf(stderr, "nameplate: expected a verb: run\n");
    return EX_USAGE;
}
