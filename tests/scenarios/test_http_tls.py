#!/usr/bin/env python3
"""Over TLS, whoever does not prove itself gets not one byte of a request.

Each server here has one thing wrong with its certificate.  The real code asks
it; the server says what arrived.  A twin program that throws the verdict away
shows that the request would have come.
"""
import base64
import os
import ssl

from authority import Authority
from kit import expect, folder, main, scenario
from web import HELLO, Web, ask, expect_answer, expect_reason

TLS_1_2 = ssl.TLSVersion.TLSv1_2


@scenario
def over_tls_a_server_that_proves_itself_gets_the_request():
    with folder() as tmp:
        root = Authority(tmp)
        good = root.leaf("good", names="DNS:localhost,IP:127.0.0.1,IP:::1")
        for newest in (None, TLS_1_2):
            with Web(HELLO, good, newest) as web:
                expect_answer(ask(web.url(host="localhost"), trust=root.crt))
                expect_answer(ask(web.url(host="127.0.0.1"), trust=root.crt))
                named, address = web.visits
            expect(named.sni == "localhost", f"SNI {named.sni}")
            expect(address.sni is None, f"an address as SNI: {address.sni}")
        with Web(HELLO, good, host="::1") as web:
            expect_answer(ask(web.url(host="[::1]"), trust=root.crt))
            expect(web.visits[0].sni is None, f"SNI {web.visits[0].sni}")


def liars(tmp, root):
    """Who is not to be believed: a pair, the host that is asked for, why."""
    os.mkdir(os.path.join(tmp, "other"))
    other = Authority(os.path.join(tmp, "other"))
    return [
        (root.leaf("name", names="DNS:elsewhere"), "localhost", "wrong_name"),
        (root.leaf("cn", names=None), "localhost", "wrong_name"),
        (root.leaf("dns", names="DNS:127.0.0.1"), "127.0.0.1", "wrong_name"),
        (root.leaf("ip", names="DNS:localhost"), "127.0.0.1", "wrong_name"),
        (other.leaf("stranger"), "localhost", "bad_signature"),
        (root.leaf("old", end="20210101000000Z"), "localhost", "expired"),
        (root.leaf("new", begin="20450101000000Z"), "localhost",
         "not_yet_valid"),
        (root.leaf("client", purpose="clientAuth"), "localhost",
         "wrong_purpose"),
        (root.leaf("weak", algorithm=("rsa", "rsa_keygen_bits:1024")),
         "localhost", "weak_key"),
    ]


@scenario
def over_tls_a_server_that_lies_gets_not_one_byte_of_the_request():
    with folder() as tmp:
        root = Authority(tmp)
        for pair, host, why in liars(tmp, root):
            for newest in (None, TLS_1_2):
                # OpenSSL itself would not serve the weak one.
                with Web(HELLO, None) as web:
                    web.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    web.tls.set_ciphers("DEFAULT:@SECLEVEL=0")
                    web.tls.load_cert_chain(pair.crt, pair.key)
                    if newest:
                        web.tls.maximum_version = newest
                    said = ask(web.url(host=host), trust=root.crt,
                               post="secret")
                    expect_reason(said, "certificate", why + ":")
                visit = web.visits[0]
                expect(visit.request == b"" and visit.fault
                       and "alert" in visit.fault.lower(),
                       f"{why}: {visit.request!r}, {visit.fault}")


@scenario
def without_the_verdict_the_liars_would_get_the_request():
    """The twin of the one above."""
    with folder() as tmp:
        root = Authority(tmp)
        for pair, host, why in liars(tmp, root)[:6]:
            with Web(HELLO, pair) as web:
                said = ask(web.url(host=host), twin="trust", trust=root.crt,
                           post="secret")
                expect_answer(said)
            expect(web.visits[0].request.endswith(b"secret"), why)


@scenario
def our_certificate_is_shown_and_a_refusal_of_it_is_told():
    with folder() as tmp:
        root = Authority(tmp)
        os.mkdir(os.path.join(tmp, "other"))
        other = Authority(os.path.join(tmp, "other"))
        good, device = root.leaf("good"), root.leaf(
            "device", purpose="clientAuth", subject="/CN=acme:device:1")
        stranger = other.leaf("device", purpose="clientAuth")
        for newest in (None, TLS_1_2):
            with Web(HELLO, good, newest, root.crt) as web:
                expect_answer(ask(web.url(), trust=root.crt, chain=device.crt,
                                  key="file:" + device.key))
                expect("acme:device:1" in str(web.visits[0].certificate),
                       f"{web.visits[0].certificate}")
                expect_reason(ask(web.url(), trust=root.crt, chain=stranger.crt,
                                  key="file:" + stranger.key),
                              "refused", "refuses us", "CA is not known")
                expect_reason(ask(web.url(), trust=root.crt), "refused",
                              "TLS alert")
                expect([v.request for v in web.visits[1:]] == [b"", b""],
                       f"{[v.request for v in web.visits]}")


@scenario
def a_password_goes_to_the_server_that_proved_itself():
    with folder() as tmp:
        root = Authority(tmp)
        with Web(HELLO, root.leaf("good")) as web:
            expect_answer(ask(web.url(), trust=root.crt, user="u",
                              password="p:w"))
        expect(web.visits[0].header("Authorization")
               == "Basic " + base64.b64encode(b"u:p:w").decode(),
               web.visits[0].head)


if __name__ == "__main__":
    main(at_once=2)
