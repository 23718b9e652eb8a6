"""What a backlog costs: memory and the time to start, over its length; and
what the agent writes to the disk for a message."""
import contextlib
import json
import os
import re
import socket
import subprocess
import threading
import time

import figures
import kit
import peers

LENGTHS = (0, 1000, 10000, 100000, 1000000)
BYTES = peers.BYTES


class Offline:
    """The agent in a folder of its own, with a broker that is not there."""

    def __init__(self, world, name):
        self.program = peers.Agent.program
        self.folder = os.path.join(world.folder, name)
        self.store = os.path.join(self.folder, "store", "outbox.sqlite")
        self.socket = os.path.join(self.folder, "app.sock")
        _, chain, key = world.device("BACKLOG")
        os.makedirs(self.folder)
        self.config = kit.write(os.path.join(self.folder, "agent.ini"), f"""
[cloud]
endpoint = localhost:{kit.free_port()}
trust = {world.factory.server_ca}
[identity]
certificate = {chain}
key = file:{key}
[store]
folder = {self.folder}/store
limit_messages = 10000000
limit_mb = 10000
[telemetry]
interval_s = 0
[local]
socket = {self.socket}
""")

    def find(self, port):
        """From its next start on the broker is there."""
        text = kit.read(self.config)
        kit.write(self.config, re.sub(r"(?<=localhost:)\d+", str(port), text))

    @contextlib.contextmanager
    def running(self, kill=False):
        """(process, milliseconds until the local socket says hello)."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        began = time.monotonic()
        process = subprocess.Popen(
            [self.program, "run", "-c", self.config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            kit.wait_until(self.answers, 60, "an answer at the socket")
            yield process, (time.monotonic() - began) * 1000
        finally:
            (process.kill if kill else process.terminate)()
            process.wait()

    def answers(self):
        try:
            return self.ask({"op": "status"})
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def ask(self, *requests):
        """The answer to the last of them."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.socket)
            lines = s.makefile("rw", encoding="utf-8")
            lines.readline()  # hello
            for request in requests:
                lines.write(json.dumps(request) + "\n")
            lines.flush()
            for _ in requests:
                answer = json.loads(lines.readline())
            return answer

    def lengthen(self, length):
        """Emit until so many are queued; without a broker they stay."""
        line = json.dumps({"op": "emit", "stream": "many",
                           "data": "x" * BYTES}).encode() + b"\n"
        with self.running():
            more = max(0, length - self.ask({"op": "status"})["queued"])
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(60)
                s.connect(self.socket)
                answers = s.makefile("rb")
                answers.readline()  # hello
                writer = threading.Thread(
                    target=lambda: [s.sendall(line * min(1000, more - i))
                                    for i in range(0, more, 1000)])
                writer.start()
                for _ in range(more):
                    if b'"stored":true' not in answers.readline():
                        raise kit.Failed("a message was not stored")
                writer.join()


def measure(world, say, lengths=LENGTHS):
    """[{"length", "rss", "pss", "start_ms", "start_after_kill_ms"}]."""
    agent, rows = Offline(world, "backlog"), []
    with agent.running():
        pass
    for length in lengths:
        say(f"a backlog of {length}")
        agent.lengthen(length)
        with agent.running(kill=True) as (process, start_ms):
            queued = agent.ask({"op": "status"})["queued"]
            if not length <= queued <= length + len(lengths):
                raise kit.Failed(f"expected {length} queued, not {queued}")
            memory = figures.memory_kib(process.pid)
            # So that there is a WAL to recover from.
            agent.ask({"op": "emit", "stream": "n", "data": 1})
        with agent.running() as (_, after_kill_ms):
            pass
        rows.append({"length": length, "rss": memory["rss"],
                     "pss": memory["pss_alone"], "start_ms": start_ms,
                     "start_after_kill_ms": after_kill_ms})
    return rows


def measure_wear(world, say, count=2000):
    """Bytes written and fsyncs for a message of 256 bytes, emitted one by one
    and in groups as an application that does not wait makes them."""
    say("what a message writes")
    agent, found = Offline(world, "wear"), {}
    request = {"op": "emit", "stream": "n", "data": "x" * BYTES}
    for name, group in (("one by one", 1), ("without waiting", count)):
        with agent.running():
            before = agent.ask({"op": "status"})["store"]
            for _ in range(count // group if group > 1 else 200):
                agent.ask(*[request] * group)
            after = agent.ask({"op": "status"})["store"]
        accepted = after["accepted"] - before["accepted"]
        found[name] = {
            "bytes": (after["written_bytes"] - before["written_bytes"])
            / accepted,
            "syncs": (after["syncs"] - before["syncs"]) / accepted}
    return found
