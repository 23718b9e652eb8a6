/* version.h - which MQTT to speak next.  No socket, no clock. */

#ifndef CLOUD_VERSION_H
#define CLOUD_VERSION_H

#include <stdbool.h>

#include "cloud/verdict.h"

struct version {
    bool five;      /* else 3.1.1 */
    bool fixed;     /* whoever configured it knows */
    bool told;      /* by a broker: 3.1.1 is right */
    bool took_five; /* a broker did */
    bool settled;   /* the last connection came about */
    unsigned hang_ups;
};

/* A connection ended.  A broker that says it wants 3.1.1 gets it.  One that
 * hangs up on a CONNECT may mean that, or be restarting, or be registering
 * this device (AWS IoT just-in-time registration), or the line is bad: every
 * third try after such an end speaks 3.1.1, or every ninth where 5 was spoken
 * before; the others speak 5, and so does what follows a connection that came
 * about by that guess. */
void version_learn(struct version *version, const struct verdict *verdict);

/* A connection came about: what it speaks is right. */
void version_settle(struct version *version);

#endif
