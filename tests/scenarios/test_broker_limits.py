#!/usr/bin/env python3
"""The mock cloud refuses, discards and delays what AWS IoT Core does, also where
Mosquitto does not let a plugin see it, on a real Mosquitto.

Clients are played by hand, for they do what a well-behaved one would not.  Each
limit has its twin: what is just within it, or the same with the switch off.
"""
import ssl
import statistics
import struct
import subprocess
import threading
import time

from hand import Hand, granted, publish_packet, subscribe_packet, topic_of
from kit import (Factory, expect, folder, main, read, run, scenario, wait_until,
                 write)
from mock import MockCloud
from packets import PINGREQ, PINGRESP, PUBACK, PUBLISH, SUBACK, packet

PRESENCE = "$aws/events/presence/#"


def cloud_in(tmp, **options):
    return MockCloud(tmp, jitp_drop_first="no", **options)


def events(heard, count):
    """The next presence events: what, and why."""
    found = []
    for _ in range(count):
        topic, event = heard.wait("presence/")
        found.append((topic.split("/")[3], event.get("disconnectReason") or
                      event.get("connectFailureReason")))
    return found


def alert_of(device, name, tls):
    """The TLS alert that a handshake with this server name meets, or None."""
    try:
        with Hand(device, name, tls) as hand:
            code = hand.connect()
            expect(code == 0, f"CONNACK {code}")
    except ssl.SSLError as error:
        return error.reason
    return None


@scenario
def a_handshake_must_name_the_server():
    with folder() as tmp:
        vendor = Factory(tmp)
        tls12, tls13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
        with cloud_in(tmp, vendor=vendor) as cloud:
            device = cloud.device("S1")
            for tls in (tls12, tls13):
                expect(alert_of(device, "localhost", tls) is None, cloud)
                foreign = alert_of(device, "example.net", tls)
                expect(foreign == "TLSV1_UNRECOGNIZED_NAME", foreign)
            # RFC 8446 section 9.2; TLS 1.2 has no such alert.
            missing = alert_of(device, None, tls13)
            expect(missing == "TLSV13_ALERT_MISSING_EXTENSION", missing)
            missing = alert_of(device, None, tls12)
            expect(missing == "SSLV3_ALERT_HANDSHAKE_FAILURE", missing)
            expect(cloud.words().count("refused a TLS handshake") == 4,
                   "the log does not say so")
        with cloud_in(tmp, vendor=vendor, name="any", sni="any") as cloud:
            device.cloud = cloud
            for name in (None, "localhost", "example.net"):
                expect(alert_of(device, name, tls13) is None, name)


@scenario
def the_ninth_filter_of_a_subscribe_is_refused():
    with folder() as tmp, cloud_in(tmp) as cloud:
        device = cloud.device("S1")
        topics = [device.topic(str(n)) for n in range(10)]
        with Hand(device) as hand:
            expect(hand.connect() == 0, cloud)
            # Two packets at once, of eight and of two, are two packets.
            hand.send(subscribe_packet(1, topics[:8]),
                      subscribe_packet(2, topics[8:]))
            answers = [granted(hand.receive()[2]) for _ in range(2)]
            expect(answers == [[1] * 8, [1] * 2], answers)
            hand.send(subscribe_packet(3, topics[:9]))
            answer = granted(hand.receive()[2])
            expect(answer == [1] * 8 + [0x80], answer)
            # A foreign filter is one of the eight.
            hand.send(subscribe_packet(4, ["foreign"] + topics[:8]))
            answer = granted(hand.receive()[2])
            expect(answer == [0x80] + [1] * 7 + [0x80], answer)
            cloud.told("test-strict", on=False)
            hand.send(subscribe_packet(5, topics))
            answer = granted(hand.receive()[2])
            expect(answer == [1] * 10, answer)


@scenario
def a_51st_subscription_closes_the_connection():
    with folder() as tmp, cloud_in(tmp) as cloud:
        device = cloud.device("S1")
        topics = [device.topic(str(n)) for n in range(51)]

        def subscribe(count):
            """In packets of eight at most; all that came, and the end."""
            with Hand(device) as hand:
                expect(hand.connect() == 0, cloud)
                hand.send(*(subscribe_packet(n + 1, topics[n:min(n + 8, count)])
                            for n in range(0, count, 8)))
                came, over = hand.packets()
                return [c for _, _, body in came for c in granted(body)], over

        with cloud.watch(PRESENCE) as heard:
            expect(subscribe(50) == ([1] * 50, False), "50")
            expect(subscribe(51) == ([1] * 48, True), "51")
            expect(events(heard, 4)[1::2] == [
                ("disconnected", "CONNECTION_LOST"),
                ("disconnected", "CLIENT_ERROR")], heard)
        cloud.told("test-strict", on=False)
        expect(subscribe(51) == ([1] * 51, False), "51, relaxed")


