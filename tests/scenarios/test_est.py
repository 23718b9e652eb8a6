#!/usr/bin/env python3
"""The mock's EST server does what RFC 7030, 8951 and 9908 say.

curl is the client, openssl makes the requests and judges what comes back, and
mosquitto_pub shows that the broker believes it.
"""
import base64
import concurrent.futures
import os
import re

from cloudd import CLOUDD, thing_path
from est import Csr, Site, certificate_id, subject_of
from kit import (Factory, expect, folder, main, read, run, scenario, wait_until,
                 write)
from mock import Device


def says(answer, status, *words):
    expect(answer.status == status, f"{answer.status}: {answer.text}")
    for word in words:
        expect(word in answer.text, f"no '{word}' in: {answer.text}")


@scenario
def a_factory_certificate_gets_an_operational_one_that_the_broker_admits():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        cacerts = site.curl("/.well-known/est/cacerts")
        says(cacerts, 200)
        expect(cacerts.headers["content-type"] == "application/pkcs7-mime",
               cacerts.headers)
        ca = write(f"{tmp}/ca.pem", cacerts.certificate)
        csr = Csr(tmp, device.thing)
        answer = site.enrol(device, csr)
        leaf = write(f"{tmp}/leaf.pem", answer.certificate)
        expect(answer.headers["content-type"] ==
               "application/pkcs7-mime; smime-type=certs-only", answer.headers)
        # openssl cms reads it too, and a certs-only message signs nothing.
        with open(f"{tmp}/p7.der", "wb") as f:
            f.write(answer.der)
        shown = run("openssl", "cms", "-cmsout", "-print", "-inform", "DER",
                    "-in", f"{tmp}/p7.der").stdout
        expect(re.search(r"signerInfos:\s*<(ABSENT|EMPTY)>", shown), shown)
        run("openssl", "verify", "-x509_strict", "-purpose", "sslclient",
            "-CAfile", ca, leaf)
        text = run("openssl", "x509", "-in", leaf, "-noout", "-text").stdout
        for part in ("TLS Web Client Authentication", "CA:FALSE",
                     "Digital Signature", "Authority Key Identifier",
                     "Subject Key Identifier"):
            expect(part in text, f"no {part}: {text}")
        factory = run("openssl", "x509", "-in", device.certificate, "-noout",
                      "-subject").stdout
        expect(run("openssl", "x509", "-in", leaf, "-noout", "-subject").stdout
               == factory, "another subject than the factory's")
        expect(run("openssl", "x509", "-in", leaf, "-noout", "-pubkey").stdout
               == run("openssl", "pkey", "-in", csr.key, "-pubout").stdout,
               "another key than the request's")
        os.mkdir(f"{tmp}/op")
        write(f"{tmp}/op/device.crt", answer.certificate)
        write(f"{tmp}/op/device.key", read(csr.key))
        operational = Device(site.cloud, f"{tmp}/op", device.thing)
        expect(operational.connects(), "the broker refused it")
        expect(device.connects(), "the factory certificate is refused now")
        thing = site.cloud.thing(device)
        kinds = {c["certificateId"]: c for c in thing["certificates"]}
        mine = kinds[certificate_id(tmp, answer.certificate)]
        expect(mine["status"] == "ACTIVE" and len(kinds) == 2, thing)


@scenario
def the_operational_ca_is_made_once_and_its_key_is_private():
    with folder() as tmp:
        state = f"{tmp}/operational"
        run(CLOUDD, "operational-ca", "--est-state", state)
        first = read(f"{state}/ca/ca.crt")
        run(CLOUDD, "operational-ca", "--est-state", state)
        expect(read(f"{state}/ca/ca.crt") == first, "it was made anew")
        expect(os.stat(f"{state}/ca/ca.key").st_mode & 0o777 == 0o600,
               "others can read its key")
        shown = run("openssl", "crl", "-in", f"{state}/operational.crl",
                    "-inform", "DER", "-noout", "-text", "-CAfile",
                    f"{state}/ca/ca.crt")
        expect("verify OK" in shown.stderr, shown.stderr)
        expect("No Revoked Certificates" in shown.stdout, shown.stdout)
        run(CLOUDD, "operational-ca", status=64)
        blocked = write(f"{tmp}/file", "")
        done = run(CLOUDD, "operational-ca", "--est-state", f"{blocked}/x",
                   status=73)
        expect("cloudd: " in done.stderr, done.stderr)


