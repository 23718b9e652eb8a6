#!/usr/bin/env python3
"""The page's server keeps to who owns a device, and relays what it cannot read.

The real cloudd and broker; people are HTTP clients with keys of OpenSSL's, the
device's answers are played, its records are published with its certificate.
Each refusal has its twin: the same request by who may.
"""
import concurrent.futures
import json
import os
import time

from cloudd import PASSWORD, Browser, Cloudd, thing_path
from hook import Receiver
from kit import expect, folder, main, run, scenario, wait_until, write
from mock import MockCloud
from owner import Answering, Key, Person, Record, b64, unb64


def world(tmp, **options):
    return MockCloud(tmp, jitp_drop_first="no", **options)


def server(tmp, cloud=None, **options):
    return Cloudd(tmp, cloud, **{"signup": "yes", **options})


def online(device):
    return device.listen(device.topic("nothing"))


def known(admin, device, state=None):
    def look():
        for t in admin.get("/api/things")["things"]:
            if t["thingName"] == device.thing and \
                    state in (None, t["status"]["state"]):
                return t
        return None
    return wait_until(look, 25, f"{device.thing} is {state or 'known'}")


def sees(person, device, role):
    def look():
        for t in person.get("/api/things")["things"]:
            if t["thingName"] == device.thing:
                return t if t["role"] == role else None
        return role == "none"
    return wait_until(look, 10, f"{person.name} is {role}")


# --- accounts --------------------------------------------------------------------

@scenario
def who_signs_up_is_no_admin_and_a_name_is_given_once():
    with folder() as tmp, server(tmp) as s:
        new = Browser(s)
        body = {"user": "Bob", "password": PASSWORD}
        new.post("/api/signup", body, 204)
        new.log_in("Bob")
        expect(new.get("/api/session")["role"] == "user", "an admin")
        expect(s.logged_in().get("/api/session")["role"] == "admin", "ann")
        for taken in ("Bob", "ANN"):
            answer = Browser(s).post("/api/signup", {**body, "user": taken}, 409)
            expect(answer.error() == "taken", answer.text)
        for bad in ({"user": "a b", "password": "x"}, {"user": "x"},
                    {"user": "x", "password": ""},
                    {"user": "x" * 65, "password": "x"},
                    {"user": "x", "password": "y" * 257}):
            answer = Browser(s).ask("POST", "/api/signup", bad)
            expect(answer.status == 400, (bad, answer.text))


@scenario
def signing_up_can_be_off_and_is_slowed():
    with folder() as tmp:
        with server(tmp, signup="no") as s:
            answer = Browser(s).post("/api/signup",
                                     {"user": "x", "password": "y"}, 403)
            expect(answer.error() == "no_sign_up", answer.text)
    with folder() as tmp, server(tmp) as s:
        answers = [Browser(s).ask("POST", "/api/signup", {
            "user": f"u{n}", "password": "x"}) for n in range(6)]
        statuses = [a.status for a in answers]
        expect(statuses == [204] * 5 + [429], statuses)
        expect(int(answers[5].headers["Retry-After"]) > 10, statuses)


@scenario
def a_key_joins_an_account_only_with_its_own_signature():
    with folder() as tmp, server(tmp) as s:
        bob, eve = Person(s, tmp, "bob"), Person(s, tmp, "eve")
        key = Key(tmp, "new")
        right = bob.proof(key)
        for wrong in ({**right, "signature": bob.proof(eve.key)["signature"]},
                      {**right, "key": eve.key.point},
                      bob.proof(key, user="eve"),
                      bob.proof(key, challenge="0" * 64),
                      {**right, "signature": "AAAA"},
                      {**right, "key": b64(b"\x04" + b"\1" * 64)}):
            bob.post("/api/keys", wrong, 403)
        eve.post("/api/keys", right, 403)  # made for another account
        bob.post("/api/keys", {"key": 1}, 400)
        bob.post("/api/keys", right, 204)  # the twin
        names = [k["key"] for k in bob.get("/api/keys")["keys"]]
        expect(set(names) == {key.point, bob.key.point}, names)
        answer = eve.join(key, 409)
        expect(answer.error() == "other_account", answer.text)
        path = "/api/keys/" + key.point
        expect(eve.ask("DELETE", path).status == 404, "somebody else's")
        expect(bob.ask("DELETE", path).status == 204, "one's own")
        eve.join(key)


