"""docs/lab.md, written from a real run."""
import os

from kit import TOP
from lab import PATHS

HEAD = """# The hostile-server lab

`tests/lab` makes servers that lie, and lets the real agent meet each of them on
every path it has. The server, not the agent, says what arrived: a ClientHello,
an alert, and not one byte of MQTT or HTTP.

    tests/run lab          everything, as part of the tests
    tests/lab/run          the same, as a list
    tests/lab/run NAME...  the rows whose name contains NAME
    tests/lab/run --table  everything, and this file

Paths: **verify** is `nameplate verify`; **mqtt** the agent in TLS 1.3 on port
8883; **alpn** the agent in TLS 1.2 on port 443 with ALPN; **https** the agent as
it fetches a revocation list, in TLS 1.3. The number behind a reason is the TLS
alert that the server got (RFC 8446 section 6.2). `-` is a path that a row says
nothing about: a CRL is for the broker's certificate, MQTT not for HTTP.
Behaviours meet the https path in `stage_http`, the same code with less patience.

It wants network and mount namespaces (`unshare -n -m`: root, or a user who may
make them); without them the tests say that they are skipped.

A twin of the agent that believes every certificate is built and must fail: each
bad chain that its TLS library can read at all then gets a CONNECT.

**{bad} bad chains, {good} good ones; {behaviours} bad behaviours, {fine} good
ones. {gaps}**
"""
NUMBERS = {"TLSV1_ALERT_UNKNOWN_CA": 48, "SSLV3_ALERT_BAD_CERTIFICATE": 42,
           "SSLV3_ALERT_CERTIFICATE_EXPIRED": 45,
           "SSLV3_ALERT_CERTIFICATE_REVOKED": 44,
           "SSLV3_ALERT_CERTIFICATE_UNKNOWN": 46,
           "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": 43,
           "SSLV3_ALERT_ILLEGAL_PARAMETER": 47}


def text(outcomes, meetings):
    """Markdown of a run."""
    rows, behaviours = by_name(outcomes), by_name(meetings)
    bad = [row for row in rows if not row.good]
    fine = sum(b.good for b in behaviours)
    gaps = [o for o in outcomes + meetings if o.gap]
    out = [HEAD.format(bad=len(bad), good=len(rows) - len(bad), fine=fine,
                       behaviours=len(behaviours) - fine, gaps=count(gaps))]
    out += table("Bad chains", bad, rows, list(PATHS))
    out += table("Good chains, which must get through",
                 [row for row in rows if row.good], rows, list(PATHS))
    out += table("Behaviours", behaviours, behaviours, list(PATHS)[1:])
    if gaps:
        out.append("\n## Known gaps\n\nThe lab fails when one of them is closed and"
                   " still marked.\n")
        out += known(gaps)
    return "\n".join(out) + "\n"


def by_name(results):
    """{row: {path: result}}"""
    rows = {}
    for result in results:
        rows.setdefault(result.row, {})[result.path] = result
    return rows


def known(gaps):
    lines = {}
    for gap in gaps:
        line = f"`{gap.row.name}`: {gap.row.gaps[gap.path]}"
        lines.setdefault(line, []).append(gap.path)
    return [f"* {line} ({', '.join(paths)})." for line, paths in lines.items()]


def count(gaps):
    return f"{len(gaps)} known gaps, at the end." if gaps else "No known gap."


def table(title, some, rows, paths):
    out = [f"\n## {title}\n", "| name | what is wrong | " + " | ".join(paths) +
           " |", "|---" * (2 + len(paths)) + "|"]
    for row in some:
        cells = [cell(rows[row].get(path)) for path in paths]
        out.append(f"| {row.name} | {plain(row.wrong)} | "
                   + " | ".join(cells) + " |")
    return out


def cell(result):
    if result is None:
        return "-"
    alert = NUMBERS.get(result.alert, result.alert)
    number = f" {alert}" if isinstance(alert, int) and alert else ""
    return f"{result.reason}{number}" + (" (gap)" if result.gap else "")


def plain(words):
    return words.replace("*", "\\*").replace("|", "\\|")


def write_table(outcomes, meetings):
    path = os.path.join(TOP, "docs", "lab.md")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text(outcomes, meetings))
    return path
