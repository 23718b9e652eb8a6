#!/usr/bin/env python3
"""Enrolment by EST with the real agent and a real broker: a device gets its
operational identity, renews it in time and never without trying it; whatever
the server answers and whatever is lost, it stays connected or comes back by its
factory identity.
"""
import json
import os
import re
import shutil
import subprocess
import time

from enrolling import (current, dry, enrolled, enroller, enrolling, generations,
                       reaches, status)
from est_server import certificate_id
from kit import expect, main, read, run, scenario, wait_until, write
from tokens import SoftToken, SoftTpm
from world import (NAMEPLATE, Application, Broker, device, factory,
                   thing)

RETAINED = f"nameplate/{thing()}/enrolment"


def mosquitto(program, broker, *words, **options):
    other = device("S9")
    return run(program, "-h", "localhost", "-p", broker.port, "-q", "1",
               "--cafile", factory().server_ca, "--cert",
               other + "/device.crt", "--key", other + "/device.key",
               "-i", "looker", *words, **options)


def told(broker):
    """What is retained at the broker."""
    return json.loads(mosquitto("mosquitto_sub", broker, "-t", RETAINED, "-C",
                                "1", "-W", "10").stdout)


@scenario
def an_answer_that_never_comes_ends_the_attempt_and_nothing_else():
    with enrolling() as (world, est, broker):
        est.mood = "silent"
        agent = enroller(world, est, broker)
        said = reaches(agent, 80, state="failed", last_error="timeout")
        expect(said["next_attempt"] > said["last_attempt"], str(said))
        expect(agent.words().count("info session online") == 1 and
               current(agent) == 0, "online all the time")


@scenario
def a_device_enrols_by_itself_and_the_session_moves_over():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        said = enrolled(agent, est)
        expect(said["operational"] and said["method"] == "est", str(said))
        expect(est.operations() == ["cacerts", "csrattrs", "simpleenroll"],
               str(est.operations()))
        expect(certificate_id(device() + "/device.crt") !=
               said["certificate_id"], "it is another certificate")
        expect(current(agent) == 1, "it is kept")
        wait_until(lambda: told(broker)["state"] == "enrolled", 10, "told")
        seen = told(broker)
        expect(seen["certificate_id"] == said["certificate_id"] and
               seen["days_left"] in (89, 90) and "last_error" not in seen,
               str(seen))
        expect("why=duplicate" not in agent.words(), "it is no rival of itself")
        key = os.path.join(agent.store, "enrolment/g1/key.pem")
        expect(os.stat(key).st_mode & 0o777 == 0o600, "the key is its own")


@scenario
def what_was_enrolled_is_used_after_a_restart():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        first = enrolled(agent, est)
        agent.stop()
        agent.start().wait_for("online", times=3)
        again = reaches(agent, state="enrolled")
        expect(again["certificate_id"] == first["certificate_id"] and
               len(est.issued) == 1, "it is not enrolled again")


@scenario
def a_rotation_loses_no_message_and_costs_one_connection():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        log = world.path("seen")
        other = device("S9")
        world.run_beside("mosquitto_sub", "-h", "localhost", "-p", broker.port,
                         "-q", "1", "--cafile", factory().server_ca, "--cert",
                         other + "/device.crt", "--key", other + "/device.key",
                         "-t", f"nameplate/{thing()}/stream/n", log="seen")
        wait_until(lambda: f"nameplate/{thing()}/stream/n" in broker.words(),
                   10, "it listens")
        before = agent.words().count("info session online")
        with Application(agent) as application:
            stored = application.emit("n", range(100))
            application.send(op="enrol", id="go")
            expect(application.receive().get("ok"), "it begins")
            for number in range(100, 10000):
                stored += application.emit("n", [number])
                if len(est.issued) == 2 and current(agent) == 2:
                    break
            stored += application.emit("n", range(20000, 20100))
        enrolled(agent, est, 2)
        wait_until(lambda: '"data":20099' in read(log), 20, "all came")
        seen = {json.loads(l)["data"] for l in read(log).splitlines()}
        expect(set(stored) <= seen, f"lost: {set(stored) - seen}")
        expect(agent.words().count("info session online") == before + 1,
               "one connection more")
        expect(est.operations()[-1] == "simplereenroll", "it is renewed")
        peer = est.asked[-1][2]
        expect(("commonName", "ops") in [p for n in peer["issuer"] for p in n],
               "as the operational identity")


