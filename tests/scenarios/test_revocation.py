#!/usr/bin/env python3
"""A revocation list is kept fresh, and never replaced by something worse.

The real fetcher asks real servers.  Whatever they answer (a page of HTML, half
a list, a hundred megabytes, a way to /etc/passwd), the list that was good stays
in use and on the disk, and the status says what was wrong.
"""
import functools
import http.server
import os
import select
import subprocess
import threading
import time

from authority import Authority
from kit import BIN, expect, folder, free_port, main, run, scenario, wait_until, write
from web import Web, answer, forever, raw, silent


def make_list(root, name="list.pem", hours=240):
    """A list of this CA, PEM and DER: the bytes of both."""
    pem = os.path.join(os.path.dirname(root.base), name)
    run("openssl", "ca", "-gencrl", "-config",
        os.path.join(os.path.dirname(root.base), "ca.cnf"), "-cert", root.crt,
        "-keyfile", root.key, "-md", "sha256", "-crlhours", str(hours), "-out",
        pem)
    run("openssl", "crl", "-in", pem, "-outform", "DER", "-out", pem + ".der")
    return contents(pem), contents(pem + ".der")


def contents(path):
    with open(path, "rb") as f:
        return f.read()


class Keeper:
    """The fetcher, and its words."""

    def __init__(self, url, path, *trust):
        self.words = []
        self.process = subprocess.Popen(
            [os.path.join(BIN, "stage_revocation"), url, path, *trust],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        log = self.process.stderr.read().decode(errors="replace")
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process.stderr.close()
        expect(status == 0, f"exit {status}: {log}")

    def _line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 10)
        expect(ready, f"no word from the fetcher after {self.words}")
        line = self.process.stdout.readline().decode().rstrip("\n")
        expect(line, "the fetcher ended")
        return line

    def tell(self, command):
        """The lines up to "done"."""
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self._line()
            if line == "done":
                return lines
            (lines if line.startswith("status") else self.words).append(line)

    def status(self):
        words = self.tell("status")[0].split(" ", 7)[1:]
        return dict(w.split("=", 1) for w in words)

    def wait_for(self, question, what, seconds=10):
        """The first status for which the question is true."""
        return wait_until(
            lambda: next((s for s in [self.status()] if question(s)), None),
            seconds, what)

    def settled(self):
        return self.wait_for(lambda s: s["wait"] != "0", "an answer")

    def ask(self):
        self.tell("ask")
        return self.settled()


@scenario
def a_list_is_used_and_kept_in_either_form():
    with folder() as tmp:
        root = Authority(tmp)
        for number, body in enumerate(make_list(root)):
            path = os.path.join(tmp, f"kept-{number}")
            with Web(answer(body)) as web, Keeper(web.url(), path) as keeper:
                status = keeper.settled()
                expect(keeper.words == [f"use {len(body)}"], f"{keeper.words}")
            expect(contents(path) == body, "the list was kept as it came")
            expect(os.stat(path).st_mode & 0o777 == 0o600, "mode")
            expect(os.listdir(tmp).count(f"kept-{number}.new") == 0,
                   "a temporary file is left")
            life = int(status["next"]) - int(status["this"])
            expect(life == 240 * 3600 and status["why"] == ""
                   and abs(int(status["succeeded"]) - time.time()) < 5,
                   f"{status}")
            # A day is the interval; a tenth of it may be left out.
            expect(0.9 * 86400 <= int(status["wait"]) / 1000 <= 86400,
                   f"{status}")


@scenario
def it_asks_before_a_short_list_is_over():
    with folder() as tmp:
        root = Authority(tmp)
        body = make_list(root, hours=2)[0]
        with Web(answer(body)) as web, \
                Keeper(web.url(), os.path.join(tmp, "kept")) as keeper:
            wait = int(keeper.settled()["wait"]) / 3600e3
            expect(0.9 * 1.8 - 0.01 <= wait <= 1.8, f"{wait} hours")


