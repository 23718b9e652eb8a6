"""The page's server for scenarios, beside a MockCloud.

    with folder() as tmp, MockCloud(tmp) as cloud, Cloudd(tmp, cloud) as server:
        ann = server.logged_in()                 # a browser with a session
        ann.get("/api/things")
        with ann.events() as heard:
            heard.wait("status")
"""
import http.client
import json
import os
import queue
import threading
import time
import urllib.parse

from kit import BIN, expect, read, run, wait_until, write
from mock import ended, started

CLOUDD = os.path.join(BIN, "cloudd")
PASSWORD = "correct horse"


class Answer:
    """What came back: .status, .headers, .text and .json."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.text)

    def error(self):
        return self.json["error"]


class Events:
    """Server-sent events, until the end of the with-block."""

    def __init__(self, browser):
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", browser.server.port, timeout=30)
        self.connection.request("GET", "/api/events", headers=browser.headers())
        self.response = self.connection.getresponse()
        self.ended = False
        self._events = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._seen = []

    def __enter__(self):
        expect(self.response.status == 200, f"events: {self.response.status}")
        self._thread.start()
        self.wait("ping")
        return self

    def __exit__(self, *_):
        # Closing the socket alone would leave the reader waiting.
        if self.connection.sock is not None:
            self.connection.sock.shutdown(2)
        self._thread.join(5)
        self.response.close()
        self.connection.close()

    def _read(self):
        name = None
        try:
            for line in self.response:
                line = line.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    self._events.put((name, json.loads(line[6:])))
        except (OSError, ValueError, http.client.HTTPException):
            pass
        self.ended = True

    def _find(self, name, fits):
        try:
            self._seen.append(self._events.get(timeout=0.05))
        except queue.Empty:
            pass
        for event in self._seen:
            if event[0] == name and fits(event[1]):
                self._seen.remove(event)
                return event
        return None

    def wait(self, name, fits=lambda data: True, seconds=10):
        return wait_until(lambda: self._find(name, fits), seconds,
                          f"an event {name}; others: {self._seen}")[1]

    def none(self, name, fits, seconds):
        """For so long no such event comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self._find(name, fits)
            expect(not found, f"not expected: {found}")


class Browser:
    """A person's browser: a cookie and a CSRF token, if logged in."""

    def __init__(self, server):
        self.server = server
        self.cookie = self.csrf = None

    def headers(self, **more):
        found = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, **more}
        return {k.replace("_", "-"): v for k, v in found.items()
                if v is not None}

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                timeout=20)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content_Type", "application/json")
        try:
            connection.request(method, path, body, self.headers(**headers))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, status=200, **headers):
        answer = self.ask("GET", path, **headers)
        expect(answer.status == status,
               f"GET {path}: {answer.status} {answer.text}")
        return answer.json

    def post(self, path, body=None, status=200, **headers):
        answer = self.ask("POST", path, body, **headers)
        expect(answer.status == status,
               f"POST {path}: {answer.status} {answer.text}")
        return answer

    def log_in(self, user="ann", password=PASSWORD):
        answer = self.post("/api/login", {"user": user, "password": password})
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.csrf = answer.json["csrf"]
        return answer

    def events(self):
        return Events(self)


def seen(browser, device, fits, what):
    """The device as the page gets it, once it is known and fits."""
    def look():
        answer = browser.ask("GET", thing_path(device.thing))
        if answer.status == 404:
            return None
        expect(answer.status == 200, answer.text)
        return answer.json if fits(answer.json) else None
    return wait_until(look, 15, what)


def history(browser, device, kind):
    return browser.get(thing_path(device.thing,
                                  "/history?kind=" + kind))["events"]


def thing_path(thing, rest=""):
    return f"/api/things/{urllib.parse.quote(thing, safe='')}{rest}"


class Cloudd:
    """The real program with one user, ann, in `parent`/page.sqlite."""

    def __init__(self, parent, cloud=None, page=None, **options):
        self.socket = cloud.socket if cloud else os.path.join(parent, "none")
        self.state = os.path.join(parent, "page.sqlite")
        self.log = os.path.join(parent, "cloudd.log")
        self.page = page or os.path.join(parent, "page")
        self.options = {"listen": "127.0.0.1:0", **options}
        self.process = None
        self.port = None
        if page is None:
            os.makedirs(self.page, exist_ok=True)
            write(os.path.join(self.page, "index.html"), "<!doctype html>hi")
            write(os.path.join(self.page, "app.js"), "export default 1;\n")
            write(os.path.join(self.page, "secret.txt"), "not for you")
            write(os.path.join(self.page, ".hidden.html"), "not for you")

    def add_user(self, name="ann", password=PASSWORD):
        done = run("sh", "-c", 'printf "%s\\n" "$0" | "$@"', password, CLOUDD,
                   "add-user", "--state", self.state, "--user", name)
        expect(done.stdout == "", done.stdout)

    def command(self):
        words = [CLOUDD, "--broker", self.socket, "--state", self.state,
                 "--page", self.page]
        for key, value in self.options.items():
            words += ["--" + key.replace("_", "-"), value]
        return words

    def start(self):
        offset = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = started(self.command(), stdout=log, stderr=log)

        def port():
            expect(self.process.poll() is None, f"cloudd ended: {self.words()}")
            for line in self.words()[offset:].splitlines():
                if line.startswith("listening http://127.0.0.1:"):
                    return int(line.rsplit(":", 1)[1])
            return None
        self.port = wait_until(port, 15, "cloudd listens")
        return self

    def stop(self):
        ended(self.process, 20)  # it ends what it began
        expect(self.process.returncode == 0,
               f"cloudd ended with {self.process.returncode}: {self.words()}")

    def kill(self):
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        self.add_user()
        return self.start()

    def __exit__(self, *_):
        self.stop()
        expect("Sanitizer" not in self.words() and
               "runtime error:" not in self.words(), self.words())

    def words(self):
        return read(self.log) if os.path.exists(self.log) else ""

    def logged_in(self):
        browser = Browser(self)
        browser.log_in()
        return browser
