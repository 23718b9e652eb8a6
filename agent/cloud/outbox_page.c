/* outbox_page.c - FNV-1a in steps of 8 bytes: each step can be undone, so that
 * a single changed word always changes the sum. */

#include "cloud/outbox_page.h"

#include <stddef.h>
#include <string.h>

#define BASIS 0xcbf29ce484222325U
#define PRIME 0x100000001b3U
#define WORD  8

/* Where SQLite's file format keeps them. */
#define ROOM_AT    20 /* bytes left free at the end of each page */
#define VERSION_AT 60 /* user_version, big-endian, 4 bytes */

static uint64_t word_at(const unsigned char *bytes)
{
    uint64_t word = 0;

    for (size_t i = 0; i < WORD; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

static uint64_t sum_of(const unsigned char page[OUTBOX_PAGE_BYTES], uint64_t at)
{
    uint64_t sum = (BASIS ^ at) * PRIME;

    for (size_t i = 0; i < OUTBOX_PAGE_BYTES - OUTBOX_PAGE_SEAL; i += WORD)
        sum = (sum ^ word_at(page + i)) * PRIME;
    return sum;
}

void outbox_page_seal(unsigned char page[OUTBOX_PAGE_BYTES], uint64_t at)
{
    uint64_t sum = sum_of(page, at);

    for (size_t i = 0; i < OUTBOX_PAGE_SEAL; i++)
        page[OUTBOX_PAGE_BYTES - OUTBOX_PAGE_SEAL + i] =
            (unsigned char)(sum >> 8 * i);
}

bool outbox_page_is_sound(
    const unsigned char page[OUTBOX_PAGE_BYTES], uint64_t at)
{
    return word_at(page + OUTBOX_PAGE_BYTES - OUTBOX_PAGE_SEAL) ==
        sum_of(page, at);
}

bool outbox_page_tells_of_seals(const unsigned char first[OUTBOX_PAGE_BYTES])
{
    static const char head[16] = "SQLite format 3";
    const unsigned char *version = first + VERSION_AT;

    return memcmp(first, head, sizeof(head)) != 0 || first[ROOM_AT] != 0 ||
        version[0] != 0 || version[1] != 0 || version[2] != 0 ||
        version[3] >= OUTBOX_PAGE_FORMAT;
}
