#!/usr/bin/env python3
"""An account's own web hook: who owns a device hears of it at an address of
one's own, signed, and sees on the page how the last try went.

A user's address must not lead the server into its own network: that is refused
unless the operator allows it, however the address is written. The receivers
are real HTTP servers on this machine, with and without TLS.
"""
import json
import socket
import time

from authority import Authority
from cloudd import Cloudd
from hook import Receiver
from kit import Failed, expect, folder, main, scenario, wait_until
from mock import MockCloud
from owner import Person, Record

PRIVATE = "private network, which who runs this cloud has not allowed"


def server(tmp, cloud=None, **options):
    return Cloudd(tmp, cloud, signup="yes", **options)


def set_hook(person, hook, url=None):
    """The account's hook leads there; the receiver knows its secret."""
    answer = person.put("/api/hook", {"url": url or hook.url}, 200).json
    hook.secret = answer["secret"].encode()
    return answer


def last(person, seconds=20, **wanted):
    """How the last try went, once it is as wanted."""
    def look():
        found = person.get("/api/hook").get("last")
        return found if found and all(
            found.get(k) == v for k, v in wanted.items()) else None
    return wait_until(look, seconds, f"a last try with {wanted}; now: "
                      f"{person.get('/api/hook')}")


def test(person, status=204):
    person.post("/api/hook/test", {}, status)


@scenario
def an_owner_hears_of_the_own_devices_and_others_hear_of_theirs():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud, \
            Receiver() as bobs, Receiver() as eves, \
            server(tmp, cloud, private_hooks="yes") as s:
        one, two, three = (cloud.device(n).introduce()
                           for n in ("S1", "S2", "S3"))
        admin = s.logged_in()
        wait_until(lambda: len(admin.get("/api/things")["things"]) == 3, 15,
                   "all are known")
        bob, eve = (Person(s, tmp, n) for n in ("bob", "eve"))
        for person, device in ((bob, one), (eve, two), (bob, three)):
            Record(device).claim(person)
            wait_until(lambda p=person, t=device.thing: any(
                o["thingName"] == t for o in p.get("/api/things")["things"]),
                10, "it is theirs")
        expect(bob.get("/api/hook") == {}, "there is none at first")
        set_hook(bob, bobs)
        set_hook(eve, eves)
        shown = bob.get("/api/hook")
        expect(shown == {"url": bobs.url}, f"the secret is told once: {shown}")
        with bob.events() as heard:
            one.publish(one.topic("claims"), {"what": "refused_owned"})
            got = heard.wait("alert")
        expect(bobs.alert("claim") == got, "another alert")
        last(bob, taken=True)
        two.publish(two.topic("claims"), {"what": "locked"})
        expect(eves.alert("claim")["thingName"] == two.thing, "hers")
        expect(len(bobs.posts) == 1 and len(eves.posts) == 1,
               f"{len(bobs.posts)} and {len(eves.posts)} posts")
        # What was set outlives a restart; without it nobody hears.
        s.stop()
        s.start()
        wait_until(lambda: s.logged_in().get("/api/things")["things"], 15, "up")
        bob.ask("DELETE", "/api/hook")
        expect(bob.get("/api/hook") == {}, "it is still there")
        with bob.events() as heard:
            three.publish(three.topic("claims"), {"what": "wrong_code"})
            heard.wait("alert")
        test(bob, 404)
        wait_until(lambda: eve.ask("POST", "/api/hook/test", {}).status == 204,
                   20, "a test soon after an alert")
        eves.alert("test")
        expect(len(bobs.posts) == 1, "told though it was removed")


@scenario
def a_test_says_what_is_wrong_and_is_tried_again():
    with folder() as tmp, Receiver(refusals=1) as hook, \
            server(tmp, private_hooks="yes") as s:
        bob = Person(s, tmp, "bob")
        set_hook(bob, hook)
        test(bob)
        failed = last(bob, taken=False)
        expect("status 503" in failed["fault"] and failed["again"], failed)
        test(bob, 429)  # one is on its way
        last(bob, taken=True)
        expect(len(hook.posts) == 2, f"{len(hook.posts)} posts")
        hook.alert("test")
        # Another address: another secret, and what was before is forgotten.
        before = hook.secret
        answer = set_hook(bob, hook, hook.url + "?other")
        expect("last" not in answer and hook.secret != before, answer)
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        for url, words in (
                (f"http://127.0.0.1:{port}/", "nothing answers"),
                (f"https://127.0.0.1:{hook.port}/", "does not speak TLS"),
                ("https://nobody.invalid/", "its name is not found")):
            set_hook(bob, hook, url)
            test(bob)
            fault = last(bob, taken=False)["fault"]
            expect(words in fault, f"{url}: {fault}")


