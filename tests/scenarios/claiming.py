"""The mock cloud with a claim certificate, and devices that enrol by it.

    with fleet(claims_take_over="yes") as (world, cloud, claim):
        agent = provisioned(world, cloud.port, claim)
"""
import contextlib
import os

from authority import Authority
from cloudd import CLOUDD
from kit import run
from mock import MockCloud
from world import World, factory


@contextlib.contextmanager
def fleet(**options):
    """A broker with an operational CA and a claim CA, and a claim."""
    with World() as world:
        state = world.path("operational")
        run(CLOUDD, "operational-ca", "--est-state", state)
        os.mkdir(world.path("claims"))
        ca = Authority(world.path("claims"))
        claim = ca.leaf("claim", None, "clientAuth", "/O=Acme/CN=claim")
        cloud = MockCloud(world.folder, factory(), operational=state,
                          claim_ca=ca.crt, jitp_drop_first="no", **options)
        with cloud:
            yield world, cloud, claim
            for agent in world.agents:
                agent.stop()


def provisioned(world, port, claim, start=True, **settings):
    return world.agent(port=port, start=start, settings={
        "enrolment.method": "fleet", "enrolment.template": "fleet",
        "enrolment.claim_certificate": claim.crt,
        "enrolment.claim_key": "file:" + claim.key,
        "telemetry.interval_s": 0, **settings})