@scenario
def a_will_to_a_foreign_topic_fails_the_connect():
    with folder() as tmp, cloud_in(tmp) as cloud:
        one, two = cloud.device("S1"), cloud.device("S2")
        with cloud.watch(PRESENCE, "nameplate/#") as heard:
            for version in (4, 5):
                with Hand(one) as hand:
                    code = hand.connect(version=version,
                                        will=(two.topic("status"), "gone"))
                    expect(code is None, f"CONNACK {code}")
                expect(events(heard, 1) ==
                       [("connect_failed", "AUTHORIZATION_FAILED")], heard)
            # Twin: the same with its own topic.
            with Hand(one) as hand:
                expect(hand.connect(will=(one.topic("status"), "gone")) == 0,
                       cloud)
                expect(events(heard, 1) == [("connected", None)], heard)
            expect(heard.wait("/status")[0] == one.topic("status"), heard)
            expect(events(heard, 1) ==
                   [("disconnected", "CONNECTION_LOST")], heard)
            expect(heard.messages() == [], heard.messages())


@scenario
def the_connack_of_mqtt_5_tells_the_limits():
    with folder() as tmp, cloud_in(tmp) as cloud:
        device = cloud.device("S1")
        shortened = b"\x13" + struct.pack("!H", 1200)  # Server Keep Alive
        for keep_alive in (0, 1201, 1200, 30):
            with Hand(device) as hand:
                body = hand.connack(version=5, keep_alive=keep_alive)
                expect((shortened in body) == (keep_alive in (0, 1201)),
                       f"{keep_alive}: {body}")
                # Receive Maximum 100, Maximum QoS 1
                expect(b"\x21\0\x64" in body and b"\x24\x01" in body, body)


@scenario
def a_hundred_messages_at_most_wait_for_their_acknowledgement():
    with folder() as tmp, cloud_in(tmp) as cloud:
        device = cloud.device("S1")
        with Hand(device) as hand:
            expect(hand.connect() == 0, cloud)
            hand.send(subscribe_packet(1, [device.topic("x")]))
            expect(hand.receive()[0] == SUBACK, "no SUBACK")
            send_numbers(cloud, device.topic("x"), 150)
            first = numbers(hand.packets()[0])
            expect([n for n, _ in first] == list(range(100)), first)
            hand.send(*(packet(PUBACK, 0, mark) for _, mark in first))
            rest = numbers(hand.packets()[0])
            expect([n for n, _ in rest] == list(range(100, 150)), rest)


@scenario
def a_client_id_connects_once_a_second():
    with folder() as tmp, cloud_in(tmp, rates="yes") as cloud:
        device = cloud.device("S1")
        with cloud.watch(PRESENCE) as heard, Hand(device) as first, \
                Hand(device) as second:
            expect(first.connect() == 0, cloud)
            began = time.monotonic()
            expect(second.connect() is None, "a CONNACK came")
            # The connection that is there is not taken over.
            first.send(packet(PINGREQ, 0, b""))
            expect(first.receive()[0] == PINGRESP, "no answer")
            wait_until(lambda: time.monotonic() - began > 1.1, 5, "a second")
            with Hand(device) as third:
                expect(third.connect() == 0, "it was dropped")
                expect(events(heard, 3) == [
                    ("connected", None), ("disconnected", "DUPLICATE_CLIENTID"),
                    ("connected", None)], heard)
            # Twin: without the rate, at once.
            cloud.told("test-rates", on=False)
            for _ in range(3):
                with Hand(device) as hand:
                    expect(hand.connect() == 0, "it was dropped")


def burst(device, count, qos, version=4):
    """Publish so many at once; the kinds of what came back, and whether the
    connection was closed."""
    with Hand(device) as hand:
        expect(hand.connect(version=version) == 0, device.cloud)
        hand.send(*(publish_packet(device.topic("burst"), b"%d" % n,
                                   (n + 1) * qos, version)
                    for n in range(count)))
        came, over = hand.packets()
        return [kind for kind, _, _ in came], over


