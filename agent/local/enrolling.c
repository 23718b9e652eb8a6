/* enrolling.c */

#include "local/enrolling.h"

void enrolling_add(struct answer *a, const struct enrolment *enrolment)
{
    if (enrolment != NULL)
        answer_value(a, "enrolment", enrolment_json(enrolment, true));
}

struct answer enrolling_start(struct enrolment *enrolment)
{
    enum err e = enrolment != NULL ? enrolment_now(enrolment) : ERR_UNSUPPORTED;
    struct answer a;

    if (e == ERR_UNSUPPORTED)
        return answer_refusal(
            e, "no method to enrol is configured; see [enrolment] method");
    if (e != ERR_OK && e != ERR_EXISTS)
        return answer_refusal(e, "it could not be begun; try again");
    a = answer_ok();
    answer_bool(&a, "under_way", e == ERR_EXISTS);
    return a;
}