@scenario
def after_a_sleep_it_asks_when_it_is_told_to_look():
    """The timers of a loop do not go on while the machine sleeps."""
    with folder() as tmp:
        body = make_list(Authority(tmp))[0]
        with Web(answer(body)) as web, \
                Keeper(web.url(), os.path.join(tmp, "kept")) as keeper:
            keeper.settled()
            keeper.tell("look")  # it is not time
            time.sleep(0.5)
            expect(len(keeper.words) == 1, f"{keeper.words}")
            keeper.tell("sleep")
            time.sleep(0.5)  # the twin: nobody told it
            expect(keeper.status()["wait"] == "0" and len(keeper.words) == 1,
                   f"{keeper.words}")
            keeper.tell("look")
            keeper.settled()
            expect(len(keeper.words) == 2, f"{keeper.words}")


@scenario
def the_list_on_disk_is_used_before_any_answer():
    with folder() as tmp:
        root = Authority(tmp)
        path = os.path.join(tmp, "kept")
        body = make_list(root)[1]
        with open(path, "wb") as f:
            f.write(body)
        with Web(silent) as web, Keeper(web.url(), path) as keeper:
            status = keeper.status()
            expect(keeper.words == [f"use {len(body)}"]
                   and status["succeeded"] == "0" and int(status["next"]) > 0,
                   f"{keeper.words} {status}")
        write(path, "damaged")
        with Web(answer(body)) as web, Keeper(web.url(), path) as keeper:
            keeper.settled()
            expect(keeper.words == [f"use {len(body)}"], f"{keeper.words}")
        expect(contents(path) == body, "the damaged list was not replaced")


@scenario
def a_list_that_did_not_change_is_not_sent_again():
    """With the server of Python's library, which knows If-Modified-Since, and
    one that knows If-None-Match."""
    with folder() as tmp:
        root = Authority(tmp)
        body = make_list(root, "list")[0]
        handler = functools.partial(Quiet, directory=tmp)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/list"
            with Keeper(url, os.path.join(tmp, "kept")) as keeper:
                first, second = keeper.settled(), keeper.ask()
                expect(keeper.words == [f"use {len(body)}"]
                       and Quiet.statuses == [200, 304], f"{Quiet.statuses}")
                expect(second["why"] == "" and second["succeeded"]
                       >= first["succeeded"], f"{second}")
            server.shutdown()
        plays = iter([answer(body, "200 OK", 'ETag: "7"'),
                      raw(b"HTTP/1.1 304 Not Modified\r\n\r\n")])
        with Web(lambda c, v: next(plays)(c, v)) as web, \
                Keeper(web.url(), os.path.join(tmp, "kept")) as keeper:
            keeper.settled()
            expect(keeper.ask()["why"] == "", "304 is fine")
            expect([v.header("If-None-Match") for v in web.visits]
                   == [None, '"7"'], "the tag")


class Quiet(http.server.SimpleHTTPRequestHandler):
    statuses = []

    def send_response(self, code, message=None):
        self.statuses.append(int(code))
        super().send_response(code, message)

    def log_message(self, *_):
        pass


HEAD = b"HTTP/1.1 200 OK\r\n"


def faults(body):
    """What a server may answer, and what the status then says."""
    half = len(body) // 2
    return {
        "a page": (answer(b"<html>Log in to the hotel</html>", "200 OK",
                          "Content-Type: text/html"), "list", "text/html"),
        "nothing": (answer(b""), "list", "no revocation list"),
        "half a list": (answer(body[:half]), "list", "invalid"),
        "a damaged list": (answer(body[:50] + b"\0" * 50 + body[100:]), "list",
                           "invalid"),
        "not found": (answer(b"gone", "404 Not Found"), "status", "404"),
        "unasked 304": (raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "status",
                        "304"),
        "part": (answer(body, "206 Partial Content"), "status", "206"),
        "no end": (forever(HEAD + b"\r\n", body), "too_big", "1048576"),
        "a long length": (answer(body, length=1048577), "too_big", "1048576"),
        "a short body": (answer(body, length=len(body) + 1), "lost", "hung up"),
        "a cut": (raw(HEAD + b"Content-Length: 9999\r\n\r\n" + body[:half],
                      reset=True), "lost", "hung up"),
        "gzip": (answer(b"\x1f\x8b\x08\0" * 9, "200 OK", "Content-Encoding: gzip"),
                 "http", "not asked for"),
        "another way": (answer(b"", "302 Found", "Location: file:///etc/passwd"),
                        "http", "file:"),
        "a circle": (answer(b"", "302 Found", "Location: /"), "status", "302"),
        "no HTTP": (raw(b"220 mail.example ESMTP\r\n"), "http", ""),
    }


