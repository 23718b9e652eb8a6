"""A client of MQTT played by hand, for what mosquitto_pub and _sub cannot do:
many packets at once, a will that is refused, a handshake without a name.

    with Hand(device) as hand:
        hand.connect(version=5)
        hand.send(packets...)
        kind, flags, body = hand.receive()     # None at the end of the stream
"""
import socket
import ssl
import struct
import time

from packets import CONNECT, PUBLISH, SUBSCRIBE, Reader, packet

PATIENCE = 10


def text(words):
    data = words.encode()
    return struct.pack("!H", len(data)) + data


def connect_packet(client, version=4, clean=True, will=None, keep_alive=60):
    """`will`: (topic, payload), QoS 0."""
    empty = b"\0" if version == 5 else b""
    flags = (2 if clean else 0) | (4 if will else 0)
    body = text("MQTT") + struct.pack("!BBH", version, flags, keep_alive)
    body += empty + text(client)
    if will:
        body += empty + text(will[0]) + text(will[1])
    return packet(CONNECT, 0, body)


def publish_packet(topic, payload, mark=0, version=4):
    """`mark`: the packet identifier, and so QoS 1; 0: QoS 0."""
    number = struct.pack("!H", mark) if mark else b""
    empty = b"\0" if version == 5 else b""
    return packet(PUBLISH, 2 if mark else 0,
                  text(topic) + number + empty + payload)


def subscribe_packet(mark, filters):
    """MQTT 3.1.1, QoS 1."""
    return packet(SUBSCRIBE, 2, struct.pack("!H", mark) +
                  b"".join(text(f) + b"\1" for f in filters))


def granted(body):
    """The codes of a SUBACK of MQTT 3.1.1."""
    return list(body[2:])


class Hand:
    """`name` is the server's, as the handshake has it; None: none."""

    def __init__(self, device, name="localhost", tls=None):
        self.device = device
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(device.cloud.server_ca)
        context.load_cert_chain(device.certificate, device.key)
        context.check_hostname = name == "localhost"
        if tls:
            context.minimum_version = context.maximum_version = tls
        raw = socket.create_connection(("127.0.0.1", device.cloud.port),
                                       PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket = context.wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise
        self.held = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *packets):
        self.socket.sendall(b"".join(packets))

    def connect(self, **options):
        """The CONNACK's code, or None when the stream ended without one."""
        body = self.connack(**options)
        return None if body is None else body[1]

    def connack(self, **options):
        """All of it, or None."""
        self.send(connect_packet(self.device.thing, **options))
        got = self.receive()
        return None if got is None else got[2]

    def receive(self, seconds=PATIENCE):
        """The next packet; None: the stream ended."""
        end = time.monotonic() + seconds
        while True:
            got = self._take()
            if got:
                return got
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLEOFError):
                data = b""
            if not data:
                return None
            self.held += data

    def packets(self, quiet=0.5):
        """All that come until it is quiet for so long, and whether the stream
        ended."""
        found = []
        while True:
            try:
                got = self.receive(quiet)
            except TimeoutError:
                return found, False
            if got is None:
                return found, True
            found.append(got)

    def _take(self):
        size, at = 0, 1
        while at < len(self.held):
            size |= (self.held[at] & 0x7f) << 7 * (at - 1)
            at += 1
            if self.held[at - 1] < 0x80:
                if len(self.held) < at + size:
                    return None
                head, body = self.held[0], bytes(self.held[at:at + size])
                del self.held[:at + size]
                return head >> 4, head & 15, body
        return None


def topic_of(body):
    return Reader(body).text()
