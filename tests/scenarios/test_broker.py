#!/usr/bin/env python3
"""The mock cloud behaves as AWS IoT Core does, on a real Mosquitto.

Devices are mosquitto_pub and mosquitto_sub with certificates of the real
factory; a privileged client on the broker's socket sees what the cloud sees.
Numbers in brackets are the test vectors of the contract the mock is held to.
"""
import os
import signal
import time

from authority import Pair
from kit import Factory, expect, folder, main, read, run, scenario, write
from mock import START, Device, MockCloud, ended, started

PRESENCE = "$aws/events/presence/#"


def reason_of(heard, seconds=10):
    return heard.payload("/disconnected/", seconds)["disconnectReason"]


@scenario
def a_certificate_of_a_known_vendor_registers_its_thing_on_first_connect():
    with folder() as tmp, MockCloud(tmp) as cloud:
        device = cloud.device("S1")
        expect(cloud.told("things")["things"] == [], "there are things already")
        with cloud.watch("$nameplate/cloud/registered",
                         "$aws/events/certificates/registered/+") as heard:
            # As AWS: the connection that registers is dropped.
            expect(not device.connects(), "the first connection was accepted")
            event = heard.payload("certificates/registered")
            told = heard.payload("$nameplate/cloud/registered")
        expect(device.connects(), "the second connection was refused")
        thing = cloud.thing(device)
        certificate = thing["certificates"][0]
        expect((thing["vendor"], thing["model"], thing["serial"]) ==
               ("Acme", "Thermo-1", "S1"), thing)
        expect(thing["thingTypeName"] == "acme:thermo-1", thing)
        expect(told["thingName"] == device.thing, told)
        expect(event["certificateId"] == certificate["certificateId"], event)
        expect(event["certificateStatus"] == "PENDING_ACTIVATION", event)
        expect(certificate["status"] == "ACTIVE", certificate)
        expect(len(certificate["chain"]) == 3, certificate["chain"])
        expect("CN=Thermo-1 batch B1" in certificate["chain"][0],
               certificate["chain"])
        # The key's fingerprint is what OpenSSL says it is.
        run("openssl", "x509", "-in", device.certificate, "-noout", "-pubkey",
            "-out", f"{tmp}/public")
        run("openssl", "pkey", "-pubin", "-in", f"{tmp}/public", "-outform",
            "DER", "-out", f"{tmp}/spki")
        digest = run("openssl", "dgst", "-sha256", "-r", f"{tmp}/spki").stdout
        expect(digest.startswith(certificate["keySha256"]), digest)


@scenario
def the_first_connection_need_not_be_dropped():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        expect(cloud.device("S1").connects(), "it was dropped")


@scenario
def a_certificate_whose_ca_is_not_registered_is_refused_until_it_is():
    with folder() as tmp:
        os.mkdir(f"{tmp}/other")
        other = Factory(f"{tmp}/other", vendor="Other")
        cas = f"{tmp}/cas"
        os.mkdir(cas)
        write(f"{cas}/other.crt", read(other.root))
        with MockCloud(tmp, authorities=[cas]) as cloud:
            device = cloud.device("S1")
            with cloud.watch(PRESENCE) as heard:
                for _ in range(2):
                    expect(not device.connects(), "it was accepted")
                event = heard.payload("/connect_failed/" + device.thing)
                expect(event["connectFailureReason"] == "AUTHORIZATION_FAILED",
                       event)
            expect(cloud.told("things")["things"] == [], "it was registered")
            write(f"{cas}/batch.crt", read(cloud.vendor.batch() + "/ca.crt"))
            cloud.reload()
            device.introduce()


