#!/usr/bin/env python3
"""Classes of messages, their numbers, and disks that fail.

A real Mosquitto with MQTT 5 shows what travels beside the payloads.  An outage
builds a backlog, and what comes out first, how fast, and what was dropped for
it, is compared with what was configured.  Disks are real: ext4 on a loop
device that is mounted read-only or breaks, tmpfs of a few megabytes, and a
kernel that answers EIO (strace).
"""
import os
import re
import shutil
import stat
import subprocess
import time

from disk import Disk
from kit import Skipped, expect, main, read, run, scenario, wait_until, write
from listener import Cloud, gaps
from world import NAMEPLATE, Application, World, device, factory, thing

ONLINE = "info session online"


def emit(agent, stream, numbers, **more):
    """Emit each; gives the answers."""
    with Application(agent) as application:
        for number in numbers:
            application.send(op="emit", stream=stream, data=number, **more)
        return [application.receive() for _ in numbers]


def status(agent):
    with Application(agent) as application:
        application.send(op="status")
        return application.receive()


@scenario
def each_message_carries_its_number_and_what_is_left_of_its_life():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port, settings={
            "class.event.ttl_s": 600}).wait_for(ONLINE)
        emit(agent, "door", range(3))
        emit(agent, "lamp", range(2))
        emit(agent, "door", [3], **{"class": "critical"})
        heard = cloud.wait(6)
        doors = [m for m in heard if m.topic == "stream/door"]
        lamps = [m for m in heard if m.topic == "stream/lamp"]
        expect(sorted(m.seq for m in doors) == [1, 2, 3, 4], str(doors))
        expect([m.seq for m in lamps] == [1, 2], str(lamps))
        expect(len({m.store for m in heard}) == 1 and
               re.fullmatch("[0-9a-f]{8}", heard[0].store), heard[0].store)
        expect(all(len(m.id) == 1 for m in heard), "one id each")
        expect(doors[0].expiry in ("599", "600"), doors[0].expiry)
        expect([m.expiry for m in doors if m.payload["data"] == 3] == [""],
               "what lives for ever has no expiry")
        agent.stop()
        agent.start()
        emit(agent, "door", [4])
        last = cloud.wait(7)[-1]
        expect((last.store, last.seq) == (heard[0].store, 5),
               f"they go on after a restart: {last.id}")


@scenario
def with_mqtt_3_1_1_the_payloads_numbers_stand_alone():
    """The twin of the above: the listener would tell an id that is not there."""
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port, settings={
            "cloud.protocol": "3.1.1",
            "telemetry.interval_s": 0}).wait_for(ONLINE)
        emit(agent, "door", range(3))
        heard = cloud.wait(3)
        expect([m.id for m in heard] == [[], [], []], "no properties")
        seqs = [m.payload["seq"] for m in heard]
        expect(seqs == list(range(seqs[0], seqs[0] + 3)), str(seqs))


@scenario
def kill_9_leaves_no_gap_in_a_streams_numbers():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port).wait_for(ONLINE)
        stored = 0
        for _ in range(4):
            with Application(agent) as application:
                for _ in range(50):
                    application.send(op="emit", stream="n", data=stored)
                for _ in range(40):
                    stored += application.receive()["ok"]
            agent.kill()
            agent.start()
        emit(agent, "n", [1])
        agent.wait_for(ONLINE, times=2)
        heard = cloud.wait(stored + 1)
        seqs = [m.seq for m in heard]
        expect(gaps(seqs) == [], f"missing: {gaps(seqs)[:10]}")
        firsts = list(dict.fromkeys(seqs))
        expect(firsts == sorted(firsts), "in order, but for what came twice")
        of_a_number = {}
        for m in heard:
            of_a_number.setdefault(m.seq, set()).add(m.payload["seq"])
        expect(all(len(s) == 1 for s in of_a_number.values()),
               "no number was given twice")


