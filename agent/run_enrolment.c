/* run_enrolment.c */

#include "run_enrolment.h"

#include <stdlib.h>

#include "core/log.h"
#include "identity/chain.h"

#define MODULE "run"

struct run_enrolment {
    struct enrolment *enrolment;
    mbedtls_x509_crt *claim_chain; /* NULL: none is wanted */
    struct key *claim_key;
};

static enum enrolment_method method_of(enum settings_method method)
{
    switch (method) {
    case SETTINGS_METHOD_EST:
        return ENROLMENT_EST;
    case SETTINGS_METHOD_FLEET:
        return ENROLMENT_FLEET;
    case SETTINGS_METHOD_JITP:
        return ENROLMENT_JITP;
    case SETTINGS_METHOD_NONE:
        break;
    }
    return ENROLMENT_NONE;
}

static enum err open_claim(
    struct run_enrolment *r, const struct settings_enrolment *s)
{
    char why[KEY_WHY];
    enum err e;

    if (s->method != SETTINGS_METHOD_FLEET)
        return ERR_OK;
    e = chain_read_own(s->claim_certificate, &r->claim_chain);
    if (e == ERR_OK)
        e = key_open(s->claim_key, &r->claim_key);
    if (e != ERR_OK || key_is_in_token(r->claim_key))
        return e;
    e = key_ready(r->claim_key, r->claim_chain, why);
    if (e != ERR_OK)
        log_error(MODULE, "the claim's key cannot be used reason=\"%s\"", why);
    return e;
}

static enum err open_enrolment(
    struct run_enrolment *r, const struct run_enrolment_sources *from)
{
    const struct settings *all = from->settings;
    const struct settings_enrolment *s = &all->enrolment;
    const struct enrolment_options options = {
        .method = method_of(s->method),
        .url = s->url,
        .label = s->label,
        .user = s->username,
        .password = policy_password(from->policy),
        .template = s->template,
        .room = from->room,
        .claim = {.brokers = all->brokers,
                  .websocket = all->websocket,
                  .proxy = policy_proxy(from->policy),
                  .trust = policy_broker(from->policy),
                  .chain = r->claim_chain,
                  .key = r->claim_key,
                  .timeout_ms = all->connect_timeout_ms},
        .key_home = s->key,
        .percent = s->renew_at_percent,
        .max_days = s->max_days,
        .trust = policy_enrolment(from->policy),
        .broker = policy_broker(from->policy),
        .proxy = policy_proxy(from->policy),
        .floor = policy_floor(from->policy),
        .loop = from->loop,
        .folder = all->folder,
        .resume = all->resume,
        .nameplate = from->nameplate,
        .factory = from->factory,
        .roll = s->renew_trust ? policy_roll_anchors : NULL,
        .roller = from->policy
    };

    return enrolment_new(&options, &r->enrolment);
}

enum err run_enrolment_open(
    const struct run_enrolment_sources *sources, struct run_enrolment **out)
{
    struct run_enrolment *r = calloc(1, sizeof(*r));
    enum err e;

    if (r == NULL)
        return ERR_NO_MEMORY;
    e = open_claim(r, &sources->settings->enrolment);
    if (e == ERR_OK)
        e = open_enrolment(r, sources);
    if (e != ERR_OK) {
        run_enrolment_close(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

static void on_rotate(
    void *context, struct command *command, const struct json *request)
{
    const struct run_enrolment *r = context;
    struct commands_answer answer = {.status = COMMANDS_SUCCEEDED};
    enum err e = enrolment_now(r->enrolment);

    (void)request;
    if (e == ERR_EXISTS) {
        answer.code = "UNDER_WAY";
        answer.words = "it is under way already";
    } else if (e != ERR_OK) {
        answer.status = COMMANDS_REJECTED;
        answer.code = "NOT_CONFIGURED";
        answer.words = "no method to enrol is configured on this device";
    }
    commands_reply(command, &answer);
}

enum err run_enrolment_listen(
    struct run_enrolment *r, struct commands *commands)
{
    return commands_add(commands, "rotate", on_rotate, r);
}

void run_enrolment_rest(struct run_enrolment *r)
{
    if (r != NULL)
        enrolment_rest(r->enrolment);
}

void run_enrolment_close(struct run_enrolment *r)
{
    if (r == NULL)
        return;
    enrolment_free(r->enrolment);
    key_free(r->claim_key);
    chain_free(r->claim_chain);
    free(r);
}

struct enrolment *run_enrolment(const struct run_enrolment *r)
{
    return r->enrolment;
}
