#!/usr/bin/env python3
"""With nothing to do the agent sleeps.

The real agent, connected to the mock cloud, which answers all it asks, says
nothing more and measures nothing.  The kernel counts how often each of its
threads goes to sleep, as often as it was woken; beside it a program that uses
the same Paho and lets it tick.
"""
import os
import subprocess
import sys
import time

import kit
from kit import expect, main, scenario
from mock import MockCloud
from world import World, factory

BENCH = os.path.join(kit.TOP, "tests/bench")
sys.path.insert(0, BENCH)
sys.dont_write_bytecode = True

import figures  # noqa: E402

IDLE_S = 30
SETTLED_S = 120     # at most: until what follows CONNACK is over
# In IDLE_S: PINGREQ and its answer, and one wake-up that nobody explains.
MOST = {"nameplate": 3, "nameplate_link": 6, "MQTTAsync_send": 3,
        "MQTTAsync_rcv": 5}


def wakes(pid, seconds):
    """{"thread": wake-ups} in so many seconds."""
    before = figures.wake_ups(pid)
    time.sleep(seconds)
    rates = figures.wake_ups_per_second(before, figures.wake_ups(pid), seconds)
    return {name: round(rate * seconds) for name, rate in rates.items()}


def settle(pid):
    """Until a few seconds pass in which hardly a thread was woken."""
    kit.wait_until(lambda: sum(wakes(pid, 3).values()) <= 3, SETTLED_S,
                   "what follows CONNACK is over")


@scenario
def an_idle_agent_wakes_for_its_keep_alive_and_not_much_else():
    with World() as world:
        cloud = MockCloud(world.folder, factory(), jitp_drop_first="no")
        cloud.start()
        world.endings.append(cloud.stop)
        agent = world.agent(port=cloud.port,
                            settings={"telemetry.interval_s": 0})
        agent.wait_for("info session online", 60)
        pid = agent.process.pid
        settle(pid)
        counted = wakes(pid, IDLE_S)
        expect(set(MOST) <= set(counted), f"threads: {counted}")
        expect(all(counted[name] <= most for name, most in MOST.items()),
               f"in {IDLE_S} s: {counted}, at most {MOST}")


@scenario
def a_paho_that_nobody_puts_to_sleep_is_seen_to_tick():
    with World() as world:
        cloud = MockCloud(world.folder, factory(), jitp_drop_first="no")
        cloud.start()
        world.endings.append(cloud.stop)
        device = cloud.device("TICKS")
        program = world.path("paho_openssl")
        kit.run("cc", "-D_DEFAULT_SOURCE", "-o", program,
                os.path.join(BENCH, "paho_openssl.c"), "-lpaho-mqtt3as")
        process = subprocess.Popen(
            [program, str(cloud.port), factory().server_ca, device.certificate,
             device.key, device.thing, "t", "1"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        try:
            expect(process.stdout.readline() == "connected\n", "not connected")
            time.sleep(2)
            counted = wakes(process.pid, 5)
            for name in ("MQTTAsync_send", "MQTTAsync_rcv"):
                expect(counted[name] >= 4, f"in 5 s: {counted}")
        finally:
            process.kill()
            process.wait()


main()
