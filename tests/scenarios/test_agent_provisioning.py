#!/usr/bin/env python3
"""Enrolment with the mock cloud: EST at cloudd, fleet provisioning and
just-in-time provisioning at its broker, which looks at who connects as AWS IoT
Core does.
"""
import os

from authority import Authority
from claiming import fleet, provisioned
from cloudd import thing_path
from enrolling import current, reaches
from est import Site
from est_server import certificate_id
from kit import expect, main, run, scenario, wait_until
from mock import MockCloud
from world import NAMEPLATE, World, factory


def enrolled(agent):
    said = reaches(agent, 40, state="enrolled")
    kept = os.path.join(agent.store,
                        f"enrolment/g{current(agent)}/certificate.pem")
    expect(certificate_id(kept) == said["certificate_id"], str(said))
    return said


@scenario
def a_claim_certificate_brings_a_device_its_own_by_fleet_provisioning():
    with fleet(claims_take_over="yes") as (world, cloud, claim):
        agent = provisioned(world, cloud.port, claim)
        first = enrolled(agent)
        expect(first["method"] == "fleet", str(first))
        run(NAMEPLATE, "enrol", "-s", agent.socket)
        wait_until(lambda: current(agent) == 2, 20, "rotated")
        second = enrolled(agent)
        expect(second["old_certificate_id"] == first["certificate_id"],
               str(second))
        expect("certificates/create/json" not in cloud.words(),
               "no key is made in the cloud")


@scenario
def a_claim_that_may_not_speak_for_the_device_is_rejected_in_words():
    with fleet() as (world, cloud, claim):
        # The cloud learns that a factory certificate proves it.
        world.agent(port=cloud.port).wait_for("info session online")
        world.agents[0].stop()
        agent = provisioned(world, cloud.port, claim)
        said = reaches(agent, state="failed", last_error="rejected")
        expect("claim" in said["last_error_detail"], str(said))
        expect(current(agent) == 0, "nothing is kept")


@scenario
def a_claim_that_is_not_one_is_refused_and_the_device_is_online():
    with fleet(claims_take_over="yes") as (world, cloud, claim):
        other = Authority(os.path.join(world.path("claims")), "other")
        rogue = other.leaf("rogue", None, "clientAuth", "/O=Acme/CN=claim")
        agent = provisioned(world, cloud.port, rogue)
        said = reaches(agent, state="failed")
        expect(said["last_error"] in ("refused", "policy", "lost"), str(said))
        agent.wait_for("info session online")


@scenario
def a_device_enrols_at_the_est_server_of_cloudd_and_rotates():
    with World() as world:
        with Site(world.folder, vendor=factory(), jitp_drop_first="no") as site:
            agent = world.agent(port=site.cloud.port, settings={
                "enrolment.method": "est", "enrolment.url": site.url,
                "enrolment.trust": factory().server_ca})
            enrolled(agent)
            for number in (2, 3):
                run(NAMEPLATE, "enrol", "-s", agent.socket)
                wait_until(lambda: current(agent) == number, 20, "rotated")
                enrolled(agent)
            agent.stop()
            agent.start()
            enrolled(agent)
            expect("why=policy" not in agent.words(), agent.words()[-2000:])
            agent.stop()


@scenario
def a_certificate_that_a_person_revokes_is_replaced_by_way_of_the_factorys():
    with World() as world:
        with Site(world.folder, vendor=factory(), jitp_drop_first="no") as site:
            agent = world.agent(port=site.cloud.port, settings={
                "enrolment.method": "est", "enrolment.url": site.url,
                "enrolment.trust": factory().server_ca})
            first = enrolled(agent)["certificate_id"]
            ann = site.cloudd.logged_in()
            path = thing_path(agent.thing, f"/certificates/{first}/revoke")
            wait_until(lambda: ann.ask("POST", path, {
                "reason": "keyCompromise"}).status == 204, 10, "it is revoked")
            agent.wait_for("shows=factory because=\"the broker refuses", 60)
            wait_until(lambda: current(agent) == 2, 60, "it enrols anew")
            said = enrolled(agent)
            expect(said["operational"] and said["certificate_id"] != first and
                   said["old_certificate_id"] == first, str(said))
            agent.stop()


@scenario
def with_jitp_the_first_connections_end_and_are_called_normal():
    with World() as world:
        with MockCloud(world.folder, factory()) as cloud:
            agent = world.agent(port=cloud.port, serial="J1", settings={
                "enrolment.method": "jitp"})
            reaches(agent, 40, state="registered")
            expect("that is normal" in agent.words(), agent.words())
            agent.stop()


if __name__ == "__main__":
    main(at_once=3)
