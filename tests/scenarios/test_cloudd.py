#!/usr/bin/env python3
"""The page's server lets the right people see and change their devices.

The real cloudd beside the real broker with the real plugin; a browser is an
HTTP client with a cookie, a device is mosquitto_pub and mosquitto_sub with a
certificate of the real factory.  Where a refusal is tested, the same request
with only the tested thing put right is let through, so that the test would see
the check go missing.
"""
import concurrent.futures
import os
import re
import socket
import stat
import time

from cloudd import CLOUDD, PASSWORD, Browser, Cloudd, thing_path
from kit import expect, folder, main, read, run, scenario, wait_until, write
from mock import MockCloud


def world(tmp, **options):
    return MockCloud(tmp, jitp_drop_first="no", **options)


def shown(browser, device):
    """The device as the list shows it; None: not there."""
    things = browser.get("/api/things")["things"]
    return next((t for t in things if t["thingName"] == device.thing), None)


def wait_shown(browser, device, state, seconds=15):
    def look():
        found = shown(browser, device)
        return found if found and found["status"]["state"] == state else None
    return wait_until(look, seconds, f"{device.thing} is {state}")


def connection(device, *options):
    """A device that stays connected and listens to its shadow."""
    return device.listen(device.shadow("update/delta"), options=options)


# --- the server by itself --------------------------------------------------------

@scenario
def the_right_password_opens_a_session_and_the_cookie_is_kept_from_scripts():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = Browser(server)
        answer = ann.log_in()
        cookie = answer.headers["Set-Cookie"]
        expect(re.fullmatch(r"np_session=[0-9a-f]{64}; Path=/; HttpOnly; "
                            r"SameSite=Strict; Max-Age=604800", cookie), cookie)
        expect(answer.json["user"] == "ann", answer.text)
        expect(ann.get("/api/session") == answer.json, "another session")
        token = ann.cookie.split("=")[1]
        expect(token not in answer.json["csrf"], "the token is in the answer")
        expect(token not in server.words(), "the token is in the log")
        server.stop()
        kept = b"".join(open(os.path.join(tmp, name), "rb").read()
                        for name in os.listdir(tmp) if "sqlite" in name)
        expect(token.encode() not in kept, "the token itself is on the disk")
        expect(PASSWORD.encode() not in kept, "the password is on the disk")
        server.start()


@scenario
def a_wrong_password_and_an_unknown_user_get_the_same_answer_as_slowly():
    with folder() as tmp, Cloudd(tmp) as server:
        def refused(user, password):
            began = time.monotonic()
            answer = Browser(server).post(
                "/api/login", {"user": user, "password": password}, 401)
            expect("Set-Cookie" not in answer.headers, "a cookie came along")
            return answer.text, time.monotonic() - began
        wrong, wrong_s = refused("ann", "wrong")
        unknown, unknown_s = refused("nobody", "wrong")
        expect(wrong == unknown and "wrong_login" in wrong, (wrong, unknown))
        expect(0.3 < wrong_s / unknown_s < 3.3, (wrong_s, unknown_s))
        expect("wrong" not in server.words(), server.words())


@scenario
def who_fails_often_must_wait_and_then_may_try_again():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = Browser(server)
        for _ in range(3):
            ann.post("/api/login", {"user": "ann", "password": "no"}, 401)
        # Now even the right password must wait: guessing is what costs.
        answer = ann.post("/api/login",
                          {"user": "ann", "password": PASSWORD}, 429)
        expect(answer.error() == "too_many_tries", answer.text)
        expect(1 <= int(answer.headers["Retry-After"]) <= 2, answer.headers)
        server.add_user("bob")
        Browser(server).log_in("bob")  # somebody else need not wait
        time.sleep(int(answer.headers["Retry-After"]))
        ann.log_in()


@scenario
def guesses_side_by_side_are_counted_before_they_are_answered():
    with folder() as tmp, Cloudd(tmp) as server:
        def guess(number):
            return Browser(server).ask(
                "POST", "/api/login",
                {"user": "ann", "password": f"guess {number}"}).status
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(guess, range(12)))
        expect(statuses.count(401) == 3 and statuses.count(429) == 9, statuses)


@scenario
def many_names_from_one_address_are_slowed_too():
    with folder() as tmp, Cloudd(tmp) as server:
        for number in range(10):
            Browser(server).post("/api/login", {
                "user": f"user{number}", "password": "no"}, 401)
        Browser(server).post("/api/login", {
            "user": "user99", "password": "no"}, 429)


