/* verdict.h - why we are offline: one word by layer, and words to act on. */

#ifndef CLOUD_VERDICT_H
#define CLOUD_VERDICT_H

#include <stdbool.h>

#include "cloud/link.h"
#include "cloud/mqtt.h"

struct verdict {
    const char *why;  /* "dns", "tcp", ..., "policy", "duplicate"; static */
    char detail[320]; /* what happened, and what to do */
    bool slow;        /* trying again soon makes it worse */
    bool try_3_1_1;   /* the broker does not speak MQTT 5 */
};

/* From how the link and the MQTT connection ended; `mqtt_ended` is false when
 * it never began.  `was_up`: TLS stood when it ended. */
struct verdict_evidence {
    const struct link_end *link;
    const struct mqtt_end *mqtt;
    bool mqtt_ended;
    bool was_up;
    bool version_5;
};
struct verdict verdict_of(const struct verdict_evidence *evidence);

#endif
