#!/usr/bin/env python3
"""What a person does about a device's certificates: sees them, revokes one, asks
for a new one, approves an enrolment, and is told when an identity looks cloned.

The page's API is asked as the page asks it; openssl reads the lists.
"""
import json
import os
import ssl

from cloudd import history, seen, thing_path
from est import Csr, Site, certificate_id
from hand import Hand
from kit import Failed, expect, folder, main, read, run, scenario, wait_until
from mock import Heard


def enrolled_site(tmp, **options):
    return Site(tmp, jitp_drop_first="no", **options)


def listed(tmp, source):
    """Serial numbers on a list, by openssl."""
    text = run("openssl", "crl", "-in", source, "-inform", "DER", "-noout",
               "-text", "-CAfile", f"{tmp}/operational/ca/ca.crt")
    expect("verify OK" in text.stderr, text.stderr)
    return text.stdout


def serial_of(path):
    return run("openssl", "x509", "-in", path, "-noout",
               "-serial").stdout.strip().split("=")[1]


@scenario
def the_page_sees_every_certificate_of_a_device_and_how_it_came():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        one = site.enrolled(device, "one")
        expect(one.connects(), "refused")
        ann = site.cloudd.logged_in()
        shown = seen(ann, device, lambda d: len(d["certificates"]) == 2,
                     "both certificates")
        factory, operational = shown["certificates"]
        expect(factory["kind"] == "factory" and factory["method"] == "jitp" and
               factory["status"] == "ACTIVE", factory)
        expect(operational["kind"] == "operational" and
               operational["method"] == "est" and
               operational["status"] == "ACTIVE" and
               operational["requester"] == factory["certificateId"] and
               operational["certificateId"] ==
               certificate_id(tmp, read(one.certificate)), operational)
        expect("Operational CA" in operational["issuer"] and
               operational["notAfter"] - operational["notBefore"] == 3600 and
               operational["keySha256"] != factory["keySha256"], operational)
        expect(operational["lastSeenAt"] > factory["lastSeenAt"] > 0, shown)


@scenario
def a_revoked_operational_certificate_is_kicked_listed_and_stays_out():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        one, two = (site.enrolled(device, n) for n in ("one", "two"))
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: len(d["certificates"]) == 3, "all three")
        mine = certificate_id(tmp, read(one.certificate))
        path = thing_path(device.thing, f"/certificates/{mine}/revoke")
        ann.post(path, {"reason": "boredom"}, 400)
        ann.post(thing_path(device.thing, "/certificates/" + "0" * 64
                            + "/revoke"), status=404)
        with Hand(one) as live:
            expect(live.connect() == 0, "refused")
            ann.post(path, {"reason": "keyCompromise"}, 204)
            _, over = live.packets(5)
            expect(over, "it is still there")
        expect(not one.connects(), "it came back")
        # Its sister and the factory's way back are as they were.
        expect(two.connects() and device.connects(), "others are out too")
        expect(site.enrol(one, Csr(tmp, device.thing, "three"),
                          "simplereenroll").status == 403, "it renewed")
        for url in (site.url, f"http://127.0.0.1:{site.cloudd.port}"):
            run("curl", "-sSf", "--cacert", site.cloud.server_ca, "-o",
                f"{tmp}/list", url + "/crl/operational.crl")
            text = listed(tmp, f"{tmp}/list")
            expect(serial_of(one.certificate) in text and
                   "Key Compromise" in text and
                   serial_of(two.certificate) not in text, text)
        # OpenSSL heeds it.
        run("openssl", "crl", "-in", f"{tmp}/list", "-inform", "DER", "-out",
            f"{tmp}/list.pem")
        for pair, status in ((one, 2), (two, 0)):
            run("openssl", "verify", "-crl_check", "-CAfile",
                f"{site.state}/ca/ca.crt", "-CRLfile", f"{tmp}/list.pem",
                pair.certificate, status=status)
        shown = seen(ann, device, lambda d: any(
            c["status"] == "REVOKED" for c in d["certificates"]), "REVOKED")
        gone = [c for c in shown["certificates"] if c["status"] == "REVOKED"]
        expect([c["certificateId"] for c in gone] == [mine] and
               gone[0]["revokedAt"] > 0, gone)
        expect(any(e.get("who") == "ann" and "revoked one" in e["text"]
                   for e in history(ann, device, "certificate")), "history")
        expect(shown["status"]["state"] != "blocked", shown["status"])


@scenario
def revoking_a_device_takes_every_certificate_of_it():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        one = site.enrolled(device, "one")
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: len(d["certificates"]) == 2, "both")
        ann.post(thing_path(device.thing, "/revoke"), status=204)
        for pair in (one, device):
            expect(not pair.connects(), "it came back")
        seen(ann, device, lambda d: d["status"]["state"] == "blocked",
             "blocked")
        expect(site.enrol(device, Csr(tmp, device.thing, "two")).status == 403,
               "it enrolled")


