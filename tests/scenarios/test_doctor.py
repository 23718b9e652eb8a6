#!/usr/bin/env python3
"""`nameplate doctor` finds what is wrong before anybody calls for help: each
fault is planted, and must be named with its own words and exit status; a
healthy device must pass.
"""
import json
import os
import shutil
import socket
import time

from authority import Authority
from enrolling import enrolled, enroller, enrolling
from est_server import stamp
from kit import expect, free_port, main, read, run, scenario, write
from world import (NAMEPLATE, RELEASE, Broker, World, device, factory,
                   faketime_library)


def doctor(agent, status, *arguments, binary=NAMEPLATE, **environment):
    return run(binary, "doctor", "-c", agent.config, *arguments, status=status,
               env=dict(os.environ, **environment))


def patient(world, port, **options):
    """An agent's home, without the agent; its store is there."""
    agent = world.agent(start=False, port=port, **options)
    os.makedirs(agent.store, mode=0o700, exist_ok=True)
    return agent


def found(agent, status, check, *words, **options):
    """Exactly this check is not well, and says so in these words."""
    done = json.loads(doctor(agent, status, "--json", **options).stdout)
    ill = [c for c in done["checks"] if c["result"] != "ok"]
    expect([c["check"] for c in ill] == [check], str(done))
    for word in words:
        expect(word in ill[0]["detail"], str(ill))


@scenario
def a_healthy_device_passes_every_check():
    with World() as world:
        broker = world.broker()
        agent = patient(world, broker.port)
        done = json.loads(doctor(agent, 0, "--json").stdout)
        expect(done["result"] == "ok", str(done))
        expect([c["check"] for c in done["checks"]] ==
               ["config", "identity", "key", "trust", "clock", "store",
                "broker"], str(done))
        words = doctor(agent, 0).stdout
        expect(words.count("ok ") == 7, words)
        expect("CONNECT" not in broker.words(), broker.words())


@scenario
def it_may_look_while_the_agent_runs():
    with World() as world:
        agent = world.agent(port=world.broker().port)
        agent.wait_for("info session online")
        doctor(agent, 0)
        expect(agent.words().count("info session online") == 1, agent.words())


@scenario
def what_is_wrong_is_named_where_it_is():
    with World() as world:
        port = world.broker().port
        other = device("OTHER") + "/device.key"
        nothing = world.path("nothing.pem")
        readable = shutil.copy(device() + "/device.key", world.path("open.key"))
        os.chmod(readable, 0o644)
        garbage = write(world.path("garbage.pem"), "nonsense\n")
        for check, settings in (
                ("config", {"cloud.keep_alive": 60}),
                ("config", {"cloud.trust": nothing}),
                ("identity", {"identity.certificate": garbage}),
                ("key", {"identity.key": "file:" + other}),
                ("key", {"identity.key": "file:" + readable}),
                ("trust", {"cloud.trust": garbage}),
                ("trust", {"revocation.crl": garbage})):
            found(patient(world, port, settings=settings), 2, check)


@scenario
def a_broker_that_is_not_there_or_not_believed_says_why():
    with World() as world:
        port = world.broker().port
        root = Authority(world.folder)
        found(patient(world, free_port()), 2, "broker", "tcp:")
        found(patient(world, port, host="nowhere.invalid"), 2, "broker", "dns:")
        found(patient(world, port, trust=root.crt), 2, "broker",
              "certificate: unknown_issuer")
        found(patient(world, port, host="127.0.0.2"), 2, "broker", "tcp:")
        stranger = root.leaf("client", purpose="clientAuth")
        server = world.server(certificate=stranger.crt, key=stranger.key)
        found(patient(world, server.port, trust=root.crt), 2, "broker",
              "certificate: wrong_purpose")
        expect(server.received() == b"", str(server.received()))


@scenario
def a_broker_that_does_not_believe_this_device_is_heard():
    """With TLS 1.3 it says so after the handshake, when we think all is well."""
    with World() as world:
        root = Authority(world.folder)
        good = root.leaf("good")
        server = world.server(certificate=good.crt, key=good.key,
                              cafile=root.crt)
        found(patient(world, server.port, trust=root.crt), 2, "broker",
              "refused: the server refuses us")


