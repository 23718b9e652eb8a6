"""A machine of its own for a test program: network, /etc/hosts, resolver.

    alone(__file__)       # first thing; comes back inside namespaces
    hosts("127.0.0.1 broker.test")
    black_hole("fd00::2")

The program starts itself again under unshare(1), so all that it starts, agents
and brokers, lives there too and can reach nothing else.
"""
import os
import subprocess
import sys
import tempfile

MARK = "NAMEPLATE_TEST_ALONE"


def _run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def alone(program):
    if os.environ.get(MARK) != "yes":
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        os.execvpe("unshare", ["unshare", *user, "--net", "--mount",
                               sys.executable, program, *sys.argv[1:]],
                   dict(os.environ, **{MARK: "yes"}))
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", "hole", "type", "veth", "peer", "name", "abyss")
    for end in ("hole", "abyss"):
        _run("ip", "link", "set", end, "up")


def _replace(path, text):
    """Another content of this file, for this program and its children."""
    with tempfile.NamedTemporaryFile("w", delete=False) as own:
        own.write(text)
    os.chmod(own.name, 0o644)
    _run("mount", "--bind", own.name, os.path.realpath(path))
    os.unlink(own.name)


def hosts(*lines):
    _replace("/etc/hosts", "\n".join(
        ("127.0.0.1 localhost", "::1 localhost") + lines) + "\n")


def name_server(address):
    """The only one that the resolver asks."""
    _replace("/etc/resolv.conf", f"nameserver {address}\n")


def way_out():
    """A default route, which leads nowhere: a machine with none knows that it
    is cut off."""
    _run("ip", "addr", "add", "10.255.255.1/32", "dev", "hole")
    _run("ip", "route", "add", "default", "dev", "hole")


def black_hole(address):
    """What is sent there is swallowed: no answer, no refusal."""
    six = ["-6"] if ":" in address else []
    _run("ip", *six, "route", "add", address, "dev", "hole")
    _run("ip", *six, "neigh", "add", address, "lladdr", "02:00:00:00:00:01",
         "dev", "hole", "nud", "permanent")
    if six:
        _run("ip", "-6", "addr", "replace", "fd00::ffff/128", "dev", "hole",
             "nodad")
    else:
        _run("ip", "addr", "replace", "10.255.255.1/32", "dev", "hole")
