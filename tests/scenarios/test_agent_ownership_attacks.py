#!/usr/bin/env python3
"""Attacks on ownership: by a cloud that swaps, replays, splices and guesses, by
people who are not the owner, and by power cuts.

Where a defence could be missing unseen, a twin does the same thing honestly, so
that the refusal is the defence's.
"""
import json
import os
import random
import re
import shutil
import subprocess

from kit import expect, main, read, run, scenario, wait_until, write
from owners import Channel, Refused, decode, encode, refused, start
from world import NAMEPLATE, World

FREE = 10  # tries before the code is locked


def tries(agent):
    path = agent.store + "/owner/tries"
    return int(read(path).split()[1]) if os.path.exists(path) else 0


def guess(desk, name="eves"):
    """One wrong guess, as far as its answer."""
    return desk.share(name, "eve", desk.begin(), "0000000000")


# --- the cloud in the middle -------------------------------------------------

@scenario
def messages_of_two_claims_do_not_mix():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        one, two = desk.begin(), desk.begin()
        _, shared = desk.share("one", ann, one)
        _, others = desk.share("two", eve, two)
        # Swapped answers look like a wrong code.
        refused("NOT_THE_DEVICE", desk.prove, "one", one, others)
        desk.compute(op="finish", claim="two", **others)
        # A confirmation of one claim does not confirm the other.
        three = desk.begin()
        _, right = desk.share("three", ann, three)
        good = desk.compute(op="finish", claim="three", **right)
        refused("WRONG_CODE", desk.command, action="claim", step="confirm",
                claim=two["claim"], **good)
        desk.told("wrong_code")
        # The twin: it confirms its own.
        desk.command(action="claim", step="confirm", claim=three["claim"],
                     **good)


@scenario
def a_key_or_a_share_that_the_cloud_exchanges_gets_no_key():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        begun = desk.begin()
        mine = desk.compute(
            op="share", claim="one", person=ann, thing=desk.agent.thing,
            hit=desk.hit, id=begun["claim"], code=desk.code,
            salt=begun["salt"], iterations=begun["iterations"])
        # The cloud puts another user's key in.
        shared = desk.command(action="claim", step="share",
                              claim=begun["claim"], key=desk.key(eve),
                              share=mine["share"])
        refused("NOT_THE_DEVICE", desk.prove, "one", begun, shared)
        # Another claim's id, another thing: the context is not the same.
        for wrong in ({"id": encode(os.urandom(16))}, {"thing": "acme:t:9"},
                      {"hit": encode(os.urandom(16))}):
            begun = desk.begin()
            mine = desk.compute(**{
                "op": "share", "claim": "two", "person": ann,
                "thing": desk.agent.thing, "hit": desk.hit,
                "id": begun["claim"], "code": desk.code,
                "salt": begun["salt"], "iterations": begun["iterations"],
                **wrong})
            shared = desk.command(action="claim", step="share",
                                  claim=begun["claim"], **mine)
            refused("NOT_THE_DEVICE", desk.prove, "two", begun, shared)
            refused("WRONG_CODE", desk.command, action="claim", step="confirm",
                    claim=begun["claim"], confirm=encode(bytes(32)))


@scenario
def weak_points_are_refused_before_anything_is_counted():
    with World() as world:
        desk = start(world)
        good = decode(desk.key(desk.person("eve")))
        off = good[:64] + bytes([good[64] ^ 1])
        bad = [bytes(65), b"\4" + bytes(64), off, good[:64], good + b"\0",
               b"\0", b"", bytes([2]) + good[1:33], b"\4" + b"\xff" * 64]
        begun = desk.begin()
        for point in bad:
            for key, share in ((good, point), (point, good)):
                refused("INVALID", desk.command, action="claim", step="share",
                        claim=begun["claim"], key=encode(key),
                        share=encode(share))
        # Who knows the code sends its mask alone: Z would be at infinity.
        masked = desk.compute(
            op="share", claim="masked", person="eve", thing=desk.agent.thing,
            hit=desk.hit, id=begun["claim"], code=desk.code, mask=True,
            salt=begun["salt"], iterations=begun["iterations"])
        refused("INVALID", desk.command, action="claim", step="share",
                claim=begun["claim"], **masked)
        expect(tries(desk.agent) == 0, "nothing was counted")
        # The twin: a good point is answered, and counted.
        desk.command(action="claim", step="share", claim=begun["claim"],
                     key=encode(good), share=encode(good))
        expect(tries(desk.agent) == 1, "it was counted")


