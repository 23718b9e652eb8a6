/* rhythm.h - how long a silence the network bears, learnt from what it did.
 *
 * NATs and firewalls forget connections that are silent for too long, and do
 * not say so.  The rhythm is the silence after which the link asks the broker
 * for a sign of life.  It begins at the ceiling (the configured keep-alive,
 * which the broker is told) and moves between the floor and the ceiling:
 *
 * - A silence that a connection did not survive makes it shorter: to what was
 *   proven before, else to two thirds of that silence.  A proven one may have
 *   met any outage; there it takes two deaths in a row without a survived
 *   silence between.
 *   Only deaths count after which the next connection stood at once
 *   (link_memory.h): others are the network's.
 * - RHYTHM_PROOF survived silences in a row prove it; after RHYTHM_STABLE it is
 *   made longer: half the way to the shortest that is known to be too long, or
 *   by a half when none is; a step below a tenth is not worth a connection.
 * - After RHYTHM_FORGET survived silences what is known to be too long is
 *   forgotten, for networks change: one connection in so many pings may die of
 *   that. */

#ifndef CLOUD_RHYTHM_H
#define CLOUD_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#define RHYTHM_PROOF  3
#define RHYTHM_STABLE 10
#define RHYTHM_FORGET 2500

struct rhythm_bounds {
    uint16_t floor_s, ceiling_s; /* 1 <= floor <= ceiling */
};

/* Eight bytes, so that one thread can write it and another read it. */
struct rhythm {
    uint16_t now_s;
    uint16_t good_s;   /* the longest proven; 0: none */
    uint16_t bad_s;    /* the shortest known as too long; 0: none */
    uint16_t survived; /* silences in a row, at this rhythm */
};

/* Fit what was learnt (all 0: nothing) into these bounds. */
void rhythm_fit(struct rhythm *r, const struct rhythm_bounds *bounds);

/* A connection bore a silence of now_s. */
void rhythm_survived(struct rhythm *r, const struct rhythm_bounds *bounds);

/* A connection died of a silence of so many seconds, though the network was
 * there; one below the floor says nothing. */
void rhythm_died(
    struct rhythm *r, const struct rhythm_bounds *bounds, uint16_t silence_s);

/* Could a file have said that? */
bool rhythm_is_sound(const struct rhythm *r);

#endif
