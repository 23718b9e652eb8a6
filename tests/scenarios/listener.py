"""A broker that remembers across restarts, and who listens to it.

    cloud = Cloud(world)
    cloud.wait(3)              # messages of streams, each a Heard
    cloud.expect_all(stored)   # each at least once, in order
"""
import json
import re
import threading
import time

from kit import expect, read, wait_until
from world import Application, device, factory, thing


class Heard:
    """One message as mosquitto_sub tells it."""

    def __init__(self, line):
        topic, self.expiry, properties, payload = line.split("|", 3)
        _, self.thing, self.topic = topic.split("/", 2)
        self.payload = json.loads(payload)
        self.id = re.findall(r"\bid:(\S+)", properties)
        self.store, _, number = (self.id or ["-"])[0].partition("-")
        self.seq = int(number) if number.isdigit() else None


def gaps(seqs):
    """What is missing in the numbers of one stream."""
    return sorted(set(range(1, max(seqs) + 1)) - set(seqs))


def fault_of(stored, heard):
    """Why `heard` is not each of `stored` at least once, in order; else None.
    What was on its way without an answer may be heard, too."""
    missing = sorted(set(stored) - set(heard))
    if missing:
        return f"{len(missing)} of {len(stored)} lost: {missing[:10]}"
    firsts = list(dict.fromkeys(heard))
    if firsts != sorted(firsts):
        return f"out of order: {firsts[:50]}"
    return None


class Cloud:
    """A Mosquitto, and a listener of MQTT 5 with a session."""

    def __init__(self, world, topic="#", of=None):
        self.broker = world.broker(
            f"persistence true\npersistence_location {world.folder}/\n"
            "max_queued_messages 0\nmax_inflight_messages 0\n"
            "set_tcp_nodelay true\n")
        self.log = world.path("heard")
        home = device("LISTENER")
        world.keep_beside(
            "mosquitto_sub", "-h", "localhost", "-p", self.broker.port,
            "--cafile", factory().server_ca, "--cert", home + "/device.crt",
            "--key", home + "/device.key", "-c", "-x", "3600", "-i", "listener",
            "-q", "1", "-V", "mqttv5", "-F", "%t|%E|%P|%p",
            "-t", f"nameplate/{of or thing()}/{topic}", log="heard")
        wait_until(lambda: "Sending SUBACK to listener" in self.broker.words(),
                   10, "the listener has subscribed")

    def heard(self, part="stream/"):
        return [Heard(line) for line in read(self.log).split("\n")
                if line.startswith("nameplate/") and f"/{part}" in line
                and line.endswith("}")]

    def numbers(self):
        return [message.payload["data"] for message in self.heard()]

    def wait(self, count, part="stream/", seconds=20):
        wait_until(lambda: len(self.heard(part)) >= count, seconds,
                   f"{count} of {part}: {read(self.log)[-3000:]}")
        return self.heard(part)

    def expect_all(self, stored, seconds=30):
        """Nothing is lost and all is in order, at last."""
        try:
            wait_until(lambda: set(stored) <= set(self.numbers()), seconds, "all")
        except Exception:
            pass
        fault = fault_of(stored, self.numbers())
        expect(fault is None, fault)


class Emitter:
    """Emits on and on, in a thread, to whatever agent serves the socket."""

    def __init__(self, agent, pause_s=0.001, large=None):
        """`large`: each so-many-th message has some 40,000 bytes."""
        self.agent, self.stored, self.running = agent, [], True
        self.pause_s, self.large = pause_s, large
        self.fault = None
        self.may_emit = threading.Event()
        self.may_emit.set()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        number = 0
        while self.running:
            try:
                with Application(self.agent) as application:
                    while self.running and application.emit(
                            "n", [number], self._weight(number)):
                        self.stored.append(number)
                        number += 1
                        time.sleep(self.pause_s)
                        self.may_emit.wait()
            except (OSError, TypeError) as error:
                self.fault = error  # the agent died between hello and here
            number += 1  # this one may or may not be stored: not said twice
            time.sleep(0.01)

    def _weight(self, number):
        return 40000 if self.large and number % self.large == 0 else 0

    def wait_for(self, more):
        wanted = len(self.stored) + more
        # A commit may take a quarter of a second where all wait for one disk.
        wait_until(lambda: len(self.stored) >= wanted, 60,
                   f"{more} more are stored; {self.fault}")
        return self

    def stop(self):
        self.running = False
        self.may_emit.set()
        self.thread.join(15)
        return self.stored
