/* enrolment_plan.h - what an enrolment does next, and when.  Pure: no clock, no
 * network, no heap. */

#ifndef DEVICE_ENROLMENT_PLAN_H
#define DEVICE_ENROLMENT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* In the order they are lived. */
enum enrolment_state {
    ENROLMENT_RESTING, /* until it is due */
    ENROLMENT_ASKING,  /* an attempt is under way */
    ENROLMENT_TRYING,  /* the broker is asked whether it takes the new one */
    ENROLMENT_BETWEEN  /* ... and will be asked again soon */
};

enum enrolment_event {
    ENROLMENT_ON_DUE,      /* the time has come, or somebody asked */
    ENROLMENT_ON_GOT,      /* a certificate that has been checked */
    ENROLMENT_ON_FAILED,   /* the attempt came to nothing */
    ENROLMENT_ON_ACCEPTED, /* the broker took it */
    ENROLMENT_ON_REFUSED,  /* ... did not, and may on another day */
    ENROLMENT_ON_GIVEN_UP  /* ... did not, so often that it is dropped */
};

enum enrolment_state enrolment_next(
    enum enrolment_state state, enum enrolment_event event);

/* The longest time between two looks at the clock. */
#define ENROLMENT_LOOK_MS 600000

/* Decisions count monotonic time; the wall clock only says how much is left of
 * the certificate and is asked anew each time, so that a jump of the clock or a
 * long sleep moves the next attempt and cannot lose it. */
struct enrolment_times {
    int64_t now_ms;          /* monotonic */
    int64_t now_wall_s;      /* since 1970; not below the time floor */
    bool is_operational;     /* what is shown to the broker just now */
    bool was_over;           /* the factory's is, because the other was over */
    int64_t from_s, until_s; /* of the operational one */
    unsigned percent;        /* of its life, after which it is renewed */
    uint32_t random;         /* one number for each certificate */
    int64_t succeeded_ms;    /* monotonic: when it came; 0: before the start */
    int64_t failed_ms;       /* monotonic: the last failure; 0: none */
    unsigned failures;       /* in a row */
    uint32_t told_s;         /* the server said how long to wait; 0: no */
};

/* The wait after so many failures in a row: from a minute up to six hours, and
 * never more than a tenth of what is left, so that the last part of a life
 * holds many tries.  Up to a quarter of it is left out by `random`. */
int64_t enrolment_back_off_ms(const struct enrolment_times *t);

/* The monotonic time of the next attempt: when `percent` of the life is over,
 * up to a twentieth of the life earlier by `random`; at once without an
 * operational identity; after a failure not before the wait above; after a
 * success not before a third of what is left, an hour at most, for a CA that
 * dates back. */
int64_t enrolment_due_ms(const struct enrolment_times *t);

/* Which identity to show from now on.  The operational one until it is over or
 * was refused so often in a row; then the factory's, the way back; and when
 * that is refused as well, in turns.  Where a clock that was set says that it
 * is not over after all: the operational one again.  One that has not begun by
 * our clock is shown: the broker took it, so it is the clock that is wrong. */
#define ENROLMENT_REFUSALS 3
bool enrolment_shows_operational(
    const struct enrolment_times *t, unsigned refusals);

/* Does this end of a connection say that the broker does not want the identity?
 * `why` is a session's. */
bool enrolment_is_refusal(const char *why);

/* The broker did not take the new one, for this reason, `tries` times: drop
 * it?  A refusal is believed sooner than a network that is away. */
bool enrolment_gives_up(const char *why, unsigned tries);

/* ... else ask again after so long. */
uint64_t enrolment_between_ms(unsigned tries);

#endif
