/* verdict.h - why we are offline: one word by layer, and words to act on. */

#ifndef CLOUD_VERDICT_H
#define CLOUD_VERDICT_H

#include <stdbool.h>

#include "cloud/link.h"
#include "cloud/mqtt.h"

struct verdict {
    const char *why;  /* "dns", "tcp", ..., "policy", "duplicate"; static */
    char detail[480]; /* what happened, and what to do */
    bool slow;        /* trying again soon makes it worse */
    bool shuts_down;  /* the broker says that it does, so it may restart */
    uint32_t retry_after_s; /* what the broker asked for; 0: nothing */
    bool wants_3_1_1;       /* the broker said so */
    bool no_retain;         /* ... and that it keeps no messages */
    bool hung_up;           /* on our CONNECT, without a word */
};

/* From how the link and the MQTT connection ended.  `was_up`: TLS stood when
 * it ended; `greeted`: a CONNACK had come. */
struct verdict_evidence {
    const struct link_end *link;
    const struct mqtt_end *mqtt;
    bool was_up;
    bool greeted;
};
struct verdict verdict_of(const struct verdict_evidence *evidence);

/* So many connections in a row were lost soon after they stood: from the third
 * on the advice is to look for a rival, which not every broker reports. */
void verdict_note_short_lives(struct verdict *verdict, unsigned count);

/* The connection ended while another identity of ours was tried with the same
 * client id: then the broker is no rival's, and being taken over is the plan.
 */
void verdict_note_trial(struct verdict *verdict);

#endif
