"""One bad behaviour of a server, and what must become of it.

    @behaviour("a wrong Finished", "tls", peer=Peer13)
    def finished_wrong(peer): ...

The function plays one connection.  It may end early, by tls.Gone too; then the
other end is listened to until it is gone.
"""
import socket
import struct

import tls

table = []


class Behaviour:
    def __init__(self, play, what, why, peer, options):
        self.play, self.wrong, self.peer = play, what, peer
        self.name = play.__name__
        self.why = why        # of "offline why="; None: nothing is wrong
        self.up = options.pop("up", False)       # MQTT was spoken before
        # What is not about MQTT is tried on every path.
        self.paths = options.pop("paths", ["mqtt"] if self.up else
                                 ["mqtt", "alpn", "https"])
        self.gaps = options.pop("gaps", {})  # {path: words}, as in row.py
        self.http_whys = options.pop("http_whys", ())  # else `why` there, too
        self.detail = options.pop("detail", "")  # in the log's detail, or some,
        # of which one is
        self.alert = options.pop("alert", None)  # that the server must get
        self.seconds = options.pop("seconds", 0)  # that it lasts by itself
        # Until the agent's patience with the handshake is over.
        self.endless = options.pop("endless", False)
        if options:
            raise TypeError(str(options))

    @property
    def good(self):
        return self.why is None


def behaviour(what, why, peer=tls.Peer, **options):
    def keep(play):
        table.append(Behaviour(play, what, why, peer, options))
        return play
    return keep


def hold(peer):
    """Say nothing more, until the other end has had enough."""
    peer.listen()


def reset(peer):
    """Close with RST instead of FIN."""
    peer.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack("ii", 1, 0))
    peer.stream.close()
    raise tls.Gone


def close(peer):
    """Close with FIN, and no word in TLS."""
    peer.stream.shutdown(socket.SHUT_WR)
    peer.listen()
