#!/usr/bin/env python3
"""The two thermostats of examples/, as somebody who copies them would run them.

The agent's socket and the verbs are real; the cloud is played, so that hostile
settings can be wished for. The whole way to a page is told by the demo.
"""
import json
import os
import subprocess

from kit import BIN, TOP, expect, folder, main, scenario, wait_until
from stage import Stage

NAMES = ("thermostat.sh", "thermostat.py")


class Thermostat:
    def __init__(self, stage, name, interval="0.2"):
        environment = dict(stage.environment, THERMOSTAT_PAUSE_S=interval,
                           PATH=BIN + ":" + os.environ["PATH"])
        self.process = subprocess.Popen(
            [os.path.join(TOP, "examples", name)], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def reports_until(stage, wish, answer):
    """Wish until it is reported; gives every report of a setting that came
    meanwhile."""
    seen = []

    def answered():
        stage.say(wish)
        letter = stage.letters(1)[0]
        if letter.startswith("reported ") and "temperature" not in letter:
            seen.append(json.loads(letter[len("reported "):]))
        return answer in seen
    wait_until(answered, 20, f"{answer} is reported")
    return seen


@scenario
def a_setting_that_is_wished_for_is_applied_and_reported():
    for name in NAMES:
        with folder() as tmp, Stage(tmp) as s, Thermostat(s, name):
            expect(s.letters(1) == [
                'reported {"target":21,"mode":"heat","display":true,'
                '"temperature":19}'], name)
            reports_until(s, 'desire 1 {"target":23.5}', {"target": 23.5})
            reports_until(s, 'desire 2 {"mode":"eco"}', {"mode": "eco"})
            reports_until(s, 'desire 3 {"display":false}', {"display": False})


@scenario
def the_temperature_is_sent_and_follows_the_target():
    for name in NAMES:
        with folder() as tmp, Stage(tmp) as s, Thermostat(s, name, "0.05"):
            s.letters(1)
            found = [letter.split(" ", 1) for letter in s.letters(6)]
            found = [(kind, json.loads(data)["temperature"])
                     for kind, data in found]
            expect(found == [(kind, t) for t in (19.2, 19.4, 19.6)
                             for kind in ("reported", "climate")],
                   f"{name}: {found}")


@scenario
def a_wish_that_makes_no_sense_is_not_applied():
    for name in NAMES:
        with folder() as tmp, Stage(tmp) as s, Thermostat(s, name):
            s.letters(1)
            reports_until(s, 'desire 1 {"mode":"eco"}', {"mode": "eco"})
            s.say('desire 2 {"target":"$(touch x)","mode":"burn","room":1,'
                  '"PATH":"/","display":"maybe"}')
            seen = reports_until(s, 'desire 3 {"target":22}', {"target": 22})
            # The first wish may have been said, and so is answered, twice.
            seen = [report for report in seen if report != {"mode": "eco"}]
            expect(seen == [{"target": 22}], f"{name}: {seen}")


@scenario
def without_an_agent_they_say_so_and_end():
    for name in NAMES:
        with folder() as tmp:
            done = subprocess.run(
                [os.path.join(TOP, "examples", name)], capture_output=True,
                text=True, timeout=20, check=False,
                env=dict(os.environ, NAMEPLATE_SOCKET=tmp + "/none",
                         PATH=BIN + ":" + os.environ["PATH"]))
            expect(done.returncode != 0 and done.stderr, f"{name}: {done}")


@scenario
def they_leave_no_process_behind():
    for name in NAMES:
        with folder() as tmp, Stage(tmp) as s:
            with Thermostat(s, name) as thermostat:
                reports_until(s, 'desire 1 {"target":9}', {"target": 9})
                group = thermostat.process.pid

            def gone():
                try:
                    os.killpg(group, 0)
                except ProcessLookupError:
                    return True
                return False
            wait_until(gone, 10, f"all processes of {name} end")


@scenario
def the_description_describes_what_they_report():
    with open(os.path.join(TOP, "examples/thermostat.json"),
              encoding="utf-8") as f:
        described = json.load(f)
    expect(set(described["properties"]) ==
           {"target", "mode", "display", "temperature"}, described)


if __name__ == "__main__":
    main()
