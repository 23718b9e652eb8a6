"""An agent in bad company for a long time; see tests/soak.

    with World() as world:
        soak = Soak(world, binary=RELEASE, life_s=20)
        soak.run(3600, tell=print)
        soak.faults()               # [] or what is wrong, in words
"""
import json
import os
import random
import threading
import time

from disk import Disk
from ear import Ear
from kit import Failed, Skipped, expect, run, wait_until
from mock import MockCloud
from toll import Toll
from weather import Weather
from world import Application, factory

HEADS = ("seconds", "connections", "rss_kib", "descriptors", "threads", "cpu_s",
         "accepted", "refused", "queued")


class Actor(threading.Thread):
    """Does something again and again; what it must not meet is kept."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.fault, self.over = act, None, threading.Event()

    def run(self):
        while not self.over.is_set():
            try:
                self.act(self.over)
            except Exception as fault:
                self.fault = self.fault or f"{self.act.__name__}: {fault!r}"
                time.sleep(0.2)


class Soak:
    def __init__(self, world, binary, life_s, seed=None):
        self.world, self.life_s = world, life_s
        # Not more than such a line can carry, or the disk stays full.
        self.pause_s = max(0.03, life_s / 50)
        self.dice = random.Random(seed)
        self.accepted = self.refused = 0
        self.moments = {"broker restarts": 0, "disk full": 0, "applications": 0,
                        "settings": 0}
        self.began = time.monotonic()
        self.cloud = MockCloud(world.folder, vendor=factory()).start()
        world.endings.append(self.cloud.stop)
        self.weather = Weather(self.cloud.port, life_s, seed)
        world.endings.append(self.weather.close)
        # Two cuts before the first CONNACK, and it would speak 3.1.1 for a
        # while, without the numbers that the ear counts.
        settings = {"log.level": "info", "telemetry.interval_s": 1,
                    "cloud.protocol": "5"}
        self.disk = self._disk()
        if self.disk:
            settings["store.folder"] = self.disk.path + "/store"
        self.agent = world.agent("soaked", port=self.weather.port,
                                 binary=binary, settings=settings)
        self.agent.wait_for("info session online", 60)
        self.toll = Toll(self.agent.process.pid)
        self.ear = Ear(world, self.cloud,
                       f"nameplate/{self.agent.thing}/stream/soak")

    def _disk(self):
        try:
            disk = Disk(self.world, "disk", megabytes=24)
        except Skipped:
            return None
        disk.mount()
        return disk

    # --- who comes and goes

    def restart_broker(self, over):
        if over.wait(self.dice.uniform(1, 3) * self._pace()):
            return
        self.cloud.stop()
        over.wait(self.dice.uniform(0.2, 3))
        self.cloud.start()
        self.moments["broker restarts"] += 1

    def fill_disk(self, over):
        if self.disk is None or over.wait(self.dice.uniform(1, 3) * self._pace()):
            over.wait(1)
            return
        path = self.disk.path + "/filler"
        try:
            with open(path, "wb", buffering=0) as f:
                for size in 1 << 20, 4096, 1:
                    self._pour(f, size)
            self.moments["disk full"] += 1
            over.wait(self.dice.uniform(0.5, 2))
        finally:
            os.unlink(path)

    @staticmethod
    def _pour(file, size):
        try:
            while True:
                file.write(bytes(size))
        except OSError:
            pass

    def apply(self, over):
        """One that emits for a while, and often leaves in the middle of a
        line."""
        with Application(self.agent) as application:
            self.moments["applications"] += 1
            for number in range(self.dice.randrange(1, 100)):
                if over.is_set():
                    return
                size = self.dice.choice((10, 10, 100, 1000, 4000))
                self._emit(application, {"n": number, "x": "x" * size})
                time.sleep(self.dice.uniform(0, self.pause_s))
            if self.dice.random() < 0.5:
                application.stream.sendall(b'{"op":"emit","stream":"half')

    def _emit(self, application, data):
        application.send(op="emit", stream="soak", data=data)
        answer = application.receive()
        if answer and answer.get("stored"):
            self.accepted += 1
        elif answer and answer.get("code") in ("io", "busy"):
            self.refused += 1
        else:
            raise Failed(f"an emit was answered by {answer}")

    def ask(self, over):
        with Application(self.agent) as application:
            for op in ("watch", "status", "identity", "owner", "nonsense"):
                application.send(op=op, id=op)
        over.wait(self.dice.uniform(0, 0.3))

    def change_settings(self, over):
        """From both sides; the cloud may be away."""
        number = self.moments["settings"]
        run("mosquitto_pub", *self.cloud.privileged("page"), "-q", "1", "-t",
            f"$aws/things/{self.agent.thing}/shadow/update", "-m",
            json.dumps({"state": {"desired": {"colour": number,
                                              f"k{number % 7}": number}}}),
            status=None)
        with Application(self.agent) as application:
            application.send(op="report", id=1, state={"colour": number})
            application.receive()
        self.moments["settings"] += 1
        over.wait(self.dice.uniform(0.2, 1))

    def _pace(self):
        """Seconds: so often that some connections lie between."""
        return max(3, 2 * self.life_s)

    # --- the run

    def status(self):
        with Application(self.agent) as application:
            application.send(op="status", id=0)
            return application.receive()

    def run(self, seconds, tell=lambda row: None, every=30):
        actors = [Actor(act) for act in (
            self.restart_broker, self.fill_disk, self.apply, self.apply,
            self.ask, self.change_settings)]
        for actor in actors:
            actor.start()
        ends, next_row = time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            expect(self.agent.process.poll() is None,
                   f"the agent ended: {self.agent.words()[-3000:]}")
            status = self.status()
            sample = self.toll.take(sum(self.weather.kinds.values()))
            if time.monotonic() >= next_row:
                next_row = time.monotonic() + every
                tell(self._row(sample, status))
            time.sleep(0.5)
        for actor in actors:
            actor.over.set()
        for actor in actors:
            actor.join(30)
        self.stumbles = [a.fault for a in actors if a.fault]

    def _row(self, sample, status):
        return dict(zip(HEADS, (
            round(sample.when - self.began), sample.connections, sample.rss,
            sample.descriptors, sample.threads, round(sample.cpu, 1),
            self.accepted, self.refused, status["queued"])))

    def faults(self):
        """The weather is fair now: all that was accepted must get away."""
        found = self.toll.faults() + self.stumbles
        self.weather.fair = True
        try:
            wait_until(lambda: self.status()["queued"] == 0, 180, "it is empty")
        except Failed:
            found.append(f"{self.status()['queued']} messages do not leave")
        try:
            wait_until(lambda: self.ear.lost(self.accepted) == 0, 60, "all came")
        except Failed:
            found.append(f"{self.ear.lost(self.accepted)} messages of"
                         f" {self.accepted} are lost")
        if self.status()["dropped"]:
            found.append(f"{self.status()['dropped']} messages were dropped")
        if not all(self.moments[what] for what in self.moments
                   if what != "disk full" or self.disk):
            found.append(f"something never happened: {self.moments}")
        return found