@scenario
def it_moves_over_with_mqtt_3_1_1_as_well():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker, **{"cloud.protocol": "3.1.1"})
        enrolled(agent, est)
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, 2)
        expect(agent.words().count("info session online") == 3 and
               "why=duplicate" not in agent.words(), agent.words()[-2000:])


class OldBroker(Broker):
    """A broker whose TLS ends at 1.2: it refuses within the handshake."""

    def __enter__(self):
        settings = write(self.config + ".cnf", """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MaxProtocol = TLSv1.2
""")
        self.process = subprocess.Popen(
            ["env", "OPENSSL_CONF=" + settings, "mosquitto", "-c", self.config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_until(self._listens, 10, "mosquitto listens")
        return self


@scenario
def with_tls_1_2_it_moves_over_and_a_refusal_changes_nothing():
    with enrolling() as (world, est, _):
        folder = world.path("old")
        os.mkdir(folder)
        write(world.believed, read(factory().root))
        broker = OldBroker(folder, factory(), cafile=world.believed).start()
        world.endings.append(broker.stop)
        agent = enroller(world, est, broker)
        reaches(agent, 60, state="failed", last_error="broker_refused")
        expect(agent.words().count("info session online") == 1 and
               "tls=TLSv1.2" in agent.words() and
               "tls=TLSv1.3" not in agent.words(), agent.words()[-2000:])
        write(world.believed, read(factory().root) + read(est.authority.crt))
        broker.restart()
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, 2)


@scenario
def a_certificate_is_renewed_before_it_is_over_without_anybody_asking():
    with enrolling() as (world, est, broker):
        est.seconds = 21  # a life that is mostly over: a third of what is left
        agent = enroller(world, est, broker)
        enrolled(agent, est, 1)
        est.seconds = 86400
        wait_until(lambda: len(est.issued) >= 2, 20, "renewed")
        said = enrolled(agent, est, 2)
        expect(said["old_certificate_id"] == certificate_id(est.issued[0]),
               "the old one is named")
        expect(told(broker)["old_certificate_id"] ==
               said["old_certificate_id"], "and told")
        expect(agent.words().count("session starting") <= 1, "no restart")


@scenario
def each_bad_answer_ends_in_its_state_and_the_device_stays_online():
    # mood: the word, and how its explanation reads
    moods = {
        "html": ("garbled", "text/html"),
        "rejects": ("rejected", "not on the list"),
        "cut": ("garbled", "cut off"),
        "der": ("garbled", "without base64"),
        "huge": ("too_big", ""),
        "hangs up": ("lost", ""),
        "binding": ("channel_binding", "tls-unique"),
        "another key": ("certificate_key", "our key"),
        "another name": ("certificate_name", "acme:thermo-1:another"),
        "expired": ("certificate_dates", "over"),
        "not yet": ("certificate_dates", "begins"),
        "a ca": ("certificate_purpose", "CA"),
        "for servers": ("certificate_purpose", ""),
        "unknown ca": ("certificate_chain", ""),
    }
    with enrolling() as (world, est, broker):
        est.mood = "html"
        agent = enroller(world, est, broker)
        reaches(agent, state="failed", last_error="garbled")
        agent.wait_for("info session online")
        for mood, (error, words) in moods.items():
            est.mood = mood
            done = run(NAMEPLATE, "enrol", "-s", agent.socket, status=None)
            said = status(agent)
            expect(done.returncode == 1, f"{mood}: {done} {said}")
            expect(said["state"] == "failed" and said["last_error"] == error and
                   words in said["last_error_detail"], f"{mood}: {said}")
        expect(agent.words().count("info session online") == 1,
               "the connection stayed all the time")
        expect(current(agent) == 0 and generations(agent) == [],
               "nothing is left")
        est.mood = None
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, len(est.issued))
        # The twin: the same for a device that has an operational identity.
        good = status(agent)["certificate_id"]
        est.mood = "another key"
        run(NAMEPLATE, "enrol", "-s", agent.socket, status=1)
        said = reaches(agent, state="renewal_failed")
        expect(said["certificate_id"] == good, "the old one stays")


