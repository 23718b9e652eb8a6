#!/usr/bin/env python3
"""The agent's connection to the cloud, lived through: first boot, restarts on
either side, kicks, a rival with the same name, a broker that speaks only the
older MQTT.

The brokers are real Mosquittos; where one must do what Mosquitto cannot be
told to, it is played by hand over real TLS.
"""
import json
import os
import signal
import ssl
import stat
import time

from kit import Skipped, expect, main, read, run, scenario, wait_until, write
from packets import Script, connack, goodbye
from world import World, device, factory, thing

ONLINE = "info session online"


def watch(world, broker, topic):
    """An outsider, another device by certificate, who sees what is published:
    gives a function that gives the lines so far."""
    log = f"watch{len(world.endings)}"
    home = device("WATCHER")
    world.keep_beside("mosquitto_sub", "-h", "localhost", "-p", broker.port,
                      "--cafile", factory().server_ca, "--cert",
                      home + "/device.crt", "--key", home + "/device.key",
                      "-F", "%r %t %p", "-q", "1", "-t", topic, log=log)
    return lambda: [line for line in read(world.path(log)).split("\n")[:-1]
                    if not line.startswith("Error: ")]


def status(world, broker, serial="S1"):
    """Gives a function: the retained or live words of nameplate/<t>/status."""
    lines = watch(world, broker, f"nameplate/{thing(serial)}/status")
    return lambda: [json.loads(line.split(" ", 2)[2]) for line in lines()]


def retained_status(broker, serial="S1"):
    """What somebody who comes now is told first."""
    home = device("VISITOR")
    said = run("mosquitto_sub", "-h", "localhost", "-p", broker.port, "--cafile",
               factory().server_ca, "--cert", home + "/device.crt", "--key",
               home + "/device.key", "-F", "%r %p", "-C", "1", "-W", "5", "-t",
               f"nameplate/{thing(serial)}/status").stdout
    expect(said.startswith("1 "), f"not retained: {said}")
    return json.loads(said[2:])


# --- comings and goings ------------------------------------------------------

@scenario
def at_first_boot_a_device_with_nothing_but_its_certificate_comes_online():
    with World() as world:
        broker = world.broker()
        words = status(world, broker)
        agent = world.agent(port=broker.port)
        agent.wait_for(f"{ONLINE} thing={agent.thing} mqtt=5 session=new")
        wait_until(words, 5, "its status arrives")
        expect(words()[0]["online"] is True, str(words()))
        # The broker's word: p5, c0 (the session lasts), k60, the CN as name.
        line = [l for l in broker.words().split("\n")
                if f" as {agent.thing} (" in l]
        expect(len(line) == 1 and
               f"(p5, c0, k60, u'{agent.thing}')" in line[0], str(line))
        mode = stat.S_IMODE(os.stat(agent.store).st_mode)
        expect(mode == 0o700, f"the store's mode is {mode:o}")


@scenario
def when_told_to_stop_it_says_goodbye_and_its_session_is_kept():
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port).wait_for(ONLINE)
        agent.stop()
        last = retained_status(broker)
        expect(last["online"] is False and last["reason"] == "stopped", str(last))
        expect(f"Received DISCONNECT from {agent.thing}" in broker.words(),
               broker.words())
        agent.start().wait_for("session=kept")
        expect(retained_status(broker)["online"] is True, "back again")


@scenario
def after_kill_9_the_broker_says_its_last_will_and_it_comes_back():
    with World() as world:
        broker = world.broker()
        words = status(world, broker)
        agent = world.agent(port=broker.port).wait_for(ONLINE)
        wait_until(words, 5, "its status arrives")
        agent.kill()
        wait_until(lambda: not words()[-1]["online"], 5, "the will")
        expect(words()[-1]["reason"] == "connection lost", str(words()))
        expect(retained_status(broker)["online"] is False, "retained")
        agent.start().wait_for("session=kept")
        wait_until(lambda: words()[-1]["online"], 5, "online again")


@scenario
def it_outlives_a_restart_of_the_broker():
    """Once with the broker's memory kept, once lost: a new session then."""
    with World() as world:
        keep = f"persistence true\npersistence_location {world.folder}/\n"
        broker = world.broker(keep)
        agent = world.agent(port=broker.port).wait_for(ONLINE)
        broker.stop()
        agent.wait_for("offline why=")
        broker.start()
        agent.wait_for("session=kept", 60)
        broker.stop()
        os.remove(world.path("mosquitto.db"))
        broker.start()
        agent.wait_for("session=new", seconds=60, times=2)
        expect(agent.process.poll() is None, "it is the same process")


