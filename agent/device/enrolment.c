/* enrolment.c - the life of the operational identity.
 *
 * Invariants: what is shown to the broker is `current` or the factory's; what
 * `current` names on the disk was taken by the broker; a failure leaves both as
 * they are. */

#include "device/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/enrolment_inside.h"
#include "ports/port.h"

#define FOLDER        "enrolment"
#define PATH_BYTES    4096
#define COMMIT_MS     5000 /* the disk is asked again */
#define JITP_PATIENCE 5    /* first ends of connections that are normal */

static void sleep_on(struct enrolment *e);

/* --- the clocks ---------------------------------------------------------- */

struct enrolment_times enrolment_read_times(const struct enrolment *e)
{
    const struct generation *g = e->current.generation;
    struct enrolment_times t = {.now_ms = port_monotonic_ms(),
        .is_operational = e->shows_operational,
        .percent = e->options.percent,
        .succeeded_ms = e->succeeded_ms,
        .failed_ms = e->failed_ms,
        .failures = e->failures,
        .told_s = e->told_s,
        .was_over = e->was_over};
    bool late;

    t.now_wall_s = timefloor_now(e->options.floor, &late);
    if (g != NULL) {
        t.from_s = g->from_s;
        t.until_s = g->until_s;
        t.random =
            (uint32_t)strtoul((char[]){g->id[0], g->id[1], g->id[2], g->id[3],
                                  g->id[4], g->id[5], g->id[6], g->id[7], '\0'},
                NULL, 16);
    }
    return t;
}

/* --- what is shown ------------------------------------------------------- */

static void show(struct enrolment *e, bool operational, const char *because)
{
    const struct session_identity identity =
        operational ? enrolment_show(e, &e->current) : e->options.factory;

    e->shows_operational = operational;
    e->refusals = 0;
    log_warning(ENROLMENT_MODULE, "shows=%s because=\"%s\"",
        operational ? "operational" : "factory", because);
    session_use(e->session, &identity);
}

/* The way back, and, when that leads nowhere, the way forth again. */
static void choose(struct enrolment *e)
{
    struct enrolment_times t = enrolment_read_times(e);
    const char *because = "the broker refuses the other one";
    bool operational;

    if (e->current.generation == NULL || e->state == ENROLMENT_TRYING)
        return;
    operational = enrolment_shows_operational(&t, e->refusals);
    if (operational == e->shows_operational)
        return;
    if (t.until_s <= t.now_wall_s)
        because = "the operational one is over";
    else if (e->was_over)
        because = "by the clock it is not over after all";
    e->was_over = t.until_s <= t.now_wall_s;
    show(e, operational, because);
    enrolment_tell(e);
    if (e->state == ENROLMENT_RESTING)
        sleep_on(e);
}

/* AWS drops the first connection of a certificate that it registers. */
static void on_first_end(struct enrolment *e)
{
    if (e->ends++ < JITP_PATIENCE)
        log_info(ENROLMENT_MODULE,
            "the first connections end while the cloud registers the factory "
            "certificate: that is normal");
}

static void on_end(void *context, const char *why)
{
    struct enrolment *e = context;

    if (e->options.method == ENROLMENT_JITP && !e->was_online)
        on_first_end(e);
    if (!enrolment_is_refusal(why))
        return;
    e->refusals++;
    choose(e);
}

static void on_state(void *context, bool online, bool session_present)
{
    struct enrolment *e = context;

    (void)session_present;
    if (!online)
        return;
    e->was_online = true;
    e->refusals = 0;
    enrolment_tell(e);
}

/* --- living -------------------------------------------------------------- */

void enrolment_note(struct enrolment *e, const char *why, const char *words)
{
    e->why = why;
    (void)snprintf(e->words, sizeof(e->words), "%s", words);
    log_warning(ENROLMENT_MODULE, "failed why=%s detail=\"%s\"", why, e->words);
}

static void on_time(void *context)
{
    struct enrolment *e = context;

    e->timer = NULL;
    choose(e);
    if (e->is_uncommitted)
        enrolment_commit(e);
    enrolment_tell(e);
    if (e->state == ENROLMENT_BETWEEN ||
        (e->generations != NULL && !e->is_uncommitted &&
            port_monotonic_ms() >= e->next_ms))
        enrolment_step(e, ENROLMENT_ON_DUE);
    else
        sleep_on(e);
}

static void set_timer(struct enrolment *e, uint64_t delay_ms)
{
    loop_timer_cancel(e->timer);
    e->timer = loop_timer_start(e->options.loop, delay_ms, on_time, e);
    if (e->timer == NULL)
        log_error(ENROLMENT_MODULE, "out of memory: a timer is missing");
}

/* Until it is time, but look at the clocks now and then. */
static void sleep_on(struct enrolment *e)
{
    struct enrolment_times t = enrolment_read_times(e);
    int64_t wait_ms;

    e->next_ms = enrolment_due_ms(&t);
    wait_ms = e->next_ms > t.now_ms ? e->next_ms - t.now_ms : 0;
    if (e->generations == NULL || wait_ms > ENROLMENT_LOOK_MS)
        wait_ms = ENROLMENT_LOOK_MS;
    if (e->is_uncommitted && wait_ms > COMMIT_MS)
        wait_ms = COMMIT_MS;
    set_timer(e, (uint64_t)wait_ms);
}

/* A clock that goes on after a sleep may have passed the end; one that was set
 * may be before it again. */