@scenario
def steps_boxes_and_openings_are_good_once():
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        begun = desk.begin()
        request, shared = desk.share("claim", ann, begun)
        refused("NO_CLAIM", desk.command, **request)
        desk.prove("claim", begun, shared)
        refused("NO_CLAIM", desk.command, action="claim", step="confirm",
                claim=begun["claim"], confirm=encode(bytes(32)))
        text = desk.text("claim", owner=("Ann", [ann]))
        box = desk.compute(op="seal", channel="claim", value={
            "record": desk.envelope(text, ann)})["box"]
        record = {"action": "claim", "step": "record",
                  "claim": begun["claim"], "box": box}
        answer = desk.command(**record)
        desk.compute(op="unseal", channel="claim", box=answer["box"])
        refused("NO_CLAIM", desk.command, **record)
        channel = Channel(desk, "claim", begun["claim"])
        old = channel.seal({"id": "old", "op": "get"})
        channel.send_box(old)
        refused("INVALID", channel.send_box, old)
        refused("INVALID", channel.send_box, box)
        # An opening that is played again opens a channel for nobody.
        asked = desk.compute(op="open", channel="later", person=ann,
                             thing=desk.agent.thing, hit=desk.hit)
        first = desk.command(action="channel", step="open", **asked)
        second = desk.command(action="channel", step="open", **asked)
        expect(first["channel"] != second["channel"] and
               first["share"] != second["share"], "they are two")


@scenario
def two_channels_do_not_mix():
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        _, claim = desk.claim(ann)
        later = desk.open("later", ann, psk_of="claim")
        box = claim.seal({"id": 1, "op": "get"})
        refused("INVALID", Channel(desk, "later", later.id).send_box, box)
        answer = desk.command(action="channel", step="box", channel=claim.id,
                              box=box)
        expect(later.unseal(answer["box"]) == {"error": "denied"}, "spliced")
        # The twin: in its own channel it opens.
        expect("value" in claim.unseal(answer["box"]), "its own")


@scenario
def without_the_pairing_secret_a_channel_opens_to_nobody():
    """Whoever stole the user's signing key alone, or the factory key alone."""
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        desk.claim(ann)
        asked = desk.compute(op="open", channel="thief", person=ann,
                             thing=desk.agent.thing, hit=desk.hit)
        answer = desk.command(action="channel", step="open", **asked)
        expect(answer["psk"], "it has one")
        desk.compute(op="opened", channel="thief", id=answer["channel"],
                     share=answer["share"], psk=True,
                     leaf=answer["chain"][0], signature=answer["signature"])
        channel = Channel(desk, "thief", answer["channel"])
        refused("INVALID", channel.ask, op="get")


@scenario
def an_opening_that_its_key_did_not_sign_is_refused():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        desk.claim(ann)
        asked = desk.compute(op="open", channel="x", person=ann,
                             thing=desk.agent.thing, hit=desk.hit)
        others = desk.compute(op="open", channel="y", person=eve,
                              thing=desk.agent.thing, hit=desk.hit)
        for wrong in ({"share": others["share"]}, {"nonce": others["nonce"]},
                      {"signature": others["signature"]},
                      {"key": others["key"]}):
            refused("NOT_YOURS", desk.command, action="channel", step="open",
                    **{**asked, **wrong})
        desk.command(action="channel", step="open", **asked)


@scenario
def who_knows_the_code_and_an_owners_public_key_is_not_the_owner():
    """Its twin is the owner who renews, in test_agent_ownership."""
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        desk.claim(ann)
        desk.compute(op="person", name="mask", key=desk.key(ann))
        begun = desk.begin()
        _, shared = desk.share("masked", "mask", begun)
        proof = desk.prove("masked", begun, shared)
        expect(proof["yours"], "the key is Ann's")
        channel = Channel(desk, "masked", begun["claim"])
        refused("NO_CHANNEL", channel.ask, op="get")
        refused("NOT_YOURS", desk.renew, "masked", begun, eve)
        refused("NO_CHANNEL", channel.ask, op="get")
        # Ann's own secret is what it was.
        desk.open("later", ann, psk_of="claim").ask(op="get")


@scenario
def a_claim_with_the_old_code_ends_when_the_owner_releases():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        text, channel = desk.claim(ann)
        begun = desk.begin()
        _, shared = desk.share("eves", eve, begun)
        desk.prove("eves", begun, shared)  # the label's code was right
        free = desk.text("release", 2, text)
        channel.ask(op="ownership", new_code=True,
                    record=desk.envelope(free, ann))
        refused("NO_CLAIM", desk.record, "eves", begun,
                desk.text("claim", 3, free, ("Eve", [eve])), eve)