@scenario
def a_server_that_asks_for_patience_gets_it():
    with enrolling() as (world, est, broker):
        est.mood, est.later = "later", 2
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        expect(est.operations().count("simpleenroll") == 3, str(est.asked))
        est.mood, est.later = "throttle", 2
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, 2)


@scenario
def a_server_that_puts_it_off_is_asked_when_it_says():
    with enrolling() as (world, est, broker):
        est.mood = "put off"
        agent = enroller(world, est, broker)
        said = reaches(agent, state="waiting")
        expect(abs(said["next_attempt"] / 1000 - time.time() - 7200) < 90,
               str(said))
        expect(agent.words().count("info session online") == 1, "and online")


@scenario
def what_the_broker_does_not_take_is_dropped_and_the_old_one_stays():
    with enrolling() as (world, est, broker):
        write(world.believed, read(factory().root))  # the new CA is not known
        broker.restart()
        agent = enroller(world, est, broker)
        said = reaches(agent, 60, state="failed", last_error="broker_refused")
        expect(not said["operational"] and current(agent) == 0, str(said))
        expect(generations(agent) == [], "it is dropped")
        expect(agent.words().count("info session online") == 1,
               "the first connection stayed all the time")
        write(world.believed, read(factory().root) + read(est.authority.crt))
        broker.restart()
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, 2)


@scenario
def a_refused_operational_identity_falls_back_and_is_enrolled_again():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        first = enrolled(agent, est)
        est.mood = "rejects"
        write(world.believed, read(factory().root))
        broker.restart()
        said = reaches(agent, 60, state="fallen_back")
        expect(not said["operational"], str(said))
        wait_until(lambda: "shows=factory" in agent.words() and
                   agent.words().rstrip().split("shows=factory")[1].count(
                       "info session online"), 30, "online as the factory's")
        write(world.believed, read(factory().root) + read(est.authority.crt))
        broker.restart()
        est.mood = None
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        said = enrolled(agent, est, 2)
        expect(said["certificate_id"] != first["certificate_id"], str(said))
        expect(est.operations()[-1] == "simpleenroll", "by the factory's")


@scenario
def what_is_lost_or_broken_on_the_disk_is_enrolled_again():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        folder = os.path.join(agent.store, "enrolment")
        for number, spoil in enumerate((
                lambda: shutil.rmtree(folder),
                lambda: write(folder + "/current", "curr"),
                lambda: write(f"{folder}/g{current(agent)}/key.pem", ""),
                lambda: write(f"{folder}/g{current(agent)}/certificate.pem",
                              read(device() + "/device.crt"))), 2):
            agent.stop()
            spoil()
            agent.start()
            enrolled(agent, est, number)


@scenario
def a_disk_that_refuses_to_keep_what_the_broker_took_is_asked_again():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        first = enrolled(agent, est)
        way = os.path.join(agent.store, "enrolment/current.new")
        os.mkdir(way)
        run(NAMEPLATE, "enrol", "-s", agent.socket, status=1)
        said = status(agent)
        expect(said["last_error"] == "disk" and said["operational"] and
               said["certificate_id"] == certificate_id(est.issued[1]),
               f"it is in use: {said}")
        expect(current(agent) == 1, "and not kept")
        agent.kill()
        agent.start()
        said = reaches(agent, state="enrolled")
        expect(said["certificate_id"] == first["certificate_id"],
               f"the one before is good as long: {said}")
        run(NAMEPLATE, "enrol", "-s", agent.socket, status=1)
        os.rmdir(way)
        wait_until(lambda: current(agent) > 1, 20, "it is kept")
        said = enrolled(agent, est, 3)
        expect("last_error" not in said, str(said))


