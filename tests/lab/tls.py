"""A TLS server that is played by hand, step by step, so that any step can be
left out, repeated, cut or falsified.

    peer = Peer13(socket, links, key)       # or Peer12
    peer.hello(); peer.certificate(); peer.verify(); peer.finish()
    peer.listen()                           # until the other end is gone
    peer.alerts, peer.received              # what the other end said
"""
import os
import struct
import time

import cipher

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, TICKET, EXTENSIONS, CERTIFICATE, KEY_EXCHANGE, \
    REQUEST, DONE, VERIFY, CLIENT_KEY, FINISHED, KEY_UPDATE = \
    1, 2, 4, 8, 11, 12, 13, 14, 15, 16, 20, 24
SUITE13, SUITE12 = 0x1303, 0xcca9  # both ChaCha20-Poly1305
X25519, ECDSA_SHA256 = 0x001d, 0x0403
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891"
                      "c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446, 4.1.3
DOWNGRADE = b"DOWNGRD\1"
SECRET = bytes(range(32))


def vector(data, size):
    """Data with its length before it."""
    return len(data).to_bytes(size, "big") + data


def message(kind, body):
    return bytes([kind]) + vector(body, 3)


def extension(kind, body):
    return struct.pack("!H", kind) + vector(body, 2)


class Gone(Exception):
    """The other end has closed, or reset, the connection."""


class Overdue(Exception):
    """The other end should have had enough by now."""


class ClientHello:
    """RFC 8446, section 4.1.2, as far as a server needs it."""

    def __init__(self, body):
        self.random, at = body[2:34], 35 + body[34]
        self.session = body[35:at]
        size = int.from_bytes(body[at:at + 2], "big")
        self.suites = struct.unpack(f"!{size // 2}H", body[at + 2:at + 2 + size])
        at += 2 + size
        at += 1 + body[at] + 2
        self.extensions = {}
        while at < len(body):
            kind, size = struct.unpack("!HH", body[at:at + 4])
            self.extensions[kind] = body[at + 4:at + 4 + size]
            at += 4 + size

    @property
    def server_name(self):
        found = self.extensions.get(0)
        return found[5:].decode() if found else None

    @property
    def protocols(self):
        """ALPN."""
        found, names = self.extensions.get(16, b"\0\0")[2:], []
        while found:
            names.append(found[1:1 + found[0]].decode())
            found = found[1 + found[0]:]
        return names

    def share(self):
        """The client's X25519 key."""
        data = self.extensions[51][2:]
        while data:
            group, size = struct.unpack("!HH", data[:4])
            if group == X25519:
                return data[4:4 + size]
            data = data[4 + size:]
        raise ValueError("no X25519 share")


class Half:
    """The protection of one direction."""

    def __init__(self, key, iv):
        self.key, self.iv, self.number = key, iv, 0

    def nonce(self):
        number = self.number.to_bytes(12, "big")
        self.number += 1
        return bytes(a ^ b for a, b in zip(self.iv, number))


