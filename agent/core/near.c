/* near.c - optimal string alignment distance, three rows at a time. */

#include "core/near.h"

#include <string.h>

#define WORD_MAX  40 /* longer words are not typos of ours */
#define FARTHEST  2
#define NOT_CLOSE (FARTHEST + 1)

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1] = {{0}};
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return NOT_CLOSE;
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = min2(above[j], row[j - 1]) + 1;
            row[j] = min2(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min2(row[j], before[j - 2] + 1);
        }
        spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

const char *near_word(const char *word, const char *const *known, size_t count)
{
    const char *best = NULL;
    size_t nearest = min2(FARTHEST, strlen(word) / 2) + 1;

    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, known[i]);

        if (d < nearest) {
            nearest = d;
            best = known[i];
        }
    }
    return best;
}
