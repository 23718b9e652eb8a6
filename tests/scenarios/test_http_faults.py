#!/usr/bin/env python3
"""Servers and networks that fail: each in its own way, told by its own reason.

Nothing hangs, nothing grows, and what came before the fault is not taken for
an answer.
"""
import contextlib
import os
import socket
import sys

from authority import Authority
from kit import expect, folder, free_port, main, scenario, write
from web import (HELLO, Web, answer, ask, expect_answer, expect_reason, forever,
                 raw, silent)


@scenario
def every_layer_has_its_own_reason():
    expect_reason(ask("http://nowhere.invalid/"), "dns", "no address")
    expect_reason(ask(f"http://127.0.0.1:{free_port()}/"), "tcp", "refused")
    with contextlib.ExitStack() as stack:
        port = full_queue(stack, "127.0.0.1")
        said = expect_reason(ask(f"http://127.0.0.1:{port}/", connect=300),
                             "tcp", "no answer in time")
        expect(said["took"] < 2, f"{said}")
    with folder() as tmp:
        root = Authority(tmp)
        with Web(silent) as stuck, Web(lambda c, v: c.recv(1)) as rude, \
                Web(lambda c, v: c.sendall(b"HTTP/1.1 400 What\r\n\r\n")) as deaf:
            def over_tls(web, **options):
                return ask(f"https://localhost:{web.port}/", trust=root.crt,
                           **options)

            expect_reason(over_tls(stuck, connect=300), "tls", "stalls")
            expect_reason(over_tls(rude), "tls")
            expect_reason(over_tls(deaf), "tls")


def full_queue(stack, address, port=0):
    """An address where the kernel drops what knocks: its queue is full."""
    full = stack.enter_context(socket.create_server((address, port), backlog=0))
    for _ in range(3):
        knock = stack.enter_context(socket.socket())
        knock.setblocking(False)
        knock.connect_ex(full.getsockname())
    return full.getsockname()[1]


@scenario
def an_address_that_does_not_answer_leaves_time_for_the_next():
    """Either of two addresses is dead; the system says which comes first."""
    took = []
    for alive, dead in (("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1")):
        with folder() as tmp, contextlib.ExitStack() as stack, \
                Web(HELLO, host=alive) as web:
            full_queue(stack, dead, web.port)
            hosts = write(os.path.join(tmp, "hosts"), "127.0.0.2 two.example\n"
                          "127.0.0.1 two.example\n")
            alone = ["unshare", "--map-root-user", "--mount", "sh", "-c",
                     f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh"]
            said = expect_answer(ask(web.url(host="two.example"), before=alone,
                                     connect=1200))
            took.append(int(said["ms"]))
    expect(max(took) > 500, f"the dead one was never asked: {took} ms")


SILENT_DNS = """
import socket, subprocess, sys
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.1", 53))
sys.exit(subprocess.call(sys.argv[1:]))
"""


@scenario
def a_silent_name_server_delays_no_answer():
    """In a network of its own, whose name server says nothing for two seconds:
    the reason comes when it should, the thread goes when it can."""
    with folder() as tmp:
        names = write(os.path.join(tmp, "resolv.conf"),
                      "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
        alone = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c",
                 f"ip link set lo up && mount --bind {names} /etc/resolv.conf"
                 ' && exec "$@"', "sh", sys.executable, "-c", SILENT_DNS]
        said = expect_reason(ask("http://far.example/", before=alone,
                                 connect=300), "dns", "no name server answered")
        expect(300 <= int(said["ms"]) < 1500, f"{said}")
        expect(said["took"] > 1.5, f"the name server answered: {said}")
        said = ask("http://far.example/", before=alone, cancel=200)
        expect("cancelled" in said, f"{said}")


HEAD = b"HTTP/1.1 200 OK\r\n"
FAULTS = [
    ("too_big", forever(HEAD + b"\r\n", b"x" * 10000), {}),
    ("too_big", forever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                        b"a\r\n0123456789\r\n"), {}),
    # The length alone is enough; the bytes need not come.
    ("too_big", answer(b"x", length=100001), {}),
    ("too_big", forever(HEAD, b"X-More: and more\r\n"), {}),
    ("http", forever(HEAD, b"x" * 1000), {}),
    ("too_big", answer(b"x", length=1), {"limit": 0}),
    ("lost", answer(b"hello", length=50), {}),
    ("lost", raw(HEAD + b"Content-Length: 9\r\n\r\nhello", reset=True), {}),
    ("lost", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), {}),
    ("lost", raw(b""), {}),
    ("http", raw(b"hello\r\n"), {}),
    ("http", raw(b"HTTP/1.1 9x9 OK\r\n\r\n"), {}),
    ("http", raw(HEAD + b"Content-Length: -5\r\n\r\nhello"), {}),
    ("http", raw(HEAD + b"A\0B: c\r\n\r\nhello"), {}),
    ("http", answer(b"\x1f\x8b" + b"\0" * 98, "200 OK", "Content-Encoding: gzip"),
     {}),
    ("http", raw(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), {}),
    ("timeout", silent, {"stall": 300}),
    ("timeout", raw(HEAD + b"Content-Length: 9\r\n\r\nhello", wait=3),
     {"stall": 300}),
    # One byte at a time is no stall, but not for ever.
    ("timeout", raw(HEAD + b"X-Slow: ", *[b"x"] * 40, pause=0.1),
     {"stall": 500, "timeout": 1000}),
    ("timeout", raw(HEAD + b"\r\n", *[b"x"] * 40, pause=0.1),
     {"stall": 500, "timeout": 1000}),
]


@scenario
def an_answer_that_is_no_good_ends_with_its_reason():
    for number, (reason, play, options) in enumerate(FAULTS):
        with Web(play) as web:
            said = ask(web.url(), **options)
            expect(said.get("reason") == reason,
                   f"fault {number}: expected {reason}: {said}")
            expect(said["took"] < 2.5, f"fault {number} took {said['took']} s")
            expect(said["body"] == "" and said["detail"], f"{said}")


@scenario
def the_limits_do_not_hinder_what_is_within_them():
    """The twin of the faults: as much as is allowed, as slowly."""
    with Web(answer(b"x" * 100000)) as web:
        expect_answer(ask(web.url()), 200, "x" * 100000)
    slow = raw(HEAD + b"Content-Length: 10\r\n\r\n", *[b"x"] * 10, pause=0.1)
    with Web(slow) as web:
        expect_answer(ask(web.url(), stall=500, timeout=5000), 200, "x" * 10)
    with Web(raw(HEAD + b"\r\nhello")) as web:  # ends with the connection
        expect_answer(ask(web.url()))
    with Web(answer(b"hello", "200 OK", "Content-Encoding: identity")) as web:
        expect_answer(ask(web.url()))
    with Web(HELLO) as web:
        said = ask(web.url(), times=20)
        expect(len(web.visits) == 20, f"{len(web.visits)}: {said}")


@scenario
def cancelling_is_quick_and_silent():
    plays = (silent, forever(HEAD + b"\r\n", b"x"))
    for play in plays:
        with Web(play) as web:
            said = ask(web.url(), cancel=200, limit=10**9)
            expect("cancelled" in said and "reason" not in said, f"{said}")
            expect(said["took"] < 1.5, f"{said['took']} s")
    with folder() as tmp, Web(silent) as web:
        root = Authority(tmp)
        said = ask(f"https://localhost:{web.port}/", trust=root.crt, cancel=200)
        expect("cancelled" in said and said["took"] < 1.5, f"{said}")


if __name__ == "__main__":
    main(at_once=2)
