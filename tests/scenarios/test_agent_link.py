#!/usr/bin/env python3
"""A dead link is noticed, and a live network is used at once.

A device, a router and a broker in network namespaces of their own: the cable is
pulled, the address taken away, the router swallows everything without a word,
the broker stands still, the device sleeps; idle and while an application
publishes.  Each time the agent's own status must say so within the bound that
docs/network.md promises, it must be back soon after the network is, and nothing
may be missing at the broker.  The twins are the same agent without its watch.
"""
import json
import os
import signal
import socket
import threading
import time

from kit import expect, free_port, main, read, scenario, wait_until
from loneliness import alone, hosts
from packets import Script, publish
from wires import BROKER, SLEEPER, UNWATCHED, Talk, Watcher, Wires
from world import World, thing

alone(__file__)
hosts(BROKER + " broker.test")

KEEP_ALIVE_S = 6
DEAD_S = 1.5 * KEEP_ALIVE_S
KNOWN_S = 2     # when the machine knows, and to come back when it knows that
LOADED_S = 1.5  # more, for a machine that does something else, too
PATIENCE_S = 5.5  # of TCP with what it sent: 5 s, and until it looks
UNACKNOWLEDGED = "acknowledged nothing for 5 s"
# Idle, the first depends on whether something was just on its way.
SILENCE = ("nothing came from the broker for", UNACKNOWLEDGED)


def patience():
    """LOADED_S for each that waits for a processor."""
    return LOADED_S * min(4, max(1, os.getloadavg()[0] / os.cpu_count()))


def note(what, took):
    print(f"# {what}: {took:.2f} s", flush=True)


def all_came(wires, numbers):
    wait_until(lambda: set(numbers) <= set(wires.broker.numbers()), 30,
               f"all of {len(numbers)} numbers come")
    came = wires.broker.numbers()
    expect(came == sorted(came), f"out of order: {came}")


def noticed(watcher, why, within):
    limit = within + patience()
    took, status = watcher.until(False, limit)
    expect(took <= limit and status["why"] == why, str(status))
    return took, status["detail"]


# --- the machine knows -------------------------------------------------------

@scenario
def a_pulled_cable_is_noticed_at_once_and_so_is_its_return():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=60)
        watcher, talk = Watcher(agent), Talk(agent)
        wires.pull()
        took, detail = noticed(watcher.begin(), "interface", KNOWN_S)
        note("a pulled cable, publishing", took)
        expect("10.77.1.2" in detail, detail)
        time.sleep(3)  # the waits between tries grow
        wires.plug()
        took, _ = watcher.begin().until(True, KNOWN_S + patience())
        note("back after it is plugged in", took)
        all_came(wires, talk.hush())


@scenario
def a_pulled_cable_is_noticed_by_an_idle_agent():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=60)
        watcher = Watcher(agent)
        wires.pull()
        took, _ = noticed(watcher.begin(), "interface", KNOWN_S)
        note("a pulled cable, idle", took)


@scenario
def a_lost_address_is_noticed_at_once_and_so_is_another():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=60)
        watcher = Watcher(agent)
        for verb in ("add", "del"):  # what it does not use is not missed
            wires.device.run("ip", "addr", verb, "10.99.0.1/24", "dev", "eth0")
            time.sleep(1)
        expect(watcher.status()["connections"] == 1, agent.words())
        wires.take()
        took, detail = noticed(watcher.begin(), "interface", KNOWN_S)
        note("a lost address", took)
        time.sleep(3)
        wires.give("10.77.1.9")
        took, _ = watcher.begin().until(True, KNOWN_S + patience())
        note("back after another address", took)


@scenario
def an_agent_that_starts_without_a_network_says_so_and_waits_for_it():
    with World() as world:
        wires = Wires(world)
        wires.take()
        agent = wires.agent(start=False).start()
        agent.wait_for("offline why=interface")
        expect("no network interface of this machine is up" in agent.words(),
               agent.words())
        wait_until(lambda: [w for w in agent.waits() if w > 3000], 30,
                   "the waits between tries grow")
        watcher = Watcher(agent)
        wires.give()
        took, _ = watcher.begin().until(True, KNOWN_S + patience())
        note("online after the first address", took)


@scenario
def an_interface_that_flaps_does_not_make_it_hammer():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=60)
        watcher = Watcher(agent)
        began = time.monotonic()
        for _ in range(8):
            wires.pull()
            time.sleep(0.7)
            wires.plug()
            time.sleep(0.7)
        took = time.monotonic() - began
        hurried = agent.words().count("why=network")
        expect(hurried <= 1 + took / 10, f"{hurried} hurried tries in {took} s")
        watcher.begin().until(True, 20)