def arrived(heard):
    return [payload for topic, payload in heard.messages()
            if topic.endswith("/burst")]


@scenario
def of_many_messages_a_second_the_excess_is_not_taken():
    with folder() as tmp, cloud_in(tmp, rates="yes") as cloud:
        for number, (qos, version) in enumerate(((0, 4), (1, 4), (1, 5))):
            device = cloud.device(f"S{number}")
            with cloud.watch(PRESENCE, device.topic("burst")) as heard:
                kinds, over = burst(device, 500, qos, version)
                events(heard, 1)
                why = events(heard, 1)[0][1]
                taken = arrived(heard)
                # A few come back while they are sent.
                expect(100 <= len(taken) < 400, f"{len(taken)} arrived")
                expect(taken[:100] == list(range(100)), taken)
                expect(qos == 0 or taken == list(range(len(taken))), taken)
            if qos == 0:
                expect(not over and why == "CONNECTION_LOST", why)
                expect(kinds == [], kinds)
            else:
                # Nothing is acknowledged that was not taken; the last PUBACKs
                # may be lost with the connection.
                expect(over and why == "THROTTLED", why)
                expect(set(kinds) <= {PUBACK}, kinds)
                expect(len(kinds) <= len(taken), f"{len(kinds)} PUBACKs")
        said = cloud.words().count("discarded messages")
        expect(said == 3, f"the log says so {said} times")
        # Twins: as many as are allowed, and the rates switched off.
        device = cloud.device("S8")
        expect(burst(device, 100, 1) == ([PUBACK] * 100, False), "100")
        cloud.told("test-rates", on=False)
        expect(burst(device, 200, 1) == ([PUBACK] * 200, False), "200")


def send_numbers(cloud, topic, count):
    """Messages 0, 1, ... from the privileged side."""
    subprocess.run(["mosquitto_pub", *cloud.privileged("sender"), "-q", "1",
                    "-l", "-t", topic], check=True, timeout=30, text=True,
                   input="".join(f"{n}\n" for n in range(count)))


def numbers(packets):
    """(number, packet identifier) of the messages among them, MQTT 3.1.1."""
    found = []
    for kind, _, body in packets:
        if kind == PUBLISH:
            name = 2 + len(topic_of(body))
            found.append((int(body[name + 2:]), body[name:name + 2]))
    return found


@scenario
def what_a_client_hears_counts_too_but_not_what_was_kept_for_it():
    with folder() as tmp, cloud_in(tmp, rates="yes") as cloud:
        device = cloud.device("S1")
        with Hand(device) as hand:
            expect(hand.connect(clean=False) == 0, cloud)
            hand.send(subscribe_packet(1, [device.topic("x")]))
            expect(hand.receive()[0] == SUBACK, "no SUBACK")
            # Not acknowledged: Mosquitto sends a hundred, and waits.
            send_numbers(cloud, device.topic("x"), 500)
            came = [n for n, _ in numbers(hand.packets()[0])]
            expect(came == list(range(100)), came)
        # What was taken for it while it was there is the first hundred or a
        # little more; 150 that come while it is away are all kept.
        time.sleep(1.1)
        send_numbers(cloud, device.topic("x"), 150)
        with Hand(device) as hand:
            expect(hand.connect(clean=False) == 0, "it was dropped")
            kept = []
            while kept[-150:] != list(range(150)):
                got = hand.receive()
                expect(got is not None, f"the stream ended: {kept}")
                for number, mark in numbers([got]):
                    kept.append(number)
                    hand.send(packet(PUBACK, 0, mark))
            expect(100 <= len(kept) - 150 < 400,
                   f"{len(kept) - 150} of the first 500")


