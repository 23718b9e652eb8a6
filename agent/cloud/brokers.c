/* brokers.c */

#include "cloud/brokers.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool only(const char *text, size_t len, const char *allowed)
{
    return len > 0 && len <= BROKERS_HOST && strspn(text, allowed) >= len;
}

static enum err read_port(const char *text, size_t len, uint16_t *out)
{
    uint32_t port = 0;

    if (len == 0 || len > 5)
        return ERR_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return ERR_INVALID;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    if (port == 0 || port > UINT16_MAX)
        return ERR_INVALID;
    *out = (uint16_t)port;
    return ERR_OK;
}

/* Bytes of the host, without what surrounds it. */
static size_t host_len(const char *text, size_t len, char end)
{
    const char *found = memchr(text, end, len);

    return found != NULL ? (size_t)(found - text) : len;
}

enum err broker_parse(
    const char *text, size_t len, uint16_t port, struct broker *out)
{
    static const char names[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    struct broker broker = {.port = port};
    bool bracketed = len > 0 && text[0] == '[';
    const char *start = text + bracketed;
    size_t host = host_len(start, len - bracketed, bracketed ? ']' : ':');
    size_t at = host + 2 * (size_t)bracketed; /* of what follows it */
    enum err e = ERR_OK;

    if (!only(start, host, bracketed ? "0123456789abcdefABCDEF:." : names) ||
        at > len)
        return ERR_INVALID;
    if (at < len)
        e = text[at] == ':'
            ? read_port(text + at + 1, len - at - 1, &broker.port)
            : ERR_INVALID;
    if (e != ERR_OK || broker.port == 0)
        return ERR_INVALID;
    memcpy(broker.host, start, host);
    *out = broker;
    return ERR_OK;
}

enum err brokers_parse(const char *text, uint16_t port, struct brokers *out)
{
    struct brokers found = {.count = 0};

    for (;;) {
        size_t len, next;
        enum err e;

        text += strspn(text, " \t");
        next = strcspn(text, ",");
        for (len = next; len > 0 && strchr(" \t", text[len - 1]) != NULL;)
            len--;
        if (found.count == BROKERS_MOST)
            return ERR_TOO_BIG;
        e = broker_parse(text, len, port, &found.list[found.count++]);
        if (e != ERR_OK)
            return e;
        if (text[next] == '\0')
            break;
        text += next + 1;
    }
    *out = found;
    return ERR_OK;
}

void broker_print(
    const struct broker *broker, uint16_t usual, char out[BROKERS_PLACE])
{
    bool is_six = strchr(broker->host, ':') != NULL;
    char port[8] = "";

    if (broker->port != usual)
        (void)snprintf(port, sizeof(port), ":%u", broker->port);
    (void)snprintf(out, BROKERS_PLACE, "%s%s%s%s", is_six ? "[" : "",
        broker->host, is_six ? "]" : "", port);
}