@scenario
def a_certificate_of_the_operational_ca_that_was_not_issued_here_is_refused():
    """What stands in the registry counts, not the CA's signature."""
    with folder() as tmp, Site(tmp, jitp_drop_first="no") as site:
        thing = "acme:thermo-1:S1"
        csr = Csr(tmp, thing)
        os.mkdir(f"{tmp}/op")
        write(f"{tmp}/ext", "extendedKeyUsage=clientAuth\n")
        run("openssl", "x509", "-req", "-in", csr.path, "-CA",
            f"{site.state}/ca/ca.crt", "-CAkey", f"{site.state}/ca/ca.key",
            "-days", "1", "-set_serial", "77", "-extfile", f"{tmp}/ext",
            "-out", f"{tmp}/op/device.crt")
        write(f"{tmp}/op/device.key", read(csr.key))
        stolen = Device(site.cloud, f"{tmp}/op", thing)
        expect(not stolen.connects(), "it was admitted")
        says(site.enrol(stolen, csr), 403)
        # The twin: the same CA, asked as one should.
        device = site.device("S1")
        expect(site.enrolled(device, "good").connects(), "refused")


@scenario
def every_kind_of_key_that_is_allowed_is_certified():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        for name, algorithm, digest in (
                ("p384", ("ec", "ec_paramgen_curve:P-384"), "sha384"),
                ("rsa2048", ("rsa", "rsa_keygen_bits:2048"), "sha256"),
                ("rsa3072", ("rsa", "rsa_keygen_bits:3072"), "sha512")):
            csr = Csr(tmp, device.thing, name, None, algorithm, digest)
            leaf = write(f"{tmp}/{name}.pem",
                         site.enrol(device, csr).certificate)
            run("openssl", "verify", "-CAfile", f"{site.state}/ca/ca.crt", leaf)


@scenario
def a_request_that_is_not_good_is_refused_in_words():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        other = "acme:thermo-1:S2"

        def refused(status, word, csr=None, **how):
            says(site.enrol(device, csr, **how), status, word)

        good = Csr(tmp, device.thing, "good")
        spoiled = bytearray(good.der())
        spoiled[-5] ^= 1
        refused(400, "signature", body=base64.b64encode(spoiled))
        refused(400, "base64", body=good.der())
        refused(400, "base64", body=good.pem().encode())
        refused(400, "PKCS #10", body=b"AAAA")
        refused(400, "base64", body=b"")
        refused(400, "PKCS #10", body=base64.b64encode(good.der()[:-3]))
        refused(400, "PKCS #10", body=base64.b64encode(b"\x30\x00" * 3000))
        refused(413, "16 KiB", body=b"A" * 20000)
        refused(400, "2048", Csr(tmp, device.thing, "rsa", None,
                                 ("rsa", "rsa_keygen_bits:1024")))
        refused(400, "P-256", Csr(tmp, device.thing, "p521", None,
                                  ("ec", "ec_paramgen_curve:P-521")))
        refused(400, "algorithm", Csr(tmp, device.thing, "sha1", None,
                                      digest="sha1"))
        refused(403, "somebody else", Csr(tmp, other, "other"))
        refused(403, "somebody else",
                Csr(tmp, other, "mixed", f"/O=Acme/CN={other}"))
        refused(403, "more than", Csr(
            tmp, device.thing, "more", subject_of(device.thing) + "/C=DE"))
        refused(403, "subjectAltName", Csr(
            tmp, device.thing, "san", extension="subjectAltName=DNS:localhost"))
        # And nothing of all this was registered.
        expect(len(site.cloud.thing(device)["certificates"]) == 1,
               site.cloud.thing(device))


@scenario
def the_subject_may_be_left_to_the_server_but_not_for_a_renewal():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        empty = Csr(tmp, device.thing, "empty", "")
        leaf = write(f"{tmp}/leaf", site.enrol(device, empty).certificate)
        expect(device.thing in run("openssl", "x509", "-in", leaf, "-noout",
                                   "-subject").stdout, "no name")
        says(site.enrol(device, empty, "simplereenroll"), 403, "4.2.2")
        part = Csr(tmp, device.thing, "part", f"/CN={device.thing}")
        says(site.enrol(device, part), 200)
        says(site.enrol(device, part, "simplereenroll"), 403, "4.2.2")


