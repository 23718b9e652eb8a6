/* settings.h - what the configuration file may say, typed and checked.
 *
 * Who the device is does not stand there: it comes from the certificate.  Each
 * key is explained in agent/nameplate.example.ini. */

#ifndef LOCAL_SETTINGS_H
#define LOCAL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/brokers.h"
#include "cloud/outbox.h"
#include "cloud/proxy.h"
#include "core/config.h"
#include "core/err.h"
#include "core/log.h"
#include "local/settings_enrolment.h"

#define SETTINGS_PATH   "/etc/nameplate/nameplate.ini"
#define SETTINGS_SOCKET "/run/nameplate/app.sock"

enum settings_protocol {
    SETTINGS_PROTOCOL_AUTO, /* MQTT 5, then 3.1.1 when the broker wants it */
    SETTINGS_PROTOCOL_5,
    SETTINGS_PROTOCOL_3_1_1
};

/* Text is lent until settings_free; paths are absolute, or relative to the
 * folder the program was started in. */
struct settings {
    const struct brokers *brokers; /* [cloud] endpoint */
    const char *trust;             /* a file, or "system" */
    const char *pins;              /* NULL: none */
    const char *downloads_trust;   /* [downloads] NULL: `trust` */
    const char *crl;               /* [revocation] a file; NULL: none */
    const char *crl_url;           /* where it is fetched; NULL: nowhere */
    uint32_t crl_refresh_s;
    uint32_t crl_grace_s;      /* how long a list may be over */
    uint16_t keep_alive_s;     /* the ceiling, which the broker is told */
    uint16_t keep_alive_min_s; /* never above it */
    uint32_t puback_ms;        /* how long a message may wait for its PUBACK */
    uint32_t publishes_per_s;  /* 0: as the broker's name says */
    uint32_t kbytes_per_s;
    enum settings_protocol protocol;
    bool websocket;              /* the transport: MQTT over WebSocket */
    bool resume;                 /* TLS sessions */
    uint32_t connect_timeout_ms; /* of each broker */
    const char *proxy;           /* [network] NULL: none; may hold a password */
    const char *proxy_password_file; /* NULL: none */
    const char *certificate;         /* [identity] */
    const char *key;                 /* a URI: "file:/path"; may hold a PIN */
    const char *folder;              /* [store] */
    uint64_t limit_messages;
    uint64_t limit_bytes;
    uint32_t commits_per_s;
    uint64_t day_bytes; /* written a day; 0: no such bound */
    struct outbox_class classes[OUTBOX_CONFIGURED]; /* [class.NAME] */
    size_t class_count;
    struct settings_enrolment enrolment;           /* [enrolment] */
    uint64_t budget_day_bytes, budget_month_bytes; /* [budget] 0: no limit */
    unsigned budget_month_begins;
    uint32_t budget_spread_s;
    bool budget_stays;       /* connected when it is spent */
    const char *socket;      /* [local] */
    const char *group;       /* NULL: the agent's own group */
    uint32_t interval_ms;    /* [telemetry] 0: no machine figures */
    const char *description; /* [device] NULL: no Thing Description */
    const char *verifier;    /* [ownership] of the pass code; NULL: none */
    const char *wipe;        /* a program; NULL: none */
    const char *handlers;    /* [jobs] a folder; NULL: no jobs */
    uint64_t step_ms;        /* a step of a job that takes longer is killed */
    const char *identify;    /* [commands] programs; NULL: none */
    const char *restart;
    enum log_level level; /* [log] */
};

/* Read everything or nothing, as config_load; faults go to `say`. */
enum err settings_load(const char *path, config_say *say, void *context,
    struct settings **out) MUST_CHECK;
/* Can every file that the configuration names be read?  Each that cannot is
 * told with the line that names it; ERR_NOT_FOUND, ERR_DENIED, ERR_IO. */
enum err settings_check_files(
    const struct settings *settings, config_say *say, void *context) MUST_CHECK;
void settings_free(struct settings *settings); /* NULL is fine */

/* A config_say that prints "nameplate: LINE" to stderr. */
void settings_say(void *context, const char *line);

#endif
