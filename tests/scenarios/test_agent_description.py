#!/usr/bin/env python3
"""The real agent publishes the maker's Thing Description, retained, at a real
Mosquitto: at first, when it changed, and when the broker has lost it - and
starts not at all with one that is malformed.  Telemetry figures come by
themselves.  A second device listens; this broker has no rules.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import expect, main, read, run, scenario, write  # noqa: E402
from mock import Heard  # noqa: E402
from world import NAMEPLATE, World, device, factory, thing  # noqa: E402

CONFIG = 78
ONLINE = " online thing="
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../examples/thermostat.json")


def listen(broker):
    home = device("S9")
    return Heard(["-h", "localhost", "-p", str(broker.port), "-V", "5",
                  "--cafile", factory().server_ca,
                  "--cert", home + "/device.crt", "--key", home + "/device.key"],
                 ["nameplate/#"])


def describe(world, agent, text):
    return write(os.path.join(agent.home, "td.json"), text)


def agent_with(world, broker, text, **options):
    agent = world.agent(port=broker.port, start=False,
                        settings={"device.description": "td.json"}, **options)
    describe(world, agent, text)
    return agent


@scenario
def the_makers_description_is_retained_with_who_the_device_is():
    with World() as world:
        broker = world.broker()
        agent = agent_with(world, broker, read(EXAMPLE)).start()
        with listen(broker) as heard:
            heard.wait("/td")
        agent.stop()
        with listen(broker) as heard:
            td = heard.payload("/td")
            expect(f"nameplate/{thing()}/td" in heard.retained, "not retained")
        expect(td["id"] == "urn:nameplate:" + thing(), td["id"])
        expect(td["security"] == "nosec", td)
        expect(td["@context"][0] == "https://www.w3.org/2022/wot/td/v1.1", td)
        for name, value in json.loads(read(EXAMPLE)).items():
            expect(td[name] == value, f"{name} changed on its way")


@scenario
def it_is_sent_again_only_when_it_changed_or_the_broker_lost_it():
    """Mosquitto without persistence forgets everything in a restart."""
    with World() as world:
        broker = world.broker()
        agent = agent_with(world, broker, '{"title": "One"}').start()
        with listen(broker) as heard:
            expect(heard.payload("/td")["title"] == "One", "not One")
            agent.stop()
            agent.start().wait_for(ONLINE, times=2)
            heard.nothing("/td", 2)
            agent.stop()
            describe(world, agent, '{"title": "Two"}')
            agent.start()
            expect(heard.payload("/td")["title"] == "Two", "not Two")
        broker.restart()
        agent.wait_for(ONLINE, times=4)
        with listen(broker) as heard:
            expect(heard.payload("/td")["title"] == "Two", "not Two again")


@scenario
def an_agent_with_a_malformed_description_says_where_and_starts_not():
    with World() as world:
        broker = world.broker()
        for text, words in (
                ('{"title": "x",\n "properties": {]}', "td.json:2: "),
                ('{"title": "x", "properties": {"t": {"minimum": "low"}}}',
                 "td.json: /properties/t/minimum: expected a number"),
                ('{"title": "x", "id": "urn:mine"}',
                 "td.json: /id: expected nothing: the agent adds it")):
            agent = agent_with(world, broker, text)
            done = run(NAMEPLATE, "run", "-c", agent.config, status=CONFIG)
            expect(words in done.stderr, done.stderr)
        expect("New client connected" not in broker.words(), "it connected")


@scenario
def machine_figures_come_soon_and_grow_in_sequence():
    with World() as world:
        broker = world.broker()
        with listen(broker) as heard:
            agent = world.agent(port=broker.port, settings={
                "telemetry.interval_s": "1"})
            first = heard.payload("/telemetry", 10)
            second = heard.payload("/telemetry", 10)
            agent.wait_for(ONLINE)
        for figures in (first, second):
            for name in ("ts", "seq", "cpu_percent", "memory_percent",
                         "memory_used_bytes", "disk_percent",
                         "disk_free_bytes", "uptime_s", "agent_rss_bytes",
                         "outbox_messages"):
                expect(isinstance(figures.get(name), (int, float)),
                       f"no {name} in {figures}")
        expect(second["seq"] > first["seq"], "seq does not grow")
        expect(second["ts"] > first["ts"], "ts does not grow")


if __name__ == "__main__":
    main(at_once=4)
