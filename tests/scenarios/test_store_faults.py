#!/usr/bin/env python3
"""A disk that fails at every n-th file system call: EIO, ENOSPC and others.

strace lets one call on the agent's store fail, or a burst of them, while an
application emits numbers.  The agent must neither crash nor lie: what it said
is stored arrives at a real broker, in order and without a gap in its numbers;
what it refused was refused with a reason, and the log says what failed.  A
sound store is never set aside for it, and when the fault is over the agent
takes messages again by itself.

A sample runs here; `test_store_faults.py --all` takes every call, `--seed=N`
the sample of another run.
"""
import itertools

from disturbed import CHANGES, LOOKS, SEED, Victim, fail, pick
from kit import expect, main, scenario
from listener import Cloud
from world import World

ERRORS = {"openat": ("EIO", "EMFILE", "ENOSPC"), "mkdir": ("EIO", "ENOSPC"),
          "write": ("ENOSPC", "EIO"), "pwrite64": ("ENOSPC", "EIO"),
          "fsync": ("EIO", "ENOSPC"), "fdatasync": ("EIO", "ENOSPC"),
          "rename": ("EIO", "ENOSPC"), "ftruncate": ("EIO",),
          "fallocate": ("ENOSPC", "EIO"), "unlink": ("EIO",),
          "unlinkat": ("EIO",), "fchmod": ("EIO",), "close": ("EIO",),
          "read": ("EIO",), "pread64": ("EIO",), "newfstatat": ("EIO",),
          "fcntl": ("EIO", "ENOLCK"), "faccessat": ("EIO",),
          "statfs": ("EIO",)}


def with_errors(points):
    """(point, error)...: each point with the next of its errors."""
    turns = {name: itertools.cycle(errors) for name, errors in ERRORS.items()}
    return [(point, next(turns[point[0]])) for point in points]


def suffer(victim, point, error, burst=0):
    """One life with this fault, and all that must hold after it."""
    at = f"{point} {error} burst={burst}; --seed={SEED}"
    before, refused = len(victim.agent.words()), victim.refused
    try:
        status = victim.live(fail(point, error, burst))
    except Exception as fault:
        raise AssertionError(f"{at}: {fault}") from fault
    words = victim.agent.words()[before:]
    expect(status == 0, f"{at}: left with {status}\n{words[-3000:]}")
    expect("set aside" not in words, f"{at}: a sound store\n{words[-3000:]}")
    if victim.refused > refused:
        expect("error outbox " in words, f"{at}: no reason\n{words[-3000:]}")


def faulty(world, **options):
    victim = Victim(world, Cloud(world), calls=CHANGES + LOOKS, **options)
    victim.wants_recovery = True
    return victim


def sweep(victim, points, burst=0):
    for point, error in with_errors(points):
        suffer(victim, point, error, burst)
    victim.settle()
    print(f"# {len(points)} faults, {victim.refused} messages refused,"
          f" {len(victim.stored)} stored", flush=True)


@scenario
def a_call_that_fails_in_a_first_start_loses_nothing_that_was_stored():
    with World() as world:
        victim = faulty(world, each=5, rest_s=0)
        for point, error in with_errors(pick(victim.calls(), 20)):
            victim.begin_anew()
            suffer(victim, point, error)
            victim.settle()


@scenario
def a_call_that_fails_loses_nothing_that_was_stored():
    with World() as world:
        victim = faulty(world, each=100, rest_s=0)
        victim.live(traced=False)
        sweep(victim, pick(victim.calls(), 30))
        expect(victim.refused > 0, "some were refused")


@scenario
def a_burst_of_calls_that_fail_loses_nothing_that_was_stored():
    with World() as world:
        victim = faulty(world, each=60)
        victim.live(traced=False)
        sweep(victim, pick(victim.calls(), 20), burst=15)
        expect(victim.refused > 0, "some were refused")


if __name__ == "__main__":
    main(at_once=3)