@scenario
def an_account_has_so_many_keys():
    with folder() as tmp, server(tmp) as s:
        bob = Person(s, tmp, "bob")
        keys = [Key(tmp, f"k{n}") for n in range(16)]
        for key in keys[:15]:
            bob.join(key)
        answer = bob.join(keys[15], 409)
        expect(answer.error() == "too_many_keys", answer.text)


# --- roles -----------------------------------------------------------------------

@scenario
def each_role_may_what_it_says_and_others_learn_of_no_device():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        admin = s.logged_in()
        device = cloud.device("S1")
        people = {n: Person(s, tmp, n) for n in ("own", "operate", "view")}
        stranger = Person(s, tmp, "eve")
        with online(device), Answering(cloud, device) as answering:
            known(admin, device, "online")
            for action in ("identify", "restart", "invoke", "channel"):
                answering.answers[action] = lambda r: ({"did": r["action"]}, None)
            Record(device).claim(people["own"], members=[
                (people["operate"], "operator"), (people["view"], "viewer")])
            sees(people["own"], device, "owner")

            def tried(person, method, rest, body=None):
                answer = person.ask(method, thing_path(device.thing, rest), body)
                return answer.status, answer.text

            reading = ["", "/shadow", "/history", "/series",
                       "/telemetry?key=a"]
            setting = [("/shadow", {"state": {"desired": {"a": 1}}}),
                       ("/identify", {}), ("/restart", {}),
                       ("/invoke", {"action": "ring", "input": 2})]
            owning = [("PUT", "/offer", {"envelope": None}),
                      ("POST", "/kick", {})]
            for rest in reading:
                for person in people.values():
                    status, text = tried(person, "GET", rest)
                    expect(status in (200, 404) and "No device" not in text,
                           (person.name, rest, status, text))
            for rest, body in setting:
                for person, allowed in ((people["operate"], True),
                                        (people["own"], True),
                                        (people["view"], False)):
                    status, text = tried(person, "POST", rest, body)
                    expect((status == 200) if allowed else
                           (status == 403 and "not_allowed" in text),
                           (person.name, rest, status, text))
            for method, rest, body in owning:
                for person in (people["view"], people["operate"]):
                    status, text = tried(person, method, rest, body)
                    expect(status == 403, (person.name, rest, status, text))
            for person in people.values():
                expect(tried(person, "POST", "/channel", {"step": "open"})[0] ==
                       200, person.name)
            # A stranger is told exactly what is told of a thing that is not.
            expect(stranger.get("/api/things")["things"] == [], "listed")
            for method, rest, body in [("GET", r, None) for r in reading] + \
                    [("POST", r, b) for r, b in setting] + owning + \
                    [("PUT", "/label", {"name": "x"}),
                     ("POST", "/channel", {"step": "open"})]:
                status, text = tried(stranger, method, rest, body)
                nobody = stranger.ask(
                    method, thing_path("acme:thermo-1:NO", rest), body)
                expect((status, text) == (404, nobody.text),
                       (rest, status, text, nobody.text))
            expect(tried(people["own"], "PUT", "/offer",
                         {"envelope": None})[0] == 204, "an owner's")
            answering.wait(1)
            sent = [r for r in answering.requests if r["action"] == "invoke"][0]
            expect(sent == {"action": "invoke", "name": "ring", "input": 2}, sent)
            events = people["own"].get(thing_path(
                device.thing, "/history?kind=command"))["events"]
            expect({e["who"] for e in events} == {"own", "operate"}, events)


@scenario
def events_go_to_who_may_see_the_device_and_sealed_ones_to_no_operator():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        admin = s.logged_in()
        device = cloud.device("S1").introduce()
        known(admin, device)
        bob, eve = Person(s, tmp, "bob"), Person(s, tmp, "eve")
        with bob.events() as his, eve.events() as hers, admin.events() as ours:
            Record(device).claim(bob)
            his.wait("ownership", lambda d: d["epoch"] == 1)
            device.publish(device.topic("sealed"), {"channel": "c", "box": "b",
                                                    "more": "not handed on"})
            got = his.wait("sealed")
            expect(got == {"thingName": device.thing, "channel": "c",
                           "box": "b"}, got)
            device.publish(device.topic("telemetry"), {"a": 1})
            his.wait("telemetry")
            ours.wait("telemetry")
            ours.none("sealed", lambda d: True, 0.3)
            for name in ("sealed", "telemetry", "status", "ownership", "td",
                         "history"):
                hers.none(name, lambda d: True, 0.1)


