/* jobs.c - asks for the next job, has it run, tells how it ended. */

#include "device/jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/backoff.h"
#include "core/log.h"
#include "device/jobs_message.h"
#include "device/jobs_record.h"
#include "device/jobs_run.h"
#include "ports/port.h"

#define MODULE         "jobs"
#define TOPIC_BYTES    257 /* AWS: 256, and a NUL */
#define PATH_BYTES     4096
#define TOKEN_BYTES    24
#define ANSWER_MS      3000 /* how long an answer may take, at least */
#define ASK_FIRST_MS   2000
#define ASK_LONGEST_MS (10 * 60 * 1000)

struct jobs {
    struct session *session;
    struct loop *loop;
    char prefix[TOPIC_BYTES]; /* "$aws/things/<t>/jobs/" */
    char path[PATH_BYTES];
    struct jobs_record record;
    struct jobs_document *document; /* of what runs */
    struct jobs_run *run;
    struct backoff backoff;
    struct loop_timer *again; /* an answer is awaited */
    char token[TOKEN_BYTES];  /* of what was said last */
    bool online;
    bool gone; /* the cloud has no such job any more; it ends */
};

/* --- saying ----------------------------------------------------------------
 */

static void talk(struct jobs *j);

static void on_again(void *context)
{
    struct jobs *j = context;

    j->again = NULL;
    talk(j);
}

static void stop_waiting(struct jobs *j)
{
    loop_timer_cancel(j->again);
    j->again = NULL;
}

/* When no answer comes, say it again, ever more rarely. */
static void wait_for_answer(struct jobs *j)
{
    uint32_t random = 0;

    stop_waiting(j);
    if (port_random(&random, sizeof(random)) == ERR_OK)
        j->again = loop_timer_start(j->loop,
            ANSWER_MS + backoff_next_ms(&j->backoff, random), on_again, j);
    if (j->again == NULL)
        log_error(MODULE, "a missing answer goes unnoticed");
}

/* Takes `body`. */
static void say(struct jobs *j, const char *suffix, struct json *body)
{
    char topic[TOPIC_BYTES + JOBS_ID];
    char *text = NULL;
    uint64_t number = 0;

    if (port_random(&number, sizeof(number)) == ERR_OK) {
        (void)snprintf(j->token, sizeof(j->token), "%016" PRIx64, number);
        if (body != NULL &&
            json_set(body, "clientToken", json_new_string(j->token)) == ERR_OK)
            text = json_print(body);
    }
    json_free(body);
    if (text == NULL) {
        log_error(MODULE, "out of memory: not said topic=%s", suffix);
        return;
    }
    (void)snprintf(topic, sizeof(topic), "%s%s", j->prefix, suffix);
    if (session_publish(j->session, topic, text, strlen(text)) != ERR_OK)
        log_debug(MODULE, "was not sent topic=%s", suffix);
    free(text);
}

static void send_update(struct jobs *j)
{
    char suffix[JOBS_ID + 10];

    (void)snprintf(suffix, sizeof(suffix), "%s/update", j->record.id);
    say(j, suffix, jobs_message_update(&j->record));
}

/* What is to be said now: how the job ended, how far it is, or: what next? */
static void talk(struct jobs *j)
{
    if (!j->online)
        return;
    if (jobs_run_is_busy(j->run)) {
        send_update(j);
        return;
    }
    wait_for_answer(j);
    if (j->record.outcome != JOBS_UNDECIDED)
        send_update(j);
    else
        say(j, "start-next", json_new_object());
}

static void on_state(void *context, bool online, bool session_present)
{
    struct jobs *j = context;

    (void)session_present; /* a kept session says nothing of what we missed */
    j->online = online;
    stop_waiting(j);
    backoff_reset(&j->backoff);
    talk(j);
}

/* --- a job -----------------------------------------------------------------
 */

/* The job at hand is over for the cloud too. */
static void forget(struct jobs *j)
{
    jobs_record_forget(j->path);
    j->record = (struct jobs_record){.id = ""};
    j->gone = false;
    backoff_reset(&j->backoff);
    talk(j);
}

