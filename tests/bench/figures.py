"""What the kernel says of a process, and what a row of numbers amounts to."""
import os
import re
import statistics
import subprocess


# Every process has these; what else is mapped comes with the program.
COMMON = re.compile(r"/(ld-linux|libc\.|libm\.|libdl\.|libpthread\.|librt\.)")


def memory_kib(pid):
    """{"rss", "pss", "pss_alone"} of a whole process, KiB.

    PSS divides a page among those who have it, so it shrinks when the same
    program runs twice; pss_alone divides only what is common to all."""
    sums = {"rss": 0, "pss": 0, "pss_alone": 0}
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            word, rest = line.split(maxsplit=1)
            if not word.endswith(":"):
                ours = "/" in rest and not COMMON.search(rest)
            elif word == "Rss:":
                rss = int(rest.split()[0])
                sums["rss"] += rss
            elif word == "Pss:":
                pss = int(rest.split()[0])
                sums["pss"] += pss
                sums["pss_alone"] += rss if ours else pss
    return sums


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
    """Bytes of the shared libraries a program brings into the process."""
    text = subprocess.run(["ldd", program], check=True, capture_output=True,
                          text=True).stdout
    return sum(os.stat(path).st_size
               for path in set(re.findall(r"=> (/\S+)", text))
               if not COMMON.search(path))


def spread(values):
    """{"median", "low", "high", "count"} of a row of numbers."""
    return {"median": statistics.median(values), "low": min(values),
            "high": max(values), "count": len(values)}
