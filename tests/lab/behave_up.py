"""What goes wrong once MQTT is spoken, and what must not disturb it."""
import struct

import tls
from behaviour import behaviour, close, hold, reset
from forge import flip_last_bit
from packets import Script, publish
from tls import DATA, HANDSHAKE, Peer12, Peer13


class Inside:
    """A Peer as packets.Script sees it."""

    def __init__(self, peer):
        self.peer = peer

    def receive(self):
        try:
            while True:
                kind, data = self.peer.next()
                if kind == DATA:
                    return data
        except tls.Gone:
            return b""

    def send(self, data):
        self.peer.record(DATA, data)


def greeted(peer, then):
    """A whole handshake and CONNACK; then what follows."""
    peer.shake()

    def after(_visit, _number):
        then(peer)
        return True
    Script(after=after)(Inside(peer))


def half_a_publish(peer):
    data = publish(5, "$aws/things/x/shadow/get/accepted", b"{}" * 500)
    peer.record(DATA, data[:len(data) // 2])


CUT = "the connection was cut (no close_notify)"


def while_up(name, what, then, detail=CUT, why="lost", peers=(Peer13, Peer12),
             **options):
    for peer, mark, words in zip(peers, ("", "_12"), ("", ", TLS 1.2")):
        if peer is None:
            continue

        def play(peer):
            greeted(peer, then)
        play.__name__ = name + mark
        behaviour(what + words, why, peer, detail=detail, up=True,
                  **options)(play)


def cut(peer):
    half_a_publish(peer)
    close(peer)


def cut_record(peer):
    half_a_publish(peer)
    kind, data = peer.protect(DATA, bytes(1000))
    peer.send(struct.pack("!BHH", kind, 0x0303, len(data)) + data[:500])
    close(peer)


def shoot(peer):
    half_a_publish(peer)
    reset(peer)


def change(peer):
    kind, data = peer.protect(DATA, b"\xd0\0")
    peer.send(struct.pack("!BHH", kind, 0x0303, len(data)) +
              flip_last_bit(data))
    hold(peer)


def replay(peer):
    kind, data = peer.protect(DATA, publish(5, "x", b"1"))
    record = struct.pack("!BHH", kind, 0x0303, len(data)) + data
    peer.send(record)
    peer.send(record)
    hold(peer)


def clear(peer):
    peer.send(struct.pack("!BHH", DATA, 0x0303, 2) + b"\xd0\0")
    hold(peer)


def many(count, kind, body, end=cut):
    """So many records at once, then the end."""
    def then(peer):
        records = b""
        for _ in range(count):
            outer, data = peer.protect(kind, body)
            records += struct.pack("!BHH", outer, 0x0303, len(data)) + data
        peer.send(records)
        end(peer)
    return then


TICKET = tls.message(tls.TICKET, struct.pack("!IIB", 60, 7, 1) + b"n" +
                     tls.vector(b"t" * 100, 2) + b"\0\0")
REQUEST = tls.message(tls.REQUEST, b"\1c" + tls.vector(
    tls.extension(13, b"\0\2\4\3"), 2))

while_up("cut_in_a_publish", "closed without close_notify amid a PUBLISH", cut)
while_up("cut_in_a_record", "closed amid a record", cut_record)
while_up("reset_in_a_publish", "reset amid a PUBLISH", shoot, detail="")
while_up("data_changed", "a record changed on the way", change, detail="",
         why="tls", alert=20)
while_up("data_replayed", "a record sent twice", replay, detail="", why="tls",
         alert=20)
while_up("data_in_the_clear", "a record in clear", clear, detail="", why="tls")

while_up("tickets_when_up", "200 tickets, which harm nothing, then the end",
         many(200, HANDSHAKE, TICKET), peers=[Peer13])
while_up("key_updates_when_up", "200 KeyUpdates", many(
    200, HANDSHAKE, tls.message(tls.KEY_UPDATE, b"\1"), hold), detail="",
    why="tls", peers=[Peer13])
while_up("request_when_up", "CertificateRequest, which was not offered", many(
    1, HANDSHAKE, REQUEST, hold), detail="", why="tls", peers=[Peer13])
while_up("finished_when_up", "another Finished", many(
    1, HANDSHAKE, tls.message(tls.FINISHED, bytes(32)), hold), detail="",
    why="tls")
while_up("empty_data_when_up", "200 records of no data", many(
    200, DATA, b"", hold), detail="")
while_up("renegotiation_when_up", "200 HelloRequests", many(
    200, HANDSHAKE, bytes(4)), peers=[None, Peer12])
while_up("warnings_when_up", "200 warnings, then the end", many(
    200, tls.ALERT, b"\1\x5a"), peers=[None, Peer12])


@behaviour("silence after Finished, before CONNACK", "no_connack", Peer13,
           up=True, seconds=10)
def stalls_before_connack(peer):
    peer.shake()
    hold(peer)


@behaviour("silence after half a CONNACK", "no_connack", Peer12, up=True,
           seconds=10)
def stalls_in_connack(peer):
    peer.shake()
    peer.next()
    peer.record(DATA, b"\x20")
    hold(peer)
