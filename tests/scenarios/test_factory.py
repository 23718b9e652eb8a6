#!/usr/bin/env python3
"""A vendor begins with nothing and ends with devices that can prove who they are.

The real `factory` makes roots, CAs and device certificates; OpenSSL, which had
no part in writing them, judges them strictly.
"""
import json
import os
import re
import stat
import subprocess

from kit import FACTORY, Factory, expect, folder, main, read, run, scenario, \
    wait_until, write


# libfaketime wants to be loaded before AddressSanitizer.
LATER = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0")


def text_of(certificate):
    return run("openssl", "x509", "-in", certificate, "-noout", "-text",
               "-nameopt", "RFC2253,-dn_rev,sep_comma_plus_space").stdout


def verify(factory, leaf, *arguments, status=0):
    return run("openssl", "verify", "-x509_strict", *arguments, "-CAfile",
               factory.root, "-untrusted", leaf, leaf, status=status)


def request(path, subject, *key):
    """A CSR made by OpenSSL, with its new key beside it."""
    run("openssl", "req", "-new", "-nodes", *(key or ("-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256")), "-keyout", path + ".key", "-subj", subject,
        "-out", path)
    return path


@scenario
def a_device_certificate_passes_the_strict_verification_of_openssl():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S1") + "/device.crt"
        verify(factory, leaf, "-purpose", "sslclient")
        # Twins: another purpose, and a root of somebody else.
        verify(factory, leaf, "-purpose", "sslserver", status=2)
        other = os.path.join(tmp, "other")
        os.mkdir(other)
        other = Factory(other)
        verify(other, leaf, status=2)


@scenario
def a_device_certificate_has_the_profiles_fields_in_the_profiles_order():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S-1/a") + "/device.crt"
        text = text_of(leaf)
        for expected in (
                "Subject: O=Acme, OU=Thermo-1, CN=acme:thermo-1:S-1_2fa,"
                " serialNumber=S-1/a\n",
                "Issuer: O=Acme, OU=Thermo-1, CN=Thermo-1 batch B1\n",
                "Not After : Dec 31 23:59:59 9999 GMT",
                "Basic Constraints: critical\n                CA:FALSE\n",
                "Key Usage: critical\n                Digital Signature\n",
                "Extended Key Usage: \n                TLS Web Client"
                " Authentication\n",
                "NIST CURVE: P-256", "Signature Algorithm: ecdsa-with-SHA256",
                "X509v3 Authority Key Identifier"):
            expect(expected in text, f"'{expected}' in\n{text}")
        for absent in ("CRL Distribution", "Authority Information", "DNS:"):
            expect(absent not in text, f"no '{absent}'")


@scenario
def the_bytes_of_dates_strings_and_the_module_name_are_as_the_standards_say():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S1") + "/device.crt"
        parsed = run("openssl", "asn1parse", "-in", leaf).stdout
        expect(re.search(r"UTCTIME\s+:\d{12}Z", parsed), "notBefore: UTCTime")
        expect("GENERALIZEDTIME   :99991231235959Z" in parsed, "notAfter")
        for value in ("Acme", "Thermo-1", "acme:thermo-1:S1"):
            expect(re.search(rf"UTF8STRING\s+:{value}\n", parsed), value)
        expect(re.search(r"PRINTABLESTRING\s+:S1\n", parsed), "serialNumber")
        san = re.search(r"Subject Alternative Name\n.*\[HEX DUMP\]:(\w+)", parsed)
        # SEQ { [0] { OID 1.3.6.1.5.5.7.8.4, [0] { SEQ { OID
        # 1.3.6.1.4.1.32473, OCTET STRING "S1" } } } }
        expect(san.group(1).lower() == "301ea01c06082b06010505070804a010300e"
               "06082b0601040181fd590402" + "S1".encode().hex(), san.group(1))