@scenario
def a_broker_that_falls_silent_is_noticed_by_the_keep_alive():
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, settings={
            "cloud.keep_alive_s": 5, "cloud.connect_timeout_s": 2})
        agent.wait_for(ONLINE)
        frozen = time.monotonic()
        broker.process.send_signal(signal.SIGSTOP)
        try:
            agent.wait_for("offline why=", 20)
            # A ping after one keep-alive, its answer missed after 1.5 more.
            took = time.monotonic() - frozen
            expect(took < 2.5 * 5 + 3, f"noticed only after {took:.1f} s")
        finally:
            broker.process.send_signal(signal.SIGCONT)
        agent.wait_for(ONLINE, times=2)


@scenario
def nobody_there_is_told_apart_from_no_such_name():
    with World() as world:
        broker = world.broker()
        broker.stop()
        nobody = world.agent("nobody", port=broker.port)
        nameless = world.agent("nameless", host="no-such-host.invalid")
        nobody.wait_for("offline why=tcp")
        nameless.wait_for("offline why=dns")
        broker.start()
        nobody.wait_for(ONLINE)


@scenario
def it_subscribes_again_only_when_the_broker_has_forgotten():
    """Sessions: new, kept, kept but the agent's own memory is gone, new."""
    with World() as world:
        kept = [False, True, True, False]

        def greet(connect, number):
            return connack(connect, present=kept[min(number, 3)])

        def heed(_visit, number, topic, _payload):  # its status: it is online
            return number != 1 and number < 3 and topic.endswith("/status")
        play = Script(greet, heed=heed)
        agent = world.agent(port=world.server(play).port)
        agent.wait_for(ONLINE, times=2)
        wait_until(lambda: any(t.endswith("/status") for t, _ in play.published[1:]),
                   5, "its second status")
        agent.stop()
        os.remove(os.path.join(agent.store, "subscriptions"))
        agent.start().wait_for(ONLINE, times=4)
        filters = play.filters
        expect(filters[0] and all(agent.thing in f for f in filters[0]),
               str(filters))
        expect(filters[1] == [], f"it asked again: {filters[1]}")
        expect(filters[2] == filters[0] == filters[3], str(filters))


# --- versions, ALPN ----------------------------------------------------------

def only_old(way):
    """A broker of 2014 says no to MQTT 5 in one of three ways."""
    def greet(connect, _number):
        if connect.version == 4:
            return connack(connect)
        return {"as 5 says": connack(connect, code=0x84),
                "as 3.1.1 says": b"\x20\x02\x00\x01", "hangs up": None}[way]
    return Script(greet)


@scenario
def it_speaks_3_1_1_when_the_broker_wants_that():
    with World() as world:
        plays = [only_old(w) for w in ("as 5 says", "as 3.1.1 says", "hangs up")]
        agents = [world.agent(port=world.server(p).port) for p in plays]
        for agent, play in zip(agents, plays):
            agent.wait_for(f"{ONLINE} thing={agent.thing} mqtt=3.1.1")
            versions = [c.version for c in play.connects]
            # Who only hangs up may have meant something else: 5 once more.
            expect(versions in ([5, 4], [5, 5, 4]), str(versions))
            old = play.connects[-1]
            expect((old.protocol, old.client_id, old.clean, old.will_topic) ==
                   ("MQTT", agent.thing, False,
                    f"nameplate/{agent.thing}/status"), str(vars(old)))


@scenario
def the_protocol_can_be_fixed():
    with World() as world:
        five, three = only_old("as 5 says"), Script()
        agents = [world.agent(port=world.server(play).port,
                              settings={"cloud.protocol": wanted})
                  for play, wanted in ((five, "5"), (three, "3.1.1"))]
        agents[1].wait_for("mqtt=3.1.1")
        agents[0].wait_for("state from=connecting to=waiting", times=3)
        expect({c.version for c in five.connects} == {5}, "5 stays 5")
        expect([c.version for c in three.connects] == [4], "3.1.1 at once")


@scenario
def a_hang_up_of_a_broker_that_speaks_5_does_not_cost_it_5_for_ever():
    """A broker that restarts can hang up on a CONNECT, too."""
    with World() as world:
        play = Script(lambda connect, number: None if number < 3
                      else connack(connect))
        agent = world.agent(port=world.server(play).port).wait_for(ONLINE)
        expect([c.version for c in play.connects] == [5, 5, 4, 5],
               str([c.version for c in play.connects]))
        agent.wait_for("mqtt=5")


