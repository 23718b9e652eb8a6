/* say.h - the factory's words to the person at the terminal. */

#ifndef CERTS_SAY_H
#define CERTS_SAY_H

#include "core/err.h"

/* One line on stderr, "factory: what failed: why; what to do".  Control
 * characters of foreign text become '?'.  Said once, where it was met. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Until changed, lines begin "factory: <where>: ": a file and line that is
 * worked on (copied); NULL: nothing.  A global, like a logger's. */
void say_at(const char *where);

/* Lines begin with this program's name (borrowed for good), not "factory". */
void say_as(const char *program);

/* Memory ran out: says so, returns ERR_NO_MEMORY. */
enum err say_no_memory(void);

/* The exit status for an error, from sysexits. */
int say_exit_status(enum err e);

#define SAY_USAGE 64 /* EX_USAGE: the command line is wrong */

#endif
