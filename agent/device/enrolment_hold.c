/* enrolment_hold.c - an identity as the session wants it. */

#include <stdlib.h>

#include "cloud/link_tickets.h"
#include "core/log.h"
#include "device/enrolment_inside.h"
#include "ports/port.h"

#define LINGER_MS 600000

void enrolment_hold(struct enrolment *e, struct generation *generation,
    struct enrolment_held *out)
{
    const struct link_tickets_options options = {.folder = e->options.folder,
        .trust = e->options.broker,
        .chain = generation->chain};

    *out = (struct enrolment_held){.generation = generation};
    if (e->options.resume && !key_is_in_token(generation->key) &&
        link_tickets_new(&options, &out->tickets) != ERR_OK)
        out->tickets = NULL;
}

void enrolment_let_go(struct enrolment_held *held)
{
    link_tickets_free(held->tickets);
    generation_free(held->generation);
    *held = (struct enrolment_held){.generation = NULL};
}

static void let_one_go(struct enrolment_retired *one)
{
    enrolment_let_go(&one->held);
    free(one);
}

void enrolment_let_all_go(struct enrolment *e)
{
    while (e->retired != NULL) {
        struct enrolment_retired *one = e->retired;

        e->retired = one->next;
        let_one_go(one);
    }
}

static void purge(struct enrolment *e, int64_t now_ms)
{
    struct enrolment_retired **at = &e->retired;

    while (*at != NULL) {
        struct enrolment_retired *one = *at;

        if (now_ms - one->since_ms < LINGER_MS) {
            at = &one->next;
        } else {
            *at = one->next;
            let_one_go(one);
        }
    }
}

void enrolment_retire(struct enrolment *e, struct enrolment_held *held)
{
    struct enrolment_retired *one = calloc(1, sizeof(*one));
    int64_t now_ms = port_monotonic_ms();

    purge(e, now_ms);
    if (one == NULL)
        log_error(ENROLMENT_MODULE, "out of memory: an old key is not freed");
    if (one == NULL || held->generation == NULL) {
        free(one);
    } else {
        *one = (struct enrolment_retired){*held, now_ms, e->retired};
        e->retired = one;
    }
    *held = (struct enrolment_held){.generation = NULL};
}

struct session_identity enrolment_show(
    const struct enrolment *e, const struct enrolment_held *held)
{
    if (held->generation == NULL)
        return e->options.factory;
    return (struct session_identity){
        held->generation->chain, held->generation->key, held->tickets};
}
