#!/usr/bin/env python3
"""A clock that is wrong: in 1970, as on a board without a battery, and later.

The rule is in agent/identity/timefloor.h: dates are judged no earlier than the
floor, which the build and what others signed have set.  Neither a wrong clock
nor a patient attacker brings an expired certificate to life.
"""
from authority import Authority
from kit import main, scenario, write
from world import RELEASE, World, faketime_library

ONLINE = "info session online"


@scenario
def a_clock_at_1970_is_reported_and_the_device_comes_online():
    """A board without a battery is not cut off: dates are judged at the time
    floor.  The release build: sanitizers and libfaketime do not share a
    process."""
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, binary=RELEASE, environment={
            "LD_PRELOAD": faketime_library(), "FAKETIME": "@1970-01-01 00:00:30",
            "DONT_FAKE_MONOTONIC": "1"})
        agent.wait_for("clock is before the floor")
        agent.wait_for(ONLINE)


@scenario
def what_is_over_at_the_floor_is_expired_whatever_the_clock_says():
    """Twin: a clock at 1970 does not bring an expired certificate to life.  The
    clock is read from a file, which the test sets as ntp would."""
    with World() as world:
        root = Authority(world.folder)
        over = root.leaf("over", end="20210101000000Z")
        clock = write(world.path("clock"), "@2020-06-01 00:00:30")
        server = world.server(certificate=over.crt, key=over.key)
        agent = world.agent(
            port=server.port, host="localhost", trust=root.crt, binary=RELEASE,
            environment={
                "LD_PRELOAD": faketime_library(), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_TIMESTAMP_FILE": clock, "DONT_FAKE_MONOTONIC": "1"})
        agent.wait_for('offline why=clock detail="expired')
        write(clock, "+0d")
        agent.wait_for('offline why=certificate detail="expired')


@scenario
def a_clock_that_is_wrong_after_the_build_is_told_as_dates():
    """Twin: at a later wrong date the server's certificate is what is over."""
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, binary=RELEASE, environment={
            "LD_PRELOAD": faketime_library(), "FAKETIME": "@2045-01-01 00:00:00",
            "DONT_FAKE_MONOTONIC": "1"})
        agent.wait_for('offline why=certificate detail="expired')


if __name__ == "__main__":
    main(at_once=4)
