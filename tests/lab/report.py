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
8883; **alpn** the agent in TLS 1.2 on port 443 with ALPN; **https** the agent's
HTTP code in TLS 1.3. The number behind a reason is the TLS alert that the
server got (RFC 8446 section 6); where OpenSSL is the server it names the alert.

A twin of the agent that believes every certificate is built and must fail: each
bad chain that its TLS library can read at all then gets a CONNECT.

**{bad} bad chains, {good} good ones, {behaviours} behaviours. {gaps}**
"""
NUMBERS = {"TLSV1_ALERT_UNKNOWN_CA": 48, "SSLV3_ALERT_BAD_CERTIFICATE": 42,
           "SSLV3_ALERT_CERTIFICATE_EXPIRED": 45,
           "SSLV3_ALERT_CERTIFICATE_REVOKED": 44,
           "SSLV3_ALERT_CERTIFICATE_UNKNOWN": 46,
           "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": 43,
           "SSLV3_ALERT_ILLEGAL_PARAMETER": 47}


def text(outcomes, meetings):
    """Markdown of a run."""
    rows = {}
    for outcome in outcomes:
        rows.setdefault(outcome.row, {})[outcome.path] = outcome
    gaps = [o for o in outcomes + meetings if o.gap]
    bad = [row for row in rows if not row.good]
    out = [HEAD.format(bad=len(bad), good=len(rows) - len(bad),
                       behaviours=len({m.behaviour for m in meetings}), gaps=count(gaps))]
    out += table("Bad chains", bad, rows)
    out += table("Good chains, which must get through",
                 [row for row in rows if row.good], rows)
    out += ["\n## Behaviours\n", "| name | what the server does | path | why "
            "| alert |", "|---|---|---|---|---|"]
    for m in meetings:
        b = m.behaviour
        out.append(f"| {b.name} | {plain(b.what)} | {m.path} | "
                   f"{m.why or 'ok'} | {blank(m.alert)} |")
    if gaps:
        out.append("\n## Known gaps\n")
        out += [f"* {o.path} {o.name}: {o.gap}".rstrip() for o in gaps]
    return "\n".join(out) + "\n"


def count(gaps):
    return f"{len(gaps)} known gaps, at the end." if gaps else "No known gap."


def table(title, some, rows):
    out = [f"\n## {title}\n", "| name | what is wrong | " + " | ".join(PATHS) +
           " |", "|---" * (2 + len(PATHS)) + "|"]
    for row in some:
        cells = [cell(rows[row].get(path)) for path in PATHS]
        out.append(f"| {row.name} | {plain(row.wrong)} | "
                   + " | ".join(cells) + " |")
    return out


def cell(outcome):
    if outcome is None:
        return "-"
    alert = NUMBERS.get(outcome.alert, outcome.alert)
    return (f"{outcome.reason}" + (f" {alert}" if alert and alert != "EOF"
                                   else "") + (" (gap)" if outcome.gap else ""))


def plain(words):
    return words.replace("*", "\\*").replace("|", "\\|")


def blank(value):
    return "" if value is None else value


def write_table(outcomes, meetings):
    path = os.path.join(TOP, "docs", "lab.md")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text(outcomes, meetings))
    return path