@scenario
def a_name_that_is_not_the_nameplates_is_refused():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        batch = cloud.vendor.batch()
        chain = read(cloud.device("chain").certificate)
        chain = chain[chain.index("-----BEGIN", chain.index("-----END")):]

        def forge(name, subject):
            """A certificate that the real CA signs, factory or no factory."""
            os.mkdir(f"{tmp}/{name}")
            pair = Pair(f"{tmp}/{name}/device")
            run("openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-subj", subject, "-keyout",
                pair.key, "-out", f"{tmp}/{name}/csr")
            write(f"{tmp}/{name}/ext", "extendedKeyUsage=clientAuth\n")
            run("openssl", "x509", "-req", "-in", f"{tmp}/{name}/csr", "-CA",
                f"{batch}/ca.crt", "-CAkey", f"{batch}/ca.key", "-days", "30",
                "-set_serial", str(int(time.time() * 1e6)), "-extfile",
                f"{tmp}/{name}/ext", "-out", pair.crt)
            # What TLS needs to find the way up to the root.
            write(pair.crt, read(pair.crt) + chain)
            return f"{tmp}/{name}"

        base = "/O=Acme/OU=Thermo-1/CN="
        for name, subject, thing in (
                ("other", base + "acme:thermo-1:S2/serialNumber=S1",
                 "acme:thermo-1:S2"),
                ("none", base + "acme:thermo-1:S1", "acme:thermo-1:S1"),
                ("two", base + "acme:thermo-1:S1/serialNumber=S1/CN=x",
                 "acme:thermo-1:S1")):
            device = Device(cloud, forge(name, subject), thing)
            expect(not device.connects(), f"{subject} was accepted")
        # The twin: the same way of making one, with the right name.
        device = Device(cloud, forge(
            "good", base + "acme:thermo-1:S1/serialNumber=S1"),
            "acme:thermo-1:S1")
        expect(device.connects(), f"the good one was refused: {cloud}")
        expect([t["thingName"] for t in cloud.told("things")["things"]] ==
               ["acme:thermo-1:S1"], "another thing was registered")


@scenario
def a_device_connects_under_its_own_name_only():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        one, two = cloud.device("S1"), cloud.device("S2")
        expect(one.connects() and two.connects(), "they were refused")
        expect(not one.connects(client=two.thing), "it took another's name")
        expect(not one.connects(client="S1"), "it made up a name")
        # Nor does the privileged door know things.
        run("mosquitto_pub", "--unix", cloud.socket, "-i", one.thing, "-t",
            "x", "-n", status=5)


@scenario
def the_privileged_socket_and_all_files_are_closed_to_others():
    with folder() as tmp, MockCloud(tmp) as cloud:
        cloud.device("S1").introduce()
        expect(os.stat(cloud.folder).st_mode & 0o777 == 0o700, "the folder")
        for name in os.listdir(cloud.folder):
            mode = os.stat(os.path.join(cloud.folder, name)).st_mode & 0o777
            expect(mode & 0o007 == 0, f"{name}: {mode:o}")


@scenario
def a_shadow_is_changed_from_both_sides():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        device = cloud.device("S1")
        device.publish(device.shadow("update"),
                       {"state": {"reported": {"led": "off"}}})
        with device.listen(device.shadow("update/delta"),
                           device.shadow("name/lamp/update/accepted")) as heard:
            cloud.publish(device.shadow("update"),
                          {"state": {"desired": {"led": "on"}}})
            expect(heard.payload("update/delta")["state"] == {"led": "on"},
                   "no delta")
            cloud.publish(device.shadow("update", "lamp"),
                          {"state": {"desired": {"x": 1}}})
            heard.wait("name/lamp/update/accepted")
        document = cloud.shadow(device)
        expect(document["state"] == {"reported": {"led": "off"},
                                     "desired": {"led": "on"},
                                     "delta": {"led": "on"}}, document)
        expect(cloud.shadow(device, "lamp")["version"] == 1, "no named shadow")


@scenario
def the_shadow_of_another_thing_is_out_of_reach():
    """[14]"""
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        one, two = cloud.device("S1"), cloud.device("S2")
        expect(two.connects(), "it was refused")
        update = {"state": {"desired": {"a": 1}}}
        # MQTT 5 has a reason code for it; without, the connection is closed.
        said = one.publish(two.shadow("update"), update, "-V", "mqttv5")
        expect("Not authorized" in said.stderr, said.stderr)
        with cloud.watch(PRESENCE) as heard:
            said = one.publish(two.shadow("update"), update, "-V", "mqttv311",
                               status=None)
            expect(said.returncode != 0, "it was accepted")
            expect(reason_of(heard) == "AUTH_ERROR", "another reason")
        expect(cloud.shadow(two) is None, "the other's shadow was changed")
        # Twins: what is published there by somebody who may, is seen.
        cloud.publish(two.shadow("update"), update)
        expect(cloud.shadow(two)["version"] == 1, "nothing was changed")
        one.publish(one.shadow("update"), update, "-V", "mqttv311")
        expect(cloud.shadow(one)["version"] == 1, "nothing was changed")


