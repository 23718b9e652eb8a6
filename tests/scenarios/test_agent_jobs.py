#!/usr/bin/env python3
"""Jobs: the mock cloud's queue, the real agent, and handlers that are programs.

A device that was away, whose session the broker lost, that was killed in the
middle of a step, or that got a document it does not understand: the queue goes
on.  A twin shows that the notice of a job is not repeated, so that a device
must ask.
"""
import os
import signal

from kit import expect, main, read, scenario, wait_until, write
from mock import MockCloud
from world import Application, World, factory

ONLINE = "info session online"
PATIENCE = 20


def step(handler, *args):
    return {"action": {"name": handler, "type": "runHandler",
                       "input": {"handler": handler, "args": list(args)}}}


def document(*steps):
    return {"version": "1.0", "steps": list(steps)}


class Site:
    """A mock cloud, an agent whose maker allows handlers, and what they did."""

    def __init__(self, world, **settings):
        self.cloud = MockCloud(world.folder, vendor=factory()).start()
        world.endings.append(lambda: self.cloud.__exit__())
        self.handlers = world.path("handlers")
        self.trace = world.path("trace")
        os.mkdir(self.handlers, 0o755)
        self.handler("say.sh", 'echo "$2" >>"$T"')
        self.agent = world.agent(
            port=self.cloud.port, settings={
                "telemetry.interval_s": 0, "jobs.handlers": self.handlers,
                **settings}).wait_for(ONLINE)

    def handler(self, name, body):
        path = write(os.path.join(self.handlers, name),
                     f"#!/bin/sh\nT={self.trace}\n{body}\n")
        os.chmod(path, 0o755)

    def order(self, job, *steps):
        self.cloud.create_job(self.agent, job, document(*steps))

    def execution(self, job):
        return self.cloud.job(job)["executions"][0]

    def ended(self, job, status):
        """Wait until it ended so; gives the execution."""
        wait_until(lambda: self.execution(job)["status"] not in
                   ("QUEUED", "IN_PROGRESS"), PATIENCE,
                   f"{job} ends: {self.agent.words()[-2000:]}")
        found = self.execution(job)
        expect(found["status"] == status, str(found))
        return found

    def done(self):
        """What the handlers said, a line each."""
        return read(self.trace).split() if os.path.exists(self.trace) else []

    def wait_for(self, *said):
        wait_until(lambda: self.done() == list(said), PATIENCE,
                   f"{said}: {self.done()}")

    def lose_session(self):
        """The broker forgets all sessions; what the cloud knows stays."""
        self.cloud.stop()
        os.unlink(os.path.join(self.cloud.folder, "mosquitto.db"))
        self.cloud.start()


@scenario
def a_job_is_done_step_by_step_and_told():
    with World() as world:
        site = Site(world)
        site.order("first", step("say.sh", "a"), step("say.sh", "b"))
        site.order("second", step("say.sh", "c"))
        found = site.ended("second", "SUCCEEDED")
        expect(found["statusDetails"] == {"step": "1/1"}, str(found))
        found = site.ended("first", "SUCCEEDED")
        expect(found["statusDetails"] == {"step": "2/2"}, str(found))
        expect(site.done() == ["a", "b", "c"], str(site.done()))
        expect(not os.path.exists(site.agent.store + "/job"), "it is forgotten")


@scenario
def what_was_ordered_while_it_was_away_is_done_with_a_kept_session_or_none():
    with World() as world:
        site = Site(world)
        site.agent.stop()
        site.order("away", step("say.sh", "kept"))
        site.agent.start().wait_for("session=kept")
        site.ended("away", "SUCCEEDED")
        site.agent.stop()
        site.order("lost", step("say.sh", "lost"))
        site.lose_session()
        site.agent.start().wait_for("session=new", times=2)
        site.ended("lost", "SUCCEEDED")
        site.wait_for("kept", "lost")


@scenario
def a_session_that_is_lost_while_it_runs_brings_settings_and_jobs_again():
    with World() as world:
        site = Site(world)
        with Application(site.agent) as application:
            application.send(op="report", id=1, state={"colour": 1})
            expect(application.receive()["stored"], "a shadow is there")
        # It stands still meanwhile: nobody tells it of what is ordered now.
        site.agent.process.send_signal(signal.SIGSTOP)
        site.lose_session()
        site.order("lost", step("say.sh", "lost"))
        site.cloud.publish(f"$aws/things/{site.agent.thing}/shadow/update",
                      {"state": {"desired": {"colour": 2}}})
        site.agent.process.send_signal(signal.SIGCONT)
        site.agent.wait_for("session=new", times=2)
        site.ended("lost", "SUCCEEDED")
        with Application(site.agent) as application:
            application.send(op="watch", id="w")
            wait_until(lambda: application.receive().get("state") ==
                       {"colour": 2}, PATIENCE, "the setting")
        site.order("next", step("say.sh", "next"))  # it listens again, too
        site.ended("next", "SUCCEEDED")


