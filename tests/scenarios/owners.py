"""A user and a cloud around one device, for the scenarios of ownership.

    with World() as world:
        cloud, agent = owned_world(world)
        desk = Desk(world, cloud, agent)   # carries messages, as cloudd would
        ann = desk.person("ann")
        claim = desk.claim(ann)            # all four steps
        with desk.channel(ann, claim) as channel: channel.ask(op="get")

What a browser computes is done by the program stage_claimer.
"""
import base64
import hashlib
import ipaddress
import itertools
import json
import os
import subprocess
import threading

from kit import BIN, expect, read, run
from mock import MockCloud
from world import NAMEPLATE, device, factory

ONLINE = "info session online"


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Refused(Exception):
    """The device said no: `code`, `words`, `extra`."""

    def __init__(self, code, words="", extra=None):
        super().__init__(f"{code}: {words}")
        self.code, self.words, self.extra = code, words, extra


class Mathematics:
    """The program that computes what a browser does."""

    def __init__(self, world):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "stage_claimer")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()
        world.endings.append(self.close)

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=10)
        self.process.stdout.close()
        expect(status == 0, f"stage_claimer left with {status}")

    def __call__(self, **request):
        with self.lock:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        expect(line, f"stage_claimer is gone after {request}")
        return json.loads(line)


class Channel:
    """Sealed requests of one user; `name` is the mathematician's."""

    def __init__(self, desk, name, identifier):
        self.desk, self.name, self.id = desk, name, identifier
        self.number = 0

    def seal(self, value):
        return self.desk.compute(op="seal", channel=self.name,
                                 value=value)["box"]

    def unseal(self, box):
        return self.desk.compute(op="unseal", channel=self.name, box=box)

    def send_box(self, box):
        answer = self.desk.command(action="channel", step="box",
                                   channel=self.id, box=box)
        opened = self.unseal(answer["box"])
        expect("value" in opened, f"not for us: {opened}")
        return opened["value"]

    def ask(self, **request):
        """The answer, or Refused."""
        self.number += 1
        answer = self.send_box(self.seal({"id": self.number, **request}))
        expect(answer["id"] == self.number, f"another's answer: {answer}")
        if not answer["ok"]:
            raise Refused(answer["code"], answer["error"], answer)
        return answer


