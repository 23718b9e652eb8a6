/* status.c - facts in, what is shown out. */

#include "cloudd/status.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void status_connected(struct status *status, int64_t at_ms)
{
    bool blip = status->connected ||
        (status->ever && at_ms - status->changed_ms < STATUS_DEBOUNCE_MS &&
            (status->state == STATUS_ONLINE || status->state == STATUS_SILENT));

    if (status->connected && at_ms <= status->changed_ms)
        return;
    if (!blip || status->came_ms == 0)
        status->came_ms = at_ms;
    status->ever = true;
    status->connected = true;
    status->changed_ms = at_ms;
    status_heard(status, at_ms);
}

void status_disconnected(
    struct status *status, int64_t at_ms, const char *reason)
{
    if (status->ever && !status->connected)
        return;
    status->ever = true;
    status->connected = false;
    status->changed_ms = at_ms;
    (void)snprintf(status->reason, sizeof(status->reason), "%s",
        reason != NULL ? reason : "");
}

void status_heard(struct status *status, int64_t at_ms)
{
    if (at_ms > status->heard_ms)
        status->heard_ms = at_ms;
}

void status_block(struct status *status, bool blocked, int64_t at_ms)
{
    if (blocked && !status->blocked)
        status->blocked_ms = at_ms;
    status->blocked = blocked;
}

static bool shown_connected(const struct status *s)
{
    return s->state == STATUS_ONLINE || s->state == STATUS_SILENT;
}

static enum status_state decide(
    const struct status *s, int64_t now_ms, int64_t silent_ms)
{
    if (s->blocked)
        return STATUS_BLOCKED;
    if (s->connected)
        return now_ms - s->heard_ms >= silent_ms ? STATUS_SILENT
                                                 : STATUS_ONLINE;
    if (!s->ever)
        return STATUS_NEVER;
    if (shown_connected(s) && now_ms - s->changed_ms < STATUS_DEBOUNCE_MS)
        return s->state;
    return STATUS_OFFLINE;
}

static int64_t since(const struct status *s)
{
    switch (s->state) {
    case STATUS_NEVER:
        return 0;
    case STATUS_ONLINE:
        return s->came_ms;
    case STATUS_SILENT:
        return s->heard_ms;
    case STATUS_OFFLINE:
        return s->changed_ms;
    case STATUS_BLOCKED:
        return s->blocked_ms;
    }
    return 0;
}

bool status_tick(struct status *status, int64_t now_ms, int64_t silent_ms)
{
    enum status_state before = status->state;
    int64_t before_since = status->since_ms;

    status->state = decide(status, now_ms, silent_ms);
    if (status->state != before || !shown_connected(status))
        status->since_ms = since(status);
    return status->state != before || status->since_ms != before_since;
}

int64_t status_due(const struct status *status, int64_t silent_ms)
{
    if (status->blocked)
        return -1;
    if (status->connected)
        return status->state == STATUS_SILENT ? -1
                                              : status->heard_ms + silent_ms;
    return shown_connected(status) ? status->changed_ms + STATUS_DEBOUNCE_MS
                                   : -1;
}

const char *status_name(enum status_state state)
{
    switch (state) {
    case STATUS_NEVER:
        return "never";
    case STATUS_ONLINE:
        return "online";
    case STATUS_SILENT:
        return "silent";
    case STATUS_OFFLINE:
        return "offline";
    case STATUS_BLOCKED:
        return "blocked";
    }
    return "unknown";
}

const char *status_reason_words(const char *reason)
{
    static const struct {
        const char *reason, *words;
    } table[] = {
        {"CLIENT_INITIATED_DISCONNECT", "the device said goodbye"                   },
        {"CONNECTION_LOST",             "the connection broke off"                  },
        {"MQTT_KEEP_ALIVE_TIMEOUT",
         "lost power or network (keep-alive ran out)"                               },
        {"DUPLICATE_CLIENTID",          "another connection came with the same name"},
        {"CLIENT_ERROR",                "the device broke the protocol"             },
        {"AUTH_ERROR",                  "its certificate is no longer accepted"     },
        {"FORBIDDEN_ACCESS",            "it did what its policy forbids"            },
        {"API_INITIATED_DISCONNECT",    "an operator closed the connection"         },
        {"SERVER_INITIATED_DISCONNECT", "the broker closed the connection"          },
        {"SERVER_ERROR",                "the broker failed"                         },
        {"THROTTLED",                   "it sent too much"                          },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].reason, reason) == 0)
            return table[i].words;
    }
    return "no reason was given";
}
