/* store_alerts.h - what somebody should look at, on disk.
 *
 * An alert is open until what it tells of is over; each account dismisses it
 * for itself. */

#ifndef CLOUDD_STORE_ALERTS_H
#define CLOUDD_STORE_ALERTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/store.h"
#include "core/json.h"

#define STORE_ALERTS_MOST 200 /* of one device; the oldest go first */

struct store_alert {
    int64_t id;
    const char *thing, *kind, *text;
    int64_t ts_ms;
};

/* Gives the alert its id. */
enum err store_alert_add(
    struct store *store, struct store_alert *alert) MUST_CHECK;
/* Is one of this kind open? */
bool store_alert_open(struct store *store, const char *thing, const char *kind);
/* It is over: the open ones of this kind. */
enum err store_alert_end(struct store *store, const char *thing,
    const char *kind, int64_t now_ms) MUST_CHECK;
/* ERR_NOT_FOUND: there is none of this number. */
enum err store_alert_thing(
    struct store *store, int64_t id, char *thing, size_t size) MUST_CHECK;
enum err store_alert_dismiss(
    struct store *store, const char *user, int64_t id) MUST_CHECK;
enum err store_alerts_wipe(struct store *store, const char *thing) MUST_CHECK;

/* Call back for each alert, newest first, that the account has not dismissed.
 */
typedef void store_alert_callback(
    void *context, const struct store_alert *alert, int64_t over_ms);
void store_alerts_each(struct store *store, const char *user,
    store_alert_callback *callback, void *context);

#endif
