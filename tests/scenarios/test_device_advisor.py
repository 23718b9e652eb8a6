#!/usr/bin/env python3
"""What AWS IoT Device Advisor asks of a device before it is let into the catalog,
asked of the agent by a broker that is played by hand.

The names are those of Device Advisor's test cases.  TLS versions, cipher suites
and wrong certificates are in test_agent_start, test_lab and its neighbours.
"""
import json
import time

from kit import expect, main, run, scenario, wait_until
from packets import PINGRESP, PUBACK, SUBACK, connack, goodbye
from scripted_broker import ScriptedBroker, expect_between, to_device
from world import NAMEPLATE, Application, World, device, factory, thing

ONLINE = "info session online"
NO_FIGURES = {"telemetry.interval_s": 0}
VERSIONS = ("5", "3.1.1")


def state(agent):
    """What the agent says of itself."""
    with Application(agent) as application:
        application.send(op="status", id=1)
        return application.receive()


def wish(agent, state):
    """An application that watches is told of this wish."""
    with Application(agent) as application:
        application.send(op="watch", id=1)
        while (said := application.receive()) is not None:
            if said.get("state") == state:
                return True
    return False


def gaps(server):
    """Milliseconds from each visit's beginning to the next one's."""
    began = [visit.began for visit in server.visits]
    return [(b - a) * 1000 for a, b in zip(began, began[1:])]


@scenario
def mqtt_connect_a_device_connects_with_its_name_and_keeps_its_session():
    with World() as world:
        play = ScriptedBroker()
        agent = world.agent(port=world.server(play).port).wait_for(ONLINE)
        connect = play.connects[0]
        expect(connect.client_id == agent.thing, connect.client_id)
        expect(not connect.clean and connect.keep_alive == 60, vars(connect))


@scenario
def mqtt_connect_without_a_connack_it_gives_up_says_so_and_tries_again():
    with World() as world:
        play = ScriptedBroker(greet=lambda connect, number:
                              connack(connect) if number else b"")
        server = world.server(play)
        agent = world.agent(port=server.port)
        agent.wait_for("offline why=no_connack", 25)
        agent.wait_for(ONLINE, 25)
        expect_between(gaps(server)[0], 10000, 25000, "it waited for")


@scenario
def connection_exponential_and_jittered_backoff_over_several_refusals():
    """Measured at the broker: no wait is longer than its turn allows, waits
    grow, and no two devices wait alike."""
    tries = 5
    with World() as world:
        plays = [ScriptedBroker(greet=lambda c, _n: connack(c, code=0x80))
                 for _ in range(6)]
        servers = [world.server(play) for play in plays]
        agents = [world.agent(port=server.port, settings=NO_FIGURES)
                  for server in servers]
        for play in plays:
            play.wait_for_connects(tries, 60)
        waits = [agent.waits()[:tries - 1] for agent in agents]
        for turns, server in zip(waits, servers):
            for turn, (wait, gap) in enumerate(zip(turns, gaps(server))):
                expect_between(wait, 0, 1000 * 2 ** turn, f"wait {turn}")
                expect(gap >= wait, f"it came after {gap} ms, said {wait}")
        last = [turns[-1] for turns in waits]
        expect(max(last) > 1000, f"no wait grows: {waits}")
        # One wait of two may be the same by chance, not all of them.
        alike = len(waits) - len({tuple(turns) for turns in waits})
        expect(not alike, f"no jitter: {waits}")


@scenario
def connection_right_after_a_disconnect_by_the_broker_it_comes_again():
    with World() as world:
        play = ScriptedBroker(after=lambda visit, number:
                              number == 0 and not visit.send(goodbye(0x8b)))
        agent = world.agent(port=world.server(play).port)
        agent.wait_for("offline why=kicked").wait_for(ONLINE)
        expect(len(play.connects) == 2, play.connects)


