#!/usr/bin/env python3
"""The agent's way to the web: requests go where they were sent, and no further.

The real code asks real servers, some of which lead astray, with an environment
that would.  The server, not the agent, says what arrived.  A twin program that
leaves the library to itself shows that the environment would have its way.
"""
import contextlib
import os
import socket
import ssl
import threading

from authority import Authority
from kit import expect, folder, free_port, main, scenario, write
from web import (HELLO, Web, answer, ask, expect_answer, expect_reason, raw,
                 read_request, silent)


# --- what is asked and answered ----------------------------------------------

@scenario
def an_answer_comes_with_its_status_headers_and_body():
    with Web(HELLO) as web:
        said = expect_answer(ask(web.url("/x?y=z"), header=["X-One: 1", "X-Two: 2"]))
        visit = web.visits[0]
    for key, value in {"etag": '"v1"', "content_type": "text/plain",
                       "last_modified": "Sat, 01 Jan 2022 00:00:00 GMT",
                       "retry_after": "120"}.items():
        expect(said[key] == value, f"{key}: {said}")
    expect(visit.head.startswith("GET /x?y=z HTTP/1.1\r\n"), visit.head)
    expect(visit.header("X-One") == "1" and visit.header("X-Two") == "2",
           visit.head)
    expect(visit.header("Accept-Encoding") is None, visit.head)
    expect(int(said["out"]) == len(visit.request), f"bytes out: {said}")
    expect(len("hello") < int(said["in"]) < 400, f"bytes in: {said}")


@scenario
def a_post_carries_its_body_and_its_type():
    with Web(answer(b"hello")) as web:
        expect_answer(ask(web.url(), post="a b&c"))
        expect_answer(ask(web.url(), post="{}",
                          header="content-type: application/json"))
        expect_answer(ask(web.url(), post=""))
    first, second, third = web.visits
    expect(first.head.startswith("POST / ") and first.request.endswith(b"a b&c")
           and first.header("Content-Type") == "application/octet-stream"
           and first.header("Expect") is None, first.head)
    expect(second.head.lower().count("content-type:") == 1
           and second.header("Content-Type") == "application/json", second.head)
    expect(third.header("Content-Length") == "0", third.head)


