/* enrolment_names.h - client id and topics of one try at fleet provisioning
 * (contract section 4.1), and what a claim's policy must allow for it. */

#ifndef DEVICE_ENROLMENT_NAMES_H
#define DEVICE_ENROLMENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define FLEET_TOPIC  257
#define FLEET_CREATE "$aws/certificates/create-from-csr/json"

enum { FLEET_CREATED, FLEET_NOT_CREATED, FLEET_DONE, FLEET_NOT_DONE };

struct enrolment_names {
    char client[32]; /* "claim-" and 16 hexadecimal digits */
    char provision[FLEET_TOPIC];
    char filters[4][FLEET_TOPIC]; /* of the answers, by the enum above */
};

/* ERR_TOO_BIG: the template's name is too long; ERR_IO: no randomness. */
enum err enrolment_names_make(
    const char *template, struct enrolment_names *out) MUST_CHECK;

/* `prefix` and 16 hexadecimal digits by chance.  ERR_IO. */
enum err enrolment_names_client(const char *prefix, char out[32]) MUST_CHECK;

/* A connection of the claim's ended, `why` as in verdict.h, after it was let in
 * or before: may it be its policy?  A cloud may just hang up on who asks for
 * what it may not. */
bool enrolment_names_is_policy(const char *why, bool was_in);

/* After `what`: what the policy of the claim certificate must allow, for who
 * writes it. */
void enrolment_names_advise(
    const char *template, const char *what, char *out, size_t size);

#endif
