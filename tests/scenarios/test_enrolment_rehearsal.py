#!/usr/bin/env python3
"""`enrol --dry-run` where the broker provisions: what can be looked at without
a certificate being made, and what is wrong in words.  And the same refusals
when the agent meets them: each ends in its state and says which lines the claim
certificate's policy lacks.
"""
import os
import subprocess
import threading

from authority import Authority, Pair
from claiming import fleet, provisioned
from enrolling import current, dry, generations, reaches
from kit import expect, free_port, main, read, run, scenario, wait_until, write
from mock import MockCloud, ended, started
from packets import PUBLISH, SUBSCRIBE
from scripted_broker import ScriptedBroker
from world import Broker, World, device, factory, thing

CREATE = "$aws/certificates/create-from-csr/json"
PROVISION = "$aws/provisioning-templates/fleet/provision/json"
LINES = ("iot:Connect on client/claim-*", "iot:Publish and iot:Receive on",
         "topic/$aws/certificates/create-from-csr/*",
         "topic/$aws/provisioning-templates/fleet/provision/*",
         "iot:Subscribe on topicfilter/")


class Strict:
    """A broker of its own that lets a claim do what `allows` says."""

    def __init__(self, world, allows=("readwrite $aws/#",)):
        os.mkdir(world.path("claims"))
        os.mkdir(world.path("strict"))
        ca = Authority(world.path("claims"))
        self.claim = ca.leaf("claim", None, "clientAuth", "/O=Acme/CN=claim")
        believed = write(world.path("believed.pem"),
                         read(factory().root) + read(ca.crt))
        rules = write(world.path("rules"), "".join(
            f"user {thing(serial)}\ntopic readwrite #\ntopic readwrite $aws/#\n"
            for serial in ("S1", "S9")) + "user claim\n" +
            "".join(f"topic {line}\n" for line in allows))
        self.world = world
        self.broker = Broker(world.path("strict"), factory(),
                             f"acl_file {rules}\n", cafile=believed).start()
        self.port = self.broker.port
        world.endings.append(self.broker.stop)

    def answers(self, topic, ending, payload):
        """Whatever is published there, this comes back."""
        home = device("S9")
        way = ["-h", "localhost", "-p", self.port, "-q", "1", "--cafile",
               factory().server_ca, "--cert", home + "/device.crt",
               "--key", home + "/device.key"]
        ears = started(["mosquitto_sub", *map(str, way), "-t", topic],
                       stdout=subprocess.PIPE, text=True)
        self.world.endings.append(lambda: ended(ears))

        def answer():
            for _ in ears.stdout:
                run("mosquitto_pub", *way, "-t", f"{topic}/{ending}", "-m",
                    payload, status=None)
        threading.Thread(target=answer, daemon=True).start()
        wait_until(lambda: f"{topic} (QoS" in self.broker.words(), 10,
                   "it listens")


def good(found, *steps):
    for step in steps:
        expect(found[step]["result"] == "ok", f"{step}: {found}")


def bad(found, step, *words):
    expect(found[step]["result"] == "failure" and
           found["enrol"]["result"] == "failure" and
           all(word in found[step]["detail"] for word in words),
           f"{step}: {found}")


# --- fleet provisioning ------------------------------------------------------

@scenario
def a_dry_run_by_claim_asks_everything_and_makes_no_certificate():
    with fleet(claims_take_over="yes") as (world, cloud, claim):
        agent = provisioned(world, cloud.port, claim, start=False)
        found = dry(agent, 0)
        good(found, "claim", "connect", "subscribe", "create-from-csr",
             "provision", "not checked", "enrol")
        expect("InvalidCSR" in found["create-from-csr"]["detail"] and
               "InvalidCertificateOwnershipToken" in
               found["provision"]["detail"], str(found))
        expect(not os.path.exists(agent.store + "/enrolment"), "keeps nothing")
        agent.start()
        said = reaches(agent, 40, state="enrolled")
        told = cloud.told("thing", thing=agent.thing)["thing"]
        made = [c["certificateId"] for c in told["certificates"]
                if c.get("method") == "fleet"]
        expect(made == [said["certificate_id"]], f"the agent's alone: {told}")