@scenario
def the_cas_have_the_profiles_constraints():
    with folder() as tmp:
        factory = Factory(tmp)
        vendor = text_of(factory.folder + "/vendor.crt")
        batch = text_of(factory.batch() + "/ca.crt")
        root = text_of(factory.root)
        for text, length in ((root, 2), (vendor, 1), (batch, 0)):
            expect(f"Basic Constraints: critical\n                CA:TRUE,"
                   f" pathlen:{length}\n" in text, text)
            expect("Key Usage: critical\n                Certificate Sign,"
                   " CRL Sign\n" in text, text)
            expect("9999 GMT" in text, text)
        expect("Name Constraints" not in root, root)
        expect("Extended Key Usage" not in root, root)
        for text, permitted in ((vendor, "O=Acme"), (batch, "O=Acme, OU=Thermo-1")):
            compact = re.sub(r"\s+", " ", text.replace(" = ", "="))
            expect("Name Constraints: critical Permitted: DirName:" + permitted +
                   " Excluded: DNS: IP:0.0.0.0/0.0.0.0 IP:0:0:0:0:0:0:0:0/"
                   "0:0:0:0:0:0:0:0 email: URI: X509v3" in compact, compact)
            expect("TLS Web Client Authentication" in text, text)
        for text, curve in ((root, "P-384"), (vendor, "P-384"), (batch, "P-256")):
            expect(f"NIST CURVE: {curve}" in text, curve)


@scenario
def certificate_serial_numbers_are_random_positive_and_at_most_20_octets():
    with folder() as tmp:
        factory = Factory(tmp)
        seen = set()
        for n in range(20):
            leaf = factory.device(f"S{n}") + "/device.crt"
            number = run("openssl", "x509", "-in", leaf, "-noout",
                         "-serial").stdout.strip().split("=")[1]
            expect(16 <= len(number) <= 40 and int(number[0], 16) < 8, number)
            seen.add(number)
        expect(len(seen) == 20, "all different")


@scenario
def keys_are_for_their_owner_alone():
    with folder() as tmp:
        factory = Factory(tmp)
        factory.device("S1")
        factory.server()
        keys = 0
        for where, folders, files in os.walk(factory.folder):
            for name in folders + ["."]:
                mode = stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode)
                expect(mode == 0o700, f"{where}/{name}: {mode:o}")
            for name in files:
                mode = stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode)
                if "PRIVATE" in read(os.path.join(where, name)):
                    keys += 1
                    expect(name.endswith(".key"), f"a key in {name}")
                    expect(mode == 0o600, f"{name}: {mode:o}")
        expect(keys == 6, f"root, vendor, batch, device, server CA, server: {keys}")


@scenario
def a_request_gives_its_key_and_nothing_else():
    with folder() as tmp:
        factory = Factory(tmp)
        csr = request(tmp + "/a.csr", "/O=Evil/CN=root")
        device = factory.device("C1", None, "--csr", csr)
        expect("device.key" not in os.listdir(device), "no key here")
        leaf = device + "/device.crt"
        expect("Subject: O=Acme, OU=Thermo-1, CN=acme:thermo-1:C1,"
               " serialNumber=C1\n" in text_of(leaf), text_of(leaf))
        theirs = run("openssl", "req", "-in", csr, "-noout", "-pubkey").stdout
        ours = run("openssl", "x509", "-in", leaf, "-noout", "-pubkey").stdout
        expect(theirs == ours, "the request's key")
        verify(factory, leaf)
        der = tmp + "/b.csr"
        run("openssl", "req", "-in", request(tmp + "/c.csr", "/CN=x"), "-outform",
            "DER", "-out", der)
        factory.run("issue", "--model", "Thermo-1", "--serial", "C2", "--csr", der)