# --- guessing ----------------------------------------------------------------

@scenario
def the_tenth_wrong_code_locks_also_over_kill_9_and_the_owner_hears_of_it():
    with World() as world:
        desk = start(world)
        desk.person("eve")
        for number in range(1, FREE + 1):
            request, _ = guess(desk)
            refused("WRONG_CODE", desk.command, action="claim", step="confirm",
                    claim=request["claim"], confirm=encode(bytes(32)))
            expect(tries(desk.agent) == number, f"the {number}th is counted")
        no = refused("LOCKED", desk.begin)
        expect(0 < no.extra["wait_s"] <= 60, str(no.extra))
        desk.told("locked")
        desk.agent.kill()
        desk.agent.start()
        no = refused("LOCKED", desk.begin)
        expect(0 < no.extra["wait_s"] <= 60, str(no.extra))
        done = run(NAMEPLATE, "owner", "-s", desk.agent.socket, status=1)
        expect("locked for" in done.stdout, done.stdout)


def uncounted(lines):
    """Why a power cut could forget the guess whose answer left, or None."""
    at = [i for i, line in enumerate(lines)
          if "rename(" in line and 'owner/tries"' in line]
    if not at:
        return "the count is not replaced"
    if not any("fsync(" in l and "owner/tries.new" in l
               for l in lines[:at[0]]):
        return "its new content is not flushed"
    flushed = [i for i, l in enumerate(lines) if i > at[0] and
               re.search(r"fsync\(\d+<[^>]*/owner>", l)]
    sent = [i for i, l in enumerate(lines) if i > at[0] and
            re.search(r"(write|send\w+)\(\d+<(TCP|socket)", l)]
    if not flushed:
        return "its name is not flushed"
    if not sent:
        return "no answer left"
    return None if flushed[0] < sent[0] else "the answer left first"


@scenario
def a_guess_is_on_disk_before_its_answer_leaves():
    """strace shows the order; its twins are traces without a flush."""
    with World() as world:
        desk = start(world)
        desk.person("eve")
        log = world.path("trace")
        tracer = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "200", "-o", log, "-e",
             "trace=fsync,rename,write,sendto,sendmsg,writev", "-p",
             str(desk.agent.process.pid)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: os.path.exists(log), 10, "strace is there")
            begun = desk.begin()  # traced: begin writes nothing
            desk.share("eves", "eve", begun, "0000000000")
        finally:
            tracer.terminate()
            tracer.wait()
        lines = read(log).split("\n")
        expect(uncounted(lines) is None, f"{uncounted(lines)}: {lines[-40:]}")
        for part in ("owner/tries.new", "/owner>"):
            careless = [l for l in lines
                        if not ("fsync(" in l and part in l)]
            expect(uncounted(careless), f"blind to a missing flush of {part}")


@scenario
def killed_right_after_an_answer_the_device_has_counted_it():
    with World() as world:
        desk = start(world)
        desk.person("eve")
        for number in (1, 2):
            guess(desk)
            desk.agent.kill()
            expect(tries(desk.agent) == number, "it is counted")
            desk.agent.start().wait_for("starting version=", times=number + 1)


@scenario
def a_right_code_forgives_the_wrong_ones():
    with World() as world:
        desk = start(world)
        desk.person("eve")
        guess(desk)
        guess(desk)
        desk.claim(desk.person("ann"))
        expect(tries(desk.agent) == 0, "forgiven")


@scenario
def a_disk_that_refuses_gives_no_guess():
    with World() as world:
        desk = start(world)
        desk.person("eve")
        begun = desk.begin()
        shutil.rmtree(desk.agent.store + "/owner", ignore_errors=True)
        write(desk.agent.store + "/owner", "in the way")
        no = refused("BUSY", desk.share, "eves", "eve", begun, "0000000000")
        expect("confirm" not in (no.extra or {}), "and no answer to test")
        os.unlink(desk.agent.store + "/owner")
        refused("NO_CLAIM", desk.share, "eves", "eve", begun)
        desk.share("eves", "eve", desk.begin())


@scenario
def five_claims_at_once_are_one_too_many():
    with World() as world:
        desk = start(world)
        for _ in range(4):
            desk.begin()
        refused("BUSY", desk.begin)


# --- people ------------------------------------------------------------------