@scenario
def a_device_hears_nothing_but_its_own_topics():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        one, two = cloud.device("S1"), cloud.device("S2")
        for filters in (["#"], ["+/#"], ["$SYS/#"], ["$aws/#"],
                        ["$nameplate/#"], [PRESENCE], [two.topic("#")],
                        ["nameplate/+/telemetry"],
                        ["$share/g/" + two.topic("#")],
                        [two.shadow("update/delta")]):
            said = run("mosquitto_sub", *one.credentials(), "-W", "5",
                       *(w for f in filters for w in ("-t", f)), status=None)
            expect("All subscription requests were denied" in said.stderr,
                   f"{filters}: {said}")
        # Twin: allowed ones are granted, and hear.
        with one.listen(one.topic("#")) as heard:
            cloud.publish(one.topic("hello"), 1)
            heard.wait("hello")


@scenario
def a_will_goes_only_where_its_client_may_publish():
    """Also where it does not fail the CONNECT, see test_broker_limits.py."""
    with folder() as tmp, MockCloud(tmp, strict="no") as cloud:
        one, two = cloud.device("S1"), cloud.device("S2")
        with cloud.watch("nameplate/#") as heard:
            for topic in (two.topic("status"), one.topic("status")):
                with one.listen(one.topic("x"), options=(
                        "--will-topic", topic, "--will-payload", "gone")) as it:
                    it.process.kill()
            expect(heard.wait("status")[0] == one.topic("status"),
                   "the other's topic got a will")


@scenario
def presence_tells_why_a_connection_ended():
    """[21] [22], and the table of the contract's section 6."""
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        device = cloud.device("S1")
        wait = device.topic("x")
        with cloud.watch(PRESENCE) as heard:
            device.connects()
            expect(reason_of(heard) == "CLIENT_INITIATED_DISCONNECT", "1")

            with device.listen(wait) as it:
                it.process.kill()
                expect(reason_of(heard) == "CONNECTION_LOST", "2")

            with device.listen(wait) as it:
                first = heard.payload("/connected/", fits=lambda e: e[
                    "versionNumber"] == 2)
                # Frozen, or it would come again and take its turn.
                it.process.send_signal(signal.SIGSTOP)
                device.connects()
                gone = heard.payload("/disconnected/")
                back = heard.payload("/connected/", fits=lambda e: e[
                    "versionNumber"] == 3)
                expect(gone["disconnectReason"] == "DUPLICATE_CLIENTID", gone)
                expect(gone["versionNumber"] == 2, gone)
                expect(gone["sessionIdentifier"] == first["sessionIdentifier"]
                       != back["sessionIdentifier"], "sessions are mixed up")
                expect(reason_of(heard) == "CLIENT_INITIATED_DISCONNECT", "3")
                it.process.kill()

            with device.listen(wait):
                cloud.told("kick", thing=device.thing)
                expect(reason_of(heard) == "API_INITIATED_DISCONNECT", "4")

            write(f"{tmp}/big", "x" * 131073)
            device.publish(wait, None, "-f", f"{tmp}/big", status=None)
            expect(reason_of(heard) == "CLIENT_ERROR", "5")


@scenario
def a_silent_client_is_given_up_when_its_keep_alive_ran_out():
    """[21]"""
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        device = cloud.device("S1")
        with cloud.watch(PRESENCE, device.topic("#")) as heard:
            with device.listen(device.topic("x"), options=(
                    "-k", "5", "--will-topic", device.topic("status"),
                    "--will-payload", "gone")) as it:
                it.process.send_signal(signal.SIGSTOP)
                expect(reason_of(heard, 25) == "MQTT_KEEP_ALIVE_TIMEOUT",
                       "another reason")
                heard.wait("status")


