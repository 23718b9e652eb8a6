#!/usr/bin/env python3
"""Fleet provisioning on a real broker, as the AWS SDKs would do it.

An MQTT client of the tests' own sends the packets, so that it is sure which
connection the answers come on; openssl makes the requests.  Numbers in brackets
are the test vectors of the contract.
"""
import os

from authority import Authority
from cloudd import CLOUDD
from est import Csr, certificate_id
from hand import Hand, publish_packet, subscribe_packet
from kit import Factory, expect, folder, main, read, run, scenario, write
from mock import Device, MockCloud
from talk import Talk

FROM_CSR = "$aws/certificates/create-from-csr/json"
CREATE = "$aws/certificates/create/json"
PROVISION = "$aws/provisioning-templates/fleet/provision/json"


def fleet(tmp, vendor=None, **options):
    """A broker with an operational CA and a claim CA."""
    state = os.path.join(tmp, "operational")
    run(CLOUDD, "operational-ca", "--est-state", state)
    os.makedirs(f"{tmp}/claims", exist_ok=True)
    cloud = MockCloud(tmp, vendor, operational=state,
                      claim_ca=f"{tmp}/claims/root.crt",
                      **{"jitp_drop_first": "no", **options})
    ca = Authority(f"{tmp}/claims")
    pair = ca.leaf("claim", None, "clientAuth", "/O=Acme/CN=claim")
    claim = Device(cloud, f"{tmp}/claims", "claim-1")
    claim.certificate, claim.key = pair.crt, pair.key
    return cloud, claim


class Claimant(Talk):
    """A connection that asks for certificates."""

    def created(self, csr):
        word, answer = self.ask(
            FROM_CSR, {"certificateSigningRequest": csr.pem()})
        expect(word == "accepted", answer)
        return answer

    def registers(self, answer, serial):
        return self.ask(PROVISION, {
            "certificateOwnershipToken": answer["certificateOwnershipToken"],
            "parameters": {"SerialNumber": serial}})


def rejected(answer, status, code):
    word, body = answer
    expect(word == "rejected" and body["statusCode"] == status and
           body["errorCode"] == code and sorted(body) ==
           ["errorCode", "errorMessage", "statusCode"], answer)


def device_of(cloud, tmp, csr, answer, thing):
    path = f"{tmp}/{answer['certificateId'][:8]}"
    os.mkdir(path)
    write(f"{path}/device.crt", answer["certificatePem"])
    write(f"{path}/device.key", read(csr.key))
    return Device(cloud, path, thing)


@scenario
def a_claim_makes_a_device_that_the_broker_admits():
    with folder() as tmp:
        cloud, claim = fleet(tmp)
        with cloud, cloud.watch("$nameplate/cloud/registered") as heard:
            thing = "acme:thermo-1:S9"
            csr = Csr(tmp, thing)
            with Claimant(claim) as talk:
                answer = talk.created(csr)
                device = device_of(cloud, tmp, csr, answer, thing)
                expect(certificate_id(tmp, answer["certificatePem"]) ==
                       answer["certificateId"], answer)
                expect(not device.connects(), "it was PENDING_ACTIVATION")
                word, done = talk.registers(answer, "S9")
                expect(word == "accepted" and done["thingName"] == thing and
                       all(not isinstance(v, (dict, list)) for v in
                           done["deviceConfiguration"].values()), done)
            told = heard.payload("registered")
            expect(told["certificates"][0]["method"] == "fleet", told)
            expect(device.connects(), "the broker refused it")
            run("openssl", "verify", "-purpose", "sslclient", "-CAfile",
                f"{tmp}/operational/ca/ca.crt", device.certificate)


@scenario
def answers_come_to_the_asking_connection_alone():
    """What others ask and get is no other claim's business."""
    with folder() as tmp:
        cloud, claim = fleet(tmp)
        with cloud:
            other = Device(cloud, claim.folder, "claim-2")
            other.certificate, other.key = claim.certificate, claim.key
            with Claimant(other) as ears, Claimant(claim) as talk:
                ears.send(subscribe_packet(1, [
                    FROM_CSR + "/+", PROVISION + "/+", FROM_CSR]))
                suback = ears.receive()
                expect(list(suback[2][2:]) == [1, 1, 0x80], suback)
                answer = talk.created(Csr(tmp, "acme:thermo-1:S9"))
                talk.registers(answer, "S9")
                came, over = ears.packets(0.5)
                expect(not came and not over, f"{came} {over}")
                # The twin: it does hear its own.
                word, _ = ears.ask(FROM_CSR, "{}")
                expect(word == "rejected", word)


@scenario
def a_device_renews_by_its_own_certificate():
    with folder() as tmp:
        cloud, _ = fleet(tmp)
        with cloud:
            device = cloud.device("S1")
            csr = Csr(tmp, device.thing, "one")
            with Claimant(device) as talk:
                answer = talk.created(csr)
                expect(talk.registers(answer, "S1")[0] == "accepted", answer)
                rejected(talk.ask(FROM_CSR, {"certificateSigningRequest": Csr(
                    tmp, "acme:thermo-1:S2", "two").pem()}), 403,
                    "AccessDenied")
                rejected(talk.ask(CREATE, ""), 403, "AccessDenied")
            renewed = device_of(cloud, tmp, csr, answer, device.thing)
            with Claimant(renewed) as talk:
                again = talk.created(Csr(tmp, device.thing, "three"))
                expect(talk.registers(again, "S1")[0] == "accepted", again)


