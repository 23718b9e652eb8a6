#!/usr/bin/env python3
"""What the agent accepted reaches the broker at least once, in order.

An application emits numbers and notes which of them the agent said are stored.
An outsider with a session of its own notes what the broker delivers.  Between
the two the agent is killed, the broker goes away, the line is cut.  The twin
deletes the store: then the same comparison must find the loss.
"""
import json
import shutil
import time

from kit import expect, main, scenario, wait_until
from listener import Cloud, Emitter, fault_of
from packets import Script
from world import Application, World

ONLINE = "info session online"


def emit(agent, numbers):
    with Application(agent) as application:
        return application.emit("n", numbers)


@scenario
def what_was_stored_while_offline_survives_kill_9_and_arrives_in_order():
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port).wait_for("offline why=tcp")
        stored = emit(agent, range(200))
        expect(len(stored) == 200, f"{len(stored)} stored")
        agent.kill()
        agent.start()
        stored += emit(agent, range(200, 250))
        cloud.broker.start()
        cloud.expect_all(stored)


@scenario
def twin_without_the_store_the_loss_is_seen():
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port).wait_for("offline why=tcp")
        stored = emit(agent, range(20))
        agent.kill()
        shutil.rmtree(agent.store)
        agent.start()
        stored += emit(agent, range(20, 25))
        cloud.broker.start()
        wait_until(lambda: 24 in cloud.numbers(), 30, "what came after")
        fault = fault_of(stored, cloud.numbers())
        expect(fault == f"20 of 25 lost: {list(range(10))}", str(fault))


@scenario
def twin_a_gap_or_a_wrong_order_is_seen():
    expect(fault_of([1, 2, 3], [1, 2, 2, 1, 3, 4]) is None, "a good one")
    expect("lost: [2]" in fault_of([1, 2, 3], [1, 3]), "a gap")
    expect("out of order" in fault_of([1, 2, 3], [1, 3, 2]), "disorder")


@scenario
def kill_9_at_any_moment_loses_nothing_that_was_accepted():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port).wait_for(ONLINE)
        emitter = Emitter(agent)
        for turn in range(6):
            emitter.wait_for(20 + 37 * turn)
            agent.kill()
            agent.start()
        agent.wait_for(ONLINE, times=2)
        stored = emitter.wait_for(20).stop()
        expect(len(stored) > 600, f"only {len(stored)} stored")
        cloud.expect_all(stored)


@scenario
def a_broker_that_comes_and_goes_loses_nothing():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port).wait_for(ONLINE)
        emitter = Emitter(agent)
        for turn in range(2):
            emitter.wait_for(100)
            cloud.broker.stop()
            emitter.wait_for(100)
            cloud.broker.start()
            agent.wait_for(ONLINE, 60, times=turn + 2)
        cloud.expect_all(emitter.wait_for(50).stop(), 60)


@scenario
def leaving_as_told_in_the_middle_of_a_stream_loses_nothing():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port).wait_for(ONLINE)
        emitter = Emitter(agent)
        for turn in range(3):
            emitter.wait_for(50 + 20 * turn)
            agent.stop()
            agent.start()
        cloud.expect_all(emitter.wait_for(20).stop())


@scenario
def a_message_without_its_puback_is_sent_again_and_one_with_it_is_not():
    """The first connection takes ten messages and acknowledges five."""
    with World() as world:
        sent = [[], [], []]

        def heed(_visit, number, topic, payload):
            if "/stream/" not in topic:
                return False
            sent[number].append(json.loads(payload)["data"])
            return number == 0 and len(sent[0]) > 5
        server = world.server(Script(heed=heed))
        agent = world.agent(port=server.port).wait_for(ONLINE)
        stored = emit(agent, range(10))
        expect(len(stored) == 10, f"{stored}\n{agent.words()[-4000:]}")
        wait_until(lambda: 9 in sent[1], 20, f"the rest comes: {sent}")
        expect(sent[1][0] == 5, f"first what had no PUBACK: {sent}")
        expect(sent[1] == list(range(5, 10)), str(sent))
        emit(agent, [11])  # its commit stores what is forgotten, too
        agent.kill()
        agent.start().wait_for(ONLINE, times=3)
        emit(agent, [10])
        wait_until(lambda: 10 in sent[2], 20, f"the next comes: {sent}")
        expect(not set(sent[2]) & set(range(5)), f"sent for ever: {sent}")


@scenario
def a_full_outbox_drops_the_oldest_and_says_how_many():
    """The documented limit: counted and reported, never silently."""
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port, settings={
            "store.limit_messages": 50, "telemetry.interval_s": 0})
        agent.wait_for("offline why=tcp")
        with Application(agent) as application:
            application.emit("n", range(80))
            application.send(op="status", id=1)
            said = application.receive()
        expect(said["dropped"] >= 30 and said["queued"] <= 50, str(said))
        cloud.broker.start()
        cloud.expect_all(range(80 - said["queued"], 80))
        expect(0 not in cloud.numbers(), "what was dropped is gone")


@scenario
def machine_figures_go_through_the_same_outbox():
    """Their numbers have no gap over an outage and a kill."""
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port, settings={
            "telemetry.interval_s": 1}).wait_for(ONLINE)
        cloud.wait(1, "telemetry", 10)
        cloud.broker.stop()
        agent.wait_for("offline why=")
        time.sleep(2.5)
        agent.kill()
        cloud.broker.start()
        agent.start()
        figures = cloud.wait(5, "telemetry", 30)
        numbers = list(dict.fromkeys(m.payload["seq"] for m in figures))
        expect(numbers == list(range(numbers[0], numbers[0] + len(numbers))),
               f"a gap in {numbers}")


if __name__ == "__main__":
    main(at_once=4)
