#!/usr/bin/env python3
"""Two minutes of the soak, with agents that try again soon: see tests/soak.

The twins lose 16 kilobytes, or a file descriptor, with each connection; the
same look at the same figures must find that.
"""
import json
import os
import sys

import kit
from ear import lost
from kit import expect, folder, main, run, scenario

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
def twin_a_message_that_never_came_is_counted():
    came = [("s", "1"), ("s", "2"), ("s", "4"), ("s", "4"), ("t", "1")]
    for accepted, missing in (4, 1), (5, 1), (6, 2), (2, 1):
        expect(lost(accepted, came) == missing,
               f"{accepted} accepted: {lost(accepted, came)}, not {missing}")
    expect(lost(2, came[:2]) == 0, "none is missing")


if __name__ == "__main__":
    main(at_once=3)
