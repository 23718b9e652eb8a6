"""The mock cloud for scenarios: a real Mosquitto with our plugin, in a folder.

    with folder() as tmp, MockCloud(tmp) as cloud:
        device = cloud.device("S1")              # its certificate, new
        with cloud.watch("$aws/things/#") as heard:
            device.publish(device.shadow("update"), {"state": {...}})
            answer = heard.wait("update/accepted")
        cloud.ask("kick", thing=device.thing)    # a privileged request

Options of MockCloud are those of cloud-mock/broker/configure, but the rates are
off unless `rates="yes"`: tests are in a hurry.  `vendor` is the
`Factory` of kit.py that made the certificates; several clouds may share one.
"""
import json
import os
import queue
import signal
import subprocess
import threading

from kit import (TOP, Factory, Failed, expect, free_port, read, run,
                 somebody_listens, wait_until)

START = os.path.join(TOP, "cloud-mock/broker/start")
PATIENCE = 30  # seconds until something that must come has come


def started(command, **options):
    return subprocess.Popen([str(c) for c in command],
                            stdin=subprocess.DEVNULL, **options)


def ended(process, seconds=5):
    """Ask a program that we started to end, or make it."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Heard:
    """A mosquitto_sub that listens until the end of the with-block.

    `wait` gives the next message, (topic, payload), whose topic contains a
    text; those passed over stay for a later wait.  The payload is parsed if
    it is JSON."""

    def __init__(self, credentials, filters, *options):
        self.process = started(
            ["stdbuf", "-oL", "mosquitto_sub", *credentials, *options, "-d",
             "-q", "1", "-F", "=%r %t\t%p",
             *(part for f in filters for part in ("-t", f))],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.retained = []  # the topics of the retained ones
        self.said = []      # what mosquitto_sub says about itself
        self._messages = []
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def __enter__(self):
        try:
            wait_until(lambda: self._subscribed(), PATIENCE, "a SUBACK")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        ended(self.process)
        self._reader.join()
        self.process.stdout.close()

    def _subscribed(self):
        self._take(0.05)
        expect(self.process.poll() is None, "\n".join(self.said))
        return any(s.startswith("Subscribed") for s in self.said)

    def _take(self, seconds):
        """Sort in the next line, if one comes."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return
        if line is None or not line.startswith("="):
            self.said += [line] if line else []
            return
        head, payload = line[1:].split("\t", 1)
        retained, topic = head.split(" ", 1)
        self.retained += [topic] if retained == "1" else []
        try:
            payload = json.loads(payload)
        except ValueError:
            pass
        self._messages.append((topic, payload))

    def _find(self, part, fits):
        self._take(0.02)
        for message in self._messages:
            if part in message[0] and fits(message[1]):
                self._messages.remove(message)
                return message
        return None

    def wait(self, part, seconds=PATIENCE, fits=lambda payload: True):
        return wait_until(lambda: self._find(part, fits), seconds,
                          f"a message on …{part}…; others: {self._messages}")

    def payload(self, part, seconds=PATIENCE, fits=lambda payload: True):
        return self.wait(part, seconds, fits)[1]

    def messages(self):
        """All that came and was not waited for."""
        return list(self._messages)

    def nothing(self, part, seconds=0.5):
        """For so long, no message on such a topic comes."""
        try:
            message = self.wait(part, seconds)
        except Failed:
            return
        raise Failed(f"not expected: {message}")


class Device:
    """The certificate of a device, used with mosquitto_pub and _sub."""

    def __init__(self, cloud, path, thing=None):
        self.cloud = cloud
        self.folder = path
        self.thing = thing or os.path.basename(path)
        self.certificate = os.path.join(path, "device.crt")
        self.key = os.path.join(path, "device.key")

    def credentials(self, client=None, port=None):
        return ["-h", "localhost", "-p", port or self.cloud.port,
                "--cafile", self.cloud.server_ca, "--cert", self.certificate,
                "--key", self.key, "-i", client or self.thing]

    def topic(self, tail):
        return f"nameplate/{self.thing}/{tail}"

    def shadow(self, tail, name=None):
        named = f"name/{name}/" if name else ""
        return f"$aws/things/{self.thing}/shadow/{named}{tail}"

    def jobs(self, tail):
        return f"$aws/things/{self.thing}/jobs/{tail}"

    def publish(self, topic, payload, *options, client=None, status=0):
        """Publish with QoS 1 what is text or else made JSON; None: `options`
        name it.  `status` is mosquitto_pub's."""
        if payload is None:
            words = ()
        elif payload == "":
            words = ("-n",)
        else:
            words = ("-m", payload if isinstance(payload, str)
                     else json.dumps(payload))
        return run("mosquitto_pub", *self.credentials(client), "-q", "1",
                   "-t", topic, *words, *options, status=status)

    def connects(self, *options, client=None):
        """Does a connection get a CONNACK that welcomes it?"""
        done = self.publish(self.topic("status"), "{}", "-V", "mqttv5",
                            *options, client=client, status=None)
        return done.returncode == 0

    def introduce(self):
        """The first connection: it registers the device, and is dropped."""
        self.connects()
        expect(self.connects(), f"{self.thing} was refused")
        return self

    def listen(self, *filters, options=(), client=None):
        return Heard(self.credentials(client), filters, *options)


