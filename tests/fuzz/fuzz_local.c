/* Any bytes, in any pieces, from an application: every line gets exactly one
 * answer, and every answer is a line of JSON.
 *
 * The first byte says how long the pieces are and what the disk does. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "fake_agent.h"
#include "local/conversation.h"
#include "local/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The fake agent has no key, so nobody asks. */
void key_place(struct key *key, struct keystore_place *out)
{
    (void)key;
    (void)out;
    abort();
}

static size_t asked, answered;

static void on_say(void *context, const char *line, size_t len)
{
    struct json *value = NULL;

    (void)context;
#ifdef PLANT_A_FAULT /* test_local proves that it would be found */
    if (memmem(line, len, "\"stored\":true", 13) != NULL)
        len--;
#endif
    if (len == 0 || line[len - 1] != '\n' ||
        memchr(line, '\n', len - 1) != NULL ||
        json_parse(line, len, (struct json_limits){LINES_MAX, 40}, &value) !=
            ERR_OK)
        abort();
    answered += json_get(value, "ok") != NULL;
    json_free(value);
}

static void take(struct conversation *talk, enum lines_next next,
    const char *line, size_t len)
{
    asked += next != LINES_LINE || len > 0;
    if (next == LINES_LINE)
        conversation_take(talk, line, len);
    else
        conversation_too_long(talk);
}

static void feed(struct lines *lines, struct conversation *talk,
    const uint8_t *bytes, size_t len, size_t step)
{
    const char *line;
    enum lines_next next;
    size_t n;

    while (len > 0) {
        char *room;

        if (lines_room(lines, &room, &n) != ERR_OK || n == 0)
            abort();
        n = n < step ? n : step;
        n = n < len ? n : len;
        memcpy(room, bytes, n);
        lines_came(lines, n);
        bytes += n;
        len -= n;
        while ((next = lines_take(lines, &line, &n)) != LINES_NONE)
            take(talk, next, line, n);
    }
    while ((next = lines_rest(lines, &line, &n)) != LINES_NONE)
        take(talk, next, line, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fake_agent *fake;
    struct conversation_sources sources;
    struct conversation *talk;
    struct lines *lines;

    if (len == 0)
        return 0;
    asked = answered = 0;
    fake = fake_agent_new();
    sources = fake_agent_sources(fake);
    lines = lines_new();
    if (lines == NULL ||
        conversation_open(&sources, on_say, NULL, &talk) != ERR_OK)
        abort();
    feed(lines, talk, bytes + 1, len - 1, (size_t)(bytes[0] & 0x7f) + 1);
    if ((bytes[0] & 0x80) == 0) {
        fake_agent_commit(fake, (bytes[0] & 1) != 0);
        if (asked != answered || conversation_is_busy(talk))
            abort();
    }
    conversation_close(talk);
    lines_free(lines);
    fake_agent_free(fake);
    return 0;
}
