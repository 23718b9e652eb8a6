/* outbox_state.c */

#include "cloud/outbox_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ports/port.h"

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void outbox_state_begin_anew(struct outbox_state *state)
{
    int64_t wall_ms = port_wall_ms();
    uint64_t first = wall_ms > 0 ? (uint64_t)wall_ms : 1;
    uint32_t random;

    if (port_random(&random, sizeof(random)) != ERR_OK)
        random = (uint32_t)wall_ms;
    (void)snprintf(state->name, sizeof(state->name), "%08" PRIx32, random);
    state->next_id = higher(first, state->next_id);
    state->streams_from = 0;
    for (size_t i = 0; i < OUTBOX_CLASSES; i++) {
        struct outbox_tally *t = &state->classes[i];

        t->dropped[OUTBOX_LOST] += t->load.messages;
        t->load = (struct outbox_load){0, 0};
        t->next = state->next_id; /* no class had a higher one */
        t->thin_at = 0;
    }
}

void outbox_state_complete(
    struct outbox_state *state, const struct outbox_state *anew)
{
    for (size_t i = 0; i < OUTBOX_CLASSES; i++)
        if (state->classes[i].next == 0) {
            state->classes[i] = anew->classes[i];
            state->classes[i].next = state->next_id;
        }
}

int outbox_state_class(
    struct outbox_state *state, const char *name, unsigned wanted)
{
    int free = -1;

    for (int i = OUTBOX_CLASSES - 1; i >= 0; i--) {
        const struct outbox_tally *t = &state->classes[i];

        if (strcmp(t->name, name) == 0)
            return i;
        if ((wanted >> i & 1) == 0 && t->load.messages == 0 &&
            (t->name[0] == '\0' || free < 0 ||
                state->classes[free].name[0] != '\0'))
            free = i;
    }
    if (free >= 0)
        (void)snprintf(state->classes[free].name,
            sizeof(state->classes[free].name), "%s", name);
    return free;
}
