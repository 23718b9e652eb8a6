"""Servers for the scenarios of HTTP, with every byte under the test's hand.

    with Web(answer(b"hello")) as web:
        said = ask(f"http://127.0.0.1:{web.port}/x")
    said["reason"], web.visits[0].request

A server runs a function for each connection (a "play"); `visits` says what
arrived, and, over TLS, how the handshake went.
"""
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

from kit import BIN, expect

WHOLE_S = 20  # no connection of a test takes longer


class Visit:
    def __init__(self):
        self.request = b""      # what came after the handshake
        self.sni = None         # the name in the ClientHello
        self.fault = None       # why the handshake failed
        self.certificate = None  # the client's, as ssl.getpeercert() has it
        self.over = False

    @property
    def head(self):
        return self.request.split(b"\r\n\r\n", 1)[0].decode()

    def header(self, name):
        for line in self.head.split("\r\n")[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line.split(":", 1)[1].strip()
        return None


class Web:
    """A server on 127.0.0.1 (or `host`); TLS with a `pair` (.crt, .key)."""

    def __init__(self, play, pair=None, newest=None, clients=None,
                 host="127.0.0.1", port=0):
        self.play, self.visits = play, []
        self.listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        self.threads, self.tls = [], None
        if pair:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(pair.crt, pair.key)
            if newest:
                self.tls.maximum_version = newest
            if clients:
                self.tls.verify_mode = ssl.CERT_REQUIRED
                self.tls.load_verify_locations(clients)

    def url(self, path="/", host="localhost"):
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(WHOLE_S)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            visit = Visit()
            self.visits.append(visit)
            thread = threading.Thread(target=self._serve, daemon=True,
                                      args=(connection, visit))
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection, visit):
        connection.settimeout(WHOLE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls:
                connection = self._handshake(connection, visit)
            if connection:
                self.play(connection, visit)
        except OSError:
            pass  # the client went away, as it may
        finally:
            visit.over = True
            if connection:
                connection.close()

    def _handshake(self, connection, visit):
        def on_name(_, name, __):
            visit.sni = name

        # One context for all: the visits of these tests come one by one.
        self.tls.sni_callback = on_name
        try:
            connection = self.tls.wrap_socket(connection, server_side=True)
        except OSError as fault:
            visit.fault = str(fault)
            connection.close()
            return None
        visit.certificate = connection.getpeercert()
        return connection


def read_request(connection, visit):
    """Until the request is whole; False when it never came."""
    while b"\r\n\r\n" not in visit.request:
        more = connection.recv(4096)
        if not more:
            return False
        visit.request += more
    length = int(visit.header("Content-Length") or 0)
    whole = visit.request.index(b"\r\n\r\n") + 4 + length
    while len(visit.request) < whole:
        visit.request += connection.recv(4096)
    return True


def answer(body=b"", status="200 OK", *headers, length=None):
    """A play: one honest answer (or one with a false length)."""
    head = [f"HTTP/1.1 {status}", *headers]
    if length is None:
        length = len(body)
    head.append(f"Content-Length: {length}")
    return raw("\r\n".join(head).encode() + b"\r\n\r\n" + body)


def raw(*parts, pause=0, wait=0, reset=False):
    """A play: these bytes, with a pause between them; then a wait."""
    def play(connection, visit):
        if not read_request(connection, visit):
            return
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        time.sleep(wait)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
    return play


def forever(head, chunk):
    """A play without an end."""
    def play(connection, visit):
        if read_request(connection, visit):
            connection.sendall(head)
            while True:
                connection.sendall(chunk)
    return play


def silent(connection, visit):
    """A play: listen, say nothing, until the client goes."""
    while True:
        more = connection.recv(4096)
        if not more:
            return
        visit.request += more


def ask(url, twin=None, environment=None, before=(), **options):
    """One request by the agent's code, started by the words `before`: what it
    says, by word."""
    words = [f"url={url}"] + [f"{k}={v}" for k, v in options.items()
                              if not isinstance(v, list)]
    for name, values in options.items():
        if isinstance(values, list):
            words += [f"{name}={v}" for v in values]
    program = "stage_http_twin" if twin else "stage_http"
    began = time.monotonic()
    done = subprocess.run(
        [*before, os.path.join(BIN, program), *words], capture_output=True, timeout=60,
        check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {}), "NAMEPLATE_TWIN": twin or ""})
    text = done.stdout.decode(errors="replace")
    expect(done.returncode == 0,
           f"{words}: exit {done.returncode}\n{text}{done.stderr.decode()}")
    said = {"took": time.monotonic() - began,
            "log": done.stderr.decode(errors="replace")}
    head, _, body = text.partition("\nbody ")
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        said[key] = value
    said["body"] = body[:-1]
    return said


def expect_reason(said, reason, *words):
    """The request failed for this reason, in these words."""
    expect(said.get("reason") == reason, f"expected reason {reason}: {said}")
    for word in words:
        expect(word in said["detail"], f"{word!r} is not in: {said}")
    return said


HELLO = answer(b"hello", "200 OK", 'ETag: "v1"', "Content-Type: text/plain",
               "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT",
               "Retry-After: 120")


def expect_answer(said, status=200, body="hello"):
    expect(said.get("reason") == "answered" and said["status"] == str(status)
           and said["body"] == body, f"expected {status} {body!r}: {said}")
    return said
