#!/usr/bin/env python3
"""Commands reach the device through the mock cloud, and get their answers.

The cloud's side is played by privileged clients, as cloudd is one.
"""
import os

from kit import expect, main, read, scenario, wait_until, write
from mock import MockCloud
from world import Application, World, factory

ONLINE = "info session online"


class Commander:
    """Sends commands to one device; hears its answers."""

    def __init__(self, world, agent, cloud):
        self.cloud, self.agent = cloud, agent
        self.prefix = f"$aws/commands/things/{agent.thing}/executions/"
        self.heard = cloud.watch(self.prefix + "+/response/json")
        world.endings.append(lambda: self.heard.__exit__())
        self.heard.__enter__()

    def send(self, execution, request):
        self.cloud.publish(f"{self.prefix}{execution}/request/json", request)

    def ask(self, execution, request):
        self.send(execution, request)
        return self.heard.payload(f"{execution}/response/json")


def start(world, **settings):
    cloud = MockCloud(world.folder, vendor=factory())
    cloud.start()
    world.endings.append(lambda: cloud.__exit__())
    agent = world.agent(port=cloud.port, settings=settings.items())
    agent.wait_for(ONLINE)
    return Commander(world, agent, cloud)


def program(world, name):
    """A program that notes its argument."""
    path = write(world.path(name), f'#!/bin/sh\necho "$1" >>{world.path(name)}.ran\n')
    os.chmod(path, 0o700)
    return path


@scenario
def identify_is_logged_told_to_applications_and_runs_the_allowed_program():
    with World() as world:
        blink = program(world, "blink")
        commander = start(world, **{"commands.identify": blink})
        with Application(commander.agent) as application:
            application.send(op="watch", id=1)
            answer = commander.ask("e-1", {"action": "identify"})
            expect(answer == {"status": "SUCCEEDED"}, str(answer))
            while application.receive() != {"ev": "identify"}:
                pass
        wait_until(lambda: os.path.exists(blink + ".ran"), 10, "it ran")
        commander.agent.wait_for("identify: somebody wants to see")


@scenario
def a_command_that_comes_twice_is_carried_out_once_and_answered_twice():
    with World() as world:
        blink = program(world, "blink")
        commander = start(world, **{"commands.identify": blink})
        first = commander.ask("e-1", {"action": "identify"})
        second = commander.ask("e-1", {"action": "identify"})
        expect(first == second, f"{first} {second}")
        expect(commander.ask("e-2", {"action": "fly"})["statusReason"]
               ["reasonCode"] == "UNKNOWN_ACTION", "an unknown action")
        expect(commander.agent.words().count("identify: somebody") == 1,
               commander.agent.words())


@scenario
def a_restart_needs_a_program_and_its_answer_comes_before_it():
    with World() as world:
        commander = start(world)
        answer = commander.ask("e-1", {"action": "restart"})
        expect(answer["status"] == "REJECTED" and
               answer["statusReason"]["reasonCode"] == "NOT_ALLOWED", answer)
    with World() as world:
        again = program(world, "again")
        commander = start(world, **{"commands.restart": again})
        answer = commander.ask("e-1", {"action": "restart"})
        expect(answer == {"status": "SUCCEEDED"}, str(answer))
        wait_until(lambda: os.path.exists(again + ".ran") and
                   read(again + ".ran") == "restart\n", 10, "it ran")


if __name__ == "__main__":
    main(at_once=4)
