/* version.c */

#include "cloud/version.h"

#define TURNS 3

void version_learn(struct version *version, const struct verdict *verdict)
{
    if (version->fixed)
        return;
    if (verdict->wants_3_1_1) {
        version->five = false;
    } else if (verdict->hung_up) {
        version->hang_ups++;
        version->five = version->hang_ups % TURNS != TURNS - 1;
    }
}

void version_settle(struct version *version)
{
    version->hang_ups = 0;
}
