"""Agents that meet a server, and whether they believed it: the server, not the
agent, says what arrived.

    with believing() as (world, root):
        refused(*meet(world, root.leaf("x", names="DNS:y"), root.crt), "...")
"""
import contextlib

from authority import Authority
from kit import expect, wait_until
from world import World

CONNECT = 0x10  # the first byte of MQTT (MQTT 5, section 2.1)


def meet(world, pair, trust, host="localhost", **options):
    """An agent that dials a server with this certificate."""
    server = world.server(certificate=pair.crt, key=pair.key, **options)
    agent = world.agent(port=server.port, host=host, trust=trust)
    return server, agent


def refused(server, agent, reason):
    agent.wait_for(f"offline why={reason}")
    wait_until(lambda: server.visits and all(v.over for v in server.visits), 10,
               "the server's side is over")
    expect(server.received() == b"",
           f"{reason}: the server got {server.received()[:40]}")
    expect(" up host=" not in agent.words(), agent.words())


def believed(server, agent):
    wait_until(lambda: server.received(), 20,
               f"bytes of MQTT arrive\n{agent.words()}")
    expect(server.received()[0] == CONNECT, str(server.received()[:40]))


@contextlib.contextmanager
def believing():
    """A world and a root CA that its agents trust."""
    with World() as world:
        yield world, Authority(world.folder)