# --- nobody knows ------------------------------------------------------------

@scenario
def a_silent_black_hole_is_noticed_by_an_idle_agent():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=KEEP_ALIVE_S)
        watcher = Watcher(agent)
        wires.swallow()
        took, detail = noticed(watcher.begin(), "lost", DEAD_S)
        note("a black hole, idle, keep-alive 6 s", took)
        expect(any(w in detail for w in SILENCE), detail)


@scenario
def a_silent_black_hole_is_noticed_while_publishing():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=KEEP_ALIVE_S)
        watcher, talk = Watcher(agent), Talk(agent)
        wait_until(lambda: len(wires.broker.numbers()) > 5, 10, "it publishes")
        wires.swallow()
        took, detail = noticed(watcher.begin(), "lost", PATIENCE_S)
        note("a black hole, publishing, keep-alive 6 s", took)
        expect(UNACKNOWLEDGED in detail, detail)
        wires.carry()
        watcher.begin().until(True, 30)
        all_came(wires, talk.hush())


@scenario
def a_broker_that_stands_still_is_noticed_while_publishing():
    """Its kernel goes on acknowledging: only silence tells."""
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=KEEP_ALIVE_S)
        watcher, talk = Watcher(agent), Talk(agent)
        wait_until(lambda: len(wires.broker.numbers()) > 5, 10, "it publishes")
        wires.broker.process.send_signal(signal.SIGSTOP)
        took, detail = noticed(watcher.begin(), "lost", DEAD_S)
        note("a broker that stands still, publishing", took)
        expect("nothing came from the broker" in detail, detail)
        wires.broker.process.send_signal(signal.SIGCONT)
        watcher.begin().until(True, 40)
        all_came(wires, talk.hush())


@scenario
def the_brokers_own_keep_alive_rules():
    """MQTT 5: Mosquitto says 10 s (its least) where the agent wants 600.

    A ping is the proof: who is silent for 15 s is ended before it.  Mosquitto
    2.0.21 ends who has the longest keep-alive also by mistake, when a packet
    is the first that it sees in a new second; so connections do not count.
    """
    with World() as world:
        wires = Wires(world, extra="max_keepalive 10")
        agent = wires.agent(keep_alive_s=600)
        watcher = Watcher(agent)
        wait_until(lambda: f"PINGREQ from {thing()}" in wires.broker.words(),
                   60, "the agent pings before the broker ends it")
        time.sleep(1)  # ended by mistake for that very ping, it has noticed
        watcher.begin().until(True, 30)
        wires.swallow()
        took, _ = noticed(watcher.begin(), "lost", 15)
        note("a black hole, idle, Server Keep Alive 10 s", took)


@scenario
def an_agent_that_slept_is_back_in_seconds():
    """SIGSTOP is a sleep to a process; the broker has given it up."""
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=KEEP_ALIVE_S)
        watcher = Watcher(agent)
        agent.process.send_signal(signal.SIGSTOP)
        time.sleep(DEAD_S + 3)
        agent.process.send_signal(signal.SIGCONT)
        watcher.begin()
        wait_until(lambda: watcher.status()["connections"] == 2 and
                   watcher.status()["online"], KNOWN_S + patience(),
                   "it is back")
        note("back after a sleep", time.monotonic() - watcher.began)


@scenario
def a_link_that_died_in_a_sleep_is_given_up_at_once():
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(keep_alive_s=KEEP_ALIVE_S)
        watcher = Watcher(agent)
        wires.swallow()
        time.sleep(0.5)  # what had come before that is read: it is no silence
        agent.process.send_signal(signal.SIGSTOP)
        time.sleep(DEAD_S + 1)
        agent.process.send_signal(signal.SIGCONT)
        took, _ = noticed(watcher.begin(), "lost", KNOWN_S)
        note("a link that died in a sleep", took)


@scenario
def a_machine_that_slept_asks_the_broker_for_a_sign_of_life():
    """The agent here hears of a sleep when the bell rings (sleeper.c)."""
    with World() as world:
        bell = world.path("bell")
        os.mkfifo(bell)
        ring = os.fdopen(os.open(bell, os.O_RDWR), "w", buffering=1)
        wires = Wires(world)
        agent = wires.agent(binary=SLEEPER, keep_alive_s=60, start=False)
        agent.environment["NAMEPLATE_TEST_BELL"] = bell
        agent.start().wait_for("session online")
        watcher = Watcher(agent)
        print("awake", file=ring)
        wait_until(lambda: "Received PINGREQ" in wires.broker.words(), 5,
                   "the broker is asked")
        time.sleep(1)
        expect(watcher.status()["connections"] == 1, "a good link was ended")
        wires.swallow()
        print("awake", file=ring)
        took, detail = noticed(watcher.begin(), "lost", 5)
        note("a link that died in a sleep shorter than the keep-alive", took)
        expect("did not answer within 5 s after this machine slept" in detail,
               detail)
        ring.close()


