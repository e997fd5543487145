"""From an upload to two or three receipts that agree: each step through the nodes' exchange."""

from apps.compute.models import Job
from apps.compute.selectors import job_page
from apps.compute.services import admit_waiting
from creditzone.kernel import documents
from creditzone.kernel.documents import Figure, Order, StageReached, now_ms, read, require_signature
from creditzone.kernel.sm.sm2 import PublicKey
from tests.road import Road


def test_two_parties_compute_with_cheetah_and_the_job_is_done(road: Road):
    job = road.queued(road.ready("centre"))
    assert (job.state, job.engine) == (Job.State.QUEUED, "cheetah")
    assert admit_waiting() == 1
    road.start("bank", "centre")
    assert road.job(job).state == Job.State.RUNNING
    road.heartbeats()
    assert len(road.nodes["bank"].started) == len(road.nodes["centre"].started) == 1
    road.finish("centre")
    assert road.job(job).state == Job.State.RUNNING
    road.finish("bank")
    assert road.job(job).state == Job.State.DONE


def test_three_parties_compute_with_aby3(road: Road):
    job = road.queued(road.ready("centre", "platform"))
    assert job.engine == "aby3"
    admit_waiting()
    road.start("platform", "bank", "centre")
    for party in ("bank", "centre", "platform"):
        road.finish(party)
    assert road.job(job).state == Job.State.DONE


def test_a_firm_asks_about_itself_and_its_host_s_node_gets_what_is_sealed(road: Road):
    for holder in ("centre", "platform"):
        road.sealed(holder, rules=[road.rule("subject")])
    job = road.enquiry()
    assert (job.state, job.engine) == (Job.State.QUEUED, "cheetah")
    assert admit_waiting() == 1
    road.start("centre", "platform")
    order = road.nodes["centre"].orders()[-1]
    assert order.authorisation is not None
    sealed = documents.SealedSent(
        job=order.job,
        attempt=1,
        sender=road.zone["centre"].uscc,
        to=road.zone["firm"].uscc,
        content="share",
        part=0,
        parts=1,
        body="AAAA",
    )
    road.nodes["centre"].tell(sealed)
    road.nodes["platform"].call()
    assert [one.message for one in road.nodes["platform"].messages(documents.SealedDelivered)] == [sealed]
    road.finish("centre")
    road.finish("platform")
    assert road.job(job).state == Job.State.DONE


def test_each_order_is_signed_by_the_zone_and_shows_a_party_no_contract_of_others(road: Road):
    road.queued(road.ready("centre", "platform"))
    admit_waiting()
    road.heartbeats()
    from apps.tenants import zone

    key: PublicKey = zone.order_key().public
    contracts = {}
    for name in ("bank", "centre", "platform"):
        message = road.nodes[name].messages(documents.OrderOffered)[-1]
        order = require_signature(message.order, Order, by=zone.operator(), key=key)
        assert order.party == road.zone[name].uscc
        contracts[name] = {read(one, documents.Contract).provider for one in order.contracts}
    centre, platform = road.zone["centre"].uscc, road.zone["platform"].uscc
    assert contracts == {"bank": {centre, platform}, "centre": {centre}, "platform": {platform}}


def test_the_page_shows_stages_lanes_and_receipts_to_each_party(road: Road):
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.start("bank", "centre")
    order = road.nodes["centre"].orders()[-1]
    for state, figures in (("started", ()), ("finished", (Figure(name="matched", value=80),))):
        road.nodes["centre"].tell(
            StageReached(
                job=order.job,
                attempt=1,
                fence=order.fence,
                stage="intersect",
                state=state,  # type: ignore[arg-type]
                figures=figures,
                at=now_ms(),
            )
        )
    road.finish("centre")
    road.finish("bank")
    for name in ("bank", "centre"):
        viewer = road.zone.member(name, "officer" if name == "bank" else "steward")
        with road.zone.tx(viewer):
            page = job_page(viewer, job.id)
        assert [one.party.uscc for one in page.lanes] == [road.zone["bank"].uscc, road.zone["centre"].uscc]
        assert [one.is_mine for one in page.lanes] == [name == "bank", name == "centre"]
        assert all(one.is_valid for one in page.receipts)
        assert page.stages[2].figures == {road.zone["centre"].uscc: {"matched": 80}}
        assert page.lanes[1].put_in[0].rows == 100