@scenario
def nothing_is_changed_without_the_csrf_token():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = server.logged_in()
        right = ann.csrf
        for wrong in (None, "", "0" * 64, ann.cookie.split("=")[1]):
            ann.csrf = wrong
            answer = ann.post("/api/logout", status=403)
            expect(answer.error() == "csrf", answer.text)
        other = server.logged_in()
        ann.csrf = other.csrf  # of another session of the same user
        ann.post("/api/logout", status=403)
        ann.csrf = right
        ann.get("/api/session")
        ann.post("/api/logout", status=204)
        ann.get("/api/session", 401)
        other.get("/api/session")


@scenario
def another_sites_page_cannot_log_in_or_change_anything():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = server.logged_in()
        body = {"user": "ann", "password": PASSWORD}
        ann.post("/api/login", body, 403, Origin="http://evil.example")
        ann.post("/api/logout", None, 403, Origin="null")
        # A form of another site can send text/plain, but not JSON.
        ann.post("/api/login", body, 415, Content_Type="text/plain")
        ours = f"http://127.0.0.1:{server.port}"
        ann.post("/api/login", body, 200, Origin=ours)
        ann.post("/api/logout", None, 204, Origin=ours)


@scenario
def a_name_that_somebodys_dns_points_at_us_is_refused():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = server.logged_in()
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil",
                     f"evil.example:{server.port}", ""):
            answer = ann.ask("GET", "/api/session", Host=host)
            expect(answer.status == 421, f"{host}: {answer.status}")
        for host in ("localhost", f"LOCALHOST:{server.port}", "127.0.0.1:1"):
            ann.get("/api/session", Host=host)


@scenario
def without_a_session_nothing_is_told():
    with folder() as tmp, Cloudd(tmp) as server:
        nobody = Browser(server)
        for cookie in (None, "np_session=", "np_session=" + "0" * 64,
                       "np_session=" + "x" * 5000):
            nobody.cookie = cookie
            for path in ("session", "things", "things/t1", "events",
                         "things/t1/history", "things/t1/telemetry?key=a",
                         "things/t1/series", "things/t1/shadow"):
                answer = nobody.get("/api/" + path, 401)
                expect(answer["error"] == "no_session", answer)
            for path in ("logout", "things/t1/shadow", "things/t1/kick",
                         "things/t1/revoke"):
                nobody.post("/api/" + path, {}, 401)
        server.logged_in().get("/api/things")


@scenario
def every_answer_carries_the_headers_that_protect_the_page():
    with folder() as tmp, Cloudd(tmp) as server:
        for path in ("/", "/app.js", "/api/session", "/nothing"):
            headers = Browser(server).ask("GET", path).headers
            policy = headers["Content-Security-Policy"].split("; ")
            expect("default-src 'self'" in policy, policy)
            expect("frame-ancestors 'none'" in policy, policy)
            expect("unsafe" not in str(policy), policy)
            expect(headers["X-Content-Type-Options"] == "nosniff", headers)
            expect(headers["Referrer-Policy"] == "no-referrer", headers)
            expect(headers["Cache-Control"] in ("no-store", "no-cache"), headers)
            expect("Server" not in headers, headers)


@scenario
def only_the_files_of_the_page_are_served():
    with folder() as tmp, Cloudd(tmp) as server:
        def raw(path):
            with socket.create_connection(("127.0.0.1", server.port), 5) as s:
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                          "Connection: close\r\n\r\n".encode())
                return b"".join(iter(lambda: s.recv(65536), b"")).decode()
        expect("text/html" in raw("/") and "hi" in raw("/"), raw("/"))
        expect("text/javascript" in raw("/app.js"), raw("/app.js"))
        write(os.path.join(tmp, "outside.js"), "not for you")
        for path in ("/secret.txt", "/.hidden.html", "/../outside.js",
                     "/%2e%2e/outside.js", "/..%2foutside.js", "//app.js",
                     "/./app.js", "/app.js/", "/secret.txt%00.js",
                     "/../page.sqlite", "/index.html/../../page.sqlite"):
            answer = raw(path)
            expect("not for you" not in answer and "SQLite" not in answer and
                   " 404 " in answer.split("\r\n")[0], f"{path}: {answer}")
        answer = Browser(server).ask("POST", "/", "x")
        expect(answer.status == 405, answer.status)


