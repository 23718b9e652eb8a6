#!/usr/bin/env python3
"""Private settings and actions: users and applications see them, the cloud
reads only ciphertext.

One scenario listens to everything the broker carries, and reads the broker's
log, the agent's log and the device's other files, for one secret value.
"""
import json
import os

from kit import expect, main, read, scenario, wait_until, write
from owners import refused, start
from world import Application, World

TD = {
    "title": "Lock",
    "properties": {
        "pin": {"type": "string", "nameplate:private": True},
        "night": {"type": "boolean"}},
    "actions": {
        "unlock": {"nameplate:private": True},
        "ring": {}},
}
SECRET = "tulip-4711-wasp"


def lock(world, **settings):
    path = write(world.path("td.json"), json.dumps(TD))
    return start(world, **{"device.description": path, **settings})


class Program(Application):
    """An application that watches."""

    def __init__(self, agent):
        super().__init__(agent)
        self.send(op="watch", id="w")

    def wait(self, fits):
        while True:
            event = self.receive()
            expect(event is not None, "the agent is gone")
            if fits(event):
                return event


def has_bytes(path, secret):
    with open(path, "rb") as f:
        return secret.encode() in f.read()


@scenario
def a_wish_in_a_channel_reaches_the_application_and_its_report_comes_back():
    with World() as world:
        desk = lock(world)
        _, channel = desk.claim(desk.person("ann"))
        with Program(desk.agent) as program:
            channel.ask(op="set", state={"pin": "1"})
            event = program.wait(lambda e: e.get("state", {}).get("pin"))
            expect(event["private"] is True, str(event))
            program.send(op="report", state={"pin": "1", "night": True}, id=1)
            program.wait(lambda e: e.get("id") == 1 and e["stored"])
            event = desk.heard.payload("/sealed")
            expect(channel.unseal(event["box"])["value"] ==
                   {"ev": "private", "state": {"pin": "1"}}, str(event))
        state = channel.ask(op="get")["state"]
        expect(state == {"desired": {"pin": "1"}, "reported": {"pin": "1"}},
               str(state))
        # The shadow got the other half only.
        wait_until(lambda: (desk.cloud.shadow(desk.agent) or {}).get(
            "state", {}).get("reported") == {"night": True}, 10, "the shadow")
        refused("INVALID", channel.ask, op="set", state={"night": False})


@scenario
def wishes_for_private_settings_in_the_shadow_reach_nobody():
    """The twin: a wish for another setting, sent with it, arrives."""
    with World() as world:
        desk = lock(world)
        with Program(desk.agent) as program:
            desk.cloud.publish(
                f"$aws/things/{desk.agent.thing}/shadow/update",
                {"state": {"desired": {"pin": "evil", "night": True}}})
            event = program.wait(lambda e: "night" in e.get("state", {}))
            expect(event["state"] == {"night": True}, str(event))


@scenario
def actions_go_to_applications_and_private_ones_only_from_a_channel():
    with World() as world:
        desk = lock(world)
        _, channel = desk.claim(desk.person("ann"))
        refused("NO_APPLICATION", channel.ask, op="invoke", action="unlock")
        refused("NO_APPLICATION", desk.command, action="invoke", name="ring")
        refused("INVALID", channel.ask, op="invoke", action="fly")
        with Program(desk.agent) as program:
            refused("INVALID", desk.command, action="invoke", name="unlock")
            sent = desk.send({"action": "channel", "step": "box",
                              "channel": channel.id, "box": channel.seal(
                                  {"id": "u", "op": "invoke", "input": [5],
                                   "action": "unlock"})})
            call = program.wait(lambda e: e.get("ev") == "action")
            expect((call["action"], call["input"]) == ("unlock", [5]), call)
            program.send(op="done", call=call["call"], output={"open": True})
            answer = json.loads(desk.answer(sent)["result"]["answer"]["s"])
            expect(channel.unseal(answer["box"])["value"] ==
                   {"id": "u", "ok": True, "output": {"open": True}}, answer)
            sent = desk.send({"action": "invoke", "name": "ring"})
            call = program.wait(lambda e: e.get("ev") == "action")
            program.send(op="done", call=call["call"], error="no bell")
            answer = desk.answer(sent)
            expect(answer["status"] == "FAILED" and answer["statusReason"] ==
                   {"reasonCode": "ACTION_FAILED",
                    "reasonDescription": "no bell"}, str(answer))