@scenario
def a_bad_request_is_refused_with_its_reason_and_the_serial_stays_free():
    with folder() as tmp:
        factory = Factory(tmp)
        good = request(tmp + "/good.csr", "/CN=x")
        der = subprocess.run(["openssl", "req", "-in", good, "-outform", "DER"],
                             capture_output=True, check=True).stdout
        forged = tmp + "/forged.csr"  # another subject below the old signature
        with open(forged, "wb") as f:
            f.write(der.replace(b"\x0c\x01x", b"\x0c\x01y"))
        cut = tmp + "/cut.csr"
        with open(cut, "wb") as f:
            f.write(der[:-3])
        rsa = request(tmp + "/rsa.csr", "/CN=x", "-newkey", "rsa:2048")
        p384 = request(tmp + "/p384.csr", "/CN=x", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-384")
        koblitz = request(tmp + "/k.csr", "/CN=x", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:secp256k1")
        damaged = write(tmp + "/damaged.csr",
                        read(good).replace("\nMI", "\n!!", 1))
        for path, status, reason in (
                (forged, 65, "signature is wrong"), (cut, 65, "not a PKCS #10"),
                (rsa, 65, "not an elliptic-curve key; expected P-256"),
                (p384, 65, "on another curve; expected P-256"),
                (koblitz, 65, "on another curve; expected P-256"),
                (damaged, 65, "PEM is damaged"),
                (good + ".key", 65, "not a PKCS #10 request"),
                (tmp + "/none.csr", 66, "is not there"),
                ("/dev/zero", 65, "larger than 16384 bytes")):
            said = factory.run("issue", "--model", "Thermo-1", "--serial", "C1",
                               "--csr", path, status=status).stderr
            expect(reason in said and said.count("\n") == 1, f"{path}: {said}")
        factory.run("issue", "--model", "Thermo-1", "--serial", "C1", "--csr", good)


@scenario
def a_serial_number_is_never_issued_twice():
    with folder() as tmp:
        factory = Factory(tmp)
        device = factory.device("S1")
        before = read(device + "/device.crt")
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=73).stderr
        expect("was issued already" in said and device in said, said)
        factory.run("model", "--model", "Thermo-1", "--batch", "B2")
        factory.run("issue", "--model", "Thermo-1", "--serial", "S1", "--batch",
                    "B2", status=73)
        expect(read(device + "/device.crt") == before, "unchanged")
        # Twins: the byte-exact serial number is another device's.
        factory.run("issue", "--model", "Thermo-1", "--serial", "s1")


@scenario
def a_key_is_delivered_once_and_then_is_not_in_the_factory_any_more():
    with folder() as tmp:
        factory = Factory(tmp)
        out = factory.device("S1", None, "--out", tmp + "/out")
        expect(out == tmp + "/out" and sorted(os.listdir(out)) ==
               ["claim-verifier", "device.crt", "device.key"], out)
        expect(stat.S_IMODE(os.stat(out + "/device.key").st_mode) == 0o600, "0600")
        kept = factory.folder + "/devices/acme:thermo-1:S1"
        expect(sorted(os.listdir(kept)) == ["device.crt", "label.json"],
               "the secrets are gone; the label is still to be printed")
        expect(read(kept + "/device.crt") == read(out + "/device.crt"), "the chain")
        order = ["--model", "Thermo-1", "--serial", "S1"]
        said = factory.run("issue", *order, status=73).stderr
        expect("its key was delivered" in said, said)
        said = factory.run("deliver", *order, "--out", tmp + "/two",
                           status=66).stderr
        expect("delivered before" in said and not os.path.exists(tmp + "/two"), said)

        factory.device("S2")
        order[-1] = "S2"
        said = factory.run("issue", *order, "--out", tmp + "/two", status=73).stderr
        expect("hand it over with 'factory deliver'" in said, said)
        expect(not os.path.exists(tmp + "/two"), "nobody got it by mistake")
        said = factory.run("deliver", *order, "--out", out, status=73).stderr
        expect("is there already" in said, said)
        factory.run("deliver", *order, "--out", tmp + "/two")
        expect(os.path.exists(tmp + "/two/device.key"), "delivered")
        order[-1] = "S3"
        said = factory.run("deliver", *order, "--out", tmp + "/3", status=66).stderr
        expect("issue it first" in said, said)
        factory.run("issue", *order, "--out", out, status=73)
        expect(not os.path.exists(factory.folder + "/devices/acme:thermo-1:S3"),
               "refused before it was issued")
        said = factory.run("issue", *order, "--out", tmp + "/no/where",
                           status=66).stderr
        expect("it is issued" in said, said)
        csr = request(tmp + "/a.csr", "/CN=x")
        out = factory.device("S4", None, "--csr", csr, "--out", tmp + "/4")
        expect(sorted(os.listdir(out)) == ["claim-verifier", "device.crt"],
               "the device has its key")
        csr = request(tmp + "/b.csr", "/CN=x")
        factory.device("S5", None, "--csr", csr)
        order[-1] = "S5"
        factory.run("deliver", *order, "--out", tmp + "/5")
        expect(sorted(os.listdir(tmp + "/5")) == ["claim-verifier", "device.crt"],
               "what is due is delivered")


@scenario
def of_ten_who_issue_one_serial_at_once_exactly_one_wins():
    with folder() as tmp:
        factory = Factory(tmp)
        crowd = [subprocess.Popen(
            [FACTORY, "issue", "--folder", factory.folder, "--model", "Thermo-1",
             "--serial", "S1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(10)]
        statuses = []
        for process in crowd:
            process.communicate(timeout=60)
            statuses.append(process.returncode)
        expect(sorted(statuses) == [0] + [73] * 9, statuses)
        device = factory.folder + "/devices/acme:thermo-1:S1"
        key = run("openssl", "pkey", "-in", device + "/device.key", "-pubout").stdout
        leaf = run("openssl", "x509", "-in", device + "/device.crt", "-noout",
                   "-pubkey").stdout
        expect(key == leaf, "the winner's key and certificate belong together")


@scenario
def names_that_do_not_fit_are_refused_and_never_cut():
    with folder() as tmp:
        factory = Factory(tmp)
        for serial, reason in (
                ("", "empty"), ("a b", "space"), ("a,b", "comma"), ("a#b", "'#'"),
                ("a$b", "'$'"), ("a+b", "'+'"), ("\u00e4", "outside"),
                ("a_b", "outside"), ("a*b", "outside"), ("a\tb", "control"),
                ("x" * 65, "more than 64"), ("/" * 64, "longer than 128")):
            said = factory.run("issue", "--model", "Thermo-1", "--serial", serial,
                               status=65).stderr
            expect(reason in said, f"{serial!r}: {said}")
        for model, reason in (("", "empty"), ("a b", "space"), ("a\x7fb", "control"),
                              ("\u00e4" * 65, "more than 64"),
                              ("\u00e4" * 30, "longer than 128"),
                              (b"\xff".decode("utf-8", "surrogateescape"),
                               "not UTF-8"), ("\u0085", "control")):
            said = factory.run("model", "--model", model, status=65,
                               errors="replace").stderr
            expect(reason in said, f"{model!r}: {said}")
        expect(not os.path.exists(factory.folder + "/devices"), "nothing issued")
        factory.run("issue", "--model", "Thermo-1", "--serial", "x" * 64)
        said = run(FACTORY, "init", "--vendor", "x" * 60, "--folder", tmp + "/f",
                   status=65).stderr
        expect("more than 64" in said, said)


@scenario
def two_spellings_of_a_model_cannot_share_thing_names():
    with folder() as tmp:
        factory = Factory(tmp)
        for verb in (["issue", "--serial", "S1"], ["model", "--batch", "B9"]):
            said = factory.run(*verb, "--model", "THERMO-1", status=65).stderr
            expect("is written 'Thermo-1'" in said, said)


@scenario
def an_unknown_model_or_batch_or_folder_says_what_to_do():
    with folder() as tmp:
        factory = Factory(tmp)
        for arguments, words in (
                (["--model", "Nope"], "factory model --model Nope"),
                (["--model", "Thermo-1", "--batch", "B7"], "--batch B7")):
            said = factory.run("issue", "--serial", "S1", *arguments,
                               status=66).stderr
            expect(words in said, said)
        said = run(FACTORY, "issue", "--folder", tmp + "/none", "--model", "M",
                   "--serial", "S", status=66).stderr
        expect("factory init --vendor" in said, said)
        factory.run("init", "--vendor", "Other", status=73)
        factory.run("model", "--model", "Thermo-1", "--batch", "B1", status=73)


@scenario
def the_newest_batch_issues_unless_one_is_named():
    with folder() as tmp:
        factory = Factory(tmp)
        run("faketime", "-f", "+10d", FACTORY, "model", "--folder", factory.folder,
            "--model", "Thermo-1", "--batch", "A2", env=LATER)
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=75).stderr
        expect("set the clock" in said, said)
        factory.run("issue", "--model", "Thermo-1", "--serial", "S1", "--batch",
                    "B1")
        run("faketime", "-f", "+11d", FACTORY, "issue", "--folder", factory.folder,
            "--model", "Thermo-1", "--serial", "S2", env=LATER)
        issuer = text_of(factory.folder + "/devices/acme:thermo-1:S2" + "/device.crt")
        expect("CN=Thermo-1 batch A2" in issuer, issuer)
        said = run("faketime", "-f", "+11y", FACTORY, "issue", "--folder",
                   factory.folder, "--model", "Thermo-1", "--serial", "S3",
                   status=77, env=LATER).stderr
        expect("older than 10 years" in said, said)


@scenario
def a_lost_foreign_or_open_key_is_named():
    with folder() as tmp:
        factory = Factory(tmp)
        key = factory.batch() + "/ca.key"
        for mode in (0o640, 0o604, 0o620):
            os.chmod(key, mode)
            said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                               status=77).stderr
            expect(f"chmod 600 {key}" in said, said)
        os.chmod(key, 0o400)
        factory.device("S0")
        os.rename(key, key + ".away")
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=66).stderr
        expect("ca.key is not there" in said, said)
        run("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout",
            "-out", key)
        os.chmod(key, 0o600)
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=65).stderr
        expect("ca.key is not the key of" in said, said)
        write(factory.batch() + "/ca.crt", "nothing")
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=65).stderr
        expect("is not a certificate" in said, said)
        write(factory.folder + "/settings.json", "{}")
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=65).stderr
        expect("settings.json" in said, said)


