/* near.h - the word somebody probably meant. */

#ifndef CORE_NEAR_H
#define CORE_NEAR_H

#include <stddef.h>

/* The one of `count` known words that is nearest to `word`: at most two
 * letters inserted, left out, exchanged or swapped with their neighbour, and
 * fewer than half of them.  NULL when none is that near. */
const char *near_word(const char *word, const char *const *known, size_t count);

#endif
