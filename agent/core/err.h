/* err.h - why a call failed, in terms of what the caller does next. */

#ifndef CORE_ERR_H
#define CORE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
    ERR_NO_MEMORY,   /* give up this request, keep running */
    ERR_INVALID,     /* never retry: the input is malformed; say where */
    ERR_TOO_BIG,     /* never retry: it cannot fit */
    ERR_NOT_FOUND,   /* it is not there; go on without, or make it */
    ERR_EXISTS,      /* it is there already; use that one or choose another */
    ERR_CONFLICT,    /* somebody was faster: read again, then decide */
    ERR_AGAIN,       /* retry later: the world was not ready */
    ERR_DENIED,      /* never retry: the peer, or the system, said no */
    ERR_UNSUPPORTED, /* never retry here: this build or peer cannot */
    ERR_IO,          /* the disk or the network failed underneath us */
};

/* The enum's name in lower case ("too_big"), for logs and JSON; static. */
const char *err_name(enum err e);

#endif
