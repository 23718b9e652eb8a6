#!/usr/bin/env python3
"""`factory check` names the rule that a certificate breaks.

Genuine certificates are spoiled one byte or field at a time; each must break
exactly the rules named beside it.  No rule goes without a certificate that
breaks it.
"""
import json
import os
import re

from der import Certificate, pem, unpem
from kit import FACTORY, TOP, expect, folder, main, read, run, scenario, write
from spoiled import AKI, CN, OU, a_client_and_server, cases, genuine


def check(path, *arguments, status=None):
    said = run(FACTORY, "check", path, "--json", *arguments, status=status)
    expect(said.returncode in (0, 65) and said.stdout, said)
    found = json.loads(said.stdout)["violations"]
    expect(said.returncode == (65 if found else 0), said)
    for violation in found:
        expect(violation["expected"] and violation["source"], violation)
    return [v["rule"] for v in found], found


def all_rules():
    source = read(os.path.join(TOP, "agent/identity/profile.c"))
    return set(re.findall(r'\{"([a-z0-9-]+)",\s*"', source))


@scenario
def what_the_factory_issues_breaks_no_rule():
    with folder() as tmp:
        factory, texts = genuine(tmp)
        for role, text in texts.items():
            path = write(os.path.join(tmp, role), text)
            expect(check(path) == ([], []), role)
        device = factory.folder + "/devices/acme:thermo-1:S1/device.crt"
        said = run(FACTORY, "check", device, factory.root, "--issuer", factory.root)
        expect(said.stdout == "4 certificates, 0 violations of the profile\n", said)
        longest = factory.device("y" * 64) + "/device.crt"
        expect(check(longest)[0] == [], "the longest serial number")


@scenario
def each_spoiled_certificate_breaks_exactly_the_rules_it_should():
    with folder() as tmp:
        _, texts = genuine(tmp)
        wrong = []
        for role, rules, spoil in cases:
            certificate = Certificate(unpem(texts[role])[0])
            spoil(certificate)
            path = write(os.path.join(tmp, "spoiled"), certificate.pem())
            found = set(check(path, "--role", role)[0])
            if role == "root":
                # It signs itself, so that changing it breaks its signature.
                expect("signature" in found, "the signature")
                found.discard("signature")
                found -= {"issuer-role", "issuer-name"}
            if found != rules:
                wrong.append(f"{spoil.__name__}: {found}, expected {rules}")
        expect(not wrong, "\n".join(wrong))


@scenario
def each_link_of_a_chain_is_checked():
    with folder() as tmp:
        factory, texts = genuine(tmp)
        factory.run("model", "--model", "Other", "--batch", "B1")
        other = unpem(read(factory.device("S1", "Other") + "/device.crt"))

        def chain(spoil, *above):
            certificate = Certificate(unpem(texts["device"])[0])
            spoil(certificate)
            path = write(os.path.join(tmp, "chain"), certificate.pem() +
                         "".join(above or [texts["batch"]]))
            return set(check(path)[0])

        def another_issuer(c):
            c.issuer[1][0][1][0][1][1][1] = b"Evil"

        def another_key_id(c):
            c.value(AKI)[1] = c.value(AKI)[1][:-1] + b"\0"

        def another_signature(c):
            c.signature[1] = c.signature[1][:-1] + bytes([c.signature[1][-1] ^ 1])

        def another_model(c):
            c.attribute(OU)[1] = b"Lock"
            c.attribute(CN)[1] = b"acme:lock:S1"

        def more_than_its_ca(c):
            a_client_and_server(c)

        def older_than_its_ca(c):
            c.validity[1][0][1] = b"200101000000Z"

        for spoil, rules in (
                (another_issuer, {"issuer-name", "signature"}),
                (another_key_id, {"issuer-key-id", "signature"}),
                (another_signature, {"signature"}),
                (another_model, {"issuer-constraints", "signature"}),
                (more_than_its_ca,
                 {"extended-key-usage", "issuer-purposes", "signature"}),
                (older_than_its_ca, {"issuer-validity", "signature"})):
            found = chain(spoil)
            expect(found == rules, f"{spoil.__name__}: {found}")
        everything = {"issuer-name", "issuer-key-id", "signature"}
        found = chain(lambda c: None, texts["vendor"])
        expect(found == everything | {"issuer-role"}, f"no batch: {found}")
        found = chain(lambda c: None, pem(other[1])) - {"issuer-validity"}
        expect(found == everything | {"issuer-constraints"}, f"other: {found}")
        expect(chain(lambda c: None) == set(), "twin: nothing spoiled")
        path = write(os.path.join(tmp, "vendor"), texts["vendor"])
        batch = write(os.path.join(tmp, "batch"), texts["batch"])
        found = set(check(path, "--issuer", batch)[0])
        expect("signature" in found and "issuer-role" in found, found)


