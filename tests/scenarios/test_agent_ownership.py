#!/usr/bin/env python3
"""A device meets its owner: the real agent, through the mock cloud.

The cloud's side is played by a privileged client that carries messages, as
cloudd does; what a browser computes is computed by stage_claimer. The attacks
are in test_agent_ownership_attacks.
"""
import json
import os

from kit import expect, main, read, run, scenario, wait_until, write
from owners import decode, refused, start
from world import NAMEPLATE, World


def owner_says(agent, status):
    done = run(NAMEPLATE, "owner", "-s", agent.socket, status=status)
    return done.stdout


def says_no_more(proof, *secrets):
    """Step 3 tells that somebody owns the device, and not who."""
    told = json.dumps({key: value for key, value in proof.items()
                       if key not in ("chain", "signature")})  # any letters
    return set(proof) == {"chain", "signature", "epoch", "owned", "yours"} and \
        not any(s in told for s in secrets)


@scenario
def a_claim_with_the_labels_code_makes_an_owner_and_opens_a_channel():
    with World() as world:
        desk = start(world)
        expect("it is nobody's" in owner_says(desk.agent, 1), "nobody's")
        ann = desk.person("ann")
        _, channel = desk.claim(ann)
        expect(desk.published(1)["owner"]["name"] == "Ann", "published")
        desk.told("claimed")
        answer = channel.ask(op="get")
        expect(answer["state"] == {"desired": {}, "reported": {}} and
               answer["epoch"] == 1, str(answer))
        later = desk.open("later", ann, psk_of="claim")
        expect(later.ask(op="get")["epoch"] == 1, "a later channel")
        expect("it belongs to Ann" in owner_says(desk.agent, 0), "Ann's")


@scenario
def what_holds_outlives_kill_9_and_is_published_again():
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        desk.claim(ann)
        desk.published(1)
        desk.agent.kill()
        desk.agent.start()
        desk.published(1)
        desk.open("later", ann, psk_of="claim").ask(op="get")
        # The claim's own channel ended with the process.
        refused("NO_CHANNEL", desk.command, action="channel", step="box",
                channel="A" * 22, box="AAAA")


@scenario
def an_owned_device_says_so_and_refuses_and_tells():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        desk.claim(ann)
        begun = desk.begin()
        _, shared = desk.share("eves", eve, begun)
        proof = desk.prove("eves", begun, shared)
        expect(proof["owned"] and not proof["yours"], str(proof))
        expect(says_no_more(proof, "Ann", desk.key(ann)), str(proof))
        desk.told("refused_owned")
        refused("NOT_YOURS", desk.record, "eves", begun,
                desk.text("claim", owner=("Eve", [eve])), eve)
        refused("NOT_YOURS", desk.open, "c", eve)


@scenario
def an_owner_whose_answer_was_lost_claims_again_and_is_told_it_is_hers():
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        desk.claim(ann)
        begun = desk.begin()
        _, shared = desk.share("again", ann, begun)
        proof = desk.prove("again", begun, shared)
        expect(proof["owned"] and proof["yours"], str(proof))
        expect(says_no_more(proof, "Ann", desk.key(ann)), str(proof))
        # Nothing has changed: the first claim's secret holds.
        desk.open("later", ann, psk_of="claim").ask(op="get")
        # Who lost it signs, and the new claim's takes its place.
        desk.renew("again", begun, ann).ask(op="get")
        desk.open("later", ann, psk_of="again").ask(op="get")


@scenario
def sharing_gives_roles_and_takes_them():
    with World() as world:
        desk = start(world)
        ann, ben, cid = (desk.person(p) for p in ("ann", "ben", "cid"))
        text, channel = desk.claim(ann)
        shared = desk.text("share", 2, text, ("Ann", [ann]),
                           members=[("ben", "operator"), ("cid", "viewer")])
        answer = channel.ask(op="ownership", record=desk.envelope(shared, ann))
        expect(answer["epoch"] == 2 and "wiped" not in answer, str(answer))
        desk.told("shared")
        bens, cids = desk.open("ben", ben), desk.open("cid", cid)
        expect(cids.ask(op="get")["epoch"] == 2, "a viewer looks")
        bens.ask(op="get")
        alone = desk.text("share", 3, shared, ("Ann", [ann]))
        channel.ask(op="ownership", record=desk.envelope(alone, ann))
        refused("NO_CHANNEL", bens.ask, op="get")
        refused("NOT_YOURS", desk.open, "ben", ben)


