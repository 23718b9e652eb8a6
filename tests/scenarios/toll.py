"""What a process takes over time, and whether it takes ever more.

    toll = Toll(pid)
    toll.take(connections)     # now and then
    toll.faults()              # [] or what grows, in words
"""
import os
import time

WARM_UP = 0.4         # of the time is not judged
# A connection gives back all that it took (agent/cloud/mqtt.c), however many
# there were: what is left is the allocator's, 60 to 120 in runs without a leak.
RSS_KIB = 320
DESCRIPTORS = 2       # a socket that is just being opened
THREADS = 1
CPU_PERCENT = 20
LOW = 0.1             # the floor of a row: all but so many are above it
HALF = 0.5


def rss_kib(pid):
    """Exactly; what `status` says is behind by some pages for each thread."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("Rss:"))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Sample:
    def __init__(self, pid, connections):
        self.when, self.connections = time.monotonic(), connections
        self.rss = rss_kib(pid)
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        self.threads = len(os.listdir(f"/proc/{pid}/task"))
        self.cpu = cpu_s(pid)


def floor(samples, name, part=LOW):
    """What comes and goes is above it, what stays is in it."""
    row = sorted(getattr(sample, name) for sample in samples)
    return row[int(len(row) * part)]


def grown(first, last, name):
    """A link has descriptors and a thread of its own, and the floor depends on
    whether there were moments without one: what stays is in the middle, too."""
    parts = (LOW,) if name == "rss" else (LOW, HALF)
    return min(floor(last, name, part) - floor(first, name, part)
               for part in parts)


class Toll:
    def __init__(self, pid):
        self.pid, self.samples = pid, []

    def take(self, connections):
        self.samples.append(Sample(self.pid, connections))
        return self.samples[-1]

    def _judged(self):
        """The samples after the warm-up: their first third, their last."""
        rest = self.samples[int(len(self.samples) * WARM_UP):]
        third = max(len(rest) // 3, 1)
        return rest[:third], rest[-third:]

    def figures(self):
        first, last = self._judged()
        began, ended = self.samples[0], self.samples[-1]
        middle = [part[len(part) // 2] for part in (first, last)]
        more = {name: grown(first, last, name)
                for name in ("rss", "descriptors", "threads")}
        hours = (middle[1].when - middle[0].when) / 3600
        return {
            "seconds": round(ended.when - began.when),
            "connections": ended.connections - began.connections,
            "connections_judged": middle[1].connections - middle[0].connections,
            "rss_kib": floor(last, "rss"),
            "rss_grown_kib": more["rss"],
            "rss_kib_per_hour": round(more["rss"] / max(hours, 1e-9)),
            "descriptors": floor(last, "descriptors"),
            "descriptors_grown": more["descriptors"],
            "threads": floor(last, "threads"),
            "threads_grown": more["threads"],
            "cpu_percent": round(100 * (ended.cpu - began.cpu) /
                                 max(ended.when - began.when, 1e-9), 2)}

    def faults(self):
        found = self.figures()
        bounds = {
            "rss_grown_kib": RSS_KIB, "descriptors_grown": DESCRIPTORS,
            "threads_grown": THREADS, "cpu_percent": CPU_PERCENT}
        return [f"{name} is {found[name]}, more than {bound:g}"
                for name, bound in bounds.items() if found[name] > bound]
