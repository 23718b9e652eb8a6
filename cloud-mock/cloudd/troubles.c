/* troubles.c */

#include "cloudd/troubles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/devices.h"
#include "cloudd/fields.h"
#include "cloudd/intake.h"
#include "core/log.h"
#include "ports/port.h"

#define TEXT_SIZE   600
#define WORDS_MOST  4096
#define CLASSES_MAX 32

static bool fits(const struct json *words)
{
    char *text = json_is_object(words) ? json_print(words) : NULL;
    bool fits = text != NULL && strlen(text) <= WORDS_MOST;

    free(text);
    return fits;
}

static void record(struct app *app, const struct device *device,
    const char *kind, const char *text, const struct json *detail)
{
    intake_record(app,
        &(struct store_event){.thing = device_thing(device),
            .ts_ms = port_wall_ms(),
            .kind = kind,
            .text = text,
            .detail = detail});
}

/* The page shows it without asking anew. */
static void tell(struct app *app, const struct device *device)
{
    events_send(app->events, "status", device_json(device, false));
}

/* --- outages ---------------------------------------------------------------
 */

static bool is_outage(const struct json *outage)
{
    return fits(outage) && json_is_number(json_get(outage, "from")) &&
        json_is_number(json_get(outage, "to")) &&
        json_is_array(json_get(outage, "why")) &&
        json_text(json_get(outage, "detail")) != NULL;
}

static void print_duration(double seconds, char out[32])
{
    if (seconds < 120)
        (void)snprintf(out, 32, "%.0f s", seconds < 0 ? 0 : seconds);
    else if (seconds < 7200)
        (void)snprintf(out, 32, "%.0f min", seconds / 60);
    else
        (void)snprintf(out, 32, "%.0f h", seconds / 3600);
}

static void record_outage(
    struct app *app, const struct device *device, const struct json *outage)
{
    char text[TEXT_SIZE], how_long[32];

    print_duration((json_number(json_get(outage, "to")) -
                       json_number(json_get(outage, "from"))) /
            1000,
        how_long);
    (void)snprintf(text, sizeof(text), "was away for %s: %s", how_long,
        json_text(json_get(outage, "detail")));
    record(app, device, "outage",
        strlen(text) < sizeof(text) - 1 ? text : "was away: (too long)",
        outage);
}

void troubles_outage(struct app *app, struct device *device,
    const struct json *outage, bool retained)
{
    if (outage == NULL || json_equal(outage, device_outage(device)))
        return;
    if (!is_outage(outage)) {
        log_debug("troubles", "no outage thing=%s", device_thing(device));
        return;
    }
    if (!retained)
        record_outage(app, device, outage);
    devices_set_outage(device, json_clone(outage));
    tell(app, device);
}

/* --- what was dropped -------------------------------------------------------
 */

static double number_at(
    const struct json *dropped, const char *class, const char *reason)
{
    return json_number(json_get(json_get(dropped, class), reason));
}

/* "20 telemetry (thinned), 3 event (expired)": what is more than `before`. */
static void print_more(
    const struct json *now, const struct json *before, char out[TEXT_SIZE])
{
    size_t used = 0;

    out[0] = '\0';
    for (const struct json *c = json_first(now); c != NULL; c = json_next(c))
        for (const struct json *r = json_first(c); r != NULL;
             r = json_next(r)) {
            double more =
                json_number(r) - number_at(before, json_key(c), json_key(r));
            int len = more <= 0
                ? 0
                : snprintf(out + used, TEXT_SIZE - used, "%s%.0f %.20s (%.20s)",
                      used > 0 ? ", " : "", more, json_key(c), json_key(r));

            if (len > 0 && used + (size_t)len < TEXT_SIZE)
                used += (size_t)len;
        }
    out[used] = '\0';
}

static bool is_report(const struct json *dropped)
{
    if (!fits(dropped) || json_count(dropped) > CLASSES_MAX)
        return false;
    for (const struct json *c = json_first(dropped); c != NULL;
         c = json_next(c))
        if (!json_is_object(c))
            return false;
    return true;
}

void troubles_dropped(
    struct app *app, struct device *device, const struct json *report)
{
    const struct json *dropped = json_get(report, "dropped");
    char more[TEXT_SIZE], text[TEXT_SIZE + 40];

    if (!is_report(dropped)) {
        log_debug("troubles", "no report thing=%s", device_thing(device));
        return;
    }
    print_more(dropped, device_dropped(device), more);
    if (more[0] == '\0')
        return;
    (void)snprintf(text, sizeof(text), "messages were dropped: %s", more);
    record(app, device, "dropped", text, NULL);
    devices_set_dropped(device, json_clone(dropped));
    tell(app, device);
}