@scenario
def people_see_both_certificates():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        said = enrolled(agent, est)
        words = run(NAMEPLATE, "identity", "-s", agent.socket).stdout
        expect(said["certificate_id"] + " (in use)" in words and
               certificate_id(device() + "/device.crt") in words, words)
        words = run(NAMEPLATE, "status", "-s", agent.socket).stdout
        expect(re.search("enrolled by est, shows its operational certificate,"
                         " (89|90) days", words) and "next attempt" in words,
               words)
        est.mood = "rejects"
        run(NAMEPLATE, "enrol", "-s", agent.socket, status=1)
        words = run(NAMEPLATE, "status", "-s", agent.socket).stdout
        expect("failed: rejected: it refuses" in words, words)


@scenario
def new_keys_are_made_in_a_pkcs11_token_when_they_live_there():
    with enrolling() as (world, est, broker):
        token = SoftToken(world.folder)
        agent = world.agent(port=broker.port, environment=token.environment,
                            settings={
                                "enrolment.method": "est",
                                "enrolment.url": est.url,
                                "enrolment.trust": factory().server_ca,
                                "enrolment.key": token.uri("op")})
        enrolled(agent, est)
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        enrolled(agent, est, 2)
        agent.stop()
        agent.start()
        enrolled(agent, est, 2)
        held = token.tool("-O").stdout
        expect("op-1" in held and "op-2" in held, held)
        expect(sorted(os.listdir(agent.store + "/enrolment/g2")) ==
               ["certificate.pem", "token"],
               "no key in a file")


@scenario
def new_keys_are_made_in_a_tpm_when_they_live_there():
    with enrolling() as (world, est, broker):
        with SoftTpm(world.folder) as tpm:
            agent = enroller(world, est, broker, **{
                "enrolment.key": tpm.uri(0x81010010)})
            enrolled(agent, est)
            run(NAMEPLATE, "enrol", "-s", agent.socket)
            enrolled(agent, est, 2)
            handles = tpm.tool("tpm2_getcap", "handles-persistent").stdout
            expect("0x81010011" in handles and "0x81010012" in handles, handles)
            agent.stop()


@scenario
def an_expired_operational_identity_is_not_shown():
    with enrolling() as (world, est, broker):
        est.seconds = 15
        agent = enroller(world, est, broker)
        enrolled(agent, est, 1)
        est.mood = "rejects"
        said = reaches(agent, 60, state="fallen_back")
        expect(not said["operational"], str(said))


@scenario
def the_cloud_can_ask_for_a_rotation():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        topic = f"$aws/commands/things/{thing()}/executions/"
        log = world.path("answers")
        other = device("S9")
        world.run_beside("mosquitto_sub", "-h", "localhost", "-p", broker.port,
                         "-q", "1", "--cafile", factory().server_ca, "--cert",
                         other + "/device.crt", "--key", other + "/device.key",
                         "-t", topic + "+/response/json", log="answers")
        wait_until(lambda: "+/response/json" in broker.words(), 10, "listens")
        mosquitto("mosquitto_pub", broker, "-t", topic + "e7/request/json", "-m",
                  '{"action":"rotate"}')
        enrolled(agent, est, 2)
        wait_until(lambda: '"SUCCEEDED"' in read(log), 10, "it is answered")
        mosquitto("mosquitto_pub", broker, "-t", topic + "e8/request/json", "-m",
                  '{"action":"sing"}')
        wait_until(lambda: "UNKNOWN_ACTION" in read(log), 10, "or rejected")


