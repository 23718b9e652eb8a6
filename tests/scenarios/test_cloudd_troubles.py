#!/usr/bin/env python3
"""What a device tells of itself when it is back is shown: why it was away, and
what it had to drop.  Real broker, real cloudd; the device is a client of the
broker that says what an agent would."""
from cloudd import history, seen
from est import Site
from kit import expect, folder, main, scenario

OUTAGE = {"from": 1790000000000, "to": 1790000180000, "why": ["lost", "dns"],
          "tries": 3, "detail": "the name mqtt.example has no address"}


def status(outage):
    return {"online": True, "ts": 1790000180000, "agent": "0.1.0",
            "outage": outage}


@scenario
def why_it_was_away_is_shown_and_in_the_history():
    with folder() as tmp, Site(tmp, jitp_drop_first="no") as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: True, "the device")
        with ann.events() as heard:
            device.publish(device.topic("status"), status(OUTAGE), "-r")
            told = heard.wait("status", lambda d: "outage" in d)
            expect(told["outage"] == OUTAGE, told)
        events = history(ann, device, "outage")
        expect([e["text"] for e in events] == [
            "was away for 3 min: the name mqtt.example has no address"], events)
        expect(events[0]["detail"] == OUTAGE, events)
        # What is none, or too much, is not taken; the same is no news.
        for bad in ("x", {"from": 1}, dict(OUTAGE, detail="y" * 5000),
                    dict(OUTAGE, why="dns"), OUTAGE):
            device.publish(device.topic("status"), status(bad), "-r")
        device.publish(device.topic("status"),
                       status(dict(OUTAGE, to=1790007380000)), "-r")
        seen(ann, device, lambda d: d["outage"]["to"] == 1790007380000, "next")
        events = history(ann, device, "outage")
        expect(len(events) == 2 and "for 2 h:" in events[0]["text"], events)
        # The retained one comes again after a restart, and is no news.
        site.cloudd.stop()
        site.cloudd.start()
        ben = site.cloudd.logged_in()
        seen(ben, device, lambda d: "outage" in d, "the old one")
        expect(len(history(ben, device, "outage")) == 2, "told twice")


@scenario
def what_was_dropped_is_counted_and_told_once():
    with folder() as tmp, Site(tmp, jitp_drop_first="no") as site:
        device = site.device("S1")
        expect(device.connects(), "refused")
        ann = site.cloudd.logged_in()
        seen(ann, device, lambda d: True, "the device")

        def tell(thinned, expired):
            device.publish(device.topic("outbox"), {
                "ts": 1, "set_aside": 0, "dropped": {
                    "telemetry": {"full": 0, "thinned": thinned},
                    "event": {"expired": expired}}})
        tell(20, 0)
        tell(20, 0)
        tell(25, 3)
        for bad in ([], {"dropped": 1}, {"dropped": {"x": 3}},
                    {"dropped": {"x" * 5000: {}}}):
            device.publish(device.topic("outbox"), bad)
        tell(26, 3)
        shown = seen(ann, device, lambda d: d.get("dropped", {}).get(
            "telemetry", {}).get("thinned") == 26, "the last count")
        expect(shown["dropped"]["event"] == {"expired": 3}, shown)
        texts = [e["text"] for e in history(ann, device, "dropped")]
        expect(texts == [
            "messages were dropped: 1 telemetry (thinned)",
            "messages were dropped: 5 telemetry (thinned), 3 event (expired)",
            "messages were dropped: 20 telemetry (thinned)"], texts)


if __name__ == "__main__":
    main(at_once=2)