@scenario
def a_recovery_key_makes_the_owner_anew():
    with World() as world:
        desk = start(world)
        ann, code, new = (desk.person(p) for p in ("ann", "code", "new"))
        text, _ = desk.claim(ann, recovery=code)
        channel = desk.open("lost", code)
        refused("NOT_YOURS", channel.ask, op="get")
        again = desk.text("recover", 2, text, ("Ann", [new]))
        channel.ask(op="ownership", record=desk.envelope(again, code))
        refused("NOT_YOURS", desk.open, "old", ann)
        desk.open("new", new).ask(op="get")
        desk.told("recovered")


@scenario
def a_transfer_wipes_and_the_old_owner_is_out():
    with World() as world:
        gone = world.path("wiped")
        wipe = write(world.path("wipe"), f"#!/bin/sh\ntouch {gone}\n")
        os.chmod(wipe, 0o700)
        desk = start(world, **{"ownership.wipe": wipe})
        ann, eve = desk.person("ann"), desk.person("eve")
        text, channel = desk.claim(ann)
        given = desk.text("transfer", 2, text, ("Eve", [eve]))
        refused("NOT_YOURS", channel.ask, op="ownership",
                record=desk.envelope(given, ann))
        answer = channel.ask(op="ownership",
                             record=desk.envelope(given, ann, eve))
        expect("data of applications" in answer["wiped"], str(answer))
        wait_until(lambda: os.path.exists(gone), 10, "the program ran")
        refused("NO_CHANNEL", channel.ask, op="get")
        refused("NOT_YOURS", desk.open, "old", ann)
        desk.open("new", eve).ask(op="get")


@scenario
def a_released_device_is_claimed_by_the_next_with_the_label():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        text, channel = desk.claim(ann)
        free = desk.text("release", 2, text)
        channel.ask(op="ownership", record=desk.envelope(free, ann))
        expect("it is nobody's" in owner_says(desk.agent, 1), "nobody's")
        # The record that the next one follows comes with the proof, and would
        # be noticed in the proof of a device that is somebody's.
        begun = desk.begin()
        _, shared = desk.share("eves", eve, begun)
        proof = desk.prove("eves", begun, shared)
        expect(decode(proof["record"]["record"]).decode() == free, str(proof))
        expect(not says_no_more(proof), "blind to a record")
        desk.record("eves", begun, desk.text(
            "claim", 3, free, ("Eve", [eve])), eve)


@scenario
def a_stolen_label_opens_nothing_after_a_release_with_a_new_code():
    """Until the device is reset by who holds it."""
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        text, channel = desk.claim(ann)
        free = desk.text("release", 2, text)
        answer = channel.ask(op="ownership", new_code=True,
                             record=desk.envelope(free, ann))
        expect(answer["code"] != desk.code, "a new one")
        begun = desk.begin()
        _, shared = desk.share("eves", eve, begun)
        refused("NOT_THE_DEVICE", desk.prove, "eves", begun, shared)
        expect("the label's is void" in owner_says(desk.agent, 1), "void")
        desk.agent.kill()
        desk.agent.start()
        _, shared = desk.share("eves", eve, desk.begin())
        refused("NOT_THE_DEVICE", desk.prove, "eves", begun, shared)
        text, _ = desk.claim(eve, name="eves", epoch=3, previous=free,
                             code=answer["code"])
        run(NAMEPLATE, "reset", "--yes", "-s", desk.agent.socket)
        record = desk.published(4)
        expect(record["act"] == "reset" and record["owner"] is None, record)
        desk.told("reset")
        desk.share("anns", ann, desk.begin())


@scenario
def a_reset_asks_first_and_is_signed_by_the_factory_key():
    with World() as world:
        desk = start(world)
        text, _ = desk.claim(desk.person("ann"))
        done = run(NAMEPLATE, "reset", "-s", desk.agent.socket, status=77)
        expect("nothing was done" in done.stderr, done.stderr)
        run(NAMEPLATE, "reset", "--yes", "-s", desk.agent.socket)
        envelope = json.loads(read(desk.agent.store + "/owner/record"))
        expect(envelope["signatures"][0]["device"] is True, str(envelope))
        expect(desk.published(2)["previous"] ==
               json.loads(desk.text("x", previous=text))["previous"], "chain")
        expect("it is nobody's" in owner_says(desk.agent, 1), "nobody's")


@scenario
def without_a_verifier_nobody_claims_and_a_wrong_one_is_told_at_the_start():
    with World() as world:
        desk = start(world, **{"ownership.verifier": ""})
        refused("NO_CODE", desk.begin)
        bad = write(world.path("bad"), "w0 1\n")
        agent = world.agent(port=desk.cloud.port, serial="S2", settings={
            "ownership.verifier": bad}.items(), start=False)
        agent.start()
        wait_until(lambda: agent.process.poll() is not None, 20, "it leaves")
        expect("[ownership] verifier cannot be used" in agent.words(),
               agent.words())
        agent.process = None


if __name__ == "__main__":
    main(at_once=4)
