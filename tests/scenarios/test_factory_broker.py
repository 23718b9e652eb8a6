#!/usr/bin/env python3
"""A real broker believes exactly the devices it should.

Mosquitto gets the Device Root and the revocation lists, nothing else.  Rogue
certificates are made with OpenSSL from the vendor's real CA keys, as a thief of
such a key would; each has a twin that shows the same broker let it in if the
constraint were not there.
"""
import os
import re
import signal
import time

from kit import Factory, Mosquitto, expect, folder, main, read, run, scenario, \
    wait_until, write


def publish(broker, factory, device, status):
    """One QoS 1 publish with a device's certificate."""
    return run("mosquitto_pub", "-h", "localhost", "-p", broker.port, "--cafile",
               factory.server_ca, "--cert", device + "/device.crt", "--key",
               device + "/device.key", "-t", "a", "-m", "b", "-q", "1",
               status=status, timeout=20)


def accepted(broker, factory, device):
    publish(broker, factory, device, 0)


def refused(broker, factory, device, why):
    before = len(broker.words())
    done = publish(broker, factory, device, None)
    expect(done.returncode != 0, "the broker took it")
    wait_until(lambda: why in broker.words()[before:], 5,
               f"the broker's log says '{why}':\n{broker.words()[before:]}")


def rogue(factory, tmp, name, subject, chain, extensions=""):
    """A device made by a thief of the batch's key, with OpenSSL."""
    device = os.path.join(tmp, name)
    os.mkdir(device)
    csr, ext = device + "/csr", device + "/ext"
    write(ext, "basicConstraints=critical,CA:FALSE\n"
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
          "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" + extensions)
    run("openssl", "req", "-new", "-utf8", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-keyout", device + "/device.key",
        "-subj", subject, "-out", csr)
    run("openssl", "x509", "-req", "-in", csr, "-days", "30", "-CA",
        factory.batch() + "/ca.crt", "-CAkey", factory.batch() + "/ca.key",
        "-extfile", ext, "-out", device + "/leaf")
    write(device + "/device.crt", read(device + "/leaf") + "".join(map(read, chain)))
    return device