static void conclude(
    struct jobs *j, enum jobs_outcome outcome, const char *reason)
{
    struct jobs_record *r = &j->record;

    r->outcome = outcome;
    (void)snprintf(
        r->reason, sizeof(r->reason), "%s", reason == NULL ? "" : reason);
    if (jobs_record_keep(j->path, r) != ERR_OK)
        log_warning(
            MODULE, "it may be done again after a restart job=%s", r->id);
    log_info(MODULE, "ended job=%s status=%s reason=\"%s\"", r->id,
        jobs_outcome_name(outcome), r->reason);
    if (j->gone)
        forget(j);
    else
        talk(j);
    jobs_document_free(j->document);
    j->document = NULL;
}

static void on_run_ended(void *context, const char *reason)
{
    conclude(context, reason == NULL ? JOBS_SUCCEEDED : JOBS_FAILED, reason);
}

/* Written before it begins: so tries are counted also when it is the step that
 * takes the device down. */
static bool on_beginning(void *context, size_t step)
{
    struct jobs *j = context;
    struct jobs_record *r = &j->record;

    if (step != r->step)
        r->tries = 0;
    r->step = step;
    r->steps = jobs_document_count(j->document);
    r->tries++;
    if (jobs_record_keep(j->path, r) != ERR_OK)
        return false;
    log_info(MODULE, "a step begins job=%s step=%zu of=%zu try=%u", r->id,
        step + 1, r->steps, r->tries);
    if (j->online)
        send_update(j);
    return true;
}

static void begin(struct jobs *j, const struct json *execution)
{
    struct jobs_record *r = &j->record;
    char why[JOBS_WORDS];

    r->steps = 0;
    if (jobs_document_read(
            json_get(execution, "jobDocument"), why, &j->document) != ERR_OK)
        conclude(j, JOBS_REJECTED, why);
    else if (r->step >= jobs_document_count(j->document))
        conclude(j, JOBS_FAILED, "the document changed while it ran");
    else if (r->tries >= JOBS_TRIES)
        conclude(j, JOBS_FAILED,
            "the device ended in this step each time it was tried");
    else
        jobs_run_begin(j->run, j->document, r->step);
}

static void take(struct jobs *j, const struct json *execution)
{
    struct jobs_record *r = &j->record;
    const char *id;
    int64_t number;

    if (!jobs_message_is_execution(execution, &id, &number))
        return;
    if (strcmp(r->id, id) != 0 || r->number != number) {
        *r = (struct jobs_record){.number = number};
        (void)snprintf(r->id, sizeof(r->id), "%s", id);
    }
    begin(j, execution);
}

/* What was at hand is no more. */
static void rest(struct jobs *j)
{
    if (j->record.id[0] != '\0')
        jobs_record_forget(j->path);
    j->record = (struct jobs_record){.id = ""};
}

/* --- messages --------------------------------------------------------------
 */

static bool answers_us(const struct jobs *j, const struct json *body)
{
    const char *token = json_text(json_get(body, "clientToken"));

    return j->token[0] != '\0' && token != NULL && strcmp(token, j->token) == 0;
}

static void on_started(void *context, const struct session_message *in)
{
    struct jobs *j = context;
    struct json *body = jobs_message_read(in);
    const struct json *execution = json_get(body, "execution");

    if (answers_us(j, body) && !jobs_run_is_busy(j->run) &&
        j->record.outcome == JOBS_UNDECIDED) {
        stop_waiting(j);
        if (execution != NULL)
            take(j, execution);
        else
            rest(j);
    }
    json_free(body);
}

/* The timer asks again. */
static void on_not_started(void *context, const struct session_message *in)
{
    struct jobs *j = context;
    struct json *body = jobs_message_read(in);

    if (answers_us(j, body))
        (void)jobs_message_is_temporary(body, in->topic);
    json_free(body);
}

/* Of the job at hand, and of what was said last of it. */
static bool is_of_ours(const struct jobs *j, const struct session_message *in,
    const struct json *body)
{
    size_t len = strlen(j->record.id);
    const char *id = in->topic + strlen(j->prefix);

    return len > 0 && strncmp(id, j->record.id, len) == 0 && id[len] == '/' &&
        answers_us(j, body);
}

