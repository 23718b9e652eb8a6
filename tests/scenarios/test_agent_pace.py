#!/usr/bin/env python3
"""A backlog leaves no faster than the broker takes it.

The mock cloud, the real plugin in a real Mosquitto, ends a connection with more
than 100 messages a second as AWS IoT throttles it.  A thousand messages were
stored while there was no broker.
"""
import time

from kit import Failed, expect, main, scenario, wait_until
from mock import MockCloud
from scripted_broker import ScriptedBroker
from world import Application, World, factory

ONLINE = "info session online"
BACKLOG = 1000


def emit_all(agent, count):
    """Many at once, each answered after it is stored."""
    with Application(agent) as application:
        for number in range(count):
            application.send(op="emit", stream="s", data=number, id=number)
        for _ in range(count):
            answer = application.receive()
            expect(answer and answer.get("stored"), str(answer))


def queued(agent):
    with Application(agent) as application:
        application.send(op="status", id=1)
        return application.receive()["queued"]


def drain(world, **settings):
    """A thousand messages before there is a cloud, then the cloud: the reasons
    for which it closed the connection, and how long it took."""
    cloud = MockCloud(world.folder, factory(), jitp_drop_first="no",
                      rates="yes")
    agent = world.agent(port=cloud.port, settings={
        "telemetry.interval_s": 0, "store.commits_per_s": 1000, **settings})
    emit_all(agent, BACKLOG)
    cloud.start()
    world.endings.append(cloud.stop)
    reasons = []
    with cloud.watch("$aws/events/presence/disconnected/#") as heard:
        def is_over():
            try:
                reasons.append(heard.payload("/", 0.2)["disconnectReason"])
            except Failed:
                return queued(agent) == 0
            return True
        agent.wait_for(ONLINE, 60)
        began = time.monotonic()
        wait_until(is_over, 60, "the backlog goes or it is closed")
        return reasons, time.monotonic() - began


@scenario
def a_backlog_of_a_thousand_drains_at_the_pace_without_being_throttled():
    with World() as world:
        reasons, took = drain(world, **{"cloud.publishes_per_s": 90})
        expect(not reasons, f"the cloud closed it: {reasons}")
        expect(took >= BACKLOG / 90 - 2, f"{took:.1f} s: it was not paced")


@scenario
def twin_without_a_pace_the_cloud_closes_it_as_throttled():
    with World() as world:
        reasons, _ = drain(world, **{"cloud.publishes_per_s": 1000000})
        expect("THROTTLED" in reasons, str(reasons))


@scenario
def kilobytes_are_paced_too():
    """30 messages of 10 KB at 50 KB a second: the broker, which would take more,
    sees no second with more than that, a bucket and a message."""
    with World() as world:
        play = ScriptedBroker()
        agent = world.agent(port=world.server(play).port, settings={
            "telemetry.interval_s": 0, "cloud.kbytes_per_s": 50})
        agent.wait_for(ONLINE)
        with Application(agent) as application:
            for number in range(30):
                application.send(op="emit", stream="s", data="x" * 10000,
                                 id=number)
        wait_until(lambda: len(play.all_publishes()) > 30, 30, "all")
        came = [(p.came, len(p.payload)) for p in play.all_publishes()]
        for at, _ in came:
            bytes_ = sum(n for when, n in came if at <= when < at + 1)
            expect(bytes_ < 80000, f"{bytes_} bytes in a second")
        expect(came[-1][0] - came[0][0] > 4, "it was not paced")


if __name__ == "__main__":
    main(at_once=3)
