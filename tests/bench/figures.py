"""What the kernel says of a process, and what a row of numbers amounts to."""
import os
import re
import statistics
import subprocess


def memory_kib(pid):
    """{"rss": KiB, "pss": KiB} of a whole process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        text = f.read()
    return {name.lower(): int(re.search(rf"^{name}:\s+(\d+) kB", text,
                                        re.M).group(1))
            for name in ("Rss", "Pss")}


def wake_ups(pid):
    """{"name tid": times it went to sleep by itself so far} of each thread.

    A thread that sleeps was woken as often as it went to sleep."""
    counts = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/status", encoding="utf-8") as f:
            text = f.read()
        name = re.search(r"^Name:\s+(.*)", text, re.M).group(1)
        counts[f"{name} {tid}"] = int(re.search(
            r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M).group(1))
    return counts


def wake_ups_per_second(before, after, seconds):
    """{"name": wake-ups a second}, threads of one name together."""
    rates = {}
    for thread, count in after.items():
        name = thread.rsplit(" ", 1)[0]
        rates.setdefault(name, 0)
        rates[name] += (count - before.get(thread, 0)) / seconds
    return rates


def cpu_seconds(pid):
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def libraries_bytes(program):
    """Bytes of the shared libraries a program brings into the process, libc's
    own (which every process has) left out."""
    common = re.compile(r"(ld-linux|libc\.|libm\.|libdl\.|libpthread\.|librt\.)")
    total = 0
    for path in sorted(_mapped(program)):
        if not common.search(os.path.basename(path)):
            total += os.stat(path).st_size
    return total


def _mapped(program):
    text = subprocess.run(["ldd", program], check=True, capture_output=True,
                          text=True).stdout
    return set(re.findall(r"=> (/\S+)", text))


def spread(values):
    """{"median", "low", "high", "count"} of a row of numbers."""
    return {"median": statistics.median(values), "low": min(values),
            "high": max(values), "count": len(values)}
