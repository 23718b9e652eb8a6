"""The agent and those it is measured against, behind the same few words.

    with Agent(world) as peer:   started, and connected to the broker
        peer.connack_ms          from the start until the broker sent CONNACK
        peer.online_ms           ... until the peer itself says so (or None)
        peer.send(count)         seconds until the broker has all of them
"""
import glob
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import kit

BYTES = 256       # of a message's payload
WINDOW = 100      # messages without PUBACK: what the agent allows itself
PATIENCE_S = 120  # for anything that is waited for
STORED = b'"stored":true'


class Told:
    """Lines of a program, each with the moment it was read."""

    def __init__(self, stream):
        self._lines, self._news = [], threading.Condition()
        self._stream = stream
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self._stream:
            at = time.monotonic()
            with self._news:
                self._lines.append((at, line))
                self._news.notify_all()

    def wait(self, part, seconds=PATIENCE_S, keep=False):
        """The first line with `part`, and when it came: (at, line).  It and
        those before it are forgotten unless they are to be kept."""
        with self._news:
            if not self._news.wait_for(
                    lambda: any(part in line for _, line in self._lines), seconds):
                said = "".join(line for _, line in self._lines[-20:])
                raise kit.Failed(f"not said in {seconds} s: {part}\n{said}")
            if keep:
                return next(line for line in self._lines if part in line[1])
            while True:
                at, line = self._lines.pop(0)
                if part in line:
                    return at, line

    def any(self):
        with self._news:
            return bool(self._lines)

    def last(self):
        """The newest line."""
        with self._news:
            return self._lines[-1][1]


