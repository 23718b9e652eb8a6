#!/usr/bin/env python3
"""Two minutes of the soak, with agents that try again soon: see tests/soak.

The twins lose 16 kilobytes, or a file descriptor, with each connection; the
same look at the same figures must find that.
"""
import json
import os
import sys
from types import SimpleNamespace

import kit
from ear import lost
from kit import expect, folder, main, run, scenario
from toll import Toll

SOAK = os.path.join(kit.TOP, "tests/soak")
RELEASE = os.path.join(kit.TOP, "build/release/bin")
MINUTES = 1.7
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def soaked(kind):
    with folder() as tmp:
        figures, plot = (os.path.join(tmp, name) for name in ("f", "plot"))
        done = run(sys.executable, SOAK, "--hasty", "--minutes", MINUTES,
                   "--binary", os.path.join(RELEASE, "nameplate_" + kind),
                   "--json", figures, "--plot", plot, status=None,
                   timeout=600)
        expect(os.path.exists(figures), done.stdout + done.stderr)
        found = json.loads(kit.read(figures))
        expect("RSS, MB" in kit.read(plot), "memory is drawn")
    expect(done.returncode == (1 if found["faults"] else 0), done.stdout)
    print(f"# {kind}: " + ", ".join(f"{name} {found[name]}" for name in (
        "connections", "cuts", "broker restarts", "disk full", "accepted",
        "rss_kib", "rss_grown_kib", "descriptors_grown", "threads_grown",
        "cpu_percent")))
    return found, done.stdout


@scenario
def an_agent_in_bad_company_takes_no_more_and_no_more():
    found, words = soaked("hasty")
    expect(not found["faults"], words)


@scenario
def twin_a_leak_of_memory_is_found():
    found, words = soaked("leaky")
    expect(any("rss_grown_kib" in fault for fault in found["faults"]), words)


@scenario
def twin_a_leak_of_descriptors_is_found():
    found, words = soaked("hoarder")
    expect(any("descriptors_grown" in f for f in found["faults"]), words)


@scenario
def moments_without_a_link_are_no_growth_and_hide_none():
    def faults(descriptors, threads):
        toll = Toll(0)
        toll.samples = [SimpleNamespace(
            when=n, connections=n, cpu=0, rss=6000,
            descriptors=descriptors(n), threads=threads(n))
            for n in range(100)]
        return toll.faults()

    def away(n):  # often at first, later never
        return n < 60 and n % 4 == 0
    expect(not faults(lambda n: 18 if away(n) else 23,
                      lambda n: 3 if away(n) else 4), "no growth")
    found = faults(lambda n: (18 if away(n) else 23) + n // 10, lambda n: 4)
    expect("descriptors_grown" in str(found), found)
    found = faults(lambda n: 23, lambda n: (3 if away(n) else 4) + n // 20)
    expect("threads_grown" in str(found), found)


@scenario
def twin_a_message_that_never_came_is_counted():
    came = [("s", "1"), ("s", "2"), ("s", "4"), ("s", "4"), ("t", "1")]
    for accepted, missing in (4, 1), (5, 1), (6, 2), (2, 1):
        expect(lost(accepted, came) == missing,
               f"{accepted} accepted: {lost(accepted, came)}, not {missing}")
    expect(lost(2, came[:2]) == 0, "none is missing")


if __name__ == "__main__":
    main(at_once=3)
