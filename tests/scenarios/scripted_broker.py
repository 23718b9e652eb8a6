"""A broker of MQTT 3.1.1 and 5 that does what it is told to, over real TLS, for
what no real broker can be told: leave answers out, limit, advise, redirect.

    play = ScriptedBroker(mute={PUBACK})
    port = world.server(play).port
    play.wait_for_connects(2)

It is a `Script` (packets.py) that also records what came on the wire, can hold
answers back, and can publish to the device.
"""
import struct
import time

from kit import expect, wait_until
from packets import (CONNACK, DISCONNECT, PINGREQ, PINGRESP, PUBACK, PUBLISH,
                     SUBACK, SUBSCRIBE, Reader, Script, packet)

ANSWERS = {PUBLISH: PUBACK, SUBSCRIBE: SUBACK, PINGREQ: PINGRESP}

# MQTT 5 section 2.2.2.2: identifier and bytes of the value; None: text.
PROPERTIES = {
    "session_expiry": (0x11, 4), "reference": (0x1c, None),
    "reason": (0x1f, None), "receive_maximum": (0x21, 2),
    "topic_alias_maximum": (0x22, 2), "maximum_qos": (0x24, 1),
    "retain_available": (0x25, 1), "maximum_packet_size": (0x27, 4),
    "server_keep_alive": (0x13, 2)}


def text(words):
    data = words.encode()
    return struct.pack("!H", len(data)) + data


def properties(**values):
    """The properties of a packet; `user` is a list of pairs."""
    body = b""
    for name, value in values.items():
        if name == "user":
            body += b"".join(b"\x26" + text(k) + text(v) for k, v in value)
            continue
        identifier, size = PROPERTIES[name]
        body += bytes([identifier]) + (
            text(value) if size is None else value.to_bytes(size, "big"))
    return packet(0, 0, body)[1:]  # its length before it


def greeting(code=0, present=False, **values):
    """A CONNACK of MQTT 5."""
    return packet(CONNACK, 0,
                  bytes([1 if present else 0, code]) + properties(**values))


def farewell(code, **values):
    """A DISCONNECT of MQTT 5."""
    return packet(DISCONNECT, 0, bytes([code]) + properties(**values))


def to_device(version, topic, payload, mark):
    """A PUBLISH with QoS 1."""
    return packet(PUBLISH, 2, text(topic) + struct.pack("!H", mark) +
                  (b"\0" if version == 5 else b"") + payload)


class Publish:
    """What came on the wire, taken apart."""

    def __init__(self, flags, body, version):
        fields = Reader(body)
        self.size = len(packet(PUBLISH, flags, body))
        self.qos, self.retain, self.again = flags >> 1 & 3, flags & 1, flags >> 3
        self.topic = fields.text()
        self.mark = fields.number(2) if self.qos else 0
        self.properties = fields.properties() if version == 5 else b""
        self.payload = fields.body
        self.came = time.monotonic()

    def has_alias(self):
        """Topic Alias (0x23) is the first property wherever there is one."""
        return self.properties[:1] == b"\x23"


class ScriptedBroker(Script):
    """`mute`: kinds of answers that are left out, a set or a function of the
    connection's number that gives one."""

    def __init__(self, *arguments, mute=(), **options):
        super().__init__(*arguments, **options)
        self.mute = mute if callable(mute) else lambda number: mute
        self.publishes = []  # of each connection, Publish
        self.acknowledged = []  # marks of what the device acknowledged
        self.pings = 0
        self.greeted_at = []

    def _answer(self, visit, number, kind, flags, fields):
        while len(self.publishes) <= number:
            self.publishes.append([])
        if kind == PUBLISH:
            self.publishes[number].append(
                Publish(flags, fields.body, self.connects[number].version))
        elif kind == PUBACK:
            self.acknowledged.append(fields.number(2))
        elif kind == PINGREQ:
            self.pings += 1
        held = visit.send
        if ANSWERS.get(kind) in self.mute(number):
            visit.send = lambda data: None
        try:
            return super()._answer(visit, number, kind, flags, fields)
        finally:
            visit.send = held

    def all_publishes(self):
        return [p for connection in self.publishes for p in connection]

    def wait_for_connects(self, count, seconds=20):
        wait_until(lambda: len(self.connects) >= count, seconds,
                   f"{count} connects, there are {len(self.connects)}")
        return self

    def wait_for_publish(self, part, number=None, seconds=20):
        """The first on such a topic, of all connections or of that one."""
        def look():
            for at, found in enumerate(self.publishes):
                for publish in found if number in (None, at) else ():
                    if part in publish.topic:
                        return publish
            return None
        return wait_until(look, seconds, f"a publish on …{part}…")


def expect_between(value, least, most, what):
    expect(least <= value <= most, f"{what}: {value}, not {least} to {most}")
