"""A world in which devices enrol: an EST server, and a broker that believes the
factory's CA and the server's.

    with enrolling() as (world, est, broker):
        agent = enroller(world, est, broker)
        enrolled(agent, est)
"""
import contextlib
import json
import os
import re

from est_server import EstServer, certificate_id
from kit import expect, read, run, wait_until, write
from world import NAMEPLATE, Broker, World, factory


@contextlib.contextmanager
def enrolling(**options):
    with World() as world:
        est = EstServer(world.folder, factory(), **options)
        world.endings.append(est.close)
        world.believed = write(world.path("believed.pem"), read(factory().root)
                               + read(est.authority.crt))
        broker = Broker(world.folder, factory(),
                        cafile=world.believed).start()
        world.endings.append(broker.stop)
        yield world, est, broker


def enroller(world, est, broker, start=True, **settings):
    return world.agent(port=broker.port, start=start, settings={
        "enrolment.method": "est", "enrolment.url": est.url,
        "enrolment.trust": factory().server_ca, "telemetry.interval_s": 0,
        **settings})


def status(agent):
    """What `status` says of the enrolment; {} when there is no agent yet."""
    done = run(NAMEPLATE, "status", "-s", agent.socket, "--json", status=None)
    return json.loads(done.stdout or "{}").get("enrolment", {})


def dry(agent, status):
    """What `enrol --dry-run` found, by step."""
    done = run(NAMEPLATE, "enrol", "--dry-run", "-c", agent.config, "--json",
               status=status)
    return {f["check"]: f for f in json.loads(done.stdout)["checks"]}


def reaches(agent, seconds=30, **wanted):
    """Until `status` says so; gives the whole of it."""
    last = {}

    def is_there():
        last.clear()
        last.update(status(agent))
        return all(last.get(k) == v for k, v in wanted.items())
    try:
        wait_until(is_there, seconds, str(wanted))
    except Exception:
        expect(False, f"{wanted} was not reached, but {last}\n"
                      + agent.words()[-3000:])
    return last


def enrolled(agent, est, number=1, seconds=30):
    """Until the certificate with this number (from 1) is in use."""
    wait_until(lambda: len(est.issued) >= number, seconds, "it is issued")
    return reaches(agent, seconds, state="enrolled",
                   certificate_id=certificate_id(est.issued[number - 1]))


def current(agent):
    """The generation that the disk names; 0: none."""
    path = os.path.join(agent.store, "enrolment/current")
    return int(re.match(r'.*"generation":(\d+)', read(path)).group(1)) \
        if os.path.exists(path) else 0


def generations(agent):
    folder = os.path.join(agent.store, "enrolment")
    return sorted(n for n in os.listdir(folder) if n.startswith("g"))


def issuer_of(broker):
    """Not what the agent says: who the broker let in last, by its log."""
    return re.findall(r"New client connected .* as (\S+)", broker.words())