@scenario
def a_revoked_certificate_is_out_at_once_and_stays_out():
    """[23]"""
    with folder() as tmp, MockCloud(tmp) as cloud:
        device, other = cloud.device("S1"), cloud.device("S2")
        device.introduce()
        other.introduce()
        identity = cloud.thing(device)["certificates"][0]["certificateId"]
        with cloud.watch(PRESENCE) as heard, device.listen(
                device.topic("x")) as it, other.listen(other.topic("x")):
            cloud.told("set-certificate-status", certificateId=identity,
                       status="REVOKED")
            event = heard.payload("/disconnected/")
            expect(event["clientId"] == device.thing, event)
            expect(event["disconnectReason"] == "AUTH_ERROR", event)
            ended(it.process)
        expect(not device.connects(), "it was accepted")
        expect(other.connects(), "another one was refused")
        expect(cloud.thing(device)["certificates"][0]["status"] == "REVOKED",
               "another status")
        # Twin: it is this status that keeps it out.
        cloud.told("set-certificate-status", certificateId=identity,
                   status="ACTIVE")
        expect(device.connects(), "it was refused")
        cloud.told("set-certificate-status", certificateId=identity,
                   status="INACTIVE")
        expect(not device.connects(), "it was accepted")


@scenario
def what_the_crl_names_does_not_get_through_tls():
    with folder() as tmp:
        vendor = Factory(tmp)
        vendor.run("crl")
        with MockCloud(tmp, vendor, crl=f"{vendor.folder}/revoked.crl") as cloud:
            device = cloud.device("S1").introduce()
            vendor.run("revoke", "--model", "Thermo-1", "--serial", "S1")
            vendor.run("crl")
            expect(device.connects(), "the broker read the list by itself")
            cloud.reload()
            expect(not device.connects(), "it was accepted")


@scenario
def a_reload_disturbs_nobody_who_is_there_or_will_come_back():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        here, away = cloud.device("S1"), cloud.device("S2")
        stay = ("-c", "-V", "mqttv311")
        with away.listen(away.topic("x"), options=stay):
            pass
        with cloud.watch(PRESENCE) as heard, here.listen(
                here.topic("x")) as it:
            heard.wait("/connected/" + here.thing)
            cloud.reload()
            cloud.publish(here.topic("x"), "still")
            it.wait("/x")
            heard.nothing(here.thing)
        cloud.publish(away.topic("x"), "kept")
        with away.listen(away.topic("x"), options=stay) as it:
            expect(it.payload("/x") == "kept", "the session was lost")


@scenario
def what_aws_refuses_is_refused_and_the_switch_relaxes_it():
    """[25]"""
    with folder() as tmp:
        vendor = Factory(tmp)
        write(f"{tmp}/big", "x" * 131073)
        write(f"{tmp}/fits", "x" * 131072)
        for strict in ("yes", "no"):
            relaxed = strict == "no"
            with MockCloud(tmp, vendor, name="c" + strict, strict=strict,
                           jitp_drop_first="no") as cloud:
                device = cloud.device("S" + strict)
                with cloud.watch("nameplate/#", "$aws/things/#") as heard:
                    publish_all_sizes(tmp, device)
                    heard.wait("end")
                    topics = [t for t, _ in heard.messages()]
                    expect(device.topic("fits") in topics, topics)
                    for topic in too_much(device):
                        expect((topic in topics) == relaxed,
                               f"strict {strict}: {topic} in {topics}")
                # Of two updates the first was to be retained.
                expect(cloud.shadow(device)["version"] == 1 + relaxed,
                       cloud.shadow(device))
                said = run("mosquitto_sub", *device.credentials(), "-W", "1",
                           "-t", device.topic("1/2/3/4/5/6/#"), status=None)
                expect(("denied" in said.stderr) != relaxed, said)


def too_much(device):
    """Eight slashes; 257 bytes; a payload of 131,073."""
    return [device.topic("1/2/3/4/5/6/7"),
            device.topic("").ljust(257, "y"), device.topic("big")]


def publish_all_sizes(tmp, device):
    deep, long, big = too_much(device)
    for topic in (deep, long):
        device.publish(topic, "1", "-V", "mqttv5")
    device.publish(big, None, "-f", f"{tmp}/big", status=None)
    device.publish(device.topic("fits"), None, "-f", f"{tmp}/fits")
    device.publish(device.topic("1/2/3/4/5/6"), "1")
    device.publish(device.shadow("update"), {"state": {"reported": {"a": 1}}},
                   "-V", "mqttv5", "-r")
    device.publish(device.shadow("update"), {"state": {"reported": {"b": 1}}})
    device.publish(device.topic("end"), "1")


