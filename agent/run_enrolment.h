/* run_enrolment.h - the enrolment as the configuration wants it, for `run`. */

#ifndef RUN_ENROLMENT_H
#define RUN_ENROLMENT_H

#include "cloud/commands.h"
#include "device/enrolment.h"
#include "local/policy.h"
#include "local/settings.h"

struct run_enrolment;

/* Everything is borrowed until run_enrolment_close. */
struct run_enrolment_sources {
    const struct settings *settings;
    struct policy *policy;
    struct loop *loop;
    struct mqtt_room *room;
    const struct nameplate *nameplate;
    struct session_identity factory;
};

/* Reads the claim certificate, where one is wanted; reasons are logged. */
enum err run_enrolment_open(const struct run_enrolment_sources *sources,
    struct run_enrolment **out) MUST_CHECK;
/* {"action":"rotate"} renews now. */
enum err run_enrolment_listen(
    struct run_enrolment *r, struct commands *commands) MUST_CHECK;
void run_enrolment_rest(struct run_enrolment *r);  /* as enrolment_rest */
void run_enrolment_close(struct run_enrolment *r); /* as enrolment_free */

/* Lent. */
struct enrolment *run_enrolment(const struct run_enrolment *r);

#endif
