#!/usr/bin/env python3
"""The story of one device, with real parts: factory, broker, cloud, agent.

`demo` builds everything and starts this.  Standard library only.
"""
import argparse
import base64
import contextlib
import http.cookiejar
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(TOP, "build", "release", "bin")
PLUGIN = os.path.join(TOP, "build", "release", "lib", "nameplate_broker.so")
VENDOR, MODEL, SERIAL = "Acme", "Thermo-1", "SN-0001"
LONGEST_S = 30


class StepFailed(Exception):
    """A step of the story did not happen; the text says what was seen."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, look, seconds=LONGEST_S):
    """What `look` returns once it is true; else the step failed."""
    end = time.monotonic() + seconds
    seen = None
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise StepFailed(f"{what}: not within {seconds} s; last seen: {seen!r}")


class Page:
    """What a browser does: a cookie, a token, JSON."""

    def __init__(self, address):
        self.address = address
        self.csrf = None
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def ask(self, path, body=None, method=None):
        headers = {"Content-Type": "application/json"}
        if self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, headers, method=method)
        with self.opener.open(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def log_in(self, user, password):
        self.csrf = self.ask("/api/login", {"user": user,
                                            "password": password})["csrf"]


class World:
    """Every process and file of the story; leaving it leaves nothing."""

    def __init__(self, keep):
        os.makedirs(os.path.join(TOP, "build", "demo"), exist_ok=True)
        self.folder = tempfile.mkdtemp(prefix="r",
                                       dir=os.path.join(TOP, "build", "demo"))
        self.keep = keep
        self.running = {}
        self.password = secrets.token_urlsafe(9)
        self.broker_port = free_port()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def log(self, name):
        with contextlib.suppress(FileNotFoundError), \
                open(self.path(name + ".log"), encoding="utf-8",
                     errors="replace") as f:
            return f.read()
        return ""

    def start(self, name, *words, **more):
        with open(self.path(name + ".log"), "ab") as log:
            self.running[name] = subprocess.Popen(
                words, stdout=log, stderr=log, cwd=self.folder,
                stdin=subprocess.DEVNULL, start_new_session=True, **more)

    def alive(self, name):
        if self.running[name].poll() is not None:
            raise StepFailed(f"{name} ended:\n{self.log(name)[-1500:]}")
        return True

    def stop(self, name, how=signal.SIGTERM):
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self):
        # A second Ctrl-C must not stop the tidying up half-way.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for name in reversed(list(self.running)):
            self.stop(name)
        if self.keep:
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, **more):
        done = subprocess.run(words, cwd=self.folder, capture_output=True,
                              text=True, timeout=60, **more)
        if done.returncode != 0:
            raise StepFailed(f"{os.path.basename(words[0])} {words[1]} said: "
                             + done.stderr.strip())
        return done.stdout

    def factory(self, *words):
        return self.run(os.path.join(BIN, "factory"), *words,
                        "--folder", self.path("factory"))

    # --- the parts ----------------------------------------------------------

    def make_certificates(self):
        self.factory("init", "--vendor", VENDOR)
        self.factory("model", "--model", MODEL)
        self.thing = json.loads(self.factory(
            "issue", "--model", MODEL, "--serial", SERIAL, "--json"))["thing"]
        self.factory("server", "--name", "localhost", "--ip", "127.0.0.1")
        self.run(os.path.join(BIN, "cloudd"), "operational-ca", "--est-state",
                 self.path("operational"))

    def server(self, name):
        return self.path("factory", "server", "localhost", name)

    def start_broker(self):
        self.run(os.path.join(TOP, "cloud-mock", "broker", "configure"),
                 "--folder", self.path("b"), "--plugin", PLUGIN,
                 "--port", str(self.broker_port),
                 "--devices-ca", self.path("factory", "root.crt"),
                 "--operational", self.path("operational"),
                 "--authority", self.path("factory", "root.crt"),
                 "--authority", self.path("factory", "vendor.crt"),
                 "--authority", self.path("factory", "models"),
                 "--certificate", self.server("server.crt"),
                 "--key", self.server("server.key"))
        self.start("broker", "mosquitto", "-c", self.path("b", "mosquitto.conf"))
        wait_for("the broker listens", lambda: self.alive("broker") and
                 os.path.exists(self.path("b", "cloud.sock")))

    def start_cloudd(self):
        state = self.path("cloudd.sqlite")
        self.run(os.path.join(BIN, "cloudd"), "add-user", "--state", state,
                 "--user", "you", input=self.password + "\n")
        self.start("cloudd", os.path.join(BIN, "cloudd"), "--state", state,
                   "--broker", self.path("b", "cloud.sock"),
                   "--page", os.path.join(BIN, "..", "page"),
                   "--signup", "yes",
                   "--vendors", self.path("factory", "root.crt"),
                   "--listen", "127.0.0.1:0", "--est", "127.0.0.1:0",
                   "--est-state", self.path("operational"),
                   "--est-trust", self.path("factory", "root.crt"),
                   "--est-certificate", self.server("server.crt"),
                   "--est-key", self.server("server.key"))

        def address(word):
            self.alive("cloudd")
            for line in self.log("cloudd").splitlines():
                if line.startswith(word + " "):
                    return line.split()[1]
            return None
        self.page = Page(wait_for("cloudd listens",
                                  lambda: address("listening")))
        self.est = wait_for("EST listens", lambda: address("est")).replace(
            "127.0.0.1", "localhost")

    def write_device(self):
        """All that the device is given: where the cloud is, whom to trust, and
        its factory certificate.  Not a word about who it is."""
        device = self.path("factory", "devices", self.thing)
        os.mkdir(self.path("handlers"), 0o755)
        handler = shutil.copy(
            os.path.join(TOP, "examples", "jobs", "free-space.sh"),
            self.path("handlers"))
        os.chmod(handler, 0o755)  # nobody else may write what jobs may run
        with open(self.path("device.ini"), "w", encoding="utf-8") as f:
            f.write(f"""[cloud]
