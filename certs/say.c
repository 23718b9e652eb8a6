/* say.c */

#include "certs/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#define LINE_SIZE  1500
#define WHERE_SIZE 600

static char here[WHERE_SIZE];
static const char *program = "factory";

void say_as(const char *name)
{
    program = name;
}

void say_at(const char *where)
{
    (void)snprintf(here, sizeof(here), "%s%s", where == NULL ? "" : where,
        where == NULL ? "" : ": ");
}

/* So that foreign text cannot forge a line or speak to the terminal. */
static void disarm(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

void say(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    disarm(line);
    disarm(here);
    (void)fprintf(stderr, "%s: %s%s\n", program, here, line);
}

enum err say_no_memory(void)
{
    say("out of memory; nothing was changed");
    return ERR_NO_MEMORY;
}

int say_exit_status(enum err e)
{
    switch (e) {
    case ERR_OK:
        return EX_OK;
    case ERR_INVALID:
    case ERR_TOO_BIG:
    case ERR_UNSUPPORTED:
        return EX_DATAERR;
    case ERR_NOT_FOUND:
        return EX_NOINPUT;
    case ERR_EXISTS:
        return EX_CANTCREAT;
    case ERR_CONFLICT:
    case ERR_AGAIN:
        return EX_TEMPFAIL;
    case ERR_DENIED:
        return EX_NOPERM;
    case ERR_IO:
        return EX_IOERR;
    case ERR_NO_MEMORY:
        return EX_OSERR;
    }
    return EX_SOFTWARE;
}
