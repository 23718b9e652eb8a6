/* vigil.h - is the link still alive, and is it time to ask?  No clock, no
 * socket, no heap.
 *
 * The rules, in the terms of one link with the rhythm R, which is never above
 * the keep-alive that the broker was told:
 *
 * - After R without a byte from the broker it is asked for a sign of life
 *   (PINGREQ).  Paho asks by itself after a whole keep-alive, a little late;
 *   `grace_ms` leaves that to it.
 * - After 1.5 R without a byte the link is dead.  Something was due: at the
 *   least the answer to that question.
 * - It is probed, asked at once and given VIGIL_PROBE_MS, when the machine's
 *   network changed under it or the machine slept: whoever was to look at it by
 *   a certain time and comes VIGIL_LATE_MS later, slept.
 * - What TCP does not see acknowledged for R/2 (port_tcp_patience) ends it
 *   earlier; so does the machine's own knowledge (link_look_again).
 *
 * TCP's own keep-alives are not used: idle, the broker is asked anyway, and a
 * broker that stands still would acknowledge them. */

#ifndef CLOUD_VIGIL_H
#define CLOUD_VIGIL_H

#include <stdbool.h>
#include <stdint.h>

#define VIGIL_PROBE_MS 5000
#define VIGIL_LATE_MS  3000
#define VIGIL_FOREVER  INT64_MAX

/* All times are milliseconds of one clock that counts on in sleep. */
struct vigil {
    int64_t heard_ms; /* 0: not yet, and nothing is demanded before */
    int64_t said_ms;  /* what we said first since then; 0: nothing */
    int64_t probe_ms; /* when an answer to the probe is due; 0: none runs */
    int64_t alarm_ms; /* when it asked to be looked at; 0: never */
    bool wants_probe; /* before it was heard once there is nothing to probe */
};

struct vigil_rhythm {
    uint32_t rhythm_ms;
    uint32_t grace_ms;
};

enum vigil_advice {
    VIGIL_WAIT,
    VIGIL_ASK,       /* ask the broker, and say so with vigil_said */
    VIGIL_SILENT,    /* it is dead by silence */
    VIGIL_UNANSWERED /* it is dead: no answer to the probe */
};

/* Bytes came.  True: just now a silence of at least R was broken by our words,
 * and the network bore it. */
bool vigil_heard(
    struct vigil *v, const struct vigil_rhythm *rhythm, int64_t now_ms);
/* Bytes were sent, or wait to be. */
void vigil_said(struct vigil *v, int64_t now_ms);
/* The next look asks. */
void vigil_probe(struct vigil *v);

/* What is to be done now; `wait_ms`: look again after so long, at the latest.
 * VIGIL_ASK comes again until it was said. */
enum vigil_advice vigil_look(struct vigil *v, const struct vigil_rhythm *rhythm,
    int64_t now_ms, int64_t *wait_ms);

/* After how long a silence we said what is without an answer; 0: nothing is. */
int64_t vigil_silence_ms(const struct vigil *v);

#endif
