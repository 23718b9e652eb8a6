#!/usr/bin/env python3
"""The device's key signs where it is: in a file, a PKCS #11 token or a TPM.

The tokens are SoftHSM's and swtpm's, in folders of each scenario.  Their keys
are made inside; `nameplate csr` makes the request, `factory` the certificate,
and the real mock believes the handshake.  Then everything that can be wrong
with a key: each has its own words, nobody is called meanwhile, a PIN is offered
once, and the agent comes back by itself when the key does.  The last scenarios
look for the key, and for the PIN, where they must not be.
"""
import base64
import glob
import json
import os
import re
import resource
import signal
import subprocess

from authority import Authority
from kit import (BIN, LIB, TOP, Factory, Skipped, expect, main, read, run, scenario,
                 wait_until, write)
from mock import MockCloud
from tokens import MODULE, PIN, SoftToken, SoftTpm
from web import Web, answer, ask
from world import NAMEPLATE, RELEASE, World, factory

HANDLE = 0x81010001
LIBRARIES = {"file": set(), "token": {"libp11-kit", "libsofthsm2"},
             "tpm": {"libtss2-esys", "libtss2-tctildr"}}
OLD_TLS = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MaxProtocol = TLSv1.2
"""


def request(uri, serial, environment=None, **options):
    return run(NAMEPLATE, "csr", "--key", uri, "--vendor", "Acme", "--model",
               "Thermo-1", "--serial", serial,
               env={**os.environ, **(environment or {})}, **options)


def enrol(world, uri, serial, environment=None):
    """The certificate of a key that never was in our hands."""
    csr = write(world.path(serial + ".csr"),
                request(uri, serial, environment).stdout)
    return factory().device(serial, None, "--csr", csr) + "/device.crt"


def cloud_of(world, name="cloud", newest=None):
    """The mock; with `newest` its TLS library's settings end there."""
    cloud = MockCloud(world.folder, factory(), name=name)
    if newest:
        os.environ["OPENSSL_CONF"] = write(world.path("openssl.cnf"), newest)
    try:
        cloud.start()
    finally:
        os.environ.pop("OPENSSL_CONF", None)
    world.endings.append(cloud.stop)
    return cloud


def agent_of(world, port, uri, certificate, environment=None, **options):
    return world.agent(port=port, environment=environment, settings={
        "identity.key": uri, "identity.certificate": certificate}, **options)


def online(agent, times=1):
    # The waits between its tries grow, the more the slower the test is.
    return agent.wait_for(" online ", times=times, seconds=90)


def offline(agent, reason, times=1):
    """Offline because of the key, in the log and to who asks."""
    agent.wait_for(f'offline why=key detail="{reason}: ', times=times)
    status = json.loads(run(NAMEPLATE, "status", "--json", "-s", agent.socket,
                            status=None).stdout)
    expect(not status["online"] and status["why"] == "key" and
           status["detail"].startswith(reason + ": "), str(status))


def again(cloud, agent, thing):
    """End the connection, so that the key is wanted again."""
    count = agent.words().count("to=connecting")
    cloud.told("kick", thing=thing)
    wait_until(lambda: agent.words().count("to=connecting") > count, 20,
               "it connects again")


def tries(agent, count):
    """Until it has tried so often more."""
    before = agent.words().count("to=connecting")
    agent.wait_for("to=connecting", times=before + count, seconds=90)


def libraries_of(agent):
    """Which of those for tokens are loaded: only what the key's URI needs."""
    loaded = read(f"/proc/{agent.process.pid}/maps")
    return {name for names in LIBRARIES.values() for name in names
            if f"/{name}.so" in loaded}


@scenario
def a_key_in_a_file_a_token_or_a_tpm_comes_online_with_tls_1_3_and_1_2():
    with World() as world, SoftTpm(world.folder) as tpm:
        token = SoftToken(world.folder)
        token.generate("device")
        tpm.generate(HANDLE)
        file = world.path("own.key")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", file)
        keys = {"file": "file:" + file, "token": token.uri("device"),
                "tpm": tpm.uri(HANDLE)}
        clouds = {"TLSv1.3": cloud_of(world),
                  "TLSv1.2": cloud_of(world, "old", OLD_TLS)}
        for kind, uri in keys.items():
            certificate = enrol(world, uri, "K-" + kind, token.environment)
            for version, cloud in clouds.items():
                agent = agent_of(world, cloud.port, uri, certificate,
                                 token.environment)
                online(agent)
                expect(f" tls={version} " in agent.words(), agent.words())
                expect(libraries_of(agent) == LIBRARIES[kind], kind)


