/* duel.c */

#include "cloud-mock/lib/duel.h"

#include <stdio.h>
#include <string.h>

bool duel_turn(
    struct duel *duel, const char *old_ip, const char *new_ip, int64_t now_ms)
{
    bool soon =
        now_ms >= duel->last_ms && now_ms - duel->last_ms <= DUEL_GAP_MS;

    if (strcmp(old_ip, new_ip) == 0) {
        duel->turns = 0;
        return false;
    }
    if (soon && duel->turns > 0 && strcmp(duel->loser, new_ip) == 0)
        duel->turns++;
    else
        duel->turns = 1;
    duel->last_ms = now_ms;
    snprintf(duel->loser, sizeof(duel->loser), "%s", old_ip);
    if (duel->turns < DUEL_TURNS)
        return false;
    duel->turns = 0; /* the next four are told again */
    return true;
}
