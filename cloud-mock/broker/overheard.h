/* overheard.h - what the broker tells its log and no plugin, passed on to the
 * cloud: why a connection ended, wills, where a SUBSCRIBE begins. */

#ifndef CLOUD_MOCK_OVERHEARD_H
#define CLOUD_MOCK_OVERHEARD_H

#include "cloud-mock/lib/cloud.h"

struct overheard;

/* `log` is the path of the broker's log; the cloud is borrowed for life.
 * NULL: no memory. */
struct overheard *overheard_new(const char *log, struct cloud *cloud);
void overheard_free(struct overheard *overheard);

/* The file may have been exchanged for another. */
void overheard_reopen(struct overheard *overheard);

/* Often: the log must not grow for ever. */
void overheard_tick(struct overheard *overheard);

/* Somebody was welcome: he may have brought a will.  Ask before the cloud's
 * tick; the other questions tell of wills as well.  False: a CONNECT failed for
 * a will that was not told before. */
bool overheard_wills(struct overheard *overheard);

/* The client's connection ended. */
enum presence_reason overheard_reason(
    struct overheard *overheard, const char *client);

/* A filter of this client's is being looked at: not the first of its packet? */
bool overheard_further_filter(struct overheard *overheard, const char *client);

#endif