@scenario
def twin_a_missing_number_is_seen():
    expect(gaps([1, 2, 4, 4]) == [3] and gaps([2]) == [1], "gaps")


@scenario
def a_backlog_drains_by_priority_and_rate_and_fresh_critical_overtakes():
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port, settings={
            "class.bulk.priority": 2, "class.bulk.drain_per_s": 20,
            "class.late.order": "newest_first",
            "telemetry.interval_s": 0}).wait_for("offline why=tcp")
        emit(agent, "b", range(60), **{"class": "bulk"})
        emit(agent, "l", range(5), **{"class": "late"})
        emit(agent, "e", range(5))
        emit(agent, "c", range(5), **{"class": "critical"})
        cloud.broker.start()
        agent.wait_for(ONLINE, 30)
        cloud.wait(16)
        emit(agent, "c", [5], **{"class": "critical"})
        began = time.monotonic()
        cloud.wait(76)
        took = time.monotonic() - began
        heard = [(m.topic[-1], m.payload["data"]) for m in cloud.heard()]
        expect(heard[:5] == [("c", n) for n in range(5)], str(heard[:5]))
        expect([n for s, n in heard if s == "l"] == [4, 3, 2, 1, 0], "newest")
        for stream in "bec":
            numbers = [n for s, n in heard if s == stream]
            expect(numbers == sorted(numbers), f"{stream}: {numbers}")
        expect(heard.index(("c", 5)) < 40, f"overtook: {heard.index(('c', 5))}")
        expect(1.5 < took < 8, f"60 at 20 a second took {took:.1f} s")


@scenario
def a_full_class_says_busy_or_drops_and_every_drop_is_told():
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port, settings={
            "store.limit_messages": 40, "class.bulk.share_percent": 25,
            "class.bulk.when_full": "thin_out", "class.keep.priority": 3,
            "class.keep.share_percent": 10,
            "class.keep.when_full": "drop_newest",
            "telemetry.interval_s": 0}).wait_for("offline why=tcp")
        told = emit(agent, "k", range(6), **{"class": "keep"})
        expect(sorted(a.get("code", "stored") for a in told) ==
               ["busy"] * 2 + ["stored"] * 4, str(told))
        expect(all(a["ok"] for a in emit(agent, "b", range(30),
                                         **{"class": "bulk"})), "thinned")
        told = emit(agent, "b", [99], when_full="busy", **{"class": "bulk"})
        expect(told[0]["code"] == "busy", str(told))
        told = emit(agent, "x", [1], **{"class": "nobody"})
        expect(told[0]["code"] == "invalid", str(told))
        classes = status(agent)["classes"]
        expect(classes["keep"]["dropped"]["full"] == 2, str(classes))
        expect(classes["bulk"]["dropped"]["thinned"] == 20 and
               classes["bulk"]["busy"] == 1 and
               classes["bulk"]["queued"] == 10, str(classes))
        agent.wait_for("dropped messages class=")
        words = run(NAMEPLATE, "status", "-s", agent.socket, status=75).stdout
        expect("bulk: 10 waiting, 20 thinned, 1 told busy" in words, words)
        verb = [NAMEPLATE, "emit", "-s", agent.socket, "--busy"]
        done = run(*verb, "--class", "bulk", "b", "1", status=75)
        expect("queue is full" in done.stderr, done.stderr)
        run(*verb, "e", "1")
        agent.kill()
        agent.start()
        cloud.broker.start()
        report = cloud.wait(1, "outbox", 30)[0].payload
        expect(report["dropped"]["bulk"]["thinned"] == 20 and
               report["dropped"]["keep"]["full"] == 2, str(report))
        heard = cloud.wait(15)
        bulk = [m.payload["data"] for m in heard if m.topic == "stream/b"]
        expect(len(bulk) == 10 and bulk == sorted(bulk), str(bulk))
        seqs = [m.seq for m in heard if m.topic == "stream/b"]
        expect(len(gaps(seqs)) == 20, f"the receiver sees it too: {seqs}")