@scenario
def no_rule_is_without_a_certificate_that_breaks_it():
    rules = all_rules()
    expect(len(rules) >= 30, f"{len(rules)} rules found in the source")
    broken = set().union(*(r for _, r, _ in cases)) | {
        "issuer-name", "issuer-role", "issuer-key-id", "signature",
        "issuer-constraints", "issuer-purposes", "issuer-validity"}
    expect(broken == rules, f"differ: {broken ^ rules}")


@scenario
def a_violation_is_told_in_words_with_its_source():
    with folder() as tmp:
        _, texts = genuine(tmp)
        certificate = Certificate(unpem(texts["device"])[0])
        certificate.remove(AKI)
        path = write(os.path.join(tmp, "leaf"), certificate.pem() + texts["batch"])
        said = run(FACTORY, "check", path, status=65).stdout
        expect(said.startswith(f"{path}: certificate 1 (device): authority-key-id:"
                               " expected a key identifier") and
               "[RFC 5280 4.2.1.1; profile: SKI/AKI]" in said, said)
        expect(said.endswith("2 certificates, 2 violations of the profile\n"), said)


@scenario
def truncated_or_garbled_certificates_are_refused_without_harm():
    with folder() as tmp:
        _, texts = genuine(tmp)
        good = unpem(texts["batch"])[0]
        step = max(1, len(good) // 60)
        for i in range(0, len(good), step):
            path = write(os.path.join(tmp, "cut"), pem(good[:i]) if i else pem(b"0"))
            expect(check(path)[0] == ["encoding"], f"cut at {i}")
            garbled = good[:i] + bytes([good[i] ^ 0x85]) + good[i + 1:]
            path = write(os.path.join(tmp, "garbled"), pem(garbled))
            check(path)  # any verdict; no crash, no sanitizer
        # Lengths that BER allows and DER does not: indefinite, too long.
        for head in (b"\x30\x80", b"\x30\x84\0\0" + len(good).to_bytes(2, "big")):
            path = write(os.path.join(tmp, "ber"), pem(head + good[4:]))
            expect(check(path)[0] == ["encoding"], head)


@scenario
def a_file_that_holds_no_certificate_is_named():
    with folder() as tmp:
        _, texts = genuine(tmp)
        good = write(os.path.join(tmp, "good"), texts["device"])
        none = write(os.path.join(tmp, "none"), "nothing")
        bad = write(os.path.join(tmp, "bad"),
                    texts["device"].replace("\nMI", "\n!!", 1))
        for arguments, status, words in (
                ([none], 65, "no PEM certificate"), ([bad], 65, "damaged PEM"),
                ([tmp + "/absent", good], 66, "absent is not there"),
                ([good, "--role", "king"], 65, "expected root, vendor"),
                ([good, "--issuer", none], 65, "not a certificate"),
                ([], 64, "an argument is missing")):
            said = run(FACTORY, "check", *arguments, status=status).stderr
            expect(words in said, said)


if __name__ == "__main__":
    main()