@scenario
def white_space_in_the_body_means_nothing():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        lines = "\r\n".join(re.findall(".{1,13}", Csr(
            tmp, device.thing).base64()))
        says(site.enrol(device, None, body=b"\n " + lines.encode() + b"\t\n"),
             200)


@scenario
def who_shows_no_good_certificate_is_refused():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        csr = Csr(tmp, device.thing)
        says(site.enrol(None, csr), 403, "No certificate was shown")
        os.mkdir(f"{tmp}/stranger")
        stranger = Factory(f"{tmp}/stranger")
        fake = Device(site.cloud, stranger.device("S1"))
        answer = site.enrol(fake, csr)
        says(answer, 403, "not accepted")
        # A server's certificate of the vendor's server CA is none either.
        server = Device(site.cloud, f"{site.vendor.folder}/server/localhost")
        server.certificate = f"{server.folder}/server.crt"
        server.key = f"{server.folder}/server.key"
        says(site.enrol(server, csr), 403, "not accepted")
        says(site.enrol(device, csr), 200)


@scenario
def a_revoked_factory_certificate_enrols_nothing():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1").introduce()
        csr = Csr(tmp, device.thing)
        mine = site.cloud.thing(device)["certificates"][0]["certificateId"]
        for status in ("INACTIVE", "REVOKED"):
            site.cloud.told("set-certificate-status", certificateId=mine,
                            status=status)
            says(site.enrol(device, csr), 403, "not ACTIVE")
        site.cloud.told("set-certificate-status", certificateId=mine,
                        status="ACTIVE")
        says(site.enrol(device, csr), 200)


@scenario
def a_certificate_that_the_factory_revoked_enrols_nothing():
    """It never connected, so no registry knows it: the factory's list does."""
    with folder() as tmp:
        vendor = Factory(tmp)
        good, bad = (vendor.device(s) for s in ("good", "bad"))
        vendor.run("revoke", "--model", vendor.model, "--serial", "bad")
        vendor.run("crl")
        for crl, status in ((f"{vendor.folder}/revoked.crl", 403), (None, 200)):
            os.mkdir(f"{tmp}/{status}")
            options = {"est_crl": crl} if crl else {}
            with Site(f"{tmp}/{status}", vendor=vendor, **options) as site:
                for device, wanted in ((bad, status), (good, 200)):
                    device = Device(site.cloud, device)
                    answer = site.enrol(device, Csr(tmp, device.thing))
                    says(answer, wanted, *(
                        ["revoked"] if wanted == 403 else []))


@scenario
def a_renewal_is_proved_by_the_certificate_it_renews():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        first = site.enrolled(device, "first")
        second = site.enrolled(first, "second", "simplereenroll")
        third = site.enrolled(device, "third", "simplereenroll")
        for one in (first, second, third):
            expect(one.connects(), "refused")
        other = site.device("S2")
        says(site.enrol(other, Csr(tmp, device.thing, "theirs"),
                        "simplereenroll"), 403, "somebody else")
        says(site.enrol(None, Csr(tmp, device.thing, "nobody"),
                        "simplereenroll"), 403, "No certificate")


@scenario
def an_expired_operational_certificate_is_refused_and_the_factory_one_is_not():
    with folder() as tmp, Site(tmp, life_s=2) as site:
        device = site.device("S1")
        short = site.enrolled(device, "short")
        wait_until(lambda: site.enrol(short, Csr(tmp, device.thing, "late"),
                                      "simplereenroll").status == 403,
                   20, "it expires")
        answer = site.enrol(short, Csr(tmp, device.thing, "late"),
                            "simplereenroll")
        says(answer, 403, "expired")
        expect(not short.connects(), "the broker admitted it")
        says(site.enrol(device, Csr(tmp, device.thing, "back"),
                        "simplereenroll"), 200)