@scenario
def registry_and_shadows_survive_restart_and_kill():
    with folder() as tmp, MockCloud(tmp) as cloud:
        device = cloud.device("S1").introduce()
        for n, end in enumerate((cloud.stop, cloud.kill), 1):
            cloud.publish(device.shadow("update"),
                          {"state": {"desired": {"n": n}}})
            expect(cloud.shadow(device)["state"]["desired"] == {"n": n}, n)
            with device.listen(device.topic("x")):
                end()
            cloud.start()
            expect(cloud.shadow(device)["state"]["desired"] == {"n": n},
                   "the shadow was lost")
            presence = cloud.thing(device)["presence"]
            expect(presence["connected"] is False, presence)
            expect(device.connects(), "it is not registered any more")


@scenario
def requests_are_answered_to_who_asked_and_to_nobody_else():
    with folder() as tmp, MockCloud(tmp) as cloud:
        with cloud.watch("$nameplate/cloud/+/response") as heard:
            expect(cloud.told("things")["things"] == [], "things")
            heard.nothing("response")


@scenario
def a_request_that_makes_no_sense_is_told_what_does():
    with folder() as tmp, MockCloud(tmp) as cloud:
        device = cloud.device("S1").introduce()
        for request, error, words in (
                ({"op": "thngs"}, "unsupported", 'did you mean "things"?'),
                ({"op": 7}, "invalid", '"op" is missing'),
                ({"op": "thing"}, "invalid", '"thing" is missing'),
                ({"op": "thing", "thing": "a"}, "not_found", "no such thing"),
                ({"op": "shadow", "thing": device.thing}, "not_found",
                 "no such shadow"),
                ({"op": "kick", "thing": device.thing}, "not_found",
                 "not connected"),
                ({"op": "set-certificate-status", "certificateId": "x",
                  "status": "ACTIVE"}, "not_found", "no such certificate"),
                ({"op": "set-certificate-status", "certificateId": "x",
                  "status": "LOST"}, "invalid", "expected ACTIVE, INACTIVE"),
                ({"op": "test-delay", "ms": "1"}, "invalid", "whole number"),
                ({"op": "test-shadow-error", "code": 404}, "invalid", "409"),
                ({"op": "test-strict", "on": 1}, "invalid", "true or false")):
            answer = cloud.ask(**request)
            expect(answer.get("error") == error and
                   words in answer["message"], f"{request}: {answer}")


@scenario
def faults_can_be_ordered():
    with folder() as tmp, MockCloud(tmp) as cloud:
        device = cloud.device("S1").introduce()
        update = {"state": {"reported": {"a": 1}}}
        with cloud.watch("$aws/things/#") as heard:
            cloud.told("test-shadow-error", code=409)
            device.publish(device.shadow("update"), update)
            expect(heard.payload("rejected")["code"] == 409, "no 409")
            cloud.told("test-delay", ms=400)
            device.publish(device.shadow("update"), update)
            began = time.monotonic()
            heard.wait("accepted")
            expect(time.monotonic() - began > 0.2, "it came at once")
            cloud.told("test-delay", ms=0)
            cloud.told("test-clock", ms=-10 ** 12)
            device.publish(device.shadow("update"), update)
            stamp = heard.payload("accepted")["timestamp"]
            expect(stamp < time.time() - 9 * 10 ** 8, stamp)


@scenario
def a_wrong_configuration_says_what_is_wrong():
    with folder() as tmp:
        said = run(START, "--folder", tmp, "--prot", "1", status=64)
        expect("--prot: unknown option" in said.stderr, said.stderr)
        said = run(START, "--folder", tmp, status=64)
        expect("--authority is missing" in said.stderr, said.stderr)
        cloud = MockCloud(tmp)
        cloud.authorities = [cloud.vendor.server_ca + "x"]
        said = run(*cloud.command(), status=64)
        expect("cannot read" in said.stderr, said.stderr)
        for bad, words in ((cloud.options["key"], "expected PEM certificates"),
                           (f"{cloud.options['certificate']}",
                            "expected PEM certificates")):
            cloud.authorities = [bad]
            process = started(cloud.command(), stderr=open(
                f"{tmp}/said", "w", encoding="utf-8"))
            process.wait(timeout=20)
            expect(process.returncode != 0, "it runs")
            expect(words in read(f"{tmp}/said"), read(f"{tmp}/said"))


if __name__ == "__main__":
    main(at_once=2)
