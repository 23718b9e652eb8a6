"""A server's side of a WebSocket, for what a real one cannot be told to do.

    server = world.server(over_websocket(Script()))
    over_websocket(Script(), agree=lambda head: b"HTTP/1.1 404 No\\r\\n\\r\\n")
    over_websocket(Script(), frames=in_pieces)
"""
import base64
import hashlib
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload, last=True, first=True):
    head = bytes([(0x80 if last else 0) | (opcode if first else 0)])
    size = len(payload)
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65536:
        return head + b"\x7e" + struct.pack("!H", size) + payload
    return head + b"\x7f" + struct.pack("!Q", size) + payload


def whole(payload):
    return frame(BINARY, payload)


def in_pieces(payload):
    """Byte by byte, with a ping in between."""
    pieces = [payload[i:i + 1] for i in range(len(payload))]
    return b"".join(
        frame(BINARY, piece, last=i == len(pieces) - 1, first=i == 0) +
        (frame(PING, b"?%d" % i) if i == 0 else b"")
        for i, piece in enumerate(pieces))


def agree_as_it_should(head):
    key = fields(head)["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    return (b"HTTP/1.1 101 Yes\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept +
            b"\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")


def fields(head):
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in
            (line.split(": ", 1) for line in lines if line)}


class Socket:
    """What a Script takes for a visit: MQTT in, MQTT out."""

    def __init__(self, visit, frames):
        self.visit, self.frames = visit, frames
        self.held = b""
        self.control = []   # (opcode, payload) that the agent sent

    def take(self, size):
        while len(self.held) < size:
            more = self.visit.receive()
            if not more:
                raise EOFError
            self.held += more
        head, self.held = self.held[:size], self.held[size:]
        return head

    def head(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        return head

    def _frame(self):
        first, second = self.take(2)
        size = second & 0x7f
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        if not second & 0x80 or first & 0x70:
            raise ValueError("a client's frame must be masked and plain")
        mask = self.take(4)
        data = self.take(size)
        return first, bytes(b ^ mask[i % 4] for i, b in enumerate(data))

    def receive(self):
        try:
            while True:
                first, data = self._frame()
                opcode = first & 15
                if opcode == BINARY and first & 0x80:
                    return data
                self.control.append((opcode, data))
                if opcode == CLOSE:
                    return b""
                if opcode not in (PING, PONG):
                    raise ValueError(f"frame {first:#x} from the agent")
        except EOFError:
            return b""

    def send(self, data):
        self.visit.send(self.frames(data))

    def send_raw(self, data):
        self.visit.send(data)


class over_websocket:
    def __init__(self, script, agree=agree_as_it_should, frames=whole):
        self.script, self.agree, self.frames = script, agree, frames
        self.heads, self.sockets = [], []

    def __call__(self, visit):
        socket = Socket(visit, self.frames)
        self.sockets.append(socket)
        self.heads.append(socket.head())
        answer = self.agree(self.heads[-1])
        visit.send(answer)
        if answer.startswith(b"HTTP/1.1 101"):
            self.script(socket)
            while socket.receive():  # the agent's last words
                pass
        else:
            visit.receive()
