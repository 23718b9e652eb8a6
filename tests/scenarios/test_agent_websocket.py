#!/usr/bin/env python3
"""MQTT over WebSocket: where only the web gets through, the agent does too.

Debian's Mosquitto speaks no WebSocket, so Debian's python3-websockets stands
before it, a counterpart that we did not write.  A server written by hand plays
what no honest one would: wrong answers to the handshake, and frames that
RFC 6455 forbids; the agent says what was wrong and tries again.
"""
import os
import socket
import time

from kit import (expect, free_port, main, scenario, somebody_listens, wait_until,
                 write)
from packets import Script
from proxies import HttpProxy
from websockets_by_hand import (CLOSE, PING, PONG, agree_as_it_should, fields, frame,
                                in_pieces, over_websocket)
from world import Application, World, factory

ONLINE = "info session online"
WEBSOCKET = {"cloud.transport": "websocket"}


def bridge(world):
    """Mosquitto behind WebSockets; the port."""
    factory()
    broker, port = free_port(), free_port()
    world.run_beside("mosquitto", "-c", write(
        world.path("plain.conf"),
        f"listener {broker} 127.0.0.1\nallow_anonymous true\n"), log="broker")
    home = os.path.join(factory().folder, "server/localhost")
    world.run_beside(
        "/usr/bin/python3", "-B",
        os.path.join(os.path.dirname(__file__), "websocket_bridge.py"), port,
        home + "/server.crt", home + "/server.key", factory().root, broker,
        log="bridge")
    wait_until(lambda: all(somebody_listens(("127.0.0.1", p))
                           for p in (broker, port)), 15,
               "broker and bridge listen")
    return broker, port


@scenario
def a_real_broker_is_reached_over_websocket():
    with World() as world:
        broker, port = bridge(world)
        world.run_beside("mosquitto_sub", "-p", broker, "-t", "nameplate/#",
                         "-v", log="heard")
        agent = world.agent(port=port, settings=WEBSOCKET)
        agent.wait_for(ONLINE)
        with Application(agent) as application:
            numbers = list(range(300))
            expect(application.emit("door", numbers) == numbers, "not stored")
            application.send(op="emit", stream="big", data="x" * 60000, id=1)
            expect(application.receive().get("ok"), "not stored")
        def heard():
            with open(world.path("heard"), encoding="utf-8") as f:
                return f.read()
        wait_until(lambda: heard().count("/stream/door") >= 300 and
                   "x" * 60000 in heard(), 20, "all arrives")
        time.sleep(0.8)  # the server pings twice a second
        expect("offline" not in agent.words(), agent.words())
        agent.stop()
        expect("offline" not in agent.words(), agent.words())


@scenario
def the_handshake_is_as_the_standard_wants_it():
    with World() as world:
        play = over_websocket(Script())
        server = world.server(play)
        agent = world.agent(port=server.port, settings=WEBSOCKET)
        agent.wait_for(ONLINE)
        head = play.heads[0]
        expect(head.startswith(b"GET /mqtt HTTP/1.1\r\n"), str(head))
        got = fields(head)
        expect(got["host"] == f"localhost:{server.port}" and
               got["sec-websocket-version"] == "13" and
               got["sec-websocket-protocol"] == "mqtt" and
               "sec-websocket-extensions" not in got, str(got))
        server.cut()
        agent.wait_for(ONLINE, times=2)
        expect(fields(play.heads[1])["sec-websocket-key"] !=
               got["sec-websocket-key"], "the same key twice")
        agent.stop()
        wait_until(lambda: (CLOSE, b"\x03\xe8") in play.sockets[1].control, 5,
                   "it says goodbye")


@scenario
def packets_in_pieces_with_pings_between_arrive_whole():
    with World() as world:
        play = over_websocket(Script(), frames=in_pieces)
        agent = world.agent(port=world.server(play).port, settings=WEBSOCKET)
        agent.wait_for(ONLINE)
        wait_until(lambda: (PONG, b"?0") in play.sockets[0].control, 5,
                   "the ping is answered")
        expect("offline" not in agent.words(), agent.words())


@scenario
def it_goes_through_a_proxy_and_resumes_as_mqtt_does():
    with World() as world:
        server = world.server(over_websocket(Script()))
        proxy = HttpProxy({"localhost": server.port})
        world.endings.append(proxy.close)
        agent = world.agent(port=443, settings={
            **WEBSOCKET, "network.proxy": f"http://127.0.0.1:{proxy.port}"})
        agent.wait_for(ONLINE)
        agent.stop()
        agent.start().wait_for(ONLINE, times=2)
        expect(proxy.asked == ["localhost:443"] * 2, str(proxy.asked))
        expect("handshake=resumed" in agent.words(), agent.words())
        expect(server.visits[0].stream.selected_alpn_protocol() is None,
               "ALPN was asked for")


