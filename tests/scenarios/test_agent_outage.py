#!/usr/bin/env python3
"""Why it was offline: told while it lasts, and to the cloud when it is over."""
import json

from kit import expect, main, read, scenario, wait_until
from world import Application, World, device, factory, thing

ONLINE = "info session online"


def ask(agent, op):
    with Application(agent) as application:
        application.send(op=op)
        return application.receive()


def told(world, broker):
    """What the retained status says, as somebody who subscribes now gets it."""
    home = device("LISTENER")
    log = f"status{len(world.endings)}"
    world.run_beside(
        "mosquitto_sub", "-h", "localhost", "-p", broker.port, "--cafile",
        factory().server_ca, "--cert", home + "/device.crt", "--key",
        home + "/device.key", "-C", "1", "-W", "20",
        "-t", f"nameplate/{thing()}/status", log=log)
    wait_until(lambda: read(world.path(log)).endswith("}\n"), 25,
               "the status comes")
    return json.loads(read(world.path(log)))


@scenario
def an_outage_is_told_with_its_reasons_when_it_is_over():
    with World() as world:
        broker = world.broker()
        agent = world.agent(port=broker.port, settings={
            "telemetry.interval_s": 0})
        agent.wait_for(ONLINE)
        expect("outage" not in told(world, broker), "there was none yet")
        expect("last_outage" not in ask(agent, "status"), "none yet")
        expect(ask(agent, "connected") ==
               {"ok": True, "connected": True}, "connected")
        broker.stop()
        agent.wait_for("offline why=tcp")
        now = ask(agent, "connected")
        expect(now["connected"] is False and now["why"] == "tcp", now)
        broker.start()
        agent.wait_for(ONLINE, 60, times=2)
        status = ask(agent, "status")
        outage = status["last_outage"]
        expect(outage["why"][-1] == "tcp" and outage["why"][0] != "tcp" and
               outage["tries"] >= 1 and outage["from"] < outage["to"] and
               outage["detail"], outage)
        expect(told(world, broker)["outage"] == outage, "the cloud is told")


@scenario
def the_first_connection_of_a_start_tells_what_delayed_it():
    with World() as world:
        broker = world.broker()
        broker.stop()
        agent = world.agent(port=broker.port)
        agent.wait_for("offline why=tcp")
        broker.start()
        agent.wait_for(ONLINE, 60)
        expect(told(world, broker)["outage"]["why"] == ["tcp"], "tcp")


if __name__ == "__main__":
    main(at_once=2)
