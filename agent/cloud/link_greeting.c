/* link_greeting.c */

#include "cloud/link_greeting.h"

#include <string.h>

void link_greeting_note(
    struct link_greeting *greeting, const unsigned char *bytes, size_t len)
{
    size_t have = atomic_load(&greeting->len);
    size_t room = sizeof(greeting->bytes) - have;

    if (room == 0)
        return;
    if (len > room)
        len = room;
    memcpy(greeting->bytes + have, bytes, len);
    atomic_store(&greeting->len, have + len);
}
