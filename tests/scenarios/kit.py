"""What scenarios share: TAP, programs that end, free ports, a real Mosquitto.

    @scenario                     the function's name is the sentence
    def a_device_comes_online(): ...
    if __name__ == "__main__": main()

`expect(truth, message)` fails the scenario; so does any exception.
"""
import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("NAMEPLATE_BIN", os.path.join(TOP, "build/dev/bin"))
LIB = os.environ.get("NAMEPLATE_LIB", os.path.join(TOP, "build/dev/lib"))
FACTORY = os.path.join(BIN, "factory")

_scenarios = []


def scenario(function):
    _scenarios.append(function)
    return function


class Failed(Exception):
    """What was expected did not happen."""


class Skipped(Exception):
    """This machine or user cannot do it; the reason is printed and counted."""


def expect(truth, message):
    if not truth:
        raise Failed(message)


def _outcome(function):
    """None, a Skipped, or in words why the scenario failed."""
    try:
        function()
    except Skipped as reason:
        return reason
    except Exception as error:  # every failure is a failed scenario
        where = "" if isinstance(error, Failed) else traceback.format_exc()
        return f"{error}\n{where}".strip()
    return None


def main(at_once=1):
    """Run the scenarios, or those whose name contains an argument.  Those that
    mostly wait may run several `at_once`."""
    wanted = [s for s in _scenarios
              if len(sys.argv) < 2 or any(a in s.__name__ for a in sys.argv[1:])]
    failures = 0
    print(f"1..{len(wanted)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        outcomes = pool.map(_outcome, wanted)
        for number, (function, fault) in enumerate(zip(wanted, outcomes), 1):
            sentence = function.__name__.replace("_", " ")
            if isinstance(fault, str):
                failures += 1
                print(f"not ok {number} - {sentence}")
                for line in fault.split("\n"):
                    print("#", line)
            else:
                print(f"ok {number} - {sentence}"
                      + (f" # SKIP {fault}" if fault else ""))
            sys.stdout.flush()
    sys.exit(1 if failures else 0)


def run(*command, status=0, timeout=60, **options):
    """Run a program to its end; its exit status must be `status` (None: any).
    The result has .stdout, .stderr (text) and .returncode."""
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL, **options)
    if status is not None:
        expect(done.returncode == status,
               f"{' '.join(map(str, command))}: exit {done.returncode}, expected"
               f" {status}\n{done.stdout}{done.stderr}")
    return done


@contextlib.contextmanager
def folder():
    """A temporary folder, removed at the end."""
    path = tempfile.mkdtemp(prefix="nameplate-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def free_port():
    """None that the kernel lends to clients: who restarts needs it again."""
    lent = int(read("/proc/sys/net/ipv4/ip_local_port_range").split()[0])
    while True:
        port = random.randrange(10000, max(lent, 20000))
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def somebody_listens(address):
    """At (host, port), or at a path: a socket's file alone is no proof, it is
    there a moment before and may stay behind."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as s:
        return s.connect_ex(address) == 0


def wait_until(question, seconds, what):
    """Ask until the answer is true; give it back."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        expect(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.02)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


class Factory:
    """A factory in a folder: `Factory(tmp).issue("S1")` gives paths."""

    def __init__(self, parent, vendor="Acme", model="Thermo-1"):
        self.folder = os.path.join(parent, "factory")
        self.model = model
        self.run("init", "--vendor", vendor)
        self.run("model", "--model", model, "--batch", "B1")
        self.root = os.path.join(self.folder, "root.crt")
        self.server_ca = os.path.join(self.folder, "server/ca.crt")

    def run(self, verb, *arguments, **options):
        return run(FACTORY, verb, "--folder", self.folder, *arguments, **options)

    def device(self, serial, model=None, *arguments):
        """Issue; gives the device's folder: device.crt, device.key."""
        return json.loads(self.run("issue", "--model", model or self.model,
                                   "--serial", serial, "--json",
                                   *arguments).stdout)["folder"]

    def batch(self, name="B1"):
        """The folder of the model's CA: ca.crt, ca.key."""
        models = os.path.join(self.folder, "models")
        kind = [k for k in os.listdir(models)
                if k.endswith(":" + self.model.lower())]
        return os.path.join(models, kind[0], name)

    def server(self, *arguments):
        """The folder of a server: server.crt, server.key."""
        self.run("server", "--name", "localhost", "--ip", "127.0.0.1", *arguments)
        name = "localhost"
        if "--as" in arguments:
            name = arguments[arguments.index("--as") + 1]
        return os.path.join(self.folder, "server", name)


class Mosquitto:
    """A real broker with mutual TLS on a free port of 127.0.0.1."""

    def __init__(self, parent, factory, extra="", cafile=None):
        self.port = free_port()
        server = os.path.join(factory.folder, "server/localhost")
        if not os.path.exists(server):
            factory.server()
        self.log = os.path.join(parent, "mosquitto.log")
        # 2.0 drops root to the user "mosquitto", who cannot read our keys.
        self.config = write(os.path.join(parent, "mosquitto.conf"), f"""
user root
listener {self.port} 127.0.0.1
cafile {cafile or factory.root}
certfile {server}/server.crt
keyfile {server}/server.key
require_certificate true
use_identity_as_username true
allow_anonymous false
log_dest file {self.log}
log_type all
connection_messages true
{extra}
""")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["mosquitto", "-c", self.config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(self._listens, 10, f"mosquitto listens:\n{self.words()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:  # what it keeps it writes now: killed, it would lose that
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _listens(self):
        expect(self.process.poll() is None, f"mosquitto ended: {self.words()}")
        return somebody_listens(("127.0.0.1", self.port))

    def words(self):
        return read(self.log) if os.path.exists(self.log) else ""