@scenario
def a_record_that_is_forged_stale_or_a_strangers_changes_nothing():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        admin = s.logged_in()
        device = cloud.device("S1").introduce()
        known(admin, device)
        bob, eve = Person(s, tmp, "bob"), Person(s, tmp, "eve")
        records = Record(device).claim(bob)
        sees(bob, device, "owner")
        first = records.last

        def refused(envelope):
            before = s.words().count("refused: thing=")
            device.publish(device.topic("ownership"), envelope)
            wait_until(lambda: s.words().count("refused: thing=") > before, 10,
                       "it is refused")
            sees(bob, device, "owner")
            sees(eve, device, "none")

        good = records.make("share", [bob], bob, members=[(eve, "viewer")])
        refused(records.make("share", [eve], eve))
        refused(records.make("transfer", [bob], eve))
        refused(records.make("transfer", [eve], eve))
        refused(records.make("share", [bob], bob, thing="acme:thermo-1:S2"))
        refused(records.make("share", [bob], bob, previous=b64(b"x" * 32)))
        refused(records.make("share", [bob], bob, epoch=1))
        refused({**good, "signatures": []})
        refused({"record": b64(first), "signatures": good["signatures"]})
        refused({"record": "!", "signatures": []})
        refused([])
        records.publish(good)  # the twin
        sees(eve, device, "viewer")
        # After a gap the device's word counts: it alone can publish there.
        records.epoch += 5
        records.publish(records.make("share", [bob], bob))
        sees(eve, device, "none")


@scenario
def what_was_known_of_the_time_before_is_wiped_with_a_new_owner():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        admin = s.logged_in()
        device = cloud.device("S1").introduce()
        known(admin, device)
        bob, cleo = Person(s, tmp, "bob"), Person(s, tmp, "cleo")
        records = Record(device).claim(bob)
        sees(bob, device, "owner")
        path = thing_path(device.thing)
        bob.put(path + "/label", {"name": "Oak door", "room": "Hall"})
        got = sees(bob, device, "owner")
        expect((got["name"], got["room"]) == ("Oak door", "Hall"), got)
        expect("name" not in known(admin, device), "an account's own")
        device.publish(device.topic("telemetry"), {"a": 1})
        wait_until(lambda: bob.get(path + "/series")["series"], 5, "telemetry")
        bob.put(path + "/offer", {"envelope": {"record": "x"}})
        expect(bob.get(path)["offer"] == {"record": "x"}, "the offer")
        records.publish(records.make("transfer", [bob, cleo], cleo))
        sees(cleo, device, "owner")
        sees(bob, device, "none")
        whole = cleo.get(path)
        expect("offer" not in whole and whole["ownership"]["record"] ==
               b64(records.last), whole)
        expect(cleo.get(path + "/series")["series"] == [], "telemetry is left")
        kinds = [e["kind"] for e in cleo.get(path + "/history")["events"]]
        expect(kinds == ["ownership"], kinds)
        records.publish(records.make("release", [cleo]))
        sees(cleo, device, "none")
        records.claim(bob)
        expect("name" not in sees(bob, device, "owner"), "the old name is left")


@scenario
def an_offer_outlives_the_news_of_the_record_before_it():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1").introduce()
        known(s.logged_in(), device)
        bob, cleo = Person(s, tmp, "bob"), Person(s, tmp, "cleo")
        records = Record(device).claim(bob)
        sees(bob, device, "owner")
        path = thing_path(device.thing)
        share = records.make("share", [bob], bob, [(cleo, "viewer")])
        after = Record(device)
        after.last, after.epoch = unb64(share["record"]), 2
        offer = after.make("transfer", [bob], cleo)
        bob.put(path + "/offer", {"envelope": offer})
        records.publish(share)
        sees(cleo, device, "viewer")
        expect(cleo.get(path).get("offer") == offer, "the offer is gone")
        # The twin: after another record nobody can accept it.
        records.publish(records.make("share", [bob], bob))
        sees(cleo, device, "none")
        wait_until(lambda: "offer" not in bob.get(path), 10, "the old offer")