@scenario
def a_server_certificate_is_of_a_world_of_its_own():
    with folder() as tmp:
        factory = Factory(tmp)
        server = factory.server("--ip", "::1", "--name", "*.example.org")
        leaf = server + "/server.crt"
        run("openssl", "verify", "-x509_strict", "-purpose", "sslserver",
            "-verify_hostname", "localhost", "-CAfile", factory.server_ca, leaf)
        run("openssl", "verify", "-verify_ip", "::1", "-verify_hostname",
            "a.example.org", "-CAfile", factory.server_ca, leaf)
        run("openssl", "verify", "-CAfile", factory.root, leaf, status=2)
        run("openssl", "verify", "-purpose", "sslclient", "-CAfile",
            factory.server_ca, leaf, status=2)
        device = factory.device("S1") + "/device.crt"
        run("openssl", "verify", "-CAfile", factory.server_ca, device, status=2)
        for arguments, reason in (
                (["--name", "a b"], "expected a DNS name"),
                (["--name", "127.0.0.1", "--ip", "x"], "expected an IPv4"),
                (["--name", "-a"], "DNS name"), (["--name", "a..b"], "DNS name"),
                (["--name", "a-"], "DNS name"), (["--name", ""], "DNS name"),
                (["--name", "x" * 64], "DNS name"),
                (["--name", "b", "--days", "0"], "expected 1 to 3650"),
                (["--name", "b", "--as", "ca"], "cannot be the name"),
                (["--name", "b", "--as", "../x"], "cannot be the name")):
            said = factory.run("server", *arguments, status=65).stderr
            expect(reason in said, f"{arguments}: {said}")
        said = factory.run("server", "--ip", "::1", status=64).stderr
        expect("--name is missing" in said, said)
        factory.run("server", "--name", "localhost", status=73)
        factory.run("server", "--name", "b", "--days", "3650", "--as", "long")
        run("openssl", "verify", "-CAfile", factory.server_ca,
            factory.folder + "/server/long/server.crt")
        said = run("faketime", "-f", "+30d", FACTORY, "server", "--folder",
                   factory.folder, "--name", "c", "--days", "3650", status=77,
                   env=LATER).stderr
        expect("the server CA ends before 3650 days" in said, said)


