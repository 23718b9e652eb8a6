"""Enough of MQTT 3.1.1 and 5 to play a broker by hand, for what a real one
cannot be told to do.

    broker = Script(greet=lambda connect, number: connack(connect))
    server = world.server(broker)
    broker.connects[0].client_id
"""
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, \
    DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14


class Reader:
    """Takes the fields of a packet's body from its front."""

    def __init__(self, body):
        self.body = body

    def __bool__(self):
        return bool(self.body)

    def take(self, size):
        if size > len(self.body):
            raise ValueError("the packet is too short")
        head, self.body = self.body[:size], self.body[size:]
        return head

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def blob(self):
        return self.take(self.number(2))

    def text(self):
        return self.blob().decode()

    def properties(self):
        size = shift = 0
        while True:
            byte = self.number(1)
            size |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return self.take(size)


def packet(kind, flags, body):
    size, length = b"", len(body)
    while True:
        length, byte = divmod(length, 128)
        size += bytes([byte | (0x80 if length else 0)])
        if not length:
            return bytes([kind << 4 | flags]) + size + body


class Connect:
    """Section 3.1 of either standard."""

    def __init__(self, body):
        fields = Reader(body)
        self.protocol = fields.text()
        self.version = fields.number(1)
        flags = fields.number(1)
        self.clean = bool(flags & 2)
        self.keep_alive = fields.number(2)
        self.properties = fields.properties() if self.version == 5 else b""
        self.client_id = fields.text()
        self.will_topic = self.will = None
        if flags & 4:
            if self.version == 5:
                fields.properties()
            self.will_topic, self.will = fields.text(), fields.blob()
        self.will_qos, self.will_retain = flags >> 3 & 3, bool(flags & 0x20)


def connack(connect, present=False, code=0):
    body = bytes([1 if present else 0, code])
    return packet(CONNACK, 0, body + (b"\0" if connect.version == 5 else b""))


def goodbye(code):
    """MQTT 5: the broker ends the connection."""
    return packet(DISCONNECT, 0, bytes([code, 0]))


def publish(version, topic, payload):
    """From the broker, QoS 0."""
    name = topic.encode()
    return packet(PUBLISH, 0, struct.pack("!H", len(name)) + name +
                  (b"\0" if version == 5 else b"") + payload)


class Script:
    """A broker that answers a CONNECT with `greet(connect, number)`: bytes, or
    None to hang up.  It hangs up also when `after(visit, number)`, called once
    after the greeting, or `heed(visit, number, topic, payload)`, called for
    each PUBLISH before its PUBACK, returns True; both may send.  All else is
    acknowledged."""

    def __init__(self, greet=None, after=None, heed=None):
        self.greet = greet or (lambda connect, number: connack(connect))
        self.after = after
        self.heed = heed or (lambda visit, number, topic, payload: False)
        self.connects = []
        self.filters = []   # of each connection: all it subscribed to
        self.published = []  # (topic, payload) of QoS 1
        self.goodbyes = 0

    def __call__(self, visit):
        held = bytearray()
        kind, _, body = self._read(visit, held)
        if kind != CONNECT:
            raise ValueError(f"packet {kind} where CONNECT belongs")
        connect, number = Connect(body), len(self.connects)
        self.connects.append(connect)
        filters = []
        self.filters.append(filters)
        answer = self.greet(connect, number)
        if answer is None:
            return
        visit.send(answer)
        if self.after and self.after(visit, number):
            return
        while True:
            kind, flags, body = self._read(visit, held)
            if kind is None or kind == DISCONNECT:
                self.goodbyes += kind == DISCONNECT
                return
            if self._answer(visit, number, kind, flags, Reader(body)):
                return

    def _answer(self, visit, number, kind, flags, fields):
        properties = self.connects[number].version == 5
        filters = self.filters[number]
        if kind == PUBLISH:
            topic, qos = fields.text(), flags >> 1 & 3
            mark = fields.take(2) if qos else b""
            if properties:
                fields.properties()
            self.published.append((topic, fields.body))
            if self.heed(visit, number, topic, fields.body):
                return True
            if qos:
                visit.send(packet(PUBACK, 0, mark))
        elif kind == SUBSCRIBE:
            mark = fields.take(2) + (b"\0" if properties else b"")
            fields = Reader(fields.body)
            if properties:
                fields.properties()
            granted = b""
            while fields:
                filters.append(fields.text())
                granted += bytes([fields.number(1) & 3])
            visit.send(packet(SUBACK, 0, mark + granted))
        elif kind == PINGREQ:
            visit.send(packet(PINGRESP, 0, b""))
        return False

    @staticmethod
    def _read(visit, held):
        """(kind, flags, body), or Nones at the end of the stream."""
        def more():
            data = visit.receive()
            held.extend(data)
            return data
        while True:
            size, at = 0, 1
            while at < len(held):
                size |= (held[at] & 0x7f) << 7 * (at - 1)
                at += 1
                if held[at - 1] < 0x80:
                    if len(held) >= at + size:
                        head, body = held[0], bytes(held[at:at + size])
                        del held[:at + size]
                        return head >> 4, head & 15, body
                    break
            if not more():
                return None, None, b""
