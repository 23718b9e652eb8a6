#!/usr/bin/env python3
"""The page's server tells of certificates that end and of cloned identities: on
the page, once, to who owns the device, and by web hook with a signature.

The certificates come from the real factory's CA, with dates of openssl's; the
clones really connect to the real broker.
"""
import contextlib
import os
import time

from authority import CONFIG
from cloudd import Cloudd
from est import Csr, Site, subject_of
from hook import Receiver
from kit import (Failed, expect, folder, main, read, run, scenario, wait_until,
                 write)
from mock import Device, MockCloud
from owner import Person, Record

DAY = 86400
YEAR = 365 * DAY


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


class Dated:
    """Devices of a cloud's vendor whose certificates end when a test wants."""

    def __init__(self, tmp, cloud):
        self.tmp, self.cloud = tmp, cloud
        self.batch = cloud.vendor.batch()
        chain = read(cloud.device("chain").certificate)
        self.chain = chain[chain.index("-----BEGIN", chain.index("-----END")):]
        write(f"{tmp}/index", "")
        write(f"{tmp}/ca.cnf", CONFIG.format(folder=tmp))
        write(f"{tmp}/client.ext", "extendedKeyUsage=clientAuth\n")

    def device(self, serial, begins, ends):
        """From and to in seconds from now; known to the cloud."""
        thing, now = f"acme:thermo-1:{serial}", time.time()
        place = os.path.join(self.tmp, serial)
        os.mkdir(place)
        csr = Csr(place, thing, "device", subject_of(thing))
        run("openssl", "ca", "-batch", "-notext", "-preserveDN", "-config",
            f"{self.tmp}/ca.cnf", "-md", "sha256", "-cert",
            f"{self.batch}/ca.crt", "-keyfile", f"{self.batch}/ca.key", "-in",
            csr.path, "-extfile", f"{self.tmp}/client.ext", "-startdate",
            stamp(now + begins), "-enddate", stamp(now + ends), "-out",
            f"{place}/device.crt")
        write(f"{place}/device.crt", read(f"{place}/device.crt") + self.chain)
        return Device(self.cloud, place, thing).introduce()


@contextlib.contextmanager
def hooked(tmp, make):
    """`make` gives a Cloudd or a Site with these words for its web hook."""
    with Receiver(b"hook secret") as hook:
        secret = write(os.path.join(tmp, "secret"), "hook secret\n")
        with make(web_hook=hook.url, web_hook_secret=secret) as server:
            yield server, hook


def alerts(browser, *kinds):
    found = browser.get("/api/alerts")["alerts"]
    return [a for a in found if a["kind"] in kinds]


def alert(browser, device, *kinds, over=False, seconds=20):
    def look():
        for a in alerts(browser, *kinds):
            if a["thingName"] == device.thing and ("over" in a) == over:
                return a
        return None
    return wait_until(look, seconds, f"{kinds} of {device.thing}, over={over}")


# --- certificates ----------------------------------------------------------------

@scenario
def a_certificate_that_ends_soon_or_within_days_is_told_once():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud:
        dated = Dated(tmp, cloud)
        with hooked(tmp, lambda **words: Cloudd(
                tmp, cloud, signup="yes", **words)) as (server, hook):
            urgent, soon, far, life = (
                dated.device("U", -3 * YEAR, 13 * DAY),
                dated.device("S", -3 * YEAR, 59 * DAY),
                dated.device("F", -3 * YEAR, 61 * DAY),
                cloud.device("L").introduce())
            ann = server.logged_in()
            bob, eve = (Person(server, tmp, n) for n in ("bob", "eve"))
            Record(soon).claim(bob)
            told = alert(ann, soon, "certificate")
            end = time.strftime("%Y-%m-%d", time.gmtime(
                int(told["ts"] / 1000) + 59 * DAY))
            expect("Renew it" in told["text"] and (
                end in told["text"] or time.strftime("%Y-%m-%d", time.gmtime(
                    time.time() + 59 * DAY - 300)) in told["text"]), told)
            expect("Without a new one" in
                   alert(ann, urgent, "certificate_now")["text"], "urgent")
            for kind, device in (("certificate", soon),
                                 ("certificate_now", urgent)):
                heard = hook.alert(kind)
                expect(heard["thingName"] == device.thing and
                       heard["text"].startswith("Its certificate"), heard)
            # Its owner hears of it, a stranger and others' devices do not.
            alert(bob, soon, "certificate")
            expect(alerts(bob, "certificate_now") == [] and
                   eve.get("/api/alerts")["alerts"] == [], "others'")
            # It was looked at again since, and told once, of these two alone.
            time.sleep(6)
            things = sorted(a["thingName"] for a in alerts(
                ann, "certificate", "certificate_now"))
            expect(things == sorted([urgent.thing, soon.thing]), things)
            expect(far.thing not in things and life.thing not in things, things)
            expect(len(hook.posts) == 2, f"{len(hook.posts)} posts")


