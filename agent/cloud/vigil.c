/* vigil.c */

#include "cloud/vigil.h"

int64_t vigil_silence_ms(const struct vigil *v)
{
    return v->heard_ms != 0 && v->said_ms != 0 ? v->said_ms - v->heard_ms : 0;
}

bool vigil_heard(
    struct vigil *v, const struct vigil_rhythm *rhythm, int64_t now_ms)
{
    /* Timers are not exact: nine tenths of a silence count as one. */
    bool survived = vigil_silence_ms(v) * 10 >= (int64_t)rhythm->rhythm_ms * 9;

    v->heard_ms = now_ms;
    v->said_ms = 0;
    v->probe_ms = 0;
    v->wants_probe = false;
    return survived;
}

void vigil_said(struct vigil *v, int64_t now_ms)
{
    if (v->said_ms == 0)
        v->said_ms = now_ms;
    if (v->wants_probe)
        v->probe_ms = now_ms + VIGIL_PROBE_MS;
    v->wants_probe = false;
}

void vigil_probe(struct vigil *v)
{
    if (v->heard_ms != 0 && v->probe_ms == 0)
        v->wants_probe = true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

enum vigil_advice vigil_look(struct vigil *v, const struct vigil_rhythm *rhythm,
    int64_t now_ms, int64_t *wait_ms)
{
    int64_t dead_ms = v->heard_ms + rhythm->rhythm_ms * INT64_C(3) / 2;
    int64_t ask_ms = v->heard_ms + rhythm->rhythm_ms + rhythm->grace_ms;
    bool slept = v->alarm_ms != 0 && now_ms >= v->alarm_ms + VIGIL_LATE_MS;

    *wait_ms = VIGIL_FOREVER;
    v->alarm_ms = 0;
    if (v->heard_ms == 0)
        return VIGIL_WAIT;
    if (now_ms >= dead_ms)
        return VIGIL_SILENT;
    if (slept) {
        v->probe_ms = 0; /* an answer had no time to come */
        vigil_probe(v);
    }
    if (v->probe_ms != 0 && now_ms >= v->probe_ms)
        return VIGIL_UNANSWERED;
    v->alarm_ms = dead_ms;
    if (v->probe_ms != 0)
        v->alarm_ms = earlier(v->alarm_ms, v->probe_ms);
    if (v->said_ms == 0 && now_ms < ask_ms)
        v->alarm_ms = earlier(v->alarm_ms, ask_ms);
    *wait_ms = v->alarm_ms - now_ms;
    return v->wants_probe || (v->said_ms == 0 && now_ms >= ask_ms) ? VIGIL_ASK
                                                                   : VIGIL_WAIT;
}
