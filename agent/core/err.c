/* err.c */

#include "core/err.h"

const char *err_name(enum err e)
{
    switch (e) {
    case ERR_OK:
        return "ok";
    case ERR_NO_MEMORY:
        return "no_memory";
    case ERR_INVALID:
        return "invalid";
    case ERR_TOO_BIG:
        return "too_big";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_EXISTS:
        return "exists";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_AGAIN:
        return "again";
    case ERR_DENIED:
        return "denied";
    case ERR_UNSUPPORTED:
        return "unsupported";
    case ERR_IO:
        return "io";
    }
    return "unknown";
}