@scenario
def a_request_that_is_too_large_is_refused_and_the_server_lives():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = Browser(server)
        fits = '{"user":"x","password":"' + "y" * 200 + '"}'
        json_type = {"Content_Type": "application/json"}
        ann.post("/api/login", fits, 401, **json_type)
        for size in (100 * 1024 + 1, 900 * 1024):
            answer = ann.post("/api/login", "y" * size, 413, **json_type)
            expect(answer.error() == "too_large", answer.text)
        try:
            # Past what is read to be polite, the connection may just end.
            expect(ann.ask("POST", "/api/login", "y" * (40 << 20),
                           **json_type).status == 413, "taken")
        except OSError:
            pass
        try:
            answer = ann.ask("GET", "/", Cookie="c" * 100000)
            expect(answer.status in (413, 431), answer.status)
        except OSError:
            pass
        ann.log_in()


@scenario
def a_request_that_makes_no_sense_is_told_what_was_expected():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = server.logged_in()
        for body in ("", "{", "[]", '{"user":1,"password":"x"}', '{"user":"x"}',
                     '{"user":"x","password":{"a":{}}}', '{"user":"\\u0000"}'):
            answer = ann.post("/api/login", body, 400,
                              Content_Type="application/json")
            expect("Expected" in answer.json["message"], answer.text)
        ann.get("/api/nothing", 404)
        ann.get("/api/things/", 404)
        ann.get("/api/things/nobody", 404)
        ann.get("/api/login", 405)
        expect(ann.ask("DELETE", "/api/things").status == 405, "DELETE")
        ann.post("/api/things/nobody/kick", {}, 404)
        ann.post("/api/things/nobody/shadow", {"state": {"desired": {}}}, 404)
        ann.get("/api/things/nobody/history", 404)


@scenario
def adding_a_user_says_what_is_wrong_and_keeps_the_file_private():
    with folder() as tmp:
        server = Cloudd(tmp)
        server.add_user()
        mode = stat.S_IMODE(os.stat(server.state).st_mode)
        expect(mode == 0o600, oct(mode))
        add = [CLOUDD, "add-user", "--state", server.state]
        done = run(*add, "--user", "ann", status=65)  # nothing on stdin
        expect("expected one line" in done.stderr, done.stderr)
        done = run("sh", "-c", 'echo x | "$@"', "-", *add, "--user", "a b",
                   status=65)
        expect("expected 1 to 64" in done.stderr, done.stderr)
        run(CLOUDD, "add-user", status=64)
        expect("usage:" in run(CLOUDD, "--help").stdout, "help")
        expect("usage:" in run(CLOUDD, status=64).stderr, "no options")
        run(CLOUDD, "--nonsense", status=64)
        server.options["listen"] = "nowhere"
        done = run(*server.command(), status=64)
        expect("expected ADDRESS:PORT" in done.stderr, done.stderr)
        server.options["listen"] = "127.0.0.1:0"
        os.unlink(os.path.join(server.page, "index.html"))
        done = run(*server.command(), status=69)
        expect("expected an index.html" in done.stderr, done.stderr)


@scenario
def a_port_that_is_taken_is_named():
    with folder() as tmp, Cloudd(tmp) as server:
        second = Cloudd(tmp, listen=f"127.0.0.1:{server.port}")
        done = run(*second.command(), status=69)
        expect(f"127.0.0.1:{server.port}: is it taken?" in done.stderr,
               done.stderr)


@scenario
def sessions_outlive_a_restart_and_a_new_password_ends_them():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = server.logged_in()
        server.kill()
        server.start()
        ann.get("/api/session")
        server.add_user("ann", "another one")
        ann.get("/api/session", 401)
        Browser(server).log_in("ann", "another one")


# --- with the cloud and a device -------------------------------------------------

