"""Proxies played by hand: HTTP CONNECT and SOCKS5, with and without a login.

    proxy = HttpProxy(names={"far.test": 4711}, login="me:secret")
    proxy.asked     # "far.test:8883", in the order of the questions
"""
import base64
import socket
import struct

from relays import Door, join


class Proxy(Door):
    """Carries what is asked for by a known name to a port of ours.  `answer`
    (bytes): said instead of doing anything; "" is a hang-up."""

    def __init__(self, names, login=None, answer=None):
        self.names, self.login, self.answer = names, login, answer
        self.asked, self.logins = [], []
        super().__init__()

    def serve(self, stream):
        if self.answer is None:
            self.talk(stream)
            return
        self.hear_question(stream)
        stream.sendall(self.answer)
        if self.answer:
            stream.recv(1)  # until the agent has had enough

    def hear_question(self, stream):
        stream.recv(4096)

    def carry(self, stream, name):
        with socket.create_connection(("127.0.0.1", self.names[name])) as far:
            join(stream, far)


def exactly(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


class HttpProxy(Proxy):
    def talk(self, stream):
        head = b""
        while b"\r\n\r\n" not in head:
            head += exactly(stream, 1)
        lines = head.decode().split("\r\n")
        method, place, version = lines[0].split(" ")
        fields = dict(line.split(": ", 1) for line in lines[1:] if line)
        if method != "CONNECT" or version != "HTTP/1.1" or \
                fields["Host"] != place:
            raise ValueError(head)
        self.asked.append(place)
        login = fields.get("Proxy-Authorization", "").removeprefix("Basic ")
        self.logins.append(base64.b64decode(login).decode())
        if self.login and self.logins[-1] != self.login:
            stream.sendall(b"HTTP/1.1 407 Who are you?\r\n"
                           b"Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n")
        elif place.rsplit(":", 1)[0] not in self.names:
            stream.sendall(b"HTTP/1.1 502 No such host\r\n\r\n")
        else:
            stream.sendall(b"HTTP/1.1 200 Go\r\nVia: x\r\n\r\n")
            self.carry(stream, place.rsplit(":", 1)[0])


class SocksProxy(Proxy):
    def talk(self, stream):
        version, count = exactly(stream, 2)
        methods = exactly(stream, count)
        wanted = 2 if self.login else 0
        if version != 5 or wanted not in methods:
            stream.sendall(b"\x05\xff")
            return
        stream.sendall(bytes([5, wanted]))
        if self.login and not self.log_in(stream):
            return
        version, command, zero, kind = exactly(stream, 4)
        if (version, command, zero, kind) != (5, 1, 0, 3):
            raise ValueError("not a CONNECT by name")
        name = exactly(stream, exactly(stream, 1)[0]).decode()
        port = struct.unpack("!H", exactly(stream, 2))[0]
        self.asked.append(f"{name}:{port}")
        known = name in self.names
        stream.sendall(bytes([5, 0 if known else 4, 0, 1]) + bytes(6))
        if known:
            self.carry(stream, name)

    def log_in(self, stream):
        exactly(stream, 1)
        user = exactly(stream, exactly(stream, 1)[0]).decode()
        password = exactly(stream, exactly(stream, 1)[0]).decode()
        self.logins.append(f"{user}:{password}")
        good = self.logins[-1] == self.login
        stream.sendall(bytes([1, 0 if good else 1]))
        return good
