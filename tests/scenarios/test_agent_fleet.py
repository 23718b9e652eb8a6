#!/usr/bin/env python3
"""A fleet comes back to a broker that restarts, and does not break it again.

Real agents, as a device runs them, have been online for long enough to count as
stable; the broker is away for ten seconds and comes back.  How many come in one
second, and how long it takes, is printed.  docs/network.md says why: by then
each waits for up to eight seconds.  The twin has no jitter: all come at once.

With `--agents=N` other fleets; `--json=FILE` waits for all of them and writes the
curve, an object a line.
"""
import json
import os
import sys

from fleet import peak, recovery, until
from kit import expect, main, scenario, write
from world import RELEASE

UNIFORM = os.path.join(os.path.dirname(RELEASE), "nameplate_uniform")
OPTIONS = dict(a[2:].split("=", 1) for a in sys.argv if a.startswith("--"))
sys.argv = [a for a in sys.argv if not a.startswith("--")]
AGENTS = int(OPTIONS.get("agents", 100))
TWINS = min(AGENTS, 30)
OUTAGE_S = 10
# Of a fleet, in one second.  The rule alone: a fifth, in one of a hundred runs
# more than 0.28; of thirty agents 0.24 and 0.4.
MOST = 0.45


def come_back(binary, agents):
    curve = recovery(agents, OUTAGE_S, binary, 100 if "json" in OPTIONS else 95)
    half, most = until(curve, agents, 50), until(curve, agents, 95)
    print(f"# {os.path.basename(binary)}: {agents} agents, the broker was away"
          f" for {OUTAGE_S} s; half are back after {half:.1f} s, 95% after"
          f" {most:.1f}; at most {peak(curve)} came in one second")
    return curve


@scenario
def a_fleet_comes_back_soon_and_not_all_at_once():
    curve = come_back(RELEASE, AGENTS)
    if "json" in OPTIONS:
        write(OPTIONS["json"], "".join(
            json.dumps({"seconds": seconds, "back": back}) + "\n"
            for seconds, back in curve))
    expect(peak(curve) <= MOST * AGENTS, f"a storm: {curve}")
    # The rule alone: 14 s, in one of a hundred runs more than 23.
    expect(until(curve, AGENTS, 95) < 45, f"too slow: {curve}")


@scenario
def twin_without_jitter_it_would_be_a_storm():
    curve = come_back(UNIFORM, TWINS)
    expect(peak(curve) > MOST * TWINS, f"it is calm without jitter: {curve}")


@scenario
def twin_the_figures_are_those_of_the_curve():
    even = [(0.0, 0)] + [(i / 10, i) for i in range(1, 101)]
    expect((peak(even), until(even, 100, 95)) == (11, 9.5),
           (peak(even), until(even, 100, 95)))
    burst = [(0.0, 0), (3.0, 5), (3.5, 80), (4.2, 100)]
    expect((peak(burst), until(burst, 100, 95)) == (95, 4.2),
           (peak(burst), until(burst, 100, 95)))


if __name__ == "__main__":
    main(at_once=2)