@scenario
def a_server_that_does_not_agree_hears_no_mqtt():
    def but(old, new):
        return lambda head: agree_as_it_should(head).replace(old, new)
    with World() as world:
        trials = [
            (lambda head: b"HTTP/1.1 404 No\r\n\r\n", "answers with status 404"),
            (lambda head: b"\x20\x02\0\0", "does not answer in time"),
            (lambda head: b"220 mail\r\n\r\n", "does not answer as HTTP"),
            (but(b"Accept: ", b"Accept: x"), "key does not fit"),
            (but(b"Protocol: mqtt", b"Protocol: chat"), "not speak MQTT"),
            (but(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x\r\n\r\n"),
             "not offered"),
            (lambda head: b"", "hung up"),
        ]
        agents = []
        for agree, words in trials:
            play = over_websocket(Script(), agree)
            if words == "hung up":
                server = world.server(lambda visit: visit.receive())
            else:
                server = world.server(play)
            agents.append((words, play, world.agent(
                port=server.port, settings={
                    **WEBSOCKET, "cloud.connect_timeout_s": 3})))
        for words, play, agent in agents:
            agent.wait_for("offline why=websocket")
            line = [l for l in agent.words().split("\n")
                    if "why=websocket" in l][0]
            expect(words in line and "[cloud] transport" in line, line)
            expect(" up host=" not in agent.words(), agent.words())
            expect(not play.script.connects, "it heard a CONNECT")


@scenario
def a_frame_that_is_none_ends_the_connection_and_is_named():
    trials = [
        (b"\x81\x01x", "text", 1003),
        (b"\x82\x81maskx", "masked", 1002),
        (b"\xc2\x01x", "not agreed", 1002),
        (b"\x80\x01x", "continues nothing", 1002),
        (b"\x89\x7e\x00\x7e", "too long", 1002),
        (b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "wrong form", 1002),
    ]
    with World() as world:
        played = []
        for bytes_, words, code in trials:
            def bad(visit, number, bytes_=bytes_):
                if number == 0:
                    visit.send_raw(bytes_)
            play = over_websocket(Script(after=bad))
            played.append((words, code, play, world.agent(
                port=world.server(play).port, settings=WEBSOCKET)))
        for words, code, play, agent in played:
            agent.wait_for('why=lost detail="the server broke WebSocket: ')
            agent.wait_for(ONLINE, times=1)
            line = [l for l in agent.words().split("\n")
                    if "broke WebSocket" in l][0]
            expect(words in line, line)
            wait_until(lambda: (CLOSE, code.to_bytes(2, "big")) in
                       play.sockets[0].control, 5,
                       f"it says goodbye with {code}")
            wait_until(lambda: len(play.sockets) > 1, 10, "it comes back")


@scenario
def a_server_that_reads_slowly_gets_every_frame_whole_and_its_pongs():
    """Frames stop half-way on a full socket; a ping in the middle of one must
    wait for its end."""
    with World() as world:
        def doze(visit, number):
            for i in range(8):
                visit.send_raw(frame(PING, b"%d" % i))
                time.sleep(0.25)
        play = over_websocket(Script(after=doze))
        server = world.server(play)
        server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        agent = world.agent(port=server.port, settings=WEBSOCKET)
        with Application(agent) as application:
            for number in range(60):
                application.send(op="emit", stream="big", data="x" * 60000,
                                 id=number)
            for number in range(60):
                expect(application.receive().get("stored"), "not stored")
        wait_until(lambda: len([1 for topic, _ in play.script.published
                                if topic.endswith("/big")]) == 60, 20,
                   f"all arrive\n{agent.words()[-2000:]}")
        pongs = [data for opcode, data in play.sockets[0].control
                 if opcode == PONG]
        expect(pongs and pongs[-1] == b"7", str(pongs))
        expect("offline" not in agent.words(), agent.words())


@scenario
def a_goodbye_is_answered():
    with World() as world:
        def leave(visit, number):
            if number == 0:
                visit.send_raw(frame(CLOSE, b"\x03\xe9"))
        play = over_websocket(Script(after=leave))
        agent = world.agent(port=world.server(play).port, settings=WEBSOCKET)
        agent.wait_for('why=lost detail="the server closed the connection')
        wait_until(lambda: (CLOSE, b"\x03\xe8") in play.sockets[0].control, 5,
                   "the goodbye comes back")
        wait_until(lambda: len(play.sockets) > 1, 10, "it comes back")


if __name__ == "__main__":
    main(at_once=3)