@scenario
def a_password_may_be_wanted_and_is_read_from_a_file_of_its_own():
    with enrolling(password="thermo:secret") as (world, est, broker):
        secret = write(world.path("secret"), "secret\n")
        os.chmod(secret, 0o600)
        agent = enroller(world, est, broker, **{
            "enrolment.username": "thermo", "enrolment.password_file": secret})
        enrolled(agent, est)
        expect("secret" not in agent.words().replace(secret, ""), "not logged")
        agent.stop()
        write(secret, "wrong\n")
        agent.start()
        reaches(agent, state="enrolled")
        run(NAMEPLATE, "enrol", "-s", agent.socket, status=1)
        expect(status(agent)["last_error"] == "denied", str(status(agent)))
        agent.stop()
        os.chmod(secret, 0o644)
        done = run(NAMEPLATE, "run", "-c", agent.config, status=None)
        expect(done.returncode == 77 and "password" in done.stderr, str(done))


@scenario
def a_server_that_another_ca_vouches_for_gets_nothing():
    with enrolling() as (world, est, broker):
        for wrong in (factory().root, est.authority.crt):
            agent = enroller(world, est, broker, **{"enrolment.trust": wrong})
            reaches(agent, state="failed", last_error="certificate")
            agent.stop()
        expect(est.asked == [], "not even a question")


@scenario
def a_label_is_part_of_the_way():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker, **{"enrolment.label": "thermo-1"})
        enrolled(agent, est)
        expect(all(path.startswith("/.well-known/est/thermo-1/")
                   for _, path, _ in est.asked), str(est.asked))


@scenario
def a_wish_for_p384_is_served():
    with enrolling() as (world, est, broker):
        est.wishes = bytes.fromhex("3014301206072a8648ce3d0201310706052b81040022")
        agent = enroller(world, est, broker)
        enrolled(agent, est)
        text = run("openssl", "x509", "-in", est.issued[0], "-noout",
                   "-text").stdout
        expect("secp384r1" in text, text)


@scenario
def a_dry_run_says_what_is_wrong_with_a_server_and_keeps_nothing():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker, start=False)
        found = dry(agent, 0)
        expect(list(found)[-6:] == ["cacerts", "csrattrs", "key",
                                    "simpleenroll", "certificate", "enrol"],
               str(found))
        for mood, step in (("html", "cacerts"), ("binding", "csrattrs"),
                           ("rejects", "simpleenroll"),
                           ("put off", "simpleenroll"),
                           ("another name", "certificate"),
                           ("unknown ca", "certificate")):
            est.mood = mood
            found = dry(agent, 2)
            expect(found[step]["result"] not in ("ok", "warning"), f"{mood}: {found}")
        expect(not os.path.exists(agent.store + "/enrolment"), "kept nothing")


@scenario
def a_configuration_that_cannot_enrol_says_so():
    with enrolling() as (world, est, broker):
        for wrong, word in ((("enrolment.url", "http://x"), "https://"),
                            (("enrolment.trust", ""), "trust"),
                            (("enrolment.label", "a/b"), "label"),
                            (("enrolment.username", "x"), "password_file"),
                            (("enrolment.key", "pkcs11:x"), "object=NAME")):
            agent = enroller(world, est, broker, start=False,
                             **dict([wrong]))
            done = run(NAMEPLATE, "run", "-c", agent.config, status=78)
            expect(word in done.stderr and "nameplate.ini:" in done.stderr,
                   done.stderr)


@scenario
def without_a_method_nothing_changes():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker, **{"enrolment.method": "none"})
        agent.wait_for("info session online")
        expect(status(agent)["state"] == "off", str(status(agent)))
        done = run(NAMEPLATE, "enrol", "-s", agent.socket, status=None)
        expect(done.returncode != 0 and "method" in done.stderr, str(done))
        expect(not os.path.exists(agent.store + "/enrolment"), "no folder")


@scenario
def with_jitp_the_factory_certificate_is_registered_by_the_cloud():
    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker, **{"enrolment.method": "jitp"})
        said = reaches(agent, state="registered")
        expect(said["method"] == "jitp", str(said))


if __name__ == "__main__":
    main(at_once=6)