@scenario
def a_masa_url_and_the_vendors_own_number_are_written_when_given():
    with folder() as tmp:
        run(FACTORY, "init", "--folder", tmp + "/f", "--vendor", "Acme", "--pen",
            "12345", "--masa", "masa.example:443", "--program", "A Program")
        run(FACTORY, "model", "--folder", tmp + "/f", "--model", "M", "--batch", "1")
        run(FACTORY, "issue", "--folder", tmp + "/f", "--model", "M", "--serial",
            "1")
        parsed = run("openssl", "asn1parse", "-in",
                     tmp + "/f/devices/acme:m:1/device.crt").stdout
        expect("1.3.6.1.5.5.7.1.32" in parsed, parsed)
        expect(("\x16\x10masa.example:443").encode().hex().upper() in parsed, parsed)
        expect("2B06010401E039" in parsed, "1.3.6.1.4.1.12345")
        expect("O=A Program" in text_of(tmp + "/f/root.crt"), "program")
        for pen in ("0", "12x", "", "1234567890"):
            said = run(FACTORY, "init", "--folder", tmp + "/g", "--vendor", "A",
                       "--pen", pen, status=65).stderr
            expect("Private Enterprise Number" in said, said)
        for masa in ("a b", "x" * 129):
            said = run(FACTORY, "init", "--folder", tmp + "/g", "--vendor", "A",
                       "--masa", masa, status=65).stderr
            expect("expected HOST" in said, said)