@scenario
def an_action_that_nobody_answers_fails_after_ten_seconds():
    with World() as world:
        desk = lock(world)
        with Program(desk.agent):
            answer = desk.answer(desk.send({"action": "invoke",
                                            "name": "ring"}), 30)
        expect(answer["status"] == "FAILED" and
               answer["statusReason"]["reasonCode"] == "NO_RESPONSE", answer)


@scenario
def a_viewer_looks_and_changes_nothing():
    with World() as world:
        desk = lock(world)
        ann, cid = desk.person("ann"), desk.person("cid")
        text, _ = desk.claim(ann, members=[("cid", "viewer")])
        channel = desk.open("cid", cid)
        refused("NOT_YOURS", channel.ask, op="set", state={"pin": "1"})
        refused("NOT_YOURS", channel.ask, op="invoke", action="unlock")
        mine = desk.text("share", 2, text, ("Cid", [cid]))
        refused("NOT_YOURS", channel.ask, op="ownership",
                record=desk.envelope(mine, cid))
        free = desk.envelope(desk.text("release", 2, text), ann)
        refused("NOT_YOURS", channel.ask, op="ownership", record=free,
                new_code=True)
        expect(channel.ask(op="get")["state"]["desired"] == {}, "unchanged")


@scenario
def twin_an_operator_may_what_a_viewer_may_not():
    with World() as world:
        desk = lock(world)
        ben = desk.person("ben")
        desk.claim(desk.person("ann"), members=[("ben", "operator")])
        channel = desk.open("ben", ben)
        channel.ask(op="set", state={"pin": "1"})
        expect(channel.ask(op="get")["state"]["desired"] == {"pin": "1"}, "set")
        refused("NO_APPLICATION", channel.ask, op="invoke", action="unlock")


@scenario
def the_broker_and_every_log_see_only_ciphertext():
    with World() as world:
        desk = lock(world)
        cloud, agent = desk.cloud, desk.agent
        ann = desk.person("ann")
        with cloud.watch("#", "$aws/#", client="all") as heard:
            text, channel = desk.claim(ann)
            with Program(agent) as program:
                channel.ask(op="set", state={"pin": SECRET})
                program.wait(lambda e: e.get("state", {}).get("pin") == SECRET)
                program.send(op="report", state={"pin": SECRET, "night": True},
                             id=1)
                program.wait(lambda e: e.get("id") == 1)
            expect(channel.ask(op="get")["state"]["reported"] ==
                   {"pin": SECRET}, "it is there")
            heard.wait("/sealed")
            # The twin: what is not private is seen.
            heard.wait("shadow/update", fits=lambda p: "night" in str(p))
            said = str(heard.messages())
        expect(SECRET not in said, "the broker carried the secret")
        expect(desk.code not in said, "the broker carried the code")
        expect(SECRET not in cloud.words(), "the broker's log")
        expect(SECRET not in agent.words(), "the agent's log")
        kept = [os.path.join(where, name)
                for where, _, names in os.walk(agent.store) for name in names]
        expect([p for p in kept if has_bytes(p, SECRET)] ==
               [agent.store + "/owner/private"], "only its own file")
        expect(os.stat(agent.store + "/owner/private").st_mode & 0o77 == 0,
               "and that is nobody else's")
        # A release leaves nothing of it.
        channel.ask(op="ownership", record=desk.envelope(
            desk.text("release", 2, text), ann))
        expect(not [p for p in kept if os.path.exists(p) and
                    has_bytes(p, SECRET)], "it is wiped")
        expect(read(agent.store + "/owner/record"), "the record stays")


if __name__ == "__main__":
    main(at_once=4)
