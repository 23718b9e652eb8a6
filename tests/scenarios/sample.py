"""Some of many points at which something is killed or fails.

`--all` on the command line takes every point, `--seed=N` the sample of an
earlier run.
"""
import os
import random
import sys


def _options():
    """--all and --seed=N, taken off the command line."""
    words = [w for w in sys.argv[1:] if w.startswith("--")]
    sys.argv[1:] = [w for w in sys.argv[1:] if not w.startswith("--")]
    seeds = [int(w[7:]) for w in words if w.startswith("--seed=")]
    for word in words:
        if word != "--all" and not word.startswith("--seed="):
            sys.exit(f"unknown option {word}; expected --all or --seed=N")
    return "--all" in words, seeds[0] if seeds else \
        int.from_bytes(os.urandom(4), "big")


ALL, SEED = _options()


def pick(points, count):
    """So many of them, spread over all; every one with --all."""
    if ALL or len(points) <= count:
        return list(points)
    print(f"# {count} of {len(points)} points; all: --all; these: --seed={SEED}",
          flush=True)
    dice = random.Random(SEED)
    step = len(points) / count
    return [points[int(i * step + dice.random() * step)] for i in range(count)]