@scenario
def a_new_device_is_listed_with_the_identity_its_certificate_proves():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        wait_until(lambda: ann.get("/api/things")["broker"], 10, "the broker")
        expect(ann.get("/api/things")["things"] == [], "there is one already")
        device = cloud.device("S1")
        with ann.events() as heard, connection(device):
            heard.wait("status", lambda d: d["thingName"] == device.thing)
            found = wait_shown(ann, device, "online")
            expect((found["vendor"], found["model"], found["serial"]) ==
                   ("Acme", "Thermo-1", "S1"), found)
            whole = ann.get(thing_path(device.thing))
            thing = cloud.thing(device)["certificates"][0]
            identity = whole["identity"]
            expect(identity["fingerprint"] == thing["keySha256"], identity)
            expect(identity["certificateId"] == thing["certificateId"], identity)
            expect(identity["certificateStatus"] == "ACTIVE", identity)
            expect(len(identity["chain"]) == 3, identity)
            expect(identity["notBefore"] < time.time() < identity["notAfter"],
                   identity)
            expect("shadow" not in whole, "a shadow nobody made")


@scenario
def a_blip_does_not_show_and_a_loss_shows_with_its_reason():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1")
        with ann.events() as heard:
            with connection(device):
                since = wait_shown(ann, device, "online")["status"]["since"]
            gone = time.time()
            time.sleep(2)
            expect(shown(ann, device)["status"]["state"] == "online", "a blip")
            with connection(device) as up:
                heard.none("status",
                           lambda d: d["status"]["state"] == "offline", 11)
                status = shown(ann, device)["status"]
                expect((status["state"], status["since"]) == ("online", since),
                       status)
                up.process.kill()  # no goodbye
                lost = time.time()
            event = heard.wait("status",
                               lambda d: d["status"]["state"] == "offline", 15)
            waited = time.time() - lost
            expect(9 < waited < 14, f"shown after {waited} s")
            status = event["status"]
            expect(status["reason"] == "CONNECTION_LOST", status)
            expect(status["text"] == "the connection broke off", status)
            expect(abs(status["since"] / 1000 - lost) < 2, status)
            kinds = [e["kind"] for e in
                     ann.get(thing_path(device.thing, "/history"))["events"]]
            expect(kinds == ["disconnected", "connected", "registered"],
                   f"the blip is history: {kinds}, {gone}")


@scenario
def a_setting_reaches_the_device_and_history_knows_who_wanted_it():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1")
        shadow = thing_path(device.thing, "/shadow")
        with connection(device) as down, ann.events() as heard:
            wait_shown(ann, device, "online")
            device_says = {"state": {"reported": {"led": False}}}
            ann.get(shadow, 404)
            answer = ann.post(shadow, {"state": {"desired": {"led": True}}})
            expect(answer.json["state"] == {"desired": {"led": True}},
                   answer.text)
            expect(down.payload("delta")["state"] == {"led": True}, "delta")
            got = heard.wait("shadow")
            expect(got["thingName"] == device.thing and
                   got["shadow"]["state"]["desired"] == {"led": True} and
                   got["shadow"]["version"] == 1, got)
            asked = heard.wait("history", lambda d: d["event"]["kind"] ==
                               "setting")["event"]
            expect(asked["who"] == "ann" and
                   asked["detail"] == {"asked": {"led": True}} and
                   asked["text"] == "asked for led = true", asked)
        device_says["state"]["reported"]["led"] = True
        device.publish(device.shadow("update"), device_says)
        events = wait_until(lambda: [
            e for e in ann.get(thing_path(
                device.thing, "/history?kind=setting"))["events"]
            if "applied" in e.get("detail", {})], 5, "applied")
        expect("who" not in events[0] and
               events[0]["text"] == "the device applied led = true", events)
        state = ann.get(shadow)["state"]
        expect(state["reported"] == {"led": True} and "delta" not in state,
               state)
        whole = ann.get(thing_path(device.thing))
        expect(whole["shadow"]["state"]["desired"] == {"led": True}, whole)


