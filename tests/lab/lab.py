"""The lab: real agents meet servers that present each chain of the table.

Everything happens in a network and mount namespace of its own, so that port
443 is free, every row has an address of 127/8, and each agent has its own
/etc/hosts.  The server, not the agent, says what arrived.
"""
import concurrent.futures
import contextlib
import ipaddress
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "scenarios")]

import chains  # noqa: E402
import tls  # noqa: E402
from forge import Forge  # noqa: E402
from row import sort_out  # noqa: E402
from kit import BIN, Skipped, expect, run, write  # noqa: E402
from world import NAMEPLATE, Agent, device, factory  # noqa: E402

INSIDE = "NAMEPLATE_LAB"
TIMEOUT_S = 20  # of the agent: enough on a busy machine
ALPN = "x-amzn-mqtt-ca"
EX_OK, EX_REFUSED, EX_UNREADABLE, EX_CONFIG = 0, 1, 65, 78
VERSION_6 = ["fd00::2", "fd00::3", "fd00::4"]
# Paths: name, port; `verify` alone dials nobody.
PATHS = {"verify": None, "mqtt": 8883, "alpn": 443, "https": 4433}
FIRST_BYTES = {"mqtt": b"\x10", "alpn": b"\x10", "https": b"GET "}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def enter():
    """Run this program again in namespaces of its own, where it is not yet."""
    if os.environ.get(INSIDE):
        return
    words = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-n", "-m"]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        os.environ[INSIDE] = "no"
        return
    os.environ[INSIDE] = "yes"
    os.execvp("unshare", [*words, sys.executable, *sys.argv])


def prepare_network():
    if os.environ.get(INSIDE) != "yes":
        raise Skipped("this user may not make namespaces (unshare -n -m)")
    run("ip", "link", "set", "lo", "up")
    for address in VERSION_6:
        run("ip", "address", "replace", address + "/128", "dev", "lo")


class Outcome:
    """What became of one row on one path."""

    def __init__(self, path, row):
        self.path, self.row = path, row
        self.reason = None     # in the program's words
        self.alert = None      # as the server got it
        self.received = b""    # inside TLS, as the server got it
        self.fault = None      # what should not be, in words
        self.gap = None        # the same, where it is known

    def judge(self):
        """Fill in `fault`, and `gap` where it is a known one."""
        row = self.row
        right = row.reasons + (() if self.path == "verify" else
                               tuple(row.on_wire))
        if self.fault is None and self.reason not in right:
            self.fault = f"says {self.reason}, not {' or '.join(right)}"
        if self.fault is None and self.path != "verify":
            self.fault = self.judge_bytes()
        self.fault, self.gap = sort_out(row.gaps, self.path, self.fault)
        return self

    def judge_bytes(self):
        if self.row.good:
            came = self.received.startswith(FIRST_BYTES[self.path])
            return None if came else "nothing came"
        if self.received:
            return f"the server got {self.received[:20]}"
        if not self.alert and not self.row.unusable and \
                self.reason not in self.row.on_wire:
            return "the server got no alert"
        return None

    def __str__(self):
        return (f"{self.path} {self.row.name}: " +
                (self.fault or self.gap or str(self.reason)))


