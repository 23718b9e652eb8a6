/* duel.h - do two connections kick each other in turn, from two addresses?
 * Pure: time is told. */

#ifndef CLOUD_MOCK_DUEL_H
#define CLOUD_MOCK_DUEL_H

#include <stdbool.h>
#include <stdint.h>

/* So many take-overs in turn, each so soon after the one before.  A device that
 * moves, or tries a new certificate, takes over from itself once or twice. */
#define DUEL_TURNS  4
#define DUEL_GAP_MS 120000

/* All zero: none so far. */
struct duel {
    char loser[64]; /* the address that was kicked last */
    int64_t last_ms;
    unsigned turns;
};

/* The connection from `new_ip` takes over from the one from `old_ip`.  True:
 * they do it in turn, for the DUEL_TURNSth time. */
bool duel_turn(
    struct duel *duel, const char *old_ip, const char *new_ip, int64_t now_ms);

#endif