class Broker(kit.Mosquitto):
    """Mosquitto that says when it lets a client in and what that subscribes
    to, and nothing else."""

    def __init__(self, parent, factory):
        super().__init__(parent, factory, f"""
set_tcp_nodelay true
max_inflight_messages {WINDOW}
max_queued_messages 0
sys_interval 1
log_dest none
log_dest stderr
log_type none
log_type error
log_type notice
log_type subscribe
""")
        self.told = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["mosquitto", "-c", self.config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.told = Told(self.process.stderr)
        try:
            kit.wait_until(self._listens, 10, "mosquitto listens")
        except BaseException:
            self.__exit__()
            raise
        return self


class World:
    """A factory, a broker, and a folder on a real disk; `with` it."""

    def __init__(self, folder, paho):
        self.folder, self.paho = folder, paho
        self.factory = kit.Factory(folder)
        self.broker = Broker(folder, self.factory)
        self._devices = {}

    def __enter__(self):
        self.broker.__enter__()
        self._counter = self.listen(
            "COUNTER", "$SYS/broker/publish/messages/received")
        kit.wait_until(self._counter.told.any, 10, "the broker counts")
        return self

    def __exit__(self, *_):
        self._counter.terminate()
        self._counter.wait()
        self.broker.__exit__()

    def received(self):
        """How many PUBLISH packets the broker has had; it says so once a
        second, when the number has changed."""
        return int(self._counter.told.last().split()[1])

    def device(self, serial):
        """(client id, chain, key) of a device, issued when first asked for."""
        if serial not in self._devices:
            self._devices[serial] = self.factory.device(serial)
        at = self._devices[serial]
        return (os.path.basename(at), os.path.join(at, "device.crt"),
                os.path.join(at, "device.key"))

    def mosquitto(self, program, serial, *arguments):
        """The command of mosquitto_pub or mosquitto_sub as a device."""
        client, chain, key = self.device(serial)
        return [program, "-V", "mqttv5", "-h", "localhost",
                "-p", str(self.broker.port), "--cafile", self.factory.server_ca,
                "--cert", chain, "--key", key, "-i", client, "-q", "1",
                *arguments]

    def listen(self, serial, topic, *arguments):
        """A subscriber: its process, with .told lines "<bytes> <payload>"."""
        process = subprocess.Popen(
            self.mosquitto("mosquitto_sub", serial, "-F", "%l %p",
                           "-t", topic, *arguments),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        process.told = Told(process.stdout)
        self.broker.told.wait(f" {self.device(serial)[0]} 1 {topic}")
        return process


class Peer:
    """What all share: a program of its own that ends with the block."""
    name = program = serial = None
    before = None  # part of a line that it says before `says`; kept in `noted`

    def __init__(self, world):
        self.world = world
        self.client, self.chain, self.key = world.device(self.serial)
        self.process = self.told = self.online_ms = None

    def __enter__(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=-1, text=True)
        self.told = Told(self.process.stdout)
        try:
            at = self.let_in()
            self.connack_ms = at and (at - began) * 1000
            if self.before:
                self.noted = self.told.wait(self.before)[1]
            if self.says:
                at, _ = self.told.wait(self.says)
                self.online_ms = (at - began) * 1000
        except BaseException:
            self.__exit__()
            raise
        return self

    def let_in(self):
        """When the broker sent CONNACK."""
        return self.world.broker.told.wait(f" as {self.client} ")[0]

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self):
        return self.process.pid


def hear_stored(connection, count):
    """Until so many lines of the agent said `stored`.  They are looked at many
    at a time, or this would take more of the processor than the agent does."""
    stored, rest = 0, b""
    while stored < count:
        got = connection.recv(1 << 16)
        whole, newline, rest = (rest + got).rpartition(b"\n")
        said = (whole + newline).count(STORED)
        if not got or said != (whole + newline).count(b"\n"):
            raise kit.Failed(f"answer {stored + said + 1} of {count} or so:"
                             f" {whole[-500:]}")
        stored += said


class Agent(Peer):
    name, serial, says = "nameplate", "AGENT", "session online"
    before = " up host="
    program = os.path.join(kit.BIN, "nameplate")

    def __init__(self, world, telemetry=True, port=None):
        super().__init__(world)
        self.socket = os.path.join(world.folder, "app.sock")
        interval = "" if telemetry else "[telemetry]\ninterval_s = 0"
        self.config = kit.write(os.path.join(world.folder, "agent.ini"), f"""
[cloud]
endpoint = localhost:{port or world.broker.port}
trust = {world.factory.server_ca}
[identity]
certificate = {self.chain}
key = file:{self.key}
[store]
folder = {world.folder}/store
[local]
socket = {self.socket}
{interval}
""")

    def forget_sessions(self):
        """The next TLS handshake is a full one."""
        for path in glob.glob(os.path.join(self.world.folder,
                                           "store/session-*")):
            os.unlink(path)

    def handshake(self):
        """("full" or "resumed", bytes in and out): of TLS, without tickets."""
        kind, *sizes = re.search(r"handshake=(\w+) in=(\d+) out=(\d+)",
                                 self.noted).groups()
        return kind, sum(map(int, sizes))

    def command(self):
        return [self.program, "run", "-c", self.config]

    def send(self, count):
        """Through the socket; a message counts when the agent said `stored`.
        The last one has a topic of its own, and a subscriber hears it."""
        listener = self.world.listen("LISTENER", "nameplate/+/stream/last")
        try:
            began, last_stored = self._emit(count)
            heard, line = listener.told.wait('"data"')
        finally:
            listener.terminate()
            listener.wait()
        if not line.startswith(f"{BYTES} "):
            raise kit.Failed(f"expected a payload of {BYTES} bytes: {line}")
        return max(heard, last_stored) - began

    def _emit(self, count):
        # {"ts":<13 digits>,"seq":<13 digits>,"data":"..."}
        data = "x" * (BYTES - len('{"ts":,"seq":,"data":""}') - 26)
        request = b'{"op":"emit","stream":"%s","data":"' + data.encode() + b'"}\n'
        wanted = b"".join([request % b"many"] * (count - 1) + [request % b"last"])
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(self.socket)
            s.recv(4096)  # hello
            began = time.monotonic()
            writer = threading.Thread(target=s.sendall, args=(wanted,))
            writer.start()
            hear_stored(s, count)
            writer.join()
            return began, time.monotonic()


class MosquittoPub(Peer):
    name, serial, says = "mosquitto_pub -l", "PUB", None
    program = "/usr/bin/mosquitto_pub"

    def command(self):
        return self.world.mosquitto(self.program, self.serial, "-l",
                                    "-M", str(WINDOW), "-t", "bench/many")

    def send(self, count):
        """It ends when the last PUBACK has come; no other word of it says so."""
        began = time.monotonic()
        self.process.stdin.write(("x" * BYTES + "\n") * count)
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        return time.monotonic() - began


class Paho(Peer):
    name, serial, says = "Paho + OpenSSL", "PAHO", "connected"

    @property
    def program(self):
        return self.world.paho

    def command(self):
        return [self.program, str(self.world.broker.port),
                self.world.factory.server_ca, self.chain, self.key, self.client,
                "bench/many", str(BYTES)]

    def send(self, count):
        began = time.monotonic()
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return self.told.wait("done")[0] - began


PEERS = [Agent, MosquittoPub, Paho]
