/* est_pending.c - a ring. */

#include "cloudd/est_pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"

#define BY_HAND_WAIT_MS 10000 /* then who waits for a person asks again */

struct entry {
    char id[65]; /* "": free */
    char thing[129];
    int64_t since_ms;
    bool decided, approved;
};

struct est_pending {
    bool by_hand;
    int64_t delay_ms;
    unsigned next;
    struct entry entries[EST_PENDING_MOST];
};

struct est_pending *est_pending_new(bool by_hand, int64_t delay_ms)
{
    struct est_pending *pending = calloc(1, sizeof(*pending));

    if (pending != NULL) {
        pending->by_hand = by_hand;
        pending->delay_ms = delay_ms;
    }
    return pending;
}

void est_pending_free(struct est_pending *pending)
{
    free(pending);
}

static struct entry *find(struct est_pending *pending, const char *id)
{
    for (unsigned i = 0; i < EST_PENDING_MOST; i++)
        if (id[0] != '\0' && strcmp(pending->entries[i].id, id) == 0)
            return &pending->entries[i];
    return NULL;
}

static struct entry *add(struct est_pending *pending, const char *id,
    const char *thing, int64_t now_ms)
{
    struct entry *entry = &pending->entries[pending->next++ % EST_PENDING_MOST];

    *entry = (struct entry){.since_ms = now_ms};
    (void)snprintf(entry->id, sizeof(entry->id), "%s", id);
    (void)snprintf(entry->thing, sizeof(entry->thing), "%s", thing);
    return entry;
}

enum est_verdict est_pending_ask(struct est_pending *pending, const char *id,
    const char *thing, int64_t now_ms, int64_t *wait_ms)
{
    struct entry *entry = find(pending, id);

    if (entry == NULL)
        entry = add(pending, id, thing, now_ms);
    if (entry->decided && !entry->approved) {
        entry->id[0] = '\0'; /* who asks once more begins anew */
        return EST_REFUSED;
    }
    if (entry->decided)
        return EST_GO_ON;
    *wait_ms = pending->by_hand ? BY_HAND_WAIT_MS
                                : entry->since_ms + pending->delay_ms - now_ms;
    if (*wait_ms > pending->delay_ms && !pending->by_hand)
        *wait_ms = pending->delay_ms; /* the clock went back */
    return *wait_ms > 0 ? EST_WAIT : EST_GO_ON;
}

void est_pending_done(struct est_pending *pending, const char *id)
{
    struct entry *entry = find(pending, id);

    if (entry != NULL)
        entry->id[0] = '\0';
}

bool est_pending_decide(
    struct est_pending *pending, const char *id, bool approved)
{
    struct entry *entry = find(pending, id);

    if (entry == NULL)
        return false;
    entry->decided = true;
    entry->approved = approved;
    return true;
}

static struct json *entry_json(const struct entry *entry)
{
    struct json *o = json_new_object();
    const char *decision = entry->approved ? "approved" : "refused";

    return fields_end(o,
        fields_text(o, "id", entry->id) &&
            fields_text(o, "thingName", entry->thing) &&
            fields_number(o, "since", (double)entry->since_ms) &&
            fields_text(o, "decision", entry->decided ? decision : NULL));
}

struct json *est_pending_json(const struct est_pending *pending)
{
    struct json *list = json_new_array();
    enum err e = list == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (unsigned i = 0; i < EST_PENDING_MOST && e == ERR_OK; i++)
        if (pending->entries[i].id[0] != '\0')
            e = json_append(list, entry_json(&pending->entries[i]));
    if (e == ERR_OK)
        return list;
    json_free(list);
    return NULL;
}
