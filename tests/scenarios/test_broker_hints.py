#!/usr/bin/env python3
"""What a broker of MQTT 5 allows and advises is kept to: its limits, when to come
again, and where else to go - the last only to whom the agent's trust believes.

The brokers are played by hand over real TLS.
"""
from authority import Authority
from kit import expect, main, scenario, wait_until
from scripted_broker import (ScriptedBroker, expect_between, farewell, greeting)
from world import Application, World

ONLINE = "info session online"
NO_FIGURES = {"telemetry.interval_s": 0}
BUSY = (0x88, 0x89, 0x97, 0x9f)


def away(code, **values):
    """Refuses with these words."""
    return ScriptedBroker(greet=lambda _c, _n: greeting(code, **values))


def kicks(code, **values):
    """Lets in, and then says DISCONNECT."""
    def after(visit, _number):
        visit.send(farewell(code, **values))
        return True
    return ScriptedBroker(after=after)


# --- later --------------------------------------------------------------------

@scenario
def a_broker_that_is_busy_or_short_of_quota_is_given_time():
    with World() as world:
        plays = [away(code) for code in BUSY] + [kicks(c) for c in BUSY[1:]]
        agents = [world.agent(port=world.server(play).port) for play in plays]
        for agent in agents:
            agent.wait_for("offline why=busy").wait_for("next_try_ms=")
            expect_between(agent.waits()[0], 30000, 60000, "it waits")


@scenario
def the_seconds_that_a_broker_names_are_kept_to():
    """Both packets; the twin names none, or one that is no number."""
    with World() as world:
        def after(text):
            return {"user": [("x", "y"), ("retry-after", text)]}
        plays = [away(0x89, **after("600")), kicks(0x89, **after("600")),
                 away(0x89, **after("99999999")), away(0x89, **after("-600")),
                 away(0x80, **after("100")), away(0x80)]
        wanted = [(600000, 720000), (600000, 720000), (3600000, 3720000),
                  (30000, 60000), (100000, 200000), (0, 1000)]
        agents = [world.agent(port=world.server(play).port) for play in plays]
        for agent, (least, most) in zip(agents, wanted):
            agent.wait_for("next_try_ms=")
            expect_between(agent.waits()[0], least, most, "it waits")


# --- elsewhere ----------------------------------------------------------------

@scenario
def it_goes_where_the_broker_sends_it_and_proves_it_like_any_other():
    """By CONNACK and by DISCONNECT, with a port and with the same port."""
    with World() as world:
        for make in (away, kicks):
            for code in (0x9c, 0x9d):
                there = ScriptedBroker()
                server = world.server(there)
                here = make(code, reference=f"localhost:{server.port}")
                agent = world.agent(port=world.server(here).port)
                there.wait_for_connects(1)
                agent.wait_for("why=redirect detail=\"the broker sends this "
                               f"device to localhost:{server.port}")
                expect(len(here.connects) == 1, agent.words())
                expect(there.connects[0].client_id == agent.thing, "its name")


@scenario
def it_goes_to_nobody_whom_it_does_not_believe():
    """Another name in the certificate, and another authority: no byte of MQTT;
    then it tries the configured broker again."""
    with World() as world:
        stranger = Authority(world.path("")).leaf("s", names="DNS:localhost")
        strangers = ScriptedBroker()
        strange = world.server(strangers, certificate=stranger.crt,
                               key=stranger.key)
        misnamed = world.server(ScriptedBroker(), address="127.0.0.9")
        for target in (f"localhost:{strange.port}", f"127.0.0.9:{misnamed.port}"):
            here = ScriptedBroker(greet=lambda _c, n, t=target: greeting(
                0x9d, reference=t) if n == 0 else greeting())
            agent = world.agent(port=world.server(here).port)
            agent.wait_for("why=redirect").wait_for(ONLINE)
            expect(len(here.connects) == 2, agent.words())
            expect("offline why=certificate" in agent.words(), agent.words())
        expect(strange.visits and not strange.received(), "MQTT to a stranger")
        expect(misnamed.visits and not misnamed.received(),
               "MQTT under another name")


@scenario
def what_is_no_place_is_not_gone_to():
    with World() as world:
        for reference in ("mqtts://b.example", "b:99999", "", "a b\nforged=1"):
            words = "is not HOST[:PORT]" if reference else "names no other"
            here = ScriptedBroker(greet=lambda _c, n, r=reference: greeting(
                0x9c, reference=r) if n == 0 else greeting())
            agent = world.agent(port=world.server(here).port)
            agent.wait_for(words).wait_for(ONLINE)
            expect("\nforged" not in agent.words(), "a line of the broker's")


@scenario
def moved_is_remembered_and_another_serves_once():
    """After a cut: to the new one when it moved, home when it was for once;
    home also when the new one is gone."""
    with World() as world:
        for code, there_again in ((0x9d, True), (0x9c, False)):
            there = ScriptedBroker()
            server = world.server(there)
            place = f"localhost:{server.port}"
            here = ScriptedBroker(greet=lambda _c, n, c=code, p=place: greeting(
                c, reference=p) if n == 0 else greeting())
            agent = world.agent(port=world.server(here).port).wait_for(ONLINE)
            server.cut()
            agent.wait_for(ONLINE, times=2)
            expect((len(there.connects) == 2) == there_again and
                   (len(here.connects) == 1) == there_again, agent.words())
            if there_again:
                server.close()
                agent.wait_for(ONLINE, times=3)
                expect(len(here.connects) == 2, "home again")


