"""A device, a router and a broker, with cables between them that can be pulled.

    wires = Wires(world)    # three machines; a real Mosquitto on the far one
    agent = wires.agent(keep_alive_s=6)
    wires.pull()            # the device's cable: it knows
    wires.swallow()         # the router drops all: nobody knows

The device is 10.77.1.2 and its way out is the router; the broker's name is
broker.test (alone() and hosts() first, see loneliness.py).
"""
import json
import os
import signal
import subprocess
import threading
import time

from authority import Authority
from kit import Failed, Mosquitto, expect, free_port, read, wait_until, write
from world import NAMEPLATE, Application, end, factory, thing

BROKER = "10.77.2.2"
DEVICE = "10.77.1.2"
UNWATCHED = os.path.join(os.path.dirname(NAMEPLATE), "nameplate_unwatched")
SLEEPER = os.path.join(os.path.dirname(NAMEPLATE), "nameplate_sleeper")


class Machine:
    """A network namespace, for as long as a program sleeps in it."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        mine = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(self._place()) != mine, 5, "a namespace")
        self.run("ip", "link", "set", "lo", "up")

    def _place(self):
        return f"/proc/{self.process.pid}/ns/net"

    def inside(self, *command):
        """The words that start this command there."""
        return ["nsenter", "--net=" + self._place(), *command]

    def run(self, *command):
        done = subprocess.run(self.inside(*command), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"{command}: {done.stderr}")

    def end(self):
        self.process.kill()
        self.process.wait()


class FarBroker(Mosquitto):
    """Mosquitto on the far machine, and who hears all that it gets."""

    def __init__(self, folder, root, machine, extra=""):
        super().__init__(folder, factory())
        self.machine = machine
        self.plain = free_port()
        self.heard_file = os.path.join(folder, "heard")
        pair = root.leaf("broker", names="DNS:broker.test")
        write(self.config, f"""
user root
listener {self.port} {BROKER}
cafile {factory().root}
certfile {pair.crt}
keyfile {pair.key}
require_certificate true
listener {self.plain} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
log_dest file {self.log}
log_type all
{extra}
""")

    def __enter__(self):
        self.process = subprocess.Popen(
            self.machine.inside("mosquitto", "-c", self.config),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_until(self._listens, 10, "mosquitto listens")
        with open(self.heard_file, "w", encoding="utf-8") as out:
            self.ear = subprocess.Popen(self.machine.inside(
                "mosquitto_sub", "-k", "10", "-h", "127.0.0.1", "-p",
                str(self.plain), "-q", "1", "-t", f"nameplate/{thing()}/stream/#"),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        wait_until(self._is_heard, 30, "someone listens to the broker")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        end(self.ear)
        super().__exit__()

    def _listens(self):
        expect(self.process.poll() is None, f"mosquitto ended: {self.words()}")
        # It tells of each port just before that is open.
        return " running\n" in self.words()

    def _is_heard(self):
        expect(self.ear.poll() is None, read(self.heard_file))
        return "SUBSCRIBE" in self.words()

    def numbers(self):
        """What came, in order, each once."""
        lines = read(self.heard_file).split("\n")[:-1]
        return list(dict.fromkeys(json.loads(line)["data"] for line in lines))


class Talk(threading.Thread):
    """An application that emits numbers until it is told to be silent."""

    def __init__(self, agent, pause=0.1):
        super().__init__(daemon=True)
        self.agent, self.pause, self.numbers = agent, pause, []
        self.quiet = threading.Event()
        self.start()

    def run(self):
        with Application(self.agent) as application:
            while not self.quiet.wait(self.pause):
                self.numbers += application.emit("door", [len(self.numbers)])

    def hush(self):
        self.quiet.set()
        self.join()
        return self.numbers


class Wires:
    def __init__(self, world, extra=""):
        self.world = world
        self.device, self.router, self.far = (self._machine() for _ in range(3))
        self._cable(self.device, "eth0", self.router, "near")
        self._cable(self.far, "eth0", self.router, "far")
        self.give()
        for end, address in (("near", "10.77.1.1/24"), ("far", "10.77.2.1/24")):
            self.router.run("ip", "addr", "add", address, "dev", end)
        self.far.run("ip", "addr", "add", BROKER + "/24", "dev", "eth0")
        self.far.run("ip", "route", "add", "default", "via", "10.77.2.1")
        self.carry()
        self.root = Authority(world.folder)
        self.broker = FarBroker(world.folder, self.root, self.far, extra)
        self.broker.__enter__()
        world.endings.append(self.broker.__exit__)

    def _machine(self):
        machine = Machine()
        self.world.endings.append(machine.end)
        return machine

    @staticmethod
    def _cable(one, name, other, far_name):
        one.run("ip", "link", "add", name, "type", "veth", "peer", "name",
                far_name, "netns", str(other.process.pid))
        one.run("ip", "link", "set", name, "up")
        other.run("ip", "link", "set", far_name, "up")

    def agent(self, binary=NAMEPLATE, keep_alive_s=6, start=True, **settings):
        agent = self.world.agent(
            start=False, host="broker.test", port=self.broker.port,
            trust=self.root.crt, binary=self.device.inside(binary),
            settings={"cloud.keep_alive_s": keep_alive_s,
                      "telemetry.interval_s": 0, **settings})
        return agent.start().wait_for("session online") if start else agent

    # --- what happens to the wires

    def pull(self):
        """The device's cable; its own interface stays switched on."""
        self.router.run("ip", "link", "set", "near", "down")

    def plug(self):
        self.router.run("ip", "link", "set", "near", "up")

    def give(self, address=DEVICE):
        """The device an address, with the way out."""
        self.device.run("ip", "addr", "add", address + "/24", "dev", "eth0")
        self.device.run("ip", "route", "replace", "default", "via", "10.77.1.1")

    def take(self, address=DEVICE):
        self.device.run("ip", "addr", "del", address + "/24", "dev", "eth0")

    def swallow(self):
        self.router.run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward")

    def carry(self):
        self.router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")


class Watcher:
    """Asks the agent again and again what it says of itself."""

    def __init__(self, agent):
        self.application = Application(agent)
        self.began = time.monotonic()

    def status(self):
        self.application.send(op="status", id=0)
        while True:  # what the agent tells unasked is passed over
            answer = self.application.receive()
            expect(answer is not None, "the agent is gone")
            if answer.get("id") == 0:
                return answer

    def begin(self):
        self.began = time.monotonic()
        return self

    def until(self, online, seconds):
        """Seconds until it says so, and its words then."""
        while True:
            status = self.status()
            took = time.monotonic() - self.began
            if status["online"] == online:
                return took, status
            if took > seconds:
                raise Failed(f"online={not online} still after {took:.1f} s:"
                             f" {status}")
            time.sleep(0.05)
