/* run.c - opens everything bottom up, runs the loop, closes in reverse. */

#include "run.h"

#include <mbedtls/x509_crt.h>
#include <signal.h>
#include <stdbool.h>

#include "cloud/http.h"
#include "cloud/mqtt.h"
#include "cloud/session.h"
#include "cloud/surroundings.h"
#include "core/log.h"
#include "core/loop.h"
#include "identity/chain.h"
#include "identity/key.h"
#include "identity/nameplate.h"
#include "identity/worker.h"
#include "local/policy.h"
#include "local/server.h"
#include "local/settings.h"
#include "run_enrolment.h"
#include "run_features.h"
#include "run_store.h"

#define MODULE "run"

struct agent {
    struct settings *settings;
    struct nameplate *nameplate;
    mbedtls_x509_crt *chain;
    struct key *key;
    struct policy *policy;
    struct link_tickets *tickets; /* NULL: none are kept */
    struct loop *loop;
    struct mqtt_room *room;
    struct run_store store;
    struct session *session;
    struct surroundings *surroundings;
    struct run_enrolment *enrolment;
    struct run_features features;
    struct server *server;
    struct loop_signal *terminate;
    struct loop_signal *interrupt;
    bool closing;
};

/* --- opening -----------------------------------------------------------------
 */

/* A file must be there and fit.  A token may come and go or not answer, and a
 * wrong PIN must not become a loop of restarts, each with one try more: the
 * agent starts, each link looks for the key, and `status` says what it found.
 */
static enum err open_key(struct agent *a)
{
    char why[KEY_WHY];
    enum err e = key_open(a->settings->key, &a->key);

    if (e != ERR_OK || key_is_in_token(a->key))
        return e;
    e = key_ready(a->key, a->chain, why);
    if (e != ERR_OK)
        log_error(MODULE, "the key cannot be used reason=\"%s\"", why);
    return e;
}

static enum err open_identity(struct agent *a)
{
    const struct settings *s = a->settings;
    enum err e = nameplate_read(s->certificate, &a->nameplate);

    if (e == ERR_OK)
        e = chain_read_own(s->certificate, &a->chain);
    if (e == ERR_OK)
        e = open_key(a);
    return e;
}

static enum session_protocol protocol_of(enum settings_protocol protocol)
{
    switch (protocol) {
    case SETTINGS_PROTOCOL_5:
        return SESSION_MQTT_5;
    case SETTINGS_PROTOCOL_3_1_1:
        return SESSION_MQTT_3_1_1;
    case SETTINGS_PROTOCOL_AUTO:
        break;
    }
    return SESSION_AUTO;
}

static void on_state(void *context, bool online, bool session_present)
{
    struct agent *a = context;

    (void)session_present;
    if (online)
        policy_connected(a->policy);
}

/* The agent does without when it must; and when its key lies in hardware, for a
 * copy of the store would then be as good as the key for a day. */
static void open_tickets(struct agent *a)
{
    const struct link_tickets_options options = {.folder = a->settings->folder,
        .trust = policy_broker(a->policy),
        .chain = a->chain};

    if (a->settings->resume && !key_is_in_token(a->key) &&
        link_tickets_new(&options, &a->tickets) != ERR_OK)
        a->tickets = NULL;
}

static enum err open_enrolment(struct agent *a)
{
    const struct run_enrolment_sources sources = {
        .settings = a->settings,
        .policy = a->policy,
        .loop = a->loop,
        .room = a->room,
        .nameplate = a->nameplate,
        .factory = {a->chain, a->key, a->tickets}
    };

    return run_enrolment_open(&sources, &a->enrolment);
}

static enum err open_session(struct agent *a)
{
    const struct settings *s = a->settings;
    const struct session_identity shown =
        enrolment_identity(run_enrolment(a->enrolment));
    const struct session_options options = {
        .loop = a->loop,
        .room = a->room,
        .outbox = a->store.outbox,
        .link = {.brokers = s->brokers,
                 .websocket = s->websocket,
                 .last = link_memory_route(a->store.memory),
                 .tickets = shown.tickets,
                 .memory = a->store.memory,
                 .proxy = policy_proxy(a->policy),
                 .trust = policy_broker(a->policy),
                 .chain = shown.chain,
                 .key = shown.key,
                 .timeout_ms = s->connect_timeout_ms},
        .thing = a->nameplate->thing,
        .folder = s->folder,
        .keep_alive_s = s->keep_alive_s,
        .protocol = protocol_of(s->protocol),
        .budget = a->store.budget,
        .budget_spread_s = s->budget_spread_s,
        .budget_stays = s->budget_stays,
        .puback_ms = s->puback_ms,
        .pace = {s->publishes_per_s, s->kbytes_per_s * 1024}
    };

    enum err e = session_new(&options, &a->session);

    return e == ERR_OK ? session_on_state(a->session, on_state, a) : e;
}

static void on_surroundings(void *context, unsigned news)
{
    struct agent *a = context;
    bool slept = (news & SURROUNDINGS_SLEPT) != 0;

    session_look_around(a->session, slept || (news & SURROUNDINGS_CHANGED) != 0,
        slept || (news & SURROUNDINGS_CAME) != 0);
    if ((news & SURROUNDINGS_CLOCK) == 0)
        return;
    policy_look_at_clock(a->policy);
    enrolment_look_at_clock(run_enrolment(a->enrolment));
}