@scenario
def a_list_is_issued_line_by_line_and_may_be_repeated():
    with folder() as tmp:
        factory = Factory(tmp)
        os.mkdir(tmp + "/csr")
        request(tmp + "/csr/a", "/CN=x")
        request(tmp + "/csr/b", "/CN=x")
        path = write(tmp + "/list.csv", "\ufeffmodel,serial,csr\r\n"
                     "Thermo-1,S1\r\n\n# a comment\nThermo-1,S2,csr/a\n"
                     "Thermo-1,S3")
        said = factory.run("batch", path).stdout
        expect(said == "acme:thermo-1:S1\nacme:thermo-1:S2\nacme:thermo-1:S3\n"
               "3 issued, 0 were issued before, 0 failed\n", said)
        expect("device.key" not in os.listdir(
            factory.folder + "/devices/acme:thermo-1:S2"), "the device has its key")
        write(path, read(path) + "\nThermo-1,S4\n")
        said = json.loads(factory.run("batch", path, "--json").stdout)
        expect(said == {"list": path, "issued": 1, "before": 3, "failed": 0}, said)
        write(path, "Thermo-1,S2,csr/b\n")
        said = factory.run("batch", path, status=65).stderr
        expect(f"{path}:1: it was issued already, for another key" in said, said)


