/* enrolment_hold.c - an identity as the session wants it. */

#include "cloud/link_tickets.h"
#include "device/enrolment_inside.h"

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

struct session_identity enrolment_show(
    const struct enrolment *e, const struct enrolment_held *held)
{
    if (held->generation == NULL)
        return e->options.factory;
    return (struct session_identity){
        held->generation->chain, held->generation->key, held->tickets};
}
