#!/usr/bin/env python3
"""The broker's CA gets a new key: an EST server names the new root, and the old
one vouches for it.  The real agent goes on with a real broker under the new root
without a restart; an agent that was not told to does not; and a server that
names a root of its own gets no broker of its own believed.
"""
import os
import time

from authority import Authority
from enrolling import enrolling, status
from kit import expect, main, read, run, scenario, wait_until, write
from world import NAMEPLATE, factory

CREDULOUS = os.path.join(os.path.dirname(NAMEPLATE), "nameplate_credulous")
ONLINE = "info session online"


def root(world, folder):
    """Each is called the same: a CA that rolls its key over keeps its name."""
    os.mkdir(world.path(folder))
    return Authority(world.path(folder), "broker-ca")


def vouched(new, old):
    """NewWithOld of RFC 4210 section 4.4."""
    path = new.base + "-by-old"
    write(path + ".ext", "basicConstraints=critical,CA:TRUE\n"
                         "keyUsage=critical,keyCertSign,cRLSign\n")
    run("openssl", "req", "-new", "-key", new.key, "-subj", "/CN=broker-ca",
        "-out", path + ".csr")
    run("openssl", "x509", "-req", "-in", path + ".csr", "-CA", old.crt,
        "-CAkey", old.key, "-CAcreateserial", "-days", "3650", "-extfile",
        path + ".ext", "-out", path + ".crt")
    return path + ".crt"


def presents(broker, authority):
    """From its next start on: a certificate of that CA."""
    leaf = authority.leaf("broker")
    lines = [line for line in read(broker.config).split("\n")
             if not line.startswith(("certfile", "keyfile"))]
    write(broker.config, "\n".join(
        [*lines, f"certfile {leaf.crt}", f"keyfile {leaf.key}", ""]))
    return broker.restart()


def renewer(world, est, broker, old, renews="yes", **options):
    return world.agent(port=broker.port, trust=old.crt, settings={
        "enrolment.method": "est", "enrolment.url": est.url,
        "enrolment.trust": factory().server_ca, "telemetry.interval_s": 0,
        "enrolment.renew_trust": renews}, **options)


def online(agent):
    return agent.words().count(ONLINE)


def refusals(agent):
    """Connections that ended because the broker is not believed."""
    return agent.words().count("why=certificate")


def seen(agent):
    return online(agent), refusals(agent)


def stays_out(agent, before):
    """Refused since it was `seen`, and never online since."""
    wait_until(lambda: refusals(agent) > before[1], 60,
               "it refuses the broker\n" + agent.words()[-3000:])
    expect(online(agent) == before[0], agent.words()[-3000:])


def enrol(agent):
    """Ask the EST server now."""
    run(NAMEPLATE, "enrol", "-s", agent.socket, status=None)


@scenario
def a_broker_under_a_new_root_is_believed_without_a_restart_and_after_one():
    with enrolling() as (world, est, broker):
        old, new = root(world, "old"), root(world, "new")
        presents(broker, old)
        est.named += [new.crt, vouched(new, old), old.crt]
        agent = renewer(world, est, broker, old)
        twin = renewer(world, est, broker, old, renews="no", serial="S2")
        for one in (agent, twin):
            one.wait_for("in use generation=1", 60)
        agent.wait_for("info anchors added subject")
        kept = os.path.join(agent.store, "enrolment/anchors.pem")
        expect(os.stat(kept).st_mode & 0o777 == 0o600, "it is its own")
        said = status(agent)["anchors"]
        ends = [run("openssl", "x509", "-in", root.crt, "-noout", "-enddate",
                    "-dateopt", "iso_8601").stdout.strip()[9:-1]
                for root in (old, new)]
        expect(said["generation"] == 1 and said["added"] == 1 and
               said["subject"] == "CN=broker-ca" and
               time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(
                   said["both_until"])) == min(ends), f"{said} {ends}")
        words = run(NAMEPLATE, "status", "-s", agent.socket).stdout
        expect("1 configured roots of the broker and 1 added, generation 1 "
               "since 20" in words and
               "old and new (CN=broker-ca) are both good until " in words,
               words)
        expect("anchors" not in status(twin), "nothing was rolled over there")
        before, out = online(agent), seen(twin)
        presents(broker, new)
        agent.wait_for(ONLINE, 60, before + 1)
        stays_out(twin, out)
        expect(not os.path.exists(
            os.path.join(twin.store, "enrolment/anchors.pem")),
            "nothing is kept where nothing is asked for")

        before = online(agent)
        agent.stop()
        est.mood = "html"  # what was kept is enough
        agent.start().wait_for(ONLINE, 60, before + 1)
        agent.wait_for("the broker's anchors stay as they are")

        agent.stop()
        write(kept, read(kept)[:700])
        out = seen(agent)
        agent.start().wait_for("the added anchors are not used", 20)
        stays_out(agent, out)
        agent.stop()
        est.mood = None
        before = online(agent)
        os.remove(kept)
        os.mkdir(kept)  # nothing can be written there
        agent.start().wait_for("the added anchors are not kept")
        agent.wait_for(ONLINE, 60, before + 1)

        presents(broker, old)  # both are believed
        agent.wait_for(ONLINE, 60, before + 2)
        est.named = [est.authority.crt]
        enrol(agent)
        agent.wait_for("info anchors left subject")
        said = status(agent)["anchors"]
        expect(said["added"] == 0 and "both_until" not in said, str(said))
        out = seen(agent)
        presents(broker, new)
        stays_out(agent, out)


@scenario
def a_hostile_server_gets_no_broker_of_its_own_believed():
    with enrolling() as (world, est, broker):
        old, hostile = root(world, "old"), root(world, "hostile")
        presents(broker, hostile)
        est.named += [hostile.crt, old.crt]
        agent = renewer(world, est, broker, old)
        agent.wait_for("warning anchors not added subject=\"CN=broker-ca\"")
        stays_out(agent, (0, 0))
        credulous = renewer(world, est, broker, old, binary=CREDULOUS,
                            serial="S2")
        credulous.wait_for(ONLINE, 60)
        expect(online(agent) == 0, "only without the question it is let in")


main()
