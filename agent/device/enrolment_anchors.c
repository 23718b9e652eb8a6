/* enrolment_anchors.c - the CAs that the EST server names (RFC 7030 section
 * 4.1), asked for at the start, each day and with each attempt, by a question
 * of its own: what comes of it touches no certificate of ours, and the other
 * way round. */

#include "core/log.h"
#include "device/enrolment_inside.h"

#define DAY_MS   UINT64_C(86400000)
#define AGAIN_MS 3600000 /* after a question that came to nothing */

/* Up to a quarter of it is left out, so that a fleet does not ask as one. */
static uint64_t day_ms(const struct enrolment *e)
{
    return DAY_MS - (enrolment_read_times(e).random >> 22) * (DAY_MS / 4096);
}

static void on_time(void *context)
{
    struct enrolment *e = context;

    e->anchors_timer = NULL;
    enrolment_ask_anchors(e);
}

static void sleep_on(struct enrolment *e, uint64_t delay_ms)
{
    loop_timer_cancel(e->anchors_timer);
    e->anchors_timer = loop_timer_start(e->options.loop, delay_ms, on_time, e);
    if (e->anchors_timer == NULL)
        log_error(ENROLMENT_MODULE, "out of memory: a timer is missing");
}

static void fail(struct enrolment *e, const char *words)
{
    log_warning(ENROLMENT_MODULE,
        "the broker's anchors stay as they are detail=\"%s\"", words);
    sleep_on(e, AGAIN_MS);
}

static void on_answer(void *context, const struct est_end *answer)
{
    struct enrolment *e = context;
    struct certs_only offered;
    const char *why;

    e->anchors_question = NULL;
    if (answer->reading->outcome != EST_DONE)
        fail(e, answer->reading->words);
    else if (certs_only_read(
                 bytes_span(&answer->reading->der), &offered, &why) != ERR_OK)
        fail(e, why);
    else if (e->options.roll(e->options.roller, &offered) != ERR_OK)
        fail(e, "they are not in use, or not kept; see the log");
    else
        sleep_on(e, day_ms(e));
    enrolment_tell(e);
}

void enrolment_ask_anchors(struct enrolment *e)
{
    struct est_options est = enrolment_est(e);

    if (e->options.roll == NULL || e->anchors_question != NULL)
        return;
    est.user = est.password = NULL; /* as in enrolment_attempt.c */
    if (est_ask(e->options.loop, &est, EST_CACERTS, (struct span){NULL, 0},
            &(struct est_events){on_answer, e}, &e->anchors_question) != ERR_OK)
        fail(e, "the question could not be put");
}

void enrolment_rest_anchors(struct enrolment *e)
{
    est_cancel(e->anchors_question);
    loop_timer_cancel(e->anchors_timer);
    e->anchors_question = NULL;
    e->anchors_timer = NULL;
}
