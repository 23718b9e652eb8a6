#!/usr/bin/env python3
"""The agent resumes its TLS session, and believes nobody more because of it.

After a cut and after a restart the handshake is a short one, in which the
server sends no certificate; so what it sent before is judged again: a server
that was revoked or expired meanwhile gets nothing.  A kept session that was
changed, that is of another device or configuration, or too old, is not used;
a server that forgot it, or fails at it, gets a full handshake.
"""
import glob
import os
import re
import shutil
import ssl
import time

from authority import Authority, crl
from kit import expect, main, scenario, wait_until, write
from mock import MockCloud
from packets import Script
from relays import Relay, join
from world import RELEASE, World, device, factory, faketime_library

ONLINE = "info session online"


def handshakes(agent):
    return re.findall(r"up host=.* handshake=(\w+)", agent.words())


def kept(agent):
    return glob.glob(agent.store + "/session-*[!w]")  # none half written


def server_and_agent(world, newest=None, **options):
    root = Authority(world.folder)
    pair = root.leaf("far", **options.pop("leaf", {}))
    server = world.server(Script(), certificate=pair.crt, key=pair.key,
                          newest=newest)
    agent = world.agent(port=server.port, trust=root.crt, **options)
    agent.root, agent.pair, agent.server = root, pair, server
    return agent.wait_for(ONLINE)


def restart(agent):
    agent.stop()
    agent.start().wait_for(ONLINE, times=len(handshakes(agent)) + 1)


def log_after(agent, act):
    before = len(agent.words())
    act()
    return agent.words()[before:]


def configure(agent, **values):
    """More lines for the configuration, in sections of their own."""
    text = "".join(f"[{key.replace('__', ']' + chr(10))} = {value}\n"
                   for key, value in values.items())
    os.makedirs(agent.config + ".d", exist_ok=True)
    write(agent.config + ".d/more.ini", text)


@scenario
def a_cut_and_a_restart_are_followed_by_a_short_handshake():
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port).wait_for(ONLINE)
        restart(agent)
        restart(agent)
        expect(handshakes(agent) == ["full", "resumed", "resumed"],
               str(handshakes(agent)))
        sizes = [int(a) + int(b) for a, b in re.findall(
            r"handshake=\w+ in=(\d+) out=(\d+)", agent.words())]
        expect(sizes[1] < sizes[0] / 2, f"bytes of the handshakes: {sizes}")
        print(f"# bytes of a full handshake {sizes[0]}, resumed {sizes[1]}")
        for path in kept(agent) + [agent.store + "/session.key"]:
            expect(os.stat(path).st_mode & 0o777 == 0o600, path)
        # A broker that has forgotten: in full, and no connection is lost.
        agent.stop()
        broker.restart()
        agent.start().wait_for(ONLINE, times=4)
        expect(handshakes(agent)[3] == "full" and
               "offline why=" not in agent.words(), agent.words())


@scenario
def without_being_asked_to_it_resumes_nothing():
    """The twin."""
    with World() as world:
        agent = server_and_agent(world, settings={"cloud.resume": "no"})
        restart(agent)
        expect(handshakes(agent) == ["full", "full"] and not kept(agent) and
               not agent.server.visits[1].stream.session_reused,
               agent.words())


@scenario
def tls_1_2_resumes_too():
    with World() as world:
        agent = server_and_agent(world, newest=ssl.TLSVersion.TLSv1_2)
        restart(agent)
        expect(handshakes(agent) == ["full", "resumed"] and
               "tls=TLSv1.2" in agent.words(), agent.words())


@scenario
def a_power_cut_does_not_cost_the_session():
    """It is kept a second after the connection came up, not only at its end."""
    with World() as world:
        agent = server_and_agent(world)
        wait_until(lambda: kept(agent), 5, "the session is kept")
        agent.kill()
        agent.start().wait_for(ONLINE, times=2)
        expect(handshakes(agent) == ["full", "resumed"], agent.words())
        expect(agent.server.visits[1].stream.session_reused, "the server's word")


