/* verb_doctor.c - looks at everything the agent needs, in the order it needs
 * it, without the agent. */

#include <inttypes.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cloud/probe.h"
#include "identity/chain.h"
#include "identity/key.h"
#include "identity/moment.h"
#include "identity/nameplate.h"
#include "local/checkup.h"
#include "local/findings.h"
#include "local/policy.h"
#include "local/settings.h"
#include "local/speak.h"
#include "local/verbs.h"
#include "ports/port.h"

static const struct page page = {
    .name = "doctor",
    .arguments = "",
    .summary = "check all that the agent needs, and say what to mend",
    .help = "  Looks at the configuration, the device's identity and key, the "
            "CAs,\n"
            "  the clock, the operational identity if there is one, and the "
            "store,\n"
            "  and dials the broker until both sides believe each other; no "
            "message\n"
            "  is sent. The agent may run meanwhile.\n"
            "  Exit status: 0 all is well, 1 a warning, 2 a failure.\n"
            "\n"
            "  Example: nameplate doctor -c /etc/nameplate/nameplate.ini\n",
    .takes_config = true,
    .no_agent = true,
};

struct patient {
    struct findings *findings;
    struct settings *settings;
    struct nameplate *nameplate;
    mbedtls_x509_crt *chain;
    struct key *key;
    struct policy *policy;
    struct generation *operational; /* NULL: the factory's is shown */
};

static bool found(struct patient *p, enum err e, const char *what,
    const char *good, const char *bad)
{
    if (e == ERR_OK)
        findings_add(p->findings, FINDING_OK, what, "%s", good);
    else
        findings_add(p->findings, FINDING_FAILURE, what,
            "%s (%s); the lines above say what is wrong", bad, err_name(e));
    return e == ERR_OK;
}

static bool look_at_configuration(struct patient *p, const char *path)
{
    enum err e = settings_load(path, settings_say, NULL, &p->settings);

    if (e == ERR_OK)
        e = settings_check_files(p->settings, settings_say, NULL);
    return found(p, e, "config", path, path);
}

static bool look_at_key(struct patient *p)
{
    struct keystore_place place;
    char why[KEY_WHY];
    enum err e = key_open(p->settings->key, &p->key);

    if (e != ERR_OK)
        return found(p, e, "key", "", "the key's URI is not usable");
    e = key_ready(p->key, p->chain, why);
    if (e != ERR_OK) {
        findings_add(p->findings, FINDING_FAILURE, "key", "%s", why);
        return false;
    }
    key_place(p->key, &place);
    findings_add(p->findings, FINDING_OK, "key", "it fits the certificate; %s",
        place.words);
    return true;
}

static bool look_at_identity(struct patient *p)
{
    const struct settings *s = p->settings;
    enum err e = nameplate_read(s->certificate, &p->nameplate);

    if (e == ERR_OK)
        e = chain_read_own(s->certificate, &p->chain);
    if (!found(p, e, "identity", e == ERR_OK ? p->nameplate->thing : "",
            s->certificate))
        return false;
    return look_at_key(p);
}

static void look_at_clock(struct patient *p)
{
    char text[MOMENT_TEXT];
    bool late;
    int64_t now_s = timefloor_now(policy_floor(p->policy), &late);

    moment_print(now_s, text);
    if (late)
        findings_add(p->findings, FINDING_WARNING, "clock",
            "this device's clock is before %s, when it was later already; "
            "set it (dates are judged at that time meanwhile; if the clock is "
            "right after all, remove %s/time)",
            text, p->settings->folder);
    else
        findings_add(p->findings, FINDING_OK, "clock", "%s", text);
    if (!late && p->nameplate->not_after_s < now_s)
        findings_add(p->findings, FINDING_WARNING, "identity",
            "the device's own certificate is expired");
    p->operational = checkup_operational(p->findings, p->settings, now_s);
}

static bool look_at_trust(struct patient *p)
{
    return found(p, policy_open(p->settings, &p->policy), "trust",
        p->settings->trust, p->settings->trust);
}

static void look_at_store(struct patient *p)
{
    const char *folder = p->settings->folder;

    if (access(folder, W_OK | X_OK) == 0)
        findings_add(p->findings, FINDING_OK, "store", "%s", folder);
    else
        findings_add(p->findings, FINDING_WARNING, "store",
            "%s is not there, or not writable for this user; the agent makes "
            "it, and must be able to",
            folder);
}

static void look_at_broker(struct patient *p, const struct broker *broker)
{
    const struct settings *s = p->settings;
    const struct brokers alone = {.list = {*broker}, .count = 1};
    const struct link_options options = {.brokers = &alone,
        .websocket = s->websocket,
        .proxy = policy_proxy(p->policy),
        .trust = policy_broker(p->policy),
        .chain = p->operational != NULL ? p->operational->chain : p->chain,
        .key = p->operational != NULL ? p->operational->key : p->key,
        .timeout_ms = s->connect_timeout_ms};
    struct probe_result r;
    enum err e = probe_server(&options, &r);

    if (e != ERR_OK)
        findings_add(p->findings, FINDING_FAILURE, "broker",
            "it could not be tried (%s)", err_name(e));
    else if (r.good)
        findings_add(p->findings, FINDING_OK, "broker",
            "%s:%u is there, and both sides believe each other", broker->host,
            broker->port);
    else
        findings_add(p->findings, FINDING_FAILURE, "broker", "%s:%u: %s: %s",
            broker->host, broker->port, link_reason_name(r.reason), r.detail);
}

static void look_at_all(struct patient *p, const char *path)
{
    if (!look_at_configuration(p, path))
        return;
    log_set_level(p->settings->level);
    if (!look_at_identity(p) || !look_at_trust(p))
        return;
    look_at_clock(p);
    look_at_store(p);
    for (size_t i = 0; i < p->settings->brokers->count; i++)
        look_at_broker(p, &p->settings->brokers->list[i]);
}

int verb_doctor(int argc, char **argv)
{
    struct options o;
    struct findings findings;
    struct patient p = {.findings = &findings};
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    findings = findings_begin(&o);
    look_at_all(&p, o.config == NULL ? SETTINGS_PATH : o.config);
    policy_close(p.policy);
    generation_free(p.operational);
    key_free(p.key);
    chain_free(p.chain);
    nameplate_free(p.nameplate);
    settings_free(p.settings);
    return findings_end(&findings);
}
