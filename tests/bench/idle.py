"""What each costs while there is nothing to do: memory, processor, wake-ups; of
the agent also the bytes.  It alone asks its cloud for something (its shadow),
so it is connected to the mock cloud, which answers; Mosquitto alone would not,
and it would ask again and again."""
import contextlib
import os
import time

import figures
import journey
import kit
import peers
from mock import MockCloud

SETTLED_S = 20  # what follows CONNACK is over then
PLUGIN = os.path.join(os.path.dirname(kit.BIN), "lib/nameplate_broker.so")
DAY_S = 24 * 60 * 60


class Answered(peers.Agent):
    """The agent at the mock cloud, with telemetry off."""

    def __init__(self, world, cloud):
        super().__init__(world, telemetry=False, port=cloud.port)

    def let_in(self):
        """The mock cloud's log says it in other words; `online` is enough."""


@contextlib.contextmanager
def mock_cloud(world):
    cloud = MockCloud(world.folder, world.factory, jitp_drop_first="no",
                      plugin=PLUGIN)
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()


def _bytes(agent):
    with journey.Application(agent.socket) as application:
        now = application.ask({"op": "status"})
    return now["bytes_in"] + now["bytes_out"]


def measure(world, say, seconds, kinds, found):
    """All at the same time: they do nothing, so they do not disturb."""
    say(f"idle for {seconds} s")
    with contextlib.ExitStack() as stack:
        cloud = stack.enter_context(mock_cloud(world))
        agent = stack.enter_context(Answered(world, cloud))
        idle = [agent] + [stack.enter_context(kind(world)) for kind in kinds
                          if kind is not peers.Agent]
        time.sleep(min(SETTLED_S, seconds))
        carried = _bytes(agent)
        time.sleep(min(2, seconds))  # being asked woke it up
        before = [figures.wake_ups(p.pid) for p in idle]
        spent = {p.name: figures.cpu_seconds(p.pid) for p in idle}
        began = time.monotonic()
        time.sleep(seconds)
        for peer, counts in zip(idle, before):
            after = figures.wake_ups(peer.pid)
            passed = time.monotonic() - began
            rates = figures.wake_ups_per_second(counts, after, passed)
            cpu = (figures.cpu_seconds(peer.pid) - spent[peer.name]) / passed
            found[peer.name].update(
                figures.memory_kib(peer.pid), idle_cpu=cpu * 100,
                threads=len(after), wake_ups=rates)
        found[agent.name]["idle_day_bytes"] = \
            (_bytes(agent) - carried) * DAY_S / (time.monotonic() - began)
