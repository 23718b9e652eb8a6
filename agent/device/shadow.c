/* shadow.c - the shadow's messages, timers and listeners; what they mean is
 * decided in shadow_state. */

#include "device/shadow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/backoff.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/watchers.h"
#include "device/shadow_state.h"
#include "ports/port.h"

#define MODULE         "shadow"
#define TOPIC_BYTES    257  /* AWS: 256, and a NUL */
#define ANSWER_MS      3000 /* how long an answer may take, at least */
#define ASK_FIRST_MS   2000
#define ASK_LONGEST_MS (10 * 60 * 1000)
#define ASK_SOON_MS    1000 /* after an answer that was overtaken */

static const char *const suffixes[SHADOW_TOPICS] = {
    [SHADOW_GET_ACCEPTED] = "get/accepted",
    [SHADOW_GET_REJECTED] = "get/rejected",
    [SHADOW_UPDATE_ACCEPTED] = "update/accepted",
    [SHADOW_UPDATE_REJECTED] = "update/rejected",
    [SHADOW_UPDATE_DELTA] = "update/delta",
};

struct shadow {
    struct session *session;
    struct loop *loop;
    char prefix[TOPIC_BYTES]; /* "$aws/things/<t>/shadow/" */
    struct shadow_state *state;
    struct watchers watchers;
    bool complained; /* of a malformed message, on this connection */
    struct backoff backoff;
    struct loop_timer *ask;  /* runs while online and nothing is answered */
    struct loop_timer *tell; /* somebody is untold */
};

/* "$aws/things/<t>/shadow/<suffix>" */
static enum err make_topic(
    const struct shadow *sh, const char *suffix, char topic[TOPIC_BYTES])
{
    int len = snprintf(topic, TOPIC_BYTES, "%s%s", sh->prefix, suffix);

    return len >= 0 && len < TOPIC_BYTES ? ERR_OK : ERR_TOO_BIG;
}

/* --- listeners ------------------------------------------------------------ */

/* Listeners may report, watch and unwatch while they are told, so they get a
 * copy. */
static void on_tell(void *context)
{
    struct shadow *sh = context;
    struct json *difference = json_clone(shadow_state_difference(sh->state));
    int64_t version = shadow_state_version(sh->state);

    sh->tell = NULL;
    if (difference == NULL) {
        log_error(MODULE, "out of memory: nobody was told of a change");
        return;
    }
    watchers_tell(&sh->watchers, difference, version);
    json_free(difference);
}

static void tell_soon(struct shadow *sh)
{
    if (sh->tell == NULL)
        sh->tell = loop_timer_start(sh->loop, 0, on_tell, sh);
    if (sh->tell == NULL)
        log_error(MODULE, "out of memory: nobody is told of a change");
}

static void tell_everybody(struct shadow *sh)
{
    if (watchers_mark(&sh->watchers))
        tell_soon(sh);
}

enum err shadow_watch(
    struct shadow *sh, shadow_desired_callback *callback, void *context)
{
    bool untold = shadow_state_is_known(sh->state);
    enum err e = watchers_add(&sh->watchers, callback, context, untold);

    if (e == ERR_OK && untold)
        tell_soon(sh);
    return e;
}

void shadow_unwatch(struct shadow *sh, const void *context)
{
    watchers_remove(&sh->watchers, context);
}

/* --- asking --------------------------------------------------------------- */

static void ask(struct shadow *sh);

static void on_ask(void *context)
{
    struct shadow *sh = context;

    sh->ask = NULL;
    ask(sh);
}

static void ask_in(struct shadow *sh, uint64_t delay_ms)
{
    loop_timer_cancel(sh->ask);
    sh->ask = loop_timer_start(sh->loop, delay_ms, on_ask, sh);
    if (sh->ask == NULL)
        log_error(MODULE, "out of memory: a missing answer goes unnoticed");
}

