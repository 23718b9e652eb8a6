#!/usr/bin/env python3
"""Our verdicts about servers agree with OpenSSL's, or the reason is known.

200 chains, made at random from a fixed seed: a root, one or two CAs and a
leaf, each with something wrong now and then.  `openssl verify -x509_strict
-purpose sslserver -verify_hostname` judges each of them as well.  Where the two
disagree, one of the differences that docs/trust.md lists must be in the chain;
anything else fails.
"""
import collections
import json
import os
import random
import subprocess

import minter
from kit import BIN, expect, folder, main, run, scenario, write
from minter import Key, certificate, name, pem

CHAINS = 200
HOST = "x.a.test"
NOW = 1800000000
NOW_TEXT = "2027-01-15T08:00:00Z"
OVER, AHEAD = "20261231235959Z", "20280101000000Z"

# What differs on purpose, in either direction; see docs/trust.md.
DIFFERENCES = {
    "stricter: the leaf must name serverAuth": lambda c:
        c.leaf["purpose"] is None,
    "stricter: a CA is no server": lambda c: c.leaf["is_ca"],
    "stricter: the leaf must be allowed to sign": lambda c:
        c.leaf["usage"] == 0x20,
    "stricter: no name without subjectAltName": lambda c: not c.leaf["names"],
    "stricter: a wildcard reaches into what is excluded": lambda c:
        any("*" in n for n in c.leaf["names"]) and
        any(ca["excluded"] for ca in c.cas),
    "stricter: a domain with a dot behind it is malformed": lambda c:
        any(b.endswith(".") for ca in c.cas
            for b in ca["permitted"] + ca["excluded"]),
    "laxer: any purpose is enough for a CA": lambda c:
        any(ca["purpose"] == minter.ANY for ca in c.cas),
}


def seldom(dice, usual, *others):
    return dice.choice(others) if dice.random() < 0.07 else usual


class Chain:
    """What it says, drawn by lot: `cas` from the root down, and `leaf`."""

    def __init__(self, dice):
        self.cas = [self.ca(dice, depth) for depth in range(dice.choice([2, 3]))]
        self.leaf = {
            "is_ca": seldom(dice, False, True),
            "usage": seldom(dice, minter.SIGN, 0x20,
                            minter.SIGN_CERTIFICATES),
            "purpose": seldom(dice, minter.SERVER, None, minter.CLIENT,
                              minter.ANY),
            "names": seldom(dice, [HOST], ["*.a.test"], ["y.a.test"],
                            ["*.test"], [], ["X.A.TEST"], [HOST, "b.test"]),
            "dates": seldom(dice, {}, {"end": OVER}, {"begin": AHEAD}),
            "unknown": seldom(dice, None, False, True),
        }
        self.forged = seldom(dice, False, True)

    @staticmethod
    def ca(dice, depth):
        return {
            "is_ca": seldom(dice, True, True, False),
            "limit": seldom(dice, None, 0, 1, 2),
            "usage": seldom(dice, 6, 6, minter.SIGN_LISTS),
            "purpose": seldom(dice, None, minter.SERVER, minter.CLIENT,
                              minter.ANY),
            "permitted": seldom(dice, [], ["a.test"], ["b.test"], [".a.test"],
                                ["x.a.test"], [""]),
            "excluded": seldom(dice, [], ["b.test"], ["x.a.test"], ["a.test"],
                               ["y.x.a.test"], ["a.test."]),
            "dates": seldom(dice, {}, {"end": OVER} if depth else {},
                            {"begin": AHEAD}),
            "unknown": seldom(dice, None, False, True),
            "self_issued": depth > 1 and dice.random() < 0.1,
        }

    def __str__(self):
        return json.dumps([*self.cas, self.leaf, self.forged])


def unknown(part):
    return [] if part["unknown"] is None else [minter.extension(
        "1.3.6.1.4.1.32473.9", [minter.OCTETS, b"x"], part["unknown"])]


def extensions_of_ca(ca):
    extensions = [minter.basic(ca["is_ca"], ca["limit"] if ca["is_ca"] else None),
                  minter.usage(ca["usage"]), *unknown(ca)]
    if ca["purpose"]:
        extensions.append(minter.purposes(ca["purpose"]))
    if ca["permitted"] or ca["excluded"]:
        extensions.append(minter.constraints(
            [minter.dns(b) for b in ca["permitted"]],
            [minter.dns(b) for b in ca["excluded"]]))
    return extensions


def extensions_of_leaf(leaf):
    extensions = [minter.basic(leaf["is_ca"]), minter.usage(leaf["usage"]),
                  *unknown(leaf)]
    if leaf["purpose"]:
        extensions.append(minter.purposes(leaf["purpose"]))
    if leaf["names"]:
        extensions.append(minter.names(*leaf["names"]))
    return extensions


def make(chain, keys, base):
    """Write root.pem, above.pem, leaf.pem and chain.pem behind `base`."""
    ders, key, issuer = [], None, None
    for depth, ca in enumerate(chain.cas):
        subject = issuer if ca["self_issued"] else name(CN=f"CA {depth}")
        ders.append(certificate(keys[depth], subject, key, issuer,
                                extensions_of_ca(ca), **ca["dates"]))
        key, issuer = keys[depth], subject
    if chain.forged:
        key = keys[-1]
    leaf = certificate(keys[-2], name(CN=HOST), key, issuer,
                       extensions_of_leaf(chain.leaf), **chain.leaf["dates"])
    above = "".join(map(pem, reversed(ders[1:])))
    write(base + "root.pem", pem(ders[0]))
    write(base + "above.pem", above)
    write(base + "leaf.pem", pem(leaf))
    write(base + "chain.pem", pem(leaf) + above)


def of_openssl(base):
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver",
         "-verify_hostname", HOST, "-attime", str(NOW), "-no-CApath",
         "-no-CAstore", "-CAfile", base + "root.pem", "-untrusted",
         base + "above.pem", base + "leaf.pem"],
        capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def of_ours(base):
    done = run(os.path.join(BIN, "nameplate"), "verify", "--purpose", "server",
               "--name", HOST, "--time", NOW_TEXT, "--json", "--trust",
               base + "root.pem", base + "chain.pem", status=None)
    answer = json.loads(done.stdout)
    expect(done.returncode == (0 if answer["accepted"] else 1), done.stdout)
    return answer["accepted"], answer["reason"]


@scenario
def two_hundred_random_chains_are_judged_as_openssl_judges_them():
    dice = random.Random(9525)
    both = collections.Counter()
    known = collections.Counter()
    with folder() as tmp:
        keys = [Key(tmp, f"key{i}") for i in range(5)]
        base = os.path.join(tmp, "")
        for number in range(CHAINS):
            chain = Chain(dice)
            make(chain, keys, base)
            (theirs, words), (ours, reason) = of_openssl(base), of_ours(base)
            if theirs == ours:
                both[ours] += 1
                continue
            direction = "laxer" if ours else "stricter"
            why = [d for d, applies in DIFFERENCES.items()
                   if d.startswith(direction) and applies(chain)]
            expect(why, f"chain {number}: OpenSSL says {words}, we say {reason}:"
                   f" {chain}")
            known[why[0]] += 1
    print(f"# both accept {both[True]}, both refuse {both[False]}", flush=True)
    for what, count in known.items():
        print(f"# {count}: {what}", flush=True)
    # The dice give both verdicts, and chains where they differ: an agreement
    # that nothing could disturb would say nothing.
    expect(both[True] > 20 and both[False] > 20 and known, (both, known))


if __name__ == "__main__":
    main()
