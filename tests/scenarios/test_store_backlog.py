#!/usr/bin/env python3
"""A million messages wait, and the agent does not mind.

The store is filled by the outbox's own code (stage_backlog).  The release build
starts on it, after a clean end and after kill -9; it must answer on its local
socket within a second and take no more memory than with nothing queued, also
while it sends.  The fastest of some starts counts: the machine may be busy with
something else.
"""
import os
import time

from kit import expect, main, run, scenario, wait_until
from listener import Cloud
from toll import rss_kib
from world import RELEASE, Application, World

MILLION = 1_000_000
STAGE = os.path.join(os.path.dirname(RELEASE), "stage_backlog")
STARTS = 5
START_S = 1.0
SPARE_KIB = 512  # beside a quarter; pages of libraries that were just touched


class Agent:
    """Offline, on a store with so many messages."""

    def __init__(self, world, name, count):
        self.agent = world.agent(name, start=False, port=1, binary=RELEASE,
                                 settings={"store.limit_messages": 2 * MILLION,
                                           "store.limit_mb": 10000,
                                           "log.level": "info",
                                           "telemetry.interval_s": 0})
        os.mkdir(self.agent.store, 0o700)
        if count:
            run(STAGE, self.agent.store + "/outbox.sqlite", count, timeout=300)
        self.count = count

    def status(self):
        with Application(self.agent) as application:
            application.send(op="status")
            return application.receive()

    def start(self):
        """Seconds until it answered."""
        began = time.monotonic()
        self.agent.start()
        queued = self.status()["queued"]
        took = time.monotonic() - began
        expect(queued >= self.count, f"{queued} of {self.count} are queued")
        return took

    def starts(self, leave):
        """The fastest start behind such an end."""
        times = []
        for _ in range(STARTS):
            self.start()
            # So that kill -9 leaves a WAL to look at.
            with Application(self.agent) as application:
                application.emit("more", [1])
            leave(self.agent)
            times.append(self.start())
            self.agent.stop()
        return min(times)

    def rss(self):
        self.start()
        time.sleep(1)
        return rss_kib(self.agent.process.pid)


@scenario
def a_million_queued_start_within_a_second_and_take_no_memory():
    with World() as world:
        none, many = Agent(world, "none", 0), Agent(world, "many", MILLION)
        clean = many.starts(lambda agent: agent.stop())
        killed = many.starts(lambda agent: agent.kill())
        few_kib, many_kib = none.rss(), many.rss()
        size = os.path.getsize(many.agent.store + "/outbox.sqlite")
        print(f"# {size / 1e6:.0f} MB; start {clean * 1000:.0f} ms, after kill"
              f" -9 {killed * 1000:.0f} ms; RSS {few_kib} and {many_kib} KiB",
              flush=True)
        expect(clean < START_S and killed < START_S, f"{clean} and {killed} s")
        expect(many_kib < few_kib * 1.25 + SPARE_KIB,
               f"{few_kib} KiB grew to {many_kib} KiB")


@scenario
def memory_stays_flat_while_a_long_backlog_goes_out():
    with World() as world:
        cloud, many = Cloud(world), Agent(world, "many", MILLION)
        agent = many.agent
        with open(agent.config, encoding="utf-8") as f:
            text = f.read().replace("localhost:1\n",
                                    f"localhost:{cloud.broker.port}\n")
        with open(agent.config, "w", encoding="utf-8") as f:
            f.write(text)
        agent.start()
        agent.wait_for("info session online", 30)
        wait_until(lambda: many.status()["queued"] < MILLION - 5000, 60,
                   "it goes out")
        before = rss_kib(agent.process.pid)
        wait_until(lambda: many.status()["queued"] < MILLION - 25000, 120,
                   "more goes out")
        after = rss_kib(agent.process.pid)
        print(f"# RSS {before} and {after} KiB", flush=True)
        expect(after < before * 1.25 + SPARE_KIB, f"{before}, then {after} KiB")


if __name__ == "__main__":
    main(at_once=2)
