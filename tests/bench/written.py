"""What a run found, as pictures and in docs/performance.md."""
import os

import report
import svg

BEGIN, END = "<!-- tests/bench/run --write: begin -->", "<!-- end -->"


def pictures(found, folder):
    """Three SVG files."""
    os.makedirs(folder, exist_ok=True)
    ours = found[report.OURS]
    plots = {
        "throughput": svg.lines(
            "Messages stored over the size of a batch",
            "messages without an answer", "messages/s",
            {report.OURS: [(r["batch"], r["rate"]) for r in ours["batches"]]}),
        "memory": svg.lines(
            "Memory over the backlog", "messages queued", "MB",
            {name: [(max(1, r["length"]), r[key] / 1024)
                    for r in ours["backlog"]]
             for name, key in (("RSS", "rss"), ("PSS", "pss"))}),
        "recovery": svg.bars(
            "Back after a broker's restart, the slowest", "s",
            {name: max(f["recovery_s"]) for name, f in found.items()
             if "recovery_s" in f}),
    }
    for name, text in plots.items():
        with open(os.path.join(folder, name + ".svg"), "w",
                  encoding="utf-8") as f:
            f.write(text)


def document(top, text, found):
    """Put the text between the marks, and the pictures beside it."""
    pictures(found, os.path.join(top, "docs/pictures"))
    path = os.path.join(top, "docs/performance.md")
    with open(path, encoding="utf-8") as f:
        before, rest = f.read().split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{before}{BEGIN}\n```\n{text}\n```\n{END}{after}")
