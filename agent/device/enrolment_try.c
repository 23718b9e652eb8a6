/* enrolment_try.c - the broker has the last word on a new identity; only then
 * the disk says that it is the one. */

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "device/enrolment_inside.h"
#include "ports/port.h"

void enrolment_drop_fresh(struct enrolment *e)
{
    unsigned number =
        e->fresh.generation != NULL ? e->fresh.generation->number : 0;

    enrolment_retire(e, &e->fresh);
    if (number != 0 && e->generations != NULL)
        generations_drop(e->generations, number);
}

void enrolment_commit(struct enrolment *e)
{
    e->is_uncommitted =
        generations_commit(e->generations, e->current.generation->number,
            e->replaced) != ERR_OK;
    if (e->is_uncommitted)
        enrolment_note(e, "disk",
            "the new identity is in use, but not kept; it is tried again");
    else if (strcmp(e->why, "disk") == 0)
        e->why = "";
    if (e->is_uncommitted)
        return;
    log_info(ENROLMENT_MODULE, "in use generation=%u id=%s",
        e->current.generation->number, e->current.generation->id);
    enrolment_discard(e);
}

static void move(struct enrolment *e)
{
    const struct generation *old = e->current.generation;

    (void)snprintf(e->replaced, sizeof(e->replaced), "%s",
        old != NULL ? old->id : generations_old_id(e->generations));
    enrolment_retire(e, &e->current);
    e->current = e->fresh;
    e->fresh = (struct enrolment_held){.generation = NULL};
    e->shows_operational = true;
    e->was_over = false;
    enrolment_believe(e);
    e->refusals = 0;
    e->failures = 0;
    e->succeeded_ms = port_monotonic_ms();
    e->why = "";
    enrolment_commit(e);
}

static void on_tried(
    void *context, bool accepted, const char *why, const char *detail)
{
    struct enrolment *e = context;

    if (accepted) {
        move(e);
        enrolment_step(e, ENROLMENT_ON_ACCEPTED);
        return;
    }
    e->tries++;
    log_warning(ENROLMENT_MODULE,
        "the broker did not take the new identity tries=%u why=%s "
        "detail=\"%s\"",
        e->tries, why, detail);
    if (!enrolment_gives_up(why, e->tries)) {
        enrolment_step(e, ENROLMENT_ON_REFUSED);
        return;
    }
    enrolment_note(e,
        enrolment_is_refusal(why) ? "broker_refused" : "broker_away", detail);
    enrolment_step(e, ENROLMENT_ON_GIVEN_UP);
}

void enrolment_try(struct enrolment *e)
{
    const struct session_identity identity = enrolment_show(e, &e->fresh);
    enum err err = session_try(e->session, &identity, on_tried, e);

    if (err == ERR_OK)
        return;
    enrolment_note(e, "local", "no second connection could be begun");
    enrolment_step(e, ENROLMENT_ON_GIVEN_UP);
}