def well_known(world, place, port, play, alpn=None):
    """A server on a well-known port of a loopback address of this process:
    (its address, server, the ALPN of each visit)."""
    host = f"127.{os.getpid() // 250 % 250}.{os.getpid() % 250}.{place}"
    home = os.path.join(factory().folder, "server", host)
    factory().run("server", "--name", "localhost", "--ip", host, "--as", host)
    seen = []

    def script(visit):
        seen.append(visit.stream.selected_alpn_protocol())
        play(visit)
    try:
        server = world.server(script, certificate=home + "/server.crt",
                              key=home + "/server.key", address=host, port=port,
                              alpn=alpn)
    except PermissionError:
        raise Skipped(f"only root may listen on port {port}") from None
    return host, server, seen


@scenario
def on_port_443_it_asks_for_mqtt_by_alpn():
    """AWS IoT takes MQTT on 443 only from who offers x-amzn-mqtt-ca."""
    with World() as world:
        mqtt = ["x-amzn-mqtt-ca"]
        host, _, seen = well_known(world, 1, 443, Script(), mqtt)
        other, other_server, _ = well_known(world, 2, 443, Script(), ["h2"])
        deaf, deaf_server, _ = well_known(world, 3, 443, Script())
        world.agent(host=host, port=443).wait_for(ONLINE)
        expect(seen == mqtt, str(seen))
        words = 'offline why=tls detail="the server does not speak ALPN'
        for address in (other, deaf):
            world.agent(host=address, port=443).wait_for(words)
        expect(not other_server.received() and not deaf_server.received(),
               "MQTT went to a server that did not agree to it")


@scenario
def the_port_is_8883_unless_given_and_needs_no_alpn():
    with World() as world:
        host, _, seen = well_known(world, 4, 8883, Script(), ["x-amzn-mqtt-ca"])
        world.agent(host=host).wait_for(ONLINE)
        expect(seen == [None], str(seen))


@scenario
def a_server_is_named_by_sni_and_an_address_is_not():
    """AWS IoT refuses who does not name it; RFC 6066 has no addresses."""
    with World() as world:
        named, bare = world.server(Script()), world.server(Script())
        agents = [world.agent(port=named.port),
                  world.agent(port=bare.port, host="127.0.0.1")]
        for agent in agents:
            agent.wait_for(ONLINE)
        expect(named.visits[-1].server_name == "localhost", "no name")
        expect(bare.visits[-1].server_name is None, "an address as a name")


# --- kicks, rivals, refusals -------------------------------------------------

FIRST_MS, TRIES = 1000, 3


def fault_of(series):
    """Why these waits of several agents are not a full-jitter back-off that
    doubles its widest wait; None when they are."""
    for waits in series:
        for turn, wait in enumerate(waits):
            if wait > FIRST_MS * 2 ** turn:
                return f"wait {turn} is {wait} ms"
    if max(waits[-1] for waits in series) <= FIRST_MS:
        return "no wait grows"
    firsts = [waits[0] for waits in series]
    if max(firsts) - min(firsts) < 100:
        return "all wait alike"
    return None


@scenario
def kicks_after_a_good_connack_are_answered_with_growing_jittered_waits():
    """A CONNACK is no proof that the trouble is over: a policy that kicks at
    the first publish would otherwise be hammered for ever."""
    with World() as world:
        def cut(_visit, _number, topic, _payload):
            return topic.endswith("/status")  # subscribed and online

        def kick(visit, _number, topic, _payload):
            if topic.endswith("/status"):
                visit.send(goodbye(0x98))
                return True
            return False
        plays = [Script(heed=kick if n % 2 else cut) for n in range(8)]
        servers = [world.server(play) for play in plays]
        agents = [world.agent(port=server.port) for server in servers]
        for agent in agents:
            agent.wait_for("next_try_ms=", 30, times=TRIES + 1)
            expect(agent.words().count(ONLINE) > TRIES, agent.words())
        fault = fault_of([agent.waits()[:TRIES] for agent in agents])
        expect(fault is None, fault)
        for agent, server in zip(agents, servers):
            wait_until(lambda s=server: len(s.visits) > TRIES, 20, "visits")
            began = [visit.began for visit in server.visits]
            for turn in range(TRIES):
                gap = (began[turn + 1] - began[turn]) * 1000
                expect(gap >= agent.waits()[turn],
                       f"it came after {gap} ms, said {agent.waits()[turn]}")
        agents[0].wait_for("offline why=lost")
        agents[1].wait_for("offline why=kicked")


@scenario
def twin_waits_that_do_not_grow_or_do_not_differ_are_seen():
    for waits, fault in (([[900, 800, 700], [1, 20, 30]], "no wait grows"),
                         ([[500, 1500, 3000]] * 8, "all wait alike"),
                         ([[1001, 1, 1], [1, 1, 4000]], "wait 0 is 1001 ms")):
        expect(fault_of(waits) == fault, f"{waits}: {fault_of(waits)}")
    expect(fault_of([[900, 1, 3000], [1, 1999, 4000]]) is None, "a good one")


