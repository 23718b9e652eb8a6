#!/usr/bin/env python3
"""A model says what its devices' certificates are for, and no CA below which
they stand forbids it.

The switch is `factory model --eku`: OpenSSL judges for which purpose a chain is
good, and `factory check` knows what was chosen.
"""
import json
import os

from kit import FACTORY, Factory, Mosquitto, expect, folder, main, read, run, \
    scenario, write

CLIENT = "TLS Web Client Authentication"
BOTH = CLIENT + ", TLS Web Server Authentication"


def judged(factory, leaf, purpose):
    """Does OpenSSL take this chain for the purpose?"""
    return run("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile",
               factory.root, "-untrusted", leaf, leaf, status=None).returncode == 0


def eku_lines(leaf):
    """The extendedKeyUsage of each certificate, None where there is none."""
    found = []
    for part in read(leaf).split("-----END CERTIFICATE-----\n")[:-1]:
        one = write(leaf + ".one", part + "-----END CERTIFICATE-----\n")
        lines = run("openssl", "x509", "-in", one, "-noout", "-text").stdout \
            .splitlines()
        at = [i for i, line in enumerate(lines) if "Extended Key Usage" in line]
        expect(not at or "critical" not in lines[at[0]], "critical")
        found.append(lines[at[0] + 1].strip() if at else None)
        os.remove(one)
    return found


def shown(factory, leaf):
    result = json.loads(factory.run("show", leaf, "--json").stdout)
    return [c["eku"] for c in result["certificates"]]


def check(*arguments, status=None):
    said = run(FACTORY, "check", *arguments, "--json", status=status)
    return [(v["certificate"], v["rule"])
            for v in json.loads(said.stdout)["violations"]]


def serving(tmp):
    """A factory whose Vendor CA permits servers, with a model of each kind."""
    made = Factory.__new__(Factory)
    made.folder, made.model = os.path.join(tmp, "factory"), "Both"
    made.run("init", "--vendor", "Acme", "--eku", "client+server")
    made.root = made.folder + "/root.crt"
    made.server_ca = made.folder + "/server/ca.crt"
    for model, eku in (("Both", "client+server"), ("Quiet", "none"),
                       ("Plain", "client")):
        made.run("model", "--model", model, "--batch", "B1", "--eku", eku)
    return made


@scenario
def each_choice_is_what_openssl_takes_the_device_for():
    with folder() as tmp:
        factory = serving(tmp)
        for model, lines, names, client, server in (
                ("Both", [BOTH, BOTH, BOTH], ["client+server"] * 3, True, True),
                ("Quiet", [None, CLIENT, BOTH], ["none", "client", "client+server"],
                 True, False),
                ("Plain", [CLIENT, CLIENT, BOTH],
                 ["client", "client", "client+server"], True, False)):
            leaf = factory.device("S1", model) + "/device.crt"
            expect(eku_lines(leaf) == lines, f"{model}: {eku_lines(leaf)}")
            expect(shown(factory, leaf) == names, shown(factory, leaf))
            expect(f"  EKU            {names[0]}\n" in
                   factory.run("show", leaf).stdout, "in words")
            expect(judged(factory, leaf, "sslclient") == client, model)
            expect(judged(factory, leaf, "sslserver") == server, model)
            expect(factory.run("check", leaf, "--issuer", factory.root).stdout ==
                   "3 certificates, 0 violations of the profile\n", model)


@scenario
def without_the_switch_everything_is_for_clients():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S1") + "/device.crt"
        expect(eku_lines(leaf) == [CLIENT] * 3, eku_lines(leaf))
        # As a factory from before the switch left it.
        os.remove(factory.batch() + "/profile.json")
        settings = factory.folder + "/settings.json"
        old = json.loads(read(settings))
        del old["eku"]
        write(settings, json.dumps(old))
        leaf = factory.device("S2") + "/device.crt"
        expect(eku_lines(leaf) == [CLIENT] * 3, eku_lines(leaf))
        factory.run("check", leaf)


@scenario
def the_choice_is_the_models_and_lists_follow_it():
    with folder() as tmp:
        factory = serving(tmp)
        made = json.loads(factory.run("model", "--model", "Quiet", "--batch", "B2",
                                      "--json").stdout)
        expect(made["eku"] == "none", made)
        made = factory.run("model", "--model", "Quiet", "--batch", "B3", "--eku",
                           "client+server").stdout
        expect("EKU of its devices: client+server" in made, made)
        work = write(tmp + "/list", "Quiet,1\nPlain,1\nBoth,1\n")
        factory.run("batch", work, "--batch", "B1")
        devices = factory.folder + "/devices/acme:"
        for name, eku in (("quiet:1", "none"), ("plain:1", "client"),
                          ("both:1", "client+server")):
            leaf = devices + name + "/device.crt"
            expect(shown(factory, leaf)[0] == eku, name)
        leaf = factory.device("2", "Quiet") + "/device.crt"
        expect(shown(factory, leaf) == ["client+server"] * 3, "the newest batch")
        # Each device is held against what its own batch has.
        older = devices + "quiet:1/device.crt"
        expect(check("--folder", factory.folder, leaf, older) == [], "both batches")