@scenario
def a_receiver_with_tls_is_one_whose_ca_is_trusted():
    with folder() as tmp:
        root = Authority(tmp)
        good = root.leaf("good")
        with Receiver(pair=good) as hook:
            with server(tmp, private_hooks="yes", web_hook_trust=root.crt) as s:
                bob = Person(s, tmp, "bob")
                set_hook(bob, hook)
                test(bob)
                hook.alert("test")
                last(bob, taken=True)
                named = root.leaf("named", names="DNS:example.org")
                with Receiver(pair=named) as wrong:  # for another name
                    set_hook(bob, wrong)
                    test(bob)
                    fault = last(bob, taken=False)["fault"]
                    expect("certificate" in fault, fault)
        other = Authority(tmp, "other")
        with Receiver(pair=good) as hook, server(
                tmp, private_hooks="yes", web_hook_trust=other.crt) as s:
            bob = Person(s, tmp, "bob2")
            set_hook(bob, hook)
            test(bob)
            expect("certificate" in last(bob, taken=False)["fault"], "its CA")
            expect(hook.posts == [], "told without trust")


@scenario
def without_the_operators_word_no_address_leads_into_the_own_network():
    with folder() as tmp:
        root = Authority(tmp)
        with Receiver(pair=root.leaf("good")) as hook:
            port = hook.port
            urls = [f"https://127.0.0.1:{port}/", f"https://localhost:{port}/",
                    f"https://2130706433:{port}/", f"https://0x7f.1:{port}/",
                    f"https://0.0.0.0:{port}/", f"https://[::1]:{port}/",
                    f"https://[::ffff:127.0.0.1]:{port}/",
                    f"https://[64:ff9b::7f00:1]:{port}/"]
            with server(tmp, web_hook_trust=root.crt) as s:
                for number, url in enumerate(urls):
                    bob = Person(s, tmp, f"bob{number}")
                    set_hook(bob, hook, url)
                    test(bob)
                    fault = last(bob, taken=False)["fault"]
                    expect(PRIVATE in fault, f"{url}: {fault}")
                expect(hook.connections == 0,
                       f"{hook.connections} connections were made")
                bad = bob.ask("PUT", "/api/hook", {
                    "url": f"http://127.0.0.1:{port}/"})
                expect(bad.status == 400 and "https://" in bad.text, bad.text)
            # The twin: with it the same server takes the same address.
            with server(tmp, private_hooks="yes",
                        web_hook_trust=root.crt) as s:
                eve = Person(s, tmp, "eve")
                set_hook(eve, hook, urls[0])
                test(eve)
                hook.alert("test")


@scenario
def a_redirect_is_not_followed():
    with folder() as tmp, Receiver() as inside:
        away = {"/hook": (302, {"Location": inside.url}),
                "/again": (307, {"Location": inside.url})}
        with Receiver(paths=away) as hook, \
                server(tmp, private_hooks="yes") as s:
            for number, path in enumerate(away):
                bob = Person(s, tmp, f"bob{number}")
                set_hook(bob, hook, f"http://127.0.0.1:{hook.port}{path}")
                test(bob)
                fault = last(bob, taken=False)["fault"]
                expect(f"status {away[path][0]}" in fault, fault)
            expect(inside.connections == 0, "it was followed")


@scenario
def a_slow_receiver_holds_up_nobody_elses_alerts():
    """Its twin, for the end, is in test_cloudd_owning."""
    with folder() as tmp, Receiver() as quick, \
            server(tmp, private_hooks="yes") as s, \
            socket.create_server(("127.0.0.1", 0)) as mute:
        bob, eve = (Person(s, tmp, n) for n in ("bob", "eve"))
        set_hook(bob, quick, f"http://127.0.0.1:{mute.getsockname()[1]}/")
        test(bob)
        mute.settimeout(20)
        held, _ = mute.accept()  # it waits for an answer now
        set_hook(eve, quick)
        test(eve)
        began = time.monotonic()
        quick.alert("test")
        expect("last" not in bob.get("/api/hook"), "the slow one was over first "
               f"({time.monotonic() - began:.0f} s)")
        test(bob, 429)
        held.close()


@scenario
def another_accounts_hook_is_no_business_of_mine():
    with folder() as tmp, Receiver() as hook, \
            server(tmp, private_hooks="yes") as s:
        bob, eve = (Person(s, tmp, n) for n in ("bob", "eve"))
        set_hook(bob, hook)
        expect(eve.get("/api/hook") == {}, "hers is his")
        eve.ask("DELETE", "/api/hook")
        expect(bob.get("/api/hook") == {"url": hook.url}, "his is gone")
        test(eve, 404)
        for body in ({}, {"url": 7}, {"url": "ftp://example.org/"},
                     {"url": "https://a:b@example.org/"}):
            bad = eve.ask("PUT", "/api/hook", body)
            expect(bad.status == 400 and "Expected" in bad.text, bad.text)
        no = eve.ask("PUT", "/api/hook", {"url": hook.url}, X_CSRF_Token="no")
        expect(no.status == 403, f"without the token: {no.status}")


@scenario
def a_wrong_signature_would_be_found_out():
    """The twin of every signature that is judged above."""
    with folder() as tmp, Receiver() as hook, \
            server(tmp, private_hooks="yes") as s:
        bob = Person(s, tmp, "bob")
        set_hook(bob, hook)
        hook.secret = b"another"
        test(bob)
        wait_until(lambda: hook.posts, 20, "it came")
        expect(json.loads(hook.posts[0][2])["alerts"][0]["kind"] == "test", "it")
        try:
            hook.alert("test", seconds=1)
        except Failed:
            return
        raise Failed("a wrong signature was taken")


if __name__ == "__main__":
    main(at_once=4)
