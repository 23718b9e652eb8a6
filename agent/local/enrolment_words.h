/* enrolment_words.h - an enrolment as people read it, for `status` and
 * `identity`. */

#ifndef LOCAL_ENROLMENT_WORDS_H
#define LOCAL_ENROLMENT_WORDS_H

#include "core/json.h"

/* Lines for `status`; `enrolment` may be NULL or off: nothing. */
void enrolment_words_status(const struct json *enrolment);

/* Lines for `identity`: the operational certificate. */
void enrolment_words_identity(const struct json *enrolment);

#endif
