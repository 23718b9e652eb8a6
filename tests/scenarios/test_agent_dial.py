#!/usr/bin/env python3
"""The agent finds its broker wherever it is.

Several addresses of one name, an IPv6 that leads nowhere, a name server that
says nothing, several brokers of which some are down, strangers or unwilling:
the agent comes online by the first way that works, in the time that it costs,
and each broker must prove its own name.  All of it plays on a machine of its
own: network namespace, /etc/hosts and resolver are this program's.
"""
import re
import socket
import time

from believer import believed
from authority import Authority
from kit import expect, free_port, main, scenario
from loneliness import alone, black_hole, hosts, name_server, way_out
from packets import Script, connack
from world import World

alone(__file__)
way_out()
hosts("fd00::2 both.test", "127.0.0.1 both.test", "fd00::2 dead.test",
      "127.0.0.1 a.test", "127.0.0.1 b.test", "127.0.0.1 c.test")
black_hole("fd00::2")
name_server("127.0.0.1")

ONLINE = "info session online"


@scenario
def a_dead_ipv6_costs_a_quarter_of_a_second():
    with World() as world:
        root = Authority(world.folder)
        pair = root.leaf("both", names="DNS:both.test")
        server = world.server(Script(), certificate=pair.crt, key=pair.key)
        agent = world.agent(start=False, host="both.test", port=server.port,
                            trust=root.crt)
        began = time.monotonic()
        agent.start().wait_for(ONLINE)
        took = server.visits[0].began - began
        expect(0.25 <= took < 0.9, f"the broker heard of it after {took} s")
        # What worked last goes first: no stagger after a cut.
        server.cut()
        agent.wait_for(ONLINE, times=2)
        gap = re.findall(r"next_try_ms=(\d+)", agent.words())[0]
        expect(agent.words().count("offline why=lost") == 1, agent.words())
        expect(int(gap) < 2000, gap)


@scenario
def a_name_that_leads_nowhere_ends_in_time():
    """The twin: there is no other address."""
    with World() as world:
        agent = world.agent(host="dead.test", port=8883,
                            settings={"cloud.connect_timeout_s": 1})
        began = time.monotonic()
        agent.wait_for('offline why=tcp detail="dead.test port 8883: no answer'
                       " in time", 5)
        expect(time.monotonic() - began < 2.5, "it took too long")


@scenario
def a_silent_name_server_stops_neither_the_loop_nor_the_end():
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 53))
    with World() as world:
        agent = world.agent(host="far.test",
                            settings={"cloud.connect_timeout_s": 1})
        agent.wait_for('offline why=dns detail="far.test: no name server'
                       " answered in time", 5)
        agent.wait_for("state from=waiting to=connecting", 10, times=2)
        time.sleep(0.2)  # in the middle of the second look-up
        began = time.monotonic()
        agent.stop()
        expect(time.monotonic() - began < 0.8, "it waited for the name server")
    silent.close()


@scenario
def the_brokers_are_tried_in_turn_each_under_its_own_name():
    with World() as world:
        root = Authority(world.folder)
        def serve(name, script=None):
            pair = root.leaf(name, names=f"DNS:{name}")
            return world.server(script or Script(), certificate=pair.crt,
                                key=pair.key)
        closed = free_port()
        stranger, good = serve("other.test"), serve("c.test")
        agent = world.agent(
            host=f"a.test:{closed}, b.test:{stranger.port},c.test:{good.port}",
            trust=root.crt)
        agent.wait_for(ONLINE)
        expect(f"no way to broker=a.test:{closed} why=tcp" in agent.words() and
               f"no way to broker=b.test:{stranger.port} why=certificate"
               ' detail="wrong_name' in agent.words(), agent.words())
        expect(stranger.received() == b"", "a stranger was told something")
        # The last good one is remembered ...
        good.cut()
        agent.wait_for(ONLINE, times=2)
        expect(len(stranger.visits) == 1, "it began at the front again")
        # ... until it is gone; then the turn goes round.
        back = world.server(Script(), certificate=root.leaf(
            "a", names="DNS:a.test").crt, key=world.path("a.key"), port=closed)
        good.close()
        agent.wait_for(ONLINE, times=3)
        believed(back, agent)


@scenario
def a_broker_that_will_not_have_us_in_sends_us_to_the_next():
    """MQTT's refusal counts too, though TLS stood."""
    with World() as world:
        root = Authority(world.folder)
        refusal = Script(lambda connect, number: connack(connect, code=0x87))
        pair = root.leaf("a", names="DNS:a.test,DNS:b.test")
        servers = [world.server(script, certificate=pair.crt, key=pair.key)
                   for script in (refusal, Script())]
        agent = world.agent(host=f"a.test:{servers[0].port},"
                            f"b.test:{servers[1].port}", trust=root.crt)
        agent.wait_for(ONLINE)
        expect(len(servers[0].visits) == 1 and len(servers[1].visits) == 1,
               "not one visit each")


@scenario
def when_no_broker_is_there_the_log_has_each_of_them():
    with World() as world:
        ports = free_port(), free_port()
        agent = world.agent(host=f"a.test:{ports[0]},b.test:{ports[1]}")
        agent.wait_for('offline why=tcp detail="b.test:'
                       f"{ports[1]}, the last of 2 brokers: b.test port"
                       f" {ports[1]}: Connection refused")
        expect(f"no way to broker=a.test:{ports[0]} why=tcp" in agent.words(),
               agent.words())


if __name__ == "__main__":
    main(at_once=2)