class MockCloud:
    """The broker, in `parent`/cloud; stopped at the end of the with-block."""

    def __init__(self, parent, vendor=None, authorities=None, name="cloud",
                 **options):
        self.vendor = vendor or Factory(parent)
        self.folder = os.path.join(parent, name)
        self.server_ca = self.vendor.server_ca
        self.socket = os.path.join(self.folder, "cloud.sock")
        self.log = os.path.join(self.folder, "mosquitto.log")
        self.said = os.path.join(parent, name + ".stderr")
        self.port = free_port()
        self.process = None
        server = os.path.join(self.vendor.folder, "server/localhost")
        if not os.path.exists(server):
            self.vendor.server()
        if authorities is None:
            authorities = [os.path.join(self.vendor.folder, a)
                           for a in ("models", "vendor.crt", "root.crt")]
        self.options = {"devices_ca": self.vendor.root,
                        "certificate": f"{server}/server.crt",
                        "key": f"{server}/server.key", "rates": "no",
                        **options}
        self.authorities = authorities

    def command(self):
        words = [START, "--folder", self.folder, "--port", self.port]
        for key, value in self.options.items():
            words += ["--" + key.replace("_", "-"), value]
        for path in self.authorities:
            words += ["--authority", path]
        return words

    def start(self):
        with open(self.said, "a", encoding="utf-8") as said:
            self.process = started(self.command(), stdout=said, stderr=said)
        try:
            wait_until(self._listens, PATIENCE, f"the broker listens: {self}")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        # What it keeps it writes now: killed, it would lose that.
        ended(self.process, 30)

    def kill(self):
        """As a power cut would: nothing is written any more."""
        self.process.kill()
        self.process.wait()

    def reload(self):
        """As `systemctl reload`: CRL, authorities, certificate again."""
        before = self.words().count("Reloading config.")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.words().count("Reloading config.") > before,
                   PATIENCE, "the broker reloads")

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
        expect(self.process.returncode in (0, -signal.SIGKILL),
               f"the broker ended with {self.process.returncode}: {self}")
        expect("ERROR: AddressSanitizer" not in self.words() and
               "runtime error:" not in self.words(), str(self))

    def _listens(self):
        expect(self.process.poll() is None, f"the broker ended: {self}")
        return somebody_listens(("127.0.0.1", self.port)) and \
            somebody_listens(self.socket)

    def words(self):
        """What the broker and the plugin have written so far.  A broker that
        starts moves the log of the last one away, at any moment."""
        words = []
        for path in (self.said, self.log):
            try:
                words.append(read(path))
            except FileNotFoundError:
                pass
        return "".join(words)

    def __str__(self):
        return self.words()[-4000:]

    def device(self, serial, *arguments):
        """A new device of this vendor."""
        return Device(self, self.vendor.device(serial, None, *arguments))

    def privileged(self, client):
        return ["--unix", self.socket, "-i", client]

    def watch(self, *filters, client="watch"):
        """A privileged client that hears everything it subscribes to."""
        return Heard(self.privileged(client), filters)

    def publish(self, topic, payload):
        """Publish as a privileged client."""
        run("mosquitto_pub", *self.privileged("publish"), "-q", "1", "-t",
            topic, "-m", json.dumps(payload))

    def shadow(self, device, name=None):
        """What AWS calls the document, or None when there is none."""
        named = {"name": name} if name else {}
        answer = self.ask("shadow", thing=device.thing, **named)
        return answer.get("shadow")

    def create_job(self, device, job, document):
        """A job for one device, or for those of a list."""
        devices = device if isinstance(device, list) else [device]
        self.told("create-job", job=job, document=document,
                  things=[d.thing for d in devices])

    def job(self, job):
        """What became of it: its "document" and "executions"."""
        return self.told("job", job=job)["job"]

    def ask(self, op, **fields):
        """A privileged request; gives the answer, also when it is an error."""
        base = "$nameplate/cloud/ask"
        done = run("mosquitto_rr", *self.privileged("ask"), "-W", PATIENCE,
                   "-t", base + "/request", "-e", base + "/response",
                   "-m", json.dumps({"id": 1, "op": op, **fields}))
        answer = json.loads(done.stdout)
        expect(answer.pop("id") == 1, f"no id in the answer: {answer}")
        return answer

    def told(self, op, **fields):
        """A privileged request that must succeed."""
        answer = self.ask(op, **fields)
        expect("error" not in answer, f"{op}: {answer}")
        return answer

    def thing(self, device):
        return self.told("thing", thing=device.thing)["thing"]
