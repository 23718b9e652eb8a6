#!/usr/bin/env python3
"""Jobs as AWS IoT has them, on a real broker.

A device is a client of MQTT played by hand, so that it is sure which connection
the answers come on, or mosquitto_pub and _sub with its certificate; the one
who gives the jobs is a privileged client.  Numbers in brackets are the test
vectors of the contract.
"""
from hand import granted, subscribe_packet
from kit import expect, folder, main, scenario
from mock import MockCloud
from packets import SUBACK
from talk import Talk

DOCUMENT = {"operation": "update", "files": [{"name": "a", "size": 12}]}


def cloud_in(tmp, **options):
    return MockCloud(tmp, jitp_drop_first="no", **options)


def known(cloud, *serials):
    """Devices whose things are registered."""
    devices = [cloud.device(serial) for serial in serials]
    for device in devices:
        expect(device.connects(), f"{device.thing} was refused")
    return devices


def status_of(cloud, job, device):
    return next(e["status"] for e in cloud.job(job)["executions"]
                if e["thingName"] == device.thing)


@scenario
def a_device_is_given_a_job_does_it_and_says_so():
    with folder() as tmp, cloud_in(tmp) as cloud:
        [device] = known(cloud, "S1")
        with device.listen(device.jobs("notify"),
                           device.jobs("notify-next")) as heard:
            cloud.create_job(device, "job1", DOCUMENT)
            listed = heard.payload("jobs/notify", fits=lambda p: "jobs" in p)
            told = heard.payload("jobs/notify-next")["execution"]
        expect([j["jobId"] for j in listed["jobs"]["QUEUED"]] == ["job1"],
               listed)
        expect((told["jobId"], told["status"], told["jobDocument"]) ==
               ("job1", "QUEUED", DOCUMENT), told)
        with Talk(device) as talk:
            word, answer = talk.ask(device.jobs("start-next"), {
                "statusDetails": {"step": "1"}, "clientToken": "t1"})
            expect(word == "accepted" and answer["clientToken"] == "t1" and
                   answer["execution"]["jobDocument"] == DOCUMENT, answer)
            # AWS's times are seconds.
            expect(abs(answer["timestamp"] -
                       answer["execution"]["startedAt"]) < 60, answer)
            word, answer = talk.ask(device.jobs("job1/update"), {
                "status": "SUCCEEDED", "expectedVersion": "2",
                "includeJobExecutionState": True})
            expect(answer["executionState"] == {
                "status": "SUCCEEDED", "statusDetails": {"step": "1"},
                "versionNumber": 3}, answer)
            word, answer = talk.ask(device.jobs("start-next"), "")
            expect(word == "accepted" and "execution" not in answer, answer)
        expect(status_of(cloud, "job1", device) == "SUCCEEDED", "it is not so")


@scenario
def answers_reach_the_asking_connection_unsubscribed_and_nobody_else():
    """[20]  The twin: what is for all subscribers reaches the others, too."""
    with folder() as tmp, cloud_in(tmp) as cloud:
        one, two = known(cloud, "S1", "S2")
        cloud.create_job(one, "job1", DOCUMENT)
        with cloud.watch("$aws/things/#") as privileged, \
                two.listen(f"$aws/things/{two.thing}/#") as other:
            with Talk(one) as talk:
                word, answer = talk.ask(one.jobs("$next/get"), {})
                expect(word == "accepted" and
                       answer["execution"]["jobId"] == "job1", answer)
                word, answer = talk.ask(one.jobs("job2/get"), {})
                expect(word == "rejected" and
                       answer["code"] == "ResourceNotFound", answer)
                word, answer = talk.ask(one.jobs("job1/update"),
                                        {"status": "SUCCEEDED"})
                expect(word == "accepted", answer)
            privileged.wait("jobs/notify-next")
            asked = [t for t, _ in privileged.messages()]
            expect(not any("/accepted" in t or "/rejected" in t
                           for t in asked), asked)
            cloud.create_job(two, "job2", DOCUMENT)
            other.wait("jobs/notify-next")
            expect([t for t, _ in other.messages()] == [two.jobs("notify")],
                   other.messages())


@scenario
def a_subscription_does_not_make_an_answer_come_twice():
    with folder() as tmp, cloud_in(tmp) as cloud:
        [device] = known(cloud, "S1")
        with Talk(device) as talk:
            talk.send(subscribe_packet(1, [device.jobs("#"),
                                           device.jobs("+/get/accepted")]))
            kind, _, body = talk.receive()
            expect(kind == SUBACK and granted(body) == [1, 1], body)
            word, _ = talk.ask(device.jobs("$next/get"), {})
            expect(word == "accepted", word)
            # What came until the answer to the next question.
            word, _ = talk.ask(device.jobs("get"), {})
            again = [t for t, _ in talk.passed if "$next/get/" in t]
            expect(word == "accepted" and not again, again)


