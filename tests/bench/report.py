"""From measured values to what a person reads: a table, and the targets."""
import os
import platform
import subprocess

import figures

OURS, PAHO = "nameplate", "Paho + OpenSSL"
PAHO_THREADS = ("MQTTAsync_send", "MQTTAsync_rcv")
# A minute's PINGREQ and PINGRESP, each through Paho's thread and the link's; a
# thread that sleeps may be woken twice for one of them.
KEEP_ALIVE_WAKES = 8


def machine(folder):
    """One line: where this was measured."""
    words = subprocess.run(["df", "--output=fstype,source", folder], check=True,
                           capture_output=True, text=True).stdout.split()
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":")[1].strip()
                break
    load = os.getloadavg()[0]
    return (f"{os.cpu_count()} x {model}, Linux {platform.release()}, store on"
            f" {words[2]}, load {load:.1f}\n")


def _row(values, scale, digits):
    if values is None:
        return "-"
    if not isinstance(values, list):
        return f"{values / scale:.{digits}f}"
    s = figures.spread(values)
    return (f"{s['median'] / scale:.{digits}f}"
            f" ({s['low'] / scale:.{digits}f}-{s['high'] / scale:.{digits}f})")


def _wake_ups(found):
    rates = found.get("wake_ups")
    if rates is None:
        return "-"
    return " ".join(f"{name} {rate * 60:.1f}"
                    for name, rate in sorted(rates.items()))


ROWS = [
    ("start to CONNACK sent, ms", "connack_ms", 1, 1),
    ("start to \"online\" in its own words, ms", "online_ms", 1, 1),
    ("start to CONNACK sent, TLS resumed, ms", "resumed_ms", 1, 1),
    ("bytes of a TLS handshake", "full_bytes", 1, 0),
    ("bytes of a resumed one", "resumed_bytes", 1, 0),
    ("RSS idle, MB", "rss", 1024, 2),
    ("PSS idle, MB", "pss", 1024, 2),
    ("PSS idle, as the only such process, MB", "pss_alone", 1024, 2),
    ("threads", "threads", 1, 0),
    ("binary, KB", "binary", 1000, 0),
    ("its libraries but libc, KB", "libraries", 1000, 0),
    ("QoS 1 messages/s", "rate", 1, 0),
    ("... over those of Paho + OpenSSL, by turns", "ratio", 1, 2),
    ("CPU for 1,000 messages, ms", "cpu_us", 1, 0),
    ("CPU idle, %", "idle_cpu", 1, 3),
    ("back after a broker's restart, s", "recovery_s", 1, 2),
    ("bytes of TLS for a message of 256", "message_bytes", 1, 0),
    ("bytes of TLS in an idle day", "idle_day_bytes", 1, 0),
    ("drained from a backlog, messages/s", "drain_rate", 1, 0),
    ("RSS after them, MB", "rss_after", 1024, 2),
]


def table(found):
    names = list(found)
    lines = [["median (lowest-highest)"] + names]
    lines += [[title] + [_row(found[n].get(key), scale, digits) for n in names]
              for title, key, scale, digits in ROWS]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths))
                     .rstrip() for line in lines)
    wakes = "\n".join(f"  {name}: {_wake_ups(found[name])}" for name in names)
    return f"{text}\n\nwake-ups a minute when idle, by thread\n{wakes}\n"


# From another machine with two processors; not measured in this run.
ELSEWHERE = """\
measured elsewhere, not in this run  CONNACK, ms  RSS, MB  PSS, MB  sleeps/min  reconnect, s
AWS IoT Device Client                         86     13.0     11.2         300          10.0
Greengrass lite, its MQTT daemon              11      7.4      2.5           8           1-6
mosquitto_sub                                  8      7.3      2.9          61         exits
Paho sample with OpenSSL                      21      7.5      3.1         769           2-7
"""


def journey(found):
    """Latency, batches, and the peers of elsewhere."""
    lines = ["latency of one message at a time, ms      p50    p95    p99"]
    for name in (OURS, PAHO):
        lines += [f"{name + ' to ' + end:38}{p['p50']:7.2f}{p['p95']:7.2f}"
                  f"{p['p99']:7.2f}"
                  for end, p in found[name].get("latency", {}).items()]
    lines += ["", "messages without an answer  stored messages/s"]
    lines += [f"{row['batch']:26}  {row['rate']:17.0f}"
              for row in found[OURS]["batches"]]
    return "\n".join(lines) + "\n\n" + ELSEWHERE


def backlog(found):
    """Memory and start over the length of the queue, and the disk's wear."""
    ours = found[OURS]
    lines = ["messages queued  RSS, MB  PSS, MB  start, ms  after kill -9, ms"]
    lines += [f"{row['length']:15}  {row['rss'] / 1024:7.2f}"
              f"  {row['pss'] / 1024:7.2f}  {row['start_ms']:9.0f}"
              f"  {row['start_after_kill_ms']:17.0f}" for row in ours["backlog"]]
    lines += [f"written for a message, {name}: {wear['bytes']:.0f} bytes,"
              f" {wear['syncs']:.2f} fsyncs"
              for name, wear in ours["wear"].items()]
    return "\n".join(lines) + "\n"


def _median(values):
    return figures.spread(values)["median"] if values else None


def targets(found):
    """(text, how many are missed): reached or missed, one line each."""
    ours = found[OURS]
    wakes = sum(ours["wake_ups"].values()) * 60
    judged = [
        ("CONNACK within 15 ms of start", _median(ours["connack_ms"]), 15, "ms"),
        ("idle RSS under 6 MB", ours["rss"] / 1024, 6, "MB"),
        ("idle PSS under 4 MB", ours["pss_alone"] / 1024, 4, "MB"),
        ("binary under 1.5 MB", ours["binary"] / 1e6, 1.5, "MB"),
        ("idle CPU below 0.05 %", ours["idle_cpu"], 0.05, "%"),
        ("wake-ups when idle at most 4 a minute beside keep-alive", wakes,
         4 + KEEP_ALIVE_WAKES, "/min"),
    ]
    lines = [(value <= limit, f"{what}: {value:.2f} {unit}")
             for what, value, limit, unit in judged]
    ratio = _median(ours["ratio"])
    lines.append((ratio >= 0.8, "durable throughput at least 0.8 of Paho +"
                  f" OpenSSL without: {ratio:.2f}, {_median(ours['rate']):.0f}"
                  f" and {_median(found[PAHO]['rate']):.0f} messages/s"))
    rows = ours["backlog"]
    growth = max(r["pss"] for r in rows) / rows[0]["pss"]
    slowest = max(max(r["start_ms"], r["start_after_kill_ms"]) for r in rows)
    lines.append((growth <= 1.25, "memory flat over the backlog, at most 1.25:"
                  f" {growth:.2f}"))
    lines.append((slowest <= 1000, "start within a second with any backlog:"
                  f" {slowest:.0f} ms"))
    text = "\n".join(f"{'reached' if good else 'MISSED '} {line}"
                     for good, line in lines)
    return text, sum(not good for good, _ in lines)