@scenario
def a_server_revoked_meanwhile_gets_nothing():
    with World() as world:
        agent = server_and_agent(world)
        restart(agent)  # the twin: nobody revoked it
        expect(handshakes(agent) == ["full", "resumed"], agent.words())
        agent.stop()
        expect(kept(agent), "there is a session to be tempted by")
        had = len(agent.server.received())
        configure(agent, revocation__crl=crl(agent.root, agent.pair))
        agent.start().wait_for('offline why=certificate detail="revoked')
        expect('a kept TLS session is not used reason="revoked' in
               agent.words(), agent.words())
        expect(len(agent.server.received()) == had and
               len(handshakes(agent)) == 2, "it was told something")


@scenario
def a_server_expired_meanwhile_gets_nothing():
    """The release build: sanitizers and libfaketime do not share a process."""
    def later(world, name, **shift):
        soon = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 3600))
        os.mkdir(world.path(name))
        clock = write(world.path(name + "/clock"), "+0")
        inner = World.__new__(World)
        inner.__dict__.update(world.__dict__, folder=world.path(name))
        agent = server_and_agent(
            inner, leaf={"end": soon if shift["expires"] else None},
            binary=RELEASE, environment={
                "LD_PRELOAD": faketime_library(), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_TIMESTAMP_FILE": clock, "DONT_FAKE_MONOTONIC": "1"})
        agent.stop()
        write(clock, f"+{shift['hours']}h")
        return agent.start()
    with World() as world:
        agent = later(world, "gone", expires=True, hours=1.5)
        agent.wait_for('offline why=certificate detail="expired')
        expect('a kept TLS session is not used reason="expired' in
               agent.words(), agent.words())
        # The twins: as late, but the certificate is good; and later than a day.
        good = later(world, "good", expires=False, hours=1.5)
        good.wait_for(ONLINE, times=2)
        expect(handshakes(good) == ["full", "resumed"], good.words())
        old = later(world, "old", expires=False, hours=25)
        old.wait_for(ONLINE, times=2)
        expect(handshakes(old) == ["full", "full"], old.words())


@scenario
def a_changed_or_foreign_session_is_not_used_and_said():
    def flip(agent):
        with open(kept(agent)[0], "r+b") as f:
            f.seek(-1, os.SEEK_END)
            byte = f.read(1)[0]
            f.seek(-1, os.SEEK_END)
            f.write(bytes([byte ^ 1]))

    def truncate(agent):
        os.truncate(kept(agent)[0], 10)

    def of_another_device(agent):
        write(agent.store + "/session.key", "x" * 32)

    def without_secret(agent):
        os.truncate(agent.store + "/session.key", 3)

    with World() as world:
        agent = server_and_agent(world)
        for harm in (flip, truncate, of_another_device, without_secret):
            agent.stop()
            harm(agent)
            words = log_after(agent, lambda: agent.start().wait_for(
                ONLINE, times=len(handshakes(agent)) + 1))
            expect("damaged or not ours" in words and "handshake=full" in words,
                   f"{harm.__name__}\n{words}")
            expect(harm is not without_secret or
                   "not a secret, a new one is made" in words, words)
        restart(agent)  # the twin: what is left alone is used
        expect(handshakes(agent)[-1] == "resumed", agent.words())


@scenario
def another_configuration_discards_it():
    with World() as world:
        agent = server_and_agent(world)
        more = write(world.path("more.pem"), open(agent.root.crt).read() +
                     open(device() + "/../../server/ca.crt").read())
        for key, value in (("cloud__trust", more), ("identity__certificate",
                                                    device("S2") +
                                                    "/device.crt")):
            agent.stop()
            if "identity" in key:
                write(agent.config + ".d/key.ini", "[identity]\nkey = file:" +
                      device("S2") + "/device.key\n")
            configure(agent, **{key: value})
            words = log_after(agent, lambda: agent.start().wait_for(
                ONLINE, times=len(handshakes(agent)) + 1))
            expect("of another configuration or version" in words and
                   "handshake=full" in words, words)
            restart(agent)
            expect(handshakes(agent)[-1] == "resumed", agent.words())


@scenario
def a_store_without_room_for_it_is_no_reason_to_stay_offline():
    with World() as world:
        agent = server_and_agent(world)
        agent.stop()
        os.unlink(agent.store + "/session.key")
        os.mkdir(agent.store + "/session.key")
        agent.start().wait_for("TLS sessions are not kept").wait_for(
            ONLINE, times=2)
        agent.stop()
        os.rmdir(agent.store + "/session.key")
        for path in kept(agent):
            os.unlink(path)
        agent.start().wait_for(ONLINE, times=3)
        wait_until(lambda: kept(agent), 5, "it is kept again")
        name = kept(agent)[0]
        agent.stop()
        os.unlink(name)
        os.makedirs(name + ".new")  # where the next one would be written
        agent.start().wait_for("the TLS session is not kept")
        agent.stop()
        shutil.rmtree(name + ".new")


@scenario
def the_cloud_still_looks_at_our_certificate():
    """Which a resumed handshake does not show again: OpenSSL has it in the
    ticket, and the mock cloud looks it up at CONNECT."""
    with World() as world:
        cloud = MockCloud(world.folder, vendor=factory()).start()
        world.endings.append(lambda: cloud.__exit__())
        agent = world.agent(port=cloud.port).wait_for(ONLINE)
        agent.stop()
        agent.start().wait_for(ONLINE, times=2)  # the twin: it is let in
        expect(handshakes(agent)[-1] == "resumed", agent.words())
        agent.stop()
        thing = cloud.told("thing", thing=agent.thing)["thing"]
        cloud.told("set-certificate-status", status="INACTIVE",
                   certificateId=thing["certificates"][0]["certificateId"])
        had = agent.words().count("offline why=")
        words = log_after(agent, lambda: agent.start().wait_for(
            "offline why=", times=had + 1))
        expect("handshake=resumed" in words and ONLINE not in words, words)


class Choosy(Relay):
    """Before a server: hangs up on whoever wants to resume."""

    refused = 0

    def serve(self, stream):
        hello = b""
        while len(hello) < 5 or len(hello) < 5 + int.from_bytes(hello[3:5]):
            hello += stream.recv(65536)
        if self.wants_to_resume(hello[5:]):
            self.refused += 1
            return
        with self.far() as far:
            far.sendall(hello)
            join(stream, far)

    @staticmethod
    def wants_to_resume(hello):
        """Is there an extension pre_shared_key (41)?"""
        at = 4 + 2 + 32
        at += 1 + hello[at]                                   # session id
        at += 2 + int.from_bytes(hello[at:at + 2])            # suites
        at += 1 + hello[at] + 2                               # compression
        while at < len(hello):
            kind, size = (int.from_bytes(hello[at + i:at + i + 2])
                          for i in (0, 2))
            if kind == 41:
                return True
            at += 4 + size
        return False


@scenario
def a_server_that_fails_at_its_own_session_gets_a_full_handshake():
    with World() as world:
        root = Authority(world.folder)
        pair = root.leaf("far")
        server = world.server(Script(), certificate=pair.crt, key=pair.key)
        choosy = Choosy(server.port)
        world.endings.append(choosy.close)
        agent = world.agent(port=choosy.port, trust=root.crt)
        agent.wait_for(ONLINE)
        restart(agent)
        expect(choosy.refused == 1 and handshakes(agent) == ["full", "full"],
               agent.words())
        expect("offline why=" not in agent.words(), "a try was lost")
        # It does not fall for it again and again.
        server.cut()
        agent.wait_for(ONLINE, times=3)
        expect(choosy.refused == 1, "it tried to resume again")


if __name__ == "__main__":
    main(at_once=3)
