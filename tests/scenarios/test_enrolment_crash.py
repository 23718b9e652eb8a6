#!/usr/bin/env python3
"""The power fails while a device rotates its identity: it shows a whole one.

strace kills the keeping of a new generation before each system call that
changes the disk, one run for each; what is left is looked at as the agent does
when it starts.  The same harness finds a store that names a generation before
it is whole, and the order of the flushes is read from the trace.  Then the real
agent is killed at each step of a rotation, and comes online again.
"""
import os
import re
import shutil
import subprocess

from enrolling import current, enrolled, enroller, enrolling, reaches
from kit import BIN, expect, folder, main, read, run, scenario, wait_until
from world import NAMEPLATE

STAGE = os.path.join(BIN, "stage_enrolment")
CALLS = ("openat", "mkdir", "write", "fsync", "rename", "link", "unlink",
         "unlinkat", "rmdir", "exit_group")
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def strace(log, options, *command):
    return subprocess.run(
        ["strace", "-y", "-o", log, "-e", "trace=" + ",".join(CALLS), *options,
         *command], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False)


def calls(log, where):
    """(name, ordinal, line) from the first that names `where`."""
    counts, found, ours = {}, [], False
    for line in read(log).splitlines():
        call = re.match(r"(\w+)\(", line)
        if not call or call.group(1) not in CALLS:
            continue
        name = call.group(1)
        counts[name] = counts.get(name, 0) + 1
        ours = ours or where in line
        if ours:
            found.append((name, counts[name], line))
    return found


def prepared(top):
    """A store with a generation in use and one before it."""
    store = os.path.join(top, "template")
    os.mkdir(store)
    for _ in range(2):
        run(STAGE, "rotate", store, env=ENVIRONMENT)
    return store


def disturb(verb):
    """Kill `verb` at every call; what is shown after each, and the faults."""
    shown, faults = [], []
    with folder() as top:
        template, work = prepared(top), os.path.join(top, "work")
        shutil.copytree(template, work)
        strace(top + "/log", [], STAGE, verb, work)
        points = calls(top + "/log", work)
        expect(len(points) > 15, f"calls were seen: {points}")
        for name, ordinal, line in points:
            shutil.rmtree(work)
            shutil.copytree(template, work)
            strace(top + "/log",
                   ["-e", f"inject={name}:signal=KILL:when={ordinal}"],
                   STAGE, verb, work)
            seen = run(STAGE, "look", work, status=None, env=ENVIRONMENT)
            shown.append(seen.stdout.strip())
            if seen.returncode != 0 or shown[-1] not in ("g2", "g3"):
                faults.append(f"{line}: {shown[-1]}")
            again = run(STAGE, "rotate", work, status=None, env=ENVIRONMENT)
            if again.returncode != 0:
                faults.append(f"{line}: again: {again.stderr}")
            kept = [n for n in os.listdir(work) if n.startswith("g")]
            if len(kept) != 2:
                faults.append(f"{line}: leftovers {kept}")
    return shown, faults


@scenario
def a_rotation_that_is_killed_at_any_call_leaves_a_whole_identity():
    shown, faults = disturb("rotate")
    expect(not faults, "\n".join(faults))
    expect({"g2", "g3"} == set(shown), f"both sides were seen: {shown}")


@scenario
def twin_a_store_that_names_the_new_one_first_is_caught():
    _, faults = disturb("careless")
    expect(any("cannot be read" in f or "factory" in f for f in faults),
           f"half an identity was seen: {faults}")


@scenario
def all_of_a_generation_is_flushed_before_it_is_named():
    with folder() as top:
        work = prepared(top)
        strace(top + "/log", [], STAGE, "rotate", work)
        lines = [line for _, _, line in calls(top + "/log", work)]
        named = next(i for i, l in enumerate(lines) if l.startswith("rename")
                     and l.split('"')[3].endswith("/current"))
        flushed = {re.search(r"<([^>]*)>", l).group(1): i
                   for i, l in enumerate(lines[:named]) if l.startswith("fsync")}
        linked = next(i for i, l in enumerate(lines) if l.startswith("link(")
                      and l.split('"')[3].endswith("/g3/key.pem"))
        made = next(i for i, l in enumerate(lines) if l.startswith("mkdir(")
                    and l.split('"')[1].endswith("/g3"))
        expect(flushed[work + "/g3"] > linked, "the key's name")
        expect(flushed[work] > made, "the folder's name")
        expect(work + "/g3/certificate.pem.new" in flushed, "the certificate")
        after = [l for l in lines[named:] if l.startswith("fsync")]
        expect(after and f"<{work}>" in after[0], "and then the name itself")


@scenario
def an_agent_that_is_killed_at_any_step_of_a_rotation_comes_online_again():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        for step in ("state from=resting to=asking", "step=cacerts good=yes",
                     "step=key good=yes", "a new certificate id=",
                     "from=asking to=trying", "moved to another identity",
                     "enrolment in use", "from=trying to=resting"):
            before = agent.words().count(step)
            online = agent.words().count("info session online")
            began = subprocess.Popen([NAMEPLATE, "enrol", "-s", agent.socket],
                                     stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            agent.wait_for(step, times=before + 1)
            agent.kill()
            began.wait()
            agent.start()
            agent.wait_for("info session online", times=online + 1)
            said = reaches(agent, state="enrolled")
            expect(said["operational"], f"{step}: {said}")
            issued = [c for c in est.issued]
            expect(current(agent) > 0 and issued, step)


if __name__ == "__main__":
    main(at_once=2)