@scenario
def a_bad_line_is_told_with_its_number_and_the_others_are_issued():
    with folder() as tmp:
        factory = Factory(tmp)
        path = write(tmp + "/list.csv", "Thermo-1,S1\nThermo-1\nThermo-1,a b\n"
                     "Nope,S1\nThermo-1,S1\nThermo-1,S2,\nThermo-1,S3,none\n"
                     "a,b,c,d\nThermo-1,S1\nThermo-1,S4\n")
        done = factory.run("batch", path, status=65)
        lines = done.stderr.strip().split("\n")
        expected = ((2, "expected MODEL,SERIAL"), (3, "has a space"),
                    (4, "no model 'Nope'"), (5, "same device as in line 1"),
                    (6, "path is empty"), (7, "/none is not there"),
                    (8, "expected MODEL,SERIAL"), (9, "same device as in line 1"))
        expect(len(lines) == len(expected), done.stderr)
        for line, (number, words) in zip(lines, expected):
            expect(line.startswith(f"factory: {path}:{number}: ") and words in line,
                   line)
        expect("2 issued, 0 were issued before, 8 failed" in done.stdout, done)
        expect(sorted(os.listdir(factory.folder + "/devices")) ==
               ["acme:thermo-1:S1", "acme:thermo-1:S4"], "the good ones")
        write(path, "a\0b")
        expect("not text" in factory.run("batch", path, status=65).stderr, "NUL")
        expect("is not there" in factory.run("batch", tmp + "/no", status=66).stderr,
               "absent")


@scenario
def a_batch_that_was_killed_goes_on_where_it_was():
    with folder() as tmp:
        factory = Factory(tmp)
        count = 30
        path = write(tmp + "/list.csv",
                     "".join(f"Thermo-1,S{n}\n" for n in range(count)))
        process = subprocess.Popen(
            [FACTORY, "batch", "--folder", factory.folder, path],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        devices = factory.folder + "/devices"
        wait_until(lambda: os.path.isdir(devices) and len(os.listdir(devices)) > 5,
                   60, "some are issued")
        process.kill()
        process.communicate(timeout=10)
        before = {n: read(f"{devices}/{n}/device.crt") for n in os.listdir(devices)}
        expect(5 < len(before) < count, f"killed in the middle: {len(before)}")
        said = json.loads(factory.run("batch", path, "--json").stdout)
        expect(said["issued"] == count - len(before) and
               said["before"] == len(before), said)
        for name, text in before.items():
            expect(read(f"{devices}/{name}/device.crt") == text, name)


@scenario
def progress_is_a_bar_on_a_terminal_only():
    with folder() as tmp:
        factory = Factory(tmp)
        path = write(tmp + "/list.csv", "Thermo-1,S1\nThermo-1,S2\n")
        command = f"{FACTORY} batch --folder {factory.folder} {path}"
        said = run("script", "-qec", command, "/dev/null").stdout
        expect("[####################                    ] 1 of 2" in said and
               "[########################################] 2 of 2" in said, said)
        expect("of 2" not in factory.run("batch", path).stderr, "no terminal")


@scenario
def a_certificate_is_shown_in_words():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S1") + "/device.crt"
        said = factory.run("show", "--model", "Thermo-1", "--serial", "S1").stdout
        for words in ("device: acme:thermo-1:S1\n", "vendor         Acme\n",
                      "model          Thermo-1\n", "serial number  S1\n",
                      "issued by      Thermo-1 batch B1\n",
                      "valid until    for ever\n", "batch: Thermo-1 batch B1\n",
                      "vendor: Acme Device CA G1\n"):
            expect(words in said, f"'{words}' in {said}")
        result = json.loads(factory.run("show", leaf, "--json").stdout)
        device = result["certificates"][0]
        expect(len(result["certificates"]) == 3 and device["role"] == "device" and
               device["notAfter"] == "9999-12-31T23:59:59Z", result)
        fingerprint = run("openssl", "x509", "-in", leaf, "-noout", "-fingerprint",
                          "-sha256").stdout.split("=")[1].strip()
        expect(device["sha256"] == fingerprint.replace(":", "").lower(), "SHA-256")
        key = subprocess.run(
            f"openssl x509 -in {leaf} -noout -pubkey | openssl pkey -pubin"
            " -outform DER | sha256sum", shell=True, check=True,
            capture_output=True, text=True).stdout.split()[0]
        expect(device["keySha256"] == key, "the key's SHA-256")
        server = factory.server() + "/server.crt"
        expect(factory.run("show", server).stdout.startswith("server: "), "server")
        for arguments, status, words in (
                (["--model", "Thermo-1", "--serial", "S9"], 66, "is not there"),
                (["--model", "Thermo-1"], 64, "expected --model and --serial"),
                (["--model", "Thermo-1", "--serial", "S1", leaf], 64, "or the FILE"),
                ([leaf.replace(".crt", ".key")], 65, "no PEM certificate"),
                ([write(tmp + "/cut", "-----BEGIN CERTIFICATE-----\nMAA=\n"
                        "-----END CERTIFICATE-----\n")], 65, "malformed")):
            said = factory.run("show", *arguments, status=status).stderr
            expect(words in said, said)
        evil = tmp + "/evil"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", evil + ".key", "-out",
            evil, "-subj", "/CN=a\x1b[31mb")
        said = factory.run("show", evil).stdout
        expect("\x1b" not in said and "a?[31mb" in said, repr(said))