void enrolment_look_at_clock(struct enrolment *e)
{
    if (e->session == NULL || e->options.method == ENROLMENT_NONE)
        return;
    choose(e);
    enrolment_tell(e);
    if (e->state == ENROLMENT_RESTING)
        sleep_on(e);
}

static void rest(struct enrolment *e, enum enrolment_event event)
{
    if (event != ENROLMENT_ON_ACCEPTED) {
        e->failures++;
        e->failed_ms = port_monotonic_ms();
    }
    e->begun = 0;
    enrolment_drop_fresh(e);
    enrolment_discard(e);
    sleep_on(e);
}

void enrolment_step(struct enrolment *e, enum enrolment_event event)
{
    static const char *const names[] = {
        "resting", "asking", "trying", "between"};
    enum enrolment_state before = e->state;

    e->state = enrolment_next(before, event);
    if (e->state == before)
        return;
    log_debug(ENROLMENT_MODULE, "state from=%s to=%s", names[before],
        names[e->state]);
    switch (e->state) {
    case ENROLMENT_RESTING:
        rest(e, event);
        break;
    case ENROLMENT_ASKING:
        enrolment_ask_anchors(e);
        enrolment_ask(e);
        break;
    case ENROLMENT_TRYING:
        enrolment_try(e);
        break;
    case ENROLMENT_BETWEEN:
        set_timer(e, enrolment_between_ms(e->tries));
        break;
    }
    enrolment_tell(e);
}

enum err enrolment_now(struct enrolment *e)
{
    if (e->generations == NULL)
        return ERR_UNSUPPORTED;
    if (e->state != ENROLMENT_RESTING)
        return ERR_EXISTS;
    e->next_ms = port_monotonic_ms();
    set_timer(e, 0);
    return ERR_OK;
}

/* It began, whatever the clock says: the broker took it, or it would not be
 * the current one.  A clock before that is wrong. */
void enrolment_believe(const struct enrolment *e)
{
    timefloor_raise(e->options.floor, e->current.generation->from_s);
    timefloor_save(e->options.floor);
}

/* --- life ---------------------------------------------------------------- */

/* The current one, or the one before when that is still good. */
static void load(struct enrolment *e)
{
    const unsigned numbers[] = {generations_current(e->generations),
        generations_previous(e->generations)};
    bool late;
    int64_t now_s = timefloor_now(e->options.floor, &late);

    for (size_t i = 0; i < 2 && e->current.generation == NULL; i++) {
        struct generation *found;
        char why[KEY_WHY];

        if (numbers[i] == 0)
            continue;
        if (generations_load(e->generations, numbers[i], why, &found) != ERR_OK)
            log_error(ENROLMENT_MODULE,
                "an operational identity cannot be used generation=%u "
                "reason=\"%s\"",
                numbers[i], why);
        else
            enrolment_hold(e, found, &e->current);
    }
    if (e->current.generation == NULL)
        return;
    enrolment_believe(e);
    e->shows_operational = e->current.generation->until_s > now_s;
    e->was_over = !e->shows_operational;
}

static enum err open(struct enrolment *e)
{
    char path[PATH_BYTES];
    enum err err = ERR_TOO_BIG;

    if (snprintf(path, sizeof(path), "%s/" FOLDER, e->options.folder) <
        (int)sizeof(path))
        err = generations_open(path, e->options.key_home, &e->generations);
    if (err == ERR_OK)
        load(e);
    return err;
}

enum err enrolment_new(
    const struct enrolment_options *options, struct enrolment **out)
{
    struct enrolment *e = calloc(1, sizeof(*e));
    enum err err = ERR_OK;

    if (e == NULL)
        return ERR_NO_MEMORY;
    e->options = *options;
    e->why = "";
    e->who = (struct thing_name_parts){options->nameplate->vendor,
        options->nameplate->model, options->nameplate->serial};
    if (snprintf(e->topic, sizeof(e->topic), "nameplate/%s/enrolment",
            options->nameplate->thing) >= (int)sizeof(e->topic))
        err = ERR_TOO_BIG;
    if (err == ERR_OK &&
        (options->method == ENROLMENT_EST ||
            options->method == ENROLMENT_FLEET))
        err = open(e);
    if (err != ERR_OK) {
        enrolment_free(e);
        return err;
    }
    *out = e;
    return ERR_OK;
}

struct session_identity enrolment_identity(const struct enrolment *e)
{
    return e->shows_operational ? enrolment_show(e, &e->current)
                                : e->options.factory;
}

enum err enrolment_watch(struct enrolment *e, struct session *session)
{
    e->session = session;
    if (e->options.method == ENROLMENT_NONE)
        return ERR_OK;
    session_on_end(session, on_end, e);
    sleep_on(e);
    enrolment_discard(e);
    enrolment_ask_anchors(e);
    return e->timer != NULL ? session_on_state(session, on_state, e)
                            : ERR_NO_MEMORY;
}

void enrolment_rest(struct enrolment *e)
{
    if (e == NULL)
        return;
    enrolment_attempt_cancel(e->attempt);
    enrolment_fleet_cancel(e->fleet);
    discard_cancel(e->discard);
    e->discard = NULL;
    e->attempt = NULL;
    e->fleet = NULL;
    enrolment_rest_anchors(e);
    loop_timer_cancel(e->timer);
    e->timer = NULL;
    e->state = ENROLMENT_RESTING;
}

void enrolment_free(struct enrolment *e)
{
    if (e == NULL)
        return;
    enrolment_rest(e);
    enrolment_let_go(&e->current);
    enrolment_let_go(&e->fresh);
    enrolment_let_all_go(e);
    generations_close(e->generations);
    free(e->told);
    free(e);
}
