#!/usr/bin/env python3
"""Clocks that jump while the agent runs: it renews in time, loses no
certificate, and does not ask again and again.

The real agent and the real broker read their clocks through libfaketime from
one file that a scenario writes, and the CA's clock is ahead by as much: the
whole world leaps, or the device alone.  The system's bell for a clock that was
set (ports/linux/wake.c) cannot be rung by it; a pipe rings instead
(sleeper.c).  It is the release build: sanitizers and libfaketime do not share a
process.
"""
import contextlib
import os
import subprocess
import time

from enrolling import (current, enrolled, enroller, enrolling, generations,
                       reaches, status)
from est_server import certificate_id
from kit import expect, main, read, run, scenario, wait_until, write
from world import NAMEPLATE, RELEASE, Broker, factory, faketime_library

SLEEPER = os.path.join(os.path.dirname(RELEASE), "nameplate_sleeper")
DAY = 86400
ONLINE = "info session online"


class Clock:
    """What libfaketime shows to whoever was started with `environment`."""

    def __init__(self, world, name, sleeps=False):
        self.path = world.path(name)
        self.days = 0
        self.environment = {
            "LD_PRELOAD": faketime_library(), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": self.path}
        if not sleeps:  # else the time that it runs leaps as well
            self.environment["DONT_FAKE_MONOTONIC"] = "1"
        self.leap(0)

    def leap(self, days):
        self.days = days
        write(self.path + ".new", f"{days:+d}d")
        os.rename(self.path + ".new", self.path)


class ClockedBroker(Broker):
    def __init__(self, clock, *arguments, **options):
        super().__init__(*arguments, **options)
        self.clock = clock

    def __enter__(self):
        self.process = subprocess.Popen(
            ["mosquitto", "-c", self.config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **self.clock.environment})
        wait_until(self._listens, 20, "mosquitto listens")
        return self


class Scene:
    """An agent that enrolled with a certificate for 90 days."""

    def __init__(self, world, est, broker, sleeps=False):
        self.world, self.est = world, est
        folder = world.path("clocked")
        os.mkdir(folder)
        self.theirs = Clock(world, "clock-broker")
        self.ours = Clock(world, "clock-agent", sleeps)
        self.broker = ClockedBroker(self.theirs, folder, factory(),
                                    cafile=world.believed).start()
        world.endings.append(self.broker.stop)
        self.bell = world.path("bell")
        os.mkfifo(self.bell)
        self.ring = os.fdopen(os.open(self.bell, os.O_RDWR), "w", buffering=1)
        world.endings.append(self.ring.close)
        self.agent = enroller(world, est, self.broker, start=False)
        self.agent.binary = [SLEEPER]
        self.agent.environment.update(self.ours.environment,
                                      NAMEPLATE_TEST_BELL=self.bell)
        self.agent.start()
        enrolled(self.agent, est)
        # Within an hour after a success it asks no CA again, which may date
        # back; a new process knows of no success.
        self.agent.stop()
        self.agent.start()
        self.first = enrolled(self.agent, est)

    def leap(self, days, alone=False):
        """The agent's clock is set, and it is told so; the others' too unless
        it is alone."""
        if not alone:
            self.est.shift = days * DAY
            self.theirs.leap(days)
        self.ours.leap(days)
        print("awake", file=self.ring)

    def stays(self, **wanted):
        """So it is, and it is so after a while in which nothing was asked."""
        said = reaches(self.agent, **wanted)
        asked = len(self.est.asked)
        for _ in range(3):
            print("awake", file=self.ring)
            time.sleep(1)
        again = status(self.agent)
        expect(len(self.est.asked) == asked, f"asked again: {again}")
        expect(all(again[k] == said[k] for k in ("state", "certificate_id")),
               f"{said} became {again}")
        return again


@contextlib.contextmanager
def scene(**options):
    with enrolling() as (world, est, broker):
        yield Scene(world, est, broker, **options)


@scenario
def a_clock_that_leaps_past_two_thirds_of_the_life_renews_by_itself():
    with scene() as s:
        online = s.agent.words().count(ONLINE)
        s.leap(30)
        said = s.stays(state="enrolled", certificate_id=s.first["certificate_id"])
        expect(said["days_left"] == 59, str(said))
        s.leap(65)
        enrolled(s.agent, s.est, 2)
        said = s.stays(state="enrolled")
        expect(said["days_left"] in (89, 90) and said["old_certificate_id"] ==
               s.first["certificate_id"], str(said))
        expect(s.est.operations()[-1] == "simplereenroll" and
               len(s.est.issued) == 2, str(s.est.operations()))
        # A newer libfaketime moves the boot's clock too: to the broker that
        # looks like silence, and to the agent like a sleep.
        words = s.agent.words()
        lost = words.count("session offline why=lost")
        expect(lost == 0 or "this machine slept" in words, words)
        expect(online + 1 <= words.count(ONLINE) <= online + 1 + lost and
               "shows=factory" not in words,
               f"one connection more, the operational one all the time: {words}")


@scenario
def a_clock_that_leaps_past_the_end_falls_back_and_enrols_anew():
    with scene() as s:
        s.leap(100)
        s.agent.wait_for('shows=factory because="the operational one is over"')
        enrolled(s.agent, s.est, 2)
        said = s.stays(state="enrolled")
        expect(said["operational"] and s.est.operations()[-1] == "simpleenroll",
               f"by the factory's: {said} {s.est.operations()}")


@scenario
def a_clock_that_is_corrected_after_it_passed_the_end_loses_nothing():
    """It leaps alone: what the CA issues by the right clock is over for it."""
    with scene() as s:
        s.leap(100, alone=True)
        said = reaches(s.agent, state="fallen_back",
                       last_error="certificate_dates")
        expect(current(s.agent) == 1, f"the certificate is kept: {said}")
        asked = len(s.est.asked)
        s.leap(0, alone=True)
        s.agent.wait_for(
            'shows=operational because="by the clock it is not over after all"')
        said = s.stays(certificate_id=s.first["certificate_id"])
        expect(said["operational"] and len(s.est.asked) == asked, str(said))


@scenario
def a_clock_that_goes_back_by_years_neither_renews_nor_forgets():
    with scene() as s:
        s.leap(-1500, alone=True)
        for _ in range(2):
            said = s.stays(state="enrolled",
                           certificate_id=s.first["certificate_id"])
            expect(said["operational"] and len(s.est.issued) == 1, str(said))
            s.agent.stop()
            s.agent.start().wait_for("clock is before the floor")
            s.agent.wait_for(ONLINE, times=3)
        expect(generations(s.agent) == ["g1"], "it is on the disk")
        s.leap(0, alone=True)
        s.stays(state="enrolled", certificate_id=s.first["certificate_id"])


@scenario
def a_certificate_that_has_not_begun_by_the_clock_is_shown_as_the_clock_is_wrong():
    """The broker took it, so it has begun: that is when it is at least, and a
    clock before that counts no more (the build alone is earlier)."""
    with scene() as s:
        s.leap(65)
        second = enrolled(s.agent, s.est, 2)
        s.agent.stop()
        expect(read(s.agent.store + "/time").startswith(time.strftime(
            "%Y-%m-%d", time.gmtime(time.time() + 65 * DAY - 300))),
            read(s.agent.store + "/time"))
        before = s.agent.words().count("clock is before the floor")
        s.ours.leap(30)
        s.agent.start().wait_for("clock is before the floor", times=before + 1)
        said = s.stays(state="enrolled",
                       certificate_id=second["certificate_id"])
        expect(said["operational"] and said["days_left"] in (89, 90), str(said))
        expect("shows=factory" not in s.agent.words(), "the broker takes it")
        # The twin: without the certificate nothing says that the clock is wrong.
        s.agent.stop()
        for name in ("time", "enrolment/current"):
            os.remove(os.path.join(s.agent.store, name))
        s.est.mood = "html"
        s.agent.start()
        reaches(s.agent, state="failed")
        expect(s.agent.words().count("clock is before the floor") ==
               before + 1, s.agent.words()[-3000:])


@scenario
def after_a_long_sleep_it_renews_and_is_online():
    """All clocks leap, as they do while a machine sleeps."""
    with scene(sleeps=True) as s:
        s.leap(65)
        enrolled(s.agent, s.est, 2)
        said = s.stays(state="enrolled")
        expect(said["days_left"] in (89, 90), str(said))
        s.leap(65 + 100)  # past the end
        enrolled(s.agent, s.est, 3, 60)
        expect(s.est.operations()[-1] == "simpleenroll", str(s.est.operations()))
        s.agent.stop()


if __name__ == "__main__":
    main(at_once=3)