@scenario
def the_list_outlives_a_restart_and_the_broker_heeds_it_in_tls():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        one, two = (site.enrolled(device, n) for n in ("one", "two"))
        site.cloud.told("set-certificate-status", status="REVOKED", reason=4,
                        certificateId=certificate_id(tmp,
                                                     read(one.certificate)))
        number = "X509v3 CRL Number"
        before = listed(tmp, f"{site.state}/operational.crl")
        site.cloud.stop()
        # With a CRL TLS itself refuses it: the factory's list and ours.
        site.vendor.run("crl")
        site.cloud.options["crl"] = f"{site.vendor.folder}/revoked.crl"
        site.cloud.start()
        after = listed(tmp, f"{site.state}/operational.crl")
        expect(number in after and "Superseded" in after and
               after.split(number)[1].split()[1] >
               before.split(number)[1].split()[1], after)
        # It only listens: who writes may find the line closed before it has
        # read why.
        try:
            with Hand(one) as hand:
                got = hand.receive()
            raise Failed(f"TLS let it in: {got}")
        except ssl.SSLError as error:
            expect("CERTIFICATE_REVOKED" in error.reason, error)
        expect(not one.connects() and two.connects(), "the wrong one is in")


@scenario
def a_device_is_asked_for_a_new_certificate_and_answers():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: True, "the device")
        base = f"$aws/commands/things/{device.thing}/executions/"
        with device.listen(base + "+/request/json",
                           base + "+/response/accepted/json") as heard:
            asked = ann.post(thing_path(device.thing, "/rotate")).json
            topic, command = heard.wait("/request/json")
            expect(command == {"action": "rotate"}, command)
            expect(topic == f"{base}{asked['executionId']}/request/json", topic)
            # As a client with this id would answer.
            run("mosquitto_pub", *site.cloud.privileged("answers"), "-q", "1",
                "-t", f"{base}{asked['executionId']}/response/json", "-m",
                json.dumps({"status": "SUCCEEDED"}))
            accepted = heard.payload("/response/accepted/json")
            expect(accepted == asked, accepted)
        texts = [(e.get("who"), e["text"])
                 for e in history(ann, device, "certificate")]
        expect(("ann", "asked the device for a new certificate") in texts and
               (None, "the device answered: SUCCEEDED") in texts, texts)
        ann.post(thing_path("acme:thermo-1:S2", "/rotate"), status=404)


@scenario
def the_device_tells_how_its_enrolment_goes():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: True, "the device")
        words = {"state": "waiting", "method": "est", "days_left": 12,
                 "certificate_id": "a" * 64, "not_after": 1800000000,
                 "last_attempt": 1790000000000, "next_attempt": 1790000100000,
                 "last_error": "the server said 503"}
        with ann.events() as heard:
            device.publish(device.topic("enrolment"), words, "-r")
            expect(heard.wait("enrolment")["enrolment"] == words, "event")
            event = heard.wait("history", lambda d: d["event"]["kind"] ==
                               "certificate")["event"]
            expect(event["text"] ==
                   "enrolment: waiting: the server said 503", event)
        expect(seen(ann, device, lambda d: "enrolment" in d, "it")[
            "enrolment"] == words, "other words")
        # What is no object, or too much, is not kept.
        device.publish(device.topic("enrolment"), "[1]")
        device.publish(device.topic("enrolment"), {"state": "x" * 5000})
        device.publish(device.topic("enrolment"),
                       {"state": "idle", "x": "y" * 100})
        seen(ann, device, lambda d: d["enrolment"]["state"] == "idle", "idle")
        expect([e["text"] for e in history(ann, device, "certificate")] == [
            "enrolment: idle", "enrolment: waiting: the server said 503"],
            history(ann, device, "certificate"))
        # The retained one comes again after a restart, and is no news.
        site.cloudd.stop()
        site.cloudd.start()
        ben = site.cloudd.logged_in()
        seen(ben, device, lambda d: d.get("enrolment") == words, "the old one")
        expect(len(history(ben, device, "certificate")) == 2, "told twice")


