#!/usr/bin/env python3
"""The agent starts whole or not at all.

What is wrong is said on one line that a person can act on, with the exit code
that sysexits.h has for it; then nothing is left: no process, no socket, no
store, not one connection to the cloud.  And once it runs, nothing on the
device listens.
"""
import contextlib
import os
import re
import socket
import subprocess
import sys
import time

from authority import Authority, Pair
from kit import expect, main, read, run, scenario, write
from packets import Script
from world import NAMEPLATE, World, configuration, device, end

ONLINE = "info session online"
NO_INPUT, UNAVAILABLE, DENIED, CONFIG, USAGE = 66, 69, 77, 78, 64


class Trial:
    """A device that is about to start, and the cloud it would go to."""

    def __init__(self, world):
        self.world = world
        self.server = world.server(Script())
        self.agent = world.agent("trial", start=False, port=self.server.port)
        self.home = self.agent.home
        for name in ("device.crt", "device.key"):
            path = write(self.at(name), read(os.path.join(device(), name)))
            os.chmod(path, 0o600)
        self.values = {
            "cloud.endpoint": f"localhost:{self.server.port}",
            "cloud.trust": write(self.at("trust.pem"), self.trust()),
            "identity.certificate": "device.crt",
            "identity.key": "file:device.key",
            "store.folder": "store", "local.socket": "app.sock"}

    def trust(self):
        return read(os.path.join(device(), "../../server/ca.crt"))

    def at(self, name):
        return os.path.join(self.home, name)

    def run(self):
        write(self.agent.config, configuration(self.values))
        return run(NAMEPLATE, "run", "-c", self.agent.config, status=None,
                   timeout=20)

    def refused(self, status, *words):
        done = self.run()
        for word in words:
            expect(word in done.stderr, f"'{word}' in\n{done.stderr}")
        expect(done.returncode == status,
               f"exit {done.returncode}, expected {status}:\n{done.stderr}")
        expect("Sanitizer" not in done.stderr, done.stderr)
        left = [n for n in ("store", "app.sock") if os.path.exists(self.at(n))]
        expect(not left, f"{left} is left behind:\n{done.stderr}")
        expect(not self.server.visits, "it dialled all the same")

    def line_of(self, name):
        """nameplate.ini:N of a key, as a fault must begin."""
        key = name.split(".")[1]
        lines = configuration(self.values).split("\n")
        number = [n for n, line in enumerate(lines, 1)
                  if line.startswith(key + " =")][0]
        return f"nameplate: {self.agent.config}:{number}: "


@scenario
def the_configuration_that_each_of_the_others_spoils_starts():
    """Their twin."""
    with World() as world:
        trial = Trial(world)
        write(trial.agent.config, configuration(trial.values))
        trial.agent.start().wait_for(ONLINE)
        expect(os.path.exists(trial.at("store")), "no store")


@scenario
def a_bad_value_or_an_unknown_key_names_its_line_and_what_was_expected():
    with World() as world:
        cases = [
            ("cloud.endpoint", "localhost:0", "port 1 to 65535"),
            ("cloud.endpoint", "mqtts://localhost", "no scheme"),
            ("cloud.keep_alive_s", "4", "5 to 1200"),
            ("cloud.protocol", "3", "3.1.1"),
            ("cloud.connect_timeout_s", "soon", "1 to 120"),
            ("cloud.trsut", "x", "did you mean 'trust'"),
            ("identity.key", "device.key", "file:PATH"),
            ("identity.serial", "S1", "factory certificate"),
            ("cloud.client_id", "acme:thermo-1:S1", "factory certificate"),
            ("log.level", "loud", "debug"),
        ]
        for name, value, expected in cases:
            trial = Trial(world)
            trial.values[name] = value
            trial.refused(CONFIG, trial.line_of(name), expected)


@scenario
def every_fault_is_told_at_once_also_of_a_drop_in():
    with World() as world:
        trial = Trial(world)
        os.mkdir(trial.agent.config + ".d")
        extra = write(trial.agent.config + ".d/10-site.ini",
                      "[cloud]\n\nkeep_alive_s = never\n")
        del trial.values["cloud.trust"]
        trial.refused(CONFIG, f"nameplate: {extra}:3: ", "trust is missing in"
                      " [cloud]")


