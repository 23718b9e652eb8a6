/* reason.c - a line is "<seconds>: Client <id><words>". */

#include "cloud-mock/broker/reason.h"

#include "cloud-mock/broker/log_line.h"

static const struct {
    const char *words;
    bool whole; /* nothing may follow them */
    enum presence_reason reason;
} sayings[] = {
    {" disconnected.",                               true,  PRESENCE_CLIENT_INITIATED},
    {" closed its connection.",                      true,  PRESENCE_CONNECTION_LOST },
    {" has exceeded timeout, disconnecting.",        true,
     PRESENCE_KEEP_ALIVE_TIMEOUT                                                     },
    {" already connected, closing old connection.",  true,
     PRESENCE_DUPLICATE_CLIENTID                                                     },
    {" disconnected, not authorised.",               true,  PRESENCE_AUTH_ERROR      },
    {" been disconnected by administrative action.", true,
     PRESENCE_API_INITIATED                                                          },
    {" disconnected due to out of memory.",          true,  PRESENCE_SERVER_ERROR    },
    {" disconnected due to ",                        false, PRESENCE_CLIENT_ERROR    },
    {" disconnected: ",                              false, PRESENCE_CONNECTION_LOST },
};

/* How the plugin's MOSQ_ERR_CONN_REFUSED reads; nothing else ends a
 * connection with it. */
static bool is_throttling(struct text rest)
{
    return log_line_skip(&rest, "The connection was refused.") && rest.len == 0;
}

static bool read_line(
    struct text line, const char *client, enum presence_reason *out)
{
    struct text rest = line;

    if (log_line_skip(&rest, "Bad socket read/write on client ") &&
        log_line_skip(&rest, client) && log_line_skip(&rest, ": ")) {
        *out =
            is_throttling(rest) ? PRESENCE_THROTTLED : PRESENCE_CONNECTION_LOST;
        return true;
    }
    if (!log_line_skip(&line, "Client ") || !log_line_skip(&line, client))
        return false;
    for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
        rest = line;
        if (log_line_skip(&rest, sayings[i].words) &&
            (!sayings[i].whole || rest.len == 0)) {
            *out = sayings[i].reason;
            return true;
        }
    }
    return false;
}

bool reason_read(
    const char *log, size_t len, const char *client, enum presence_reason *out)
{
    struct text rest = {log, len}, line;
    bool found = false;

    while (log_line_next(&rest, &line))
        found = read_line(line, client, out) || found;
    return found;
}