@scenario
def roles_outlive_a_restart():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1").introduce()
        known(s.logged_in(), device)
        bob = Person(s, tmp, "bob")
        Record(device).claim(bob)
        sees(bob, device, "owner")
        s.kill()
        s.start()
        sees(bob, device, "owner")
        expect(len(bob.get(thing_path(device.thing, "/history?kind=ownership"))
                   ["events"]) == 1, "told twice")


# --- claims ----------------------------------------------------------------------

def step(person, thing, name, status=None, **more):
    answer = person.ask("POST", "/api/claim",
                        {"thing": thing, "step": name, **more})
    expect(status in (None, answer.status), f"{name}: {answer.text}")
    return answer


@scenario
def a_claim_is_relayed_with_what_belongs_to_it_and_nothing_else():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1")
        bob = Person(s, tmp, "bob")
        with online(device), Answering(cloud, device) as answering:
            known(s.logged_in(), device, "online")
            answering.answers["claim"] = lambda r: (
                ({"wait_s": 60}, ("LOCKED", "too many"))
                if r["step"] == "share" else ({"claim": "c"}, None))
            got = step(bob, device.thing, "begin", 200, hit="h", evil=1).json
            expect(got == {"claim": "c"}, got)
            expect(answering.wait(1) == {"action": "claim", "step": "begin"},
                   answering.requests)
            answer = step(bob, device.thing, "share", 409, claim="c", key="k",
                          share="s")
            expect(answer.json == {"error": "LOCKED", "message": "too many",
                                   "answer": {"wait_s": 60}}, answer.text)
            expect(answering.wait(2) == {"action": "claim", "step": "share",
                   "claim": "c", "key": "k", "share": "s"}, answering.requests)
            for bad in ({}, {"thing": device.thing}, {"step": "begin"},
                        {"thing": "a/b", "step": "begin"},
                        {"thing": "+", "step": "begin"},
                        {"thing": "x" * 200, "step": "begin"},
                        {"thing": device.thing, "step": "end"}):
                bob.post("/api/claim", bad, 400)
            # An answer of another device, or to another question, is none.
            other = cloud.device("S2").introduce()
            del answering.answers["claim"]
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                going = pool.submit(step, bob, device.thing, "begin")
                answering.wait(3)
                cloud.publish(f"$aws/commands/things/{other.thing}/executions/"
                              "x/response/json", {"status": "SUCCEEDED"})
                expect(going.result().error() == "no_answer", "believed")


@scenario
def an_unknown_device_answers_as_one_with_a_wrong_code_as_slowly():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1")
        bob = Person(s, tmp, "bob")
        with online(device), Answering(cloud, device) as answering:
            known(s.logged_in(), device, "online")
            real = {"begin": ({"claim": b64(b"c" * 16), "salt": b64(b"s" * 16),
                               "iterations": 200000, "hit": b64(b"h" * 16)}, None),
                    "share": ({"share": b64(b"\4" + b"p" * 64),
                               "confirm": b64(b"f" * 32)}, None),
                    "confirm": (None, ("WRONG_CODE", "the code did not match"))}
            answering.answers["claim"] = lambda r: real[r["step"]]

            def claim(thing):
                seen, took = [], []
                claim_id = None
                for name in ("begin", "share", "confirm"):
                    began = time.monotonic()
                    answer = step(bob, thing, name, claim=claim_id, key="k",
                                  share="s", confirm="c")
                    took.append(time.monotonic() - began)
                    claim_id = answer.json.get("claim", claim_id)
                    seen.append((answer.status, {
                        k: len(v) if isinstance(v, str) and k not in
                        ("error", "message") else v
                        for k, v in answer.json.items()}))
                    if answer.status == 202:
                        return None, took
                return seen, took

            expected, took = claim(device.thing)
            expect(min(took) >= 0.49 and max(took) < 3, took)
            kinds = set()
            for number in range(9):
                got, took = claim(f"acme:thermo-1:NO{number}")
                kinds.add(got is None)
                expect(got in (None, expected), (got, expected))
                expect(min(took) >= 0.49, took)
                if len(kinds) == 2:
                    break
            expect(kinds == {True, False}, f"only one kind of answer: {kinds}")


