#!/usr/bin/env python3
"""Revocation lists and pins on the agent's own connection: what the file says
is refused at the door, what it does not say is let in; and pins hold or let go.
The chains themselves are judged in the lab.
"""
import base64
import hashlib
import os
import subprocess

from authority import Authority
from believer import believed, believing, refused
from kit import main, run, scenario


def crl(authority, *revoked, days=7):
    """The authority's list, with these pairs on it."""
    folder = os.path.dirname(authority.base)
    base = ["openssl", "ca", "-config", os.path.join(folder, "ca.cnf"), "-cert",
            authority.crt, "-keyfile", authority.key, "-md", "sha256"]
    for pair in revoked:
        run(*base, "-revoke", pair.crt)
    path = authority.base + ".crl"
    run(*base, "-gencrl", "-crlsec", days * 86400, "-out", path)
    return path


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
