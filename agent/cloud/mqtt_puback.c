/* mqtt_puback.c - PUBACKs go to the loop many at a time: Paho's thread puts
 * them on a list that needs no lock, and posts only when nothing is posted
 * already. The loop takes the whole list. */

#include "cloud/mqtt_inside.h"
#include "core/log.h"

static void tell(struct slot *slot)
{
    struct mqtt *mqtt = slot->mqtt;

    slot->used = false;
    mqtt->in_use--;
    if (mqtt->opened < MQTT_WINDOW)
        mqtt->opened++;
    mqtt_attend(mqtt);
    mqtt_watch_answered(mqtt);
    mqtt->events.published(mqtt->events.context, slot->token, slot->accepted);
}

/* In the order they came. */
static struct slot *turn_round(struct slot *last)
{
    struct slot *first = NULL;

    while (last != NULL) {
        struct slot *before = last->next;

        last->next = first;
        first = last;
        last = before;
    }
    return first;
}

static void tell_all(void *context)
{
    struct mqtt *mqtt = context;
    struct slot *slot, *next;

    /* In this order: what is put on the list from here on is posted again. */
    atomic_store(&mqtt->is_posted, false);
    slot = turn_round(atomic_exchange(&mqtt->answered, NULL));
    for (; slot != NULL && !mqtt->dead; slot = next) {
        next = slot->next; /* told, it may be sent again */
        tell(slot);
    }
}

void mqtt_report_puback(struct slot *slot, bool accepted)
{
    struct mqtt *mqtt = slot->mqtt;
    struct slot *last = atomic_load(&mqtt->answered);

    slot->accepted = accepted;
    do
        slot->next = last;
    while (!atomic_compare_exchange_weak(&mqtt->answered, &last, slot));
    if (atomic_exchange(&mqtt->is_posted, true))
        return;
    if (loop_post(mqtt->room->loop, tell_all, mqtt) == ERR_OK)
        return;
    atomic_store(&mqtt->is_posted, false); /* the next one tries again */
    log_error("mqtt", "out of memory: a PUBACK is told late");
}