@scenario
def a_dry_run_with_a_claim_of_another_ca_says_who_refuses_it():
    with fleet() as (world, cloud, claim):
        other = Authority(world.path("claims"), "other")
        rogue = other.leaf("rogue", None, "clientAuth", "/O=Acme/CN=claim")
        bad(dry(provisioned(world, cloud.port, rogue, start=False), 2),
            "connect")


@scenario
def a_claim_that_the_cloud_does_not_authorise_is_told_what_its_policy_lacks():
    """Its O names no vendor: the mock cloud answers its CONNECT with no."""
    with fleet() as (world, cloud, claim):
        ca = Authority.__new__(Authority)
        ca.base, ca.above = os.path.join(world.path("claims"), "root"), None
        ca.crt, ca.key = ca.base + ".crt", ca.base + ".key"
        mute = ca.leaf("mute", None, "clientAuth", "/CN=claim")
        agent = provisioned(world, cloud.port, mute, start=False)
        bad(dry(agent, 2), "connect", "does not authorise", *LINES)
        agent.start()
        said = reaches(agent, state="failed", last_error="policy")
        expect(all(line in said["last_error_detail"] for line in LINES),
               str(said))
        agent.wait_for("info session online")
        agent.stop()
        by_factory = Pair(device() + "/device")  # which may be a claim elsewhere
        agent = provisioned(world, cloud.port, by_factory, start=False)
        bad(dry(agent, 2), "connect", "does not authorise", *LINES)
        agent.start()
        reaches(agent, state="failed", last_error="policy")


def ends_in(agent, error, seconds=30):
    """The agent's own attempt, with the lines in its words; nothing else."""
    agent.start()
    said = reaches(agent, seconds, state="failed", last_error=error)
    expect(all(line in said["last_error_detail"] for line in LINES), str(said))
    expect(current(agent) == 0 and generations(agent) == [], "nothing is kept")
    expect(agent.words().count("info session online") == 1,
           "and it is online as before")


@scenario
def a_claim_that_may_not_publish_ends_in_policy_with_the_lines_that_lack():
    with World() as world:
        strict = Strict(world, ("read $aws/#",))
        agent = provisioned(world, strict.port, strict.claim, start=False)
        bad(dry(agent, 2), "create-from-csr", *LINES)
        ends_in(agent, "policy")
    with World() as world:
        strict = Strict(world, ("read $aws/#", f"write {CREATE}"))
        strict.answers(CREATE, "rejected", '{"statusCode":400}')
        bad(dry(provisioned(world, strict.port, strict.claim, start=False), 2),
            "provision", *LINES)


@scenario
def a_claim_that_may_not_receive_ends_in_timeout_with_the_lines_that_lack():
    with World() as world:
        strict = Strict(world, ("write $aws/#",))
        agent = provisioned(world, strict.port, strict.claim, start=False)
        bad(dry(agent, 2), "create-from-csr", "no answer came", *LINES)
        ends_in(agent, "timeout", 60)


class AtClaims(ScriptedBroker):
    """Refuses a claim's filters; or hangs up on its request, as AWS does."""

    def __init__(self, hangs_up):
        super().__init__()
        self.hangs_up = hangs_up

    def _answer(self, visit, number, kind, flags, fields):
        if not self.connects[number].client_id.startswith("claim-"):
            return super()._answer(visit, number, kind, flags, fields)
        if kind == PUBLISH and self.hangs_up:
            return True
        held = visit.send
        if kind == SUBSCRIBE and not self.hangs_up:
            visit.send = lambda data: held(data[:-4] + b"\x87" * 4)
        try:
            return super()._answer(visit, number, kind, flags, fields)
        finally:
            visit.send = held


