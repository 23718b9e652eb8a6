#!/usr/bin/env python3
"""Settings travel both ways, through a cloud that is faithful and one that is
not.

First the mock cloud, the real plugin in a real Mosquitto: a device it never
saw registers itself, is set, reports, leaves and comes back.  Then a cloud
played by hand that sends what no cloud should.
"""
import json
import time

from kit import expect, main, run, scenario, wait_until
from mock import MockCloud
from packets import Script, publish
from world import Application, World, factory

ONLINE = "info session online"


class Mock(MockCloud):
    """The mock cloud in this world, with its view of one thing."""

    def __init__(self, world):
        super().__init__(world.folder, vendor=factory())
        self.start()
        world.endings.append(lambda: self.__exit__())

    def desire(self, agent, state):
        run("mosquitto_pub", *self.privileged("page"), "-q", "1", "-t",
            f"$aws/things/{agent.thing}/shadow/update", "-m",
            json.dumps({"state": {"desired": state}}))

    def reported(self, agent):
        shadow = self.ask("shadow", thing=agent.thing).get("shadow", {})
        return shadow.get("state", {}).get("reported", {})

    def presence(self, agent):
        return self.told("thing", thing=agent.thing)["thing"]["presence"]

    def certificate(self, agent, status):
        thing = self.told("thing", thing=agent.thing)["thing"]
        self.told("set-certificate-status", status=status,
                  certificateId=thing["certificates"][0]["certificateId"])


