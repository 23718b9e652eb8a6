/* verb_enrol.c - by hand: ask the agent to enrol or renew now; or try it
 * without the agent and keep nothing, for whoever sets up the server. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "local/call.h"
#include "local/enrol_dry_run.h"
#include "local/findings.h"
#include "local/settings.h"
#include "local/speak.h"
#include "local/verbs.h"

#define PATIENCE_S 180 /* for the agent */
#define LOOK_MS    300
#define WAITING_S  15 /* while the server wants to be asked later */

static const struct option_own own[] = {
    {"--dry-run", NULL, NULL}
};

static const struct page page = {
    .name = "enrol",
    .arguments = "[--dry-run]",
    .summary = "get or renew the operational certificate now",
    .help =
        "  Asks the agent to enrol, or to renew, and waits for what comes of "
        "it.\n"
        "  Exit status: 0 the new certificate is in use, 1 it failed, 75 it "
        "is\n"
        "  still under way, 69 no agent is running.\n"
        "\n"
        "  --dry-run  needs no agent: asks whom the configuration (-c) names, "
        "says\n"
        "             of each step what came of it, and keeps nothing.  An EST "
        "server\n"
        "             is asked with the factory certificate and a key that is "
        "thrown\n"
        "             away, and issues one certificate, which nobody will use; "
        "the\n"
        "             broker (fleet, jitp) issues none, and what cannot be "
        "checked\n"
        "             so is said.  Exit status: 0 all is well, 2 a failure.\n"
        "\n"
        "  Example: nameplate enrol --dry-run -c "
        "/etc/nameplate/nameplate.ini\n",
    .takes_config = true,
    .own = own,
    .own_count = 1,
};

/* --- by the agent -------------------------------------------------------- */

static bool is_in(const struct json *enrolment, const char *wanted)
{
    const char *state = json_text(json_get(enrolment, "state"));

    return state != NULL && strcmp(state, wanted) == 0;
}

static bool is_under_way(const struct json *enrolment)
{
    return is_in(enrolment, "asking") || is_in(enrolment, "waiting") ||
        is_in(enrolment, "trying");
}

/* The enrolment as `status` tells it; the caller frees the whole answer. */
static const struct json *look(
    struct call *call, struct json **answer, int *status)
{
    *answer = call_ask(call, call_request("status"), status);
    return json_get(*answer, "enrolment");
}

static int tell_outcome(const struct options *o, const struct json *enrolment)
{
    const char *error = json_text(json_get(enrolment, "last_error"));
    const char *detail = json_text(json_get(enrolment, "last_error_detail"));
    const char *id = json_text(json_get(enrolment, "certificate_id"));

    if (is_under_way(enrolment))
        return speak_fail(o, EX_TEMPFAIL, "under_way",
            "enrol: it is still under way; see 'nameplate status'");
    if (error != NULL)
        return speak_fail(
            o, 1, error, "enrol: %s: %s", error, detail != NULL ? detail : "");
    if (o->json)
        return speak_json(o, enrolment);
    (void)printf("in use: certificate %s, %.0f days left\n",
        id != NULL ? id : "", json_number(json_get(enrolment, "days_left")));
    return speak_end(o);
}

static void nap(void)
{
    const struct timespec time = {.tv_nsec = LOOK_MS * 1000000L};

    (void)nanosleep(&time, NULL);
}

/* When the last attempt began; 0: never. */
static double attempt_of(const struct json *enrolment)
{
    return json_number(json_get(enrolment, "last_attempt"));
}

/* `before`: what attempt_of said before this one was asked for. */
static int watch(const struct options *o, struct call *call, double before)
{
    struct json *answer = NULL;
    const struct json *enrolment;
    int status = EX_OK, waiting = 0;

    for (int looks = 0; looks < PATIENCE_S * 1000 / LOOK_MS; looks++) {
        nap();
        json_free(answer);
        enrolment = look(call, &answer, &status);
        if (answer == NULL)
            return status;
        waiting += is_in(enrolment, "waiting");
        if ((!is_under_way(enrolment) && attempt_of(enrolment) != before) ||
            waiting > WAITING_S * 1000 / LOOK_MS)
            break;
    }
    status = tell_outcome(o, json_get(answer, "enrolment"));
    json_free(answer);
    return status;
}

static int by_agent(const struct options *o)
{
    struct json *first, *answer = NULL;
    double before = 0;
    int status;
    struct call *call = call_open(o, &status);

    if (call == NULL)
        return status;
    before = attempt_of(look(call, &first, &status));
    if (first != NULL)
        answer = call_ask(call, call_request("enrol"), &status);
    if (answer != NULL && json_is_true(json_get(answer, "under_way")))
        before = -1; /* the one that is under way will do */
    if (answer != NULL)
        status = watch(o, call, before);
    json_free(first);
    json_free(answer);
    call_close(call);
    return status;
}

int verb_enrol(int argc, char **argv)
{
    struct options o;
    struct findings findings;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.own[0] == NULL && o.config != NULL)
        return speak_fail(&o, EX_USAGE, "usage",
            "enrol: -c is for --dry-run; the agent has its configuration");
    if (o.own[0] == NULL)
        return by_agent(&o);
    findings = findings_begin(&o);
    enrol_dry_run(&findings, o.config == NULL ? SETTINGS_PATH : o.config);
    return findings_end(&findings);
}