class Desk:
    """One device, its users, and the cloud's messages between them."""

    def __init__(self, world, cloud, agent):
        self.cloud, self.agent = cloud, agent
        self.compute = Mathematics(world)
        self.prefix = f"$aws/commands/things/{agent.thing}/executions/"
        self.numbers = itertools.count(1)
        self.heard = cloud.watch(self.prefix + "+/response/json",
                                 f"nameplate/{agent.thing}/#", client="desk")
        self.heard.__enter__()
        world.endings.append(lambda: self.heard.__exit__())
        who = json.loads(run(NAMEPLATE, "identity", "-c", agent.config,
                             "--json").stdout)
        self.hit = encode(ipaddress.ip_address(who["hit"]).packed)
        self.code = json.loads(read(agent.device + "/label.json"))["code"]

    def person(self, name):
        self.compute(op="person", name=name)
        return name

    def key(self, person):
        """The same person's public key."""
        return self.compute(op="record", text="{}", sign=[person])[
            "envelope"]["signatures"][0]["key"]

    # --- messages ------------------------------------------------------------

    def send(self, request, execution=None):
        execution = execution or f"x{next(self.numbers)}"
        self.cloud.publish(f"{self.prefix}{execution}/request/json", request)
        return execution

    def answer(self, execution, seconds=20):
        return self.heard.payload(f"/{execution}/response/json", seconds)

    def command(self, **request):
        """The answer's own JSON, or Refused."""
        answer = self.answer(self.send(request))
        inside = answer.get("result", {}).get("answer", {}).get("s")
        inside = json.loads(inside) if inside else None
        if answer["status"] != "SUCCEEDED":
            reason = answer["statusReason"]
            raise Refused(reason["reasonCode"],
                          reason.get("reasonDescription"), inside)
        return inside

    def told(self, what, seconds=20):
        """The device told the cloud of this."""
        return self.heard.payload("/claims", seconds,
                                  lambda payload: payload["what"] == what)

    def published(self, epoch, seconds=20):
        """The retained envelope with this epoch: its record."""
        found = self.heard.payload(
            "/ownership", seconds, lambda payload: json.loads(
                decode(payload["record"]))["epoch"] == epoch)
        return json.loads(decode(found["record"]))

    # --- claims --------------------------------------------------------------

    def begin(self):
        return self.command(action="claim", step="begin")

    def share(self, name, person, begun, code=None):
        """Step 2; gives the request and the answer."""
        mine = self.compute(
            op="share", claim=name, person=person, thing=self.agent.thing,
            hit=self.hit, id=begun["claim"], code=code or self.code,
            salt=begun["salt"], iterations=begun["iterations"])
        request = {"action": "claim", "step": "share", "claim": begun["claim"],
                   **mine}
        return request, self.command(**request)

    def prove(self, name, begun, shared):
        """Step 3: the proof, checked."""
        finished = self.compute(op="finish", claim=name, **shared)
        if "error" in finished:
            raise Refused("NOT_THE_DEVICE", finished["error"])
        answer = self.command(action="claim", step="confirm",
                              claim=begun["claim"], **finished)
        opened = self.compute(op="unseal", channel=name, box=answer["box"])
        expect("value" in opened, f"not for us: {opened}")
        proof = opened["value"]
        judged = self.compute(op="proved", claim=name, leaf=proof["chain"][0],
                              signature=proof["signature"])
        expect(judged.get("ok"), f"the proof: {judged}")
        return proof

    def text(self, act, epoch=1, previous=None, owner=None, recovery=None,
             members=(), **other):
        """A record's text; `owner`: (name, [person...])."""
        before = encode(hashlib.sha256(previous.encode()).digest()) \
            if previous else None
        return json.dumps({
            "v": 1, "act": act, "thing": self.agent.thing, "hit": self.hit,
            "epoch": epoch, "previous": before, "at": 1790000000000,
            "owner": owner and {"name": owner[0],
                                "keys": [self.key(p) for p in owner[1]]},
            "recovery": recovery and self.key(recovery),
            "members": [{"name": m, "role": r, "key": self.key(m)}
                        for m, r in members], **other})

    def envelope(self, text, *signers):
        return self.compute(op="record", text=text,
                            sign=list(signers))["envelope"]

    def record(self, name, begun, text, *signers):
        """Step 4; gives what the device answered."""
        box = self.compute(op="seal", channel=name, value={
            "record": self.envelope(text, *signers)})["box"]
        answer = self.command(action="claim", step="record",
                              claim=begun["claim"], box=box)
        return self.compute(op="unseal", channel=name,
                            box=answer["box"])["value"]

    def renew(self, name, begun, person):
        """Step 4 of an owner's claim; the claim's channel."""
        signed = self.compute(op="yours", claim=name, person=person)
        box = self.compute(op="seal", channel=name, value=signed)["box"]
        answer = self.command(action="claim", step="record",
                              claim=begun["claim"], box=box)
        answer = self.compute(op="unseal", channel=name, box=answer["box"])
        expect(answer["value"]["ok"], str(answer))
        return Channel(self, name, begun["claim"])

    def claim(self, person, name="claim", members=(), recovery=None, epoch=1,
              previous=None, code=None):
        """All of it; gives (the text that holds, the claim's channel)."""
        begun = self.begin()
        _, shared = self.share(name, person, begun, code)
        proof = self.prove(name, begun, shared)
        expect(not proof["owned"], f"it was somebody's: {proof}")
        text = self.text("claim", epoch=epoch, previous=previous,
                         owner=(person.title(), [person]), recovery=recovery,
                         members=members)
        taken = self.record(name, begun, text, person)
        expect(taken == {"ok": True, "epoch": epoch}, str(taken))
        return text, Channel(self, name, begun["claim"])

    # --- channels ------------------------------------------------------------

    def open(self, name, person, psk_of=None):
        """A later channel; `psk_of`: the claim whose secret is used."""
        asked = self.compute(op="open", channel=name, person=person,
                             thing=self.agent.thing, hit=self.hit)
        answer = self.command(action="channel", step="open", **asked)
        more = {"claim": psk_of} if psk_of else {}
        judged = self.compute(
            op="opened", channel=name, id=answer["channel"],
            share=answer["share"], psk=answer["psk"], leaf=answer["chain"][0],
            signature=answer["signature"], **more)
        expect(judged.get("ok"), f"the channel: {judged}")
        expect(answer["psk"] == bool(psk_of), f"psk: {answer['psk']}")
        return Channel(self, name, answer["channel"])


def refused(code, function, *arguments, **options):
    """It must be refused so; gives the refusal."""
    try:
        answer = function(*arguments, **options)
    except Refused as no:
        expect(no.code == code, f"expected {code}: {no}")
        return no
    expect(False, f"expected {code}: {answer}")
    return None


def start(world, serial="S1", **settings):
    """A cloud, a device that can be claimed, and a desk between them."""
    cloud = MockCloud(world.folder, vendor=factory())
    cloud.start()
    world.endings.append(lambda: cloud.__exit__())
    verifier = device(serial) + "/claim-verifier"
    agent = world.agent(port=cloud.port, serial=serial, settings={
        "ownership.verifier": verifier, **settings}.items())
    agent.wait_for(ONLINE)
    return Desk(world, cloud, agent)