endpoint = localhost:{self.broker_port}
trust = factory/server/ca.crt
# The mock cloud keeps AWS's rates, whose name gives a device these by itself.
publishes_per_s = 90
kbytes_per_s = 460
[identity]
certificate = {device}/device.crt
key = file:{device}/device.key
[ownership]
verifier = {device}/claim-verifier
[store]
folder = d
[local]
socket = app.sock
[telemetry]
interval_s = 2
[device]
description = {TOP}/examples/thermostat.json
[jobs]
handlers = handlers
""")

    def start_device(self):
        self.start("device", os.path.join(BIN, "nameplate"), "run", "-c",
                   self.path("device.ini"))

    def start_thermostat(self):
        environment = dict(os.environ, NAMEPLATE_SOCKET=self.path("app.sock"),
                           PATH=BIN + ":" + os.environ["PATH"])
        self.start("thermostat", os.path.join(TOP, "examples", "thermostat.sh"),
                   env=dict(environment, THERMOSTAT_PAUSE_S="2"))

    def nameplate(self, *words, **more):
        return self.run(os.path.join(BIN, "nameplate"), *words,
                        "-s", self.path("app.sock"), **more)

    def ask_cloud(self, **request):
        """What an operator's tool asks the broker, docs/protocol.md."""
        base = "$nameplate/cloud/operator"
        return json.loads(self.run(
            "mosquitto_rr", "--unix", self.path("b", "cloud.sock"), "-i",
            "operator", "-W", "10", "-t", base + "/request", "-e",
            base + "/response", "-m", json.dumps(request)))

    # --- what is seen from outside ---------------------------------------------

    def device(self):
        things = self.page.ask("/api/things")["things"]
        return next((t for t in things if t["thingName"] == self.thing), None)

    def state_is(self, *states):
        def look():
            device = self.device()
            return device if device and device["status"]["state"] in states \
                else None
        return look

    def shadow(self):
        return self.page.ask(f"/api/things/{self.thing}/shadow")["state"]

    def listen(self, topic):
        """An independent client at the broker's own door, whose session the
        broker keeps, so it misses nothing."""
        name = "listener" + str(len(self.running))
        self.start(name, "mosquitto_sub", "--unix",
                   self.path("b", "cloud.sock"), "-c", "-i", name, "-q",
                   "1", "-t", topic, "-F", "%t %p")
        time.sleep(0.3)
        return name


# --- the steps of --check ---------------------------------------------------------


def the_device_comes_online(w):
    listener = w.listen("$aws/events/presence/connected/" + w.thing)
    w.start_device()
    device = wait_for("online on the page", w.state_is("online"))
    event = wait_for("the broker's presence event", lambda: w.log(listener))
    if json.loads(event.split(" ", 1)[1])["clientId"] != w.thing:
        raise StepFailed("presence of somebody else: " + event)
    return "the page says: " + device["status"]["state"]