static void stop_asking(struct shadow *sh)
{
    loop_timer_cancel(sh->ask);
    sh->ask = NULL;
}

/* Ask for all; when no answer comes, ask again, ever more rarely. */
static void ask(struct shadow *sh)
{
    char token[SHADOW_TOKEN_BYTES], text[100], topic[TOPIC_BYTES];
    uint64_t number = 0;
    uint32_t random = 0;
    int len;

    if (port_random(&number, sizeof(number)) != ERR_OK ||
        port_random(&random, sizeof(random)) != ERR_OK ||
        make_topic(sh, "get", topic) != ERR_OK)
        return;
    (void)snprintf(
        token, sizeof(token), SHADOW_TOKEN_PREFIX "%016" PRIx64, number);
    len = snprintf(text, sizeof(text), "{\"clientToken\":\"%s\"}", token);
    shadow_state_ask(sh->state, token);
    ask_in(sh, ANSWER_MS + backoff_next_ms(&sh->backoff, random));
    if (session_publish(sh->session, topic, text, (size_t)len) != ERR_OK)
        log_debug(MODULE, "the get was not sent");
}

static void on_state(void *context, bool online, bool session_present)
{
    struct shadow *sh = context;

    (void)session_present; /* a kept session says nothing of what we missed */
    stop_asking(sh);
    sh->complained = false;
    backoff_reset(&sh->backoff);
    if (online)
        ask(sh);
}

/* --- reporting ------------------------------------------------------------ */

/* {"reported":...}; NULL: no memory. */
static struct json *wrap(const struct json *reported)
{
    struct json *state = json_new_object();

    if (state == NULL ||
        json_set(state, "reported", json_clone(reported)) == ERR_OK)
        return state;
    json_free(state);
    return NULL;
}

/* {"state":{"reported":...},"clientToken":"device-<seq>"}; NULL: no memory. */
static char *print_update(const struct json *reported, uint64_t seq)
{
    struct json *root = json_new_object();
    char token[SHADOW_TOKEN_BYTES];
    char *text = NULL;

    (void)snprintf(token, sizeof(token), SHADOW_TOKEN_PREFIX "%" PRIu64, seq);
    if (root != NULL && json_set(root, "state", wrap(reported)) == ERR_OK &&
        json_set(root, "clientToken", json_new_string(token)) == ERR_OK)
        text = json_print(root);
    json_free(root);
    return text;
}

static enum err send_update(struct shadow *sh, const struct json *reported,
    session_stored_callback *stored, void *context)
{
    char topic[TOPIC_BYTES];
    char *text;
    enum err e = make_topic(sh, "update", topic);

    if (e != ERR_OK)
        return e;
    text = print_update(reported, session_next_seq(sh->session));
    if (text == NULL)
        return ERR_NO_MEMORY;
    e = session_send(sh->session,
        &(struct session_letter){.topic = topic,
            .payload = text,
            .len = strlen(text),
            .class = OUTBOX_CRITICAL,
            .stream = "$shadow",
            .stored = stored,
            .context = context});
    free(text);
    return e;
}

enum err shadow_report(struct shadow *sh, const struct json *state,
    session_stored_callback *stored, void *context)
{
    enum err e = shadow_state_check(sh->state, state);

    if (e == ERR_OK)
        e = send_update(sh, state, stored, context);
    if (e == ERR_OK && shadow_state_report(sh->state, state) == SHADOW_TELL)
        tell_everybody(sh);
    return e;
}

/* --- messages ------------------------------------------------------------- */

static void create(struct shadow *sh)
{
    enum err e = send_update(sh, shadow_state_reported(sh->state), NULL, NULL);

    if (e == ERR_OK)
        log_info(MODULE, "there was none; it is being made");
    else
        log_error(MODULE, "cannot make it reason=%s", err_name(e));
    tell_everybody(sh);
}