@scenario
def another_things_jobs_are_neither_read_nor_written():
    with folder() as tmp, cloud_in(tmp) as cloud:
        one, two = known(cloud, "S1", "S2")
        cloud.create_job(one, "job1", DOCUMENT)
        with Talk(two) as talk:
            talk.send(subscribe_packet(1, [
                one.jobs("notify"), one.jobs("start-next/accepted"),
                one.jobs("#"), "$aws/things/+/jobs/notify-next"]))
            kind, _, body = talk.receive()
            expect(kind == SUBACK and granted(body) == [0x80] * 4, body)
        two.publish(one.jobs("start-next"), {}, status=None)
        two.publish(one.jobs("job1/update"), {"status": "FAILED"}, status=None)
        expect(status_of(cloud, "job1", one) == "QUEUED", "it was changed")
        # The twin: the thing's own device does change it.
        one.publish(one.jobs("job1/update"), {"status": "FAILED"})
        expect(status_of(cloud, "job1", one) == "FAILED", "it was not")


@scenario
def a_device_cannot_speak_for_the_service():
    with folder() as tmp, cloud_in(tmp) as cloud:
        [device] = known(cloud, "S1")
        with cloud.watch("$aws/things/#") as heard:
            device.publish(device.jobs("notify-next"), {"lie": 1}, status=None)
            device.publish(device.jobs("job1/update/accepted"), {"lie": 1},
                           status=None)
            cloud.create_job(device, "job1", DOCUMENT)
            told = heard.payload("jobs/notify-next")
            expect("execution" in told and not any(
                "lie" in p for _, p in heard.messages()), heard.messages())


@scenario
def a_topic_that_is_no_api_is_answered_and_the_connection_lives():
    with folder() as tmp, cloud_in(tmp) as cloud:
        [device] = known(cloud, "S1")
        with Talk(device) as talk:
            for tail in ("job1", "job1/cancel", "start-next/x", "a b/get"):
                word, answer = talk.ask(device.jobs(tail), {"clientToken": "t"})
                expect((word, answer["code"], answer["clientToken"]) ==
                       ("rejected", "InvalidTopic", "t"), f"{tail}: {answer}")
            word, _ = talk.ask(device.jobs("get"), {})
            expect(word == "accepted", word)


@scenario
def what_a_device_was_answered_outlives_a_killed_broker():
    with folder() as tmp:
        cloud = cloud_in(tmp)
        with cloud:
            [device] = known(cloud, "S1")
            cloud.create_job(device, "job1", DOCUMENT)
            cloud.create_job(device, "job2", DOCUMENT)
            with Talk(device) as talk:
                word, first = talk.ask(device.jobs("start-next"), {
                    "statusDetails": {"step": "1"},
                    "stepTimeoutInMinutes": 10})
                expect(word == "accepted", first)
                cloud.kill()
        with cloud:
            with Talk(device) as talk:
                word, again = talk.ask(device.jobs("start-next"), {})
                left = again["execution"].pop(
                    "approximateSecondsBeforeTimedOut")
                del first["execution"]["approximateSecondsBeforeTimedOut"]
                expect(word == "accepted" and 0 < left <= 600 and
                       again["execution"] == first["execution"],
                       f"{first} {again}")
                word, answer = talk.ask(device.jobs("get"), {})
                expect([j["jobId"] for j in answer["queuedJobs"]] == ["job2"],
                       answer)
                # The timer counts on.
                talk.send(subscribe_packet(1, [device.jobs("notify-next")]))
                expect(talk.receive()[0] == SUBACK, "no SUBACK")
                cloud.told("test-clock", ms=600 * 1000)
                _, told = talk.hear(lambda t: t == device.jobs("notify-next"))
                expect(told["execution"]["jobId"] == "job2", told)
        # It has stopped; what it kept says the same.
        with cloud:
            expect(status_of(cloud, "job1", device) == "TIMED_OUT",
                   cloud.job("job1"))


@scenario
def a_job_for_many_is_canceled_and_deleted():
    with folder() as tmp, cloud_in(tmp) as cloud:
        one, two = known(cloud, "S1", "S2")
        cloud.create_job([one, two], "job1", DOCUMENT)
        with Talk(one) as talk:
            talk.ask(one.jobs("start-next"), {})
        cloud.told("cancel-job", job="job1")
        expect((status_of(cloud, "job1", one), status_of(cloud, "job1", two)) ==
               ("IN_PROGRESS", "CANCELED"), cloud.job("job1"))
        refused = cloud.ask("cancel-job", job="job1", thing=one.thing)
        expect(refused["error"] == "conflict", refused)
        with Talk(one) as talk:
            talk.send(subscribe_packet(1, [one.jobs("notify"),
                                           one.jobs("notify-next")]))
            expect(talk.receive()[0] == SUBACK, "no SUBACK")
            cloud.told("cancel-job", job="job1", thing=one.thing, force=True)
            _, told = talk.hear(lambda t: t == one.jobs("notify"))
            expect(told["jobs"] == {}, told)
            _, told = talk.hear(lambda t: t == one.jobs("notify-next"))
            expect("execution" not in told, told)
            word, answer = talk.ask(one.jobs("job1/get"), {})
            expect(answer["code"] == "TerminalStateReached", answer)
            cloud.told("delete-job", job="job1")
            word, answer = talk.ask(one.jobs("job1/get"), {})
            expect(answer["code"] == "ResourceNotFound", answer)
        expect(cloud.told("jobs")["jobs"] == [], cloud.told("jobs"))


if __name__ == "__main__":
    main(at_once=4)
