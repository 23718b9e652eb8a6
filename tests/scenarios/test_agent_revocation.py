#!/usr/bin/env python3
"""Revocation lists and pins on the agent's own connection: what the file says
is refused at the door, what it does not say is let in; and pins hold or let go.
The chains themselves are judged in the lab.
"""
import base64
import hashlib
import os
import subprocess
import time

from authority import Authority, crl
from believer import believed, believing, refused
from kit import expect, main, run, scenario, wait_until
from web import Web, answer


def meet(world, pair, trust, **settings):
    server = world.server(certificate=pair.crt, key=pair.key)
    agent = world.agent(port=server.port, trust=trust, settings=settings)
    return server, agent


@scenario
def a_revoked_server_gets_nothing():
    with believing() as (world, root):
        bad, good = root.leaf("bad"), root.leaf("good")
        lists = crl(root, bad)
        refused(*meet(world, bad, root.crt, **{"revocation.crl": lists}),
                'certificate detail="revoked')
        believed(*meet(world, good, root.crt, **{"revocation.crl": lists}))
        # Without a list nobody knows: the twin.
        believed(*meet(world, bad, root.crt))


@scenario
def a_server_under_a_revoked_ca_gets_nothing():
    with believing() as (world, root):
        middle = Authority(world.folder, "middle", root)
        leaf = middle.leaf("below")
        believed(*meet(world, leaf, root.crt,
                       **{"revocation.crl": crl(root)}))
        refused(*meet(world, leaf, root.crt,
                      **{"revocation.crl": crl(root, middle)}),
                'certificate detail="revoked')


@scenario
def a_list_that_is_over_refuses_unless_there_is_grace():
    with believing() as (world, root):
        good = root.leaf("good")
        path = root.base + ".crl"
        run("openssl", "ca", "-config", os.path.join(world.folder, "ca.cnf"),
            "-cert", root.crt, "-keyfile", root.key, "-md", "sha256",
            "-gencrl", "-crl_lastupdate",
            "20260101000000Z", "-crl_nextupdate", "20260102000000Z", "-out", path)
        refused(*meet(world, good, root.crt, **{"revocation.crl": path}),
                'certificate detail="crl_stale')
        believed(*meet(world, good, root.crt, **{
            "revocation.crl": path, "revocation.grace_h": 8760 - 24}))


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def fetching(web, **more):
    return {"revocation.url": web.url("/ca.crl"), **more}


def kept(agent):
    path = os.path.join(agent.store, "crl")
    return contents(path) if os.path.exists(path) else b""


@scenario
def a_list_is_fetched_while_it_runs_and_counts_from_the_next_connection():
    with believing() as (world, root):
        pair = root.leaf("pair")
        lists = contents(crl(root, pair))
        with Web(answer(lists)) as web:
            server, agent = meet(world, pair, root.crt, **fetching(web))
            agent.wait_for("a fresh list")
            expect(kept(agent) == lists, "it is kept")
            server.cut()
            agent.wait_for('offline why=certificate detail="revoked')
            # After a restart it counts from the first connection.
            agent.stop()
            before = len(server.visits)
            agent.start().wait_for('detail="revoked', times=2)
            wait_until(lambda: len(server.visits) > before, 5, "a dial")
            expect(not any(v.received for v in server.visits[before:]),
                   "not a byte of MQTT")


@scenario
def the_list_of_a_ca_in_between_waits_until_that_ca_was_believed():
    with believing() as (world, root):
        middle = Authority(world.folder, "middle", root)
        lists = contents(crl(middle))
        leaf = middle.leaf("below")
        with Web(answer(lists)) as web:
            server, agent = meet(world, leaf, root.crt, **fetching(web))
            # Fetched before or after the handshake: in the end it is believed.
            believed(server, agent)
            wait_until(lambda: kept(agent) == lists, 30, agent.words())


@scenario
def a_list_that_somebody_on_the_way_made_up_changes_nothing():
    with believing() as (world, root):
        good = root.leaf("good")
        os.mkdir(world.path("other"))
        other = Authority(world.path("other"))
        # The other CA has our root's name, and "revokes" our server.
        forged = contents(crl(other, good))
        with Web(answer(forged)) as web:
            server, agent = meet(world, good, root.crt, **fetching(web))
            agent.wait_for("its CA did not sign the revocation list")
            server.cut()
            wait_until(lambda: len([v for v in server.visits if v.received]) > 1,
                       20, f"it is believed again\n{agent.words()}")
            expect(kept(agent) == b"", "nothing is kept")


@scenario
def an_older_list_does_not_bring_a_revoked_server_back():
    with believing() as (world, root):
        bad = root.leaf("bad")
        old = contents(crl(root))
        time.sleep(1.1)  # thisUpdate counts seconds
        new = contents(crl(root, bad))
        plays = [new, old]
        with Web(lambda c, v: answer(plays.pop(0) if plays else old)(c, v)) as web:
            server, agent = meet(world, bad, root.crt, **fetching(web))
            agent.wait_for("a fresh list")
            agent.stop()
            agent.start().wait_for("older than the one in use")
            agent.wait_for('detail="revoked')
            expect(kept(agent) == new, "the newer one is kept")


@scenario
def over_https_the_list_comes_from_a_server_of_the_downloads_trust():
    with believing() as (world, root):
        os.mkdir(world.path("files"))
        files = Authority(world.path("files"))
        pair, lists = root.leaf("pair"), contents(crl(root))
        with Web(answer(lists), files.leaf("web")) as web:
            _, agent = meet(world, pair, root.crt, **fetching(web))
            agent.wait_for("no fresh list why=certificate")
            expect(web.visits[0].request == b"", "not a byte of the request")
            _, agent = meet(world, pair, root.crt, **fetching(
                web, **{"downloads.trust": files.crt}))
            agent.wait_for("a fresh list")


def pin(pair):
    key = run("openssl", "x509", "-in", pair.crt, "-pubkey", "-noout").stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=key.encode(), capture_output=True, check=True)
    return "sha256//" + base64.b64encode(
        hashlib.sha256(der.stdout).digest()).decode()


@scenario
def a_pinned_key_must_stand_in_the_path():
    with believing() as (world, root):
        first, second = root.leaf("first"), root.leaf("second")
        backup = root.leaf("backup")
        pins = f"{pin(first)}, {pin(backup)}"
        believed(*meet(world, first, root.crt, **{"cloud.pins": pins}))
        refused(*meet(world, second, root.crt, **{"cloud.pins": pins}),
                'certificate detail="wrong_pin')
        believed(*meet(world, backup, root.crt, **{"cloud.pins": pins}))
        # A CA's key in the path is a pin too.
        believed(*meet(world, second, root.crt, **{
            "cloud.pins": f"{pin(root)} {pin(backup)}"}))


if __name__ == "__main__":
    main(at_once=2)