@scenario
def a_ca_that_does_not_permit_servers_refuses_the_switch():
    with folder() as tmp:
        factory = Factory(tmp)
        said = factory.run("model", "--model", "New", "--eku", "client+server",
                           status=65).stderr
        expect("the Vendor CA permits clientAuth only" in said and
               "factory init --eku client+server" in said, said)
        expect(not os.path.exists(factory.folder + "/models/acme:new"), "nothing")
        factory.run("model", "--model", "New", "--eku", "none")
        # The record says more than the CA beside it.
        record = factory.batch() + "/profile.json"
        write(record, '{"format":1,"eku":"client+server"}')
        said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                           status=65).stderr
        expect("the batch's CA does not permit serverAuth" in said, said)
        for text in ('{"format":1,"eku":"banana"}', "x", '{"format":2,"eku":"none"}'):
            write(record, text)
            said = factory.run("issue", "--model", "Thermo-1", "--serial", "S1",
                               status=65).stderr
            expect("profile.json is not what 'factory model' wrote" in said, said)
        expect(not os.path.exists(factory.folder + "/devices"), "nothing issued")
        os.remove(record)  # twin: the CA itself is fine
        factory.device("S1")


@scenario
def a_broker_lets_a_device_of_each_choice_in():
    with folder() as tmp:
        factory = serving(tmp)
        with Mosquitto(tmp, factory) as broker:
            for model in ("Both", "Quiet", "Plain"):
                device = factory.device("S1", model)
                run("mosquitto_pub", "-h", "localhost", "-p", broker.port,
                    "--cafile", factory.server_ca, "--cert", device + "/device.crt",
                    "--key", device + "/device.key", "-t", "a", "-m", "b", "-q",
                    "1", timeout=20)


@scenario
def an_unknown_choice_is_refused_with_those_there_are():
    with folder() as tmp:
        factory = Factory(tmp)
        leaf = factory.device("S1") + "/device.crt"
        for verb in (["model", "--model", "M", "--eku", "server"],
                     ["check", leaf, "--eku", "any"]):
            said = factory.run(*verb, status=65).stderr
            expect("expected client, client+server or none" in said, said)
        for eku in ("none", "any"):
            said = run(FACTORY, "init", "--vendor", "A", "--folder", tmp + "/g",
                       "--eku", eku, status=65).stderr
            expect("expected client or client+server" in said, said)


@scenario
def the_lint_holds_a_certificate_against_what_was_chosen_for_it():
    with folder() as tmp:
        factory = serving(tmp)
        rule = "extended-key-usage"
        leaves = {m: factory.device("S1", m) + "/device.crt"
                  for m in ("Both", "Quiet", "Plain")}
        for model, choice, wrong in (
                ("Both", "client", [1, 2, 3]), ("Both", "none", [1, 2, 3]),
                ("Both", "client+server", []), ("Quiet", "none", [3]),
                ("Quiet", "client", [1, 3]), ("Plain", "client", [3]),
                ("Plain", "none", [1, 3]), ("Plain", "client+server", [1, 2])):
            found = check(leaves[model], "--eku", choice)
            expect(found == [(n, rule) for n in wrong], (model, choice, found))
        # Where no factory is, the profile's own word holds.
        expect(check(leaves["Quiet"], "--folder", tmp + "/none") ==
               [(1, rule), (3, rule)], "elsewhere")
        # A device that says more than the one above it permits.
        chain = write(tmp + "/chain", read(leaves["Both"]).replace(
            read(factory.batch() + "/ca.crt"),
            read(factory.folder + "/models/acme:plain/B1/ca.crt")))
        expect((1, "issuer-purposes") in check(chain, "--folder", factory.folder),
               "a purpose from nowhere")
        twin = write(tmp + "/twin", read(leaves["Quiet"]).replace(
            read(factory.folder + "/models/acme:quiet/B1/ca.crt"),
            read(factory.folder + "/models/acme:plain/B1/ca.crt")))
        expect((1, "issuer-purposes") not in check(twin, "--folder", factory.folder),
               "twin: it asks for nothing")


if __name__ == "__main__":
    main()
