/* say.c */

#include "certs/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#define LINE_SIZE 1500

void say(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    (void)fprintf(stderr, "factory: %s\n", line);
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
