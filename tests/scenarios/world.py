"""A world for the agent: brokers, scripted TLS servers and real agents.

    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port)
        agent.wait_for(" online ")

Everything lives in one temporary folder.  At the end every agent must leave
cleanly when asked to: exit 0, nothing from the sanitizers, no line of its key
in its log.  The factory is made once per test program.
"""
import atexit
import glob
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from kit import BIN, Factory, Mosquitto, expect, read, wait_until, write

NAMEPLATE = os.path.join(BIN, "nameplate")
# Built without sanitizers: for what cannot live beside them.
RELEASE = os.path.join(os.path.dirname(os.path.dirname(BIN)),
                       "release/bin/nameplate")

_once = {}
_one_at_a_time = threading.RLock()


def factory():
    """The factory of this test program: vendor Acme, model Thermo-1."""
    with _one_at_a_time:
        if "factory" not in _once:
            place = tempfile.mkdtemp(prefix="nameplate-factory-")
            atexit.register(shutil.rmtree, place, ignore_errors=True)
            _once["factory"] = Factory(place)
            _once["factory"].server()
        return _once["factory"]


def device(serial="S1"):
    """The folder of this device: device.crt, device.key; issued when new."""
    with _one_at_a_time:
        if serial not in _once:
            _once[serial] = factory().device(serial)
        return _once[serial]


def thing(serial="S1"):
    return "acme:thermo-1:" + serial


def end(process, seconds=5):
    """End a process that this test started; gives its exit status.  A
    process that was told already is not told again."""
    if process.poll() is None and not getattr(process, "told", False):
        process.terminate()
    process.told = True
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


class Broker(Mosquitto):
    """A real Mosquitto that can go away and come back on its port."""

    def start(self):
        return self.__enter__()

    def stop(self):
        self.__exit__()

    def restart(self):
        self.stop()
        return self.start()

    def reload(self):
        before = len(self.words())
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloading config" in self.words()[before:], 5,
                   "mosquitto reloads")


class Visit:
    """One connection to a Server, as the server saw it."""

    def __init__(self, raw):
        self.raw = raw
        self.stream = None       # the TLS stream once hands are shaken
        self.began = time.monotonic()
        self.server_name = None  # SNI
        self.error = None        # why the handshake failed
        self.received = b""      # bytes inside TLS: MQTT
        self.over = False

    def receive(self, size=65536):
        data = self.stream.recv(size)
        self.received += data
        return data

    def send(self, data):
        self.stream.sendall(data)


class Server:
    """A TLS server on a port of ours.  `script(visit)` plays each connection
    after its handshake; without one, everything is read and nothing said."""

    def __init__(self, script=None, certificate=None, key=None, cafile=None,
                 alpn=None, address="127.0.0.1", port=0, newest=None):
        home = os.path.join(factory().folder, "server/localhost")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Also what is too weak: the agent is on trial here, not OpenSSL.
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.minimum_version = ssl.TLSVersion.TLSv1
        self.context.maximum_version = newest or ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(certificate or home + "/server.crt",
                                     key or home + "/server.key")
        if cafile:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(cafile)
        if alpn:
            self.context.set_alpn_protocols(alpn)
        self.context.sni_callback = self._note_name
        self.script = script or self.read_all
        self.visits = []
        self.names = {}
        self.listener = socket.create_server((address, port), backlog=50)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def read_all(visit):
        while visit.receive():
            pass

    def received(self):
        return b"".join(v.received for v in self.visits)

    def close(self):
        if self.listener.fileno() >= 0:
            # shutdown wakes the thread in accept; close alone does not
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        self.cut()

    def cut(self):
        """Every connection, without a word."""
        for visit in self.visits:
            self._cut(visit.stream or visit.raw)

    def _note_name(self, stream, name, _context):
        self.names[stream] = name

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            raw.settimeout(60)
            visit = Visit(raw)
            self.visits.append(visit)
            threading.Thread(target=self._serve, args=(visit,),
                             daemon=True).start()

    def _serve(self, visit):
        try:
            visit.stream = self.context.wrap_socket(
                visit.raw, server_side=True, do_handshake_on_connect=False)
            visit.stream.do_handshake()
            visit.server_name = self.names.get(visit.stream)
            self.script(visit)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            visit.error = str(error)
        finally:
            self._cut(visit.stream or visit.raw)
            visit.over = True

    @staticmethod
    def _cut(stream):
        try:
            stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        stream.close()


