"""People with keys for scenarios: accounts, records and devices that answer.

    ann = Person(server, tmp, "ann")        # with her browser's key
    record = Record(device).claim(ann)      # an Envelope with her signature
    with Answering(cloud, device) as d:     # a device's side of the commands
        d.answers["claim"] = lambda request: ({"claim": "x"}, None)
"""
import base64
import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import struct
import subprocess
import threading
import time

import der
from cloudd import Browser
from kit import expect, run, wait_until
from mock import ended, started


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hashed(*parts):
    """H() of docs/ownership.md."""
    out = b""
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        out += struct.pack("<Q", len(part)) + part
    return hashlib.sha256(out).digest()


def digest(purpose, token):
    return hashlib.sha256(f"{purpose}:{token}".encode()).hexdigest()


class Key:
    """A key pair on P-256, in a file."""

    def __init__(self, folder, name):
        self.file = os.path.join(folder, name + ".key.pem")
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
            "-out", self.file)
        spki = subprocess.run(["openssl", "ec", "-in", self.file, "-pubout",
                               "-outform", "DER"], capture_output=True,
                              check=True).stdout
        self.point = b64(spki[-65:])

    def sign(self, data):
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.file],
                              input=data, capture_output=True, check=True)
        numbers = der.parse(done.stdout)[0][1]
        return b64(b"".join(content[-32:].rjust(32, b"\0")
                            for _, content in numbers))


class Person(Browser):
    """Somebody with an account, a session and a key; put into cloudd's file,
    for a password takes a second of everybody's time."""

    def __init__(self, server, folder, name):
        super().__init__(server)
        token = secrets.token_hex(32)
        now = int(time.time() * 1000)
        with contextlib.closing(sqlite3.connect(server.state, 10)) as db, db:
            db.execute("INSERT INTO users(name, hash, role)"
                       " VALUES(?, 'none', 'user')", (name,))
            db.execute("INSERT INTO sessions VALUES(?, ?, ?, ?)", (
                digest("session", token), name, now, now))
        self.name, self.cookie = name, f"np_session={token}"
        self.csrf = digest("csrf", token)
        self.key = Key(folder, f"{name}-{time.monotonic_ns()}")
        self.join()

    def proof(self, key=None, user=None, challenge=None):
        key = key or self.key
        session = self.get("/api/session")
        return {"key": key.point, "name": "test", "signature": key.sign(hashed(
            "nameplate-account-key-v1", user or session["user"],
            challenge or session["challenge"], key.point))}

    def join(self, key=None, status=204):
        return self.post("/api/keys", self.proof(key), status)

    def put(self, path, body, status=204):
        answer = self.ask("PUT", path, body)
        expect(answer.status == status, f"PUT {path}: {answer.status} "
               f"{answer.text}")
        return answer


class Record:
    """The records of one device, each after the other."""

    def __init__(self, device):
        self.device = device
        self.last = None
        self.epoch = 0

    def make(self, act, signers, owner=None, members=(), recovery=None, **more):
        fields = {"v": 1, "act": act, "thing": self.device.thing, "hit": b64(bytes(16)),
                  "epoch": self.epoch + 1, "previous": self.last and b64(
                      hashlib.sha256(self.last).digest()), "at": 1,
                  "owner": owner and {"name": owner.name,
                                      "keys": [owner.key.point]},
                  "recovery": recovery, "members": [
                      {"name": p.name, "role": role, "key": p.key.point}
                      for p, role in members], **more}
        text = json.dumps(fields).encode()
        signature = hashed("nameplate-record-v1", text)
        return {"record": b64(text), "signatures": [
            {"key": s.key.point, "signature": s.key.sign(signature)}
            for s in signers]}

    def publish(self, envelope):
        self.last = unb64(envelope["record"])
        self.epoch = json.loads(self.last)["epoch"]
        # As a second client of the device's name would end its connection.
        run("mosquitto_pub", *self.device.cloud.privileged("record"), "-q", "1",
            "-r", "-t", self.device.topic("ownership"), "-m",
            json.dumps(envelope))

    def claim(self, owner, **more):
        self.publish(self.make("claim", [owner], owner, **more))
        return self


class Answering:
    """Answers a device's commands until the end of the with-block.

    answers[action] is a function of the request that gives (answer, None) or
    (None, (code, words)); an action without one is not answered."""

    def __init__(self, cloud, device):
        self.cloud, self.device = cloud, device
        self.answers = {}
        self.requests = []
        self.process = None

    def __enter__(self):
        self.process = started(
            ["stdbuf", "-oL", "mosquitto_sub", *self.cloud.privileged("answers"),
             "-d", "-q", "1", "-t", f"$aws/commands/things/{self.device.thing}"
             "/executions/+/request/json", "-F", "=%t\t%p"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        expect(self.ready.wait(10), "the device's ears")
        return self

    def __exit__(self, *_):
        ended(self.process)
        self.thread.join()
        self.process.stdout.close()

    def read(self):
        for line in self.process.stdout:
            if line.startswith("Subscribed"):
                self.ready.set()
            if not line.startswith("="):
                continue
            topic, payload = line[1:].rstrip("\n").split("\t", 1)
            request = json.loads(payload)
            self.requests.append(request)
            answer = self.answers.get(request["action"])
            if answer:
                said, refused = answer(request)
                self.respond(topic.replace("/request/", "/response/"), said,
                             refused)

    def respond(self, topic, said, refused):
        out = {"status": "REJECTED" if refused else "SUCCEEDED"}
        if said is not None:
            out["result"] = {"answer": {"s": json.dumps(said)}}
        if refused:
            out["statusReason"] = {"reasonCode": refused[0],
                                   "reasonDescription": refused[1]}
        self.cloud.publish(topic, out)

    def wait(self, count):
        return wait_until(lambda: self.requests[count - 1:], 10, "a request")[-1]