@scenario
def an_unknown_device_is_the_same_each_time_and_keeps_its_claims_apart():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        bob = Person(s, tmp, "bob")
        name = next(n for n in (f"acme:x:{i}" for i in range(11))
                    if step(bob, n, "begin").status == 200)
        cleo = Person(s, tmp, "cleo")
        one = step(cleo, name, "begin", 200).json
        two = step(cleo, name, "begin", 200).json
        expect((one["salt"], one["hit"]) == (two["salt"], two["hit"]), (one, two))
        expect(one["claim"] != two["claim"], "the same claim")
        expect(step(cleo, name, "share", 409, claim="x").error() == "NO_CLAIM",
               "a claim that was not begun")
        step(cleo, name, "share", 200, claim=one["claim"])
        expect(step(cleo, name, "confirm", 409, claim=one["claim"]).error() ==
               "WRONG_CODE", "the confirmation")
        expect(step(cleo, name, "confirm", 409, claim=one["claim"]).error() ==
               "NO_CLAIM", "it is over")
        s.stop()
        s.start()  # the secret is kept
        three = step(cleo, name, "begin", 200).json
        expect(three["salt"] == one["salt"], (one, three))


@scenario
def guessing_is_slowed_by_device_and_by_account_before_the_device_locks():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1")
        people = [Person(s, tmp, n) for n in ("bob", "eve")]
        with online(device), Answering(cloud, device) as answering:
            known(s.logged_in(), device, "online")
            answering.answers["claim"] = lambda r: ({"claim": "c"}, None)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                statuses = list(pool.map(lambda n: step(
                    people[n % 2], device.thing, "share", claim="c").status,
                    range(10)))
            expect(statuses.count(200) == 8 and statuses.count(429) == 2,
                   statuses)
            answer = step(people[0], device.thing, "begin", 429)
            expect(int(answer.headers["Retry-After"]) > 30, answer.headers)
            expect(len(answering.requests) == 8, "the device saw more")
            statuses = [step(people[0], f"a:b:{n}", "begin").status
                        for n in range(13)]
            expect(statuses.count(429) == 1, statuses)


@scenario
def a_claim_of_a_device_that_is_away_waits_and_only_who_waits_is_told():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1").introduce()
        admin = s.logged_in()
        known(admin, device, "offline")
        bob, eve = Person(s, tmp, "bob"), Person(s, tmp, "eve")
        answer = step(bob, device.thing, "begin", 202)
        expect(answer.json["waiting"] is True, answer.text)
        with bob.events() as his, eve.events() as hers, online(device):
            got = his.wait("arrived", seconds=20)
            expect(got == {"thingName": device.thing}, got)
            hers.none("arrived", lambda d: True, 0.3)


@scenario
def a_broker_that_goes_away_ends_what_was_asked():
    with folder() as tmp, world(tmp) as cloud, server(tmp, cloud) as s:
        device = cloud.device("S1")
        bob = Person(s, tmp, "bob")
        with online(device), Answering(cloud, device) as answering:
            known(s.logged_in(), device, "online")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                going = pool.submit(step, bob, device.thing, "begin")
                answering.wait(1)
                began = time.monotonic()
                cloud.kill()
                expect(going.result().status == 504, "answered")
                expect(time.monotonic() - began < 8, "it waited for the limit")
        cloud.start()


# --- alerts and the web hook -----------------------------------------------------

