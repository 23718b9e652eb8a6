"""An agent whose file system calls are counted, and disturbed one at a time.

    victim = Victim(world, cloud)
    for point in pick(victim.calls(), 40):
        victim.live(kill(point))
    victim.settle()            # an undisturbed life, and then all must be there

A point is (call, n): the n-th such call of a thread on a path in the store.
strace sees and disturbs only those, so that n hardly depends on the rest of the
agent.  It is the release build: LeakSanitizer cannot work below strace.
For `--all` and `--seed=N` see sample.
"""
import collections
import json
import os
import re
import shutil
import socket
import time

from kit import Skipped, expect, read, wait_until, write
from listener import fault_of
from sample import ALL, SEED, pick  # noqa: F401 (for those who disturb)
from world import RELEASE, end, thing

# What the store is made of, and what else the agent keeps beside it.
CHANGES = ("openat", "mkdir", "write", "pwrite64", "fsync", "fdatasync",
           "rename", "unlink", "unlinkat", "ftruncate", "fallocate", "fchmod",
           "close")
LOOKS = ("read", "pread64", "newfstatat", "fcntl", "faccessat", "statfs")
FILES = ("outbox.sqlite", "outbox.sqlite-wal", "outbox.sqlite-journal",
         "outbox.sqlite-reserve", "time", "session.key", "subscriptions",
         "description")
WINDOW = 4  # messages without an answer


def kill(point):
    return [f"inject={point[0]}:signal=KILL:when={point[1]}"]


def fail(point, error, burst=0):
    """That call, and so many after it."""
    last = f"..{point[1] + burst}" if burst else ""
    return [f"inject={point[0]}:error={error}:when={point[1]}{last}"]


class Client:
    """An application that never waits for an agent that died."""

    def __init__(self, agent, seconds=20):
        self.process = agent.process
        self.stream, self.held = socket.socket(socket.AF_UNIX), b""
        self.stream.settimeout(seconds)
        try:
            wait_until(lambda: self._dead() or self._connects(agent), seconds,
                       "the socket opens")
        except Exception:
            self.stream.close()
            raise

    def _dead(self):
        return self.process.poll() is not None

    def _connects(self, agent):
        return self.stream.connect_ex(agent.socket) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def answer(self):
        """To an emit; None: the agent is gone."""
        while b"\n" not in self.held:
            try:
                data = self.stream.recv(65536)
            except (ConnectionError, OSError) as error:
                expect(not isinstance(error, TimeoutError), "no answer comes")
                return None
            if not data:
                return None
            self.held += data
        line, _, self.held = self.held.partition(b"\n")
        answer = json.loads(line)
        return answer if "ok" in answer else self.answer()

    def emit(self, numbers):
        """[(number, answer)...], as far as the agent lived."""
        answers, sent = [], 0
        while len(answers) < len(numbers):
            try:
                while sent < min(len(answers) + WINDOW, len(numbers)):
                    self.stream.sendall(json.dumps(
                        {"op": "emit", "stream": "n", "data": numbers[sent],
                         "id": numbers[sent]}).encode() + b"\n")
                    sent += 1
            except OSError:
                sent = len(numbers)
            answer = self.answer()
            if answer is None:
                return answers
            answers.append((answer["id"], answer))
        return answers


