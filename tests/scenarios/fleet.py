#!/usr/bin/env python3
"""Many agents on one Mosquitto, which goes away and comes back.

    curve = recovery(agents=100, outage_s=10)   # [(seconds, back), ...]
    peak(curve)                                 # most that came in one second
    until(curve, 95)                            # seconds until so many are back

By itself it prints the curve, an object a line: fleet.py [AGENTS [OUTAGE_S]].
"""
import bisect
import concurrent.futures
import json
import sys
import time

from kit import expect, wait_until
from world import RELEASE, World, device

STABLE_S = 31     # agent/cloud/retry.h, RETRY_STABLE_MS, and a little more
PATIENCE_S = 150  # the longest wait, and the rest of the way


class Ear:
    """Counts the clients that the broker let in."""

    def __init__(self, broker):
        self.log = open(broker.log, "rb")
        self.log.seek(0, 2)
        self.rest, self.count = b"", 0

    def close(self):
        self.log.close()

    def hear(self):
        lines = (self.rest + self.log.read()).split(b"\n")
        self.rest = lines.pop()
        self.count += sum(b"New client connected" in line for line in lines)
        return self.count


def watch(ear, agents, seconds, percent):
    """How many were back when, until so many of a hundred are."""
    began, curve = time.monotonic(), [(0.0, 0)]
    while curve[-1][1] * 100 < agents * percent:
        passed = time.monotonic() - began
        expect(passed < seconds, f"{agents - ear.count} of {agents} are not"
               f" back after {passed:.0f} s")
        if (back := ear.hear()) > curve[-1][1]:
            curve.append((round(passed, 2), back))
        time.sleep(0.05)
    return curve


def recovery(agents=100, outage_s=10, binary=RELEASE, percent=100):
    """How many are back so many seconds after the broker is there again.  All
    had proved stable before.  It ends when so many of a hundred are back."""
    serials = [f"F{i}" for i in range(agents)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(device, serials))
    with World() as world:
        broker = world.broker()
        ear = Ear(broker)
        world.endings.append(ear.close)
        for serial in serials:
            world.agent(serial, serial=serial, port=broker.port, binary=binary,
                        settings={"log.level": "info",
                                  "telemetry.interval_s": 0})
        wait_until(lambda: ear.hear() >= agents, 60, "all are there")
        time.sleep(STABLE_S)
        expect(ear.hear() == agents, "some came twice before it began")
        broker.stop()
        time.sleep(outage_s)
        ear.count = 0
        broker.start()
        return watch(ear, agents, PATIENCE_S, percent)


def peak(curve):
    """The most that came within one second."""
    times = [when for when, _ in curve]
    return max(back - curve[bisect.bisect_left(times, when - 1) - 1][1]
               if when > 1 else back for when, back in curve)


def until(curve, agents, percent):
    wanted = agents * percent / 100
    return next(when for when, back in curve if back >= wanted)


if __name__ == "__main__":
    for seconds, back in recovery(*(int(a) for a in sys.argv[1:])):
        print(json.dumps({"seconds": seconds, "back": back}), flush=True)
