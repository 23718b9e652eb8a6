"""What goes wrong once MQTT is spoken, and what must not disturb it."""
import struct
import time

import tls
from behaviour import behaviour, close, hold, reset
from forge import flip_last_bit, name
from der import encode
from packets import PUBLISH, Script, packet, publish
from tls import DATA, HANDSHAKE, KEY_UPDATE, TICKET, Peer12, Peer13


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


def flood(kind, body, count=200000):
    def then(peer):
        record = b""
        for _ in range(count // 100):
            for _ in range(100):
                peer.record(kind, body)
    return then


while_up("cut_in_a_publish", "closed without close_notify amid a PUBLISH", cut)
while_up("cut_in_a_record", "closed amid a record", cut_record)
while_up("reset_in_a_publish", "reset amid a PUBLISH", shoot, detail="")
while_up("data_changed", "a record changed on the way", change, detail="",
         why="tls", alert=20)
while_up("data_replayed", "a record sent twice", replay, detail="", why="tls",
         alert=20)
while_up("data_in_the_clear", "a record in clear", clear, detail="", why="tls")


@behaviour("silence after Finished, before CONNACK", "mqtt", Peer13, up=True,
           seconds=10)
def stalls_before_connack(peer):
    peer.shake()
    hold(peer)


@behaviour("silence after half a CONNACK", "mqtt", Peer12, up=True, seconds=10)
def stalls_in_connack(peer):
    peer.shake()
    peer.next()
    peer.record(DATA, b"\x20")
    hold(peer)
