/* speak.c */

#include "local/speak.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "local/answer.h"

static void print_failure(const char *code, const char *words)
{
    struct answer a = answer_ok();
    size_t len;
    char *line;

    answer_bool(&a, "ok", false);
    answer_text(&a, "code", code);
    answer_text(&a, "error", words);
    line = answer_line(&a, "", &len);
    if (line != NULL)
        (void)fputs(line, stdout);
    free(line);
    (void)fflush(stdout); /* stderr tells it all the same */
}

int speak_fail(const struct options *o, int status, const char *code,
    const char *format, ...)
{
    char words[1000];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    for (char *p = words; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    (void)fprintf(stderr, "nameplate: %s\n", words);
    if (o != NULL && o->json)
        print_failure(code, words);
    return status;
}

int speak_no_memory(const struct options *o)
{
    return speak_fail(
        o, EX_OSERR, "busy", "out of memory; free some and try again");
}

int speak_end(const struct options *o)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EX_OK;
    return speak_fail(o, EX_IOERR, "io",
        "cannot write to standard output; the work itself is done");
}

int speak_json(const struct options *o, const struct json *object)
{
    char *text = json_print(object);

    if (text == NULL)
        return speak_no_memory(o);
    (void)puts(text);
    free(text);
    return speak_end(o);
}

const char *speak_colour(enum speak_colour colour)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

    if (!isatty(STDOUT_FILENO) || term == NULL || strcmp(term, "dumb") == 0 ||
        (no != NULL && *no != '\0'))
        return "";
    switch (colour) {
    case SPEAK_GOOD:
        return "\x1b[32m";
    case SPEAK_BAD:
        return "\x1b[31m";
    case SPEAK_PLAIN:
        return "\x1b[0m";
    }
    return "";
}

void speak_time(int64_t wall_ms, char out[SPEAK_TIME])
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (localtime_r(&t, &tm) == NULL ||
        strftime(out, SPEAK_TIME, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        (void)snprintf(out, SPEAK_TIME, "an unknown time");
}

void speak_duration(int64_t ms, char out[SPEAK_TIME])
{
    int64_t s = ms / 1000;

    if (s < 0)
        *out = '\0';
    else if (s < 60)
        (void)snprintf(out, SPEAK_TIME, "%" PRId64 " s", s);
    else if (s < 3600)
        (void)snprintf(out, SPEAK_TIME, "%" PRId64 " min", s / 60);
    else if (s < 86400)
        (void)snprintf(out, SPEAK_TIME, "%" PRId64 " h %" PRId64 " min",
            s / 3600, s / 60 % 60);
    else
        (void)snprintf(out, SPEAK_TIME, "%" PRId64 " d %" PRId64 " h",
            s / 86400, s / 3600 % 24);
}