@scenario
def a_label_is_any_word_that_is_no_operation():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        csr = Csr(tmp, device.thing)
        says(site.enrol(device, csr, label="fleet-7"), 200)
        says(site.curl("/.well-known/est/fleet-7/cacerts"), 200)
        says(site.curl("/.well-known/est/a/b/cacerts"), 404)
        says(site.curl("/.well-known/est/cacerts/cacerts"), 404)
        says(site.curl("/.well-known/est/nothing"), 404, "simpleenroll")
        says(site.curl("/.well-known/est/simpleenroll"), 405, "POST")
        says(site.curl("/.well-known/est/cacerts", "-d", "x"), 405, "GET")
        says(site.enrol(device, csr, kind="text/plain"), 415, "pkcs10")


@scenario
def keys_are_never_made_by_the_server():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        answer = site.enrol(device, Csr(tmp, device.thing), "serverkeygen")
        says(answer, 501, "the key must be made on the device")
        says(site.enrol(device, Csr(tmp, device.thing), "fullcmc"), 501)


@scenario
def the_attributes_wanted_are_a_template_of_rfc_9908():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")

        def shown(client):
            answer = site.curl("/.well-known/est/csrattrs", shown=client)
            says(answer, 200)
            expect(answer.headers["content-type"] == "application/csrattrs",
                   answer.headers)
            with open(f"{tmp}/attrs", "wb") as f:
                f.write(answer.der)
            return run("openssl", "asn1parse", "-inform", "DER", "-in",
                       f"{tmp}/attrs").stdout
        anybody = shown(None)
        expect("1.2.840.113549.1.9.16.2.61" in anybody, anybody)
        expect("id-ecPublicKey" in anybody and "prime256v1" in anybody, anybody)
        expect("commonName" in anybody and "UTF8STRING" not in anybody, anybody)
        mine = shown(device)
        for value in (device.thing, "Acme", "Thermo-1", "S1"):
            expect(f":{value}\n" in mine, mine)


@scenario
def credentials_enrol_the_thing_they_are_for_and_no_other():
    with folder() as tmp:
        users = write(f"{tmp}/users", "# line\nann secret acme:thermo-1:S1\n"
                      "all word *\n\n")
        os.chmod(users, 0o600)
        with Site(tmp, est_auth="basic", est_users=users) as site:
            device = site.device("S1")
            mine, other = (Csr(tmp, t, t[-2:]) for t in (
                device.thing, "acme:thermo-1:S2"))

            def tries(csr, who, status, *words, verb="simpleenroll",
                      shown=None):
                login = ["-u", who] if who else []
                answer = site.enrol(shown, csr, verb, "", None, *login)
                says(answer, status, *words)
                return answer
            answer = tries(mine, None, 401, "Credentials")
            expect("Basic" in answer.headers["www-authenticate"],
                   answer.headers)
            tries(mine, "ann:wrong", 401, "wrong")
            tries(mine, "bob:secret", 401)
            tries(mine, "ann:secret", 200)
            tries(other, "ann:secret", 403, "another thing")
            tries(other, "all:word", 200)
            tries(Csr(tmp, device.thing, "empty", ""), "all:word", 403, "O, OU")
            tries(Csr(tmp, device.thing, "wrong", "/O=Acme/OU=Thermo-1/CN=x/"
                      "serialNumber=S1"), "all:word", 403, "CN is not")
            # Credentials alone renew nothing.
            tries(mine, "ann:secret", 403, "No certificate",
                  verb="simplereenroll")
            tries(mine, None, 200, verb="simplereenroll", shown=device)


@scenario
def who_guesses_passwords_has_to_wait():
    with folder() as tmp:
        users = write(f"{tmp}/users", "ann secret *\n")
        os.chmod(users, 0o600)
        with Site(tmp, est_auth="basic", est_users=users) as site:
            csr = Csr(tmp, "acme:thermo-1:S1")

            def tries(password):
                return site.enrol(None, csr, "simpleenroll", "", None, "-u",
                                  "ann:" + password)
            # The waits double, so that they outlast a slow machine.
            def guess():
                answer = tries("guess")
                return answer if answer.status == 429 else None
            answer = wait_until(guess, 60, "a guess has to wait")
            says(answer, 429, "Wait")
            expect(int(answer.headers["retry-after"]) > 0, answer.headers)
            wait_until(lambda: tries("secret").status == 200, 60, "it is over")


