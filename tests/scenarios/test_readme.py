#!/usr/bin/env python3
"""What the README promises to somebody who has ten minutes."""
import os
import re
import subprocess
import sys

import kit
from kit import expect, scenario, wait_until
from world import World


def readme():
    with open(os.path.join(kit.TOP, "README.md"), encoding="utf-8") as f:
        return f.read()


@scenario
def the_three_lines_of_python_report_a_value():
    code = re.search(r"```python\n(.*?)```", readme(), re.S).group(1)
    expect(len(code.strip().split("\n")) == 3, "they are three lines")
    with World() as w:
        broker = w.broker()
        agent = w.agent(port=broker.port).wait_for("session online")
        mine = code.replace("/run/nameplate/app.sock", agent.socket)
        expect(mine != code, "the usual socket stands in it")
        subprocess.run([sys.executable, "-c", mine], check=True, timeout=10)
        done = wait_until(lambda: subprocess.run(
            [os.path.join(kit.BIN, "nameplate"), "status", "--json", "-s",
             agent.socket], capture_output=True, text=True, timeout=10).stdout,
            10, "the agent answers")
        expect('"online":true' in done, done)
        wait_until(lambda: "shadow/update" in heard(broker), 10,
                   "the report is with the broker")
        expect('shadow/update' in heard(broker), heard(broker))


def heard(broker):
    with open(broker.log, encoding="utf-8", errors="replace") as f:
        return f.read()


@scenario
def every_file_that_it_names_is_there():
    for name in re.findall(r"\]\(([\w./-]+)\)", readme()):
        expect(os.path.exists(os.path.join(kit.TOP, name)), name)
    for name in re.findall(r"^    ((?:cloud-mock|tests|ports)/[\w/-]+)",
                           readme(), re.M):
        expect(os.access(os.path.join(kit.TOP, name), os.X_OK), name)


@scenario
def whoever_may_not_install_packages_is_told_the_one_command():
    with kit.folder() as tmp:
        os.chmod(tmp, 0o755)
        nothing = kit.write(os.path.join(tmp, "dpkg-query"), "#!/bin/sh\n")
        os.chmod(nothing, 0o755)
        words = [os.path.join(kit.TOP, "ports/dependencies/packages"), "build"]
        if os.getuid() == 0:
            words = ["setpriv", "--reuid=65534", "--clear-groups", "bash", "-s",
                     "build"]
        with open(os.path.join(kit.TOP, "ports/dependencies/packages"),
                  encoding="utf-8") as script:
            done = subprocess.run(
                words, stdin=script, capture_output=True, text=True, timeout=20,
                env=dict(os.environ, PATH=tmp + ":" + os.environ["PATH"]))
    expect(done.returncode == 69, f"it exits {done.returncode}: {done.stderr}")
    expect(re.search(r"^    sudo apt-get install .*\bcmake\b", done.stderr,
                     re.M), done.stderr)


if __name__ == "__main__":
    kit.main()
