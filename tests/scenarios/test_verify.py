#!/usr/bin/env python3
"""`nameplate verify --purpose device` says how much is proved, and why not.

The good certificates are the factory's own.  The bad ones are made here, byte
by byte, with the factory's keys where a dishonest vendor would have them.  Each
refusal stands beside an acceptance that differs in one thing.
"""
import contextlib
import json
import os
import resource
import time

import minter
from kit import BIN, Factory, expect, folder, main, read, run, scenario, write
from minter import Key, certificate, constraints, directory, name, pem

NAMEPLATE = os.path.join(BIN, "nameplate")
LEVELS = ["none", "encrypted", "pinned", "vendor", "vendor+model",
          "exact-device", "owner"]
ACME = {"O": "Acme", "OU": "Thermo-1", "CN": "acme:thermo-1:SN-1", "SN": "SN-1"}


class Place:
    """A factory of Acme with one device, and room for forgeries."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.factory = Factory(tmp)
        self.device = self.factory.device("SN-1") + "/device.crt"
        self.root = self.factory.root
        self.vendor = self.path("factory/vendor.crt")

    def path(self, base):
        return os.path.join(self.tmp, base)

    def file(self, base, *ders):
        return write(self.path(base), "".join(map(pem, ders)))


@contextlib.contextmanager
def place():
    with folder() as tmp:
        yield Place(tmp)


def verify(trust, chain, *arguments, status=0, purpose="device", **options):
    """What it answers, as a dictionary."""
    done = run(NAMEPLATE, "verify", "--purpose", purpose, "--trust", trust,
               *arguments, "--json", chain, status=status, **options)
    answer = json.loads(done.stdout)
    expect(answer["accepted"] == (status == 0), done.stdout)
    return answer


def accepted(trust, chain, level, *arguments):
    answer = verify(trust, chain, *arguments)
    expect(answer["level"] == level and answer["reason"] == "ok", answer)


def refused(trust, chain, reason, *arguments):
    answer = verify(trust, chain, *arguments, status=1)
    expect(answer["reason"] == reason and answer["detail"], answer)
    return answer


def ca(*more, limit=None):
    return [minter.basic(True, limit),
            minter.usage(minter.SIGN_CERTIFICATES | minter.SIGN_LISTS), *more]


def leaf(*more):
    return [minter.basic(False), minter.usage(minter.SIGN), *more]


# --- how much ----------------------------------------------------------------

@scenario
def what_is_asked_of_a_device_decides_what_is_proved():
    with place() as p:
        accepted(p.vendor, p.device, "vendor+model")
        accepted(p.root, p.device, "vendor+model")
        accepted(p.vendor, p.device, "vendor+model", "--model", "Thermo-1")
        accepted(p.vendor, p.device, "exact device", "--serial", "SN-1")
        accepted(p.vendor, p.device, "exact device", "--serial", "SN-1",
                 "--model", "Thermo-1")
        refused(p.vendor, p.device, "wrong_serial", "--serial", "SN-2")
        refused(p.vendor, p.device, "wrong_serial", "--serial", "sn-1")
        refused(p.vendor, p.device, "wrong_model", "--model", "Thermo-2")
        refused(p.vendor, p.device, "wrong_model", "--model", "Thermo-2",
                "--serial", "SN-1")


@scenario
def each_least_level_is_held_against_the_level_reached():
    with place() as p:
        for arguments, reached in [((), "vendor+model"),
                                   (("--serial", "SN-1"), "exact-device")]:
            for least in LEVELS:
                enough = LEVELS.index(least) <= LEVELS.index(reached)
                question = (*arguments, "--min-level", least)
                if enough:
                    accepted(p.vendor, p.device, reached.replace("-", " "),
                             *question)
                else:
                    refused(p.vendor, p.device, "low_level", *question)
        accepted(p.vendor, p.device, "exact device", "--serial", "SN-1",
                 "--min-level", "exact device")


@scenario
def a_ca_for_every_model_proves_the_vendor_alone():
    with place() as p:
        keys = [Key(p.tmp, "own"), Key(p.tmp, "device")]
        own = certificate(keys[0], name(O="Acme"), extensions=ca())
        device = certificate(keys[1], name(**ACME), keys[0], name(O="Acme"),
                             leaf())
        trust, chain = p.file("own.pem", own), p.file("chain.pem", device)
        accepted(trust, chain, "vendor")
        refused(trust, chain, "low_level", "--min-level", "vendor+model")
        accepted(trust, chain, "vendor+model", "--model", "Thermo-1",
                 "--min-level", "vendor+model")


@scenario
def words_for_people_say_the_same_and_end_with_the_same_status():
    with place() as p:
        question = [NAMEPLATE, "verify", "--purpose", "device", "--trust",
                    p.vendor]
        done = run(*question, p.device)
        expect(done.stdout == "accepted: vendor+model is proved\n", done.stdout)
        done = run(*question, "--serial", "SN-2", p.device, status=1)
        expect(done.stdout.startswith("refused: wrong_serial: certificate \"O=A"),
               done.stdout)
        expect("it is another device of this model" in done.stdout, done.stdout)


# --- whose -------------------------------------------------------------------

@scenario
def a_vendors_ca_does_not_speak_for_another_vendors_devices():
    """Acme signs a device of Globex: with the key of its Vendor CA, which has
    name constraints, and with one that has none."""
    globex = {"O": "Globex", "OU": "Thermo-1", "CN": "globex:thermo-1:SN-1",
              "SN": "SN-1"}
    with place() as p:
        device = Key(p.tmp, "device")
        own = Key(p.tmp, "own")
        free = p.file("free.pem", certificate(own, name(O="Acme"),
                                              extensions=ca()))
        held = p.file("held.pem", certificate(own, name(O="Acme"), extensions=ca(
            constraints([directory(O="Acme")]))))
        for subject, of_free, of_held in [
                (ACME, None, None),
                (globex, "wrong_vendor", "name_constraints"),
                # Its own name, in the thing name alone of another.
                ({**ACME, "CN": globex["CN"]}, "not_a_nameplate",
                 "not_a_nameplate"),
                ({**globex, "CN": ACME["CN"]}, "not_a_nameplate",
                 "name_constraints"),
                # "acme" has the same thing names, and is somebody else.
                ({**ACME, "O": "acme"}, "wrong_vendor", "wrong_vendor")]:
            chain = p.file("chain.pem", certificate(
                device, name(**subject), own, name(O="Acme"), leaf()))
            for trust, reason in [(free, of_free), (held, of_held)]:
                if reason:
                    refused(trust, chain, reason)
                else:
                    accepted(trust, chain, "vendor")


@scenario
def below_a_root_of_several_vendors_each_is_held_to_its_name():
    with place() as p:
        program, vendor, device = (Key(p.tmp, k) for k in "pvd")
        root = p.file("program.pem", certificate(
            program, name(O="Program"), extensions=ca()))
        for held, by in [(constraints([directory(O="Acme")]), None),
                         (None, "wrong_vendor"),
                         (constraints((), [minter.dns("")]), "wrong_vendor")]:
            chain = p.file(
                "chain.pem",
                certificate(device, name(**ACME), vendor, name(O="Acme"),
                            leaf()),
                certificate(vendor, name(O="Acme"), program, name(O="Program"),
                            ca(*([held] if held else []))))
            if by:
                refused(root, chain, by, "--program")
            else:
                accepted(root, chain, "vendor", "--program")
            # A root of that name is Acme's no more than any other.
            refused(root, chain, "wrong_vendor")


@scenario
def a_trust_file_may_hold_several_vendors():
    with place() as p:
        os.mkdir(p.path("elsewhere"))
        other = Factory(p.path("elsewhere"), vendor="Globex", model="Door")
        door = other.device("SN-1") + "/device.crt"
        both = write(p.path("both.pem"),
                     "# Acme\n" + read(p.vendor) + "\nand Globex\n"
                     + read(other.root))
        for chain in (p.device, door):
            accepted(both, chain, "exact device", "--serial", "SN-1")
        refused(p.vendor, door, "unknown_issuer")
        refused(other.root, p.device, "unknown_issuer")


@scenario
def a_server_is_no_device():
    with place() as p:
        server = p.factory.server() + "/server.crt"
        refused(p.path("factory/server/ca.crt"), server, "wrong_purpose")


# --- revocation --------------------------------------------------------------

@scenario
def a_revoked_device_is_refused_by_the_factorys_own_list():
    with place() as p:
        sister = p.factory.device("SN-2") + "/device.crt"
        p.factory.run("revoke", "--model", "Thermo-1", "--serial", "SN-1",
                      "--reason", "keyCompromise")
        p.factory.run("crl", "--days", "30")
        crl = p.path("factory/revoked.crl")
        refused(p.vendor, p.device, "revoked", "--crl", crl)
        accepted(p.vendor, sister, "vendor+model", "--crl", crl)
        accepted(p.vendor, p.device, "vendor+model")  # not asked for
        # One list as DER is as good.
        batch = p.factory.batch() + "/ca.crl"
        run("openssl", "crl", "-in", batch, "-outform", "DER", "-out",
            p.path("batch.crl"))
        refused(p.vendor, p.device, "revoked", "--crl", p.path("batch.crl"))


@scenario
def a_list_that_is_over_is_refused_after_its_grace_and_revokes_for_ever():
    with place() as p:
        sister = p.factory.device("SN-2") + "/device.crt"
        p.factory.run("revoke", "--model", "Thermo-1", "--serial", "SN-1",
                      "--reason", "superseded")
        p.factory.run("crl", "--days", "1")
        crl = ["--crl", p.path("factory/revoked.crl")]
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                              time.gmtime(time.time() + 2 * 86400))
        accepted(p.vendor, sister, "vendor+model", *crl)
        refused(p.vendor, sister, "crl_stale", *crl, "--time", later)
        refused(p.vendor, sister, "crl_stale", *crl, "--time", later,
                "--crl-grace", "23")
        accepted(p.vendor, sister, "vendor+model", *crl, "--time", later,
                 "--crl-grace", "25")
        # The list of its own CA: that of the CA above is over as well, and
        # would be blamed before.
        refused(p.vendor, p.device, "revoked", "--crl",
                p.factory.batch() + "/ca.crl", "--time", later)


@scenario
def a_list_that_another_key_signed_in_the_cas_name_is_refused():
    with place() as p:
        os.mkdir(p.path("twin"))
        twin = Factory(p.path("twin"))  # the same names, other keys
        twin.device("SN-1")
        twin.run("crl")
        refused(p.vendor, p.device, "crl_bad", "--crl",
                p.path("twin/factory/revoked.crl"))


# --- time --------------------------------------------------------------------

@scenario
def a_certificate_is_judged_at_the_time_that_is_given():
    with place() as p:
        keys = [Key(p.tmp, "own"), Key(p.tmp, "device")]
        trust = p.file("own.pem", certificate(keys[0], name(O="Acme"),
                                              extensions=ca()))
        chain = p.file("chain.pem", certificate(
            keys[1], name(**ACME), keys[0], name(O="Acme"), leaf(),
            begin="20250101000000Z", end="20251231235959Z"))
        for moment, reason in [
                ("2024-12-31T23:59:59Z", "not_yet_valid"),
                ("2025-01-01T00:00:00Z", None),
                ("2025-06-01T12:00:00+02:00", None),
                ("2025-12-31T23:59:59Z", None),
                ("2026-01-01T00:00:00Z", "expired")]:
            if reason:
                refused(trust, chain, reason, "--time", moment)
            else:
                accepted(trust, chain, "vendor", "--time", moment)


@scenario
def a_certificate_without_an_end_is_good_until_9999():
    with place() as p:
        for moment in ("2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z",
                       "9999-12-31T23:59:59Z"):
            accepted(p.vendor, p.device, "vendor+model", "--time", moment)


# --- pins --------------------------------------------------------------------

@scenario
def one_of_the_pinned_keys_must_stand_in_the_path():
    with place() as p:
        def pin(path):
            return run("sh", "-c", f"openssl x509 -in '{path}' -noout -pubkey |"
                       " openssl pkey -pubin -outform DER | openssl dgst"
                       " -sha256 -binary | openssl base64").stdout.strip()

        stranger = "sha256//" + 43 * "A" + "="
        for pinned in (p.device, p.factory.batch() + "/ca.crt", p.vendor):
            accepted(p.vendor, p.device, "vendor+model", "--pins",
                     f"sha256//{pin(pinned)} {stranger}")
        refused(p.vendor, p.device, "wrong_pin", "--pins",
                f"sha256//{pin(p.root)},{stranger}")  # above the anchor
        run(NAMEPLATE, "verify", "--purpose", "device", "--trust", p.vendor,
            "--pins", f"sha256//{pin(p.device)}", p.device, status=65)
        # With both among the anchors the nearer one ends the first way, and
        # the pinned key stands in the second.
        for order in ([p.vendor, p.root], [p.root, p.vendor]):
            both = write(p.path("both.pem"), "".join(map(read, order)))
            accepted(both, p.device, "vendor+model", "--pins",
                     f"sha256//{pin(p.root)} {stranger}")
            refused(both, p.device, "wrong_pin", "--pins",
                    f"{stranger} sha256//{43 * 'B'}=")


# --- input that is none ------------------------------------------------------

@scenario
def what_cannot_be_read_is_told_from_what_is_refused():
    """65, or 66 when it is not there; each says what is wrong, and nothing on
    standard output looks like a verdict."""
    with place() as p:
        text = read(p.device)
        run("openssl", "x509", "-in", p.device, "-outform", "DER", "-out",
            p.path("der"))
        with open(p.path("nul"), "wb") as f:
            f.write(text.encode().replace(b"-----END", b"\0-----END", 1))
        cases = [
            ("none", None, 66, "No such file"),
            ("none/below", None, 66, "No such file"),
            ("factory", None, 65, "Is a directory"),
            ("empty", "", 65, "no PEM certificate"),
            ("garbage", "\x07garbage" * 99, 65, "no PEM certificate"),
            ("key", read(p.factory.folder + "/vendor.key"), 65,
             "no PEM certificate"),
            ("big", text + " " * 2_000_000, 65, "larger than 1 MiB"),
            ("cut", text[:len(text) // 2], 65, "damaged"),
            ("letters", text.replace("MII", "M*I", 1), 65, "damaged"),
            ("inside", pem(b"\x30\x03\x02\x01\x00"), 65, "damaged"),
            ("behind", pem(minter.encode([48, []]) + b"x"), 65, "damaged"),
            ("der", None, 65, "no text (PEM)"),
            ("nul", None, 65, "no text (PEM)"),
        ]
        for base, content, status, words in cases:
            path = p.path(base)
            if content is not None:
                write(path, content)
            for trust, chain in [(p.vendor, path), (path, p.device)]:
                done = run(NAMEPLATE, "verify", "--purpose", "device",
                           "--trust", trust, chain, status=status)
                expect(words in done.stderr and done.stdout == "",
                       f"{base}: {done.stdout}{done.stderr}")


@scenario
def lists_that_cannot_be_read_are_told_from_lists_that_refuse():
    with place() as p:
        p.factory.run("crl")
        lists = read(p.path("factory/revoked.crl"))
        for base, content, status in [
                ("none", None, 66), ("factory", None, 65), ("empty", "", 65),
                ("certificate", read(p.device), 65),
                ("cut", lists[:-40], 65), ("good", lists, 0)]:
            if content is not None:
                write(p.path(base), content)
            run(NAMEPLATE, "verify", "--purpose", "device", "--trust", p.vendor,
                "--crl", p.path(base), p.device, status=status)


@scenario
def a_certificate_that_is_one_outside_alone_is_refused_not_unreadable():
    with place() as p:
        hollow = minter.encode([48, [[48, []], [48, []], [3, b"\0"]]])
        refused(p.vendor, p.file("hollow", hollow), "malformed")


@scenario
def a_wrong_command_line_ends_with_64():
    with place() as p:
        good = ["--purpose", "device", "--trust", p.vendor, p.device]
        for arguments in [
                good[2:], good[:2] + good[4:], good[:4],
                ["--purpose", "friend", *good[2:]],
                [*good, "--min-level", "much"], [*good, "--time", "yesterday"],
                [*good, "--name", "localhost"], [*good, "--crl-grace", "1.5"],
                [*good, "--crl-grace", "9999999"], [*good, "second.pem"],
                ["--purpose", "server", *good[2:]],
                ["--purpose", "server", "--name", "x", "--serial", "S",
                 *good[2:]],
                ["--purpose", "server", "--name", "x", "--program",
                 *good[2:]],
                [*good, "--frobnicate"]]:
            done = run(NAMEPLATE, "verify", *arguments, status=64)
            expect(done.stdout == "" and "verify" in done.stderr, done.stderr)
        run(NAMEPLATE, "verify", *good)


# --- how fast ----------------------------------------------------------------

@scenario
def what_a_verdict_costs_is_counted():
    """A hundred chains a second is what a factory's gate needs.  Told, and not
    judged: the machine is shared, and sanitizers cost ten times as much."""
    release = os.path.join(os.path.dirname(os.path.dirname(BIN)),
                           "release/bin/nameplate")
    program = release if os.path.exists(release) else NAMEPLATE
    count = 40
    with place() as p:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        for _ in range(count):
            run(program, "verify", "--purpose", "device", "--trust", p.vendor,
                "--serial", "SN-1", p.device)
        seconds = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print(f"# {count / seconds:.0f} chains a second, one process each;"
          f" {1000 * cpu / count:.1f} ms of processor time each, so"
          f" {count / cpu:.0f} a second on a core of its own"
          f" ({'release' if program == release else 'sanitizers'})", flush=True)


@scenario
def a_tag_names_the_key_and_needs_no_ca():
    with place() as p:
        other = p.factory.device("SN-2") + "/device.crt"
        tags = [json.loads(run(NAMEPLATE, "identity", "-c", write(
            p.path("agent.ini"), "[cloud]\nendpoint = a\ntrust = t\n[identity]\n"
            f"certificate = {c}\nkey = file:{os.path.dirname(c)}/device.key\n"),
            "--json").stdout)["hit"] for c in (p.device, other)]
        expect(tags[0] != tags[1], str(tags))
        # Alone, and beside a trust file.
        for tag, status, reason in ((tags[0], 0, "ok"), (tags[1], 1, "wrong_hit")):
            done = run(NAMEPLATE, "verify", "--hit", tag, "--json", p.device,
                       status=status)
            answer = json.loads(done.stdout)
            expect(answer["reason"] == reason and answer["level"] == (
                "pinned" if status == 0 else "none"), str(answer))
            answer = verify(p.vendor, p.device, "--hit", tag, status=status)
            expect(answer["reason"] == reason, str(answer))
        accepted(p.vendor, p.device, "vendor+model", "--hit", tags[0].upper())
        # A tag is no way around the trust that was asked for.
        p.factory.server()
        expect(verify(p.factory.server_ca, p.device, "--hit", tags[0], status=1)
               ["reason"] == "unknown_issuer", "trust counts")
        for bad in ("2001:db8::1", "nonsense", "2001:20"):
            run(NAMEPLATE, "verify", "--hit", bad, p.device, status=64)
        run(NAMEPLATE, "verify", "--hit", tags[0], p.path("none"), status=66)


@scenario
def a_signature_is_asked_for_with_all_its_parts():
    with place() as p:
        job = write(p.path("job"), "job")
        for arguments in (["--signature", job, job],
                          ["--signature", job, "--key", job, job],
                          ["--signature", job, "--key", job, "--alg", "rs1", job],
                          ["--key", job, "--purpose", "server", "--name", "a",
                           "--trust", job, job]):
            run(NAMEPLATE, "verify", *arguments, status=64)
        key = p.path("signer.key")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", key)
        run("openssl", "pkey", "-in", key, "-pubout", "-out", key + ".pub")
        run("openssl", "dgst", "-sha256", "-sign", key, "-out", key + ".sig", job)
        how = ["--key", key + ".pub", "--alg", "es256-der", "--json"]
        for path, valid in ((job, True), (p.device, False)):
            done = run(NAMEPLATE, "verify", "--signature", key + ".sig", *how, path,
                       status=0 if valid else 1)
            expect(json.loads(done.stdout) == {
                "ok": True, "valid": valid, "algorithm": "es256-der"}, done.stdout)


if __name__ == "__main__":
    main()
