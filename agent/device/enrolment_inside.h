/* enrolment_inside.h - what the files enrolment*.c share; for nobody else. */

#ifndef DEVICE_ENROLMENT_INSIDE_H
#define DEVICE_ENROLMENT_INSIDE_H

#include "device/enrolment.h"
#include "device/enrolment_attempt.h"
#include "device/enrolment_fleet.h"
#include "device/enrolment_plan.h"
#include "identity/discard.h"
#include "identity/generations.h"

#define ENROLMENT_MODULE "enrolment"
#define ENROLMENT_TOPIC  256

/* An operational identity in memory. */
struct enrolment_held {
    struct generation *generation; /* NULL: none */
    struct link_tickets *tickets;  /* or NULL */
};

/* One that is no longer shown: a link that was stopped may use it for a while
 * (link.h), so it is kept for longer than any link takes to end. */
struct enrolment_retired {
    struct enrolment_held held;
    int64_t since_ms; /* monotonic */
    struct enrolment_retired *next;
};

struct enrolment {
    struct enrolment_options options;
    struct thing_name_parts who;
    struct generations *generations; /* NULL: there is no method that enrols */
    struct session *session;
    enum enrolment_state state;
    struct enrolment_held current, fresh; /* fresh: on trial */
    struct enrolment_retired *retired;    /* the latest first */
    bool shows_operational;
    bool was_over;            /* the factory's is shown because it was */
    bool is_uncommitted;      /* the disk refused what the broker took */
    bool was_online;          /* ever */
    char replaced[ISSUED_ID]; /* the id of the one before */
    unsigned refusals;        /* of what is shown, in a row */
    unsigned ends;            /* of connections before the first good one */
    unsigned tries;           /* of the fresh one */
    struct enrolment_attempt *attempt; /* by EST, or */
    struct enrolment_fleet *fleet;
    unsigned begun; /* the generation that the attempt fills */
    char key_uri[GENERATIONS_URI];
    struct generations_mark mark;
    struct discard *discard; /* of the key of */
    unsigned discarded;
    struct loop_timer *timer;
    int64_t next_ms; /* monotonic, of the next attempt */
    int64_t succeeded_ms, failed_ms;
    unsigned failures;
    uint32_t told_s;
    int64_t waits_until_ms;  /* wall clock: the server said so; 0: no */
    int64_t last_attempt_ms; /* wall clock; 0: never */
    const char *why;         /* of the last failure, "" for none; static */
    char words[400];
    char topic[ENROLMENT_TOPIC];
    char *told; /* what was sent last */
    struct est *anchors_question;
    struct loop_timer *anchors_timer;
};

/* --- enrolment.c ---------------------------------------------------------- */

struct enrolment_times enrolment_read_times(const struct enrolment *e);

/* Something happened: live on. */
void enrolment_step(struct enrolment *e, enum enrolment_event event);

/* The current one is the current one. */
void enrolment_believe(const struct enrolment *e);

/* Why it came to nothing; `words` is copied. */
void enrolment_note(struct enrolment *e, const char *why, const char *words);

/* --- enrolment_ask.c ------------------------------------------------------ */

void enrolment_ask(struct enrolment *e); /* ENROLMENT_ASKING */

/* How and as whom the EST server is asked now. */
struct est_options enrolment_est(const struct enrolment *e);

/* --- enrolment_anchors.c -------------------------------------------------- */

/* Ask for the broker's anchors now, and each day from then on. */
void enrolment_ask_anchors(struct enrolment *e);
void enrolment_rest_anchors(struct enrolment *e);

/* --- enrolment_try.c ------------------------------------------------------ */

void enrolment_try(struct enrolment *e); /* ENROLMENT_TRYING */
void enrolment_drop_fresh(struct enrolment *e);
void enrolment_commit(struct enrolment *e);

/* --- enrolment_spent.c ---------------------------------------------------- */

/* Destroy the keys in a token that are out of use. */
void enrolment_discard(struct enrolment *e);

/* --- enrolment_hold.c ----------------------------------------------------- */

/* Takes `generation`. */
void enrolment_hold(struct enrolment *e, struct generation *generation,
    struct enrolment_held *out);
/* Leaves it empty. */
void enrolment_retire(struct enrolment *e, struct enrolment_held *held);
void enrolment_let_go(struct enrolment_held *held);
void enrolment_let_all_go(struct enrolment *e); /* no link is left */
struct session_identity enrolment_show(
    const struct enrolment *e, const struct enrolment_held *held);

/* --- enrolment_report.c --------------------------------------------------- */

/* Tell the cloud, when there is news. */
void enrolment_tell(struct enrolment *e);

#endif
