#!/usr/bin/env python3
"""A device's credential is judged where it lies, by the factory's own rules.

`nameplate identity check` must say of every spoiled certificate what `factory
check` says; with a configuration it also looks at the key, the way up the chain
and who may touch the files.
"""
import contextlib
import json
import os
import shutil

from der import Certificate, unpem
from kit import FACTORY, Factory, expect, folder, main, read, run, scenario, write
from spoiled import AKI, cases, genuine
from stage import NAMEPLATE


def check(*arguments, status=None):
    said = run(NAMEPLATE, "identity", "check", *arguments, "--json", status=status)
    result = json.loads(said.stdout)
    found = result["violations"]
    expect(said.returncode == (1 if found else 0), said)
    expect(result["ok"] == (not found), result)
    for violation in found:
        expect(violation["expected"] and violation["source"], violation)
    return [v["rule"] for v in found], found


class Device:
    """A credential and the configuration that names it."""

    def __init__(self, tmp, factory=None):
        self.tmp = tmp
        self.factory = factory or Factory(tmp)
        self.folder = self.factory.device("S1")
        self.crt, self.key = self.folder + "/device.crt", self.folder + "/device.key"
        self.trust = write(tmp + "/trust.pem", read(self.factory.root))
        self.config = self.write("file:" + self.key)

    def write(self, key):
        return write(self.tmp + "/agent.ini", "[cloud]\nendpoint = localhost\n"
                     f"trust = {self.trust}\n[identity]\ncertificate = {self.crt}\n"
                     f"key = {key}\n")

    def rules(self):
        return check("-c", self.config)[0]


@contextlib.contextmanager
def mode(path, bits):
    before = os.stat(path).st_mode & 0o777
    os.chmod(path, bits)
    yield
    os.chmod(path, before)


@scenario
def the_factorys_work_is_clean_in_words_and_in_json():
    with folder() as tmp:
        device = Device(tmp)
        said = run(NAMEPLATE, "identity", "check", "-c", device.config)
        expect(said.stdout == "3 certificates, 0 violations of the profile\n" and
               said.stderr == "", said)
        said = run(NAMEPLATE, "identity", "check", device.crt)
        expect(said.stdout == "3 certificates, 0 violations of the profile\n", said)
        expect(check("-c", device.config) == ([], []), "JSON")


@scenario
def every_spoiled_certificate_is_judged_as_the_factory_judges_it():
    with folder() as tmp:
        _, texts = genuine(tmp)
        wrong, broken = [], 0
        for role, _, spoil in cases:
            if role != "device":
                continue
            certificate = Certificate(unpem(texts["device"])[0])
            spoil(certificate)
            path = write(tmp + "/spoiled", certificate.pem() + texts["batch"])
            said = run(FACTORY, "check", path, "--json", status=None).stdout
            expected = [(v["certificate"], v["rule"], v["expected"], v["source"])
                        for v in json.loads(said)["violations"]]
            found = [(v["certificate"], v["rule"], v["expected"], v["source"])
                     for v in check(path)[1] if v["rule"] != "device-first"]
            broken += bool(found)
            if found != expected:
                wrong.append(f"{spoil.__name__}: {found}, expected {expected}")
        expect(not wrong, "\n".join(wrong))
        expect(broken > 40, f"only {broken} were spoiled")


@scenario
def a_violation_is_told_in_the_factorys_words():
    with folder() as tmp:
        _, texts = genuine(tmp)
        certificate = Certificate(unpem(texts["device"])[0])
        certificate.remove(AKI)
        path = write(tmp + "/leaf", certificate.pem())
        said = run(NAMEPLATE, "identity", "check", path, status=1).stdout
        expect(said == run(FACTORY, "check", path, status=65).stdout, said)
        expect(said.startswith(f"{path}: certificate 1 (device): authority-key-id:"),
               said)


@scenario
def the_chain_must_lead_upward_from_the_device_to_the_vendor():
    with folder() as tmp:
        device = Device(tmp)
        whole = read(device.crt)
        leaf, batch, vendor = [c + "-----END CERTIFICATE-----\n" for c in
                               whole.split("-----END CERTIFICATE-----\n")[:-1]]
        for text, rules in (
                (leaf + batch + vendor + read(device.factory.root), set()),
                (leaf + batch, {"chain-complete"}), (leaf, {"chain-complete"}),
                (leaf + vendor + batch, {"issuer-name", "issuer-role",
                                         "issuer-key-id", "signature",
                                         "issuer-constraints", "chain-complete"}),
                (batch + vendor, {"device-first", "key-fits"}),
                (vendor + batch + leaf, {"device-first", "key-fits", "chain-complete",
                                         "issuer-name", "issuer-role", "signature",
                                         "issuer-key-id", "issuer-constraints"})):
            write(device.crt, text)
            found = set(device.rules()) - {"issuer-validity"}
            expect(found == rules, f"{found}, expected {rules}")
        # Of a file alone the way to the vendor is not asked.
        write(device.crt, leaf)
        expect(check(device.crt)[0] == [], "a leaf alone")


