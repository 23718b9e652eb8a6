#!/usr/bin/env python3
"""The two commands that a newcomer types.

`cloud-mock/demo --check` must tell the whole story; `cloud-mock/demo` must stay
up, answer in a browser's way, and leave nothing behind when it is ended.  The
twin kills the device in the middle of the story: the check must fail then and
name the step, or it would call anything a success.
"""
import os
import re
import signal
import subprocess
import time
import urllib.request

import kit
from kit import expect, scenario

DEMO = os.path.join(kit.TOP, "cloud-mock", "demo")
RUNS = os.path.join(kit.TOP, "build", "demo")


def started(*words):
    return subprocess.Popen([DEMO, *words], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True,
                            stdin=subprocess.DEVNULL, start_new_session=True)


def lines_until(process, pattern, seconds):
    """What it printed up to the line that fits."""
    seen = []
    end = time.monotonic() + seconds
    for line in process.stdout:
        seen.append(line)
        if re.search(pattern, line) or time.monotonic() > end:
            break
    text = "".join(seen)
    expect(re.search(pattern, text, re.M), f"no {pattern!r} within {seconds} s:\n{text}")
    return text


def processes_in(folder):
    """Who still works on files of this run."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read()
            cwd = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if cwd.startswith(folder) or folder.encode() in words:
            found.append(int(pid))
    return found


def runs():
    return set(os.listdir(RUNS)) - {"setup.log"} if os.path.isdir(RUNS) else set()


@scenario
def the_check_tells_the_whole_story_and_leaves_nothing():
    before = runs()
    done = subprocess.run([DEMO, "--check"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=400)
    expect(done.returncode == 0, done.stdout + done.stderr)
    steps = re.findall(r"^ok \d+ - ", done.stdout, re.M)
    expect(len(steps) == 11, f"{len(steps)} steps:\n{done.stdout}")
    expect(runs() == before, f"left behind: {runs() - before}")


@scenario
def twin_a_story_whose_device_is_killed_fails_and_names_the_step():
    before = runs()
    demo = started("--check")
    try:
        lines_until(demo, r"^ok 3 ", 120)
        run = os.path.join(RUNS, (runs() - before).pop())
        killed = 0
        for pid in processes_in(run):
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if b"nameplate\0run" in f.read():
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        expect(killed == 1, f"{killed} agents found")
        rest, _ = demo.communicate(timeout=120)
    finally:
        demo.poll() is not None or demo.terminate()
    expect(demo.returncode == 1, f"it exits {demo.returncode}")
    expect("demo: failed at: " in rest, rest)


@scenario
def it_stays_up_until_it_is_ended_and_leaves_nothing():
    before = runs()
    demo = started()
    try:
        text = lines_until(demo, r"Ctrl-C", 120)
        run = os.path.join(RUNS, (runs() - before).pop())
        address = re.search(r"http://127\.0\.0\.1:\d+", text).group()
        with urllib.request.urlopen(address + "/", timeout=5) as page:
            expect(b"<html" in page.read().lower(), "no page there")
        expect(re.search(r"Password +\S{8,}", text), "no log-in is printed")
        expect(len(processes_in(run)) >= 4, "broker, cloudd, agent, example")
    finally:
        os.kill(demo.pid, signal.SIGINT)
    expect(demo.wait(20) == 0, f"it exits {demo.returncode}")
    kit.wait_until(lambda: not processes_in(run), 5, "no process is left")
    expect(runs() == before, f"left behind: {runs() - before}")


if __name__ == "__main__":
    kit.main()
