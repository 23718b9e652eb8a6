#!/usr/bin/env python3
"""What a message costs the flash memory under it.

strace counts the bytes of every write below the store's folder, and its fsyncs,
over a whole life of an agent: messages are accepted, stored, sent to a real
Mosquitto, acknowledged, forgotten, and the agent leaves; what such a life costs
without a message is taken off.  So it is a count, no time, and a machine under
load counts the same.  docs/outbox.md has the figures, which a run prints.

The twin writes each message twice and must be told from one that does not.
"""
import os
import re
import shutil
import time

from disturbed import FILES
from kit import Skipped, expect, main, read, scenario, wait_until
from listener import Cloud
from world import RELEASE, Application, World

PAYLOAD = "x" * 256
# Bytes for a message of 256 bytes, from `emit` until it is forgotten: some
# 8,300 alone (the pages that change, in the WAL, and its part of a checkpoint)
# 1,600 in groups.  Half as much again is too much.
ALONE, GROUPED = 12500, 2400
ALONE_SYNCS, GROUPED_SYNCS = 1.5, 0.1


def emit(application, data, count):
    """So often, without waiting; gives how many were stored."""
    for _ in range(count):
        application.send(op="emit", stream="n", data=data)
    return sum(application.receive().get("stored", False)
               for _ in range(count))