class Lab:
    def __init__(self, binary=NAMEPLATE, rows=True):
        self.binary = binary
        self.asker = os.path.join(BIN, "stage_http")
        self.folder = tempfile.mkdtemp(prefix="nameplate-lab-")
        self.numbers = iter(range(1, 60000))
        self.lock = threading.Lock()
        os.mkdir(self.path("forge"))
        self.forge = Forge(self.path("forge"))
        self.rows = chains.table(self.forge, factory(), device()) if rows else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    @contextlib.contextmanager
    def home(self, label):
        """(a folder, gone at the end; a number that nobody else has)"""
        with self.lock:
            number = next(self.numbers)
        home = self.path(f"{number}-{label}")
        os.mkdir(home)
        try:
            yield home, number
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def everything(self, paths, rows=None, at_once=12):
        """Outcomes of the rows on the paths."""
        jobs = [(path, row) for path in paths for row in rows or self.rows
                if path != "https" or not row.crl]
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda job: self.one(*job), jobs))

    def one(self, path, row):
        outcome = Outcome(path, row)
        try:
            with self.home(row.name) as (home, number):
                self.files(row, home)
                if path == "verify":
                    self.verify(outcome, home)
                else:
                    self.meet(outcome, home, address_of(row.host, number))
        except Exception as fault:  # whatever it is, the row has failed
            outcome.fault = f"{type(fault).__name__}: {fault}"
        return outcome.judge()

    def files(self, row, home):
        """trust.pem, chain.pem, crl.pem and the key of a row."""
        write(home + "/trust.pem", row.trust_pem())
        write(home + "/chain.pem", row.chain_pem())
        write(home + "/crl.pem", "".join(row.crl))

    def verify(self, outcome, home):
        row = outcome.row
        done = run(self.binary, "verify", "--purpose", "server", "--trust",
                   home + "/trust.pem", "--name", row.host, "--json",
                   *(["--crl", home + "/crl.pem"] if row.crl else []),
                   home + "/chain.pem", status=None, timeout=20)
        if done.returncode == EX_UNREADABLE and (row.garbage or row.unusable):
            outcome.reason = row.reasons[0]
            return
        said = json.loads(done.stdout or "{}")
        outcome.reason = said.get("reason")
        status = EX_OK if row.good else EX_REFUSED
        if done.returncode != status or said.get("accepted") is not row.good:
            outcome.fault = (f"exit {done.returncode}, expected {status}:"
                             f" {done.stdout}{done.stderr}")

    def meet(self, outcome, home, address):
        """One agent, one server, one connection."""
        row, port = outcome.row, PATHS[outcome.path]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.create_server((address, port), family=family) as listener:
            listener.settimeout(10)
            client = self.client(outcome, home, address)
            if row.unusable:
                watch_refusal(outcome, client.agent, listener)
                return
            try:
                visit(outcome, listener, home)
                if outcome.alert == UNREADABLE and row.good:
                    # mbedTLS cannot read RSA-PSS in TLS 1.2: the agent calls
                    # again at once, and offers none.
                    outcome.alert = None
                    visit(outcome, listener, home)
                outcome.reason = client.reason(bool(outcome.received))
            finally:
                client.stop()

    def client(self, outcome, home, address):
        """Who dials on that path; it has begun."""
        host, port = outcome.row.host, PATHS[outcome.path]
        if outcome.path == "https":
            # Its broker is out of reach; what it fetches is a CRL.
            return Fetcher(self.agent(home, host, address, port, settings={
                "cloud.endpoint": "127.0.0.1:9", "revocation.url":
                f"https://{bracketed(host)}:{port}/list"}))
        return Dialler(self.agent(home, host, address, port))

    def agent(self, home, host, address, port, **options):
        """An agent for which that name is at that address."""
        settings = {"cloud.connect_timeout_s": TIMEOUT_S,
                    **options.pop("settings", {})}
        if os.path.getsize(home + "/crl.pem") > 0:
            settings["revocation.crl"] = home + "/crl.pem"
        return Agent(home, host=bracketed(host), port=port,
                     trust=home + "/trust.pem",
                     binary=self.starter(home, host, address),
                     settings=settings, **options)

    def starter(self, home, host, address, binary=None):
        """The words that start a program behind its own /etc/hosts."""
        binary = binary or self.binary
        if host == address:
            return [binary]
        write(home + "/hosts", f"{address} {host}\n")
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts &&'
                ' exec "$@"', home + "/hosts", binary]


UNREADABLE = "SSLV3_ALERT_ILLEGAL_PARAMETER"  # as OpenSSL names it


class Dialler:
    """The agent on its way to its broker."""

    def __init__(self, agent):
        self.agent = agent.start()

    def reason(self, was_heard):
        """Why it is offline, or "ok" when it believed the server."""
        if not was_heard:
            self.agent.wait_for("offline why=")
        if " up host=" in self.agent.words():
            return "ok"
        found = re.search(r'offline why=(\w+) detail="(\w+)',
                          self.agent.words())
        return found[2] if found[1] == "certificate" else found[1]

    def stop(self):
        self.agent.stop()


