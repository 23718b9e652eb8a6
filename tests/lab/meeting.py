"""A real agent meets a server that behaves badly, twice in a row: once it may
be luck, and what grows does so at the second time."""
import contextlib
import os
import time

import behave_hand  # noqa: F401  (each adds its rows to the table)
import behave_up  # noqa: F401
import behave_wire  # noqa: F401
import socket
import tls
from behaviour import table
from forge import HOST
from kit import expect, wait_until, write
from lab import ALPN, PATHS, TIMEOUT_S, address_of

SPARE_S = 2.5        # for a busy machine, on top of the agent's own timeout
CPU_S = 1.0          # of one meeting, with sanitizers
GROWTH_KB = 2048     # from the first end of a meeting to the second


class Meeting:
    """What became of one behaviour."""

    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.fault = None
        self.why = self.detail = None
        self.alert = None
        self.seconds = 0.0
        self.cpu_s = 0.0
        self.received = b""

    def __str__(self):
        return f"{self.behaviour.name}: {self.fault}"


def meet(lab, behaviour):
    meeting = Meeting(behaviour)
    try:
        _meet(lab, meeting)
    except Exception as fault:  # whatever it is, the row has failed
        meeting.fault = f"{type(fault).__name__}: {fault}"
    return meeting


def _meet(lab, meeting):
    behaviour = meeting.behaviour
    leaf = lab.forge.leaf()
    home, number = lab.home(behaviour.name)
    write(home + "/trust.pem", lab.forge.root.pem)
    write(home + "/chain.pem", leaf.pem)
    write(home + "/crl.pem", "")
    address, port = address_of(HOST, number), PATHS[behaviour.path]
    with socket.create_server((address, port)) as listener:
        listener.settimeout(TIMEOUT_S + 10)
        agent = lab.agent(home, HOST, address, port)
        agent.start()
        try:
            before = None
            for visit in range(1 if behaviour.seconds else 2):
                stream, _ = listener.accept()
                with stream:
                    _play(lab, meeting, stream, home, leaf)
                    _watch(meeting, agent, visit)
                now = held(agent.process.pid)
                _compare(before, now)
                before = now
            _judge(meeting, agent)
        finally:
            agent.stop()


def _play(lab, meeting, stream, home, leaf):
    behaviour = meeting.behaviour
    limit = TIMEOUT_S + behaviour.seconds + SPARE_S
    stream.settimeout(limit)
    peer = behaviour.peer(stream, [leaf.der], leaf.key,
                          ALPN if behaviour.path == "alpn" else None)
    peer.chain_file, peer.thief = home + "/chain.pem", lab.forge.key("thief")
    began = time.monotonic()
    peer.until = began + limit
    try:
        behaviour.play(peer)
        if behaviour.good:
            peer.next()
    except tls.Gone:
        with contextlib.suppress(OSError):  # we may have closed it ourselves
            peer.listen()
    meeting.seconds = max(meeting.seconds, time.monotonic() - began)
    meeting.received += peer.received
    if peer.alerts:
        meeting.alert = peer.alerts[-1][1]


def _watch(meeting, agent, visit):
    """The end of a meeting, in the agent's words.  A good server hangs up."""
    if meeting.behaviour.good:
        return
    agent.wait_for("offline why=", TIMEOUT_S + SPARE_S, times=visit + 1)


def held(pid):
    """(descriptors, RSS in KB, CPU in seconds) of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if "VmRSS" in line)
    return len(os.listdir(f"/proc/{pid}/fd")), rss, cpu


def _compare(before, now):
    if before is None:
        expect(now[2] < 2 * CPU_S, f"start and one meeting took {now[2]} s of CPU")
        return
    expect(now[0] <= before[0], f"descriptors grow: {before[0]}, then {now[0]}")
    expect(now[1] - before[1] < GROWTH_KB,
           f"memory grows: {before[1]} KB, then {now[1]} KB")
    expect(now[2] - before[2] < CPU_S,
           f"one meeting took {now[2] - before[2]:.2f} s of CPU")


def _judge(meeting, agent):
    b, words = meeting.behaviour, agent.words()
    found = [line for line in words.split("\n") if "offline why=" in line]
    if b.good:
        expect(meeting.received[:1] == b"\x10", f"no CONNECT came:\n{words}")
        return
    meeting.why = found[0].split("why=")[1].split(" ")[0]
    meeting.detail = found[0].split('detail="')[1]
    expect(meeting.why == b.why, f"why={meeting.why}, not {b.why}: {found[0]}")
    expect(b.detail in meeting.detail, f"not '{b.detail}': {found[0]}")
    expect(b.up or not meeting.received, f"the server got {meeting.received[:20]}")
    expect(b.alert in (None, meeting.alert),
           f"the server got alert {meeting.alert}, not {b.alert}")
    expect(len(agent.waits()) >= len(found) - 1, f"no wait in between:\n{words}")