@scenario
def the_eleventh_shadow_request_in_flight_and_the_21st_of_a_second_get_429():
    with folder() as tmp, cloud_in(tmp, rates="yes") as cloud:
        device = cloud.device("S1")
        get = publish_packet(device.shadow("get"), b"")

        def codes(hand, count):
            """Ask so often at once; the codes of the answers."""
            hand.send(*[get] * count)
            found, over = hand.packets(1)
            expect(not over, str(cloud))
            return [429 if b'"code":429,"message":"Too many requests"' in body
                    else 404 for kind, _, body in found if kind == PUBLISH]

        with Hand(device) as hand:
            expect(hand.connect() == 0, cloud)
            hand.send(subscribe_packet(1, [device.shadow("get/rejected")]))
            expect(hand.receive()[0] == SUBACK, "no SUBACK")
            cloud.told("test-delay", ms=300)
            answers = codes(hand, 12)
            expect(sorted(answers) == [404] * 10 + [429] * 2, answers)
            cloud.told("test-delay", ms=0)
            time.sleep(1)
            answers = codes(hand, 25)
            expect(answers[:20] == [404] * 20 and 429 in answers[20:], answers)
            cloud.told("test-rates", on=False)
            answers = codes(hand, 25)
            expect(answers == [404] * 25, answers)


def cpu_seconds(process):
    """Of user and system, so far."""
    fields = read(f"/proc/{process.pid}/stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def seconds_for(device, heard, megabytes):
    """How long a message of 128 KiB, eight times for each megabyte, takes."""
    block = b"x" * (128 * 1024)
    began = time.monotonic()
    with Hand(device) as hand:
        expect(hand.connect() == 0, device.cloud)
        hand.socket.settimeout(30)
        for _ in range(8 * megabytes):
            hand.send(publish_packet(device.topic("bulk"), block))
        hand.send(publish_packet(device.topic("done"), b""))
        heard.wait("/done", 30)
    return time.monotonic() - began


@scenario
def more_than_512_KiB_a_second_are_delayed_and_disturb_nobody():
    with folder() as tmp, cloud_in(tmp, rates="yes") as cloud:
        bulky, other = cloud.device("S1"), cloud.device("S2")
        waits = []
        with cloud.watch(bulky.topic("done")) as heard, Hand(other) as hand:
            expect(hand.connect() == 0, cloud)
            took = []
            thread = threading.Thread(
                target=lambda: took.append(seconds_for(bulky, heard, 2)))
            before = cpu_seconds(cloud.process)
            thread.start()
            while thread.is_alive():
                asked = time.monotonic()
                hand.send(packet(PINGREQ, 0, b""))
                expect(hand.receive()[0] == PINGRESP, "no answer")
                waits.append(time.monotonic() - asked)
                time.sleep(0.02)
            thread.join()
            used = cpu_seconds(cloud.process) - before
            # 2 MiB, of which the first 512 KiB are free.
            expect(took and 2.9 < took[0] < 4.5, f"it took {took} s")
            # A broker that waits itself, in pieces or at once, holds up all.
            usual, slowest = statistics.median(waits), max(waits)
            expect(usual < 0.15 and slowest < 1.5, f"another waits for {usual}"
                   f" s, and once for {slowest} s")
            expect(used < 1.5, f"the broker was busy for {used} s of {took}")
            print(f"# 2 MiB in {took[0]:.2f} s, broker busy {used:.2f} s,"
                  f" another's slowest answer {slowest * 1000:.0f} ms")
            # Twin: with the rates switched off.
            cloud.told("test-rates", on=False)
            fast = seconds_for(bulky, heard, 2)
            expect(fast < 1.5, f"it took {fast} s")


@scenario
def what_a_client_hears_is_delayed_as_well():
    with folder() as tmp, cloud_in(tmp, rates="yes") as cloud:
        device = cloud.device("S1")
        write(f"{tmp}/block", "x" * (128 * 1024))

        def seconds_to_hear(megabytes):
            count = 8 * megabytes
            with Hand(device) as hand:
                expect(hand.connect() == 0, cloud)
                topic = hand.device.topic("bulk")
                hand.send(subscribe_packet(1, [topic]))
                expect(hand.receive()[0] == SUBACK, "no SUBACK")
                began = time.monotonic()
                run("mosquitto_pub", *cloud.privileged("sender"), "-t", topic,
                    "-f", f"{tmp}/block", "--repeat", count)
                for n in range(count):
                    got = hand.receive()
                    expect(got and len(got[2]) > 128 * 1024, f"{n}: {got}")
                return time.monotonic() - began

        slow = seconds_to_hear(2)
        expect(2.9 < slow < 4.5, f"it took {slow} s")
        cloud.told("test-rates", on=False)
        fast = seconds_to_hear(2)
        expect(fast < 1.5, f"it took {fast} s")


if __name__ == "__main__":
    main(at_once=3)