@scenario
def a_claim_that_is_cut_off_or_may_not_subscribe_gets_the_lines_that_lack():
    for hangs_up, step, error in ((False, "subscribe", "policy"),
                                  (True, "create-from-csr", "lost")):
        with World() as world:
            ca = Authority(world.folder)
            claim = ca.leaf("claim", None, "clientAuth", "/O=Acme/CN=claim")
            server = world.server(AtClaims(hangs_up))
            agent = provisioned(world, server.port, claim, start=False)
            bad(dry(agent, 2), step, *LINES)
            ends_in(agent, error)


@scenario
def what_a_cloud_answers_wrong_is_told():
    with World() as world:
        strict = Strict(world)
        agent = provisioned(world, strict.port, strict.claim, start=False)
        bad(dry(agent, 2), "create-from-csr", "no answer came")
        strict.answers(CREATE, "rejected", '{"statusCode":400,'
                       '"errorCode":"InvalidCertificateSigningRequest"}')
        found = dry(agent, 2)
        good(found, "create-from-csr")
        bad(found, "provision", "is the template", "name right?")
        strict.answers(PROVISION, "rejected", "<html>")
        bad(dry(agent, 2), "provision", "no JSON")


@scenario
def a_cloud_that_grants_the_impossible_or_refuses_for_another_reason_is_told():
    for ending, payload, word in (
            ("accepted", '{"certificateId":"x"}', "it says accepted"),
            ("rejected", '{"statusCode":429,"errorCode":"Throttling"}',
             "Throttling")):
        with World() as world:
            strict = Strict(world)
            strict.answers(CREATE, ending, payload)
            bad(dry(provisioned(world, strict.port, strict.claim, start=False),
                    2), "create-from-csr", "expected status 400", word)


# --- just in time ------------------------------------------------------------

def just_in_time(world, port, **options):
    return world.agent(port=port, start=False, settings={
        "enrolment.method": "jitp", "telemetry.interval_s": 0}, **options)


@scenario
def a_dry_run_of_jitp_says_what_the_broker_makes_of_the_certificate():
    with World() as world:
        broker = world.broker()
        agent = just_in_time(world, broker.port)
        found = dry(agent, 0)
        good(found, "connect", "not checked", "enrol")
        expect("takes the factory certificate" in found["connect"]["detail"],
               str(found))
        # Beside an agent that is online it takes nobody's place.
        agent.start().wait_for("info session online")
        dry(agent, 0)
        expect("why=" not in agent.words(), agent.words()[-2000:])
    with World() as world:  # as AWS does: it registers, and ends the first
        with MockCloud(world.folder, factory()) as cloud:
            for _ in range(2):
                found = dry(just_in_time(world, cloud.port, serial="J2"), 0)
                good(found, "tls", "connect", "not checked", "enrol")
                expect("while it registers" in found["connect"]["detail"],
                       str(found))


@scenario
def a_dry_run_of_jitp_says_what_is_wrong():
    with World() as world:
        stranger = Authority(world.folder)
        os.mkdir(world.path("other"))
        believes_others = Broker(world.path("other"), factory(),
                                 cafile=stranger.crt).start()
        world.endings.append(believes_others.stop)
        bad(dry(just_in_time(world, believes_others.port), 2), "connect")
        broker = world.broker()
        bad(dry(just_in_time(world, broker.port, trust=stranger.crt), 2),
            "connect", "nothing was sent to this server")
        bad(dry(just_in_time(world, free_port()), 2), "connect", "firewall")


@scenario
def without_a_method_there_is_nobody_to_ask():
    with World() as world:
        agent = world.agent(port=free_port(), start=False)
        found = dry(agent, 2)
        expect(found["config"]["result"] == "failure" and
               "method is none" in found["config"]["detail"], str(found))


if __name__ == "__main__":
    main(at_once=6)
