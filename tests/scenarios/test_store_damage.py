#!/usr/bin/env python3
"""What lies in the agent's folder is damaged while the agent is away.

The real agent is offline, fills its store, and is killed or told to leave.
Then bits flip, and it starts again.  It must start, whatever it finds; what it
sends is what was emitted; what it lost it tells, in the log, in its status and
in the cloud.  test_outbox_damage --all does this for every byte of a store; here
a few show that the whole agent does, with --all as many as ten minutes hold.
The other files that it keeps may hold anything, too.
"""
import json
import os
import random
import shutil
import time

from disturbed import ALL, SEED
from kit import expect, main, scenario, wait_until, write
from listener import Cloud
from packets import Script
from world import RELEASE, Application, World

ONLINE = "info session online"
PAGE = 4096
STARTS, SECONDS = (10 ** 6, 600) if ALL else (25, 120)  # whatever is less


def text(number):
    return f"{number} " + "abcdefghijk" * (number % 30 + 5)


def fill(agent, numbers):
    with Application(agent) as application:
        for number in numbers:
            application.send(op="emit", stream="n", data=text(number),
                             id=number)
        answers = [application.receive() for _ in numbers]
    expect(all(answer["ok"] for answer in answers), str(answers))


def status(agent):
    with Application(agent) as application:
        application.send(op="status")
        return application.receive()


def flip(path, at, mask=0x10):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ mask]))


def full_store(world, count, leave):
    """A broker that is away, and an agent that left `count` messages."""
    cloud = Cloud(world)
    cloud.broker.stop()
    agent = world.agent(port=cloud.broker.port, settings={
        "telemetry.interval_s": 0}).wait_for("offline why=tcp")
    fill(agent, range(count))
    leave(agent)
    return cloud, agent


def altered(cloud):
    """What arrived and was never emitted."""
    return [m.payload["data"] for m in cloud.heard()
            if m.payload["data"] != text(int(m.payload["data"].split(" ")[0]))]


@scenario
def a_damaged_page_costs_its_messages_and_is_told_everywhere():
    with World() as world:
        cloud, agent = full_store(world, 300, lambda agent: agent.stop())
        path = agent.store + "/outbox.sqlite"
        pages = os.path.getsize(path) // PAGE
        expect(pages > 10, f"{pages} pages")
        with open(path, "rb") as f:
            data = f.read()
        flip(path, data.index(text(150).encode()) + 30)
        agent.start()
        cloud.broker.start()
        agent.wait_for(ONLINE, 30)
        wait_until(lambda: status(agent)["queued"] == 0, 30, "all went out")
        said = status(agent)
        lost = sum(c["dropped"]["lost"] for c in said["classes"].values())
        expect(said["store"]["set_aside"] == 1 and 0 < lost < 60, str(said))
        expect("set aside file=" in agent.words() and
               "this could be read" in agent.words(), "the log says so")
        report = cloud.wait(1, "outbox")[0].payload
        expect(report["set_aside"] == 1 and
               report["dropped"]["event"]["lost"] == lost, str(report))
        wait_until(lambda: len({m.payload["data"] for m in cloud.heard()}) ==
                   300 - lost, 20, f"all but {lost} arrive")
        expect(not altered(cloud), f"{altered(cloud)[:3]}")
        firsts = list(dict.fromkeys(int(m.payload["data"].split(" ")[0])
                                    for m in cloud.heard()))
        later = [n for n in firsts if n > 150]
        expect(later and 0 in firsts, "those in front and those behind it")


@scenario
def a_flipped_bit_anywhere_is_survived_by_the_agent():
    dice = random.Random(SEED)
    with World() as world:
        cloud, agent = full_store(world, 40, lambda agent: agent.kill())
        cloud.broker.start()
        for turn in range(60 if ALL else 8):
            names = sorted(n for n in os.listdir(agent.store)
                           if n in ("outbox.sqlite", "outbox.sqlite-wal"))
            name = dice.choice(names)
            path = os.path.join(agent.store, name)
            at = dice.randrange(os.path.getsize(path))
            flip(path, at, 1 << dice.randrange(8))
            where = f"turn {turn}: {name} at {at}; --seed={SEED}"
            agent.start()
            try:
                agent.wait_for(ONLINE, 30, times=turn + 1)
                fill(agent, range(1000 + 40 * turn, 1040 + 40 * turn))
            except Exception as fault:
                raise AssertionError(f"{where}: {fault}") from fault
            expect(not altered(cloud), f"{where}: {altered(cloud)[:3]}")
            agent.kill()
        seen = {}
        for m in cloud.heard():
            seen.setdefault((m.topic, m.store, m.id[0]), set()).add(
                m.payload["data"])
        twice = [key for key, what in seen.items() if len(what) > 1]
        expect(not twice, f"given twice: {twice[:5]}; --seed={SEED}")


