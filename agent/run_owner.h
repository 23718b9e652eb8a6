/* run_owner.h - part of `nameplate run`: ownership is introduced to what it
 * needs. */

#ifndef RUN_OWNER_H
#define RUN_OWNER_H

#include "device/calls.h"
#include "device/owner.h"
#include "device/owner_private.h"
#include "local/settings.h"

struct run_owner {
    struct calls *calls;
    struct owner_private *private;
    struct owner *owner; /* NULL: the device's key has no Host Identity Tag */
};

/* `options` holds what run has opened already; folder, files and what is
 * private come from the settings.  On failure close what is there. */
enum err run_owner_open(const struct settings *settings, const char *hit,
    const struct owner_options *options, struct run_owner *out) MUST_CHECK;
void run_owner_close(struct run_owner *owner);

#endif