def without_constraints(factory, tmp):
    """The vendor's and the batch's CA, same names and keys, unconstrained."""
    chain = []
    for name, base, issuer, length in (
            ("batch", factory.batch() + "/ca", factory.folder + "/vendor", 0),
            ("vendor", factory.folder + "/vendor", factory.folder + "/root", 1)):
        ext = write(os.path.join(tmp, name + ".ext"),
                    f"basicConstraints=critical,CA:TRUE,pathlen:{length}\n"
                    "keyUsage=critical,keyCertSign,cRLSign\n"
                    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        csr = os.path.join(tmp, name + ".csr")
        crt = os.path.join(tmp, name + ".crt")
        run("openssl", "x509", "-x509toreq", "-in", base + ".crt", "-signkey",
            base + ".key", "-out", csr)
        run("openssl", "x509", "-req", "-in", csr, "-days", "30", "-CA",
            issuer + ".crt", "-CAkey", issuer + ".key", "-extfile", ext,
            "-out", crt)
        chain.append(crt)
    return chain


@scenario
def the_broker_takes_our_device_and_knows_it_by_its_thing_name():
    with folder() as tmp:
        factory = Factory(tmp)
        device = factory.device("S1")
        with Mosquitto(tmp, factory) as broker:
            accepted(broker, factory, device)
            expect("u'acme:thermo-1:S1'" in broker.words(), broker.words())
            other = os.path.join(tmp, "other")
            os.mkdir(other)
            stranger = Factory(other).device("S1")
            refused(broker, factory, stranger, "certificate verify failed")


ROGUES = (
    ("vendor", "/O=Evil/OU=Thermo-1/CN=evil:thermo-1:1/serialNumber=1", ""),
    ("model", "/O=Acme/OU=Lock-9/CN=acme:lock-9:1/serialNumber=1", ""),
    ("order", "/CN=acme:thermo-1:1/O=Acme/OU=Thermo-1/serialNumber=1", ""),
    ("name", "/O=Acme/OU=Thermo-1/CN=acme:thermo-1:1/serialNumber=1",
     "subjectAltName=DNS:broker.example\n"),
    ("address", "/O=Acme/OU=Thermo-1/CN=acme:thermo-1:1/serialNumber=1",
     "subjectAltName=IP:10.0.0.1\n"),
)


@scenario
def a_device_of_another_vendor_or_model_signed_by_this_vendors_ca_is_refused():
    with folder() as tmp:
        factory = Factory(tmp)
        chain = [factory.batch() + "/ca.crt", factory.folder + "/vendor.crt"]
        with Mosquitto(tmp, factory) as broker:
            genuine = rogue(factory, tmp, "genuine",
                            "/O=Acme/OU=Thermo-1/CN=x/serialNumber=1", chain)
            accepted(broker, factory, genuine)
            for name, subject, extensions in ROGUES:
                device = rogue(factory, tmp, name, subject, chain, extensions)
                refused(broker, factory, device, "certificate verify failed")


@scenario
def twin_without_name_constraints_the_same_broker_takes_each_of_them():
    with folder() as tmp:
        factory = Factory(tmp)
        chain = without_constraints(factory, tmp)
        with Mosquitto(tmp, factory) as broker:
            for name, subject, extensions in ROGUES:
                device = rogue(factory, tmp, name, subject, chain, extensions)
                accepted(broker, factory, device)


@scenario
def a_revoked_device_is_refused_once_the_broker_has_the_list():
    with folder() as tmp:
        factory = Factory(tmp)
        device, other = factory.device("S1"), factory.device("S2")
        factory.run("crl")
        lists = factory.folder + "/revoked.crl"
        with Mosquitto(tmp, factory, f"crlfile {lists}") as broker:
            accepted(broker, factory, device)
            factory.run("revoke", "--model", "Thermo-1", "--serial", "S1",
                        "--reason", "keyCompromise")
            accepted(broker, factory, device)  # twin: without the new list
            factory.run("crl")
            broker.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "Reloading config" in broker.words(), 5, "reload")
            time.sleep(0.2)
            refused(broker, factory, device, "certificate verify failed")
            accepted(broker, factory, other)


@scenario
def the_lists_are_as_rfc_5280_says_and_openssl_heeds_them():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S1") + "/device.crt"
        second = factory.device("S2") + "/device.crt"
        third = factory.device("S3") + "/device.crt"
        said = factory.run("crl", "--days", "7").stdout
        expect("3 lists, 0 certificates revoked, good for 7 days" in said, said)
        batch = factory.batch() + "/ca"
        text = run("openssl", "crl", "-in", batch + ".crl", "-noout", "-text",
                   "-CAfile", batch + ".crt").stdout
        for expected in ("Version 2", "ecdsa-with-SHA256", "No Revoked",
                         "Authority Key Identifier",
                         "X509v3 CRL Number: \n                1\n"):
            expect(expected in text, f"'{expected}' in {text}")

        def verify(certificate, status):
            return run("openssl", "verify", "-x509_strict", "-crl_check_all",
                       "-CRLfile", factory.folder + "/revoked.crl", "-CAfile",
                       factory.root, "-untrusted", certificate, certificate,
                       status=status)
        verify(leaf, 0)
        factory.run("revoke", "--model", "Thermo-1", "--serial", "S1",
                    "--reason", "keyCompromise")
        factory.run("revoke", "--model", "Thermo-1", "--serial", "S2")
        verify(leaf, 0)
        factory.run("crl")
        done = verify(leaf, 2)
        expect("certificate revoked" in done.stderr, done.stderr)
        verify(second, 2)
        verify(third, 0)
        checked = run("openssl", "crl", "-in", batch + ".crl", "-noout", "-text",
                      "-CAfile", batch + ".crt")
        expect("verify OK" in checked.stderr, checked.stderr)
        text = checked.stdout
        expect("CRL Number: \n                2\n" in text, text)
        expect(text.count("Serial Number:") == 2 and
               text.count("CRL Reason Code") == 1 and
               "Key Compromise" in text, text)
        times = run("openssl", "crl", "-in", batch + ".crl", "-noout",
                    "-lastupdate", "-nextupdate").stdout
        expect(re.search("lastUpdate=.*\nnextUpdate=", times), times)
        # A whole batch, by its CA's certificate, on the vendor's list.
        factory.run("revoke", batch + ".crt", "--reason", "cACompromise")
        factory.run("crl")
        verify(third, 2)