@scenario
def a_token_expires_and_is_used_once():
    """[24]"""
    with folder() as tmp:
        cloud, _ = fleet(tmp)
        with cloud:
            device = cloud.device("S1")
            with Claimant(device) as talk:
                answer = talk.created(Csr(tmp, device.thing, "one"))
                expect(talk.registers(answer, "S1")[0] == "accepted", answer)
                rejected(talk.registers(answer, "S1"), 400,
                         "InvalidCertificateOwnershipToken")
                late = talk.created(Csr(tmp, device.thing, "two"))
                cloud.told("test-clock", ms=3600 * 1000)
                rejected(talk.registers(late, "S1"), 400,
                         "InvalidCertificateOwnershipToken")
            cloud.told("test-clock", ms=0)
            ids = [c["certificateId"] for c in
                   cloud.thing(device)["certificates"]]
            expect(late["certificateId"] not in ids and
                   answer["certificateId"] in ids, ids)


@scenario
def a_revoked_certificate_is_out_while_it_is_there_and_when_it_comes():
    """[23] for what was provisioned, and for the claim itself."""
    with folder() as tmp:
        cloud, claim = fleet(tmp)
        with cloud:
            device = cloud.device("S1")
            csr = Csr(tmp, device.thing)
            with Claimant(device) as talk:
                answer = talk.created(csr)
                talk.registers(answer, "S1")
            new = device_of(cloud, tmp, csr, answer, device.thing)
            with Claimant(new) as talk:
                cloud.told("set-certificate-status", status="REVOKED",
                           certificateId=answer["certificateId"])
                _, over = talk.packets(5)
                expect(over, "it is still there")
            expect(not new.connects(), "it came back")
            expect(device.connects(), "the factory certificate is out too")
            back = cloud.ask("set-certificate-status", status="ACTIVE",
                             certificateId=answer["certificateId"])
            expect(back.get("error") == "conflict", back)
            mine = certificate_id(tmp, read(claim.certificate))
            with Claimant(claim) as talk:
                cloud.told("set-certificate-status", status="REVOKED",
                           certificateId=mine)
                _, over = talk.packets(5)
                expect(over, "the claim is still there")
            with Hand(claim) as hand:
                expect(hand.connect() != 0, "the claim came back")


@scenario
def who_is_no_claim_does_not_pass_for_one():
    with folder() as tmp:
        cloud, claim = fleet(tmp)
        with cloud:
            device = cloud.device("S1")
            for pair, client in ((device, "claim-7"), (claim, "S1"),
                                 (claim, device.thing), (claim, "cloudd")):
                who = Device(cloud, pair.folder, client)
                who.certificate, who.key = pair.certificate, pair.key
                with Hand(who) as hand:
                    expect(hand.connect() != 0, f"{client} was welcome")
            # Nothing but provisioning: a device's topic closes the connection.
            with Claimant(claim) as talk:
                talk.send(publish_packet(device.topic("status"), b"{}", 3))
                _, over = talk.packets(5)
                expect(over, "a claim wrote a device's status")


@scenario
def a_claim_cannot_speak_for_a_device_with_a_factory_certificate():
    with folder() as tmp:
        vendor = Factory(tmp)
        for take_over, word in (("no", "rejected"), ("yes", "accepted")):
            os.mkdir(f"{tmp}/{take_over}")
            cloud, claim = fleet(f"{tmp}/{take_over}", vendor,
                                 claims_take_over=take_over)
            with cloud:
                device = cloud.device("S-" + take_over)
                expect(device.connects(), "not registered")
                with Claimant(claim) as talk:
                    answer = talk.ask(FROM_CSR, {
                        "certificateSigningRequest": Csr(
                            tmp, device.thing, take_over).pem()})
                    expect(answer[0] == word, answer)


@scenario
def just_in_time_registration_waits_for_somebody_to_say_yes():
    with folder() as tmp, MockCloud(tmp, registration="jitr") as cloud:
        device = cloud.device("S1")
        with cloud.watch("$aws/events/certificates/registered/+") as heard:
            expect(not device.connects(), "it was let in")
            topic, event = heard.wait("registered")
        expect(sorted(event) == [
            "awsAccountId", "caCertificateId", "certificateId",
            "certificateRegistrationTimestamp", "certificateStatus",
            "timestamp"], event)
        expect(topic.endswith("/" + event["caCertificateId"]), topic)
        expect(event["certificateStatus"] == "PENDING_ACTIVATION", event)
        expect(not device.connects(), "it was let in unasked")
        expect(cloud.thing(device)["certificates"][0]["status"] ==
               "PENDING_ACTIVATION", cloud.thing(device))
        cloud.told("set-certificate-status", status="ACTIVE",
                   certificateId=event["certificateId"])
        expect(device.connects(), "it was refused")


if __name__ == "__main__":
    main(at_once=3)