@scenario
def an_answer_that_is_no_good_list_replaces_nothing():
    with folder() as tmp:
        root = Authority(tmp)
        body = make_list(root)[1]
        path = os.path.join(tmp, "kept")
        now = [answer(body)]
        with Web(lambda c, v: now[0](c, v)) as web, \
                Keeper(web.url(), path) as keeper:
            good = keeper.settled()
            for name, (play, why, words) in faults(body).items():
                now[0] = play
                status = keeper.ask()
                expect(status["why"] == why and words in status["detail"],
                       f"{name}: {status}")
                expect(status["next"] == good["next"]
                       and contents(path) == body, f"{name}: the old list")
                expect(int(status["wait"]) <= 3600000, f"{name}: {status}")
            keeper.tell("distrust")
            now[0] = answer(body)
            status = keeper.ask()
            expect(status["why"] == "list" and contents(path) == body, f"{status}")


@scenario
def a_server_that_takes_its_time_is_waited_for_in_the_background():
    slow = raw(HEAD, *[b"X: y\r\n"] * 100, pause=0.1)
    with folder() as tmp, Web(slow) as web:
        with Keeper(web.url(), os.path.join(tmp, "kept")) as keeper:
            wait_until(lambda: web.visits, 10, "the question")
            began = time.monotonic()
            for _ in range(5):
                expect(keeper.status()["wait"] == "0", "still asking")
                keeper.tell("ask")  # does not ask twice
            expect(time.monotonic() - began < 1, "the loop was held up")
        expect(len(web.visits) == 1, f"{len(web.visits)} visits")


@scenario
def a_list_that_cannot_be_kept_is_used_all_the_same():
    with folder() as tmp:
        root = Authority(tmp)
        body = make_list(root)[0]
        path = os.path.join(tmp, "missing/kept")
        with Web(answer(body, "200 OK", 'ETag: "1"')) as web, \
                Keeper(web.url(), path) as keeper:
            status = keeper.settled()
            expect(status["why"] == "disk" and "missing/kept" in status["detail"]
                   and int(status["next"]) > 0, f"{status}")
            # The whole list comes again, so that it can be kept then.
            os.mkdir(os.path.dirname(path))
            keeper.ask()
            expect(web.visits[1].header("If-None-Match") is None
                   and contents(path) == body, "not kept the second time")


@scenario
def it_comes_back_by_itself_after_a_failure():
    with folder() as tmp:
        root = Authority(tmp)
        body = make_list(root)[0]
        port, path = free_port(), os.path.join(tmp, "kept")
        with Keeper(f"http://127.0.0.1:{port}/", path) as keeper:
            status = keeper.wait_for(lambda s: s["why"], "a failure")
            expect(status["why"] == "tcp" and int(status["wait"]) <= 10000,
                   f"{status}")
            expect(abs(int(status["failed"]) - time.time()) < 15, f"{status}")
            with Web(answer(body), port=port):
                keeper.wait_for(lambda s: s["succeeded"] != "0",
                                "the list", 60)


@scenario
def an_address_that_cannot_be_asked_is_told():
    with folder() as tmp:
        for url in ("ftp://127.0.0.1/list", "https://127.0.0.1/list"):
            with Keeper(url, os.path.join(tmp, "kept")) as keeper:
                status = keeper.wait_for(lambda s: s["why"], "a failure")
                expect(status["why"] == "local"
                       and "invalid" in status["detail"], f"{status}")


@scenario
def over_tls_the_list_comes_from_who_proves_itself():
    with folder() as tmp:
        root = Authority(tmp)
        body = make_list(root)[0]
        for pair, why in ((root.leaf("good"), ""),
                          (root.leaf("bad", names="DNS:elsewhere"),
                           "certificate")):
            path = os.path.join(tmp, f"kept{why}")
            with Web(answer(body), pair) as web, \
                    Keeper(web.url(), path, root.crt) as keeper:
                expect(keeper.settled()["why"] == why, f"expected {why}")
            expect(os.path.exists(path) == (why == ""), "what was kept")


if __name__ == "__main__":
    main(at_once=3)