@scenario
def with_a_key_in_hardware_no_tls_session_is_kept():
    """Who copies the store would have the key for a day.  The twin is a key in
    a file, which lies there to be copied itself."""
    with World() as world:
        token = SoftToken(world.folder)
        token.generate("device")
        cloud = cloud_of(world)
        agents = []
        certificate = enrol(world, token.uri("device"), "HW", token.environment)
        for options in ({"settings": {
                "identity.key": token.uri("device"),
                "identity.certificate": certificate},
                "environment": token.environment}, {"serial": "S1"}):
            agent = world.agent(port=cloud.port, **options)
            online(agent)
            agent.stop()
            online(agent.start(), times=2)
            agents.append(agent)
        kept = [bool(glob.glob(a.store + "/session*")) for a in agents]
        resumed = ["handshake=resumed" in a.words() for a in agents]
        expect(kept == resumed == [False, True], f"{kept} {resumed}")


@scenario
def over_https_too_the_key_signs_where_it_is():
    with World() as world, SoftTpm(world.folder) as tpm:
        token = SoftToken(world.folder)
        token.generate("device")
        tpm.generate(HANDLE)
        root = Authority(world.folder)
        for kind, uri in (("token", token.uri("device")), ("tpm", tpm.uri(HANDLE))):
            certificate = enrol(world, uri, "H-" + kind, token.environment)
            with Web(answer(b"hello"), root.leaf("web-" + kind), None,
                     factory().root) as web:
                said = ask(web.url(), trust=root.crt, chain=certificate, key=uri,
                           environment=token.environment)
                expect(said["status"] == "200" and said["body"] == "hello", str(said))
                expect("H-" + kind in str(web.visits[0].certificate), kind)
                # The other key: nothing is asked, and it says why.
                said = ask(web.url(), trust=root.crt, chain=certificate,
                           key=token.uri("nobody"), environment=token.environment)
                expect(said["reason"] == "key" and "no_object" in said["detail"],
                       str(said))
                expect(not web.visits[1:] or web.visits[1].request == b"", "asked")


@scenario
def a_request_names_the_device_and_proves_its_key():
    with World() as world:
        token = SoftToken(world.folder)
        token.generate("device", "EC:secp384r1")
        text = request(token.uri("device"), "C/4711", token.environment).stdout
        path = write(world.path("csr"), text)
        shown = run("openssl", "req", "-in", path, "-verify", "-noout",
                    "-subject", "-nameopt", "RFC2253,-dn_rev", "-text")
        expect("verify OK" in shown.stderr + shown.stdout, shown.stderr)
        expect("O=Acme,OU=Thermo-1,CN=acme:thermo-1:C_2f4711,"
               "serialNumber=C/4711" in shown.stdout, shown.stdout)
        expect("ecdsa-with-SHA384" in shown.stdout, shown.stdout)
        kinds = run("openssl", "asn1parse", "-in", path).stdout
        expect(re.findall(r"(UTF8|PRINTABLE)STRING", kinds) ==
               ["UTF8", "UTF8", "UTF8", "PRINTABLE"], kinds)
        as_json = request(token.uri("device"), "x", token.environment)
        expect(as_json.stdout.startswith("-----BEGIN CERT"), as_json.stdout)


@scenario
def a_request_that_cannot_be_made_says_what_is_wrong():
    with World() as world:
        key = "file:" + world.path("none.key")
        who = ["--vendor", "Acme", "--model", "T", "--serial", "1"]
        rows = [
            (64, "--key is missing", who),
            (64, "--serial is missing", ["--key", key, *who[:4]]),
            (64, "unknown option '--keys'; did you mean '--key'?",
             ["--keys", key, *who]),
            (64, "option '--key' wants a value", [*who, "--key="]),
            (64, "one argument too many", [*who, "--key", key, "x"]),
            (66, "cannot open", [*who, "--key", key]),
            (65, "unsuitable: expected file:PATH", [*who, "--key", "none.key"]),
            (65, "handle= is missing", [*who, "--key", "tpm2:"]),
            (75, "token_absent",
             [*who, "--key", f"tpm2:handle=0x81000001;tcti=swtpm:path={key}"]),
            (65, "letters, digits",
             ["--key", key, *who[:5], "a_b"]),
            (65, "thing name of at most 128",
             ["--key", key, *who[:5], "x" * 130]),
        ]
        for status, words, arguments in rows:
            done = run(NAMEPLATE, "csr", *arguments, status=status)
            expect(words in done.stderr and done.stdout == "", done.stderr)
        done = run(NAMEPLATE, "csr", "--json", *who, "--key", key, status=66)
        expect(json.loads(done.stdout)["code"] == "key", done.stdout)
        expect("-s PATH" not in run(NAMEPLATE, "csr", "--help").stdout, "-s")