def it_is_who_its_certificate_says(w):
    card = w.page.ask(f"/api/things/{w.thing}")
    shown = (card["vendor"], card["model"], card["serial"])
    if shown != (VENDOR, MODEL, SERIAL):
        raise StepFailed(f"the page shows {shown}")
    public = w.run("openssl", "x509", "-pubkey", "-noout", "-in",
                   w.path("factory", "devices", w.thing, "device.crt"))
    with open(w.path("public.pem"), "w", encoding="utf-8") as f:
        f.write(public)
    w.run("openssl", "pkey", "-pubin", "-in", "public.pem", "-outform", "DER",
          "-out", "public.der")
    digest = w.run("openssl", "dgst", "-sha256", "-r", "public.der").split()[0]
    if card["identity"]["fingerprint"] != digest:
        raise StepFailed("the page's fingerprint is not openssl's")
    return f"{VENDOR} {MODEL} {SERIAL}, key {digest[:8]}…{digest[-8:]}"


def its_configuration_names_nobody(w):
    with open(w.path("device.ini"), encoding="utf-8") as f:
        settings = [line for line in f if not line.startswith(
            ("certificate", "key", "verifier", "description"))]
    for word in (VENDOR, MODEL, SERIAL):
        if word.lower() in "".join(settings).lower():
            raise StepFailed(f"{word} stands in the configuration")
    return "no vendor, model, serial or name in it"


def nothing_on_it_listens(w):
    pid = w.running["device"].pid
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            link = os.readlink(f"/proc/{pid}/fd/{fd}")
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    for table, listening in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"),
                             ("udp6", "07")):
        with open(f"/proc/net/{table}", encoding="ascii") as f:
            for line in f.readlines()[1:]:
                fields = line.split()
                if fields[3] == listening and fields[9] in inodes:
                    raise StepFailed(f"{table} {fields[1]} listens")
    return f"{len(inodes)} sockets, none listens"


def a_setting_met_on_the_page_is_applied(w):
    w.start_thermostat()
    wait_for("the thermostat reports", lambda: w.shadow().get("reported"))
    began = time.monotonic()
    w.page.ask(f"/api/things/{w.thing}/shadow",
               {"state": {"desired": {"target": 23.5}}})
    wait_for("the device applied it", lambda: w.shadow().get(
        "reported", {}).get("target") == 23.5)
    return f"target 23.5 reported {1000 * (time.monotonic() - began):.0f} ms " \
        "after it was asked for"


def telemetry_reaches_the_chart(w):
    def points():
        return w.page.ask(f"/api/things/{w.thing}/telemetry"
                          "?stream=telemetry&key=uptime_s")["points"]
    return f"{len(wait_for('machine figures', points))} points"


def it_can_enrol_for_an_operational_certificate(w):
    """openssl makes key and request; the factory certificate proves who asks."""
    device = w.path("factory", "devices", w.thing)
    w.run("openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
          "ec_paramgen_curve:P-256", "-subj", "/", "-keyout", "new.key", "-out",
          "new.csr")
    with open(w.path("new.csr"), encoding="ascii") as f:
        body = "".join(f.read().split("\n")[1:-2]).encode()
    context = ssl.create_default_context(
        cafile=w.path("factory", "server", "ca.crt"))
    context.load_cert_chain(device + "/device.crt", device + "/device.key")
    request = urllib.request.Request(
        w.est + "/.well-known/est/simpleenroll", body,
        {"Content-Type": "application/pkcs10"})
    with urllib.request.urlopen(request, timeout=10, context=context) as answer, \
            open(w.path("new.p7"), "wb") as f:
        f.write(base64.b64decode(answer.read()))
    pem = w.run("openssl", "pkcs7", "-inform", "DER", "-in", "new.p7",
                "-print_certs")
    with open(w.path("new.crt"), "w", encoding="ascii") as f:
        f.write(pem)
    w.run("openssl", "verify", "-CAfile", "operational/ca/ca.crt", "new.crt")
    shown = wait_for("both certificates on the page", lambda: [
        c for c in w.page.ask(f"/api/things/{w.thing}")["certificates"]
        if c["kind"] == "operational"])
    return f"by {shown[0]['method']}, its key made outside the factory"


def an_outage_loses_nothing(w):
    listener = w.listen(f"nameplate/{w.thing}/stream/count")
    w.stop("broker")
    wait_for("the agent knows", lambda: not json.loads(
        subprocess.run([os.path.join(BIN, "nameplate"), "status", "--json",
                        "-s", w.path("app.sock")], capture_output=True,
                       text=True, timeout=10).stdout or '{"online":true}'
    )["online"])
    count = 200
    w.nameplate("emit", "count", "-",
                input="".join(f'{{"n":{n}}}\n' for n in range(count)))
    w.stop("device", signal.SIGKILL)
    w.start_device()
    w.start_broker()

    def arrived():
        numbers = [json.loads(line.split(" ", 1)[1])["data"]["n"]
                   for line in w.log(listener).splitlines()]
        return numbers if set(numbers) == set(range(count)) else None
    numbers = wait_for("all of them arrive", arrived, 60)
    first = list(dict.fromkeys(numbers))
    if first != sorted(first):
        raise StepFailed("they arrived out of order")
    if "THROTTLED" in w.log("broker"):
        raise StepFailed("it sent more at a time than AWS takes")
    return f"{count} messages over a broker stop and a kill -9 of the agent, " \
        f"{len(numbers) - count} twice, in order"