class Fetcher(Dialler):
    """The agent on its way to a revocation list."""

    def reason(self, was_heard):
        said = 'no fresh list why='
        self.agent.wait_for(said)
        found = re.search(said + r'(\w+) detail="(\w*)', self.agent.words())
        if was_heard and found[1] == "list":
            return "ok"  # what we answer is none
        return found[2] if found[1] == "certificate" else found[1]


class Asker:
    """The agent's HTTP code, with a request and little patience."""

    def __init__(self, words, host, port, home, patience_s):
        self.process = subprocess.Popen(
            [*words, f"url=https://{bracketed(host)}:{port}/list",
             f"trust={home}/trust.pem",
             f"connect={patience_s * 1000}", f"timeout={patience_s * 2000}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def reason(self, _was_heard):
        out, log = self.process.communicate(timeout=20)
        expect(self.process.returncode == 0, out + log)
        said = dict(line.partition(" ")[::2] for line in out.split("\n"))
        if said["reason"] == "certificate":
            return said["detail"].partition(":")[0]
        return "ok" if said["reason"] == "answered" else said["reason"]

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def watch_refusal(outcome, agent, listener):
    """The agent ends at once, and has dialled nobody."""
    status = agent.process.wait(timeout=10)
    agent.check_log()
    listener.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        listener.accept()
        outcome.fault = "it dialled nevertheless"
    words = agent.words()
    if status == EX_CONFIG and "crl" in words:
        outcome.reason = outcome.row.reasons[0]
    else:
        outcome.fault = f"the agent left with {status}: {words}"



def bracketed(host):
    return f"[{host}]" if ":" in host else host


def address_of(host, number):
    """An address of its own for each; libcurl asks nobody for localhost."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return f"127.1.{number >> 8}.{number & 255}"


# --- servers ----------------------------------------------------------------

def visit(outcome, listener, home):
    stream, _ = listener.accept()
    with stream:
        stream.settimeout(10)
        serve(outcome, stream, home)


def serve(outcome, stream, home):
    """Play the row's server: TLS 1.2 by OpenSSL on the path with ALPN, but by
    hand what OpenSSL would not send, and TLS 1.3 by hand on the others."""
    row = outcome.row
    newest = outcome.path != "alpn"
    context = None
    if not newest or (row.good and not row.hand_can_prove):
        context = openssl_context(outcome, home)
    if context:
        serve_openssl(outcome, stream, context)
    else:
        kind = tls.Peer13 if newest else tls.Peer12
        serve_by_hand(outcome, kind(stream, row.links, row.key,
                                    None if newest else ALPN))


def openssl_context(outcome, home):
    if outcome.row.by_hand:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # the agent is on trial here
    if outcome.path == "alpn":
        context.set_alpn_protocols([ALPN])
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(home + "/chain.pem", outcome.row.key.path)
    except ssl.SSLError:
        return None
    context.sni_callback = lambda stream, name, _: note_name(outcome, name)
    return context


def note_name(outcome, name):
    """RFC 6066, section 3: a name is sent, an address never."""
    host = outcome.row.host
    is_address = address_of(host, 0) == host
    if name != (None if is_address else host):
        outcome.fault = f"the server name is {name}"


def serve_openssl(outcome, stream, context):
    try:
        with context.wrap_socket(stream, server_side=True) as inside:
            outcome.received = inside.recv(4096)
            if outcome.path == "https":
                inside.sendall(ANSWER)
    except ssl.SSLError as error:
        outcome.alert = error.reason
    except ConnectionError:
        pass


def serve_by_hand(outcome, peer):
    try:
        peer.hear_hello()
        note_name(outcome, peer.client.server_name)
        peer.shake()
        peer.next()
        if outcome.path == "https":
            peer.record(tls.DATA, ANSWER)
            peer.alert(1, 0)
    except tls.Gone:
        peer.listen()  # its last words are there, although it is gone
    outcome.received = peer.received
    outcome.alert = peer.alerts[0][1] if peer.alerts else None