static void complain(struct shadow *sh, const char *suffix, size_t len)
{
    if (sh->complained)
        return;
    sh->complained = true;
    log_warning(MODULE,
        "ignored what is no shadow message topic=%s bytes=%zu"
        " (others of this connection are not logged)",
        suffix, len);
}

static void act(struct shadow *sh, enum shadow_step step,
    const struct shadow_message *message, const struct shadow_refusal *refusal)
{
    switch (step) {
    case SHADOW_IGNORE:
    case SHADOW_ASK_LATER: /* the timer runs */
        break;
    case SHADOW_TELL:
        log_debug(MODULE, "changed by=%s version=%" PRId64,
            suffixes[message->topic], shadow_state_version(sh->state));
        tell_everybody(sh);
        break;
    case SHADOW_ASK:
        ask_in(sh, ASK_SOON_MS);
        break;
    case SHADOW_CREATE:
        create(sh);
        break;
    case SHADOW_REFUSED:
        log_error(MODULE,
            "the cloud refused topic=%s code=%" PRId64 " message=\"%s\"",
            suffixes[message->topic], refusal->code, refusal->message);
        break;
    case SHADOW_MALFORMED:
        complain(sh, suffixes[message->topic], message->len);
        break;
    }
}

static void on_message(void *context, const struct session_message *in)
{
    struct shadow *sh = context;
    size_t prefix_len = strlen(sh->prefix);
    struct shadow_message message = {SHADOW_TOPICS, in->payload, in->len};
    struct shadow_refusal refusal;
    enum shadow_step step;

    if (in->retained || strncmp(in->topic, sh->prefix, prefix_len) != 0)
        return;
    for (int i = 0; i < SHADOW_TOPICS; i++)
        if (strcmp(in->topic + prefix_len, suffixes[i]) == 0)
            message.topic = (enum shadow_topic)i;
    if (message.topic == SHADOW_TOPICS)
        return;
    step = shadow_state_take(sh->state, &message, &refusal);
    act(sh, step, &message, &refusal);
    if (!shadow_state_is_asking(sh->state))
        stop_asking(sh);
}

/* --- life ----------------------------------------------------------------- */

static enum err subscribe(struct shadow *sh)
{
    char topic[TOPIC_BYTES];
    enum err e = ERR_OK;

    for (int i = 0; i < SHADOW_TOPICS && e == ERR_OK; i++) {
        e = make_topic(sh, suffixes[i], topic);
        if (e == ERR_OK)
            e = session_subscribe(sh->session, topic, on_message, sh);
    }
    if (e == ERR_OK)
        e = session_on_state(sh->session, on_state, sh);
    return e;
}

enum err shadow_new(struct session *session, struct loop *loop,
    const char *thing, struct shadow **out)
{
    struct shadow *sh = calloc(1, sizeof(*sh));
    int len;
    enum err e = ERR_NO_MEMORY;

    if (sh == NULL)
        return e;
    sh->session = session;
    sh->loop = loop;
    sh->backoff = (struct backoff){
        .first_ms = ASK_FIRST_MS, .ceiling_ms = ASK_LONGEST_MS};
    len = snprintf(
        sh->prefix, sizeof(sh->prefix), "$aws/things/%s/shadow/", thing);
    if (len >= (int)sizeof(sh->prefix)) {
        e = ERR_TOO_BIG;
        goto free_shadow;
    }
    sh->state = shadow_state_new();
    if (sh->state == NULL)
        goto free_shadow;
    e = subscribe(sh);
    if (e != ERR_OK)
        goto free_state;
    *out = sh;
    return ERR_OK;

free_state:
    shadow_state_free(sh->state);
free_shadow:
    free(sh);
    return e;
}

void shadow_free(struct shadow *sh)
{
    if (sh == NULL)
        return;
    stop_asking(sh);
    loop_timer_cancel(sh->tell);
    watchers_clear(&sh->watchers);
    shadow_state_free(sh->state);
    free(sh);
}
