/* enrolment_spent.c - keys in a token that nobody goes back to are destroyed:
 * after each attempt and at the start, one after the other, never while a new
 * one is made, tried or not yet kept. */

#include "core/log.h"
#include "device/enrolment_inside.h"

static void on_discarded(void *context, const struct discard_end *end)
{
    struct enrolment *e = context;

    e->discard = NULL;
    if (end->e == ERR_OK) {
        log_info(ENROLMENT_MODULE, "an old key is destroyed generation=%u",
            e->discarded);
    } else if (end->e == ERR_CONFLICT) {
        log_error(ENROLMENT_MODULE,
            "a key stays in its token, and is left to you generation=%u "
            "reason=\"%s\"",
            e->discarded, end->why);
    } else if (end->e != ERR_NOT_FOUND) {
        log_warning(ENROLMENT_MODULE,
            "an old key is not destroyed; it is tried again after the next "
            "rotation and at the next start generation=%u reason=\"%s\"",
            e->discarded, end->why);
        return;
    }
    generations_forget(e->generations, e->discarded);
    enrolment_discard(e);
}

void enrolment_discard(struct enrolment *e)
{
    struct discard_options options = {
        .spared = {e->options.factory.chain, e->options.claim.chain}
    };
    char uri[GENERATIONS_URI];

    if (e->generations == NULL || e->discard != NULL || e->is_uncommitted ||
        e->state != ENROLMENT_RESTING)
        return;
    e->discarded = generations_spent(e->generations);
    if (e->discarded == 0 ||
        generations_key(e->generations, e->discarded, uri) != ERR_OK)
        return;
    options.uri = uri;
    if (discard_start(
            e->options.loop, &options, on_discarded, e, &e->discard) != ERR_OK)
        log_warning(ENROLMENT_MODULE,
            "an old key is not destroyed: no thread, or no memory");
}
