#!/usr/bin/env python3
"""The agent tells a server nothing before that server has proved itself.

Each server here has one thing wrong with it.  The real agent dials it; the
server, not the agent, says what arrived: a ClientHello, an alert, and not one
byte of MQTT.  The agent's log names the reason, each its own.  The twins are
the same servers with the fault taken away: there a CONNECT arrives.
"""
import contextlib
import os
import socket
import ssl
import threading

from authority import Authority
from believer import believed, believing, meet, refused
from kit import expect, main, read, scenario, wait_until, write
from world import World, device, factory

@scenario
def a_server_that_proves_itself_gets_a_connect():
    """The twin of all that follow."""
    with believing() as (world, root):
        middle = Authority(world.folder, "middle", root, purpose="serverAuth")
        meetings = [
            meet(world, root.leaf("good"), root.crt),
            meet(world, root.leaf("old"), root.crt,
                 newest=ssl.TLSVersion.TLSv1_2),
            meet(world, middle.leaf("below"), root.crt),
            meet(world, root.leaf("address", names="IP:127.0.0.1"), root.crt,
                 host="127.0.0.1"),
        ]
        for server, agent in meetings:
            believed(server, agent)


@scenario
def a_server_of_a_ca_that_is_not_ours_gets_nothing():
    with believing() as (world, root):
        os.mkdir(world.path("other"))
        other = Authority(world.path("other"))
        good = root.leaf("good")
        meetings = [
            # The other CA has taken our root's name, and ours its.
            ("bad_signature", meet(world, other.leaf("stranger"), root.crt)),
            ("bad_signature", meet(world, good, other.crt)),
            ("unknown_issuer",
             meet(world, Authority(world.folder, "itself"), root.crt)),
        ]
        for reason, (server, agent) in meetings:
            refused(server, agent, f'certificate detail="{reason}:')


class Device:
    """A factory certificate, taken for a server's."""
    crt, key = device() + "/device.crt", device() + "/device.key"


@scenario
def a_server_with_another_name_gets_nothing():
    with believing() as (world, root):
        names = [
            ("localhost", "DNS:example.com"),
            ("localhost", "DNS:localhost.example.com"),
            ("localhost", "DNS:*"),
            ("localhost", "IP:127.0.0.1"),
            # An address written where a name belongs (RFC 9525, section 6.5).
            ("127.0.0.1", "DNS:127.0.0.1"),
            ("127.0.0.1", "DNS:*.0.0.1"),
            ("127.0.0.1", "DNS:localhost,IP:127.0.0.2"),
            # No subjectAltName: the CN says "localhost" and does not count.
            ("localhost", None),
        ]
        meetings = [meet(world, root.leaf(f"n{i}", names=n), root.crt, host=h)
                    for i, (h, n) in enumerate(names)]
        for server, agent in meetings:
            refused(server, agent, 'certificate detail="wrong_name')


@scenario
def a_server_whose_dates_do_not_fit_gets_nothing():
    with believing() as (world, root):
        over = {"end": "20210101000000Z"}
        future = {"begin": "20480101000000Z"}
        middle = Authority(world.folder, "middle", root, **over)
        meetings = [
            ("expired", root.leaf("expired", **over)),
            ("expired", middle.leaf("below")),
            ("not_yet_valid", root.leaf("future", **future)),
        ]
        meetings = [(reason, meet(world, pair, root.crt))
                    for reason, pair in meetings]
        for reason, (server, agent) in meetings:
            refused(server, agent, f'certificate detail="{reason}')


@scenario
def a_certificate_that_is_not_for_servers_gets_nothing():
    with believing() as (world, root):
        middle = Authority(world.folder, "middle", root, purpose="clientAuth")
        meetings = [
            meet(world, root.leaf("client", purpose="clientAuth"), root.crt),
            meet(world, root.leaf("silent", purpose=None), root.crt),
            # A CA for clients alone signs a server (its twin is above).
            meet(world, middle.leaf("below"), root.crt),
        ]
        for server, agent in meetings:
            refused(server, agent, 'certificate detail="wrong_purpose')


@scenario
def a_device_is_no_server_even_where_the_device_root_is_trusted():
    """Its CA may vouch for clients alone, and for no name of a server."""
    with World() as world:
        trusts = [("wrong_purpose", factory().root),
                  ("unknown_issuer", factory().server_ca)]
        for reason, trust in trusts:
            server, agent = meet(world, Device(), trust)
            refused(server, agent, f'certificate detail="{reason}:')


@scenario
def a_damaged_or_weak_certificate_gets_nothing():
    with believing() as (world, root):
        good = root.leaf("good")
        weak = root.leaf("weak", algorithm=("rsa", "rsa_keygen_bits:1024"))
        old = root.leaf("old", digest="sha1")
        forged = root.leaf("forged")
        flip_last_bit(forged.crt)
        meetings = [
            ("weak", meet(world, weak, root.crt)),
            ("weak", meet(world, old, root.crt)),
            ("bad_signature", meet(world, forged, root.crt)),
        ]
        for reason, (server, agent) in meetings:
            refused(server, agent, f'certificate detail="{reason}')
        believed(*meet(world, good, root.crt))


def flip_last_bit(path):
    """The last byte of the DER is the signature's."""
    der = ssl.PEM_cert_to_DER_cert(read(path))
    write(path, ssl.DER_cert_to_PEM_cert(der[:-1] + bytes([der[-1] ^ 1])))


@scenario
def what_does_not_speak_our_tls_gets_nothing():
    with believing() as (world, root):
        good = root.leaf("good")
        old = meet(world, good, root.crt, newest=ssl.TLSVersion.TLSv1_1)
        plain = [plain_server(world, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                 plain_server(world, b"\x20\x02\x00\x00"),  # a CONNACK
                 plain_server(world, b"")]
        agents = [world.agent(port=port, settings={
            "cloud.connect_timeout_s": 2}) for port, _ in plain]
        refused(*old, "tls")
        for agent, (_, received) in zip(agents, plain):
            agent.wait_for("offline why=tls")
            wait_until(lambda r=received: r, 5, "a ClientHello")
            # RFC 8446, section 5.1: 22 is a handshake, 21 an alert.
            expect(received[0][0] == 22, str(received))
            expect(b"MQTT" not in b"".join(received), str(received))
        agents[2].wait_for("the server stalls in the handshake")


def plain_server(world, answer):
    """Says its answer to the first bytes and listens on: (port, received)."""
    listener, received = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(30)
                with contextlib.suppress(OSError):
                    received.append(connection.recv(4096))
                    connection.sendall(answer)
                    while data := connection.recv(4096):
                        received.append(data)

    threading.Thread(target=serve, daemon=True).start()
    world.endings.append(listener.close)
    world.endings.append(lambda: listener.shutdown(socket.SHUT_RDWR))
    return listener.getsockname()[1], received


if __name__ == "__main__":
    main(at_once=2)