def sign(root, csr, path):
    """A device's certificate for kinds of keys that `factory` does not issue."""
    write(path + ".ext", "basicConstraints=critical,CA:FALSE\n"
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
    run("openssl", "x509", "-req", "-in", csr, "-CA", root.crt, "-CAkey",
        root.key, "-CAcreateserial", "-days", "10", "-extfile", path + ".ext",
        "-out", path)
    return path


@scenario
def p_384_and_rsa_in_a_token_or_a_file_sign_for_both_versions_too():
    import ssl
    with World() as world:
        root = Authority(world.folder)
        token = SoftToken(world.folder)
        token.generate("p384", "EC:secp384r1")
        token.generate("rsa", "rsa:2048")
        file = world.path("rsa.key")
        run("openssl", "genpkey", "-algorithm", "RSA", "-out", file)
        for name, uri in (("p384", token.uri("p384")), ("rsa", token.uri("rsa")),
                          ("file", "file:" + file)):
            csr = write(world.path(name + ".csr"),
                        request(uri, name, token.environment).stdout)
            certificate = sign(root, csr, world.path(name + ".crt"))
            for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                server = world.server(cafile=root.crt, newest=newest)
                agent = agent_of(world, server.port, uri, certificate,
                                 token.environment)
                wait_until(lambda s=server, a=agent: s.received(), 20,
                           f"a CONNECT\n{agent.words()}")


@scenario
def a_token_that_goes_is_the_reason_and_its_return_the_cure():
    with World() as world, SoftTpm(world.folder) as tpm:
        token = SoftToken(world.folder)
        token.generate("device")
        tpm.generate(HANDLE)
        cloud = cloud_of(world)
        agents = {}
        for serial, uri in (("G1", token.uri("device")), ("G2", tpm.uri(HANDLE))):
            agents[serial] = online(agent_of(
                world, cloud.port, uri,
                enrol(world, uri, serial, token.environment),
                token.environment))
        token.unplug()
        tpm.stop()
        for serial, agent in agents.items():
            again(cloud, agent, "acme:thermo-1:" + serial)
        for agent in agents.values():
            offline(agent, "token_absent")
        token.plug_in()
        tpm.start()
        for agent in agents.values():
            online(agent, times=2)


@scenario
def an_agent_starts_without_its_token_and_comes_online_with_it():
    with World() as world, SoftTpm(world.folder) as tpm:
        tpm.generate(HANDLE)
        certificate = enrol(world, tpm.uri(HANDLE), "L1")
        tpm.stop()
        agent = agent_of(world, cloud_of(world).port, tpm.uri(HANDLE),
                         certificate)
        offline(agent, "token_absent")
        tpm.start()
        online(agent)


@scenario
def a_token_that_does_not_answer_is_told_and_the_agent_goes_on():
    with World() as world:
        hang = write(world.path("hang"), "")
        agent = world.agent(
            port=1, environment={"FAKE_PKCS11_HANG": hang}, settings={
                "cloud.connect_timeout_s": 1, "identity.key":
                "pkcs11:token=fake;object=x?pin-value=1&module-path="
                + os.path.join(LIB, "fake_pkcs11.so")})
        offline(agent, "token_failed")
        expect("does not answer" in agent.words(), agent.words())
        os.unlink(hang)
        agent.wait_for('"another_key: ')


@scenario
def a_wrong_pin_is_offered_once_and_the_right_one_heals():
    with World() as world:
        token = SoftToken(world.folder)
        token.generate("device")
        certificate = enrol(world, token.uri("device"), "W1", token.environment)
        agent = agent_of(world, cloud_of(world).port, token.uri("device"),
                         certificate, token.environment)
        online(agent).stop()
        expect(not token.is_pin_count_low(), "nobody was wrong yet")
        token.set_pin("wrong-" + PIN[3:])
        agent.start()
        offline(agent, "wrong_pin")
        expect(token.is_pin_count_low(), "it was not offered at all")
        token.tool("-O")  # somebody else is right: the token counts anew
        expect(not token.is_pin_count_low(), "the count starts again")
        tries(agent, 3)
        expect(not token.is_pin_count_low(), "it was offered again")
        token.set_pin(PIN)
        online(agent, times=2)


@scenario
def a_key_of_another_certificate_is_told_and_the_right_one_heals():
    with World() as world:
        token = SoftToken(world.folder)
        paths = []
        for name in ("right", "wrong"):
            paths.append(world.path(name + ".key"))
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", paths[-1])
        token.load("device", paths[0])
        uri = token.uri("device")
        cloud = cloud_of(world)
        agent = agent_of(world, cloud.port, uri,
                         enrol(world, uri, "M1", token.environment),
                         token.environment)
        online(agent)
        token.delete("device")
        token.load("device", paths[1])
        again(cloud, agent, "acme:thermo-1:M1")
        offline(agent, "another_key")
        token.delete("device")
        token.load("device", paths[0])
        online(agent, times=2)
        # From the start on, too.
        token.delete("device")
        token.load("device", paths[1])
        late = agent_of(world, cloud.port, uri,
                        factory().folder + "/devices/acme:thermo-1:M1/device.crt",
                        token.environment)
        offline(late, "another_key")
        token.delete("device")
        token.load("device", paths[0])
        online(late)


@scenario
def what_the_uri_names_may_be_missing_or_twice_and_come_later():
    with World() as world:
        token = SoftToken(world.folder)
        file = world.path("own.key")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", file)
        certificate = enrol(world, "file:" + file, "N1")
        port = cloud_of(world).port
        none = agent_of(world, port, token.uri("device"), certificate,
                        token.environment)
        token.generate("double")
        token.generate("double")
        double = agent_of(world, port, token.uri("double"), certificate,
                          token.environment)
        lost = agent_of(world, port, token.uri("device").replace(
            MODULE, world.path("none.so")), certificate, token.environment)
        silent = agent_of(world, port, token.uri("device").split("&")[0],
                          certificate, token.environment)
        offline(none, "no_object")
        offline(double, "ambiguous")
        offline(lost, "no_module")
        offline(silent, "no_pin")
        token.load("device", file)
        online(none)


@scenario
def a_uri_that_is_wrong_ends_the_start_and_its_pin_is_not_repeated():
    with World() as world:
        token = SoftToken(world.folder)
        secret = "pin-value=" + PIN
        for uri in (f"pkcs11:token=factory?{secret}",
                    f"pkcs11:object=a;type=public?{secret}",
                    f"pkcs11:object=%zz?{secret}",
                    f"pkcs12:object=a?{secret}",
                    f"tpm2:handle=1;{secret}"):
            agent = world.agent(start=False, port=1, settings={
                "identity.key": uri}, environment=token.environment)
            done = run(NAMEPLATE, "run", "-c", agent.config, status=78)
            expect("key" in done.stderr and "reason=" in done.stderr or
                   "expected" in done.stderr, done.stderr)
            expect(PIN not in done.stdout + done.stderr, done.stderr)
            done = request(uri, "1", status=65)
            expect(PIN not in done.stdout + done.stderr, done.stderr)


@scenario
def neither_pin_nor_key_is_in_a_log_of_any_level():
    with World() as world:
        token = SoftToken(world.folder)
        token.generate("device")
        uri = token.uri("device", "pin-value=" + PIN)
        certificate = enrol(world, uri, "Q1", token.environment)
        cloud = cloud_of(world)
        good = online(agent_of(world, cloud.port, uri, certificate,
                               token.environment))
        bad = agent_of(world, cloud.port, token.uri(
            "none", "pin-value=" + PIN), certificate, token.environment)
        file = world.agent(port=cloud.port)
        offline(bad, "no_object")
        online(file)
        token.unplug()
        again(cloud, good, "acme:thermo-1:Q1")
        offline(good, "token_absent")
        token.plug_in()
        online(good, times=2)
        # The twin: what was looked for is what the agent was given.
        expect(PIN in read(good.config), "the PIN is in the configuration")
        for agent in (good, bad, file):
            expect(" debug " in "\n " + agent.words().replace("\n", "\n "),
                   "the log is at debug level")
            expect(PIN not in agent.words(), "the PIN is logged")
        for text in secrets_of(file.device + "/device.key"):
            expect(text not in file.words().encode(), "the key is logged")


def commands_of(section):
    """The indented commands of a section of docs/keys.md, but for apt-get and the
    form of the URI."""
    text = read(os.path.join(TOP, "docs/keys.md")).split(f"\n## {section}\n")[1]
    blocks = re.findall(r"(?m)^    (.*)$", text.split("\n## ")[0])
    return "\n".join(line for line in blocks
                     if not re.match(r"apt-get|tpm2:\S+\[", line))


@scenario
def the_commands_of_the_manual_work_as_they_are_written():
    with World() as world, SoftTpm(world.folder) as tpm:
        token = SoftToken(world.folder, label="other")
        place = world.path("place")
        os.makedirs(place)
        Factory(place)
        links = world.path("bin")
        os.makedirs(links)
        for name in ("nameplate", "factory"):
            os.symlink(os.path.join(BIN, name), os.path.join(links, name))
        for section, serial in (("A PKCS #11 token", "4711"), ("A TPM", "4712")):
            commands = commands_of(section).replace(
                "/etc/nameplate", place).replace(
                "tpm2:handle=0x81010001 ",
                f"'tpm2:handle=0x81010001;tcti={tpm.tcti}' ")
            expect("nameplate csr" in commands and "factory issue" in commands,
                   commands)
            run("bash", "-euo", "pipefail", "-c", commands, cwd=place,
                env={**os.environ, **token.environment,
                     "TPM2TOOLS_TCTI": tpm.tcti,
                     "PATH": links + ":" + os.environ["PATH"]})
            issued = os.path.join(place, "factory/devices",
                                  "acme:thermo-1:" + serial)
            expect("device.key" not in os.listdir(issued), f"{section}: no key")


# --- core dumps --------------------------------------------------------------

def secrets_of(path):
    """The shapes that a private key can have in memory: its number as DER has
    it and as a little-endian machine computes with it, and the file's text."""
    text = run("openssl", "ec", "-in", path, "-noout", "-text").stdout
    digits = re.search(r"priv:\s*((?:[0-9a-f]{2}[:\s]+)+)", text).group(1)
    number = bytes.fromhex(re.sub(r"[:\s]", "", digits)).rjust(32, b"\0")[-32:]
    lines = [line.encode() for line in read(path).split("\n")[1:-2]]
    der = base64.b64decode(b"".join(lines))
    expect(number in der, "the file holds the number")
    return [number, number[::-1], *lines]


def core_of(world, agent):
    """Crash it while it is online; the bytes of its core."""
    pattern = read("/proc/sys/kernel/core_pattern").strip()
    if "/" in pattern or pattern.startswith("|"):
        raise Skipped(f"the kernel sends core dumps elsewhere: {pattern}")
    before = agent.words().count(" online ")
    place = world.path("cores")
    os.makedirs(place, exist_ok=True)
    with open(agent.log, "a", encoding="utf-8") as log:
        agent.process = subprocess.Popen(
            [*agent.binary, "run", "-c", agent.config], env=agent.environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=place,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    online(agent, times=before + 1)
    agent.process.send_signal(signal.SIGABRT)
    agent.process.wait()
    agent.process = None
    found = wait_until(lambda: glob.glob(place + "/*core*"), 20, "a core dump")
    expect(len(os.listdir(place)) == 1, "it leaves files where it is started")
    with open(found[0], "rb") as f:
        core = f.read()
    os.unlink(found[0])
    expect(core[:4] == b"\x7fELF", "a core is an ELF file")
    expect(agent.thing.encode() in core, f"{len(core)} bytes: not the agent's")
    return core


@scenario
def a_core_dump_does_not_hold_the_key():
    """The release build, after handshakes with the key; the twin is the same
    binary with madvise(2) taken away, and there the key is found."""
    with World() as world:
        cloud = cloud_of(world)
        agent = world.agent(start=False, port=cloud.port, binary=RELEASE)
        secrets = secrets_of(agent.device + "/device.key")
        core = core_of(world, agent)
        for secret in secrets:
            expect(secret not in core, f"the core holds the key: {secret[:8]}")
        source = write(world.path("twin.c"), "#include <stddef.h>\n"
                       "int madvise(void *at, size_t len, int advice)\n"
                       "{ (void)at; (void)len; (void)advice; return 0; }\n")
        run("gcc", "-shared", "-fPIC", "-o", world.path("twin.so"), source)
        agent.environment["LD_PRELOAD"] = world.path("twin.so")
        core = core_of(world, agent)
        found = [secret in core for secret in secrets]
        expect(any(found), "the search is blind: nothing found")


if __name__ == "__main__":
    main(at_once=3)
