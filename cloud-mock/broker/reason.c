/* reason.c - a line is "<seconds>: Client <id><words>". */

#include "cloud-mock/broker/reason.h"

#include <string.h>

struct text {
    const char *p;
    size_t len;
};

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

/* Take `words` off the front of *t. */
static bool skip(struct text *t, const char *words)
{
    size_t len = strlen(words);

    if (t->len < len || memcmp(t->p, words, len) != 0)
        return false;
    t->p += len;
    t->len -= len;
    return true;
}

static void skip_stamp(struct text *line)
{
    struct text rest = *line;

    while (rest.len > 0 && rest.p[0] >= '0' && rest.p[0] <= '9') {
        rest.p++;
        rest.len--;
    }
    if (skip(&rest, ": "))
        *line = rest;
}

static bool read_line(
    struct text line, const char *client, enum presence_reason *out)
{
    struct text rest;

    skip_stamp(&line);
    rest = line;
    if (skip(&rest, "Bad socket read/write on client ") &&
        skip(&rest, client) && skip(&rest, ": ")) {
        *out = PRESENCE_CONNECTION_LOST;
        return true;
    }
    if (!skip(&line, "Client ") || !skip(&line, client))
        return false;
    for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
        rest = line;
        if (skip(&rest, sayings[i].words) &&
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
    bool found = false;

    while (len > 0) {
        const char *end = memchr(log, '\n', len);
        size_t line = end == NULL ? len : (size_t)(end - log);

        if (read_line((struct text){log, line}, client, out))
            found = true;
        if (end == NULL)
            break;
        log += line + 1;
        len -= line + 1;
    }
    return found;
}