static enum err open_features(struct agent *a)
{
    const struct run_features_sources sources = {.settings = a->settings,
        .nameplate = a->nameplate,
        .loop = a->loop,
        .session = a->session,
        .key = a->key,
        .chain = a->chain};
    enum err e = run_features_open(&sources, &a->features);

    if (e == ERR_OK)
        e = run_enrolment_listen(a->enrolment, a->features.commands);
    return e == ERR_OK
        ? enrolment_watch(run_enrolment(a->enrolment), a->session)
        : e;
}

static enum err open_server(struct agent *a)
{
    const struct server_options options = {
        .loop = a->loop,
        .path = a->settings->socket,
        .group = a->settings->group,
        .sources = {.session = a->session,
                    .shadow = a->features.shadow,
                    .telemetry = a->features.telemetry,
                    .actions = a->features.actions,
                    .owner = a->features.owner.owner,
                    .private = a->features.owner.private,
                    .calls = a->features.owner.calls,
                    .nameplate = a->nameplate,
                    .key = a->key,
                    .enrolment = run_enrolment(a->enrolment)}
    };

    return server_start(&options, &a->server);
}

static void on_closed(void *context)
{
    struct agent *a = context;

    loop_stop(a->loop);
}

static void on_signal(void *context)
{
    struct agent *a = context;

    if (a->closing)
        return;
    a->closing = true;
    log_info(MODULE, "stopping");
    session_close(a->session, on_closed, a);
}

static enum err open_loop(struct agent *a)
{
    a->loop = loop_new();
    if (a->loop == NULL)
        return ERR_NO_MEMORY;
    a->terminate = loop_signal_start(a->loop, SIGTERM, on_signal, a);
    a->interrupt = loop_signal_start(a->loop, SIGINT, on_signal, a);
    if (a->terminate == NULL || a->interrupt == NULL)
        return ERR_NO_MEMORY;
    return mqtt_room_new(a->loop, &a->room);
}

static enum err open_all(struct agent *a)
{
    enum err e = open_identity(a);

    if (e == ERR_OK)
        e = policy_open(a->settings, &a->policy);
    if (e == ERR_OK)
        e = open_loop(a);
    if (e == ERR_OK)
        e = run_store_open(a->settings, &a->store);
    if (e == ERR_OK)
        open_tickets(a);
    if (e == ERR_OK)
        e = open_enrolment(a);
    if (e == ERR_OK)
        e = open_session(a);
    if (e == ERR_OK)
        e = open_features(a);
    if (e == ERR_OK)
        e = open_server(a);
    if (e == ERR_OK)
        e = surroundings_watch(a->loop, on_surroundings, a, &a->surroundings);
    return e == ERR_OK ? policy_watch(a->policy, a->loop) : e;
}

/* --- closing -----------------------------------------------------------------
 */

static void on_look_again(void *context)
{
    loop_stop(((struct agent *)context)->loop);
}

static bool threads_are_left(void)
{
    return link_threads() > 0 || http_threads() > 0 || worker_threads() > 0;
}

/* A thread may still sit in a name look-up that uses what we free. */
static void wait_for_threads(struct agent *a)
{
    for (int tries = 0; threads_are_left() && tries < 100; tries++) {
        if (loop_timer_start(a->loop, 20, on_look_again, a) == NULL)
            return;
        loop_run(a->loop);
    }
    loop_flush(a->loop);
}

static void close_all(struct agent *a)
{
    server_stop(a->server);
    surroundings_free(a->surroundings);
    run_features_close(&a->features);
    run_enrolment_rest(a->enrolment);
    session_free(a->session);
    run_features_rest(&a->features);
    policy_rest(a->policy);
    if (a->loop != NULL)
        wait_for_threads(a);
    mqtt_room_free(a->room);
    run_store_close_outbox(&a->store);
    loop_signal_stop(a->terminate);
    loop_signal_stop(a->interrupt);
    if (threads_are_left())
        return; /* the process ends now; what the thread uses must stay */
    loop_free(a->loop);
    run_enrolment_close(a->enrolment);
    link_tickets_free(a->tickets);
    run_store_close(&a->store);
    policy_close(a->policy);
    key_free(a->key);
    chain_free(a->chain);
    nameplate_free(a->nameplate);
    settings_free(a->settings);
}

/* --- running -----------------------------------------------------------------
 */

enum err run(const char *path)
{
    struct agent a = {.settings = NULL};
    enum err e = settings_load(path, settings_say, NULL, &a.settings);

    if (e == ERR_OK)
        e = settings_check_files(a.settings, settings_say, NULL);
    if (e != ERR_OK) {
        settings_free(a.settings);
        return e;
    }
    log_set_level(a.settings->level);
    (void)signal(SIGPIPE, SIG_IGN);
    e = open_all(&a);
    if (e == ERR_OK) {
        log_info(MODULE, "starting version=%s thing=%s", NAMEPLATE_VERSION,
            a.nameplate->thing);
        session_start(a.session);
        loop_run(a.loop);
    } else {
        log_error(MODULE, "cannot start reason=%s", err_name(e));
    }
    close_all(&a);
    return e;
}
