/* mqtt_watch.c - a publish that is never acknowledged: AWS IoT discards what is
 * too much without a word, and then keeps its place in the window for ever.
 *
 * A timer runs while something is in flight.  It looks at the oldest one, for
 * PUBACKs come in order: while the oldest changes there is progress, whatever
 * the link's speed.  Found too late by at most one look. */

#include "cloud/mqtt_inside.h"
#include "core/log.h"
#include "ports/port.h"

#define LOOKS            3    /* within the patience */
#define SLOW_BYTES_PER_S 1024 /* of a bad cellular link */

static void look(struct mqtt *mqtt);

static void on_look(void *context)
{
    struct mqtt *mqtt = context;

    mqtt->look = NULL;
    look(mqtt);
}

static void look_later(struct mqtt *mqtt)
{
    mqtt->look = loop_timer_start(
        mqtt->room->loop, mqtt->puback_ms / LOOKS + 1, on_look, mqtt);
    if (mqtt->look == NULL)
        log_error("mqtt", "out of memory: a missing PUBACK goes unnoticed");
}

static const struct slot *oldest(const struct mqtt *mqtt)
{
    const struct slot *found = NULL;

    for (size_t i = 0; i < MQTT_WINDOW; i++) {
        const struct slot *slot = &mqtt->slots[i];

        if (slot->used && (found == NULL || slot->number < found->number))
            found = slot;
    }
    return found;
}

static void look(struct mqtt *mqtt)
{
    const struct slot *slot = oldest(mqtt);
    int64_t now = port_monotonic_ms();
    int64_t patience;

    if (slot == NULL)
        return;
    if (slot->number != mqtt->looked_at) {
        mqtt->looked_at = slot->number;
        mqtt->looked_ms = now;
    }
    patience = mqtt->puback_ms + (int64_t)(slot->len * 1000 / SLOW_BYTES_PER_S);
    if (now - mqtt->looked_ms >= patience && !mqtt->ended)
        mqtt_report_end(mqtt, MQTT_NO_PUBACK, 0);
    else
        look_later(mqtt);
}

void mqtt_watch_sent(struct mqtt *mqtt, struct slot *slot, size_t len)
{
    slot->number = ++mqtt->sent;
    slot->len = len;
    if (mqtt->look != NULL)
        return;
    mqtt->looked_at = slot->number;
    mqtt->looked_ms = port_monotonic_ms();
    look_later(mqtt);
}

void mqtt_watch_answered(struct mqtt *mqtt)
{
    if (mqtt->in_use == 0)
        mqtt_watch_stop(mqtt);
}

void mqtt_watch_stop(struct mqtt *mqtt)
{
    loop_timer_cancel(mqtt->look);
    mqtt->look = NULL;
}
