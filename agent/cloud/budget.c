/* budget.c */

#include "cloud/budget.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/budget_file.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE        "budget"
#define DAY_MS        INT64_C(86400000)
#define SAVE_BYTES    65536
#define SAVE_AFTER_MS 600000

struct budget {
    struct budget_options options;
    char *path;
    struct budget_count count;
    uint64_t unsaved;
    int64_t saved_ms; /* monotonic */
};

const char *budget_period_name(enum budget_period period)
{
    static const char *const names[BUDGET_PERIODS] = {"day", "month"};

    return names[period];
}

/* --- periods ---------------------------------------------------------------
 */

static int64_t wall_ms(const struct budget *b)
{
    return b->options.wall_ms == NULL ? port_wall_ms()
                                      : b->options.wall_ms(b->options.context);
}

static int64_t day_of(int64_t ms)
{
    return ms >= 0 ? ms / DAY_MS : -((-ms + DAY_MS - 1) / DAY_MS);
}

/* Months since 0000-03 of a day counted from 1970-01-01 (the proleptic
 * Gregorian calendar, in eras of 400 years that begin with March). */
static int64_t month_of(int64_t day)
{
    int64_t z = day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t in_era = z - era * 146097;
    int64_t year =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);

    return (era * 400 + year) * 12 + (5 * in_year + 2) / 153;
}

static int64_t period_at(
    const struct budget *b, enum budget_period period, int64_t day)
{
    if (period == BUDGET_DAY)
        return day;
    return month_of(day - (int64_t)(b->options.month_begins - 1));
}

static void begin_period(struct budget *b, enum budget_period period)
{
    b->count.in[period] = b->count.out[period] = 0;
    for (size_t i = 0; i < b->count.class_count; i++)
        b->count.classes[i].bytes[period] = 0;
}

static void keep_time(struct budget *b)
{
    int64_t day = day_of(wall_ms(b));

    for (int p = 0; p < BUDGET_PERIODS; p++) {
        int64_t now = period_at(b, (enum budget_period)p, day);

        if (now > b->count.period[p])
            begin_period(b, (enum budget_period)p);
        b->count.period[p] = now;
    }
}

/* The first day after `day` in another period. */
static int64_t end_of(
    const struct budget *b, enum budget_period period, int64_t day)
{
    int64_t now = period_at(b, period, day);

    while (period_at(b, period, day) == now)
        day++;
    return day;
}

/* --- counting --------------------------------------------------------------
 */

static void save(struct budget *b)
{
    b->unsaved = 0;
    b->saved_ms = port_monotonic_ms();
    if (b->path != NULL && budget_file_write(b->path, &b->count) != ERR_OK)
        log_warning(MODULE, "cannot write file=\"%s\" reason=\"%s\"", b->path,
            strerror(errno));
}

static void save_when_due(struct budget *b, uint64_t more)
{
    b->unsaved += more;
    if (b->unsaved >= SAVE_BYTES ||
        (b->unsaved > 0 && port_monotonic_ms() - b->saved_ms >= SAVE_AFTER_MS))
        save(b);
}

enum err budget_new(const struct budget_options *options, struct budget **out)
{
    struct budget *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return ERR_NO_MEMORY;
    b->options = *options;
    b->saved_ms = port_monotonic_ms();
    if (options->path != NULL) {
        b->path = strdup(options->path);
        if (b->path == NULL) {
            free(b);
            return ERR_NO_MEMORY;
        }
        budget_file_read(b->path, &b->count);
    }
    keep_time(b);
    *out = b;
    return ERR_OK;
}

void budget_free(struct budget *budget)
{
    if (budget == NULL)
        return;
    if (budget->unsaved > 0)
        save(budget);
    free(budget->path);
    free(budget);
}

void budget_carry(struct budget *budget, uint64_t in, uint64_t out)
{
    keep_time(budget);
    for (int p = 0; p < BUDGET_PERIODS; p++) {
        budget->count.in[p] += in;
        budget->count.out[p] += out;
    }
    save_when_due(budget, in + out);
}

void budget_send(struct budget *budget, const char *class, uint64_t bytes)
{
    struct budget_class_figures *found = NULL;
    struct budget_count *c = &budget->count;

    for (size_t i = 0; i < c->class_count && found == NULL; i++)
        if (strcmp(c->classes[i].name, class) == 0)
            found = &c->classes[i];
    if (found == NULL && c->class_count < OUTBOX_CLASSES &&
        outbox_class_is_name(class)) {
        found = &c->classes[c->class_count++];
        *found = (struct budget_class_figures){.bytes = {0}};
        memcpy(found->name, class, strlen(class) + 1);
    }
    keep_time(budget);
    for (int p = 0; found != NULL && p < BUDGET_PERIODS; p++)
        found->bytes[p] += bytes;
}

/* --- asking ----------------------------------------------------------------
 */

static unsigned used_percent(const struct budget *b, enum budget_period period)
{
    uint64_t limit = b->options.limit_bytes[period];
    uint64_t used = b->count.in[period] + b->count.out[period];

    if (limit == 0)
        return 0;
    if (used >= limit)
        return 100;
    return (unsigned)((double)used * 100 / (double)limit);
}

unsigned budget_used_percent(struct budget *budget)
{
    unsigned day, month;

    keep_time(budget);
    day = used_percent(budget, BUDGET_DAY);
    month = used_percent(budget, BUDGET_MONTH);
    return day > month ? day : month;
}

int64_t budget_wait_ms(struct budget *budget)
{
    int64_t now_ms = wall_ms(budget);
    int64_t day = day_of(now_ms), until = now_ms;

    keep_time(budget);
    for (int p = 0; p < BUDGET_PERIODS; p++) {
        int64_t end_ms = end_of(budget, (enum budget_period)p, day) * DAY_MS;

        if (used_percent(budget, (enum budget_period)p) >= 100 &&
            end_ms > until)
            until = end_ms;
    }
    return until - now_ms;
}

struct budget_figures budget_figures(struct budget *budget)
{
    struct budget_figures f = {.class_count = budget->count.class_count};

    keep_time(budget);
    for (int p = 0; p < BUDGET_PERIODS; p++) {
        f.in[p] = budget->count.in[p];
        f.out[p] = budget->count.out[p];
        f.limit[p] = budget->options.limit_bytes[p];
    }
    memcpy(f.classes, budget->count.classes, sizeof(f.classes));
    f.used_percent = budget_used_percent(budget);
    return f;
}
