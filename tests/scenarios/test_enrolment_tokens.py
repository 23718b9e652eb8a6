#!/usr/bin/env python3
"""Old keys in a token: each rotation makes one there, and none stays that
nobody goes back to.  They are destroyed after the new one is committed, later
when the token is away, and never the factory's.
"""
import os
import re

from enrolling import current, enrolled, enrolling, reaches
from kit import expect, main, run, scenario, wait_until, write
from tokens import SoftToken, SoftTpm
from world import NAMEPLATE, device, factory


def rotating(world, est, broker, key, **options):
    settings = {"enrolment.method": "est", "enrolment.url": est.url,
                "enrolment.trust": factory().server_ca,
                "telemetry.interval_s": 0, "enrolment.key": key,
                **options.pop("settings", {})}
    return world.agent(port=broker.port, settings=settings, **options)


def rotate(agent, est, first, last):
    for number in range(first, last + 1):
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, number)


def holds(token, *names):
    wait_until(lambda: token.keys() == {"Private": sorted(names),
                                        "Public": sorted(names)}, 20,
               f"{names} alone are there: {token.keys()}")


def factory_in(token, name):
    """The device's own key lies in the token, under this name."""
    key = os.path.join(token.folder, "..", "device.8")
    run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in",
        device() + "/device.key", "-out", key)
    token.load(name, key)
    return {"identity.key": token.uri(name)}


@scenario
def after_three_rotations_a_token_holds_the_last_two_keys_and_the_factorys():
    with enrolling() as (world, est, broker):
        token = SoftToken(world.folder)
        agent = rotating(world, est, broker, token.uri("op"),
                         environment=token.environment,
                         settings=factory_in(token, "dev"))
        enrolled(agent, est)
        holds(token, "dev", "op-1")
        rotate(agent, est, 2, 4)
        holds(token, "dev", "op-3", "op-4")
        expect(agent.words().count("an old key is destroyed") == 2, "told")
        agent.stop()
        agent.start()
        enrolled(agent, est, 4)
        holds(token, "dev", "op-3", "op-4")
        expect(sorted(n for n in os.listdir(agent.store + "/enrolment")
                      if n.startswith("g")) == ["g3", "g4"], "no folder stays")


@scenario
def what_the_broker_did_not_take_leaves_no_key_in_the_token():
    with enrolling() as (world, est, broker):
        token = SoftToken(world.folder)
        agent = rotating(world, est, broker, token.uri("op"),
                         environment=token.environment)
        enrolled(agent, est)
        for mood, number in (("another key", 2), ("expired", 3)):
            est.mood = mood
            run(NAMEPLATE, "enrol", "-s", agent.socket, status=1)
            agent.wait_for(f"an old key is destroyed generation={number}")
        holds(token, "op-1")


@scenario
def after_three_rotations_a_tpm_holds_the_last_two_keys():
    with enrolling() as (world, est, broker):
        with SoftTpm(world.folder) as tpm:
            agent = rotating(world, est, broker, tpm.uri(0x81010010))
            enrolled(agent, est)
            rotate(agent, est, 2, 4)
            wait_until(lambda: re.findall(r"0x\w+", tpm.tool(
                "tpm2_getcap", "handles-persistent").stdout) ==
                ["0x81010013", "0x81010014"], 20, agent.words()[-3000:])
            agent.stop()


@scenario
def a_key_that_could_not_be_destroyed_goes_after_the_next_rotation():
    """Power fails between the new one's commit and the old one's end, and the
    token is away at the next start."""
    with enrolling() as (world, est, broker):
        token = SoftToken(world.folder)
        agent = rotating(world, est, broker, token.uri("op"),
                         environment=token.environment)
        enrolled(agent, est)
        rotate(agent, est, 2, 2)
        agent.stop()
        folder = agent.store + "/enrolment/"
        os.mkdir(folder + "g9")
        os.mkdir(folder + "g8")  # nothing says that its key is ours
        mark = token.uri("op-9").split("?")[0]
        write(folder + "g9/token", mark)
        for name in ("op-8", "op-9"):
            token.generate(name)
        token.unplug()
        agent.start().wait_for("an old key is not destroyed; it is tried again")
        expect(os.path.exists(folder + "g9/token"), "it is remembered")
        token.plug_in()
        reaches(agent, 60, state="enrolled")
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, 3)
        expect(current(agent) == 10, str(os.listdir(folder)))
        holds(token, "op-8", "op-10", "op-2")


@scenario
def the_factorys_key_stays_whatever_it_is_called():
    """It is called as the first generation's would be; and even a disk that
    says that the agent made it moves nobody to destroy it."""
    with enrolling() as (world, est, broker):
        token = SoftToken(world.folder)
        agent = rotating(world, est, broker, token.uri("dev"),
                         environment=token.environment,
                         settings=factory_in(token, "dev-1"))
        said = reaches(agent, state="failed", last_error="key")
        expect("already" in said["last_error_detail"], str(said))
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est)
        holds(token, "dev-1", "dev-2")
        agent.stop()
        folder = agent.store + "/enrolment/g1"
        os.makedirs(folder)
        write(folder + "/token", token.uri("dev-1").split("?")[0])
        agent.start().wait_for("a key stays in its token, and is left to you")
        wait_until(lambda: not os.path.exists(folder), 10, "for good")
        holds(token, "dev-1", "dev-2")


if __name__ == "__main__":
    main(at_once=3)