@scenario
def what_the_shadow_refuses_is_said_in_its_own_words():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        shadow = thing_path(device.thing, "/shadow")
        wish = {"state": {"desired": {"a": 1}}}
        ann.post(shadow, wish)
        answer = ann.post(shadow, {**wish, "version": 77}, 409)
        expect(answer.json["message"] == "Version conflict", answer.text)
        deep = {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}
        answer = ann.post(shadow, {"state": {"desired": deep}}, 400)
        expect("nesting" in answer.json["message"], answer.text)
        ann.post(shadow, {"state": {"desired": {"a": "x" * 9000}}}, 413)
        # Only the device says what is; a person says what shall be.
        for body in ({"state": {"reported": {"a": 1}}},
                     {"state": {"desired": {"a": 1}, "reported": {"a": 1}}},
                     {"state": {}}, {"state": None}, {}, []):
            ann.post(shadow, body, 400)
        ann.post(shadow + "?name=a%2Fb", wish, 400)
        ann.post(shadow + "?name=%2B", wish, 400)
        ann.post(shadow + "?name=extra", wish)
        named = ann.get(shadow + "?name=extra")["state"]
        expect(named["desired"] == {"a": 1}, named)
        state = ann.get(shadow)["state"]
        expect(state["desired"] == {"a": 1} and "reported" not in state, state)
        ann.post(shadow, {"state": {"desired": {"a": None}}})
        wait_until(lambda: "desired" not in ann.get(shadow)["state"], 5,
                   "the wish is withdrawn")


@scenario
def nobody_else_is_named_for_a_change_of_the_device():
    """A device may write its own wishes; it cannot sign them with a name."""
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        ann.post(thing_path(device.thing, "/shadow"),
                 {"state": {"desired": {"a": 1}},
                  "clientToken": "chosen by the page"})
        device.publish(device.shadow("update"),
                       {"state": {"desired": {"a": 2}},
                        "clientToken": "chosen by the page"})

        def settings():
            found = ann.get(thing_path(
                device.thing, "/history?kind=setting"))["events"]
            return found if len(found) == 2 else None
        last, first = wait_until(settings, 5, "two events")
        expect(first["who"] == "ann" and "who" not in last, (first, last))


@scenario
def telemetry_is_kept_shown_live_and_survives_a_power_cut():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        now = int(time.time() * 1000)
        figures = {"ts": now - 5000, "seq": 1, "cpu_percent": 12.5,
                   "uptime_s": 99}
        with ann.events() as heard:
            device.publish(device.topic("telemetry"), figures)
            live = heard.wait("telemetry")
            expect(live == {"thingName": device.thing, "stream": "telemetry",
                            "ts": now - 5000,
                            "data": {"cpu_percent": 12.5, "uptime_s": 99}}, live)
            device.publish(device.topic("stream/room"),
                           {"ts": now, "seq": 2, "data": {"air": {"co2": 417}}})
            heard.wait("telemetry", lambda d: d["stream"] == "room")
        server.kill()
        server.start()
        wait_until(lambda: shown(ann, device), 10, "it is listed again")
        points = ann.get(thing_path(
            device.thing, "/telemetry?key=cpu_percent"))["points"]
        expect(points == [[now - 5000, 12.5]], points)
        points = ann.get(thing_path(
            device.thing, "/telemetry?stream=room&key=air.co2"))["points"]
        expect(points == [[now, 417]], points)
        points = ann.get(thing_path(
            device.thing, f"/telemetry?stream=room&key=air.co2&to={now}"))
        expect(points["points"] == [], points)
        series = {(s["stream"], s["key"]): s["last"] for s in
                  ann.get(thing_path(device.thing, "/series"))["series"]}
        expect(series == {("telemetry", "cpu_percent"): 12.5,
                          ("telemetry", "uptime_s"): 99,
                          ("room", "air.co2"): 417}, series)
        ann.get(thing_path(device.thing, "/telemetry"), 400)
        ann.get(thing_path(device.thing, "/telemetry?key=a&from=9&to=5"), 400)


@scenario
def a_clock_that_cannot_be_right_is_replaced_by_ours():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        for ts in (0, -5, 4102444800000, 1e300, "x", None):
            device.publish(device.topic("telemetry"), {"ts": ts, "a": 1})
        points = wait_until(lambda: ann.get(thing_path(
            device.thing, "/telemetry?key=a"))["points"], 5, "points")
        for ts, _ in points:
            expect(abs(ts / 1000 - time.time()) < 30, points)