@scenario
def a_key_that_is_missing_foreign_or_open_is_named():
    with folder() as tmp:
        device = Device(tmp)
        other = device.factory.device("S2")
        for key, rules in (
                ("file:" + device.key, []),
                (f"file:{other}/device.key", ["key-fits"]),
                (f"file:{tmp}/none.key", ["key-present"]),
                (f"file:{device.crt}", ["key-mode"]),
                ("file:" + write(tmp + "/rubbish", "x"), ["key-mode"])):
            device.write(key)
            expect(device.rules() == rules, (key, device.rules()))
        os.chmod(tmp + "/rubbish", 0o600)
        device.write(f"file:{tmp}/rubbish")
        expect(device.rules() == ["key-present"], "not a key")
        _, found = check("-c", device.config)
        expect(found[0]["file"] == f"file:{tmp}/rubbish", found)
        expect("certificate" not in found[0], found)


@scenario
def files_that_others_can_touch_are_named():
    with folder() as tmp:
        device = Device(tmp)
        for path, bits, rule in (
                (device.key, 0o640, "key-mode"), (device.key, 0o604, "key-mode"),
                (device.key, 0o400, None), (device.crt, 0o664, "file-mode"),
                (device.crt, 0o646, "file-mode"), (device.crt, 0o444, None),
                (device.trust, 0o666, "file-mode"),
                (device.trust, 0o602, "file-mode"),
                (device.config, 0o620, "file-mode"), (device.config, 0o640, None)):
            with mode(path, bits):
                rules, found = check("-c", device.config)
            expect(rules == ([rule] if rule else []), (path, oct(bits), rules))
            expect(not rules or found[0]["file"].endswith(path), found)
        with mode(device.crt, 0o666):
            expect(check(device.crt)[0] == [], "of a file alone modes are not asked")


@scenario
def the_factorys_choice_of_purposes_is_told_with_eku():
    with folder() as tmp:
        factory = Factory(tmp)
        factory.run("model", "--model", "Thermo-1", "--batch", "B2", "--eku", "none")
        device = Device(tmp, factory)
        expect(device.rules() == ["extended-key-usage"], device.rules())
        expect(check("-c", device.config, "--eku", "none")[0] == [], "none")
        expect(check(device.crt, "--eku=none")[0] == [], "a file")
        expect(check(device.crt, "--eku", "client+server")[0] ==
               ["extended-key-usage"] * 2, "device and batch")


@scenario
def what_this_user_may_not_read_is_said():
    other = {} if os.geteuid() else {"user": 65534, "group": 65534}
    with folder() as tmp:
        os.chmod(tmp, 0o755)
        program = shutil.copy(NAMEPLATE, tmp)
        device = Device(tmp)
        copy = write(tmp + "/copy.crt", read(device.crt))
        with mode(device.factory.folder, 0):
            said = run(program, "identity", "check", "-c", device.config, "--json",
                       status=77, **other)
            expect(f"{device.crt} cannot be read" in said.stderr, said)
            device.crt = copy
            device.write("file:" + device.key)
            said = run(program, "identity", "check", "-c", device.config, "--json",
                       status=1, **other).stdout
            expect([v["rule"] for v in json.loads(said)["violations"]] ==
                   ["key-present"], said)
        os.chmod(device.config, 0)
        run(program, "identity", "check", "-c", device.config, status=77, **other)


@scenario
def what_cannot_be_judged_says_why():
    with folder() as tmp:
        device = Device(tmp)
        none = write(tmp + "/none", "nothing")
        big = write(tmp + "/big", read(device.crt) + " " * 70000)
        bad = write(tmp + "/bad", read(device.crt).replace("\nMI", "\n!!", 1))
        broken = write(tmp + "/broken.ini", "[cloud]\nendpont = x\n")
        for words, status, said in (
                ([none], 65, "holds no PEM certificate"), ([bad], 65, "damaged"),
                ([big], 65, "more than 64 KiB"),
                ([tmp + "/absent"], 66, "absent is not there"),
                ([tmp], 74, "is it a file?"),
                (["-c", tmp + "/absent.ini"], 66, "absent.ini is not usable"),
                (["-c", broken], 78, "broken.ini is not usable"),
                (["-c", device.config, device.crt], 64, "not both"),
                ([device.crt, device.crt], 64, "one argument too many"),
                ([device.crt, "--eku", "any"], 64, "client, client+server or none")):
            done = run(NAMEPLATE, "identity", "check", *words, "--json",
                       status=status)
            expect(said in done.stderr, done)
            expect(json.loads(done.stdout)["ok"] is False, done)
        for words, said in ((["chekc"], "unknown word 'chekc'"),
                            (["--eku", "none"], "'nameplate identity check'")):
            expect(said in run(NAMEPLATE, "identity", *words, status=64).stderr,
                   words)
        os.remove(device.crt)
        run(NAMEPLATE, "identity", "check", "-c", device.config, status=66)


if __name__ == "__main__":
    main()
