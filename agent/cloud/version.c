/* version.c */

#include "cloud/version.h"

#define TURNS      3
#define TURNS_KNOW 9 /* of a broker that took 5 before */

/* A guess serves for one connection. */
static void forget_guess(struct version *version)
{
    if (version->settled && !version->told)
        version->five = true;
    version->settled = false;
}

void version_learn(struct version *version, const struct verdict *verdict)
{
    unsigned turns = version->took_five ? TURNS_KNOW : TURNS;

    if (version->fixed)
        return;
    forget_guess(version);
    if (verdict->wants_3_1_1) {
        version->told = true;
        version->took_five = version->five = false;
    } else if (verdict->hung_up) {
        version->hang_ups++;
        version->five = version->hang_ups % turns != turns - 1;
    }
}

void version_settle(struct version *version)
{
    version->hang_ups = 0;
    version->settled = true;
    version->took_five |= version->five;
}
