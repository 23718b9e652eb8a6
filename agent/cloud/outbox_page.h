/* outbox_page.h - the pages of an outbox's file carry a seal: a checksum of
 * what stands in them and where, so that a damaged, missing or misplaced one is
 * known when it is read.  SQLite leaves the room for it and never looks at it.
 * Pages in the WAL have SQLite's own checksums instead.  Pure. */

#ifndef CLOUD_OUTBOX_PAGE_H
#define CLOUD_OUTBOX_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define OUTBOX_PAGE_BYTES  4096 /* SQLite's default */
#define OUTBOX_PAGE_SEAL   8    /* at its end */
#define OUTBOX_PAGE_FORMAT 3    /* user_version of a file whose pages have it */

/* `at`: the page's first byte in the file. */
void outbox_page_seal(unsigned char page[OUTBOX_PAGE_BYTES], uint64_t at);
bool outbox_page_is_sound(
    const unsigned char page[OUTBOX_PAGE_BYTES], uint64_t at);

/* Does the file with this first page have seals?  Only a sound head of an older
 * format says no. */
bool outbox_page_tells_of_seals(const unsigned char first[OUTBOX_PAGE_BYTES]);

#endif
