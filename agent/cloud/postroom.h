/* postroom.h - letters go into the outbox in groups and out by its order.
 *
 * It owns when to commit: puts at the end of the loop's turn, so everything
 * that arrived together shares one fsync, or later when there were many;
 * acknowledgements later still, since losing one only sends a message twice.
 * It also tells the cloud what the outbox had to drop. */

#ifndef CLOUD_POSTROOM_H
#define CLOUD_POSTROOM_H

#include "cloud/budget.h"
#include "cloud/mqtt.h"
#include "cloud/outbox.h"
#include "cloud/pace.h"
#include "cloud/session.h"
#include "core/err.h"
#include "core/loop.h"

struct postroom;

/* All are borrowed for life; the budget, which may be NULL, is told what is
 * sent. */
enum err postroom_new(struct loop *loop, struct outbox *outbox,
    struct budget *budget, const char *thing, struct postroom **out) MUST_CHECK;
void postroom_free(struct postroom *room); /* commits; NULL is fine */

/* As session_send. */
enum err postroom_take(
    struct postroom *room, const struct session_letter *letter) MUST_CHECK;

/* The connection is up: send through it (borrowed until postroom_shut), with
 * the outbox's ids as tokens, and POSTROOM_REPORT.  They are never 0. */
#define POSTROOM_REPORT (UINT64_MAX - 1)
void postroom_open(struct postroom *room, struct mqtt *mqtt);

/* How fast the connection that comes next may talk; it begins now. */
void postroom_pace(struct postroom *room, const struct pace_limits *limits);
/* Something that is not ours went or came over it. */
void postroom_note_other(struct postroom *room, size_t bytes);
void postroom_shut(struct postroom *room);

/* So much of the budget is used; what no longer waits goes. */
void postroom_set_used(struct postroom *room, unsigned used_percent);

/* The broker answered for `id`; the next ones may go. */
void postroom_answered(struct postroom *room, uint64_t id, bool accepted);

#endif
