#!/usr/bin/env python3
"""A metered line: what is counted, who waits, and when it is spent.

A real Mosquitto and the real agent, in a network of their own, where the
machine's own counter of the loopback interface is the judge of the estimate.
"""
import json
import os
import time

from kit import expect, main, read, scenario, wait_until, write
from loneliness import alone
from world import RELEASE, Application, World, faketime_library

ONLINE = "info session online"
QUIET = {"telemetry.interval_s": 0}


def status(agent):
    with Application(agent) as application:
        application.send(op="status")
        return application.receive()


def emit(agent, count, size=20000, cls="event", stream="s"):
    with Application(agent) as application:
        for _ in range(count):
            application.send(op="emit", stream=stream, data="x" * size,
                             **{"class": cls})
        for _ in range(count):
            answer = application.receive()
            expect(answer.get("stored"), str(answer))


def on_loopback():
    """(bytes, packets) that went over loopback, MAC headers and all."""
    with open("/proc/net/dev", encoding="ascii") as f:
        line = next(ln for ln in f if ln.strip().startswith("lo:"))
    return [int(word) for word in line.split(":")[1].split()[:2]]


@scenario
def what_is_counted_is_what_went_over_the_line():
    """TLS, TCP and IP included.  Paho's own loopback connection to the link is
    on the same interface and carries the same bytes without TLS once more: so
    the line's share is at most all, and at least the half of it."""
    with World() as world:
        broker = world.broker("set_tcp_nodelay true\n")
        before, packets = on_loopback()
        agent = world.agent(port=broker.port, settings=QUIET)
        agent.wait_for(ONLINE)
        emit(agent, 30)
        wait_until(lambda: status(agent)["queued"] == 0, 20, "all is sent")
        expect(status(agent)["budget"]["day"]["limit"] == 0, "no limit is set")
        agent.stop()
        kept = json.loads(read(os.path.join(agent.store, "budget")))
        counted = kept["day"]["in"] + kept["day"]["out"]
        after, now = on_loopback()
        seen = after - before - 14 * (now - packets)
        expect(30 * 20000 < counted, f"payloads alone are more: {counted}")
        expect(0.45 * seen <= counted <= 0.65 * seen, f"{counted} of {seen}")
        by_class = kept["classes"]["event"]["day"]
        expect(30 * 20000 < by_class < 30 * 20300, f"class: {by_class}")
        expect(kept["month"]["out"] == kept["day"]["out"], kept)


@scenario
def counts_outlive_a_restart():
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, settings=QUIET)
        agent.wait_for(ONLINE)
        emit(agent, 10)
        wait_until(lambda: status(agent)["queued"] == 0, 20, "all is sent")
        agent.stop()
        agent.start().wait_for(ONLINE, times=2)
        out = status(agent)["budget"]["day"]["out"]
        expect(out > 200000, f"only {out} bytes are remembered")


def fill(world, settings, environment=None, binary=None):
    """An agent that has used more than its telemetry may, but not all."""
    broker = world.broker()
    more = {} if binary is None else {"binary": binary}
    agent = world.agent(port=broker.port, environment=environment, settings={
        **QUIET, "budget.day_mb": 1, "class.event.budget_percent": 100,
        **settings}, **more)
    agent.wait_for(ONLINE)
    emit(agent, 41)
    wait_until(lambda: status(agent)["queued"] == 0, 20, "all is sent")
    used = status(agent)["budget"]["used_percent"]
    expect(80 < used < 95, f"{used} % are used")
    return agent


@scenario
def low_classes_wait_near_the_limit_and_others_do_not():
    with World() as world:
        agent = fill(world, {})
        emit(agent, 3, 100, "telemetry")
        emit(agent, 3, 100, "critical")
        wait_until(lambda: status(agent)["queued"] == 3, 20, "three wait")
        classes = status(agent)["classes"]
        expect(classes["telemetry"]["queued"] == 3, f"who waits: {classes}")
        expect(status(agent)["online"], "it is still online")


@scenario
def without_a_budget_nobody_waits():
    """Twin: the same bytes, no limit."""
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, settings=QUIET)
        agent.wait_for(ONLINE)
        emit(agent, 60)
        emit(agent, 3, 100, "telemetry")
        wait_until(lambda: status(agent)["queued"] == 0, 20, "all is sent")


@scenario
def a_spent_budget_hangs_up_and_says_so():
    with World() as world:
        agent = fill(world, {})
        emit(agent, 12)

        def says_budget():
            s = status(agent)
            return not s["online"] and s.get("why") == "budget" and s
        s = wait_until(says_budget, 90, "offline because of the budget")
        expect("next period begins at" in s["detail"], s)
        expect(0 < s["next_try_s"] <= 86400 + 600, s)
        expect("hanging up" in agent.words(), agent.words()[-2000:])
        agent.stop()
        agent.start()  # a restart is no way around it
        wait_until(says_budget, 20, "offline because of the budget, again")
        expect(agent.words().count(ONLINE) == 1, "it went online again")


@scenario
def with_stay_what_never_waits_still_goes():
    with World() as world:
        agent = fill(world, {"budget.when_spent": "stay",
                             "class.event.budget_percent": 99})
        emit(agent, 12)
        wait_until(lambda: status(agent)["budget"]["used_percent"] == 100, 20,
                   "it is spent")
        emit(agent, 2, 100, "critical")
        wait_until(lambda: status(agent)["classes"]["critical"]["queued"] == 0,
                   20, "critical is sent")
        expect(status(agent)["online"], "it stays")
        emit(agent, 1, 100, "telemetry")
        time.sleep(1)
        expect(status(agent)["classes"]["telemetry"]["queued"] == 1,
               "telemetry waits")


@scenario
def the_next_day_brings_it_back_and_nothing_was_lost():
    with World() as world:
        clock = write(world.path("clock"), "@2027-03-01 12:00:00")
        agent = fill(world, {"budget.spread_s": 0}, binary=RELEASE,
                     environment={
                         "LD_PRELOAD": faketime_library(),
                         "FAKETIME_NO_CACHE": "1",
                         "FAKETIME_TIMESTAMP_FILE": clock,
                         "DONT_FAKE_MONOTONIC": "1"})
        emit(agent, 12)
        wait_until(lambda: status(agent).get("why") == "budget", 90,
                   "offline because of the budget")
        emit(agent, 2, 100, "critical")
        queued = status(agent)["queued"]
        expect(queued >= 2, f"{queued} wait")
        write(clock, "@2027-03-02 00:00:01")
        agent.wait_for(ONLINE, 90, times=2)
        wait_until(lambda: status(agent)["queued"] == 0, 20, "all is sent")


if __name__ == "__main__":
    alone(__file__)
    main()  # one after the other: they share the counter