@scenario
def a_server_that_stalls_does_not_stall_the_doctor():
    with World() as world, socket.create_server(("127.0.0.1", 0)) as silent:
        found(patient(world, silent.getsockname()[1],
                      settings={"cloud.connect_timeout_s": 1}), 2, "broker",
              "tls: the server stalls")


@scenario
def warnings_are_no_failures():
    with World() as world:
        port = world.broker().port
        agent = patient(world, port)
        shutil.rmtree(agent.store)
        found(agent, 1, "store", "writable")
        found(patient(world, port), 1, "clock", "set it", binary=RELEASE,
              LD_PRELOAD=faketime_library(), FAKETIME="@1970-01-01 00:00:30",
              DONT_FAKE_MONOTONIC="1")


# --- the operational identity ------------------------------------------------------

DAY = 86400


def operational(agent, status=0):
    """What is said of it: its result and its words."""
    done = json.loads(doctor(agent, status, "--json").stdout)
    said, = [c for c in done["checks"] if c["check"] == "operational"]
    return said["result"], said["detail"]


def dated(agent, est, begins, ends):
    """The same key's certificate with other dates, in days from now."""
    place = agent.store + "/enrolment/g1"
    csr, now = place + "/csr", time.time()
    run("openssl", "req", "-new", "-key", place + "/key.pem", "-subj",
        f"/O=Acme/OU=Thermo-1/CN={agent.thing}/serialNumber=S1", "-out", csr)
    ext = write(place + "/ext", "extendedKeyUsage=clientAuth\n")
    run("openssl", "ca", "-batch", "-notext", "-preserveDN", "-md", "sha256",
        "-config", os.path.dirname(est.authority.base) + "/ca.cnf", "-cert",
        est.authority.crt, "-keyfile", est.authority.key, "-in", csr,
        "-extfile", ext, "-startdate", stamp(now + begins * DAY), "-enddate",
        stamp(now + ends * DAY), "-out", place + "/certificate.pem")
    os.remove(csr)
    os.remove(ext)


@scenario
def the_operational_identity_is_looked_at_beside_an_agent_that_runs():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker, start=False)
        os.makedirs(agent.store, mode=0o700)
        expect(operational(agent) == ("ok", "there is none yet; the agent shows "
               "the factory's certificate"), "none yet")
        expect(not os.path.exists(agent.store + "/enrolment"), "it made one")
        agent.start()
        enrolled(agent, est)
        # What an enrolment is about to finish is none of the doctor's business.
        os.mkdir(agent.store + "/enrolment/g7")
        result, words = operational(agent)
        expect(result == "ok" and words.startswith("generation 1, from 2") and
               "CN=ops; its key fits" in words, words)
        expect(os.path.exists(agent.store + "/enrolment/g7"), "it tidied up")
        # The broker is tried with what the agent shows.
        agent.stop()
        os.mkdir(world.path("strict"))
        with Broker(world.path("strict"), factory(),
                    cafile=est.authority.crt) as strict:
            write(agent.config, read(agent.config).replace(
                f"localhost:{broker.port}", f"localhost:{strict.port}"))
            doctor(agent, 0)
            shutil.rmtree(agent.store + "/enrolment")
            found(agent, 2, "broker", "refused")


@scenario
def an_operational_identity_that_is_no_good_is_a_warning_that_says_why():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        agent.stop()
        place = agent.store + "/enrolment/"
        dated(agent, est, -60, 30)  # its renewal has begun: no news
        expect(operational(agent)[0] == "ok", "two thirds of its life")
        for begins, ends, words in ((-80, 10, "late"), (-90, -1, "ended on")):
            dated(agent, est, begins, ends)
            found(agent, 1, "operational", "generation 1", words)
        dated(agent, est, 1, 90)  # the agent shows it, and the broker refuses
        result, words = operational(agent, 2)
        expect(result == "warning" and "begins on" in words, words)
        dated(agent, est, -1, 89)
        os.rename(place + "g1/key.pem", place + "kept")
        shutil.copy(device("OTHER") + "/device.key", place + "g1/key.pem")
        found(agent, 1, "operational", "cannot be used", "key")
        os.remove(place + "g1/key.pem")
        found(agent, 1, "operational", "cannot be used")
        os.rename(place + "kept", place + "g1/key.pem")
        expect(operational(agent)[0] == "ok", "the twin")
        write(place + "current", "{}")
        found(agent, 1, "operational", "current cannot be read")


if __name__ == "__main__":
    main(at_once=2)
