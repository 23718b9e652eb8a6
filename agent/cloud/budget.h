/* budget.h - bytes on a metered line, counted by UTC day and by month.
 *
 * It knows no line: whoever carries bytes tells what was on the wire, and
 * whoever sends messages tells which class they were of.  What is in no class
 * (keep-alive, handshakes, acknowledgements, downloads, TCP and IP) is the
 * rest.  Counts are kept in a small file, written after each 64 KiB or ten
 * minutes and at the end: so much can be missing after a power cut.
 *
 * A period ends when the clock is in another one ahead.  A clock that goes back
 * ends none: what was counted stays counted, and belongs to the period the
 * clock now shows, so a time of 2039 by mistake costs no more than one period.
 * Not thread-safe: the loop owns it. */

#ifndef CLOUD_BUDGET_H
#define CLOUD_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/outbox_class.h"
#include "core/err.h"

struct budget;

enum budget_period { BUDGET_DAY, BUDGET_MONTH, BUDGET_PERIODS };
const char *budget_period_name(enum budget_period period); /* "day", ... */

struct budget_options {
    const char *path;                     /* the file; NULL: kept nowhere */
    uint64_t limit_bytes[BUDGET_PERIODS]; /* 0: only counted */
    unsigned month_begins;                /* the day, 1 to 28 */
    int64_t (*wall_ms)(void *context);    /* NULL: the port's */
    void *context;
};

/* A file that cannot be understood is logged and counts as empty.
 * ERR_NO_MEMORY. */
enum err budget_new(
    const struct budget_options *options, struct budget **out) MUST_CHECK;
void budget_free(struct budget *budget); /* saves; NULL is fine */

/* These were on the wire. */
void budget_carry(struct budget *budget, uint64_t in, uint64_t out);
/* So many of them, or soon of them, are a message's. */
void budget_send(struct budget *budget, const char *class, uint64_t bytes);

/* Of the limit that is nearer, in whole percent; 0 without a limit, 100 and
 * more when it is spent. */
unsigned budget_used_percent(struct budget *budget);

/* Milliseconds until the spent period ends; 0: none is spent. */
int64_t budget_wait_ms(struct budget *budget);

struct budget_class_figures {
    char name[OUTBOX_CLASS_NAME];
    uint64_t bytes[BUDGET_PERIODS];
};
struct budget_figures {
    uint64_t in[BUDGET_PERIODS], out[BUDGET_PERIODS];
    uint64_t limit[BUDGET_PERIODS];
    struct budget_class_figures classes[OUTBOX_CLASSES];
    size_t class_count;
    unsigned used_percent;
};
struct budget_figures budget_figures(struct budget *budget);

#endif
