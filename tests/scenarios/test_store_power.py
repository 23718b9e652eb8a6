#!/usr/bin/env python3
"""The power goes while the agent takes and sends messages.

The store lies on ext4 on a loop device.  What a program writes without fsync
stays in the kernel's page cache; the image behind the device holds what ext4
gave to the disk, and that is what a power cut leaves.  So the image is copied
while the agent works on.  It lies on XFS, where a copy shares the blocks and is
taken in one moment, also in the middle of what ext4 is writing.  Where there is
no XFS, the agent is stopped (SIGSTOP) and the image copied until the device's
counters say that it was at rest meanwhile; the output tells which it was.

Each copy is mounted as after a power cut (ext4 replays its journal), and an
agent starts on it: what was said to be stored before the cut, and was not taken
by the server by then, must come from there, in order.

The twin runs the same under eatmydata, where fsync does nothing, and must be
caught losing messages; else this test would be blind.
"""
import glob
import json
import random
import signal
import time

from disk import Disk, clonable
from disturbed import ALL, SEED
from kit import Skipped, expect, main, scenario, wait_until
from listener import Emitter, fault_of
from packets import Script
from world import RELEASE, World

CUTS = 200 if ALL else 20


class Taker:
    """A broker by hand that notes a number before it acknowledges it, so that
    no message is forgotten by a device and unknown here."""

    def __init__(self, world):
        self.taken = []
        self.server = world.server(Script(heed=self._heed))

    def _heed(self, _visit, _number, topic, payload):
        if "/stream/" in topic:
            self.taken.append(json.loads(payload)["data"])
        return False


class Plant:
    """A device at work on a disk of its own."""

    def __init__(self, world, online, environment=None):
        self.world = world
        self.folder = clonable(world)
        # Holds what is stored in --all while offline, ten times over.
        self.disk = Disk(world, "disk", megabytes=64, where=self.folder)
        # The kernel's own writing comes late, so that fsync alone counts.
        self.disk.mount("commit=300")
        self.taker = Taker(world)
        self.agent = self._agent("plant", self.taker if online else None,
                                 self.disk, environment)
        self.emitter = Emitter(self.agent, pause_s=0)
        self.in_the_middle = 0

    def _agent(self, name, taker, disk, environment=None):
        return self.world.agent(
            name=name, binary=RELEASE, environment=environment,
            port=taker.server.port if taker else 1,
            settings={"store.folder": disk.path + "/store",
                      "store.commits_per_s": 1000, "telemetry.interval_s": 0})

    def cut(self, number):
        """The disk as it is now, what was stored, and what was taken."""
        process, rest = self.agent.process, self.folder is None
        if rest:
            process.send_signal(signal.SIGSTOP)
        try:
            stored = list(self.emitter.stored)
            copy, busy = self.disk.copy(f"cut{number}")
            taken = list(self.taker.taken)
        finally:
            if rest:
                process.send_signal(signal.SIGCONT)
        self.in_the_middle += busy
        return copy, stored, taken

    def revive(self, number, cut, patience_s):
        """An agent on what the cut left; what is missing or wrong, or None.
        Nobody emits meanwhile: however slow it is, the disk has room."""
        copy, stored, taken = cut
        heir = Taker(self.world)
        copy.mount()
        agent = self._agent(f"heir{number}", heir, copy)
        wanted = set(stored) - set(taken)
        try:
            wait_until(lambda: wanted <= set(heir.taken) and
                       " online" in agent.words(), patience_s, "all")
        except Exception:
            pass
        agent.stop()
        heir.server.close()
        copy.discard()
        missing = sorted(wanted - set(heir.taken))
        if missing:
            return f"{len(missing)} of {len(stored)} lost: {missing[:10]}"
        return fault_of([], heir.taken)


def cut_and_compare(plant, cuts, patience_s=15):
    """The faults of so many power cuts."""
    faults, dice = [], random.Random(SEED)
    for number in range(cuts):
        plant.emitter.wait_for(20 + 7 * (number % 5))
        time.sleep(dice.random() * 0.03)
        cut = plant.cut(number)
        plant.emitter.may_emit.clear()
        fault = plant.revive(number, cut, patience_s)
        plant.emitter.may_emit.set()
        if fault:
            faults.append(f"cut {number}: {fault}; --seed={SEED}")
    how = "copied at rest" if plant.folder is None else \
        f"{plant.in_the_middle} in the middle of writing"
    print(f"# {cuts} cuts, {how}, {len(plant.emitter.stop())} messages",
          flush=True)
    return faults


@scenario
def a_power_cut_at_any_moment_while_offline_loses_nothing_stored():
    with World() as world:
        faults = cut_and_compare(Plant(world, online=False), CUTS)
        expect(not faults, "\n".join(faults))


@scenario
def a_power_cut_at_any_moment_while_online_loses_nothing_stored():
    with World() as world:
        faults = cut_and_compare(Plant(world, online=True), CUTS)
        expect(not faults, "\n".join(faults))


@scenario
def twin_an_agent_whose_fsync_does_nothing_is_caught():
    library = glob.glob("/usr/lib/*/libeatmydata.so")
    if not library:
        raise Skipped("libeatmydata is missing: apt install eatmydata")
    with World() as world:
        plant = Plant(world, False, {"LD_PRELOAD": library[0]})
        faults = cut_and_compare(plant, 3, patience_s=3)
        expect(len(faults) == 3 and all(" lost: " in f for f in faults),
               f"each cut is seen: {faults}")


if __name__ == "__main__":
    main(at_once=3)
