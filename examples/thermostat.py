#!/usr/bin/env python3
"""A thermostat: applies the settings wanted on the page, tells the temperature.

Python's standard library only. NAMEPLATE_SOCKET says where the agent is, if not
at its usual place.
"""
import json
import os
import socket
import time

PAUSE_S = float(os.environ.get("THERMOSTAT_PAUSE_S", "5"))
ALLOWED = {"target": lambda v: type(v) in (int, float) and 5 <= v <= 30,
           "mode": lambda v: v in ("off", "heat", "eco"),
           "display": lambda v: type(v) is bool}


class Agent:
    """The local socket: one JSON object a line, in both directions."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.environ.get("NAMEPLATE_SOCKET",
                                           "/run/nameplate/app.sock"))
        self.received = b""

    def say(self, **request):
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def lines(self, seconds):
        """What the agent says within so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                return
            if not more:
                raise ConnectionError("the agent is gone")
            *whole, self.received = (self.received + more).split(b"\n")
            yield from map(json.loads, whole)


def main():
    room = {"target": 21, "mode": "heat", "display": True, "temperature": 19.0}
    agent = Agent()
    agent.say(op="report", state=room)
    agent.say(op="watch")
    while True:
        for line in agent.lines(PAUSE_S):
            if line.get("ok") is False:
                raise SystemExit(f"thermostat: {line['error']}")
            good = {key: value for key, value in line.get("state", {}).items()
                    if key in ALLOWED and ALLOWED[key](value)}
            if good:
                room.update(good)  # the hardware would do it
                agent.say(op="report", state=good)
        step = max(-0.1, min(0.2, room["target"] - room["temperature"]))
        room["temperature"] = round(room["temperature"] + step, 1)
        agent.say(op="report", state={"temperature": room["temperature"]})
        agent.say(op="emit", stream="climate",
                  data={"temperature": room["temperature"]})


if __name__ == "__main__":
    main()