class Agent:
    """The real `nameplate run` in a folder of its own."""

    def __init__(self, home, serial="S1", port=None, host="localhost",
                 trust=None, binary=NAMEPLATE, environment=None, settings=()):
        os.makedirs(home, exist_ok=True)
        self.home = home
        # A list of words: a program that starts the agent.
        self.binary = [binary] if isinstance(binary, str) else binary
        self.environment = dict(os.environ, **(environment or {}))
        self.device = device(serial)
        self.thing = thing(serial)
        self.socket = os.path.join(home, "app.sock")
        self.store = os.path.join(home, "store")
        self.log = os.path.join(home, "log")
        values = {
            "cloud.endpoint": f"{host}:{port}" if port else host,
            "cloud.trust": trust or factory().server_ca,
            "identity.certificate": self.device + "/device.crt",
            "identity.key": "file:" + self.device + "/device.key",
            "store.folder": self.store, "local.socket": self.socket,
            "log.level": "debug", **dict(settings)}
        self.config = write(os.path.join(home, "nameplate.ini"),
                            configuration(values))
        self.process = None

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*self.binary, "run", "-c", self.config], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def stop(self):
        """SIGTERM, and all that must hold after it."""
        if self.process is None:
            return
        status = end(self.process, 10)
        self.process = None
        expect(status == 0, f"the agent left with {status}:\n{self.words()}")
        self.check_log()

    def kill(self):
        """As a power cut would: no warning, no last word."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def check_log(self):
        words, key = self.words(), read(self.device + "/device.key")
        for line in key.split("\n")[1:-2]:
            expect(line not in words, "a line of the private key is logged")
        expect("ERROR: AddressSanitizer" not in words and
               "runtime error" not in words, words)

    def words(self):
        return read(self.log) if os.path.exists(self.log) else ""

    def wait_for(self, text, seconds=20, times=1):
        """Until the log holds the text so often."""
        try:
            wait_until(lambda: self.words().count(text) >= times, seconds, text)
        except Exception:
            expect(False, f"{times} x '{text}' not within {seconds} s in the"
                          f" agent's log:\n{self.words()[-4000:]}")
        return self

    def waits(self):
        """The waits before the next tries, as logged, in milliseconds."""
        return [int(w) for w in re.findall(r"next_try_ms=(\d+)", self.words())]


class Application:
    """A program on the device, at the agent's socket."""

    def __init__(self, agent):
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.settimeout(10)
        wait_until(lambda: self._connect(agent.socket), 10, "the socket opens")
        self.lines = self.stream.makefile("r", encoding="utf-8")
        self.hello = self.receive()

    def _connect(self, path):
        return os.path.exists(path) and self.stream.connect_ex(path) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.stream.close()

    def send(self, **request):
        self.stream.sendall(json.dumps(request).encode() + b"\n")

    def receive(self):
        """The next object; None when the agent is gone."""
        try:
            line = self.lines.readline()
        except OSError:
            return None
        return json.loads(line) if line.endswith("\n") else None

    def emit(self, stream, numbers, weight=0):
        """Emit each, one after the other; give back those that the agent said
        are stored.  Ends early when the agent is gone.  With a `weight` the
        data is a list that begins with the number and has so many bytes."""
        stored = []
        for number in numbers:
            try:
                self.send(op="emit", stream=stream, id=number, data=[
                    number, "x" * weight] if weight else number)
            except OSError:
                break
            answer = self.receive()
            if answer is None:
                break
            expect(answer.get("id") == number and answer.get("ok") and
                   answer.get("stored"), str(answer))
            stored.append(number)
        return stored


def configuration(values):
    """{"cloud.endpoint": "x", "class.bulk.ttl_s": 1} as INI text."""
    text, section = "", None
    for name, value in sorted(values.items()):
        if name.rsplit(".", 1)[0] != section:
            section = name.rsplit(".", 1)[0]
            text += f"[{section}]\n"
        text += f"{name.rsplit('.', 1)[1]} = {value}\n"
    return text


class World:
    """Owns what a scenario starts, and ends it in reverse."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="nameplate-")
        self.endings = []
        self.agents = []
        return self

    def __exit__(self, kind, *_):
        faults = []
        for agent in self.agents:  # all at once; each is waited for below
            if agent.process and agent.process.poll() is None:
                agent.process.terminate()
                agent.process.told = True
        for ending in reversed(self.endings):
            try:
                ending()
            except Exception as fault:
                faults.append(str(fault))
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None:  # else the first failure is the one to tell
            expect(not faults, "\n".join(faults))

    def path(self, name):
        return os.path.join(self.folder, name)

    def broker(self, extra=""):
        broker = Broker(self.folder, factory(), extra).start()
        self.endings.append(broker.stop)
        return broker

    def server(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.endings.append(server.close)
        return server

    def agent(self, name=None, start=True, **options):
        agent = Agent(self.path(name or f"agent{len(self.agents)}"), **options)
        self.agents.append(agent)
        self.endings.append(agent.stop)
        return agent.start() if start else agent

    def run_beside(self, *command, log):
        """A program that runs until the end, its output in a file."""
        with open(self.path(log), "a", encoding="utf-8") as out:
            process = subprocess.Popen([str(c) for c in command], stdout=out,
                                       stderr=out, stdin=subprocess.DEVNULL)
        self.endings.append(lambda: end(process))
        return process

    def keep_beside(self, *command, log):
        """The same, begun anew whenever it ends: mosquitto_sub comes back from
        a lost connection, but gives up where a broker that is just leaving cuts
        it in the middle of the handshake."""
        return self.run_beside(
            "sh", "-c", 'trap \'kill "$ear"; exit\' TERM\n'
            'while :; do "$@" & ear=$!; wait; sleep 0.2; done', "keep_beside",
            *command, log=log)


def faketime_library():
    """libfaketime as Debian installs it, whatever the machine's triplet."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    expect(found, "libfaketime is missing: apt install faketime")
    return found[0]