@scenario
def connection_on_an_unstable_link_nothing_accepted_is_lost():
    """The broker cuts each connection at its third message; what was said to
    be stored arrives, however long that takes."""
    with World() as world:
        counts = {}

        def cut(_visit, number, topic, _payload):
            counts[number] = counts.get(number, 0) + ("stream" in topic)
            return number < 4 and counts[number] == 3
        play = ScriptedBroker(heed=cut)
        agent = world.agent(port=world.server(play).port, settings=NO_FIGURES)
        with Application(agent) as application:
            stored = application.emit("s", range(20))
        expect(len(stored) == 20, str(stored))
        play.wait_for_connects(5, 40)
        arrived = lambda: {json.loads(p.payload)["data"]
                           for p in play.all_publishes() if "stream" in p.topic}
        wait_until(lambda: arrived() == set(range(20)), 30, "all of them")


@scenario
def connection_to_a_broker_that_restarts_is_back_within_two_seconds():
    """One that had stood long enough: its next three waits are short ones."""
    with World() as world:
        broker = world.broker("persistence true\n"
                              f"persistence_location {world.folder}/\n")
        agent = world.agent(port=broker.port, settings=NO_FIGURES)
        agent.wait_for(ONLINE).wait_for("session stable", 60)
        broker.restart()
        began = time.monotonic()
        agent.wait_for(ONLINE, times=2)
        took = time.monotonic() - began
        expect(max(agent.waits()[:3]) <= 1000, str(agent.waits()))
        expect(took < 2 + 2, f"it was back after {took:.1f} s")  # a busy machine


@scenario
def mqtt_subscribe_without_a_suback_it_ends_the_connection_and_says_why():
    with World() as world:
        play = ScriptedBroker(mute=lambda number: {SUBACK} if number < 1 else ())
        agent = world.agent(port=world.server(play).port)
        agent.wait_for("offline why=no_suback", 25).wait_for(ONLINE, 25)
        expect(play.filters[1] == play.filters[0] != [], play.filters)
        expect(state(agent)["no_suback"] == 1, state(agent))
        said = run(NAMEPLATE, "status", "-s", agent.socket).stdout
        expect("ended because no SUBACK came: 1, no PUBACK: 0" in said, said)


@scenario
def mqtt_publish_without_a_puback_the_connection_is_made_anew():
    """Everything else is answered, pings too: only the window does not move.
    With either version of MQTT."""
    with World() as world:
        plays = [ScriptedBroker(mute=lambda number: {PUBACK} if number < 1
                                else ()) for _ in VERSIONS]
        agents = [world.agent(port=world.server(play).port, settings={
            "cloud.puback_timeout_s": 3, "cloud.keep_alive_s": 5,
            "cloud.protocol": version, **NO_FIGURES})
            for play, version in zip(plays, VERSIONS)]
        for agent in agents:  # the first that waits is the status
            with Application(agent) as application:
                application.emit("s", [1])
        for agent, play in zip(agents, plays):
            first = play.wait_for_publish("stream/s", 0)
            status = play.wait_for_publish("/status", 0)
            agent.wait_for("offline why=no_puback", 15)
            expect_between(time.monotonic() - status.came, 3, 9, "noticed after")
            again = play.wait_for_publish("stream/s", 1)
            expect(again.payload == first.payload, "another message")
            expect(again.properties == first.properties, "another number")
            expect(state(agent)["no_puback"] == 1, state(agent))


@scenario
def mqtt_publish_whose_puback_is_late_but_comes_is_no_reason_to_leave():
    """The twin: the oldest message changes, so there is progress."""
    with World() as world:
        def late(_visit, _number, topic, _payload):
            time.sleep(1 if "stream" in topic else 0)
        play = ScriptedBroker(heed=late)
        agent = world.agent(port=world.server(play).port, settings={
            "cloud.puback_timeout_s": 3, **NO_FIGURES})
        with Application(agent) as application:
            application.emit("s", range(7))
        wait_until(lambda: sum("stream" in p.topic for p in
                               play.all_publishes()) == 7, 30, "all")
        wait_until(lambda: state(agent)["queued"] == 0, 20, "the last PUBACK")
        expect(len(play.connects) == 1, agent.words())


