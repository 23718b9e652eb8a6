/* policy.h - what a thing may do: its own topics, and of AWS's reserved ones
 * those that are documented (contract sections 1 and 4.4). */

#ifndef CLOUD_MOCK_POLICY_H
#define CLOUD_MOCK_POLICY_H

#include <stdbool.h>

enum policy_action { POLICY_PUBLISH, POLICY_SUBSCRIBE, POLICY_RECEIVE };

/* `topic` is a filter when subscribing.  Neither `#`, `+/...`, `$SYS/...` nor
 * a shared subscription lies within a thing's own topics. */
bool policy_allows(
    const char *thing, enum policy_action action, const char *topic);

/* The same for a connection with a claim certificate: provisioning, and nothing
 * else (contract section 4.1). */
bool policy_allows_claim(enum policy_action action, const char *topic);

#endif
