/* moment.c */

#include "identity/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t moment_of(const mbedtls_x509_time *t)
{
    struct tm tm = {.tm_year = t->year - 1900,
        .tm_mon = t->mon - 1,
        .tm_mday = t->day,
        .tm_hour = t->hour,
        .tm_min = t->min,
        .tm_sec = t->sec};

    return (int64_t)timegm(&tm);
}

/* `count` digits at *p as a number; -1 when there are not so many. */
static int digits(const char **p, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        value = value * 10 + (**p - '0');
    }
    return value;
}

static bool expect(const char **p, const char *any_of)
{
    if (**p == '\0' || strchr(any_of, **p) == NULL)
        return false;
    (*p)++;
    return true;
}

static bool read_offset(const char **p, int *minutes)
{
    int sign = **p == '-' ? -1 : 1;
    int h, m;

    *minutes = 0;
    if (expect(p, "Zz"))
        return true;
    if (!expect(p, "+-"))
        return false;
    h = digits(p, 2);
    if (h < 0 || h > 23 || !expect(p, ":"))
        return false;
    m = digits(p, 2);
    *minutes = sign * (h * 60 + m);
    return m >= 0 && m <= 59;
}

static bool read_clock(const char **p, struct tm *tm)
{
    tm->tm_hour = digits(p, 2);
    if (!expect(p, ":"))
        return false;
    tm->tm_min = digits(p, 2);
    if (!expect(p, ":"))
        return false;
    tm->tm_sec = digits(p, 2);
    if (expect(p, ".")) {
        if (digits(p, 1) < 0)
            return false;
        while (**p >= '0' && **p <= '9')
            (*p)++;
    }
    if (tm->tm_sec == 60) /* a leap second */
        tm->tm_sec = 59;
    return tm->tm_hour >= 0 && tm->tm_hour <= 23 && tm->tm_min >= 0 &&
        tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 59;
}

bool moment_parse(const char *text, int64_t *out)
{
    const char *p = text;
    struct tm tm = {0}, check;
    int minutes;
    time_t t;

    tm.tm_year = digits(&p, 4) - 1900;
    if (tm.tm_year < 0 || !expect(&p, "-"))
        return false;
    tm.tm_mon = digits(&p, 2) - 1;
    if (!expect(&p, "-"))
        return false;
    tm.tm_mday = digits(&p, 2);
    if (!expect(&p, "Tt ") || !read_clock(&p, &tm) ||
        !read_offset(&p, &minutes) || *p != '\0')
        return false;
    check = tm;
    t = timegm(&check);
    /* timegm moves 31 February into March: then it was no date. */
    if (check.tm_mon != tm.tm_mon || check.tm_mday != tm.tm_mday)
        return false;
    *out = (int64_t)t - (int64_t)minutes * 60;
    return true;
}

void moment_print(int64_t moment, char text[MOMENT_TEXT])
{
    time_t t = (time_t)moment;
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
        strftime(text, MOMENT_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(text, MOMENT_TEXT, "an unknown time");
}