@scenario
def a_devices_description_and_events_are_handed_on():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1")
        td = {"title": "Hall <b>thermostat</b>", "properties": {},
              "events": {"door": {"title": "Door opened"}}}
        with ann.events() as heard, connection(device):
            wait_shown(ann, device, "online")
            device.publish(device.topic("td"), td, "-r")
            got = heard.wait("td")
            expect(got == {"thingName": device.thing, "td": td}, got)
            device.publish(device.topic("status"),
                           {"online": True, "ts": 1, "agent": "0.1.0"}, "-r")
            device.publish(device.topic("stream/door"),
                           {"ts": 1, "seq": 1, "data": {"by": "hand"}})
            event = heard.wait("history",
                               lambda d: d["event"]["kind"] == "event")
            expect(event["event"]["text"] == "Door opened" and
                   event["event"]["detail"] == {"by": "hand"}, event)
        server.kill()
        server.start()  # the broker keeps what was retained
        wait_until(lambda: (shown(ann, device) or {}).get("title"), 10, "title")
        whole = ann.get(thing_path(device.thing))
        expect(whole["td"] == td, whole)
        expect(whole["identity"]["agent"] == "0.1.0", whole)


@scenario
def the_first_words_of_a_device_never_seen_before_are_not_missed():
    """It describes itself at once, while cloudd only learns that it exists."""
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        wait_until(lambda: ann.get("/api/things")["broker"], 10, "the broker")
        devices = [cloud.device(f"S{n}") for n in range(6)]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda d: d.publish(
                d.topic("td"), {"title": "Title of " + d.thing}, "-r"), devices))
        for device in devices:
            found = wait_until(
                lambda: (shown(ann, device) or {}).get("title"), 5, "a title")
            expect(found == "Title of " + device.thing, found)


@scenario
def what_a_hostile_device_sends_breaks_nothing():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        topics = [device.topic(t) for t in ("td", "telemetry", "status",
                                            "stream/x")]
        topics.append(device.shadow("update"))
        payloads = ["", "{", "null", "[]", "7", '"x"', "{}", '{"ts":"x"}',
                    '{"data":' + "[" * 60 + "]" * 60 + "}",
                    '{"title":7,"events":[],"properties":"x","agent":{}}',
                    '{"events":{"x":7},"data":1e999}',
                    '{"a":1,"a":2}', '{"state":{"desired":{"x":1},'
                    '"reported":{"x":"\u202e"}}}', "x" * 100000]
        no_text = os.path.join(tmp, "no_text")
        with open(no_text, "wb") as f:
            f.write(b'{"title":"\xff\xfe\x00","a":1}')
        for topic in topics:
            device.publish(topic, None, "-f", no_text, status=None)
            for payload in payloads:
                device.publish(topic, payload, status=None)
        device.publish(device.topic("td"),
                       {"title": "t" * 70000}, status=None)
        device.publish(device.topic("telemetry"), {"after": 1})
        wait_until(lambda: ann.get(thing_path(
            device.thing, "/telemetry?key=after"))["points"], 10, "it goes on")
        whole = ann.get(thing_path(device.thing))
        expect(len(whole.get("title", "")) < 70000, "an endless description")


@scenario
def a_revoked_device_is_blocked_and_history_names_who_did_it():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1")
        with connection(device) as up:
            wait_shown(ann, device, "online")
            ann.csrf, kept = None, ann.csrf
            ann.post(thing_path(device.thing, "/revoke"), {}, 403)
            ann.csrf = kept
            ann.post(thing_path(device.thing, "/revoke"), {}, 204)
            status = wait_shown(ann, device, "blocked", 5)["status"]
            expect(status["text"] == "its certificate was revoked", status)
            wait_until(lambda: "rejected" in str(up.said).lower() or
                       up.process.poll() is not None or
                       not device.connects(), 10, "it is out")
        event = ann.get(thing_path(
            device.thing, "/history?kind=certificate"))["events"][0]
        expect(event["who"] == "ann" and "revoked" in event["text"], event)
        identity = ann.get(thing_path(device.thing))["identity"]
        expect(identity["certificateStatus"] == "REVOKED", identity)


@scenario
def a_kicked_device_comes_back_and_a_device_that_is_not_there_is_said():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1")
        with connection(device), cloud.watch("$aws/events/#") as seen:
            wait_shown(ann, device, "online")
            ann.post(thing_path(device.thing, "/kick"), {}, 204)
            gone = seen.payload("presence/disconnected/" + device.thing)
            expect(gone["disconnectReason"] == "API_INITIATED_DISCONNECT", gone)
        wait_until(lambda: not cloud.thing(device)["presence"]["connected"], 10,
                   "it is gone")
        answer = ann.post(thing_path(device.thing, "/kick"), {}, 404)
        expect("not connected" in answer.json["message"], answer.text)


