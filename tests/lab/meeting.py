"""A real agent meets a server that behaves badly, twice in a row: once it may
be luck, and what grows does so at the second time."""
import concurrent.futures
import contextlib
import os
import socket
import time

import behave_hand  # noqa: F401  (each adds its rows to the table)
import behave_up  # noqa: F401
import behave_wire  # noqa: F401
import tls
from behaviour import table
from forge import HOST
from kit import expect, write
from row import sort_out
from lab import ALPN, PATHS, TIMEOUT_S, Asker, address_of

SPARE_S = 6          # for a busy machine, on top of the agent's own timeout
HASTE_S = 3          # that timeout, where only it ends the meeting
CPU_S = 1.0          # of one meeting, with sanitizers
LONGEST_WAIT_S = 70  # between two tries, of which there are few
VISITS = 8           # at most; two that the agent then waits after will do
GROWTH_KB = 8192     # from one meeting to the next: pools, not leaks
SETTLE_S = 0.4       # until Paho has closed what it had


def patience(behaviour):
    """The agent's own timeout: time enough for all that it is to notice."""
    return HASTE_S if behaviour.endless else TIMEOUT_S


class Meeting:
    """What became of one behaviour."""

    def __init__(self, path, behaviour):
        self.path, self.behaviour = path, behaviour
        self.fault = self.gap = None
        self.why = self.detail = None
        self.alert = None
        self.seconds = 0.0
        self.cpu_s = 0.0
        self.received = b""

    @property
    def row(self):
        return self.behaviour

    @property
    def reason(self):
        """In the agent's words; of a good server it has none to complain."""
        return "ok" if self.behaviour.good else self.why

    def __str__(self):
        return (f"{self.path} {self.behaviour.name}: " +
                (self.fault or self.gap or str(self.reason)))


def all_of_them(lab, wanted=lambda row: True, at_once=24):
    """Every behaviour on its paths; most of them mostly wait."""
    jobs = [(path, row) for row in table if wanted(row) for path in row.paths]
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda job: meet(lab, *job), jobs))


def meet(lab, path, behaviour):
    meeting = Meeting(path, behaviour)
    try:
        with lab.home(behaviour.name) as (home, number):
            write(home + "/trust.pem", lab.forge.root.pem)
            write(home + "/crl.pem", "")
            play = _ask if path == "https" else _meet
            play(lab, meeting, home, address_of(HOST, number))
    except Exception as fault:  # whatever it is, the row has failed
        meeting.fault = f"{type(fault).__name__}: {fault}"
    meeting.fault, meeting.gap = sort_out(behaviour.gaps, path, meeting.fault)
    return meeting


def _meet(lab, meeting, home, address):
    behaviour = meeting.behaviour
    port = PATHS[meeting.path]
    with socket.create_server((address, port)) as listener:
        listener.settimeout(LONGEST_WAIT_S)
        agent = lab.agent(home, HOST, address, port, settings={
            "cloud.connect_timeout_s": patience(behaviour)}, environment={
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                            ":quarantine_size_mb=1"})  # else memory must grow
        agent.start()
        try:
            samples = []
            # What grows does so on either path with MQTT.
            once = behaviour.seconds or meeting.path != "mqtt"
            for visit in range(1 if once else VISITS):
                stream, _ = listener.accept()
                with stream:
                    _play(lab, meeting, stream, home)
                agent.wait_for("next_try_ms=", TIMEOUT_S + SPARE_S, visit + 1)
                samples += [] if once else sample(agent)
                if len(samples) > 1:
                    break
            if not once:
                _compare(samples)
            _judge(meeting, agent)
        finally:
            agent.stop()


def _ask(lab, meeting, home, address):
    """One request of the agent's HTTP code, which does not come back by
    itself."""
    b = meeting.behaviour
    port = PATHS[meeting.path]
    with socket.create_server((address, port)) as listener:
        listener.settimeout(10)
        asker = Asker(lab.starter(home, HOST, address, lab.asker), HOST, port,
                      home, patience(b))
        try:
            stream, _ = listener.accept()
            with stream:
                _play(lab, meeting, stream, home)
            meeting.why = asker.reason(False)
        finally:
            asker.stop()
    if b.good:
        expect(meeting.received[:4] == b"GET ", f"no request: {meeting.why}")
        return
    expect(not meeting.received, f"the server got {meeting.received[:20]}")
    expect(meeting.why in (b.why, *b.http_whys),
           f"says {meeting.why}, not {b.why}")


def _play(lab, meeting, stream, home):
    behaviour, leaf = meeting.behaviour, lab.forge.leaf()
    write(home + "/chain.pem", leaf.pem)
    limit = patience(behaviour) + behaviour.seconds + SPARE_S
    stream.settimeout(limit)
    peer = behaviour.peer(stream, [leaf.der], leaf.key,
                          ALPN if meeting.path == "alpn" else None)
    peer.chain_file, peer.thief = home + "/chain.pem", lab.forge.key("thief")
    began = time.monotonic()
    peer.until = began + limit
    try:
        behaviour.play(peer)
        if behaviour.good:
            while not peer.received:
                peer.next()
    except tls.Gone:
        with contextlib.suppress(OSError):  # we may have closed it ourselves
            peer.listen()
    meeting.seconds = max(meeting.seconds, time.monotonic() - began)
    meeting.received += peer.received
    if peer.alerts:
        meeting.alert = peer.alerts[-1][1]


def sample(agent):
    """[what the agent holds while it waits], or [] when it dialled soon."""
    before = agent.words()
    if "next_try_ms=" not in before.rstrip().split("\n")[-1]:
        return []
    time.sleep(SETTLE_S)
    found = held(agent.process.pid)
    return [found] if agent.words() == before else []


def held(pid):
    """(descriptors, RSS in KB, CPU in seconds) of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if "VmRSS" in line)
    return len(os.listdir(f"/proc/{pid}/fd")), rss, cpu


def _compare(samples):
    expect(samples, f"no wait in {VISITS} visits")
    expect(samples[0][2] < 2 * CPU_S,
           f"start and one meeting took {samples[0][2]} s of CPU")
    for (fds, rss, cpu), (fds_now, rss_now, cpu_now) in zip(samples, samples[1:]):
        expect(fds_now <= fds, f"descriptors grow: {fds}, then {fds_now}")
        expect(rss_now - rss < GROWTH_KB,
               f"memory grows: {rss} KB, then {rss_now} KB")
        expect(cpu_now - cpu < CPU_S,
               f"a meeting took {cpu_now - cpu:.2f} s of CPU")


def _judge(meeting, agent):
    b, words = meeting.behaviour, agent.words()
    found = [line for line in words.split("\n") if "offline why=" in line]
    if b.good:
        expect(meeting.received[:1] == b"\x10", f"no CONNECT came:\n{words}")
        return
    meeting.why = found[0].split("why=")[1].split(" ")[0]
    meeting.detail = found[0].split('detail="')[1]
    expect(meeting.why == b.why, f"why={meeting.why}, not {b.why}: {found[0]}")
    wanted = b.detail if isinstance(b.detail, tuple) else (b.detail,)
    expect(any(one in meeting.detail for one in wanted),
           f"not '{b.detail}': {found[0]}")
    expect(b.up or not meeting.received, f"the server got {meeting.received[:20]}")
    expect(b.alert in (None, meeting.alert),
           f"the server got alert {meeting.alert}, not {b.alert}")
