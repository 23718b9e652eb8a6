#!/usr/bin/env python3
"""The hostile-server lab (tests/lab): every bad chain and every bad behaviour,
on every path, is refused with its own reason; every good twin gets through; an
agent without verification fails the same lab.
"""
import atexit
import copy
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "lab"))

import lab  # noqa: E402
import meeting  # noqa: E402
import own  # noqa: E402
import twin  # noqa: E402
from kit import expect, main, scenario  # noqa: E402

AT_LEAST = {"bad": 45, "good": 15, "behaviours": 22}
# What the twin still refuses, since its TLS library cannot read it.
UNREADABLE = ("malformed", "unsupported_algorithm", "tls")


made = []
one_at_a_time = threading.Lock()


def the_lab():
    """Made by the first who asks."""
    with one_at_a_time:
        if not made:
            lab.prepare_network()
            made.append(lab.Lab())
            atexit.register(made[0].__exit__)
        return made[0]


def all_right(results):
    faults = [str(r) for r in results if r.fault]
    expect(results and not faults, "\n".join(faults))


def path_is_right(path, good):
    rows = [row for row in the_lab().rows if row.good == good]
    all_right(the_lab().everything([path], rows))


def on_every_path():
    for path in lab.PATHS:
        for good, words in ((False, "every_bad_chain_is_refused_on_the_path_"),
                            (True, "every_good_chain_is_believed_on_the_path_")):
            def judge(path=path, good=good):
                path_is_right(path, good)
            judge.__name__ = words + path
            scenario(judge)


@scenario
def the_lab_is_large_enough():
    rows = the_lab().rows
    count = {"bad": sum(not row.good for row in rows),
             "good": sum(row.good for row in rows),
             "behaviours": sum(not b.good for b in meeting.table)}
    for what, least in AT_LEAST.items():
        expect(count[what] >= least, f"{count[what]} {what}, not {least}")
    names = [row.name for row in rows + meeting.table]
    expect(len(set(names)) == len(names), "a name stands for two rows")


@scenario
def every_bad_behaviour_ends_with_its_reason_and_nothing_grows():
    all_right(meeting.all_of_them(the_lab()))


on_every_path()


for fault in own.ALL:
    def meet(fault=fault):
        fault(the_lab())
    meet.__name__ = fault.__name__
    scenario(meet)


@scenario
def an_agent_that_believes_everything_fails_the_lab():
    blind = copy.copy(the_lab())
    blind.binary = twin.build()
    bad = [row for row in blind.rows if not row.good]
    results = (blind.everything(["verify"], bad) +
               blind.everything(["mqtt", "alpn", "https"], bad[::8]))
    passed = [r for r in results if not r.fault and not r.gap]
    expect(all(r.reason in UNREADABLE or r.row.unusable for r in passed),
           "\n".join(f"passes: {r}" for r in passed))
    expect(len(passed) < len(results) / 4,
           f"{len(passed)} of {len(results)} rows do not notice")


if __name__ == "__main__":
    lab.enter()
    main(at_once=3)
