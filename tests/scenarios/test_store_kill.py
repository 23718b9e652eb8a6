#!/usr/bin/env python3
"""kill -9 at every n-th file system call of the agent.

An application emits numbers, in a window of four, and notes which of them the
agent said are stored.  strace kills the agent at one call of its start, of
accepting, sending, forgetting or leaving; the next life begins with what it
left, and is killed at another call.  At the end a life that nobody disturbs
must bring all that was stored to a real broker: at least once, in order, with
numbers that have no gap and were not given twice.  Whatever a kill left, the
agent must start.

A sample runs here; `test_store_kill.py --all` takes every call, `--seed=N` the
sample of another run.
"""
from disturbed import SEED, Victim, kill, pick
from kit import expect, main, scenario
from listener import Cloud
from world import World


def sweep(victim, points, least):
    """A life for each point; how many of them ended there."""
    killed = 0
    for point in points:
        status = victim.live(kill(point))
        expect(status in (0, -9),
               f"{point} left with {status}; --seed={SEED}\n"
               f"{victim.agent.words()[-3000:]}")
        killed += status == -9
    if len(points) > 1:
        print(f"# killed at {killed} of {len(points)} points", flush=True)
    expect(killed >= least * len(points), f"{killed} of {len(points)} killed")


@scenario
def a_first_start_killed_at_any_call_is_begun_again():
    with World() as world:
        victim = Victim(world, Cloud(world), each=5, rest_s=0)
        for point in pick(victim.calls(), 15):
            victim.begin_anew()
            sweep(victim, [point], 0)
            victim.settle()


@scenario
def a_kill_at_any_call_while_online_loses_nothing_that_was_stored():
    with World() as world:
        victim = Victim(world, Cloud(world), each=150)
        victim.live(traced=False)
        sweep(victim, pick(victim.calls(), 40), 0.6)
        victim.settle()


@scenario
def a_kill_at_any_call_while_offline_loses_nothing_that_was_stored():
    with World() as world:
        cloud = Cloud(world)
        victim = Victim(world, cloud, each=100)
        cloud.broker.stop()
        victim.online = False
        victim.live(traced=False)
        sweep(victim, pick(victim.calls(), 40), 0.6)
        cloud.broker.start()
        victim.online = True
        victim.settle()


def pile_up(victim, count):
    """So many messages wait for the broker, which is there again at the end."""
    victim.cloud.broker.stop()
    victim.online, victim.each = False, count
    expect(victim.live(traced=False) == 0, "an outage")
    victim.cloud.broker.start()
    victim.online, victim.each = True, 4


@scenario
def a_kill_while_a_backlog_goes_out_loses_nothing_that_was_stored():
    with World() as world:
        victim = Victim(world, Cloud(world))
        pile_up(victim, 300)
        for point in pick(victim.calls(), 12):
            pile_up(victim, 100)
            sweep(victim, [point], 0)
        victim.settle()


@scenario
def twin_a_disk_that_lies_about_its_writes_is_caught():
    """Writes say they are done and are not: what was said is stored is lost."""
    with World() as world:
        victim = Victim(world, Cloud(world), each=150)
        victim.cloud.broker.stop()
        victim.online = False
        syncs = [n for name, n in victim.calls() if name == "fdatasync"]
        status = victim.live(["inject=pwrite64:retval=4096",
                              f"inject=fdatasync:signal=KILL:when={max(syncs) // 2}"])
        expect(status == -9, str(status))
        victim.cloud.broker.start()
        victim.online = True
        victim.live(traced=False)
        fault = victim.fault(seconds=5)
        expect(fault and " lost: " in fault, f"the loss is seen: {fault}")


if __name__ == "__main__":
    main(at_once=3)