@scenario
def a_configuration_that_is_not_there_is_told():
    with World() as world:
        missing = world.path("none.ini")
        done = run(NAMEPLATE, "run", "-c", missing, status=NO_INPUT)
        expect(done.stderr.startswith(f"nameplate: {missing}: cannot be opened"),
               done.stderr)
        done = run(NAMEPLATE, "run", "-c", world.folder, status=None)
        expect("is not a file" in done.stderr and done.returncode, str(done))
        done = run(NAMEPLATE, "run", "surplus", status=USAGE)
        expect("'surplus'" in done.stderr, done.stderr)


@scenario
def a_file_that_cannot_be_read_names_the_line_that_names_it():
    with World() as world:
        for name, value, expected in (
                ("cloud.trust", "none.pem", "the CAs a broker may have"),
                ("identity.certificate", "none.crt", "the factory certificate"),
                ("identity.key", "file:none.key", "file:PATH"),
                ("device.description", "none.json", "expected"),
                ("jobs.handlers", "none", "programs that jobs may name")):
            trial = Trial(world)
            trial.values[name] = value
            trial.refused(NO_INPUT, trial.line_of(name), expected,
                          "No such file")
        trial = Trial(world)
        trial.values["cloud.trust"] = "."
        trial.refused(UNAVAILABLE, trial.line_of("cloud.trust"),
                      "it is not a file")
        trial = Trial(world)
        trial.values["jobs.handlers"] = "device.crt"
        trial.refused(NO_INPUT, trial.line_of("jobs.handlers"),
                      "Not a directory", "the path of a folder")


@scenario
def a_key_that_others_may_read_is_refused_with_the_command_that_mends_it():
    with World() as world:
        for mode in (0o640, 0o604, 0o660):
            trial = Trial(world)
            os.chmod(trial.at("device.key"), mode)
            trial.refused(DENIED, "others can read the key", "chmod 600 ")


@scenario
def a_key_that_is_not_the_certificates_or_no_key_is_refused():
    with World() as world:
        trial = Trial(world)
        write(trial.at("device.key"), read(device("S2") + "/device.key"))
        trial.refused(CONFIG, "the certificate is for another key")
        for text in ("", "-----BEGIN PRIVATE" + " KEY-----\nAAAA\n", "x" * 9000,
                     read(device() + "/device.crt")):
            write(trial.at("device.key"), text)
            trial.refused(CONFIG, "not a private key", "expected")


@scenario
def a_certificate_that_is_no_nameplate_is_refused():
    """Somebody else's name, or none: the device would be mistaken for it."""
    with World() as world:
        root = Authority(world.folder)
        whole = "/O=Acme/OU=Thermo-1/CN={cn}/serialNumber=S1"
        cases = [
            (whole.format(cn="acme:thermo-1:S2"), 'expected="acme:thermo-1:S1"'),
            (whole.format(cn="S1"), 'cn="S1"'),
            ("/O=Acme/OU=Thermo-1/CN=acme:thermo-1:S1", "serialNumber"),
            ("/OU=Thermo-1/CN=acme:thermo-1:S1/serialNumber=S1", "O (vendor)"),
            ("/O=Acme/CN=acme:thermo-1:S1/serialNumber=S1", "OU (model)"),
            ("/O=Acme/O=B/OU=Thermo-1/CN=acme:thermo-1:S1/serialNumber=S1",
             "stands twice"),
            ("/O=Acme/OU=Thermo-1/serialNumber=S1", "CN (thing name)"),
        ]
        for number, (subject, words) in enumerate(cases):
            trial = Trial(world)
            own = Pair(world.path(f"own{number}"))
            root.sign(own, subject, "extendedKeyUsage=clientAuth\n")
            os.replace(own.crt, trial.at("device.crt"))
            os.replace(own.key, trial.at("device.key"))
            trial.refused(CONFIG, "not a factory certificate", words)