class Watcher(Application):
    """An application that watches its settings."""

    def __init__(self, agent):
        super().__init__(agent)
        self.seen = []  # every (version, state) so far
        self.send(op="watch", id="w")

    def wait(self, fits, seconds=10):
        """Until a state comes that fits; gives it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            event = self.receive()
            expect(event is not None, f"no such state among {self.seen}")
            if event.get("ev") == "desired":
                self.seen.append((event["version"], event["state"]))
                if fits(event["state"]):
                    return event["state"]
        expect(False, f"no such state among {self.seen}")


def report(agent, state):
    with Application(agent) as application:
        application.send(op="report", state=state, id=1)
        answer = application.receive()
        expect(answer.get("stored"), str(answer))


# --- the mock cloud ----------------------------------------------------------

@scenario
def a_device_the_cloud_never_saw_registers_itself_and_comes_online():
    """As at AWS IoT, the connection that registers it is dropped."""
    with World() as world:
        cloud = Mock(world)
        agent = world.agent(port=cloud.port, serial="NEW").wait_for(ONLINE)
        thing = cloud.told("thing", thing=agent.thing)["thing"]
        expect((thing["vendor"], thing["model"], thing["serial"]) ==
               ("Acme", "Thermo-1", "NEW"), str(thing))
        expect(thing["presence"]["connected"], str(thing))
        agent.wait_for("mqtt=5")  # the drop did not cost it that


@scenario
def a_setting_is_met_applied_and_reported_also_after_days_offline():
    with World() as world:
        cloud = Mock(world)
        agent = world.agent(port=cloud.port).wait_for(ONLINE)
        report(agent, {"target": 20})
        wait_until(lambda: cloud.reported(agent) == {"target": 20}, 10, "20")
        with Watcher(agent) as watcher:
            cloud.desire(agent, {"target": 22})
            watcher.wait(lambda state: state == {"target": 22})
            report(agent, {"target": 22})
            watcher.wait(lambda state: state == {})
        wait_until(lambda: cloud.reported(agent) == {"target": 22}, 10, "22")
        agent.stop()
        cloud.desire(agent, {"target": 23})
        agent.start()
        with Watcher(agent) as watcher:
            watcher.wait(lambda state: state == {"target": 23})


@scenario
def a_report_made_offline_arrives_after_kill_9():
    with World() as world:
        cloud = Mock(world)
        agent = world.agent(port=cloud.port).wait_for(ONLINE)
        cloud.stop()
        agent.wait_for("offline why=")
        report(agent, {"night": True})
        report(agent, {"target": 17})
        agent.kill()
        cloud.start()
        agent.start()
        wait_until(lambda: cloud.reported(agent) ==
                   {"night": True, "target": 17}, 20, "both reports")


@scenario
def the_cloud_sees_how_it_left():
    with World() as world:
        cloud = Mock(world)
        agent = world.agent(port=cloud.port).wait_for(ONLINE)
        agent.stop()
        wait_until(lambda: not cloud.presence(agent)["connected"], 5, "gone")
        expect(cloud.presence(agent)["disconnectReason"] ==
               "CLIENT_INITIATED_DISCONNECT", str(cloud.presence(agent)))
        agent.start().wait_for(ONLINE, times=2)
        wait_until(lambda: cloud.presence(agent)["connected"], 5, "back")
        agent.kill()
        wait_until(lambda: not cloud.presence(agent)["connected"], 5, "killed")
        expect(cloud.presence(agent)["disconnectReason"] == "CONNECTION_LOST",
               str(cloud.presence(agent)))


@scenario
def a_certificate_revoked_in_the_registry_ends_the_session_for_good():
    """Its twin is the kick, after which the device comes back."""
    with World() as world:
        cloud = Mock(world)
        agent = world.agent(port=cloud.port).wait_for(ONLINE)
        cloud.told("kick", thing=agent.thing)
        agent.wait_for(ONLINE, times=2)
        cloud.certificate(agent, "REVOKED")
        agent.wait_for("offline why=", times=2)
        agent.wait_for("offline why=policy")
        expect(agent.words().count(ONLINE) == 2, agent.words())
        cloud.certificate(agent, "ACTIVE")
        agent.wait_for(ONLINE, 60, times=3)


# --- a cloud that sends nonsense ---------------------------------------------

NOT_SHADOWS = [
    b"", b"\0", b"no JSON", b"{", b"null", b"5", b'"x"', b"[]", b"{}",
    b"\xff\xfe{}", b'{"version":3}', b'{"state":{"bad":1}}',
    b'{"state":[1],"version":9}', b'{"state":"bad","version":9}',
    b'{"state":{"bad":1},"version":"9"}', b'{"state":{"bad":1},"version":-1}',
    b'{"state":{"bad":1},"version":1e99}', b'{"state":{"bad":1},"version":1.5}',
    b'{"state":{"bad":1},"version":9', b'{"state":{"bad":1},"version":null}',
    b"[" * 100000, b'{"state":' * 5000, b"x" * 130000,
]


def shadow_cloud(thing, hostile, delta):
    """A cloud that answers the agent's get with a shadow at version 2, sends
    each hostile message on every topic before and after it, then a delta."""
    prefix = f"$aws/things/{thing}/shadow/"

    def throw(visit):
        for tail in ("get/accepted", "get/rejected", "update/accepted",
                     "update/rejected", "update/delta", "update/documents"):
            for message in hostile:
                visit.send(publish(5, prefix + tail, message))

    def heed(visit, _number, topic, payload):
        if topic == prefix + "get":
            throw(visit)
            visit.send(publish(5, prefix + "get/accepted", json.dumps({
                "state": {"desired": {"led": "off"}, "delta": {"led": "off"}},
                "version": 2, "timestamp": 1,
                "clientToken": json.loads(payload)["clientToken"]}).encode()))
            throw(visit)
            visit.send(publish(5, prefix + "update/delta",
                               json.dumps(delta).encode()))
            stale = {"state": {"bad": "stale"}, "version": 2}
            visit.send(publish(5, prefix + "update/delta",
                               json.dumps(stale).encode()))
        return False
    return Script(heed=heed)


GOOD = {"state": {"led": "on"}, "version": 3, "timestamp": 2}


@scenario
def malformed_shadow_messages_change_nothing_and_the_next_good_one_counts():
    with World() as world:
        play = shadow_cloud("acme:thermo-1:S1", NOT_SHADOWS, GOOD)
        agent = world.agent(port=world.server(play).port).wait_for(ONLINE)
        with Watcher(agent) as watcher:
            watcher.wait(lambda state: state == {"led": "on"})
            # What follows is heard, too: nothing of it was on its way.
            report(agent, {"done": True})
            wait_until(lambda: any(b"done" in p for _, p in play.published), 10,
                       "the report goes out")
            seen = [state for _, state in watcher.seen]
        expect("bad" not in str(seen), str(seen))
        agent.wait_for("ignored what is no shadow message")
        expect(agent.process.poll() is None, agent.words())
        expect(len(play.connects) == 1, "it hung up on the cloud")


@scenario
def twin_the_same_message_well_formed_and_newer_is_seen():
    with World() as world:
        play = shadow_cloud("acme:thermo-1:S1", NOT_SHADOWS,
                            {"state": {"bad": 1}, "version": 3})
        agent = world.agent(port=world.server(play).port)
        with Watcher(agent) as watcher:
            watcher.wait(lambda state: state == {"bad": 1})


if __name__ == "__main__":
    main(at_once=4)
