/* sender.h - what the service says, and the faults tests put in its way. */

#ifndef CLOUD_MOCK_SENDER_H
#define CLOUD_MOCK_SENDER_H

#include "cloud-mock/lib/seam.h"
#include "core/json.h"

struct sender;

/* All zero: no faults. */
struct sender_faults {
    int64_t delay_ms;          /* of every message */
    int64_t clock_ms;          /* how far the service's clock is off */
    int64_t drop;              /* so many messages are lost */
    int64_t duplicate;         /* so many messages are sent twice */
    int64_t provisioning_code; /* the next request for it: 429 or 500 */
    int64_t jobs_code;   /* the next request to Jobs: 429 or 500; or the next
                            update of an execution: 409 */
    int64_t shadow_code; /* the next shadow update is rejected: 409 or 500 */
};

/* NULL when memory runs out; the seam is copied. */
struct sender *sender_new(const struct seam *seam);
void sender_free(struct sender *sender);

/* The service's time, skewed if a test wants it. */
int64_t sender_now_ms(const struct sender *sender);
enum err sender_random(
    struct sender *sender, void *bytes, size_t len) MUST_CHECK;

/* Publish to all subscribers.  Takes `body` (NULL: memory ran out, said in
 * the log; nothing is sent). */
void sender_publish(
    struct sender *sender, const char *topic, struct json *body);

/* Answer one client, never faulty.  Takes `body` as above. */
void sender_answer(struct sender *sender, const char *client, const char *topic,
    struct json *body);

void sender_kick(struct sender *sender, const char *client);

/* Send what was delayed long enough. */
void sender_tick(struct sender *sender);

/* Lent, to be changed in place. */
struct sender_faults *sender_faults(struct sender *sender);

#endif