class Victim:
    """One store, many lives, each of so many messages.  After the last one was
    heard the agent rests until it has forgotten them, and is told to leave."""

    def __init__(self, world, cloud, serial="S1", each=60, rest_s=1.1,
                 calls=CHANGES):
        if not shutil.which("strace"):
            raise Skipped("needs strace to disturb system calls")
        self.world, self.cloud, self.serial = world, cloud, serial
        self.each, self.rest_s, self.set = each, rest_s, calls
        self.number, self.stored, self.refused = 0, [], 0
        self.agent = world.agent(
            start=False, serial=serial,
            port=cloud.broker.port, settings={
                "store.commits_per_s": 1000, "telemetry.interval_s": 0,
                "device.description": write(world.path("description.json"), '{"title":"Door"}')})
        self.online, self.wants_recovery = True, False
        self.log = os.path.join(self.agent.home, "trace")

    def _command(self, options):
        store = self.agent.store
        here = os.listdir(store) if os.path.exists(store) else []
        words = ["strace", "-D", "-f", "-qq", "-o", self.log,
                 "-e", "trace=" + ",".join(self.set)]
        for path in {store,
                     *(f"{store}/{name}{new}" for name in {*FILES, *here}
                       for new in ("", ".new"))}:
            words += ["-P", path]
        for option in options:
            words += ["-e", option]
        return [*words, RELEASE]

    def live(self, options=(), traced=True):
        """Start, accept, send, forget, stop; the exit status.  -9: killed."""
        agent = self.agent
        agent.binary = self._command(options) if traced else [RELEASE]
        agent.start()
        mine = []
        with Client(agent) as client:
            numbers = range(self.number, self.number + self.each)
            self.number += self.each
            for number, answer in client.emit(numbers):
                if answer["ok"]:
                    mine.append(number)
                else:
                    self.refused += 1
                    expect(answer.get("code") in ("io", "busy"), str(answer))
            mine += self._recover(client)
        self.stored += mine
        if self.online:
            self._wait(lambda: set(mine) <= set(self.heard()), 15)
            self._wait(lambda: False, self.rest_s)
        status = end(agent.process, 15)
        agent.process = None
        agent.check_log()
        return status

    def _recover(self, client):
        """Where the last were refused, it takes messages again, soon; gives
        those that it took."""
        until, stored = time.monotonic() + 20, []
        while self.wants_recovery and client.process.poll() is None:
            self.number += 3
            answers = client.emit(range(self.number - 3, self.number))
            stored += [n for n, answer in answers if answer["ok"]]
            if all(answer["ok"] for _, answer in answers):
                break
            expect(time.monotonic() < until,
                   f"it stores again: {answers}\n{self.agent.words()[-3000:]}")
            time.sleep(0.1)
        return stored

    def _wait(self, question, seconds):
        """Or until it is dead, or the time is over."""
        until = time.monotonic() + seconds
        while not question() and self.agent.process.poll() is None and \
                time.monotonic() < until:
            time.sleep(0.02)

    def calls(self):
        """All points of a life that nobody disturbs."""
        status = self.live()
        expect(status == 0, f"{status}\n{self.agent.words()[-3000:]}")
        counts, points = collections.Counter(), []
        for line in read(self.log).split("\n"):
            call = re.match(r"(\d+) +(\w+)\(", line)
            if call:
                counts[call.groups()] += 1
                points.append((call.group(2), counts[call.groups()]))
        expect(len(points) > 20, f"calls were seen: {points}")
        return points

    def heard(self):
        return [m.payload["data"] for m in self.cloud.heard()
                if m.thing == thing(self.serial)]

    def fault(self, seconds=20):
        """What of all that was stored is not in the cloud as promised."""
        wait = time.monotonic() + seconds
        while fault_of(self.stored, self.heard()) and time.monotonic() < wait:
            time.sleep(0.1)
        return fault_of(self.stored, self.heard()) or self._number_fault()

    def _number_fault(self):
        """Numbers of the stream: none given twice, none left out."""
        owners = collections.defaultdict(set)
        for m in self.cloud.heard():
            if m.thing == thing(self.serial):
                owners[m.store, m.seq].add(m.payload["seq"])
        twice = [key for key, whose in owners.items() if len(whose) > 1]
        if twice:
            return f"given twice: {twice[:10]}"
        for store in {store for store, _ in owners}:
            seqs = {seq for of, seq in owners if of == store}
            if seqs != set(range(min(seqs), max(seqs) + 1)):
                return f"a gap in {store}: {sorted(seqs)[:50]}"
        return None

    def settle(self):
        """An undisturbed life; then nothing may be missing."""
        status = self.live(traced=False)
        expect(status == 0, f"{status}\n{self.agent.words()[-3000:]}")
        fault = self.fault()
        expect(fault is None, f"{fault}; --seed={SEED}")

    def begin_anew(self):
        """Another, empty store."""
        shutil.rmtree(self.agent.store, ignore_errors=True)
