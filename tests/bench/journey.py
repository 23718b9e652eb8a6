"""What a message costs on its way, and what an outage costs: latency, draining
a backlog, bytes, coming back after the broker was restarted."""
import contextlib
import json
import socket
import time

import backlog
import bridge
import kit
import peers

RATES = (1, 10, 100, 1000)  # messages without an answer, for the plot
STABLE_S = 32  # RETRY_STABLE_MS of agent/cloud/retry.h, and a little more


def percentiles(values):
    """{"p50", "p95", "p99"}: by nearest rank."""
    ranked = sorted(values)
    return {f"p{p}": ranked[min(len(ranked) - 1, len(ranked) * p // 100)]
            for p in (50, 95, 99)}


class Application:
    """One that stays connected to the agent's socket; `with` it."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(peers.PATIENCE_S)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()  # hello

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def ask(self, *requests):
        """The answer to the last of them."""
        text = "".join(json.dumps(request) + "\n" for request in requests)
        self.socket.sendall(text.encode())
        return [json.loads(self.lines.readline()) for _ in requests][-1]


def measure_latency(world, say, count, found):
    """Milliseconds, one message at a time: of ours from the emit until a
    subscriber has it and until `stored`; of Paho's until its PUBACK."""
    say(f"latency of {count} messages")
    stored, heard, theirs = [], [], []
    with peers.Agent(world) as agent:
        listener = world.listen("LISTENER", "nameplate/+/stream/late")
        try:
            with Application(agent.socket) as application:
                for i in range(count):
                    began = time.monotonic()
                    application.ask(
                        {"op": "emit", "stream": "late", "data": i})
                    stored.append((time.monotonic() - began) * 1000)
                    at, _ = listener.told.wait('"data"')
                    heard.append((at - began) * 1000)
        finally:
            listener.terminate()
            listener.wait()
    with peers.Paho(world) as paho:
        theirs = [paho.send(1) * 1000 for _ in range(count)]
    found[peers.Agent.name]["latency"] = {
        "stored": percentiles(stored), "subscriber": percentiles(heard)}
    found[peers.Paho.name]["latency"] = {"PUBACK": percentiles(theirs)}


def measure_batches(world, say, found, most):
    """[{"batch", "rate"}]: an application that waits after so many."""
    rows = []
    request = {"op": "emit", "stream": "b", "data": "x" * peers.BYTES}
    with peers.Agent(world) as agent:
        for batch in RATES:
            say(f"messages stored in batches of {batch}")
            turns = max(3, min(most, 40 * batch) // batch)
            with Application(agent.socket) as application:
                began = time.monotonic()
                for _ in range(turns):
                    application.ask(*[request] * batch)
            rows.append({"batch": batch, "rate": turns * batch /
                         (time.monotonic() - began)})
    found[peers.Agent.name]["batches"] = rows


def measure_drain(world, say, length, found):
    """Messages a second out of a backlog that was there before the start."""
    say(f"a backlog of {length} drains")
    agent = backlog.Offline(world, "drain")
    agent.lengthen(length)
    agent.find(world.broker.port)
    with agent.running():
        began = time.monotonic()
        kit.wait_until(lambda: agent.ask({"op": "status"})["queued"] == 0,
                       peers.PATIENCE_S, "the backlog has gone")
        found[peers.Agent.name]["drain_rate"] = \
            length / (time.monotonic() - began)


def measure_bytes(world, say, found):
    """Bytes of TLS both ways of a message among many."""
    def status(agent):
        with Application(agent.socket) as application:
            return application.ask({"op": "status"})

    def total(agent):
        now = status(agent)
        return now["bytes_in"] + now["bytes_out"]
    say("bytes of a message")
    with peers.Agent(world, telemetry=False) as agent:
        kit.wait_until(lambda: status(agent)["queued"] == 0, 30,
                       "what was queued before has gone")
        before = total(agent)
        agent.send(1000)
        found[peers.Agent.name]["message_bytes"] = (total(agent) - before) / 1000


def measure_recovery(world, say, rounds, calm_s, found):
    """Seconds from when the restarted broker listens until each is in."""
    kinds = (peers.Agent, bridge.Bridge)
    with contextlib.ExitStack() as stack:
        there = [stack.enter_context(kind(world)) for kind in kinds]
        for turn in range(rounds):
            say(f"the broker restarts, {turn + 1} of {rounds}")
            time.sleep(calm_s)  # so that each connection proves stable
            world.broker.__exit__()
            time.sleep(1)
            world.broker.__enter__()
            began = time.monotonic()
            told = world.broker.told
            for peer in there:
                at, _ = told.wait(f" as {peer.client} ", keep=True)
                found[peer.name].setdefault("recovery_s", []).append(
                    max(0, at - began))