@scenario
def of_two_users_who_claim_at_once_one_gets_it():
    with World() as world:
        desk = start(world)
        ann, ben = desk.person("ann"), desk.person("ben")
        claims = {}
        for person in (ann, ben):
            begun = desk.begin()
            _, shared = desk.share(person, person, begun)
            expect(not desk.prove(person, begun, shared)["owned"], "not yet")
            claims[person] = begun
        for person in (ann, ben):
            text = desk.text("claim", owner=(person, [person]))
            if person == ann:
                desk.record(person, claims[person], text, person)
            else:
                refused("NOT_YOURS", desk.record, person, claims[person], text,
                        person)
        expect(desk.published(1)["owner"]["name"] == "ann", "Ann's")


@scenario
def records_that_do_not_follow_or_are_not_signed_change_nothing():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        text, channel = desk.claim(ann)

        def ask(code, record, *signers):
            no = refused(code, channel.ask, op="ownership",
                         record=desk.envelope(record, *signers))
            expect(code != "STALE" or (no.extra["epoch"] == 1 and
                   json.loads(decode(no.extra["record"]["record"])) ==
                   json.loads(text)), f"the current one comes: {no.extra}")
        owner = ("Ann", [ann])
        ask("STALE", desk.text("share", 1, text, owner), ann)
        ask("STALE", desk.text("share", 3, text, owner), ann)
        ask("STALE", desk.text("share", 2, text + " ", owner), ann)
        ask("STALE", desk.text("share", 2, None, owner), ann)
        ask("INVALID", desk.text("share", 2, text, owner, thing="acme:t:9"),
            ann)
        ask("INVALID", desk.text("share", 2, text, owner,
                                 hit=encode(bytes(16))), ann)
        ask("INVALID", desk.text("share", 2, text, owner, more=1), ann)
        ask("INVALID", desk.text("share", 2, text, owner))
        ask("NOT_YOURS", desk.text("share", 2, text, ("Eve", [eve])), eve)
        ask("NOT_YOURS", desk.text("claim", 2, text, ("Eve", [eve])), eve)
        ask("NOT_YOURS", desk.text("recover", 2, text, ("Eve", [eve])), eve)
        given = desk.text("transfer", 2, text, ("Eve", [eve]))
        ask("NOT_YOURS", given, ann)
        ask("NOT_YOURS", given, eve)
        # Signed by the right key, but other bytes.
        good = desk.envelope(desk.text("share", 2, text, owner), ann)
        other = desk.text("share", 2, text, ("Eve", [ann]))
        refused("NOT_YOURS", channel.ask, op="ownership", record={
            **good, "record": encode(other.encode())})
        expect(channel.ask(op="get")["epoch"] == 1, "nothing has changed")
        # The twin: what follows and is signed is taken.
        channel.ask(op="ownership", record=good)
        expect(channel.ask(op="get")["epoch"] == 2, "it is taken")


# --- power cuts --------------------------------------------------------------

def state_of(desk):
    """(epoch, owner's name or None) of the record on disk."""
    path = desk.agent.store + "/owner/record"
    if not os.path.exists(path):
        return 0, None
    record = json.loads(decode(json.loads(read(path))["record"]))
    return record["epoch"], (record["owner"] or {}).get("name")


@scenario
def a_power_cut_between_claim_and_record_leaves_nobodys_device():
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        begun = desk.begin()
        _, shared = desk.share("claim", ann, begun)
        desk.prove("claim", begun, shared)
        desk.agent.kill()
        desk.agent.start()
        refused("NO_CLAIM", desk.record, "claim", begun,
                desk.text("claim", owner=("Ann", [ann])), ann)
        desk.claim(ann)


def cut_at(desk, act, name, ordinal):
    """Kill the agent at its `ordinal`th call of this name, during `act`; did
    that happen?"""
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + name, "-e",
         f"inject={name}:signal=KILL:when={ordinal}", "-p",
         str(desk.agent.process.pid)], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        tracer.stderr.readline()  # "attached"
        act()
        try:
            desk.agent.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            return False
        desk.agent.process = None
        return True
    finally:
        tracer.terminate()
        tracer.wait()
        tracer.stderr.close()


def restarted(desk):
    """The agent was killed, or not; it runs, and has read what it keeps."""
    if desk.agent.process is None:
        desk.agent.start()
    desk.agent.wait_for("info owner state=",
                        times=desk.agent.words().count("starting ver"))