@scenario
def a_certificate_that_the_device_has_replaced_is_revoked():
    with folder() as tmp, enrolled_site(tmp) as site:
        device, other = site.device("S1"), site.device("S2")
        one, two = (site.enrolled(device, n) for n in ("one", "two"))
        theirs = site.enrolled(other, "theirs")
        ann = site.cloudd.logged_in()
        ids = {d: certificate_id(tmp, read(d.certificate))
               for d in (device, one, two, theirs)}

        def says(state, old, now):
            two.publish(two.topic("enrolment"), {
                "state": state, "old_certificate_id": ids[old],
                "certificate_id": ids[now]}, "-r")

        def revoked():
            return [c["certificateId"] for d in (device, other) for c in
                    ann.get(thing_path(d.thing))["certificates"]
                    if c["status"] == "REVOKED"]
        seen(ann, device, lambda d: len(d["certificates"]) == 3, "all three")
        seen(ann, other, lambda d: len(d["certificates"]) == 2, "both")
        # Not while it is under way, not the factory's, not another device's,
        # not the one in use; the last word is believed.
        says("trying", one, two)
        says("enrolled", device, two)
        says("enrolled", theirs, two)
        says("enrolled", two, two)
        says("enrolled", one, theirs)
        says("enrolled", one, two)
        wait_until(revoked, 10, "it is revoked")
        expect(revoked() == [ids[one]], revoked())
        expect(not one.connects() and two.connects() and device.connects() and
               theirs.connects(), "the wrong one is out")
        expect("Superseded" in listed(tmp, f"{site.state}/operational.crl"),
               "another reason")
        expect(any("replaced is revoked" in e["text"] for e in
                   history(ann, device, "certificate")), "history")


@scenario
def an_operator_approves_one_enrolment_and_refuses_another():
    with folder() as tmp, enrolled_site(tmp, est_approval="manual") as site:
        device = site.device("S1")
        good, bad = (Csr(tmp, device.thing, n) for n in ("good", "bad"))
        ann = site.cloudd.logged_in()
        expect(ann.get("/api/enrolments") == {"enrolments": []}, "not empty")
        answer = site.enrol(device, good)
        expect(answer.status == 202 and
               int(answer.headers["retry-after"]) > 0, answer.headers)
        first, = ann.get("/api/enrolments")["enrolments"]
        expect(first["thingName"] == device.thing, first)
        site.enrol(device, bad)
        second, = [e for e in ann.get("/api/enrolments")["enrolments"]
                   if e["id"] != first["id"]]
        ann.post(f"/api/enrolments/{first['id']}/approve", status=204)
        ann.post(f"/api/enrolments/{second['id']}/refuse", status=204)
        ann.post("/api/enrolments/none/approve", status=404)
        answer = site.enrol(device, bad)
        expect(answer.status == 403 and "operator" in answer.text, answer.text)
        expect(site.enrol(device, good).certificate, "no certificate")
        # It was approved once, not for ever.
        expect(site.enrol(device, good).status == 202, "again without asking")


@scenario
def a_certificate_used_under_another_name_alarms_a_person():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        ann = site.cloudd.logged_in()
        shown = seen(ann, device, lambda d: True, "the device")
        expect("alarms" not in shown, shown)
        with ann.events() as heard:
            expect(not device.connects(client="acme:thermo-1:S2"), "admitted")
            event = heard.wait("history", lambda d: d["event"]["kind"] ==
                               "alarm")
            expect(event["thingName"] == device.thing and
                   "acme:thermo-1:S2" in event["event"]["text"], event)
        alarm, = seen(ann, device, lambda d: "alarms" in d, "it")["alarms"]
        expect(alarm["kind"] == "certificate_elsewhere" and
               alarm["count"] == 1, alarm)


@scenario
def two_keys_for_one_serial_number_alarm_a_person_and_a_rotation_does_not():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        one = site.enrolled(device, "one")
        expect(site.enrolled(one, "two", "simplereenroll").connects(), "refused")
        ann = site.cloudd.logged_in()
        shown = seen(ann, device, lambda d: len(d["certificates"]) == 3, "all")
        expect("alarms" not in shown, shown)
        # The factory made another for the same serial number: a clone's.
        copy = os.path.join(site.vendor.folder, "devices", "away")
        os.rename(device.folder, copy)
        clone = site.device("S1")
        expect(clone.connects(), "refused")
        alarm, = seen(ann, device, lambda d: "alarms" in d, "it")["alarms"]
        expect(alarm["kind"] == "two_keys", alarm)


@scenario
def two_places_that_kick_each_other_alarm_a_person():
    with folder() as tmp, enrolled_site(tmp) as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: True, "the device")
        listeners = []
        try:
            for n in range(5):
                place = "127.0.0.2" if n % 2 else "127.0.0.3"
                heard = Heard(device.credentials(), [device.topic("x")], "-A",
                              place, "-V", "mqttv5")
                listeners.append(heard)
                heard.__enter__()
        finally:
            for heard in listeners:
                heard.__exit__()
        alarm, = seen(ann, device, lambda d: "alarms" in d, "it")["alarms"]
        expect(alarm["kind"] == "two_places" and "127.0.0.2" in alarm["text"]
               and "127.0.0.3" in alarm["text"], alarm)


if __name__ == "__main__":
    main(at_once=3)
