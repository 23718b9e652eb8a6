#!/usr/bin/env python3
"""A device whose factory gave it another key than ours does: P-384 or RSA-2048.
It connects, is claimed, opens channels and resets itself with that key; the
factory's CA signs the certificate by openssl, as a line with its own tools
would.
"""
import json
import os

from kit import expect, main, read, run, scenario, write
from owners import Refused, start
from world import NAMEPLATE, World, device, factory, thing


def identity(world, serial, *algorithm):
    """The settings of one whose key is such."""
    base = world.path(serial)
    batch = factory().batch()
    chain = read(device(serial) + "/device.crt")
    run("openssl", "req", "-new", "-nodes", "-newkey", *algorithm, "-subj",
        f"/O=Acme/OU=Thermo-1/CN={thing(serial)}/serialNumber={serial}",
        "-keyout", base + ".key", "-out", base + ".csr")
    write(base + ".ext", "basicConstraints=critical,CA:FALSE\n"
          "keyUsage=critical,digitalSignature\n"
          "extendedKeyUsage=clientAuth\n")
    run("openssl", "x509", "-req", "-in", base + ".csr", "-CA",
        f"{batch}/ca.crt", "-CAkey", f"{batch}/ca.key", "-days", "300",
        "-set_serial", "0x" + os.urandom(16).hex(), "-extfile", base + ".ext",
        "-out", base + ".crt")
    write(base + ".crt", read(base + ".crt") +
          chain[chain.index("-----BEGIN", chain.index("-----END")):])
    os.chmod(base + ".key", 0o600)
    return {"identity.certificate": base + ".crt",
            "identity.key": f"file:{base}.key"}


def a_whole_life(serial, size, *algorithm):
    with World() as world:
        settings = identity(world, serial, *algorithm)
        desk = start(world, serial, **settings)
        ann, eve = desk.person("ann"), desk.person("eve")
        # The key's tag is bound: with another one nothing is agreed.
        real, desk.hit = desk.hit, "IAEAIgAAAAAAAAAAAAAAAA"
        try:
            desk.prove("wrong", *proof_of(desk, "wrong", eve))
            expect(False, "another device's tag was taken")
        except Refused:
            pass
        desk.hit = real
        begun = desk.begin()
        _, shared = desk.share("claim", ann, begun)
        proof = desk.prove("claim", begun, shared)
        expect(len(proof["signature"]) == size, proof["signature"])
        text = desk.text("claim", owner=("Ann", [ann]))
        expect(desk.record("claim", begun, text, ann) ==
               {"ok": True, "epoch": 1}, "the record")
        expect(desk.published(1)["owner"]["name"] == "Ann", "published")
        channel = desk.open("later", ann, psk_of="claim")
        expect(channel.ask(op="get")["epoch"] == 1, "the channel")
        # Its own record is signed by that key, and read again after a restart.
        run(NAMEPLATE, "reset", "--yes", "-s", desk.agent.socket)
        expect(desk.published(2)["act"] == "reset", "reset")
        kept = json.loads(read(desk.agent.store + "/owner/record"))
        expect(len(kept["signatures"][0]["signature"]) == size, kept)
        desk.agent.stop()
        desk.agent.start()
        expect(desk.published(2)["act"] == "reset", "after a restart")


def proof_of(desk, name, person):
    begun = desk.begin()
    return begun, desk.share(name, person, begun)[1]


@scenario
def a_device_with_a_p384_factory_key_is_claimed_used_and_reset():
    a_whole_life("K384", 128, "ec", "-pkeyopt", "ec_paramgen_curve:P-384")


@scenario
def a_device_with_an_rsa_factory_key_is_claimed_used_and_reset():
    a_whole_life("KRSA", 342, "rsa:2048")


if __name__ == "__main__":
    main(at_once=2)
