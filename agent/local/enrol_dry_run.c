/* enrol_dry_run.c */

#include "local/enrol_dry_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud/http.h"
#include "cloud/link.h"
#include "core/log.h"
#include "device/enrolment_attempt.h"
#include "device/enrolment_rehearsal.h"
#include "identity/chain.h"
#include "identity/key.h"
#include "identity/nameplate.h"
#include "identity/request.h"
#include "identity/worker.h"
#include "local/policy.h"
#include "local/settings.h"

/* A certificate and its key. */
struct shown {
    mbedtls_x509_crt *chain;
    struct key *key;
};

struct rehearsal {
    struct findings *findings;
    struct settings *settings;
    struct nameplate *nameplate;
    struct shown factory, claim;
    struct policy *policy;
    struct loop *loop;
    struct mqtt_room *room;
    char folder[64]; /* of the key that is thrown away */
    char key_uri[96];
};

static void on_step(void *context, const struct enrolment_step *step)
{
    struct rehearsal *r = context;

    findings_add(r->findings, step->good ? FINDING_OK : FINDING_FAILURE,
        step->name, "%s", step->words);
}

static void on_look(void *context)
{
    loop_stop(context);
}

/* What the threads borrowed is ours again when they are gone. */
static void wait_for_threads(struct loop *loop)
{
    while (http_threads() + worker_threads() + link_threads() > 0 &&
        loop_timer_start(loop, 10, on_look, loop) != NULL)
        loop_run(loop);
}

static void run(struct rehearsal *r, enum err started)
{
    if (started == ERR_OK)
        loop_run(r->loop);
    else
        findings_add(r->findings, FINDING_FAILURE, "enrol",
            "the first question could not be put; see above");
    wait_for_threads(r->loop);
}

/* --- EST ----------------------------------------------------------------- */

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

static void rehearse_est(struct rehearsal *r)
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
                .chain = r->factory.chain,
                .key = r->factory.key,
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

    run(r, enrolment_attempt_start(&options, &events, &attempt));
}

/* --- the broker's ways --------------------------------------------------- */

static void on_rehearsed(void *context, bool good)
{
    struct rehearsal *r = context;

    findings_add(r->findings, good ? FINDING_OK : FINDING_FAILURE, "enrol",
        "%s; no certificate was made",
        good ? "as far as it can be looked at, the agent could begin"
             : "the agent would fail here");
    loop_stop(r->loop);
}

static void rehearse_broker(struct rehearsal *r)
{
    const struct settings *s = r->settings;
    bool by_claim = s->enrolment.method == SETTINGS_METHOD_FLEET;
    const struct shown *shown = by_claim ? &r->claim : &r->factory;
    const struct enrolment_rehearsal_options options = {
        .loop = r->loop,
        .room = r->room,
        .link = {.brokers = s->brokers,
                 .websocket = s->websocket,
                 .proxy = policy_proxy(r->policy),
                 .trust = policy_broker(r->policy),
                 .chain = shown->chain,
                 .key = shown->key,
                 .timeout_ms = s->connect_timeout_ms},
        .template = by_claim ? s->enrolment.template : NULL
    };
    const struct enrolment_rehearsal_events events = {on_step, on_rehearsed, r};
    struct enrolment_rehearsal *rehearsal;

    run(r, enrolment_rehearsal_start(&options, &events, &rehearsal));
}

/* --- what it takes ------------------------------------------------------- */

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

static enum err show(struct shown *s, const char *certificate, const char *key)
{
    char why[KEY_WHY] = "";
    enum err e = chain_read_own(certificate, &s->chain);

    if (e == ERR_OK)
        e = key_open(key, &s->key);
    if (e == ERR_OK)
        e = key_ready(s->key, s->chain, why);
    if (*why != '\0')
        settings_say(NULL, why);
    return e;
}

static bool open_settings(struct rehearsal *r, const char *path)
{
    enum err e = settings_load(path, settings_say, NULL, &r->settings);

    if (e == ERR_OK)
        e = settings_check_files(r->settings, settings_say, NULL);
    if (!found(r, e, "config", path))
        return false;
    log_set_level(r->settings->level);
    if (r->settings->enrolment.method == SETTINGS_METHOD_NONE)
        findings_add(r->findings, FINDING_FAILURE, "config",
            "[enrolment] method is none: there is nobody to ask");
    return r->settings->enrolment.method != SETTINGS_METHOD_NONE;
}

static bool open_identities(struct rehearsal *r)
{
    const struct settings *s = r->settings;
    const char *claim = s->enrolment.claim_certificate;
    enum err e = nameplate_read(s->certificate, &r->nameplate);

    if (e == ERR_OK)
        e = show(&r->factory, s->certificate, s->key);
    if (!found(r, e, "identity", e == ERR_OK ? r->nameplate->thing : ""))
        return false;
    if (s->enrolment.method != SETTINGS_METHOD_FLEET)
        return true;
    return found(
        r, show(&r->claim, claim, s->enrolment.claim_key), "claim", claim);
}

static bool make_folder(struct rehearsal *r)
{
    (void)snprintf(r->folder, sizeof(r->folder), "/tmp/nameplate-enrol-XXXXXX");
    if (mkdtemp(r->folder) == NULL)
        r->folder[0] = '\0';
    (void)snprintf(r->key_uri, sizeof(r->key_uri), "file:%s/key", r->folder);
    return r->folder[0] != '\0';
}

static bool open_place(struct rehearsal *r)
{
    r->loop = loop_new();
    if (r->settings->enrolment.method == SETTINGS_METHOD_EST)
        return found(r, r->loop != NULL && make_folder(r) ? ERR_OK : ERR_IO,
            "place", "a key is made in a temporary folder");
    return found(r,
        r->loop != NULL ? mqtt_room_new(r->loop, &r->room) : ERR_NO_MEMORY,
        "place", "nothing is made");
}

static bool open_all(struct rehearsal *r, const char *path)
{
    const struct settings *s;
    enum err e;

    if (!open_settings(r, path) || !open_identities(r))
        return false;
    s = r->settings;
    e = policy_open(s, &r->policy);
    return found(r, e, "trust",
               s->enrolment.method == SETTINGS_METHOD_EST ? s->enrolment.trust
                                                          : s->trust) &&
        open_place(r);
}

static void hide(struct shown *s)
{
    key_free(s->key);
    chain_free(s->chain);
}

static void close_all(struct rehearsal *r)
{
    if (r->folder[0] != '\0') {
        (void)unlink(r->key_uri + strlen("file:"));
        (void)rmdir(r->folder);
    }
    mqtt_room_free(r->room);
    if (r->loop != NULL)
        loop_free(r->loop);
    policy_close(r->policy);
    hide(&r->claim);
    hide(&r->factory);
    nameplate_free(r->nameplate);
    settings_free(r->settings);
}

void enrol_dry_run(struct findings *findings, const char *path)
{
    struct rehearsal r = {.findings = findings};

    if (open_all(&r, path) &&
        r.settings->enrolment.method == SETTINGS_METHOD_EST)
        rehearse_est(&r);
    else if (r.room != NULL)
        rehearse_broker(&r);
    close_all(&r);
}
