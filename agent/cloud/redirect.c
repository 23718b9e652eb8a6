/* redirect.c */

#include "cloud/redirect.h"

#include <string.h>

/* MQTT 5 section 4.13: divided by single spaces. */
static enum err parse(const char *text, uint16_t port, struct brokers *out)
{
    struct brokers found = {.count = 0};

    for (;;) {
        size_t len = strcspn(text, " ");
        enum err e = found.count == BROKERS_MOST
            ? ERR_TOO_BIG
            : broker_parse(text, len, port, &found.list[found.count++]);

        if (e != ERR_OK)
            return e;
        if (text[len] == '\0')
            break;
        text += len + 1;
    }
    *out = found;
    return ERR_OK;
}

enum redirect_answer redirect_heed(
    struct redirect *redirect, const struct hint *hint, uint16_t port)
{
    if (hint->place == HINT_HERE)
        return REDIRECT_STAY;
    redirect->active = false;
    if (redirect->hops >= REDIRECT_HOPS) {
        redirect->hops = 0;
        return REDIRECT_ROUND;
    }
    if (parse(hint->reference, port, &redirect->there) != ERR_OK)
        return REDIRECT_NOWHERE;
    redirect->hops++;
    redirect->active = true;
    redirect->is_moved = hint->place == HINT_MOVED;
    return REDIRECT_GO;
}

void redirect_note_end(struct redirect *redirect, bool greeted)
{
    redirect->active = redirect->active && redirect->is_moved && greeted;
}

void redirect_settle(struct redirect *redirect)
{
    redirect->hops = 0;
}