def visit(cloud, *options):
    """A listener with a session comes, for a moment; the topics it heard."""
    home = device("LATE")
    return run("mosquitto_sub", "-h", "localhost", "-p", cloud.broker.port,
               "--cafile", factory().server_ca, "--cert", home + "/device.crt",
               "--key", home + "/device.key", "-c", "-x", "600", "-i", "late",
               "-q", "1", "-V", "mqttv5", "-F", "%t", "-t",
               f"nameplate/{thing()}/stream/#", *options,
               status=None).stdout.split()


@scenario
def what_is_over_when_a_receiver_comes_is_dropped_at_the_broker():
    with World() as world:
        cloud = Cloud(world)
        visit(cloud, "-E")
        agent = world.agent(port=cloud.broker.port, settings={
            "class.brief.ttl_s": 3,
            "telemetry.interval_s": 0}).wait_for(ONLINE)
        emit(agent, "s", range(3), **{"class": "brief"})
        emit(agent, "e", [1])
        cloud.wait(4)  # they were fresh for who was there
        wait_until(lambda: status(agent)["queued"] == 0, 10, "all went out")
        expect(status(agent)["dropped"] == 0, "the device dropped none")
        time.sleep(4)
        heard = [topic.rsplit("/", 1)[1] for topic in visit(cloud, "-W", 3)]
        expect(heard == ["e"], f"only what lives is kept: {heard}")


@scenario
def what_is_over_is_dropped_on_the_device():
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port, settings={
            "class.brief.ttl_s": 1,
            "telemetry.interval_s": 0}).wait_for("offline why=tcp")
        emit(agent, "s", range(5), **{"class": "brief"})
        emit(agent, "e", [1])
        wait_until(lambda: status(agent)["queued"] == 1, 10, "five are over")
        expect(status(agent)["classes"]["brief"]["dropped"]["expired"] == 5, "")
        cloud.broker.start()
        heard = cloud.wait(1, seconds=30)
        expect([m.topic for m in heard] == ["stream/e"], str(heard))


@scenario
def a_damaged_store_is_set_aside_and_told_everywhere():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port).wait_for(ONLINE)
        emit(agent, "a", [1])
        agent.stop()
        path = agent.store + "/outbox.sqlite"
        with open(path, "r+b") as f:
            f.write(b"no database, not any more")
        agent.start().wait_for(ONLINE, times=2)
        expect("set aside file=" in agent.words(), "the log says so")
        expect(status(agent)["store"]["set_aside"] == 1, str(status(agent)))
        report = cloud.wait(1, "outbox")[0].payload
        expect(report["set_aside"] == 1, str(report))
        emit(agent, "a", [2])
        heard = cloud.wait(2)
        expect([m.seq for m in heard] == [1, 1] and
               heard[0].store != heard[1].store, "a new store counts anew")


