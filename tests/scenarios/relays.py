"""Ports of ours that carry connections to other ports, or do not.

    relay = Relay(broker.port)              # carries everything
    relay = Cutter(broker.port, cuts=100)   # ... and cuts a hundred of them
    agent = world.agent(port=relay.port)
"""
import random
import socket
import struct
import threading
import time


def hang_up(*streams):
    for stream in streams:
        try:
            stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def stop_reading(stream):
    try:
        stream.shutdown(socket.SHUT_RD)
    except OSError:
        pass


def pour(source, target):
    """Until one of the two ends; then both do."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    hang_up(source, target)


def join(near, far):
    back = threading.Thread(target=pour, args=(far, near), daemon=True)
    back.start()
    pour(near, far)
    back.join()


class Door:
    """A port; each connection is given to `serve` in a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        hang_up(self.listener)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(stream,),
                             daemon=True).start()

    def _serve(self, stream):
        try:
            with stream:
                self.serve(stream)
        except (OSError, ValueError, EOFError):
            pass

    def serve(self, stream):
        raise NotImplementedError


class Relay(Door):
    """To a port of ours, whole."""

    def __init__(self, port):
        self.port_behind = port
        super().__init__()

    def far(self):
        return socket.create_connection(("127.0.0.1", self.port_behind))

    def serve(self, stream):
        with self.far() as far:
            join(stream, far)


HOWS = ("reset", "end", "half to the device", "half to the broker")


class Plan:
    """When one connection is cut, and how: after so many bytes one way, of
    which the last ones are still carried, or after some time."""

    def __init__(self, dice, kind=None, way=None):
        self.how = dice.choice(HOWS)
        self.way = way or dice.choice(("up", "down"))
        self.bytes = self.after_s = None
        kind = kind or dice.choice(("early", "late", "late", "time"))
        if kind == "time":
            self.after_s = dice.uniform(0, 0.5)
        elif kind == "early":  # a handshake has some thousand bytes
            self.bytes = dice.randrange(0, 4000)
        else:  # PUBLISH has a hundred or many thousand, PUBACK some thirty
            self.bytes = dice.randrange(*((4000, 40000) if self.way == "up"
                                        else (1000, 5000)))


class Cut:
    """One connection with a plan; each way has a thread."""

    chunk = 65536  # bytes that are carried at once

    def __init__(self, near, far, plan):
        self.near, self.far, self.plan = near, far, plan
        self.lock = threading.Lock()
        self.was_cut = False

    def run(self):
        timer = None
        if self.plan.after_s is not None:
            timer = threading.Timer(self.plan.after_s, self.cut)
            timer.daemon = True
            timer.start()
        down = threading.Thread(target=self._pour, daemon=True,
                                args=(self.far, self.near, "down"))
        down.start()
        self._pour(self.near, self.far, "up")
        down.join()
        if timer:
            timer.cancel()

    def _pour(self, source, target, way):
        left = self.plan.bytes if way == self.plan.way else None
        try:
            while data := source.recv(self.chunk):
                self.linger()
                if left is not None:
                    data, left = data[:left], left - len(data)
                target.sendall(data)
                if left is not None and left <= 0:
                    self.cut()
        except OSError:
            pass
        if not self.was_cut:
            hang_up(source, target)

    def linger(self):
        """Before a chunk goes on."""

    def cut(self):
        with self.lock:
            if self.was_cut:
                return
            self.was_cut = True
        if self.plan.how == "reset":
            for stream in (self.near, self.far):
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
                stop_reading(stream)  # who reads here then closes: that resets
            return
        if self.plan.how.startswith("half"):
            self._half(self.near if self.plan.how.endswith("device")
                       else self.far)
        hang_up(self.near, self.far)

    @staticmethod
    def _half(stream):
        """One hears the end, the other nothing for a moment."""
        try:
            stream.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        time.sleep(0.1)


class Cutter(Relay):
    """Cuts the first so many connections, each by a plan of its own; but the
    first is let in, so that the agent learns which MQTT the broker speaks.
    With a number for `seed` it makes the same plans again."""

    def __init__(self, port, cuts, seed=None):
        self.dice, self.left = random.Random(seed), cuts
        self.hows = dict.fromkeys(HOWS, 0)
        self.first = Plan(self.dice, "late", "up")
        super().__init__(port)

    def serve(self, stream):
        with self.far() as far:
            if self.left <= 0:
                join(stream, far)
                return
            plan, self.first = self.first or Plan(self.dice), None
            connection = Cut(stream, far, plan)
            connection.run()
        if connection.was_cut:
            self.left -= 1
            self.hows[connection.plan.how] += 1