@scenario
def a_refused_claim_is_an_alert_of_the_owner_and_of_the_hook_with_its_mac():
    with folder() as tmp, world(tmp) as cloud, Receiver(b"hook secret", refusals=1) as hook:
        secret = write(os.path.join(tmp, "secret"), "hook secret\n")
        with server(tmp, cloud, web_hook=hook.url, web_hook_secret=secret) as s:
            device = cloud.device("S1").introduce()
            known(s.logged_in(), device)
            bob, eve = Person(s, tmp, "bob"), Person(s, tmp, "eve")
            note = {"ts": 1, "what": "refused_owned", "tries": 0, "epoch": 1}
            device.publish(device.topic("claims"), note)  # nobody's: no alert
            records = Record(device).claim(bob)
            sees(bob, device, "owner")
            records.publish(records.make("share", [bob], bob,
                                         members=[(eve, "operator")]))
            sees(eve, device, "operator")
            with bob.events() as his, eve.events() as hers:
                device.publish(device.topic("claims"), note)
                got = his.wait("alert")
                expect(got["kind"] == "claim" and "refused" in got["text"], got)
                hers.none("alert", lambda d: True, 0.3)
                device.publish(device.topic("claims"), note)
                his.none("alert", lambda d: True, 0.5)  # once a minute
            wait_until(lambda: len(hook.posts) >= 2, 20, "the hook, twice")
            path, headers, body = hook.posts[1]
            hook.judge(headers, body)
            expect(path == "/hook" and json.loads(body)["alerts"] == [got], body)
            expect(hook.posts[0][2] == body, "it was not sent again")
            alerts = bob.get("/api/alerts")["alerts"]
            expect(alerts == [got], alerts)
            expect(eve.get("/api/alerts")["alerts"] == [], "an operator's")
            dismiss = f"/api/alerts/{got['id']}/dismiss"
            eve.post(dismiss, {}, 404)
            bob.post(dismiss, {}, 204)
            expect(bob.get("/api/alerts")["alerts"] == [], "it is still there")
            bob.post("/api/alerts/999/dismiss", {}, 404)


@scenario
def a_hook_that_is_slow_holds_nobody_up_and_a_wrong_one_is_named():
    with folder() as tmp, world(tmp) as cloud:
        secret = write(os.path.join(tmp, "secret"), "x")
        for options in ({"web_hook": "ftp://127.0.0.1/", "web_hook_secret": secret},
                        {"web_hook": "http://127.0.0.1/"},
                        {"web_hook": "http://127.0.0.1/",
                         "web_hook_secret": os.path.join(tmp, "none")},
                        {"vendors": os.path.join(tmp, "none")}):
            bad = server(tmp, cloud, **options)
            done = run(*bad.command(), status=None)
            expect(done.returncode in (64, 69), (options, done.returncode))
            expect("expected http" in done.stderr or "wants" in done.stderr or
                   "cannot read" in done.stderr, done.stderr)
        import socket  # a receiver that accepts and never answers
        with socket.create_server(("127.0.0.1", 0)) as mute:
            url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
            with server(tmp, cloud, web_hook=url, web_hook_secret=secret) as s:
                device = cloud.device("S1").introduce()
                known(s.logged_in(), device)
                bob = Person(s, tmp, "bob")
                Record(device).claim(bob)
                sees(bob, device, "owner")
                device.publish(device.topic("claims"), {"what": "locked"})
                wait_until(lambda: bob.get("/api/alerts")["alerts"], 5, "alert")
                mute.settimeout(10)
                mute.accept()[0].close  # it is trying
                began = time.monotonic()
                s.stop()
                expect(time.monotonic() - began < 5, "the end waits for it")
                s.start()


@scenario
def offline_for_long_is_an_alert_that_ends_when_the_device_is_back():
    with folder() as tmp, world(tmp) as cloud, \
            server(tmp, cloud, away_after="1") as s:
        admin = s.logged_in()
        device = cloud.device("S1").introduce()
        known(admin, device, "offline")

        def alert(over):
            found = [a for a in admin.get("/api/alerts")["alerts"]
                     if a["kind"] == "offline" and ("over" in a) == over]
            return found[0] if found else None
        wait_until(lambda: alert(False), 45, "it is told")
        with online(device):
            known(admin, device, "online")
            wait_until(lambda: alert(True), 45, "it is over")


@scenario
def the_vendors_that_are_trusted_are_served_and_the_camera_is_for_us_alone():
    with folder() as tmp:
        pem = write(os.path.join(tmp, "vendors.pem"), "-----BEGIN X-----\n")
        with server(tmp, vendors=pem) as s:
            answer = Browser(s).ask("GET", "/api/vendors")
            expect(answer.text == "-----BEGIN X-----\n", answer.text)
            policy = answer.headers["Permissions-Policy"]
            expect("camera=(self)" in policy, policy)


if __name__ == "__main__":
    main(4)