@scenario
def a_second_device_with_the_same_name_is_reported_and_not_fought():
    """As AWS IoT says it: DISCONNECT with reason 0x8e."""
    with World() as world:
        def taken_over(visit, number, topic, _payload):
            if number > 0 or not topic.endswith("/status"):
                return False
            visit.send(goodbye(0x8e))
            return True
        play = Script(heed=taken_over)
        agent = world.agent(port=world.server(play).port)
        agent.wait_for("offline why=duplicate").wait_for("next_try_ms=")
        expect(agent.waits()[0] >= 30000, f"it waits {agent.waits()[0]} ms")
        expect("find the copy of this certificate" in agent.words(), "advice")


@scenario
def two_devices_with_one_name_do_not_storm_a_broker_that_keeps_silent():
    """Mosquitto 2.0.11 closes the older connection without a word; the wire
    cannot tell why, but each take-over makes the loser wait longer."""
    with World() as world:
        broker = world.broker()
        agents = [world.agent(port=broker.port).wait_for(ONLINE)]
        began = time.monotonic()
        agents.append(world.agent(port=broker.port))
        wait_until(lambda: any("offline why=duplicate" in a.words() or
                               "does another device use this certificate" in
                               a.words() for a in agents), 60, "the advice")
        taken = broker.words().count("already connected, closing old connection")
        # Waits of 0.5, 1, 2, 4... s on average, for either.
        expect(taken <= 4 + time.monotonic() - began, f"{taken} take-overs")


@scenario
def a_refusal_by_the_broker_says_what_it_is_about():
    with World() as world:
        cases = [(0x87, "policy"), (0x85, "mqtt"), (0x88, "busy"),
                 (0x8c, "mqtt")]
        agents = [world.agent(port=world.server(Script(
            lambda connect, _n, code=code: connack(connect, code=code))).port)
            for code, _ in cases]
        for agent, (_, why) in zip(agents, cases):
            agent.wait_for(f"offline why={why} ")
            expect(ONLINE not in agent.words(), agent.words())
        agents[2].wait_for("next_try_ms=")
        expect(agents[2].waits()[0] >= 30000, "a busy broker is given time")


@scenario
def the_first_reason_is_already_the_one_the_server_gave():
    """A server may send its alert and hang up while the agent still sends."""
    with World() as world:
        servers = [world.server(Script(), cafile=factory().server_ca,
                                newest=newest)
                   for newest in (None, ssl.TLSVersion.TLSv1_2) * 4]
        agents = [world.agent(port=server.port) for server in servers]
        for agent in agents:
            agent.wait_for("offline why=")
            expect("offline why=refused" in agent.words(), agent.words())


@scenario
def a_revoked_device_is_refused_and_says_so():
    """Its twin is the same device a moment earlier."""
    with World() as world:
        serial = "REVOKED"
        factory().run("crl")
        broker = world.broker(f"crlfile {factory().folder}/revoked.crl")
        agent = world.agent(port=broker.port, serial=serial).wait_for(ONLINE)
        other = world.agent(port=broker.port, serial="S2").wait_for(ONLINE)
        factory().run("revoke", "--model", "Thermo-1", "--serial", serial)
        factory().run("crl")
        broker.reload()
        agent.stop()
        agent.start().wait_for("offline why=refused")
        agent.wait_for("our certificate is revoked")
        expect(agent.words().count(ONLINE) == 1, agent.words())
        other.stop()
        other.start().wait_for(ONLINE, times=2)


@scenario
def a_broker_that_talks_nonsense_is_left_and_tried_again():
    with World() as world:
        nonsense = [b"\xff" * 64, b"\x20\x02\x00\x00" * 3, b"\x00",
                    b"\x30\xff\xff\xff\xff\x7f", os.urandom(4096),
                    b"\x30\x05\x00\x0atopic"]
        plays = []
        for bytes_ in nonsense:
            def greet(connect, number, b=bytes_):
                return b if number == 0 else connack(connect)
            def after(visit, number, b=bytes_):
                if number == 1:
                    visit.send(b)
                return number < 2
            plays.append(Script(greet, after))
        agents = [world.agent(port=world.server(play).port) for play in plays]
        for agent, play in zip(agents, plays):
            wait_until(lambda p=play: len(p.connects) >= 3, 30,
                       f"a third try\n{agent.words()}")
            expect(agent.process.poll() is None, agent.words())


if __name__ == "__main__":
    main(at_once=4)