class Peer:
    """What both versions share: records, and a transcript."""

    def __init__(self, stream, links=(), key=None, protocol=None):
        self.stream, self.links, self.key = stream, links, key
        self.protocol = protocol  # ALPN to answer
        self.read_half = self.write_half = None
        self.transcript = b""
        self.held, self.messages = b"", b""
        self.client = None
        self.alerts = []     # (level, description)
        self.heard = []      # (kind, bytes) of handshake messages
        self.received = b""  # application data
        self.until = float("inf")  # of time.monotonic
        self.largest = 16384  # bytes of a record of ours
        self.point = cipher.x25519(SECRET, cipher.BASE_POINT)

    # -- records

    def hurry(self):
        if time.monotonic() > self.until:
            raise Overdue("it is still there")

    def send(self, data):
        self.hurry()
        try:
            self.stream.sendall(data)
        except OSError as error:
            raise Gone from error

    def record(self, kind, data):
        """One record, protected once there are keys."""
        if self.write_half:
            kind, data = self.protect(kind, data)
        self.send(struct.pack("!BHH", kind, 0x0303, len(data)) + data)

    def say(self, kind, body, note=True):
        """A handshake message, in as many records as it takes."""
        data = message(kind, body)
        if note:
            self.transcript += data
        for i in range(0, len(data), self.largest):
            self.record(HANDSHAKE, data[i:i + self.largest])

    def alert(self, level, description):
        self.record(ALERT, bytes([level, description]))

    def take(self, size):
        while len(self.held) < size:
            self.hurry()
            try:
                data = self.stream.recv(65536)
            except ConnectionError as error:
                raise Gone from error
            if not data:
                raise Gone
            self.held += data
        head, self.held = self.held[:size], self.held[size:]
        return head

    def next(self):
        """(kind, content) of the next record; alerts and data are noted."""
        kind, _, size = struct.unpack("!BHH", self.take(5))
        data = self.take(size)
        if self.read_half and kind != CCS:
            kind, data = self.unprotect(kind, data)
        if kind == ALERT:
            self.alerts.append(tuple(data[:2]))
        elif kind == DATA:
            self.received += data
        return kind, data

    def hear_any(self):
        """(kind, body) of the next handshake message."""
        while len(self.messages) < 4 or len(self.messages) < 4 + \
                int.from_bytes(self.messages[1:4], "big"):
            kind, data = self.next()
            if kind == HANDSHAKE:
                self.messages += data
        size = 4 + int.from_bytes(self.messages[1:4], "big")
        data, self.messages = self.messages[:size], self.messages[size:]
        self.transcript += data
        return data[0], data[4:]

    def hear(self, wanted):
        """The body of the first message of this kind; those before it are
        taken as they come."""
        while True:
            kind, body = self.hear_any()
            self.heard.append((kind, len(body)))
            if kind == wanted:
                return body

    def listen(self):
        """Until the other end is gone."""
        try:
            while True:
                self.next()
        except Gone:
            pass

    def hear_hello(self):
        if self.client is None:
            self.client = ClientHello(self.hear(CLIENT_HELLO))


class Peer13(Peer):
    """TLS 1.3 (RFC 8446)."""

    def protect(self, kind, data):
        data += bytes([kind])
        head = struct.pack("!BHH", DATA, 0x0303, len(data) + 16)
        half = self.write_half
        return DATA, cipher.seal(half.key, half.nonce(), data, head)

    def unprotect(self, kind, data):
        if kind != DATA:  # an alert may come before its sender has keys
            return kind, data
        head = struct.pack("!BHH", kind, 0x0303, len(data))
        half = self.read_half
        text = cipher.unseal(half.key, half.nonce(), data, head).rstrip(b"\0")
        return text[-1], text[:-1]

    def half(self, secret):
        return Half(cipher.expand(secret, b"key", b"", 32),
                    cipher.expand(secret, b"iv", b"", 12))

    def derive(self, secret, label):
        return cipher.expand(secret, label, cipher.digest(self.transcript), 32)

    def server_hello(self, random=None, session=None, suite=SUITE13,
                     version=0x0304, share=True, group=X25519):
        session = self.client.session if session is None else session
        more = extension(43, struct.pack("!H", version))
        if share:
            more += extension(51, struct.pack("!H", group) +
                              vector(self.point, 2))
        elif group:
            more += extension(51, struct.pack("!H", group))
        return (struct.pack("!H", 0x0303) + (random or os.urandom(32)) +
                vector(session, 1) + struct.pack("!HB", suite, 0) +
                vector(more, 2))

    def hello(self, **lies):
        """ServerHello; from here on all is encrypted."""
        self.hear_hello()
        self.say(SERVER_HELLO, self.server_hello(**lies))
        self.derive_keys()

    def retry(self, group):
        """HelloRetryRequest for that group (RFC 8446, section 4.1.4)."""
        self.say(SERVER_HELLO, self.server_hello(RETRY, share=False,
                                                 group=group))

    def derive_keys(self):
        nothing = cipher.digest(b"")
        early = cipher.hmac256(bytes(32), bytes(32))
        shared = cipher.x25519(SECRET, self.client.share())
        secret = cipher.hmac256(
            cipher.expand(early, b"derived", nothing, 32), shared)
        self.theirs = self.derive(secret, b"c hs traffic")
        self.ours = self.derive(secret, b"s hs traffic")
        self.read_half, self.write_half = self.half(self.theirs), \
            self.half(self.ours)
        self.master = cipher.hmac256(
            cipher.expand(secret, b"derived", nothing, 32), bytes(32))

    def extensions(self, more=b""):
        if self.protocol:
            more += extension(16, vector(vector(self.protocol.encode(), 1), 2))
        self.say(EXTENSIONS, vector(more, 2))

    def request(self, names=None):
        """CertificateRequest; `names`: DER of the CAs that it would like."""
        more = extension(13, vector(struct.pack("!H", ECDSA_SHA256), 2))
        if names:
            more += extension(47, vector(
                b"".join(vector(n, 2) for n in names), 2))
        self.say(REQUEST, b"\0" + vector(more, 2))

    def certificate(self):
        self.say(CERTIFICATE, b"\0" + vector(b"".join(
            vector(c, 3) + b"\0\0" for c in self.links), 3))

    def verify(self, key=None, spoil=None, scheme=ECDSA_SHA256):
        text = (b" " * 64 + b"TLS 1.3, server CertificateVerify\0" +
                cipher.digest(self.transcript))
        signature = (key or self.key).sign(text)
        if spoil:
            signature = spoil(signature)
        self.say(VERIFY, struct.pack("!H", scheme) + vector(signature, 2))

    def finish(self, spoil=None):
        """Our Finished, then theirs; from there on data flows."""
        self.say_finished(spoil)
        self.hear(FINISHED)
        self.read_half = self.half(self.theirs)

    def say_finished(self, spoil=None):
        proof = cipher.hmac256(cipher.expand(self.ours, b"finished", b"", 32),
                               cipher.digest(self.transcript))
        self.say(FINISHED, spoil(proof) if spoil else proof)
        self.ours = self.derive(self.master, b"s ap traffic")
        self.theirs = self.derive(self.master, b"c ap traffic")
        self.write_half = self.half(self.ours)

    def shake(self):
        """The whole handshake, nothing wrong with it."""
        self.hello()
        self.extensions()
        self.certificate()
        self.verify()
        self.finish()