@scenario
def mqtt_keep_alive_without_a_pingresp_the_connection_is_made_anew():
    with World() as world:
        play = ScriptedBroker(
            mute=lambda number: {PINGRESP} if number == 0 else ())
        agent = world.agent(port=world.server(play).port, settings={
            "cloud.keep_alive_s": 5, **NO_FIGURES})
        agent.wait_for(ONLINE).wait_for("offline why=", 45)
        expect(play.pings >= 1, "it never pinged")
        agent.wait_for(ONLINE, times=2)


@scenario
def mqtt_persistent_session_what_came_while_it_was_away_is_delivered():
    """The broker kept the session: no SUBSCRIBE, and the wish that was published
    meanwhile reaches the application, acknowledged once."""
    with World() as world:
        def resume(visit, number):
            if number == 1:
                visit.send(to_device(
                    5, f"$aws/things/{agent.thing}/shadow/update/delta",
                    b'{"version":7,"state":{"led":"green"}}', 11))
        play = ScriptedBroker(
            greet=lambda connect, number: connack(connect, present=number > 0),
            after=resume)
        agent = world.agent(start=False, port=world.server(play).port)
        agent.start().wait_for(ONLINE)
        agent.stop()
        agent.start().wait_for("session=kept")
        expect(wish(agent, {"led": "green"}), "the wish did not come")
        wait_until(lambda: play.acknowledged == [11], 5, "its PUBACK")
        expect(play.filters[1] == [], f"it asked again: {play.filters[1]}")


@scenario
def mqtt_persistent_session_of_a_real_broker_keeps_what_comes_meanwhile():
    """Mosquitto keeps a QoS 1 message for a device that is stopped, and for
    one that was killed."""
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, settings=NO_FIGURES)
        agent.wait_for(ONLINE)
        home = device("SENDER")
        for version, leave in ((1, agent.stop), (2, agent.kill)):
            leave()
            run("mosquitto_pub", "-h", "localhost", "-p", broker.port,
                "--cafile", factory().server_ca, "--cert", home + "/device.crt",
                "--key", home + "/device.key", "-q", "1", "-t",
                f"$aws/things/{agent.thing}/shadow/update/delta", "-m",
                json.dumps({"version": version, "state": {"level": version}}))
            agent.start().wait_for("session=kept", times=version)
            expect(wish(agent, {"level": version}), "the wish did not come")


@scenario
def mqtt_persistent_session_that_expired_is_subscribed_and_asked_for_anew():
    with World() as world:
        play = ScriptedBroker()  # session present: never
        agent = world.agent(port=world.server(play).port).wait_for(ONLINE)
        play.wait_for_publish("shadow/get", 0)
        agent.stop()
        agent.start().wait_for("session=new", times=2)
        play.wait_for_publish("shadow/get", 1)
        expect(play.filters[1] == play.filters[0] != [], play.filters)


@scenario
def mqtt_publish_to_the_device_of_any_size_is_acknowledged():
    """128 KB is the largest that AWS IoT carries; nothing is the smallest.  With
    either version of MQTT."""
    def send(visit, number):
        for mark, size in ((1, 0), (2, 1), (3, 128 * 1024)):
            visit.send(to_device(play.connects[number].version,
                                 f"$aws/things/{thing()}/shadow/update/delta",
                                 b"x" * size, mark))
    with World() as world:
        for version in VERSIONS:
            play = ScriptedBroker(after=send)
            agent = world.agent(port=world.server(play).port,
                                settings={"cloud.protocol": version})
            agent.wait_for(ONLINE)
            wait_until(lambda p=play: p.acknowledged == [1, 2, 3], 10, "PUBACKs")
            expect(len(play.connects) == 1, agent.words())


if __name__ == "__main__":
    main(at_once=6)
