/* load.h - a shared library and the functions wanted of it, loaded on demand:
 * a device without a token needs no token's library. */

#ifndef PORTS_KEYSTORE_LOAD_H
#define PORTS_KEYSTORE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct load_symbol {
    const char *name;
    size_t offset; /* of the function's pointer in the caller's struct */
};

struct load {
    const char *soname;
    const char *package; /* Debian's, for who must install it */
    const struct load_symbol *symbols;
    size_t count;
    bool done; /* false at first */
};

/* Fill `functions` once; the library stays for the process's life.  Any thread.
 * ERR_NOT_FOUND: not installed; ERR_UNSUPPORTED: too old; `why` as in
 * keystore.h. */
enum err load_library(struct load *load, void *functions, char *why) MUST_CHECK;

#endif
