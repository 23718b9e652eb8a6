/* enrolling.h - what applications and people at this device hear of the
 * enrolment. */

#ifndef LOCAL_ENROLLING_H
#define LOCAL_ENROLLING_H

#include "device/enrolment.h"
#include "local/answer.h"

/* Add `enrolment` to an answer; NULL adds nothing. */
void enrolling_add(struct answer *a, const struct enrolment *enrolment);

/* {"op":"enrol"}: enrol or renew now. */
struct answer enrolling_start(struct enrolment *enrolment);

#endif