class Meter:
    """An agent whose writes are counted; `day_mb` as write_mb_per_day."""

    def __init__(self, world, day_mb=4096):
        if not shutil.which("strace"):
            raise Skipped("needs strace to count what is written")
        self.cloud, self.lives = Cloud(world), 0
        self.trace = world.path("trace")
        self.agent = world.agent(
            start=False, port=self.cloud.broker.port,
            settings={"telemetry.interval_s": 0, "store.commits_per_s": 1000,
                      "store.write_mb_per_day": day_mb})
        store = self.agent.store
        # Below strace the last word is not waited for: it is read at the end.
        words = ["strace", "-D", "-f", "-qq", "-s", "0", "-o", self.trace, "-e",
                 "trace=write,writev,pwrite64,pwritev,fsync,fdatasync"]
        for name in FILES + ("outbox.sqlite-reserve", "budget", "link"):
            words += ["-P", f"{store}/{name}", "-P", f"{store}/{name}.new"]
        self.agent.binary = [*words, "-P", store, RELEASE]

    def so_far(self):
        """(bytes, fsyncs) of this life."""
        text = read(self.trace)
        # A call that another thread's fell into ends on a line of its own.
        sizes = re.findall(r"write\w*(?:\(| resumed>).*\) += (\d+)", text)
        return sum(map(int, sizes)), text.count("sync(")

    def start(self):
        self.lives += 1
        self.agent.start().wait_for("info session online", 30, self.lives)

    def live(self, count, group):
        """(bytes, fsyncs) of a life with so many messages, `group` of them
        without waiting for an answer."""
        self.start()
        with Application(self.agent) as application:
            for _ in range(count // group):
                expect(emit(application, PAYLOAD, group) == group, "stored")
        wait_until(lambda: self.status()["queued"] == 0, 60, "all went out")
        self.agent.stop()
        return self.so_far()

    def status(self):
        with Application(self.agent) as application:
            application.send(op="status")
            return application.receive()

    def cost(self, count, group, emitted=1):
        """(bytes, fsyncs) for each of `count`; each is emitted so often."""
        idle = self.live(0, 1)
        busy = self.live(count * emitted, group)
        found = [(after - before) / count for after, before in zip(busy, idle)]
        print(f"# {found[0]:.0f} bytes, {found[1]:.2f} fsyncs for a message in"
              f" groups of {group}, written {emitted} x", flush=True)
        return found


@scenario
def what_a_message_writes_is_bounded_alone_and_in_groups():
    with World() as world:
        meter = Meter(world)
        size, syncs = meter.cost(300, 1)
        expect(256 < size < ALONE and 1 <= syncs < ALONE_SYNCS,
               f"{size:.0f} bytes, {syncs:.2f} fsyncs")
        size, syncs = meter.cost(5000, 500)
        expect(256 < size < GROUPED and syncs < GROUPED_SYNCS,
               f"{size:.0f} bytes, {syncs:.2f} fsyncs")


@scenario
def twin_twice_the_writes_for_a_message_are_seen():
    with World() as world:
        meter = Meter(world)
        size, syncs = meter.cost(300, 1, emitted=2)
        expect(size > ALONE and syncs > ALONE_SYNCS, f"{size:.0f} bytes")
        size, _ = meter.cost(5000, 500, emitted=2)
        expect(size > GROUPED, f"{size:.0f} bytes")


@scenario
def what_the_agent_says_it_wrote_is_what_it_wrote():
    with World() as world:
        meter = Meter(world)
        meter.start()
        with Application(meter.agent) as application:
            application.emit("n", range(200), 500)
        wait_until(lambda: meter.status()["queued"] == 0, 60, "all went out")
        time.sleep(2)  # what is forgotten is forgotten on the disk, too
        said = meter.status()["store"]
        size, syncs = meter.so_far()
        # The store's other files are few bytes: time, tickets, subscriptions.
        expect(0 <= size - said["written_bytes"] < 0.05 * size,
               f"{size} written, said {said}")
        expect(0 <= syncs - said["syncs"] <= 12, f"{syncs} fsyncs, said {said}")
        expect(said["written_today_bytes"] <= said["written_bytes"] and
               said["accepted"] >= 200, str(said))


FLOOD_MB, DAY_MB = 40, 16
LARGE = 40000
# SQLite's copy of the WAL into the file, at most 1,000 pages, and what is
# forgotten comes on top.
MORE_MB = 6


def flood(meter):
    """An application that has gone wild; gives what was stored of it, and the
    megabytes that were written until all of that was forgotten."""
    stored = 0
    meter.start()
    with Application(meter.agent) as application:
        for _ in range(FLOOD_MB * 1000000 // LARGE // 20):
            stored += emit(application, "x" * LARGE, 20)
    wait_until(lambda: meter.status()["queued"] == 0, 90, "all went out")
    meter.agent.stop()
    return stored, meter.so_far()[0] / (1 << 20)


@scenario
def a_day_writes_no_more_than_it_may_whatever_an_application_does():
    with World() as world:
        meter = Meter(world, DAY_MB)
        stored, megabytes = flood(meter)
        print(f"# {megabytes:.1f} MB written of {DAY_MB}, {stored} stored")
        expect(DAY_MB * 0.8 < megabytes < DAY_MB + MORE_MB,
               f"{megabytes} MB, {stored} stored")
        # All that was stored came, and what was not was answered and counted.
        expect(len(meter.cloud.wait(stored)) == stored, "more came")
        words = meter.agent.words()
        expect("dropped messages class=event reason=full" in words and
               "no message is stored" in words or
               "only messages with priority 9" in words, words[-2000:])


@scenario
def twin_without_a_bound_a_day_writes_what_an_application_likes():
    with World() as world:
        stored, megabytes = flood(Meter(world, 0))
        expect(megabytes > 2 * FLOOD_MB > DAY_MB + MORE_MB and
               stored == FLOOD_MB * 1000000 // LARGE,
               f"{megabytes} MB, {stored} stored")


@scenario
def a_device_with_nothing_to_say_writes_nothing():
    with World() as world:
        meter = Meter(world)
        meter.start()
        wait_until(lambda: meter.status()["queued"] == 0, 60, "all went out")
        time.sleep(3)
        before = meter.so_far()
        time.sleep(10)
        expect(meter.so_far() == before, f"{before}, then {meter.so_far()}")
        with Application(meter.agent) as application:
            application.emit("n", [1])
        wait_until(lambda: meter.so_far()[0] > before[0], 10,
                   "what is written is seen")


if __name__ == "__main__":
    main(at_once=4)