@scenario
def a_claim_that_the_power_cuts_short_happens_whole_or_can_be_made_again():
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        epoch, text, outcomes = 0, None, set()
        places = [("rename", 1), ("rename", 2), ("rename", 3), ("fsync", 5),
                  ("fsync", 6)]
        for name, ordinal in places:
            begun = desk.begin()
            _, shared = desk.share("claim", ann, begun)
            desk.prove("claim", begun, shared)
            mine = desk.text("claim", epoch + 1, text, ("Ann", [ann]))
            box = desk.compute(op="seal", channel="claim", value={
                "record": desk.envelope(mine, ann)})["box"]
            cut_at(desk, lambda: desk.send(
                {"action": "claim", "step": "record", "claim": begun["claim"],
                 "box": box}), name, ordinal)
            restarted(desk)
            found, owner = state_of(desk)
            outcomes.add(owner)
            if owner == "Ann":
                expect(found == epoch + 1, f"{name} #{ordinal}: {found}")
                begun = desk.begin()
                _, shared = desk.share("again", ann, begun)
                expect(desk.prove("again", begun, shared)["yours"], "hers")
                desk.renew("again", begun, ann)
                desk.open("later", ann, psk_of="again").ask(op="get")
                run(NAMEPLATE, "reset", "--yes", "-s", desk.agent.socket)
                envelope = json.loads(read(desk.agent.store + "/owner/record"))
                text = decode(envelope["record"]).decode()
                epoch = found + 1
            else:
                expect(found == epoch, f"{name} #{ordinal}: {found}")
        expect(outcomes == {None, "Ann"}, f"both were seen: {outcomes}")


@scenario
def a_release_that_the_power_cuts_short_happens_whole_or_not_at_all():
    """At sampled system calls: afterwards the device is Ann's with her secrets,
    or nobody's and wiped, and what was asked can be asked again."""
    with World() as world:
        desk = start(world)
        ann = desk.person("ann")
        before, text, cuts, outcomes = 0, None, 0, set()
        store = desk.agent.store + "/owner/"
        chance = random.Random(7)
        places = [(n, k) for n, most in (("rename", 3), ("fsync", 6),
                                         ("unlink", 3)) for k in
                  range(1, most + 1)]
        for name, ordinal in chance.sample(places, 6):
            if state_of(desk)[1] is None:
                text, _ = desk.claim(ann, name="claim", epoch=before + 1,
                                     previous=text)
                before += 1
            channel = desk.open("later", ann, psk_of="claim")
            free = desk.text("release", before + 1, text)
            box = channel.seal({"id": 1, "op": "ownership",
                                "record": desk.envelope(free, ann)})
            cuts += cut_at(desk, lambda: desk.send(
                {"action": "channel", "step": "box", "channel": channel.id,
                 "box": box}), name, ordinal)
            restarted(desk)
            epoch, owner = state_of(desk)
            outcomes.add(owner)
            at = f"{name} #{ordinal}"
            if owner is None:
                expect(epoch == before + 1, f"{at}: epoch {epoch}")
                wait_until(lambda: not os.path.exists(store + "wipe"), 10,
                           f"{at}: wiped")
                expect(not os.path.exists(store + "pairings"), f"{at}: left")
                before, text = before + 1, free
            else:
                expect(epoch == before, f"{at}: epoch {epoch}")
                desk.open("again", ann, psk_of="claim").ask(op="get")
        expect(cuts >= 3, f"only {cuts} cuts")
        expect(outcomes == {None, "Ann"}, f"both were seen: {outcomes}")


@scenario
def a_damaged_record_is_not_a_free_device():
    with World() as world:
        desk = start(world)
        ann, eve = desk.person("ann"), desk.person("eve")
        desk.claim(ann)
        desk.agent.stop()
        path = desk.agent.store + "/owner/record"
        with open(path, "r+", encoding="utf-8") as f:
            f.truncate(50)
        desk.agent.start()
        begun = desk.begin()
        _, shared = desk.share("eves", eve, begun)
        expect(desk.prove("eves", begun, shared)["owned"], "not free")
        refused("NOT_YOURS", desk.record, "eves", begun,
                desk.text("claim", owner=("Eve", [eve])), eve)
        done = run(NAMEPLATE, "owner", "-s", desk.agent.socket, status=1)
        expect("damaged" in done.stdout, done.stdout)
        run(NAMEPLATE, "reset", "--yes", "-s", desk.agent.socket)
        # The epoch grew on, so that the cloud takes it.
        expect(desk.published(2)["act"] == "reset", "reset")


if __name__ == "__main__":
    main(at_once=4)
