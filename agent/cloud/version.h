/* version.h - which MQTT to speak next.  No socket, no clock. */

#ifndef CLOUD_VERSION_H
#define CLOUD_VERSION_H

#include <stdbool.h>

#include "cloud/verdict.h"

struct version {
    bool five;  /* else 3.1.1 */
    bool fixed; /* whoever configured it knows */
    unsigned hang_ups;
};

/* A connection ended.  A broker that says it wants 3.1.1 gets it.  One that
 * hangs up on a CONNECT may mean that, or be restarting, or be registering
 * this device (AWS IoT just-in-time registration): every third try after such
 * an end speaks 3.1.1, the others 5. */
void version_learn(struct version *version, const struct verdict *verdict);

/* A connection came about: what it speaks is right. */
void version_settle(struct version *version);

#endif