static void on_updated(void *context, const struct session_message *in)
{
    struct jobs *j = context;
    struct json *body = jobs_message_read(in);

    if (is_of_ours(j, in, body) && j->record.outcome != JOBS_UNDECIDED)
        forget(j);
    json_free(body);
}

/* Whatever it is: the cloud does not want to hear of it. */
static void give_up(struct jobs *j)
{
    if (!jobs_run_is_busy(j->run)) {
        forget(j);
        return;
    }
    j->gone = true;
    jobs_run_stop(j->run);
}

static void on_not_updated(void *context, const struct session_message *in)
{
    struct jobs *j = context;
    struct json *body = jobs_message_read(in);

    /* Else the timer says it again, or the next step. */
    if (is_of_ours(j, in, body) && !jobs_message_is_temporary(body, in->topic))
        give_up(j);
    json_free(body);
}

/* Another job is the first one, or there is none: something to do, or the one
 * at hand was ended, which the answer to an update tells. */
static void on_notice(void *context, const struct session_message *in)
{
    struct jobs *j = context;
    struct json *body = jobs_message_read(in);
    bool is_idle = j->record.id[0] == '\0';

    if (body != NULL && jobs_run_is_busy(j->run)) {
        talk(j);
    } else if (json_get(body, "execution") != NULL && is_idle) {
        backoff_reset(&j->backoff);
        talk(j);
    }
    json_free(body);
}

/* --- life ------------------------------------------------------------------
 */

/* The service answers who asked, subscribed or not. */
static enum err listen(struct jobs *j)
{
    static const struct {
        const char *suffix;
        session_message_callback *callback;
        bool subscribes;
    } topics[] = {
        {"notify-next",         on_notice,      true },
        {"start-next/accepted", on_started,     false},
        {"start-next/rejected", on_not_started, false},
        {"+/update/accepted",   on_updated,     false},
        {"+/update/rejected",   on_not_updated, false},
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]) && e == ERR_OK;
         i++) {
        char filter[TOPIC_BYTES];

        if (snprintf(filter, sizeof(filter), "%s%s", j->prefix,
                topics[i].suffix) >= (int)sizeof(filter) - JOBS_ID)
            return ERR_TOO_BIG;
        e = topics[i].subscribes
            ? session_subscribe(j->session, filter, topics[i].callback, j)
            : session_expect(j->session, filter, topics[i].callback, j);
    }
    return e == ERR_OK ? session_on_state(j->session, on_state, j) : e;
}

enum err jobs_new(const struct jobs_options *options, struct jobs **out)
{
    struct jobs *j = calloc(1, sizeof(*j));
    struct jobs_run_options run = {.loop = options->loop,
        .folder = options->handlers,
        .step_ms = options->step_ms,
        .beginning = on_beginning,
        .ended = on_run_ended,
        .context = j};
    enum err e = ERR_TOO_BIG;

    if (j == NULL)
        return ERR_NO_MEMORY;
    j->session = options->session;
    j->loop = options->loop;
    j->backoff = (struct backoff){
        .first_ms = ASK_FIRST_MS, .ceiling_ms = ASK_LONGEST_MS};
    if (snprintf(j->prefix, sizeof(j->prefix), "$aws/things/%s/jobs/",
            options->thing) < (int)sizeof(j->prefix) &&
        snprintf(j->path, sizeof(j->path), "%s/job", options->folder) <
            (int)sizeof(j->path))
        e = jobs_run_new(&run, &j->run);
    if (e == ERR_OK)
        e = listen(j);
    if (e != ERR_OK) {
        jobs_free(j);
        return e;
    }
    jobs_record_read(j->path, &j->record);
    *out = j;
    return ERR_OK;
}

void jobs_free(struct jobs *j)
{
    if (j == NULL)
        return;
    stop_waiting(j);
    jobs_run_free(j->run);
    jobs_document_free(j->document);
    free(j);
}
