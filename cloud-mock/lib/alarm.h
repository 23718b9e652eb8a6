/* alarm.h - "cloned identity": what cannot be if every key is in one device.
 *
 * An alarm is stored, shown with the thing, and told on
 * $nameplate/cloud/alarm, at most once a minute of a kind for a thing.  It
 * refuses nobody: which of two is the clone, a person decides. */

#ifndef CLOUD_MOCK_ALARM_H
#define CLOUD_MOCK_ALARM_H

#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store_alarm.h"

#define ALARM_QUIET_MS 60000

/* Kinds: */
#define ALARM_ELSEWHERE  "certificate_elsewhere" /* under another client id */
#define ALARM_KEY        "key_elsewhere"         /* in another thing's hands */
#define ALARM_TWO_KEYS   "two_keys"   /* of the factory's, for one thing */
#define ALARM_TWO_PLACES "two_places" /* two connections kick each other */

void alarm_raise(struct store *store, struct sender *sender, const char *thing,
    const char *kind, const char *text);

/* A thing has a certificate with this key from now on: raise what that means.
 * `issued`: by us, so that another key than before is a rotation. */
void alarm_look_at_key(struct store *store, struct sender *sender,
    const struct store_certificate *certificate, bool issued);

#endif