class Small:
    """A store with one message in the database and two in the WAL, laid out
    anew for each start, and a broker by hand that notes what comes."""

    def __init__(self, world):
        self.heard, self.store = [], world.path("small")
        server = world.server(Script(heed=self._heed))
        self.agent = self._agent(world, "victim", server.port)
        maker = self._agent(world, "maker", 1).start()
        fill(maker, [0])
        maker.stop()
        maker.start()
        for number in 1, 2:
            fill(maker, [number])
        maker.kill()
        self.files = {}
        for name in "outbox.sqlite", "outbox.sqlite-wal":
            with open(os.path.join(self.store, name), "rb") as f:
                self.files[name] = f.read()

    def _agent(self, world, name, port):
        return world.agent(name, start=False, port=port, binary=RELEASE,
                           settings={"store.folder": self.store,
                                     "log.level": "info",
                                     "telemetry.interval_s": 0})

    def _heed(self, _visit, _number, topic, payload):
        if "/stream/" in topic:
            self.heard.append(json.loads(payload)["data"])
        return False

    def bytes(self):
        return [(name, at) for name in sorted(self.files)
                for at in range(len(self.files[name]))]

    def begin(self, name, at, mask):
        shutil.rmtree(self.store)
        os.mkdir(self.store, 0o700)
        for other, data in self.files.items():
            data = bytearray(data)
            if other == name:
                data[at] ^= mask
            with open(os.path.join(self.store, other), "wb") as f:
                f.write(data)
        self.heard.clear()
        if os.path.exists(self.agent.log):
            os.unlink(self.agent.log)
        self.agent.start()

    def fault(self, name):
        """Of a life on the damaged store, in words; None when all is well."""
        fill(self.agent, [3])
        wait_until(lambda: text(3) in self.heard, 30, "a new message arrives")
        heard = set(self.heard)
        if heard - {text(number) for number in range(4)}:
            return f"altered: {heard}"
        lost = {n for n in range(3) if text(n) not in heard}
        told = status(self.agent)["store"]["set_aside"]
        # The last group of a WAL may have been torn before it was stored.
        if lost and not told and not (lost == {2} and name.endswith("-wal")):
            return f"{lost} lost in silence"
        return None


@scenario
def a_flip_at_any_byte_of_a_small_store_costs_nothing_in_silence():
    dice, began = random.Random(SEED), time.monotonic()
    with World() as world:
        small = Small(world)
        places = small.bytes()
        dice.shuffle(places)
        tried = lost = 0
        for name, at in places[:STARTS]:
            if time.monotonic() - began > SECONDS:
                break
            mask = 1 << dice.randrange(8)
            small.begin(name, at, mask)
            where = f"{name} byte {at} with {mask:02x}; --seed={SEED}"
            try:
                fault = small.fault(name)
            except Exception as other:
                raise AssertionError(f"{where}: {other}\n"
                                     f"{small.agent.words()[-3000:]}") from other
            expect(fault is None, f"{where}: {fault}")
            tried, lost = tried + 1, lost + (len(set(small.heard)) < 4)
            small.agent.kill()
        print(f"# {tried} of {len(places)} bytes, {lost} starts with a loss,"
              " which was told", flush=True)
        expect(tried >= 5, "too few to mean much")


@scenario
def twin_a_message_that_is_lost_in_silence_is_seen():
    """The database is an older one, from before its message: a sound store."""
    with World() as world:
        small = Small(world)
        small.files = {"outbox.sqlite": small.files["outbox.sqlite"]}
        small.begin(None, 0, 0)
        fault = small.fault("outbox.sqlite")
        expect(fault == "{1, 2} lost in silence", str(fault))


def damages(dice, data):
    """What a file may hold instead."""
    yield b""
    yield dice.randbytes(100)
    yield b"\0" * 4096
    yield b"x" * 2_000_000
    yield data[:len(data) // 2]
    for _ in range(10 if ALL else 2):
        other = bytearray(data or b"\0")
        other[dice.randrange(len(other))] ^= 1 << dice.randrange(8)
        yield bytes(other)


JOB = ('{"job":"j","execution":1,"step":1,"steps":3,"tries":1,'
       '"status":"IN_PROGRESS","reason":""}')


@scenario
def what_lies_beside_the_store_may_hold_anything_and_the_agent_starts():
    dice = random.Random(SEED)
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port, settings={
            "telemetry.interval_s": 0, "jobs.handlers": world.folder,
            "device.description":
            write(world.path("description.json"), '{"title":"Door"}')})
        agent.wait_for(ONLINE)
        wait_until(lambda: any(n.startswith("session-")
                               for n in os.listdir(agent.store)), 10, "tickets")
        agent.stop()
        write(agent.store + "/job", JOB)
        names = {n for n in os.listdir(agent.store)
                 if not n.startswith("outbox")} | {"time", "crl"}
        expect(len(names) >= 5, str(names))
        starts = 1
        for name in sorted(names):
            path = os.path.join(agent.store, name)
            data = b""
            if os.path.exists(path):
                with open(path, "rb") as f:
                    data = f.read()
            for what in damages(dice, data):
                with open(path, "wb") as f:
                    f.write(what)
                starts += 1
                agent.start().wait_for(ONLINE, 30, times=starts)
                agent.stop()
        print(f"# {starts - 1} starts with {len(names)} files", flush=True)


if __name__ == "__main__":
    main(at_once=3)