@scenario
def a_file_that_holds_no_certificate_is_refused():
    with World() as world:
        for name in ("device.crt", "trust.pem"):
            good = read(device() + "/device.crt")
            for text in ("", "hello", good[:len(good) // 2], "x" * 70000):
                trial = Trial(world)
                write(trial.at(name), text)
                done = trial.run()
                expect(trial.at(name) in done.stderr, done.stderr)
                trial.refused(done.returncode, "cannot start")
                expect(done.returncode in (CONFIG, UNAVAILABLE), str(done))


@scenario
def a_store_that_cannot_be_is_refused():
    with World() as world:
        trial = Trial(world)
        trial.values["store.folder"] = "no/such/parent"
        trial.refused(UNAVAILABLE, "cannot make folder", "No such file")
        write(trial.at("taken"), "")
        trial.values["store.folder"] = "taken"
        trial.refused(UNAVAILABLE, "taken")


# --- nothing listens ---------------------------------------------------------

LISTEN, UNCONNECTED = "0A", "07"  # as the kernel numbers TCP's states


def listeners(pid):
    """Sockets of this process that wait for whoever comes, as /proc/net
    shows them: "tcp 0100007F:1F90"."""
    own = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):  # closed meanwhile
            found = re.fullmatch(r"socket:\[(\d+)\]",
                                 os.readlink(f"/proc/{pid}/fd/{fd}"))
            if found:
                own.add(found.group(1))
    waiting = []
    for table, state in (("tcp", LISTEN), ("tcp6", LISTEN),
                         ("udp", UNCONNECTED), ("udp6", UNCONNECTED)):
        if not os.path.exists(f"/proc/{pid}/net/{table}"):
            continue  # a kernel without IPv6
        for line in read(f"/proc/{pid}/net/{table}").split("\n")[1:]:
            fields = line.split()
            if fields and fields[3] == state and fields[9] in own:
                waiting.append(f"{table} {fields[1]}")
    return waiting


@scenario
def nothing_listens_once_it_is_connected():
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port).wait_for(ONLINE)
        for _ in range(20):
            found = listeners(agent.process.pid)
            expect(not found, f"the agent listens: {found}")
            time.sleep(0.05)
        # Neither after it had to come back.
        broker.restart()
        agent.wait_for(ONLINE, times=2)
        expect(not listeners(agent.process.pid), "it listens now")


@scenario
def twin_a_listener_of_any_kind_is_seen():
    code = """
import socket, sys
s = socket.socket(getattr(socket, sys.argv[1]), getattr(socket, sys.argv[2]))
s.bind((sys.argv[3], 0))
if sys.argv[2] == "SOCK_STREAM": s.listen()
print("ready", flush=True)
sys.stdin.read()
"""
    kinds = [("AF_INET", "SOCK_STREAM", "127.0.0.1", "tcp "),
             ("AF_INET", "SOCK_DGRAM", "127.0.0.1", "udp ")]
    if socket.has_ipv6 and os.path.exists("/proc/net/tcp6"):
        kinds += [("AF_INET6", "SOCK_STREAM", "::", "tcp6 "),
                  ("AF_INET6", "SOCK_DGRAM", "::", "udp6 ")]
    for family, kind, address, expected in kinds:
        process = subprocess.Popen(
            [sys.executable, "-c", code, family, kind, address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            expect(process.stdout.readline() == b"ready\n", "it is ready")
            found = listeners(process.pid)
            expect(len(found) == 1 and found[0].startswith(expected), str(found))
        finally:
            process.stdin.close()
            process.stdout.close()
            end(process)


@scenario
def it_leaves_at_once_when_told_to_whatever_it_is_doing():
    """While online, waiting, dialling somebody who does not answer."""
    with World() as world:
        mute = socket.create_server(("127.0.0.1", 0))
        world.endings.append(mute.close)
        gone = socket.create_server(("127.0.0.1", 0))
        nobody = gone.getsockname()[1]
        gone.close()
        agents = [world.agent(port=world.server(Script()).port),
                  world.agent(port=mute.getsockname()[1]),
                  world.agent(port=nobody)]
        agents[0].wait_for(ONLINE)
        agents[1].wait_for("to=connecting")
        agents[2].wait_for("offline why=tcp")
        for agent in agents:
            began = time.monotonic()
            agent.stop()
            took = time.monotonic() - began
            expect(took < 3, f"it took {took:.1f} s:\n{agent.words()}")


if __name__ == "__main__":
    main(at_once=4)