@scenario
def the_command_line_helps():
    with folder() as tmp:
        verbs = re.findall(r"^  (\w+) ", run(FACTORY, "--help").stdout, re.M)
        expect(len(verbs) >= 4, verbs)
        for verb in verbs:
            text = run(FACTORY, verb, "--help").stdout
            expect(f"example: factory {verb} " in text, text)
        for arguments, words in (
                ([], "a verb is missing"), (["isue"], "did you mean 'issue'"),
                (["banana"], "see 'factory --help'"),
                (["issue", "--seriel", "1"], "did you mean --serial"),
                (["issue", "--banana=1"], "unknown option --banana"),
                (["issue", "-s"], "two dashes"),
                (["issue", "--model", "M"], "--serial is missing"),
                (["issue", "--model"], "needs a value"),
                (["issue", "--json=1"], "takes no value"),
                (["issue", "--model", "a", "--model", "b"], "given twice"),
                (["issue", "--model", "a", "--serial", "b", "c"], "too many"),
                (["server"] + ["--ip", "::"] * 70, "more than 64 options")):
            said = run(FACTORY, *arguments, status=64, cwd=tmp).stderr
            expect(words in said and said.startswith("factory: "), said)
        expect(os.listdir(tmp) == [], "nothing was made")
        run(FACTORY, "init", "--vendor", "Acme", "--folder", "x" * 600, status=65)
        expect(re.match(r"factory \d", run(FACTORY, "--version").stdout), "version")


@scenario
def results_are_json_when_asked():
    with folder() as tmp:
        for verb in (["init", "--vendor", "Acme"], ["model", "--model", "M"],
                     ["issue", "--model", "M", "--serial", "1"],
                     ["server", "--name", "localhost"]):
            said = run(FACTORY, *verb, "--json", cwd=tmp).stdout
            expect(said.count("\n") == 1, said)
            result = json.loads(said)
            expect(result["folder"].startswith("factory"), result)
            expect(os.path.isdir(os.path.join(tmp, result["folder"])), result)
        expect(os.path.isdir(tmp + "/factory/devices/acme:m:1"), "the default folder")


@scenario
def an_open_folder_is_warned_about_and_left_as_it_is():
    with folder() as tmp:
        os.mkdir(tmp + "/f")
        os.chmod(tmp + "/f", 0o755)
        said = run(FACTORY, "init", "--vendor", "A", "--folder", tmp + "/f").stderr
        expect(f"chmod 700 {tmp}/f" in said, said)
        expect(stat.S_IMODE(os.stat(tmp + "/f").st_mode) == 0o755, "not changed")
        said = run(FACTORY, "init", "--vendor", "A", "--folder", tmp + "/g").stderr
        expect(said == "", said)


@scenario
def a_folder_that_cannot_be_written_is_named():
    with folder() as tmp:
        write(tmp + "/file", "")
        said = run(FACTORY, "init", "--vendor", "A", "--folder", tmp + "/file/x",
                   status=66).stderr
        expect(tmp + "/file/x" in said, said)
        said = run(FACTORY, "init", "--vendor", "A", "--folder", "/proc/x",
                   status=None)
        expect(said.returncode in (66, 77) and "/proc/x" in said.stderr, said)


if __name__ == "__main__":
    main()