class Peer12(Peer):
    """TLS 1.2 (RFC 5246), ECDHE (RFC 8422), ChaCha20-Poly1305 (RFC 7905)."""

    def half_extra(self, half, kind, size):
        return half.number.to_bytes(8, "big") + struct.pack(
            "!BHH", kind, 0x0303, size)

    def protect(self, kind, data):
        half = self.write_half
        extra = self.half_extra(half, kind, len(data))
        return kind, cipher.seal(half.key, half.nonce(), data, extra)

    def unprotect(self, kind, data):
        half = self.read_half
        extra = self.half_extra(half, kind, len(data) - 16)
        return kind, cipher.unseal(half.key, half.nonce(), data, extra)

    def hello(self, version=0x0303, random=None, suite=SUITE12, more=b""):
        self.hear_hello()
        self.random = random or os.urandom(24) + b"no sign."
        more += extension(0xff01, b"\0")  # RFC 5746
        if self.protocol:
            more += extension(16, vector(vector(self.protocol.encode(), 1), 2))
        self.say(SERVER_HELLO, struct.pack("!H", version) + self.random +
                 b"\0" + struct.pack("!HB", suite, 0) + vector(more, 2))

    def certificate(self):
        self.say(CERTIFICATE, vector(b"".join(
            vector(c, 3) for c in self.links), 3))

    def exchange(self, key=None, spoil=None, scheme=ECDSA_SHA256, group=X25519,
                 digest="sha256"):
        """ServerKeyExchange, signed."""
        share = struct.pack("!BH", 3, group) + vector(self.point, 1)
        signature = (key or self.key).sign(
            self.client.random + self.random + share, digest)
        if spoil:
            signature = spoil(signature)
        self.say(KEY_EXCHANGE, share + struct.pack("!H", scheme) +
                 vector(signature, 2))

    def done(self):
        """ServerHelloDone; then the client's whole flight."""
        self.say(DONE, b"")
        theirs = self.hear(CLIENT_KEY)[1:]
        secret = cipher.x25519(SECRET, theirs)
        both = self.client.random + self.random
        self.master = cipher.prf(secret, b"master secret", both, 48)
        block = cipher.prf(self.master, b"key expansion",
                           self.random + self.client.random, 88)
        while self.next()[0] != CCS:
            pass  # a CertificateVerify we did not ask for
        self.read_half = Half(block[:32], block[64:76])
        self.hear(FINISHED)
        self.next_half = Half(block[32:64], block[76:])

    def finish(self, spoil=None):
        self.record(CCS, b"\1")
        self.write_half = self.next_half
        proof = cipher.prf(self.master, b"server finished",
                           cipher.digest(self.transcript), 12)
        self.say(FINISHED, spoil(proof) if spoil else proof)

    def shake(self):
        self.hello()
        self.certificate()
        self.exchange()
        self.done()
        self.finish()
