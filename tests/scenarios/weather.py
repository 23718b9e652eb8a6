"""A line in bad weather: slow, narrow, standing still, and cut now and then.

    relay = Weather(broker.port, life_s=20)   # each connection, on average
"""
import random
import socket
import time

from relays import Cut, Plan, Relay

CALM, SLOW, NARROW, STALLING = KINDS = ("calm", "slow", "narrow", "stalling")


class Gust(Cut):
    """A connection in one kind of weather."""

    def __init__(self, near, far, plan, kind):
        super().__init__(near, far, plan)
        self.kind, self.dice = kind, random.Random(plan.after_s)
        if kind == NARROW:
            self.chunk = 512
            for stream in near, far:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)

    def linger(self):
        if self.kind == SLOW:
            time.sleep(self.dice.uniform(0.01, 0.15))
        elif self.kind == NARROW:
            time.sleep(0.005)
        elif self.kind == STALLING and self.dice.random() < 0.05:
            time.sleep(self.dice.uniform(0.2, 3))


class Weather(Relay):
    def __init__(self, port, life_s, seed=None):
        self.life_s, self.dice = life_s, random.Random(seed)
        self.kinds, self.cuts, self.fair = dict.fromkeys(KINDS, 0), 0, False
        super().__init__(port)

    def serve(self, stream):
        plan, kind = Plan(self.dice, "time"), self.dice.choice(KINDS)
        plan.after_s = self.dice.expovariate(1 / self.life_s)
        if self.fair:
            plan.after_s, kind = 1e6, CALM
        self.kinds[kind] += 1
        with self.far() as far:
            gust = Gust(stream, far, plan, kind)
            gust.run()
        self.cuts += gust.was_cut
