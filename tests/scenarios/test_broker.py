#!/usr/bin/env python3
"""The mock cloud behaves as AWS IoT Core does, on a real Mosquitto.

Devices are mosquitto_pub and mosquitto_sub with certificates of the real
factory; a privileged client on the broker's socket sees what the cloud sees.
Numbers in brackets are the test vectors of the contract the mock is held to.
"""
from kit import expect, folder, main, run, scenario
from mock import MockCloud


@scenario
def a_certificate_of_a_known_vendor_registers_its_thing_on_first_connect():
    with folder() as tmp, MockCloud(tmp) as cloud:
        device = cloud.device("S1")
        expect(cloud.told("things")["things"] == [], "there are things already")
        with cloud.watch("$nameplate/cloud/registered") as heard:
            # As AWS: the connection that registers is dropped.
            expect(not device.connects(), "the first connection was accepted")
            expect(heard.payload("registered")["thingName"] == device.thing,
                   "another thing was registered")
        expect(device.connects(), "the second connection was refused")
        thing = cloud.thing(device)
        certificate = thing["certificates"][0]
        expect((thing["vendor"], thing["model"], thing["serial"]) ==
               ("Acme", "Thermo-1", "S1"), thing)
        expect(certificate["status"] == "ACTIVE", certificate)
        expect(len(certificate["chain"]) == 3, certificate["chain"])


@scenario
def a_device_uses_its_shadow():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        device = cloud.device("S1")
        with device.listen(device.shadow("+/accepted"),
                           device.shadow("update/delta")) as heard:
            with cloud.watch("$aws/#") as seen:
                run("mosquitto_pub", *cloud.privileged("page"), "-q", "1", "-t",
                    device.shadow("update"), "-m",
                    '{"state":{"desired":{"led":"on"}}}')
                seen.wait("update/accepted")
            expect(heard.payload("delta")["state"] == {"led": "on"}, "delta")


if __name__ == "__main__":
    main()