@scenario
def a_machine_that_slept_while_it_was_offline_tries_at_once():
    with World() as world:
        bell, port = world.path("bell"), free_port()
        os.mkfifo(bell)
        ring = os.fdopen(os.open(bell, os.O_RDWR), "w", buffering=1)
        agent = world.agent(binary=SLEEPER, port=port,
                            environment={"NAMEPLATE_TEST_BELL": bell})
        wait_until(lambda: [w for w in agent.waits() if w > 4000], 40,
                   "the waits between tries grow")
        watcher = Watcher(agent)
        world.server(Script(), port=port)
        print("awake", file=ring)
        took, _ = watcher.begin().until(True, KNOWN_S + patience())
        note("online after a sleep while offline", took)
        expect("why=network" in agent.words(), agent.words())
        ring.close()


# --- the twins ---------------------------------------------------------------

@scenario
def without_the_watch_none_of_that_is_noticed_in_time():
    """And where the system does not tell, that is said once."""
    with World() as world:
        wires = Wires(world)
        agent = wires.agent(binary=UNWATCHED, keep_alive_s=KEEP_ALIVE_S)
        watcher, talk = Watcher(agent), Talk(agent)
        wires.pull()
        time.sleep(KNOWN_S + 2 * LOADED_S)
        expect(watcher.status()["online"], "the cable was noticed")
        time.sleep(DEAD_S - KNOWN_S)
        expect(watcher.status()["online"], "the silence was noticed")
        took, _ = watcher.begin().until(False, 2.5 * KEEP_ALIVE_S)
        wires.plug()
        watcher.begin().until(True, 30)
        all_came(wires, talk.hush())
        for what in ("changes of the network", "when it slept"):
            expect(agent.words().count("does not tell " + (
                "of " if what[0] == "c" else "") + what) == 1, agent.words())


# --- what is learnt ----------------------------------------------------------

class Forgetful:
    """A NAT: what was silent for so long is swallowed from then on."""

    def __init__(self, port, forgets_s):
        self.target, self.forgets_s = port, forgets_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            state = {"last": time.monotonic()}
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(*pair, state),
                                 daemon=True).start()

    def _carry(self, source, target, state):
        try:
            while data := source.recv(65536):
                now = time.monotonic()
                if now - state["last"] > self.forgets_s:
                    continue  # and `last` stays: it is forgotten for good
                state["last"] = now
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            end.close()


def say_there_is_no_shadow(visit, _number, topic, payload):
    """Else the agent asks again and again, and is not silent."""
    if topic.endswith("/shadow/get"):
        answer = {"code": 404, "message": "none", **json.loads(payload)}
        visit.send(publish(5, topic + "/rejected",
                           json.dumps(answer).encode()))
    return False


@scenario
def a_network_that_forgets_silent_connections_is_pinged_more_often():
    with World() as world:
        cloud = Script(heed=say_there_is_no_shadow)
        server = world.server(cloud)
        nat = Forgetful(server.port, 7.5)
        agent = world.agent(port=nat.port, settings={
            "cloud.keep_alive_s": 9, "cloud.keep_alive_min_s": 5,
            "telemetry.interval_s": 0})
        agent.wait_for("the network forgets silent connections: ping after"
                       " from_s=9 to_s=6", 30)
        watcher = Watcher(agent)
        time.sleep(14)  # it would have died of the second silence
        expect(watcher.status()["connections"] == 2, agent.words())
        agent.stop()
        kept = read(os.path.join(agent.store, "link"))
        expect("silence 6 good 0 bad 9" in kept, kept)


@scenario
def the_last_good_broker_is_the_first_after_a_restart():
    with World() as world:
        server = world.server(Script())
        nobody = free_port()
        agent = world.agent(host=f"localhost:{nobody}, localhost:{server.port}")
        agent.wait_for("session online")
        expect(agent.words().count("no way to broker") == 1, agent.words())
        agent.stop()
        agent.start().wait_for("session online", times=2)
        expect(agent.words().count("no way to broker") == 1, agent.words())
        # The twin: who does not remember begins at the first.
        agent.stop()
        os.unlink(os.path.join(agent.store, "link"))
        agent.start().wait_for("session online", times=3)
        expect(agent.words().count("no way to broker") == 2, agent.words())


if __name__ == "__main__":
    main(at_once=16)
