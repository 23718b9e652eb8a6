/* run_features.h - part of `nameplate run`: what the device does, introduced
 * to the session. */

#ifndef RUN_FEATURES_H
#define RUN_FEATURES_H

#include "cloud/commands.h"
#include "cloud/session.h"
#include "device/actions.h"
#include "device/description.h"
#include "device/jobs.h"
#include "device/shadow.h"
#include "device/telemetry.h"
#include "identity/chain.h"
#include "identity/key.h"
#include "identity/nameplate.h"
#include "local/settings.h"
#include "run_owner.h"

struct run_features {
    struct commands *commands;
    struct actions *actions;
    struct run_owner owner;
    struct shadow *shadow;
    struct telemetry *telemetry;
    struct jobs *jobs;               /* NULL: the maker allows none */
    struct description *description; /* NULL: the maker wrote none */
};

/* All are borrowed for life. */
struct run_features_sources {
    const struct settings *settings;
    const struct nameplate *nameplate;
    struct loop *loop;
    struct session *session;
    struct key *key;
    mbedtls_x509_crt *chain;
};

/* Before the first dial: they subscribe.  On failure close what is there. */
enum err run_features_open(const struct run_features_sources *sources,
    struct run_features *out) MUST_CHECK;

/* Before the session is freed, and after. */
void run_features_close(struct run_features *features);
void run_features_rest(struct run_features *features);

#endif