@scenario
def half_a_spent_day_makes_commits_seldom_and_refuses_nothing():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port, settings={
            "store.write_mb_per_day": 16,
            "telemetry.interval_s": 0}).wait_for(ONLINE)
        emit(agent, "big", range(300), **{"class": "critical"})
        while "half of this day's bytes are written" not in agent.words():
            emit(agent, "big", ["x" * 9000] * 20)
        emit(agent, "n", [1])
        before, began = status(agent)["store"], time.monotonic()
        told = emit(agent, "n", range(3)) + emit(agent, "n", range(3))
        took = time.monotonic() - began
        after = status(agent)["store"]
        expect(all(answer["ok"] for answer in told), str(told))
        # A commit comes with one fsync, and with three when the WAL is full.
        commits = after["accepted"] - before["accepted"]
        expect(commits == 6 and took > 5, f"{commits} stored in {took:.1f} s")
        expect(after["syncs"] - before["syncs"] <= (took // 5 + 1) * 3,
               f"{before} {after} {took:.1f} s")
        cloud.wait(300)


@scenario
def one_stream_too_many_is_refused_and_the_others_go_on():
    with World() as world:
        cloud = Cloud(world)
        agent = world.agent(port=cloud.broker.port, settings={
            "telemetry.interval_s": 0}).wait_for(ONLINE)
        with Application(agent) as application:
            for number in range(1001):
                application.send(op="emit", stream=f"s{number}", data=number,
                                 id=number)
            told = [application.receive() for _ in range(1001)]
        refused = [answer for answer in told if not answer["ok"]]
        expect([answer["id"] for answer in refused] == [1000] and
               refused[0]["code"] == "too_large" and
               "1,000" in refused[0]["error"], str(refused))
        expect(emit(agent, "s7", [8])[0]["ok"], "the others go on")
        run(NAMEPLATE, "emit", "-s", agent.socket, "another", "1", status=65)
        heard = cloud.wait(1001)
        expect(heard[-1].seq == 2, f"it is the second in s7: {heard[-1].id}")


# --- disks that fail ----------------------------------------------------------


def ok(agent, number):
    return emit(agent, "n", [number])[0].get("ok", False)


@scenario
def a_read_only_disk_at_the_start_is_said_survived_and_recovered_from():
    with World() as world:
        disk = Disk(world, "disk")
        cloud = Cloud(world)
        disk.mount("ro")
        agent = world.agent(port=cloud.broker.port, settings={
            "store.folder": disk.path + "/store"}).wait_for(ONLINE)
        expect("starting without a store" in agent.words(), agent.words())
        told = emit(agent, "n", [1])[0]
        expect(told["code"] == "io", str(told))
        expect(status(agent)["store"]["failing"], "status says so")
        words = run(NAMEPLATE, "status", "-s", agent.socket).stdout
        expect("REFUSES" in words, words)
        run("mount", "-o", "remount,rw", disk.path)
        wait_until(lambda: ok(agent, 2), 10, "it stores again")
        expect(not status(agent)["store"]["failing"], "and says so")
        expect(cloud.wait(1)[0].payload["data"] == 2, "it arrives")


@scenario
def a_disk_that_breaks_while_running_and_comes_back_loses_nothing_stored():
    with World() as world:
        disk = Disk(world, "disk")
        cloud = Cloud(world)
        cloud.broker.stop()
        disk.mount()
        agent = world.agent(port=cloud.broker.port, settings={
            "store.folder": disk.path + "/store"}).wait_for("offline why=tcp")
        stored = [n for n in range(20) if ok(agent, n)]
        expect(len(stored) == 20, str(stored))
        disk.break_down()
        expect(not ok(agent, 20), "a broken disk stores nothing")
        expect(status(agent)["store"]["failing"], "status says so")
        disk.unmount(lazily=True)
        wait_until(lambda: not ok(agent, 21), 5, "still refused")
        run("fsck.ext4", "-y", disk.device, status=None)
        disk.mount()
        wait_until(lambda: ok(agent, 22), 20, "it stores again")
        agent.wait_for("the disk stores again")
        cloud.broker.start()
        agent.wait_for(ONLINE, 30)
        heard = cloud.wait(21, seconds=30)
        got = [m.payload["data"] for m in heard]
        expect(set(stored) <= set(got) and 22 in got, str(got))


def refused_and_told(agent, text):
    """A letter finds no room, and the status of that moment says so; what is
    smaller may fit, and heals it."""
    with Application(agent) as application:
        application.send(op="emit", stream="n", data=[-1, text], id=1)
        answer = application.receive()
        application.send(op="status", id=2)
        return not answer["ok"] and application.receive()["store"]["failing"]


@scenario
def a_full_disk_is_said_and_goes_on_when_there_is_room():
    with World() as world:
        if os.geteuid() != 0:
            raise Skipped("needs root to mount a small disk")
        cloud = Cloud(world)
        cloud.broker.stop()
        small = world.path("small")
        os.mkdir(small)
        run("mount", "-t", "tmpfs", "-o", "size=4m", "none", small)
        world.endings.append(lambda: run("umount", "-l", small))
        agent = world.agent(port=cloud.broker.port, settings={
            "store.folder": small + "/store"}).wait_for("offline why=tcp")
        stored, number, text = [], 0, "x" * 3000
        while len(stored) == number:
            with Application(agent) as application:
                for n in range(number, number + 50):
                    application.send(op="emit", stream="n", data=[n, text], id=n)
                answers = [application.receive() for _ in range(50)]
            stored += [a["id"] for a in answers if a["ok"]]
            number += 50
            expect(number < 3000, "four megabytes hold no more")
        wait_until(lambda: refused_and_told(agent, text), 10, "status says so")
        cloud.broker.start()
        agent.wait_for(ONLINE, 30)
        heard = [m.payload["data"][0]
                 for m in cloud.wait(len(stored), seconds=30)]
        expect(set(stored) <= set(heard), "all that was stored arrives")
        wait_until(lambda: ok(agent, 1), 20, "there is room again")


@scenario
def an_fsync_that_fails_is_said_and_the_next_one_that_works_recovers():
    with World() as world:
        if not shutil.which("strace"):
            raise Skipped("needs strace to make fsync fail")
        cloud = Cloud(world)
        traced = write(world.path("traced"), "#!/bin/sh\nexec strace -D -f -qq"
                       " -o /dev/null -e trace=fdatasync,fsync"
                       " -e inject=fdatasync,fsync:error=EIO:when=20..60"
                       f' {NAMEPLATE} "$@"\n')
        os.chmod(traced, os.stat(traced).st_mode | stat.S_IXUSR)
        agent = world.agent(port=cloud.broker.port, binary=traced,
                            environment={"ASAN_OPTIONS": "detect_leaks=0"})
        agent.wait_for(ONLINE, 30)
        stored, refused = [], 0
        for number in range(400):
            if ok(agent, number):
                stored.append(number)
                if refused and len(stored) > 40:
                    break
            else:
                refused += 1
        expect(refused > 5, f"only {refused} refused")
        agent.wait_for("the disk stores again")
        heard = cloud.wait(len(stored), seconds=30)
        got = [m.payload["data"] for m in heard]
        expect(set(stored) <= set(got), "what was stored arrives")
        seqs = [m.seq for m in heard]
        expect(gaps(seqs) == [], f"what was not stored leaves no gap: {seqs}")


@scenario
def a_backlog_makes_neither_the_start_nor_the_memory_grow():
    """A generous ratio; tests/bench/run has the figures."""
    with World() as world:
        cloud = Cloud(world)
        cloud.broker.stop()
        agent = world.agent(port=cloud.broker.port, settings={
            "store.limit_messages": 1000000, "store.limit_mb": 1000,
            "telemetry.interval_s": 0}, environment={
                # What ASan keeps to catch a use after free is not ours.
                "ASAN_OPTIONS": "quarantine_size_mb=0"})
        agent.wait_for("offline why=tcp")

        def rss():
            text = read(f"/proc/{agent.process.pid}/status")
            return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))
        emit(agent, "n", range(1000))
        few = rss()
        for first in range(0, 40000, 1000):
            emit(agent, "n", range(first, first + 1000))
        many = rss()
        expect(many < few * 1.25 + 1024, f"{few} KiB grew to {many} KiB")
        agent.kill()
        began = time.monotonic()
        agent.start()
        status(agent)
        expect(time.monotonic() - began < 5, "it starts as ever")
        expect(status(agent)["queued"] == 41000, str(status(agent)["queued"]))
        expect(rss() < few * 1.25 + 1024, f"{few} KiB grew to {rss()} KiB")


if __name__ == "__main__":
    main(at_once=4)
