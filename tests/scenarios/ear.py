"""Who listens at the broker for hours, and remembers nothing but the numbers.

    ear = Ear(world, cloud, "nameplate/t/stream/soak")   # a MockCloud
    ear.lost(accepted)   # how many of so many accepted messages never came
    ear.figures()
"""
import re

from kit import read, wait_until

ID = re.compile(r"id:([0-9a-f]+)-(\d+)\n")


def lost(accepted, ids):
    """Of one stream.  Each accepted message has a number of its own, and there
    is no gap: what is missing below the highest, or at all, is lost."""
    by_store = {}
    for store, number in ids:
        by_store.setdefault(store, set()).add(int(number))
    gaps = sum(max(seqs) - len(seqs) for seqs in by_store.values())
    return gaps + max(0, accepted - gaps - sum(map(len, by_store.values())))


class Ear:
    def __init__(self, world, cloud, topic):
        self.log = world.path("ear")
        world.keep_beside(
            "mosquitto_sub", *cloud.privileged("ear"), "-V", "mqttv5", "-c",
            "-x", "3600", "-q", "1", "-F", "%P", "-t", topic, log="ear")
        wait_until(lambda: "Sending SUBACK to ear" in cloud.words(), 10,
                   "the listener has subscribed")

    def ids(self):
        return ID.findall(read(self.log))

    def lost(self, accepted):
        return lost(accepted, self.ids())

    def figures(self):
        ids = self.ids()
        return {"came": len(set(ids)), "came again": len(ids) - len(set(ids))}