def a_job_ordered_while_it_is_away_is_done(w):
    """It runs a program of its maker's, who named the folder, and no other."""
    wait_for("online again", w.state_is("online"))
    w.stop("device", signal.SIGKILL)
    for job, megabytes in ("small", "1"), ("large", "999999999"):
        w.ask_cloud(op="create-job", thing=w.thing, job=job, document={
            "version": "1.0", "steps": [{"action": {
                "type": "runHandler", "input": {
                    "handler": "free-space.sh", "args": [megabytes]}}}]})
    began = time.monotonic()
    w.start_device()

    def ended(job):
        one = w.ask_cloud(op="job", job=job)["job"]["executions"][0]
        return one if one["status"] not in ("QUEUED", "IN_PROGRESS") else None
    small = wait_for("it is done", lambda: ended("small"))
    large = wait_for("the next one is, too", lambda: ended("large"))
    if (small["status"], large["status"]) != ("SUCCEEDED", "FAILED"):
        raise StepFailed(f"they ended as {small} and {large}")
    return f"done {time.monotonic() - began:.1f} s after its start; one that " \
        f"cannot be: {large['statusDetails']['reason']}"


def a_power_cut_shows_with_its_reason(w):
    wait_for("online again", w.state_is("online"))
    w.stop("device", signal.SIGKILL)
    status = wait_for("offline on the page", w.state_is("offline"), 40)["status"]
    if "CONNECTION_LOST" not in status.get("reason", ""):
        raise StepFailed(f"the reason shown is {status}")
    w.start_device()
    wait_for("online again", w.state_is("online"))
    return "the page says: " + status["state"] + " - " + status.get("text", "")


def a_revoked_device_is_out(w):
    w.page.ask(f"/api/things/{w.thing}/revoke", {})
    status = wait_for("blocked on the page", w.state_is("blocked"))["status"]
    return "the page says: " + status["state"] + " - " + status.get("text", "")


STEPS = [the_device_comes_online, it_is_who_its_certificate_says,
         its_configuration_names_nobody, nothing_on_it_listens,
         a_setting_met_on_the_page_is_applied, telemetry_reaches_the_chart,
         it_can_enrol_for_an_operational_certificate,
         an_outage_loses_nothing, a_job_ordered_while_it_is_away_is_done,
         a_power_cut_shows_with_its_reason, a_revoked_device_is_out]


def check(w):
    for number, step in enumerate(STEPS, 1):
        name = step.__name__.replace("_", " ")
        try:
            seen = step(w)
        except (StepFailed, OSError, KeyError, ValueError,
                subprocess.SubprocessError, urllib.error.URLError) as e:
            print(f"not ok {number} - {name}\n    {e}")
            print("demo: failed at:", name)
            for log in ("device", "broker", "cloudd"):
                print(f"--- the end of {log}.log\n{w.log(log)[-1500:]}")
            return 1
        print(f"ok {number} - {name}\n    {seen}", flush=True)
    return 0


def stay(w):
    w.start_device()
    wait_for("the device is online",
             lambda: w.alive("device") and w.state_is("online")())
    w.start_thermostat()
    label = w.factory("label", "--model", MODEL, "--serial", SERIAL, "--url",
                      w.page.address + "/")
    print(f"""{label}
  The label    above: its square code opens the page and claims the device
  The page     {w.page.address}
  User         you
  Password     {w.password}

  Enrolment    {w.est}/.well-known/est/simpleenroll

  The device   {w.thing}
  Talk to it   {os.path.relpath(BIN)}/nameplate status -s {w.path('app.sock')}

Ctrl-C ends everything.""", flush=True)
    while all(w.alive(name) for name in w.running):
        time.sleep(1)
    return 0


def main():
    parser = argparse.ArgumentParser(prog="cloud-mock/demo")
    parser.add_argument("--check", action="store_true",
                        help="assert every step, then exit")
    parser.add_argument("--keep", action="store_true",
                        help="leave the files of this run behind")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    w = World(options.keep)
    try:
        w.make_certificates()
        w.start_broker()
        w.start_cloudd()
        w.page.log_in("you", w.password)
        w.write_device()
        return check(w) if options.check else stay(w)
    except StepFailed as e:
        print("demo: failed:", e)
        return 1
    except KeyboardInterrupt:
        print("\nthe demo is over")
        return 0
    finally:
        w.close()


sys.exit(main())
