/* link_vigil.c - the thread alone touches the vigil; the rhythm is written by
 * the thread and read by the loop; `keep_alive_s` the other way round. */

#include "cloud/link_vigil.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "ports/port.h"

#define PATIENCE_LEAST_MS 5000
#define PATIENCE_MOST_MS  30000
#define PAHO_LATE_MS      1500 /* beyond a tenth of the keep-alive */
#define PAHO_LATEST_MS    8000

static struct vigil_rhythm rhythm_of(const struct link *link)
{
    struct rhythm learnt = atomic_load(&link->rhythm);
    uint32_t most_s = atomic_load(&link->keep_alive_s);
    bool is_pahos = learnt.now_s >= most_s; /* Paho asks as often by itself */
    uint32_t rhythm_ms = 1000 * (is_pahos ? most_s : learnt.now_s);
    uint32_t late_ms = rhythm_ms / 10 + PAHO_LATE_MS;

    if (late_ms > PAHO_LATEST_MS)
        late_ms = PAHO_LATEST_MS;
    return (struct vigil_rhythm){rhythm_ms, is_pahos ? late_ms : 0};
}

static void set_patience(struct link *link)
{
    uint32_t ms = rhythm_of(link).rhythm_ms / 2;

    if (ms < PATIENCE_LEAST_MS)
        ms = PATIENCE_LEAST_MS;
    if (ms > PATIENCE_MOST_MS)
        ms = PATIENCE_MOST_MS;
    link->patience_ms = ms;
    port_tcp_patience(link->socket, ms);
}

void link_vigil_prepare(struct link *link)
{
    struct rhythm learnt = {.now_s = 0};

    if (link->options.memory != NULL) {
        learnt = link_memory_rhythm(link->options.memory);
        link->bounds = link_memory_bounds(link->options.memory);
    }
    atomic_init(&link->rhythm, learnt);
    atomic_init(&link->keep_alive_s, link->bounds.ceiling_s);
}

/* --- what the pump asks -------------------------------------------------- */

static void note_survival(struct link *link)
{
    struct rhythm learnt = atomic_load(&link->rhythm);
    uint16_t before = learnt.now_s;

    /* What the broker allows only is no measure of the network. */
    if (before > atomic_load(&link->keep_alive_s))
        return;
    rhythm_survived(&learnt, &link->bounds);
    atomic_store(&link->rhythm, learnt);
    if (learnt.now_s == before)
        return;
    log_info(LINK_MODULE,
        "the network bears silence: ping after from_s=%u "
        "to_s=%u",
        before, learnt.now_s);
    set_patience(link);
}

static void on_heard(void *context)
{
    struct link *link = context;
    struct vigil_rhythm rhythm = rhythm_of(link);

    if (vigil_heard(&link->vigil, &rhythm, port_monotonic_ms()))
        note_survival(link);
}

static void on_said(void *context)
{
    struct link *link = context;

    vigil_said(&link->vigil, port_monotonic_ms());
}

static enum link_pump_order on_look(void *context, int64_t *wait_ms)
{
    struct link *link = context;
    struct vigil_rhythm rhythm = rhythm_of(link);

    if (atomic_exchange(&link->must_probe, false))
        vigil_probe(&link->vigil);
    link->advice =
        vigil_look(&link->vigil, &rhythm, port_monotonic_ms(), wait_ms);
    switch (link->advice) {
    case VIGIL_WAIT:
        return LINK_PUMP_GO_ON;
    case VIGIL_ASK:
        return LINK_PUMP_ASK;
    case VIGIL_SILENT:
    case VIGIL_UNANSWERED:
        break;
    }
    return LINK_PUMP_END;
}

/* Without a keep-alive (a probe of `doctor`) nobody watches. */
static enum link_pump_order never(void *context, int64_t *wait_ms)
{
    (void)context;
    *wait_ms = VIGIL_FOREVER;
    return LINK_PUMP_GO_ON;
}

void link_vigil_join(struct link *link, struct link_pump *pump)
{
    bool watches = atomic_load(&link->keep_alive_s) != 0;

    pump->nudge = link->nudge;
    pump->heard = on_heard;
    pump->said = on_said;
    pump->look = watches ? on_look : never;
    pump->vigil = link;
    if (watches)
        set_patience(link);
}

/* --- the end ------------------------------------------------------------- */

const char *link_vigil_words(
    const struct link *link, char words[LINK_VIGIL_WORDS])
{
    switch (link->advice) {
    case VIGIL_SILENT:
        (void)snprintf(words, LINK_VIGIL_WORDS,
            "nothing came from the broker for %lld s though something was due",
            (long long)(port_monotonic_ms() - link->vigil.heard_ms) / 1000);
        return words;
    case VIGIL_UNANSWERED:
        (void)snprintf(words, LINK_VIGIL_WORDS,
            "the broker did not answer within %d s after this machine slept or "
            "changed its network",
            VIGIL_PROBE_MS / 1000);
        return words;
    case VIGIL_WAIT:
    case VIGIL_ASK:
        break;
    }
    if (link->broken != ETIMEDOUT)
        return NULL;
    (void)snprintf(words, LINK_VIGIL_WORDS,
        "the broker's machine acknowledged nothing for "
        "%u s",
        (unsigned)(link->patience_ms / 1000));
    return words;
}

void link_vigil_conclude(struct link *link, enum link_pump_end end)
{
    bool was_silent = end == LINK_PUMP_DEAD && link->advice == VIGIL_SILENT;
    int64_t silence_s = vigil_silence_ms(&link->vigil) / 1000;

    if (was_silent || end == LINK_PUMP_TLS_CUT)
        link->died_of_s =
            silence_s < UINT16_MAX ? (uint16_t)silence_s : UINT16_MAX;
}

void link_vigil_remember(struct link *link, bool is_over)
{
    struct rhythm learnt = atomic_load(&link->rhythm);

    if (link->options.memory != NULL)
        link_memory_ended(link->options.memory, &learnt,
            is_over ? link->died_of_s : 0, port_monotonic_ms());
}

/* --- the public face, on the loop ---------------------------------------- */

static void nudge(struct link *link)
{
    const uint64_t one = 1;

    if (write(link->nudge, &one, sizeof(one)) < 0)
        log_debug(LINK_MODULE, "nudged already");
}

void link_settled(struct link *link, uint16_t server_keep_alive_s)
{
    if (link->options.memory == NULL)
        return;
    link_memory_settled(
        link->options.memory, &link->route, port_monotonic_ms());
    atomic_store(&link->rhythm, link_memory_rhythm(link->options.memory));
    if (server_keep_alive_s == 0)
        return;
    atomic_store(&link->keep_alive_s, server_keep_alive_s);
    set_patience(link);
    nudge(link);
}

void link_look_again(struct link *link, bool must_probe)
{
    if (!link->told_up)
        return;
    if (!port_network_has((const struct sockaddr *)&link->local)) {
        atomic_store(&link->is_displaced, true);
        link_end_soon(link);
    } else if (must_probe) {
        atomic_store(&link->must_probe, true);
        nudge(link);
    }
}