@scenario
def the_broker_may_go_and_come_back():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        with ann.events() as heard:
            cloud.stop()
            expect(heard.wait("broker") == {"connected": False}, "told")
            expect(ann.get("/api/things")["broker"] is False, "listed")
            answer = ann.ask("GET", thing_path(device.thing))
            expect(answer.status == 503 and answer.error() == "broker_away",
                   answer.text)
            ann.post(thing_path(device.thing, "/shadow"),
                     {"state": {"desired": {"a": 1}}}, 503)
            cloud.start()
            expect(heard.wait("broker") == {"connected": True}, "told again")
            device.publish(device.topic("telemetry"), {"back": 1})
            heard.wait("telemetry", lambda d: d["data"] == {"back": 1})
            ann.post(thing_path(device.thing, "/shadow"),
                     {"state": {"desired": {"a": 1}}})


@scenario
def what_comes_while_cloudd_is_away_is_not_lost():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        device.publish(device.topic("telemetry"), {"before": 1})
        wait_until(lambda: ann.get(thing_path(
            device.thing, "/telemetry?key=before"))["points"], 5, "before")
        server.kill()
        device.publish(device.topic("telemetry"), {"while": 1})
        server.start()
        wait_until(lambda: shown(ann, device) and ann.get(thing_path(
            device.thing, "/telemetry?key=while"))["points"], 10, "while")


# --- server-sent events ----------------------------------------------------------

@scenario
def a_reader_that_does_not_read_is_dropped_and_the_others_go_on():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", server.port))
        lazy.sendall(("GET /api/events HTTP/1.1\r\nHost: localhost\r\nCookie: "
                      f"{ann.cookie}\r\n\r\n").encode())
        with ann.events() as heard, lazy:
            for number in range(30):
                device.publish(device.topic("telemetry"),
                               {"n": number, "pad": "x" * 60000})
            heard.wait("telemetry", lambda d: d["data"]["n"] == 29, 20)
            expect(server.words().count("too slow and was dropped") == 1,
                   server.words())
            memory = int(re.search(r"VmRSS:\s+(\d+)", read(
                f"/proc/{server.process.pid}/status")).group(1))
            expect(memory < 200 * 1024, f"{memory} kB")  # with ASan


@scenario
def a_session_has_a_few_readers_and_they_end_with_it():
    with folder() as tmp, Cloudd(tmp) as server:
        ann = server.logged_in()
        readers = [ann.events().__enter__() for _ in range(8)]
        try:
            answer = ann.ask("GET", "/api/events")
            expect(answer.status == 503, answer.status)
            other = server.logged_in()
            with other.events() as stays:
                ann.post("/api/logout", status=204)
                wait_until(lambda: all(r.ended for r in readers), 5, "ended")
                expect(not stays.ended, "another session's reader ended")
        finally:
            for reader in readers:
                reader.__exit__()


@scenario
def many_connections_that_say_nothing_do_not_keep_others_out_for_ever():
    with folder() as tmp, Cloudd(tmp) as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), 5)
                for _ in range(200)]
        try:
            time.sleep(0.5)  # until they are accepted, and it is full
            expect(server.process.poll() is None, server.words())
        finally:
            for one in idle:
                one.close()

        def answers():
            try:
                return Browser(server).ask("GET", "/").status == 200
            except OSError:
                return False
        wait_until(answers, 10, "it serves again")


@scenario
def a_stop_in_the_middle_of_everything_is_clean():
    with folder() as tmp, world(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()
        device = cloud.device("S1").introduce()
        wait_until(lambda: shown(ann, device), 10, "it is listed")
        cloud.told("test-delay", ms=3000)
        pending = []
        for path, body in (
                (thing_path(device.thing), None),
                ("/api/login", '{"user":"ann","password":"guess"}')):
            s = socket.create_connection(("127.0.0.1", server.port), 5)
            head = (f"POST {path} HTTP/1.1\r\nContent-Type: application/json"
                    f"\r\nContent-Length: {len(body)}" if body else
                    f"GET {path} HTTP/1.1")
            s.sendall(f"{head}\r\nHost: localhost\r\nCookie: {ann.cookie}\r\n"
                      f"\r\n{body or ''}".encode())
            pending.append(s)
        with ann.events():
            time.sleep(0.1)
            server.stop()  # expects exit 0 and nothing from the sanitizers
        for s in pending:
            s.close()
        server.start()


if __name__ == "__main__":
    main(4)
