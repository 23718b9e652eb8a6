#!/usr/bin/env python3
"""Connections are cut all the time, and nothing is lost.

Between agents and a real Mosquitto stand relays that cut each connection: by
RST, by FIN, or one way only; after any number of bytes, in the middle of a
handshake, of a PUBLISH, of a PUBACK, or after any time.  Applications emit all
the while.  A listener with a session of its own looks at what the broker
delivers: each message that was accepted, in order, with numbers that have no
gap, and twice only with the same number.

The agents are built with a short wait between tries (unit/hasty.c); everything
else is as it is.  `--all` cuts a thousand times; `--seed=N`, which is printed,
makes the same plans again.  The twin forgets a message when it is sent.
"""
import os
import random
import sys
import time

import kit
from kit import Failed, expect, main, scenario
from listener import Cloud, Emitter, fault_of, gaps
from relays import Cutter
from world import World, thing

HASTY, FORGETFUL = (os.path.join(kit.BIN, "nameplate_" + kind)
                    for kind in ("hasty", "forgetful"))
ALL = "--all" in sys.argv
SEED = next((int(a[7:]) for a in sys.argv if a.startswith("--seed=")),
            random.randrange(1 << 32))
sys.argv = [a for a in sys.argv if not a.startswith("--")]
AGENTS, CUTS = (10, 1000) if ALL else (10, 400)
ONLINE = "info session online"


def number_of(message):
    data = message.payload["data"]
    return data[0] if isinstance(data, list) else data


def fault_in(stored, heard):
    """Why these messages of one agent's stream are not what was stored."""
    if any(m.seq is None for m in heard):
        return "a message came without a number"
    fault = fault_of(stored, [number_of(m) for m in heard])
    if fault:
        return fault
    if missing := gaps({m.seq for m in heard}):
        return f"a gap in the numbers: {missing[:10]}"
    owners = {}
    for message in heard:
        if owners.setdefault(message.id[0], number_of(message)) != \
                number_of(message):
            return f"two messages have the number {message.id[0]}"
    if len(owners) != len(set(owners.values())):
        return "a message came with two numbers"
    return None


class Storm:
    """Agents, each with an application, behind relays that cut."""

    def __init__(self, world, binary, agents, cuts):
        self.cloud = Cloud(world, topic="stream/#", of="+")
        self.serials = [f"C{i}" for i in range(agents)]
        self.cutters, self.agents, self.emitters = [], [], []
        for i, serial in enumerate(self.serials):
            cutter = Cutter(self.cloud.broker.port, cuts // agents, SEED + i)
            world.endings.append(cutter.close)
            self.cutters.append(cutter)
            self.agents.append(world.agent(
                serial, serial=serial, port=cutter.port, binary=binary,
                settings={"log.level": "info", "telemetry.interval_s": 0}))
            self.emitters.append(Emitter(self.agents[-1], 0.02, large=40))

    def cuts(self):
        return sum(sum(cutter.hows.values()) for cutter in self.cutters)

    def wait(self, seconds):
        ends = time.monotonic() + seconds
        while any(cutter.left > 0 for cutter in self.cutters):
            expect(time.monotonic() < ends,
                   f"only {self.cuts()} cuts: {self.agents[0].words()[-2000:]}")
            time.sleep(0.2)

    def heard(self):
        """By agent."""
        heard = {thing(serial): [] for serial in self.serials}
        for message in self.cloud.heard():
            heard[message.thing].append(message)
        return list(heard.values())

    def faults(self, seconds=30):
        """What is wrong when nothing more comes; [] when all is well."""
        stored = [emitter.stop() for emitter in self.emitters]
        ends = time.monotonic() + seconds
        while True:
            faults = [fault for emitted, heard in zip(stored, self.heard())
                      if (fault := fault_in(emitted, heard))]
            if not faults or time.monotonic() > ends:
                return faults
            time.sleep(1)

    def tell(self):
        heard = [m for one in self.heard() for m in one]
        lives = sum(a.words().count(ONLINE) for a in self.agents)
        hows = {how: sum(c.hows[how] for c in self.cutters)
                for how in self.cutters[0].hows}
        print(f"# {self.cuts()} cuts {hows}, {lives} of the connections were"
              f" online; {sum(len(e.stored) for e in self.emitters)} messages"
              f" accepted, {len(heard)} came, of them"
              f" {len(heard) - len({m.id[0] for m in heard})} again")
        return lives


@scenario
def cuts_at_any_byte_and_any_moment_lose_nothing():
    with World() as world:
        print(f"# --seed={SEED}")
        began = time.monotonic()
        storm = Storm(world, HASTY, AGENTS, CUTS)
        storm.wait(3600 if ALL else 300)
        faults = storm.faults(60)
        lives = storm.tell()
        print(f"# {time.monotonic() - began:.0f} s")
        expect(not faults, "\n".join(faults))
        expect(storm.cuts() >= CUTS and lives > CUTS / 2,
               f"{lives} lives are too few to mean much")


@scenario
def twin_an_agent_that_forgets_before_the_puback_is_caught():
    with World() as world:
        storm = Storm(world, FORGETFUL, 3, 30)
        storm.wait(120)
        faults = storm.faults(3)
        expect(faults and all("lost: [" in fault for fault in faults),
               f"it lost nothing? {faults}")


@scenario
def twin_a_second_number_and_a_second_owner_are_seen():
    class Said:
        def __init__(self, number, seq):
            self.payload, self.seq, self.id = {"data": number}, seq, [f"s-{seq}"]
    good = [Said(0, 1), Said(1, 2), Said(0, 1), Said([2, "x"], 3)]
    for more, words in ([], None), ([Said(2, 4)], "two numbers"), \
            ([Said(9, 3)], "two messages"), ([Said(3, 5)], "a gap"):
        fault = fault_in([0, 1, 2], good + more)
        if (fault is None) != (words is None) or words and words not in fault:
            raise Failed(f"{words}: {fault}")


if __name__ == "__main__":
    main()