@scenario
def any_status_is_an_answer():
    for status, body in ((204, ""), (304, ""), (404, "gone"), (503, "later")):
        with Web(answer(body.encode(), f"{status} X")) as web:
            expect_answer(ask(web.url()), status, body)
    interim = b"HTTP/1.1 103 Early\r\nETag: early\r\n\r\n"
    with Web(raw(interim + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) as web:
        said = expect_answer(ask(web.url()))
        expect("etag" not in said, f"a header of another answer: {said}")


@scenario
def requests_that_break_the_rules_are_not_sent():
    with Web(HELLO) as web:
        for url, options in (
                ("file:///etc/passwd", {}),
                ("ftp://127.0.0.1/x", {}),
                ("localhost/x", {}),
                ("http://", {}),
                (f"http://user:secret@127.0.0.1:{web.port}/", {}),
                (f"https://127.0.0.1:{web.port}/", {}),  # nobody to trust
                (web.url(), {"user": "u", "password": "p"}),
                (web.url(), {"header": "A: b\r\nC: d"}),
                (web.url(), {"redirects": 4}),
                (web.url(), {"post": "x", "redirects": 1}),
                (web.url(), {"proxy": "https://127.0.0.1:1"}),
                (web.url(), {"proxy": "127.0.0.1:1"})):
            said = ask(url, **options)
            expect(said.get("error") == "invalid" and "not asked" in said["log"],
                   f"{url} {options}: {said}")
    expect(web.visits == [], "something was sent")


# --- redirects ---------------------------------------------------------------

def to(url, status="302 Found"):
    return answer(b"", status, f"Location: {url}")


@scenario
def redirects_are_followed_only_as_far_as_asked():
    with Web(HELLO) as end, Web(to(end.url("/end"))) as one, \
            Web(to(one.url())) as two, Web(to(two.url())) as three:
        expect_answer(ask(one.url()), 302, "")
        expect(end.visits == [], "followed without being asked")
        expect_answer(ask(three.url(), redirects=3))
        expect_answer(ask(three.url(), redirects=2), 302, "")
        expect(len(end.visits) == 1, "too many hops")
        with Web(to("/somewhere", "308 X")) as web:
            expect_answer(ask(web.url(), redirects=3), 308, "")
            expect(len(web.visits) == 4, f"{len(web.visits)} hops")
            expect(web.visits[1].head.startswith("GET /somewhere "),
                   web.visits[1].head)


@scenario
def redirects_lead_neither_off_the_web_nor_out_of_tls():
    with folder() as tmp:
        root = Authority(tmp)
        with Web(HELLO) as plain:
            for url in ("file:///etc/passwd", "ftp://127.0.0.1/",
                        "gopher://127.0.0.1:1/", "ldap://127.0.0.1/"):
                with Web(to(url)) as web:
                    expect_reason(ask(web.url(), redirects=3), "http",
                                  "redirects to " + url.split(":")[0])
            with Web(to(plain.url()), root.leaf("good")) as web:
                expect_reason(ask(web.url(), trust=root.crt, redirects=3),
                              "http", "not https://")
            with Web(HELLO, root.leaf("good")) as tls, Web(to(tls.url())) as web:
                expect_reason(ask(web.url(), redirects=3), "http", "to trust")
                expect_answer(ask(web.url(), redirects=3, trust=root.crt))
        expect(plain.visits == [], "the redirect was followed")


@scenario
def a_redirect_cannot_make_up_a_password():
    with Web(HELLO) as end, \
            Web(to(end.url().replace("//", "//user:secret@"))) as web:
        expect_answer(ask(web.url(), redirects=1))
    expect(end.visits[0].header("Authorization") is None, end.visits[0].head)


@scenario
def each_hop_is_judged_for_its_own_host():
    with folder() as tmp:
        root = Authority(tmp)
        only = root.leaf("only", names="DNS:localhost")
        with Web(HELLO, only) as end, \
                Web(to(end.url(host="127.0.0.1")), only) as web:
            expect_reason(ask(web.url(), trust=root.crt, redirects=1),
                          "certificate", "wrong_name")
            expect(end.visits[0].request == b"", "the hop was not judged")
        with Web(HELLO, only) as end, Web(to(end.url()), only) as web:
            # A connection that is being closed meets the one of the next hop.
            said = ask(web.url(), trust=root.crt, redirects=1, times=10)
            expect(said["body"].count("status 200\n") == 9, f"{said}")


@scenario
def neither_password_nor_certificate_goes_to_another_place():
    with folder() as tmp:
        root = Authority(tmp)
        good = root.leaf("good")
        device = root.leaf("device", purpose="clientAuth")
        ours = {"trust": root.crt, "user": "u", "password": "p", "redirects": 2,
                "chain": device.crt, "key": "file:" + device.key}
        hops = iter([to("/again"), HELLO])
        with Web(lambda c, v: next(hops)(c, v), good, None, root.crt) as web:
            expect_answer(ask(web.url(), **ours))
            expect(all(v.header("Authorization") and v.certificate
                       for v in web.visits) and len(web.visits) == 2,
                   "the same place gets both")
        with Web(HELLO, good) as other:
            other.tls.verify_mode = ssl.CERT_OPTIONAL
            other.tls.load_verify_locations(root.crt)
            with Web(to(other.url()), good, None, root.crt) as web:
                expect_answer(ask(web.url(), **ours))
            visit = other.visits[0]
            expect(visit.header("Authorization") is None, visit.head)
            expect(not visit.certificate, f"{visit.certificate}")


# --- the environment and proxies ---------------------------------------------

def environment(port, tmp):
    proxy = f"http://127.0.0.1:{port}"
    values = {name: proxy for name in ("http_proxy", "https_proxy", "all_proxy",
                                       "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    return {**values, "NO_PROXY": "", "no_proxy": "",
            "SSLKEYLOGFILE": os.path.join(tmp, "keys"),
            "SSL_CERT_FILE": os.path.join(tmp, "stranger/root.crt"),
            "CURL_CA_BUNDLE": os.path.join(tmp, "stranger/root.crt"),
            "SSL_CERT_DIR": os.path.join(tmp, "stranger"), "HOME": tmp}


@scenario
def the_environment_changes_nothing():
    with folder() as tmp:
        root = Authority(tmp)
        os.mkdir(os.path.join(tmp, "stranger"))
        stranger = Authority(os.path.join(tmp, "stranger"))
        write(os.path.join(tmp, ".netrc"), "default login u password p\n")
        write(os.path.join(tmp, ".curlrc"), "insecure\n")
        with Web(silent) as proxy, Web(HELLO) as plain, \
                Web(HELLO, root.leaf("good")) as tls, \
                Web(HELLO, stranger.leaf("bad")) as bad:
            env = environment(proxy.port, tmp)
            for web in (plain, tls):
                expect_answer(ask(web.url(), environment=env, trust=root.crt))
                expect(web.visits[0].header("Authorization") is None,
                       web.visits[0].head)
            expect_reason(ask(bad.url(), environment=env, trust=root.crt),
                          "certificate", "bad_signature")
            expect(proxy.visits == [], "the proxy was asked")
        expect(not os.path.exists(os.path.join(tmp, "keys")),
               "TLS keys were written down")


@scenario
def left_to_itself_the_library_would_obey_the_environment():
    """The twin of the one above."""
    with folder() as tmp:
        with Web(answer(b"proxy")) as proxy, Web(HELLO) as plain:
            env = environment(proxy.port, tmp)
            expect_answer(ask(plain.url(), twin="proxy", environment=env), 200,
                          "proxy")
            expect(plain.visits == [], "the proxy was not asked")
            expect_answer(ask(plain.url(), twin="none", environment=env))


def tunnel(status="200 OK"):
    """A proxy's play: CONNECT (RFC 9110 section 9.3.6)."""
    def play(connection, visit):
        if not read_request(connection, visit):
            return
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        if status != "200 OK":
            return
        host, _, port = visit.head.split()[1].rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            threading.Thread(target=pump, args=(there, connection),
                             daemon=True).start()
            pump(connection, there)
    return play


def pump(source, sink):
    with contextlib.suppress(OSError):
        while True:
            more = source.recv(4096)
            if not more:
                break
            sink.sendall(more)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@scenario
def a_proxy_that_is_configured_is_used_and_named_when_it_fails():
    with folder() as tmp:
        root = Authority(tmp)
        good = root.leaf("good")
        bad = root.leaf("bad", names="DNS:elsewhere")
        with Web(HELLO, good) as web, Web(HELLO, bad) as liar, \
                Web(tunnel()) as proxy, Web(tunnel("407 No")) as strict, \
                Web(silent) as stuck:
            def through(server, door, **options):
                return ask(server.url(), trust=root.crt, proxy=door, **options)

            door = f"http://127.0.0.1:{proxy.port}"
            expect_answer(through(web, door, environment={
                "NO_PROXY": "*", "no_proxy": "localhost,127.0.0.1"}))
            expect(proxy.visits[0].head.startswith(
                f"CONNECT localhost:{web.port} "), proxy.visits[0].head)
            expect_reason(through(liar, door), "certificate", "wrong_name")
            expect_reason(through(web, f"http://127.0.0.1:{strict.port}"),
                          "proxy", "407")
            expect_reason(through(web, f"http://127.0.0.1:{free_port()}"),
                          "proxy", "refused")
            expect_reason(through(web, "http://nowhere.invalid:1"), "proxy")
            expect_reason(through(web, f"http://127.0.0.1:{stuck.port}",
                                  connect=300), "proxy", "in time")
            expect_reason(through(web, f"socks5h://127.0.0.1:{stuck.port}",
                                  connect=300), "proxy", "in time")
            expect(len(web.visits) == 1, "a request went past the proxy")


if __name__ == "__main__":
    main(at_once=2)