@scenario
def twin_who_only_listens_never_hears_of_a_job_that_was_ordered_before():
    with World() as world:
        cloud = MockCloud(world.folder, vendor=factory()).start()
        world.endings.append(lambda: cloud.__exit__())
        device = cloud.device("LISTENS").introduce()
        cloud.create_job(device, "old", document(step("say.sh")))
        with device.listen(device.jobs("notify-next")) as heard:
            heard.nothing("notify-next", 3)
            cloud.create_job(device, "new", document(step("say.sh")))
            heard.nothing("notify-next", 1)  # "old" is still the first one
        expect(cloud.job("old")["executions"][0]["status"] == "QUEUED", "it is")


@scenario
def a_kill_in_a_step_begins_that_step_again_and_no_other():
    with World() as world:
        site = Site(world)
        site.handler("once.sh", 'echo begun >>"$T"\n'
                     '[ "$(grep -c begun "$T")" -gt 1 ] || exec sleep 15')
        site.order("killed", step("say.sh", "a"), step("once.sh"),
                   step("say.sh", "b"))
        site.wait_for("a", "begun")
        site.agent.kill()
        site.agent.start().wait_for("step=2 of=3 try=2")
        found = site.ended("killed", "SUCCEEDED")
        expect(found["statusDetails"] == {"step": "3/3"}, str(found))
        site.wait_for("a", "begun", "begun", "b")


@scenario
def a_step_that_ends_the_agent_each_time_fails_and_the_next_job_runs():
    with World() as world:
        site = Site(world)
        site.handler("deadly.sh", 'echo dead >>"$T"; kill -9 $PPID')
        site.order("deadly", step("deadly.sh"))
        site.order("next", step("say.sh", "next"))
        for tries in range(1, 4):
            wait_until(lambda: site.agent.process.poll() is not None, PATIENCE,
                       f"it ends, the {tries}th time")
            site.agent.start()
        found = site.ended("deadly", "FAILED")
        expect("each time it was tried" in found["statusDetails"]["reason"],
               str(found))
        site.ended("next", "SUCCEEDED")
        site.wait_for("dead", "dead", "dead", "next")


@scenario
def how_it_ended_is_told_after_an_outage_and_a_kill():
    with World() as world:
        site = Site(world)
        site.handler("long.sh", 'while [ ! -e "$T.go" ]; do sleep 0.05; done\n'
                     'echo long >>"$T"; exit 7')
        site.order("long", step("long.sh"), step("say.sh", "never"))
        wait_until(lambda: site.execution("long")["status"] == "IN_PROGRESS",
                   PATIENCE, "it is begun")
        site.cloud.stop()
        site.agent.wait_for("offline why=")
        write(site.trace + ".go", "")
        site.agent.wait_for("status=FAILED")
        site.agent.kill()
        site.agent.start()
        site.cloud.start()
        found = site.ended("long", "FAILED")
        expect(found["statusDetails"] == {
            "step": "1/2", "reason": "step 1, long.sh: exit status 7"},
            str(found))
        site.wait_for("long")


@scenario
def a_job_that_is_cancelled_begins_no_further_step():
    with World() as world:
        site = Site(world)
        site.handler("wait.sh", 'echo waits >>"$T"\n'
                     'while [ ! -e "$T.go" ]; do sleep 0.05; done')
        site.order("cancelled", step("say.sh", "a"), step("wait.sh"),
                   step("say.sh", "never"))
        site.order("next", step("say.sh", "next"))
        site.wait_for("a", "waits")
        site.cloud.told("cancel-job", job="cancelled", force=True)
        site.agent.wait_for("the cloud refused")
        write(site.trace + ".go", "")
        site.ended("next", "SUCCEEDED")
        expect(site.execution("cancelled")["status"] == "CANCELED", "it stays")
        site.wait_for("a", "waits", "next")


@scenario
def documents_that_are_not_understood_are_rejected_and_the_queue_goes_on():
    with World() as world:
        site = Site(world)
        bad = {
            "command": ({"version": "1.0", "steps": [{"action": {
                "type": "runCommand", "input": {"command": "reboot"}}}]},
                "its maker's handlers only"),
            "path": (document(step("../handlers/say.sh", "x")), "a file's name"),
            "absolute": (document(step("/bin/sh", "x")), "a file's name"),
            "version": ({"version": "2.0", "steps": []}, "expected \"1.0\""),
            "empty": ({"x": 1}, "version"),
            "deep": ({"version": "1.0", "steps": [[[[[]]]]]}, "action.type"),
        }
        for job, (content, _) in bad.items():
            site.cloud.create_job(site.agent, job, content)
        site.order("last", step("say.sh", "last"))
        site.ended("last", "SUCCEEDED")
        for job, (_, words) in bad.items():
            found = site.ended(job, "REJECTED")
            expect(words in found["statusDetails"]["reason"], str(found))
        expect(site.done() == ["last"], str(site.done()))


@scenario
def a_device_whose_maker_allows_no_handlers_asks_for_nothing():
    with World() as world:
        site = Site(world, **{"jobs.handlers": ""})
        site.order("waits", step("say.sh", "never"))
        with Application(site.agent) as application:
            expect(application.emit("n", [1]) == [1], "it lives")
        expect(site.execution("waits")["status"] == "QUEUED", "it waits")
        words = site.cloud.words()
        expect("/shadow/get" in words and "/jobs/" not in words,
               "a topic of jobs was used")


if __name__ == "__main__":
    main(at_once=4)