@scenario
def an_operational_certificate_is_told_of_when_its_renewal_is_late():
    """The factory's certificate has no end, and says nothing of this one."""
    with folder() as tmp, Site(tmp, life_s=24, jitp_drop_first="no") as site:
        device = site.device("S1").introduce()
        ann = site.cloudd.logged_in()
        one = site.enrolled(device, "one")
        enrolled = time.monotonic()
        expect(one.connects(), "refused")
        wait_until(lambda: len(ann.get("/api/things/" + device.thing)
                               ["certificates"]) == 2, 15, "both certificates")
        if time.monotonic() - enrolled < 12:  # 18 s are over before it is told
            expect(alerts(ann, "certificate", "certificate_now") == [],
                   "told while it is new")
        told = alert(ann, device, "certificate", "certificate_now", seconds=60)
        # A new one ends the alert, though the old one is accepted still.
        two = site.enrolled(device, "two")
        expect(two.connects(), "the new one was refused")
        alert(ann, device, told["kind"], over=True, seconds=30)


# --- cloned identities -----------------------------------------------------------

@scenario
def an_alarm_is_an_alert_of_the_owner_and_of_the_hook():
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud, \
            hooked(tmp, lambda **words: Cloudd(tmp, cloud, signup="yes",
                                               **words)) as (server, hook):
        device = cloud.device("S1").introduce()
        ann = server.logged_in()
        wait_until(lambda: ann.get("/api/things")["things"], 15, "known")
        bob, eve = (Person(server, tmp, n) for n in ("bob", "eve"))
        Record(device).claim(bob)
        wait_until(lambda: bob.get("/api/things")["things"], 10, "bob's")
        with bob.events() as his, eve.events() as hers:
            expect(device.connects(), "the twin: its own name is no alarm")
            his.none("alert", lambda d: True, 0.5)
            expect(not device.connects(client="acme:thermo-1:S2"), "admitted")
            got = his.wait("alert")
            expect(got["kind"] == "alarm" and got["thingName"] == device.thing
                   and "acme:thermo-1:S2" in got["text"], got)
            hers.none("alert", lambda d: True, 0.3)
            expect(hook.alert("alarm") == got, "the hook heard another")
            expect(alerts(bob, "alarm") == [got] and
                   alerts(eve, "alarm") == [], "listed")
            # Another kind of the same device is another alert.
            copy = os.path.join(cloud.vendor.folder, "devices", "away")
            os.rename(device.folder, copy)
            expect(cloud.device("S1").connects(), "the clone was refused")
            other = his.wait("alert", seconds=20)
            expect("another key" in other["text"], other)
            wait_until(lambda: len(alerts(bob, "alarm")) == 2, 10, "both")
        bob.post(f"/api/alerts/{got['id']}/dismiss", {}, 204)
        expect(alerts(bob, "alarm") == [other], "the wrong one is gone")


@scenario
def a_hook_with_another_secret_would_be_found_out():
    """The twin of every signature that is judged above."""
    with folder() as tmp, MockCloud(tmp, jitp_drop_first="no") as cloud, \
            hooked(tmp, lambda **words: Cloudd(tmp, cloud, **words)) as (
                server, hook):
        device = cloud.device("S1").introduce()
        ann = server.logged_in()
        wait_until(lambda: ann.get("/api/things")["things"], 15, "known")
        expect(not device.connects(client="acme:thermo-1:S2"), "admitted")
        hook.alert("alarm")
        hook.secret = b"another secret"
        try:
            hook.alert("alarm", seconds=1)
        except Failed:
            return
        raise Failed("a wrong signature was taken")


if __name__ == "__main__":
    main(at_once=4)
