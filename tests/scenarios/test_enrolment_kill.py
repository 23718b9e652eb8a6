#!/usr/bin/env python3
"""kill -9 at every n-th file system call of the whole agent while it enrols and
while it rotates.

strace kills the release build before one call that changes the folder of its
identities (or the time floor beside it), one life for each; the EST server and
the broker are real ones that go on.  What is left on the disk must name a whole
identity or none, and an undisturbed start must come online and end enrolled,
with nothing left over; with keys in a token, no key that nobody knows of.

A sample runs here; `test_enrolment_kill.py --all` takes every call, `--seed=N`
the sample of another run.
"""
import collections
import os
import re
import shutil
import subprocess

from disturbed import SEED, kill, pick
from enrolling import current, enroller, enrolling, generations, reaches
from kit import Skipped, expect, main, read, run, scenario, wait_until
from tokens import SoftToken
from world import NAMEPLATE, RELEASE

CALLS = ("openat", "mkdir", "write", "fsync", "rename", "link", "unlink",
         "unlinkat", "rmdir")
IN_GENERATION = ("certificate.pem", "certificate.pem.new", "key.pem",
                 "key.pem.made", "key.pem.made.new", "token", "token.new")
MOST = 12  # generations that are looked at
ONLINE = "info session online"


class Victim:
    """One agent, many lives, each from the same store."""

    def __init__(self, world, est, broker, rotates, token=None):
        if not shutil.which("strace"):
            raise Skipped("needs strace to disturb system calls")
        settings = {"enrolment.key": token.uri("op")} if token else {}
        self.est, self.rotates, self.token = est, rotates, token
        self.agent = enroller(world, est, broker, start=False, **settings)
        self.agent.environment.update(token.environment if token else {})
        self.agent.binary = [RELEASE]
        self.trace = world.path("trace")
        self.template = world.path("template")
        os.mkdir(self.agent.store)
        if rotates:
            self._prepare()
        self.homes = [self.agent.store] + ([token.folder] if token else [])
        for number, home in enumerate(self.homes):
            shutil.copytree(home, self.template + str(number))

    def _prepare(self):
        """One generation in use and one before it."""
        self.agent.start()
        reaches(self.agent, state="enrolled")
        self._rotate_to(2)
        self.agent.stop()

    def _rotate_to(self, number):
        run(NAMEPLATE, "enrol", "-s", self.agent.socket)
        wait_until(lambda: current(self.agent) == number, 20, "it rotates")

    def _paths(self):
        folder = self.agent.store + "/enrolment"
        yield folder
        for name in ("current", "current.new"):
            yield f"{folder}/{name}"
        for name in ("time", "time.new"):
            yield f"{self.agent.store}/{name}"
        for number in range(1, MOST):
            yield f"{folder}/g{number}"
            for name in IN_GENERATION:
                yield f"{folder}/g{number}/{name}"

    def begin_anew(self):
        for number, home in enumerate(self.homes):
            shutil.rmtree(home)
            shutil.copytree(self.template + str(number), home)

    def live(self, options=()):
        """Until it has enrolled, or rotated, or is dead; its exit status."""
        agent = self.agent
        words = ["strace", "-D", "-f", "-qq", "-y", "-o", self.trace, "-e",
                 "trace=" + ",".join(CALLS)]
        for path in self._paths():
            words += ["-P", path]
        for option in options:
            words += ["-e", option]
        agent.binary = [*words, RELEASE]
        rests = agent.words().count("from=trying to=resting")
        online = agent.words().count(ONLINE)
        agent.start()
        asking = self._ask(online) if self.rotates else None
        wait_until(lambda: agent.process.poll() is not None or
                   agent.words().count("from=trying to=resting") > rests and
                   current(agent) > 2 * self.rotates and
                   len(generations(agent)) <= 2, 60,
                   "it enrols, or is dead")
        if asking:
            asking.kill()
            asking.wait()
        agent.binary = [RELEASE]
        if agent.process.poll() is None:
            agent.stop()
            return 0
        status, agent.process = agent.process.returncode, None
        return status

    def _ask(self, online):
        wait_until(lambda: self.agent.process.poll() is not None or
                   self.agent.words().count(ONLINE) > online, 30, "online")
        return subprocess.Popen(
            [NAMEPLATE, "enrol", "-s", self.agent.socket],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def points(self):
        """(call, n) of a life that nobody disturbs."""
        self.begin_anew()
        expect(self.live() == 0, self.agent.words()[-3000:])
        counts, points = collections.Counter(), []
        for line in read(self.trace).split("\n"):
            call = re.match(r"(\d+) +(\w+)\(", line)
            if not call:
                continue
            counts[call.groups()] += 1
            if "O_RDONLY" not in line:
                points.append((call.group(2), counts[call.groups()]))
        return list(dict.fromkeys(points))

    # --- what must hold -------------------------------------------------------

    def fault(self):
        """What is wrong with what a kill left; None: nothing."""
        number = current(self.agent)
        if number == 0 or self.token:
            return None
        folder = f"{self.agent.store}/enrolment/g{number}"
        halves = [run("openssl", *words, status=None).stdout for words in (
            ("x509", "-in", folder + "/certificate.pem", "-noout", "-pubkey"),
            ("pkey", "-in", folder + "/key.pem", "-pubout"))]
        return None if halves[0] and halves[0] == halves[1] else \
            f"g{number} is not whole: {halves}"

    def settle(self):
        """An undisturbed start comes online and ends enrolled."""
        agent = self.agent
        online = agent.words().count(ONLINE)
        agent.start()
        agent.wait_for(ONLINE, times=online + 1)
        said = reaches(agent, 60, state="enrolled")
        expect(said["operational"] and self.fault() is None, str(said))
        kept = generations(agent)
        if self.token:
            self._count_keys()
        else:
            expect(f"g{current(agent)}" in kept and len(kept) <= 2,
                   f"left over: {kept}")
        agent.stop()

    def _count_keys(self):
        """Each is of a generation that is kept."""
        def is_so():
            kept = generations(self.agent)
            names = [n.replace("g", "op-") for n in kept]
            return len(kept) <= 2 and self.token.keys() == {
                "Private": names, "Public": names}
        wait_until(is_so, 20, f"left over: {self.token.keys()} "
                              f"{generations(self.agent)}")


def sweep(victim, count, least=0.6):
    points = victim.points()
    expect(len(points) > 10, f"calls were seen: {points}")
    chosen, killed = pick(points, count), 0
    for point in chosen:
        victim.begin_anew()
        status = victim.live(kill(point))
        expect(status in (0, -9), f"{point} left with {status}; --seed={SEED}")
        killed += status == -9
        fault = victim.fault()
        expect(fault is None, f"{point}: {fault}; --seed={SEED}")
        try:
            victim.settle()
        except AssertionError as error:
            expect(False, f"{point}: {error}; --seed={SEED}")
    print(f"# killed at {killed} of {len(chosen)} points of {len(points)}",
          flush=True)
    expect(killed >= least * len(chosen), f"{killed} of {len(chosen)} killed")


@scenario
def an_enrolment_killed_at_any_call_ends_enrolled_after_the_next_start():
    with enrolling() as (world, est, broker):
        sweep(Victim(world, est, broker, rotates=False), 7)


@scenario
def a_rotation_killed_at_any_call_ends_enrolled_after_the_next_start():
    with enrolling() as (world, est, broker):
        sweep(Victim(world, est, broker, rotates=True), 7)


@scenario
def a_rotation_in_a_token_killed_at_any_call_leaves_no_key_behind():
    with enrolling() as (world, est, broker):
        token = SoftToken(world.folder)
        sweep(Victim(world, est, broker, rotates=True, token=token), 6)


@scenario
def twin_an_identity_that_is_not_whole_is_seen():
    with enrolling() as (world, est, broker):
        victim = Victim(world, est, broker, rotates=True)
        expect(victim.fault() is None, "it is whole")
        os.truncate(victim.agent.store + "/enrolment/g2/key.pem", 0)
        expect("not whole" in str(victim.fault()), "the key is gone")


if __name__ == "__main__":
    main(at_once=3)
