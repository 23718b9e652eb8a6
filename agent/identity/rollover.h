/* rollover.h - which of the CAs that an enrolment server names become trust
 * anchors (RFC 7030 section 4.1.3, RFC 4210 section 4.4).
 *
 * A new root (NewWithNew) is taken when the same name and key stand in another
 * certificate that leads to a trusted anchor by the rules of path.h
 * (NewWithOld), and all on this way have one name: a CA rolls its key over and
 * keeps its name.  A way over other names is what an intermediate has, and an
 * intermediate must not crown itself.  Whatever binds somebody on the way (name
 * constraints, purposes, path length) must bind the new root too.  Pure. */

#ifndef IDENTITY_ROLLOVER_H
#define IDENTITY_ROLLOVER_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/anchors.h"
#include "identity/certs_only.h"
#include "identity/crl.h"

#define ROLLOVER_SEARCHES 8 /* the most ways that are looked for at once */

/* Lent for the call. */
struct rollover_question {
    const struct certs_only *offered; /* any order */
    const struct anchor_set *trusted;
    const struct crls *crls; /* NULL: none */
    int64_t crl_grace_s, now_s;
    bool clock_is_late; /* see path.h */
};

/* Of one that is offered; roots alone have one. */
enum rollover_fate {
    ROLLOVER_CONFIGURED, /* it is in the file anyway */
    ROLLOVER_STAYS,      /* it was added before */
    ROLLOVER_NEW,
    ROLLOVER_STRANGER, /* nobody vouches for it */
    ROLLOVER_UNFIT,    /* it is no good root, whoever vouches */
    ROLLOVER_FREER,    /* it would be bound by less than who vouches */
    ROLLOVER_TOO_MANY
};

/* "no trusted anchor vouches for it": for people; static. */
const char *rollover_words(enum rollover_fate fate);

struct rollover {
    mbedtls_x509_crt offered; /* what `additions` are lent from */
    struct anchor_addition additions[ANCHORS_ADDED];
    size_t count;
    size_t refused;
    enum rollover_fate last; /* of the last one that has a fate */
};

/* What does not parse is passed over.  Each fate but the first two is logged.
 * ERR_OK: rollover_clear it.  ERR_NO_MEMORY. */
enum err rollover_judge(
    const struct rollover_question *question, struct rollover *out) MUST_CHECK;
void rollover_clear(struct rollover *rollover);

#endif
