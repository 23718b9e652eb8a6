/* issued.h - is the certificate that a CA sent the one that was asked for, and
 * will it do?  Judged before anything of it is kept. */

#ifndef IDENTITY_ISSUED_H
#define IDENTITY_ISSUED_H

#include <stdbool.h>
#include <stdint.h>

#include "identity/bytes.h"
#include "identity/certs_only.h"
#include "identity/key.h"

/* In the order they are looked for. */
enum issued_fault {
    ISSUED_OK,
    ISSUED_MALFORMED, /* a certificate that does not parse */
    ISSUED_KEY,       /* none is for our key */
    ISSUED_NAME,      /* it is for another thing */
    ISSUED_DATES,     /* over, not begun, or over too soon */
    ISSUED_PURPOSE,   /* not for a client, or a CA's */
    ISSUED_LONG,      /* it lives longer than is allowed here */
    ISSUED_CHAIN      /* no good path to a CA of `authorities` */
};

const char *issued_fault_name(enum issued_fault fault); /* "key"; static */

struct issued_question {
    const struct certs_only *answer;      /* any order; ours among them */
    const struct certs_only *authorities; /* NULL: the path is not judged */
    struct key *key;                      /* key_ready has been called */
    const char *thing; /* what the CN must be; NULL: not compared */
    int64_t now_s;
    bool clock_is_late; /* see path.h */
    uint32_t max_days;  /* 0: any life will do */
};

#define ISSUED_ID    65 /* 64 hexadecimal digits */
#define ISSUED_LEAST 10 /* seconds that must be left of it */

struct issued {
    enum issued_fault fault;
    char words[400];         /* what was found, also when all is well */
    struct bytes pem;        /* ISSUED_OK: leaf first, without the root; the
                                caller frees */
    char id[ISSUED_ID];      /* SHA-256 of the leaf */
    int64_t from_s, until_s; /* of the leaf */
};

void issued_check(const struct issued_question *question, struct issued *out);

/* SHA-256 of a certificate's DER in hexadecimal: its id at the broker. */
enum err issued_id(struct span der, char out[ISSUED_ID]) MUST_CHECK;

#endif
