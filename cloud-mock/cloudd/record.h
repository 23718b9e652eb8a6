/* record.h - a device's ownership record (docs/ownership.md, "The record"):
 * read, judged by itself and against the record before.
 *
 * Pure.  The device decides what holds; the cloud checks what it can see, so
 * that neither a device that is mistaken nor a broker that lies gives anybody
 * a role that no owner's key gave. */

#ifndef CLOUDD_RECORD_H
#define CLOUDD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/proof.h"
#include "cloudd/role.h"
#include "core/err.h"
#include "core/json.h"

#define RECORD_MOST    (16 * 1024) /* bytes of the text */
#define RECORD_OWNERS  8
#define RECORD_MEMBERS 32
#define RECORD_NAME    128 /* bytes */

enum record_act {
    RECORD_CLAIM,
    RECORD_SHARE,
    RECORD_RECOVER,
    RECORD_TRANSFER,
    RECORD_RELEASE,
    RECORD_RESET,
};

struct record;

/* Read an Envelope (borrowed) for this thing, and judge it by itself: its form
 * and bounds, and that it bears the signatures its act asks for, all of them
 * valid.  ERR_INVALID: `*why` says what is wrong (static).  The caller frees
 * *out. */
enum err record_read(const struct json *envelope, const char *thing,
    const char **why, struct record **out) MUST_CHECK;
void record_free(struct record *record); /* NULL is fine */

/* May `next` hold after `before` (NULL: none is known)?  NULL: yes, else why
 * not (static).  A record whose epoch is not the next one was preceded by some
 * that we did not see; then only the epoch can be compared. */
const char *record_fault_after(
    const struct record *next, const struct record *before);

/* The same record, byte for byte? */
bool record_same(const struct record *a, const struct record *b);

enum record_act record_act(const struct record *record);
const char *record_act_name(enum record_act act); /* static */
int64_t record_epoch(const struct record *record);
/* What an Envelope says, whoever signed it; 0: nothing. */
int64_t record_epoch_said(const struct json *envelope);
bool record_owned(const struct record *record);
enum role record_role(const struct record *record, const char *key);

/* Call back for each key with a role.  The recovery key looks only: with it a
 * person opens a channel, to say who the owner is now. */
typedef void record_callback(void *context, const char *key, enum role role);
void record_each(
    const struct record *record, record_callback *callback, void *context);

/* Does `act` begin a life with somebody else, so that what was known of the
 * time before is wiped? */
bool record_wipes(enum record_act act);

#endif
