/* enrolment_attempt.h - one try to get a certificate, from the first question
 * to a certificate that has been checked (docs/enrolment.md).  Nothing is kept:
 * the agent does, and `enrol --dry-run` does not. */

#ifndef DEVICE_ENROLMENT_ATTEMPT_H
#define DEVICE_ENROLMENT_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/est.h"
#include "core/err.h"
#include "core/loop.h"
#include "identity/issued.h"
#include "identity/thing_name.h"
#include "identity/timefloor.h"

struct enrolment_attempt;

/* Borrowed for the attempt's life, and what `est` points to longer, see
 * est_options. */
struct enrolment_attempt_options {
    struct loop *loop;
    struct est_options est;       /* where, as whom, whom to believe */
    bool renews;                  /* simplereenroll; else simpleenroll */
    const char *mark, *mark_text; /* see request_options */
    const char *key_uri;          /* where the new key is made */
    const struct thing_name_parts *who;
    const char *thing;
    const struct timefloor *floor;
    uint32_t max_days; /* of the certificate; 0: any life */
    unsigned patience; /* how often "ask again later" is obeyed */
};

/* What was tried and what came of it, in words: "cacerts", "csrattrs", "key",
 * "simpleenroll" or "simplereenroll", "certificate"; lent for the call. */
struct enrolment_step {
    const char *name;
    bool good;
    const char *words;
};

/* `why`: ATTEMPT_GOT, or one word: a layer's (http_reason_name), "later",
 * "denied", "rejected", "garbled", "channel_binding", "key", or "certificate_"
 * and issued_fault_name.  The callee may take the key and the PEM, leaving
 * NULL. */
#define ATTEMPT_GOT "got"
struct enrolment_result {
    const char *why;   /* static */
    const char *words; /* lent for the call */
    uint32_t retry_s;  /* the server said when; 0: it did not */
    struct key *key;
    struct issued issued;
};

const char *enrolment_attempt_why(enum issued_fault fault);

struct enrolment_attempt_events {
    void (*step)(void *context, const struct enrolment_step *step);
    void (*waits)(void *context, uint32_t seconds); /* the server said so */
    void (*ended)(void *context, struct enrolment_result *result); /* once */
    void *context;
};

/* ERR_NO_MEMORY and as est_ask: nothing happened. */
enum err enrolment_attempt_start(
    const struct enrolment_attempt_options *options,
    const struct enrolment_attempt_events *events,
    struct enrolment_attempt **out) MUST_CHECK;
void enrolment_attempt_cancel(struct enrolment_attempt *a); /* NULL is fine */

#endif