@scenario
def a_list_signed_by_the_vendors_p384_key_verifies_too():
    with folder() as tmp:
        factory = Factory(tmp)
        factory.run("crl")
        for name in ("root", "vendor"):
            base = os.path.join(factory.folder, name)
            done = run("openssl", "crl", "-in", base + ".crl", "-noout", "-text",
                       "-CAfile", base + ".crt")
            expect("verify OK" in done.stderr and "SHA384" in done.stdout, done)


@scenario
def what_cannot_be_revoked_says_why():
    with folder() as tmp:
        factory = Factory(tmp)
        other = os.path.join(tmp, "other")
        os.mkdir(other)
        stranger = Factory(other).device("S1")
        device = factory.device("S1")
        factory.run("revoke", device + "/device.crt")
        for arguments, status, words in (
                (["--model", "Thermo-1", "--serial", "S1"], 73, "revoked already"),
                (["--model", "Thermo-1", "--serial", "S9"], 66, "is not there"),
                ([stranger + "/device.crt"], 65, "not issued by this factory"),
                ([device + "/device.key"], 65, "not a certificate"),
                (["--model", "Thermo-1"], 64, "expected --model and --serial"),
                ([], 64, "expected --model and --serial"),
                (["--reason", "boredom", stranger], 65, "keyCompromise")):
            said = factory.run("revoke", *arguments, status=status).stderr
            expect(words in said, f"{arguments}: {said}")
        factory.run("issue", "--model", "Thermo-1", "--serial", "S1", status=73)
        for days in ("0", "x", "", "3651"):
            said = factory.run("crl", "--days", days, status=65).stderr
            expect("expected 1 to 3650" in said, said)


@scenario
def a_root_key_kept_offline_does_not_stop_the_lists():
    with folder() as tmp:
        factory = Factory(tmp)
        factory.run("crl")
        before = read(factory.folder + "/root.crl")
        os.rename(factory.folder + "/root.key", tmp + "/root.key")
        done = factory.run("crl")
        expect("root.key is not here: its last list stays" in done.stderr, done)
        expect(before in read(factory.folder + "/revoked.crl"), "root's list")
        expect("2 lists" in done.stdout, done.stdout)
        os.remove(factory.folder + "/root.crl")
        done = factory.run("crl", "--json")
        expect("it gets no list" in done.stderr and '"kept":1' in done.stdout, done)


@scenario
def a_damaged_register_stops_the_list_instead_of_forgetting_somebody():
    with folder() as tmp:
        factory = Factory(tmp)
        device = factory.device("S1")
        factory.run("revoke", device + "/device.crt")
        entry = os.path.join(factory.folder, "revoked",
                             os.listdir(factory.folder + "/revoked")[0])
        good = read(entry)
        for bad in ("", "{}", good.replace("unspecified", "boredom"), "x" * 5000):
            write(entry, bad)
            said = factory.run("crl", status=65).stderr
            expect(entry in said, said)
        write(entry, good)
        stranger = write(factory.folder + "/revoked/zz.json", good)
        expect(stranger in factory.run("crl", status=65).stderr, "a foreign name")
        os.remove(stranger)
        write(factory.folder + "/root.crlnumber", "seven\n")
        said = factory.run("crl", status=65).stderr
        expect("root.crlnumber is not a number" in said, said)


if __name__ == "__main__":
    main()