@scenario
def both_proofs_or_either_can_be_wanted():
    with folder() as tmp:
        users = write(f"{tmp}/users", "ann secret *\n")
        os.chmod(users, 0o600)
        for access, nothing, user, certificate, both in (
                ("both", 403, 403, 401, 200), ("any", 401, 200, 200, 200)):
            os.mkdir(f"{tmp}/{access}")
            with Site(f"{tmp}/{access}", est_auth=access,
                      est_users=users) as site:
                device = site.device("S1")
                csr = Csr(tmp, device.thing)
                login = ["-u", "ann:secret"]
                for shown, words, status in (
                        (None, [], nothing), (None, login, user),
                        (device, [], certificate), (device, login, both)):
                    says(site.enrol(shown, csr, "simpleenroll", "", None,
                                    *words), status)


@scenario
def a_server_that_delays_says_when_to_come_again():
    with folder() as tmp, Site(tmp, est_approval="2") as site:
        device = site.device("S1")
        csr = Csr(tmp, device.thing)
        answer = site.enrol(device, csr)
        says(answer, 202, "again later")
        expect(answer.headers["retry-after"] in ("1", "2"), answer.headers)
        # Another request of the same device begins to wait by itself.
        wait_until(lambda: site.enrol(device, csr).status == 200, 20, "it comes")
        says(site.enrol(device, Csr(tmp, device.thing, "next")), 202)
        says(site.enrol(None, csr), 403)


@scenario
def without_the_broker_a_device_is_told_to_come_again():
    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        csr = Csr(tmp, device.thing)
        site.cloud.stop()
        answer = site.enrol(device, csr)
        says(answer, 503)
        expect(int(answer.headers["retry-after"]) > 0, answer.headers)
        site.cloud.start()
        wait_until(lambda: site.enrol(device, csr).status == 200, 20,
                   "the broker is back")


@scenario
def a_server_that_cannot_be_says_why():
    with folder() as tmp:
        vendor = Factory(tmp)
        good = {"est_auth": "certificate"}
        readable = write(f"{tmp}/users", "ann secret *\n")
        os.chmod(readable, 0o644)
        wrong = write(f"{tmp}/wrong", "ann secret\n")
        os.chmod(wrong, 0o600)
        for options, word in (
                ({"est_auth": "nobody"}, "both or any"),
                ({"est_approval": "0"}, "none, manual"),
                ({"est": "here"}, "ADDRESS:PORT"),
                ({"est_trust": f"{tmp}/nothing"}, "est-trust"),
                ({"est_auth": "basic"}, "--est-users"),
                ({"est_auth": "basic", "est_users": readable}, "chmod 600"),
                ({"est_auth": "basic", "est_users": wrong}, "line 1"),
                ({"est_auth": "basic", "est_users": f"{tmp}/no"}, "cannot read"),
                ({"est_crl": f"{tmp}/no"}, "est-crl"),
                ({"est_crl": vendor.root}, "CRLs in PEM"),
                ({"est_key": f"{tmp}/users"}, "key")):
            site = Site(tmp, vendor=vendor, **{**good, **options})
            done = run(*site.cloudd.command(), status=None, timeout=10)
            expect(done.returncode in (64, 69), f"{options}: {done}")
            expect(word in done.stderr, f"{options}: {done.stderr}")


@scenario
def many_devices_enrol_at_once():
    with folder() as tmp, Site(tmp) as site:
        devices = [site.device(f"S{n}") for n in range(8)]
        for device in devices:
            os.mkdir(f"{tmp}/x-{device.thing}")
        csrs = [Csr(tmp, d.thing, d.thing[-2:]) for d in devices]

        def enrol(pair):
            device, csr = pair
            done = run("curl", "-sS", "--cacert", site.cloud.server_ca,
                       "--cert", device.certificate.replace(":", "\\:"),
                       "--key", device.key, "-H",
                       "Content-Type: application/pkcs10", "--data",
                       csr.base64(), site.url + "/.well-known/est/simpleenroll")
            return len(done.stdout) > 500
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            expect(all(pool.map(enrol, zip(devices, csrs))), "some did not")


if __name__ == "__main__":
    main(at_once=4)