@scenario
def a_circle_of_redirects_ends_with_a_reason_and_a_long_wait():
    with World() as world:
        ports = []
        plays = [ScriptedBroker(greet=lambda _c, _n, o=other: greeting(
            0x9c, reference=f"localhost:{ports[o]}")) for other in (1, 0)]
        ports += [world.server(play).port for play in plays]
        agent = world.agent(port=ports[0])
        agent.wait_for("sent this device on 4 times in a row", 40)
        agent.wait_for("next_try_ms=", times=4)
        expect(len(plays[0].connects) + len(plays[1].connects) == 4, "too many")
        expect_between(agent.waits()[3], 30000, 60000, "then it waits")


# --- limits -------------------------------------------------------------------

@scenario
def no_more_is_in_flight_than_the_broker_receives():
    """Receive Maximum; the twin is the default, where there is more, but before
    the first PUBACK not much."""
    with World() as world:
        for limit in (3, None):
            values = {"receive_maximum": limit} if limit else {}
            play = ScriptedBroker(greet=lambda _c, _n, v=values: greeting(**v),
                                  mute={4})  # no PUBACK: all stays in flight
            agent = world.agent(port=world.server(play).port,
                                settings=NO_FIGURES).wait_for(ONLINE)
            with Application(agent) as application:
                application.emit("s", range(8))
            wait_until(lambda p=play, n=limit or 4: len(p.all_publishes()) >= n,
                       10, "what fits")
            count = len(play.all_publishes())
            expect(count == (limit or 4), f"{limit}: {count}")


@scenario
def what_is_larger_than_the_broker_takes_is_counted_and_not_sent():
    """Maximum Packet Size; what is behind it goes on."""
    with World() as world:
        limit = 400
        play = ScriptedBroker(
            greet=lambda _c, _n: greeting(maximum_packet_size=limit))
        agent = world.agent(port=world.server(play).port, settings=NO_FIGURES)
        with Application(agent) as application:
            for data in ("x" * 1000, "small"):
                application.send(op="emit", stream="s", data=data, id=1)
                expect(application.receive()["stored"], "stored")
            play.wait_for_publish("stream/s")
            application.send(op="status", id=2)
            said = application.receive()
        expect(all(p.size <= limit for p in play.all_publishes()),
               [p.size for p in play.all_publishes()])
        expect(said["classes"]["event"]["dropped"]["refused"] == 1, str(said))
        agent.wait_for("a message is larger than the broker takes")


@scenario
def a_broker_that_keeps_nothing_gets_nothing_to_keep():
    """Retain Available: by CONNACK, and by a refusal of the retained will."""
    with World() as world:
        plays = [ScriptedBroker(greet=lambda _c, _n: greeting(
            retain_available=0)), ScriptedBroker(greet=lambda c, _n: greeting(
                0x9a if c.will_retain else 0, retain_available=0))]
        for play in plays:
            agent = world.agent(port=world.server(play).port).wait_for(ONLINE)
            play.wait_for_publish("/status")
            expect(all(not p.retain for p in play.all_publishes()), "retained")
        expect([c.will_retain for c in plays[1].connects] == [True, False],
               "the will")
        usual = ScriptedBroker()
        world.agent(port=world.server(usual).port)
        expect(usual.wait_for_publish("/status").retain, "the twin")


@scenario
def a_broker_without_qos_1_gets_nothing():
    """Nothing it gets is confirmed, so anything could be lost."""
    with World() as world:
        plays = [ScriptedBroker(greet=lambda _c, _n: greeting(maximum_qos=0)),
                 away(0x9b)]
        for play in plays:
            agent = world.agent(port=world.server(play).port)
            agent.wait_for("the broker takes QoS 0 only")
            expect(not play.all_publishes() and ONLINE not in agent.words(),
                   agent.words())
        fine = ScriptedBroker(greet=lambda _c, _n: greeting(maximum_qos=1))
        world.agent(port=world.server(fine).port).wait_for(ONLINE)


@scenario
def topics_are_written_out_whatever_aliases_a_broker_takes():
    with World() as world:
        play = ScriptedBroker(greet=lambda _c, _n: greeting(
            topic_alias_maximum=10))
        agent = world.agent(port=world.server(play).port, settings=NO_FIGURES)
        with Application(agent) as application:
            application.emit("s", range(3))
        wait_until(lambda: sum("stream/s" in p.topic for p in
                               play.all_publishes()) == 3, 10, "three")
        expect(not any(p.has_alias() for p in play.all_publishes()), "an alias")
        expect(b"\x22" not in play.connects[0].properties[:1],
               "it takes aliases itself")


if __name__ == "__main__":
    main(at_once=5)
