/* verb_enrol.c - by hand: ask the agent to enrol or renew now; or try it
 * without the agent and keep nothing, for whoever sets up the server. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "cloud/http.h"
#include "device/enrolment_attempt.h"
#include "identity/chain.h"
#include "identity/key.h"
#include "identity/nameplate.h"
#include "identity/request.h"
#include "local/call.h"
#include "local/findings.h"
#include "local/policy.h"
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
        "  --dry-run  needs no agent: asks the server of the configuration "
        "(-c)\n"
        "             with the factory certificate and a key that is thrown "
        "away,\n"
        "             says of each step what came of it, and keeps nothing.  "
        "The\n"
        "             server issues one certificate, which nobody will use.\n"
        "             Exit status: 0 all is well, 2 a failure.\n"
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

/* --- dry ----------------------------------------------------------------- */

struct rehearsal {
    struct findings *findings;
    struct settings *settings;
    struct nameplate *nameplate;
    mbedtls_x509_crt *chain;
    struct key *key;
    struct policy *policy;
    struct loop *loop;
    char folder[64]; /* of the key that is thrown away */
    char key_uri[96];
};

static void on_step(void *context, const struct enrolment_step *step)
{
    struct rehearsal *r = context;

    findings_add(r->findings, step->good ? FINDING_OK : FINDING_FAILURE,
        step->name, "%s", step->words);
}

static void on_waits(void *context, uint32_t seconds)
{
    (void)context;
    (void)seconds;
}

static void on_ended(void *context, struct enrolment_result *result)
{
    struct rehearsal *r = context;

    if (strcmp(result->why, ATTEMPT_GOT) != 0)
        findings_add(r->findings, FINDING_FAILURE, "enrol",
            "it ends with '%s'; nothing was kept", result->why);
    else
        findings_add(r->findings, FINDING_OK, "enrol",
            "the agent would try this certificate on the broker now; nothing "
            "was kept");
    loop_stop(r->loop);
}

static void on_look(void *context)
{
    loop_stop(context);
}

/* What the threads borrowed is ours again when they are gone. */
static void wait_for_threads(struct loop *loop)
{
    while (http_threads() + request_threads() > 0 &&
        loop_timer_start(loop, 10, on_look, loop) != NULL)
        loop_run(loop);
}

static void rehearse(struct rehearsal *r)
{
    const struct settings_enrolment *s = &r->settings->enrolment;
    const struct thing_name_parts who = {
        r->nameplate->vendor, r->nameplate->model, r->nameplate->serial};
    const struct enrolment_attempt_options options = {
        .loop = r->loop,
        .est = {.url = s->url,
                .label = s->label,
                .trust = policy_enrolment(r->policy),
                .proxy = policy_proxy(r->policy),
                .chain = r->chain,
                .key = r->key,
                .user = s->username,
                .password = policy_password(r->policy)},
        .key_uri = r->key_uri,
        .who = &who,
        .thing = r->nameplate->thing,
        .floor = policy_floor(r->policy),
        .max_days = s->max_days
    };
    const struct enrolment_attempt_events events = {
        on_step, on_waits, on_ended, r};
    struct enrolment_attempt *attempt;

    if (enrolment_attempt_start(&options, &events, &attempt) != ERR_OK) {
        findings_add(r->findings, FINDING_FAILURE, "enrol",
            "the first question could not be put; see above");
        return;
    }
    loop_run(r->loop);
    wait_for_threads(r->loop);
}

static bool found(
    struct rehearsal *r, enum err e, const char *what, const char *good)
{
    if (e == ERR_OK)
        findings_add(r->findings, FINDING_OK, what, "%s", good);
    else
        findings_add(r->findings, FINDING_FAILURE, what,
            "%s; the lines above say what is wrong", err_name(e));
    return e == ERR_OK;
}

static bool make_folder(struct rehearsal *r)
{
    (void)snprintf(r->folder, sizeof(r->folder), "/tmp/nameplate-enrol-XXXXXX");
    if (mkdtemp(r->folder) == NULL)
        r->folder[0] = '\0';
    (void)snprintf(r->key_uri, sizeof(r->key_uri), "file:%s/key", r->folder);
    return r->folder[0] != '\0';
}

static bool open_all(struct rehearsal *r, const char *path)
{
    char why[KEY_WHY] = "";
    enum err e = settings_load(path, settings_say, NULL, &r->settings);

    if (e == ERR_OK)
        e = settings_check_files(r->settings, settings_say, NULL);
    if (!found(r, e, "config", path))
        return false;
    log_set_level(r->settings->level);
    if (r->settings->enrolment.method != SETTINGS_METHOD_EST) {
        findings_add(r->findings, FINDING_FAILURE, "config",
            "[enrolment] method is not est: there is no server to ask");
        return false;
    }
    e = nameplate_read(r->settings->certificate, &r->nameplate);
    if (e == ERR_OK)
        e = chain_read_own(r->settings->certificate, &r->chain);
    if (e == ERR_OK)
        e = key_open(r->settings->key, &r->key);
    if (e == ERR_OK)
        e = key_ready(r->key, r->chain, why);
    if (*why != '\0')
        settings_say(NULL, why);
    if (!found(r, e, "identity", e == ERR_OK ? r->nameplate->thing : ""))
        return false;
    e = policy_open(r->settings, &r->policy);
    if (!found(r, e, "trust", r->settings->enrolment.trust))
        return false;
    r->loop = loop_new();
    return found(r, r->loop != NULL && make_folder(r) ? ERR_OK : ERR_IO,
        "place", "a key is made in a temporary folder");
}

static void close_all(struct rehearsal *r)
{
    if (r->folder[0] != '\0') {
        (void)unlink(r->key_uri + strlen("file:"));
        (void)rmdir(r->folder);
    }
    if (r->loop != NULL)
        loop_free(r->loop);
    policy_close(r->policy);
    key_free(r->key);
    chain_free(r->chain);
    nameplate_free(r->nameplate);
    settings_free(r->settings);
}

int verb_enrol(int argc, char **argv)
{
    struct options o;
    struct findings findings;
    struct rehearsal r = {.findings = &findings};
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.own[0] == NULL && o.config != NULL)
        return speak_fail(&o, EX_USAGE, "usage",
            "enrol: -c is for --dry-run; the agent has its configuration");
    if (o.own[0] == NULL)
        return by_agent(&o);
    findings = findings_begin(&o);
    if (open_all(&r, o.config == NULL ? SETTINGS_PATH : o.config))
        rehearse(&r);
    close_all(&r);
    return findings_end(&findings);
}
