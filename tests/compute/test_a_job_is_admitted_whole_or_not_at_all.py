"""Admission: all parties' slots or none, oldest first, and nobody waits in a ring."""

import threading
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections

from apps.compute import admission
from apps.compute.models import ComputingNode, Job, Lease
from apps.compute.services import admit, admit_waiting
from apps.core import clock
from apps.core.tenancy import tenant_tx
from creditzone.kernel.documents import DocumentSigned, JobRequest, NodeBusy, digest_of, sign
from tests.road import Road


def held_slots() -> list[tuple[str, int]]:
    with tenant_tx(None, role="exchange"):
        leases = Lease.objects.filter(released_at=None).order_by("node__uscc")
        return list(leases.values_list("node__uscc", "slot"))


def change(job: Job, **columns: object) -> None:
    with tenant_tx(None, role="exchange"):
        Job.objects.filter(pk=job.pk).update(**columns)


def test_a_request_that_its_recipient_never_signed_is_never_admitted(road: Road):
    job = road.drafted(road.ready("centre"))
    road.heartbeats()
    assert admit_waiting() == 0
    change(job, state=Job.State.QUEUED, queued_at=clock.now())  # as if somebody had edited the table
    assert admit(job.id) == "ended"
    assert (road.job(job).state, road.job(job).reason) == (Job.State.REFUSED, "request-signature")
    assert held_slots() == []


def test_a_request_signed_by_somebody_else_is_not_submitted(road: Road):
    job = road.drafted(road.ready("centre"))
    bank, centre = road.nodes["bank"], road.nodes["centre"]
    bank.call()
    request = bank.drafts(JobRequest)[-1]
    person = road.person("bank", "officer")
    forged = sign(request, centre.key, by=bank.uscc)
    bank.tell(DocumentSigned(document=digest_of(request), signature=forged, person=person))
    centre.tell(
        DocumentSigned(document=digest_of(request), signature=sign(request, centre.key, by=centre.uscc), person=person)
    )
    assert road.job(job).state == Job.State.DRAFTED


def test_the_same_request_signed_twice_is_one_job(road: Road):
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.nodes["bank"].sign_draft(JobRequest, road.person("bank", "officer"))
    assert road.job(job).state == Job.State.OFFERED
    with tenant_tx(None, role="exchange"):
        assert Job.objects.count() == 1


def test_a_second_job_waits_until_all_its_parties_are_free(road: Road):
    capsules = road.ready("centre", "platform")
    first = road.queued(capsules[:2])
    second = road.queued(capsules)
    assert admit_waiting() == 1
    assert [road.job(one).state for one in (first, second)] == [Job.State.OFFERED, Job.State.QUEUED]
    assert road.job(second).reason == "busy"
    assert [node for node, _ in held_slots()] == sorted(road.zone[name].uscc for name in ("bank", "centre"))
    road.start("bank", "centre")
    road.finish("bank")
    road.finish("centre")
    road.heartbeats()
    assert admit_waiting() == 1
    assert road.job(second).state == Job.State.OFFERED


def test_two_jobs_that_want_the_same_parties_at_once_are_admitted_one_after_the_other(road: Road, monkeypatch):
    """Both transactions have locked their job and meet before either locks a node, whichever order they name them.
    Behind the lock they never meet: whoever looks for a slot there waits in vain for the other."""
    capsules = road.ready("centre", "platform")
    jobs = [road.queued(capsules), road.queued(capsules)]
    with tenant_tx(None, role="exchange"):
        ComputingNode.objects.bulk_create([ComputingNode(node=party) for party in road.zone.organisations.values()])
    before, behind = threading.Barrier(2), threading.Barrier(2)
    free_slots, first_free = admission._free_slots, admission._first_free

    def meet(job, parties, ranks, held, now):
        before.wait(10)
        if job.id == jobs[0].id:
            parties = dict(reversed(parties.items()))
        return free_slots(job, parties, ranks, held, now)

    def look(party, taken):
        with suppress(threading.BrokenBarrierError):
            behind.wait(1)
        return first_free(party, taken)

    monkeypatch.setattr(admission, "_free_slots", meet)
    monkeypatch.setattr(admission, "_first_free", look)
    outcomes = in_parallel([job.id for job in jobs])
    assert sorted(outcomes) == ["offered", "waits"]
    assert len(held_slots()) == 3


def test_of_two_coordinators_one_admits_a_job(road: Road):
    job = road.queued(road.ready("centre"))
    outcomes = in_parallel([job.id] * 4)
    assert sorted(outcomes) == ["gone", "gone", "gone", "offered"]
    road.heartbeats()
    assert [len(road.nodes[name].orders()) for name in ("bank", "centre")] == [1, 1]


def in_parallel(ids: list[UUID]) -> list[str]:
    """Admit each id in a thread of its own."""
    outcomes: list[str] = []

    def run(job_id: UUID) -> None:
        try:
            outcomes.append(admit(job_id))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[job_id]) for job_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_a_job_passed_over_for_a_minute_holds_its_parties_against_younger_ones(road: Road):
    capsules = road.ready("centre", "platform")
    running = road.queued(capsules[:2])
    admit_waiting()
    wide, narrow = road.queued(capsules), road.queued(capsules[:2])
    change(running, state=Job.State.CANCELLED)
    with tenant_tx(None, role="exchange"):  # only the centre's slot is still taken: the bank is free
        Lease.objects.filter(node=road.zone["bank"]).update(released_at=clock.now())
        Lease.objects.filter(node=road.zone["centre"]).update(node=road.zone["platform"])
    change(wide, passed_over_at=clock.now() - timedelta(seconds=61))
    assert admit_waiting() == 0
    assert road.job(narrow).reason == "busy"
    change(wide, passed_over_at=clock.now() - timedelta(seconds=30))
    assert admit_waiting() == 1
    assert road.job(narrow).state == Job.State.OFFERED


def test_a_busy_node_sends_the_job_back_and_the_others_are_told(road: Road):
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.accept("bank")
    centre = road.nodes["centre"]
    centre.call()
    order = centre.orders()[-1]
    centre.tell(NodeBusy(job=order.job, attempt=order.attempt, fence=order.fence))
    now = road.job(job)
    assert (now.state, now.attempt, now.reason) == (Job.State.QUEUED, 1, "busy")
    road.nodes["bank"].call()
    assert [one.reason for one in road.nodes["bank"].stopped] == ["busy"]
    assert held_slots() == []
    assert admit_waiting() == 0  # a moment's peace for the busy node
    change(job, not_before=None)
    assert admit_waiting() == 1
    assert road.job(job).fence > order.fence


def test_a_job_waits_for_a_node_that_does_not_call(road: Road):
    job = road.queued(road.ready("centre"))
    from apps.exchange.models import NodeLine

    with tenant_tx(None, role="exchange"):
        NodeLine.objects.filter(node=road.zone["centre"]).update(seen_at=clock.now() - timedelta(minutes=2))
    assert admit_waiting() == 0
    assert (road.job(job).state, road.job(job).at_party) == (Job.State.QUEUED, road.zone["centre"])
    road.heartbeats("centre")
    assert admit_waiting() == 1


@pytest.mark.parametrize("spoiled", ["capsule", "contract"])
def test_what_every_node_would_refuse_is_refused_with_its_clause_before_anybody_is_asked(road: Road, spoiled: str):
    from apps.capsules.models import Capsule
    from apps.contracts.models import Contract

    job = road.queued(road.ready("centre"))
    with tenant_tx(None, role="exchange"):
        if spoiled == "capsule":
            Capsule.objects.filter(provider=road.zone["centre"]).update(state=Capsule.State.FROZEN)
        else:
            Contract.objects.update(state=Contract.State.SUSPENDED)
    assert admit_waiting() == 0
    expected = {"capsule": "capsule-frozen", "contract": "contract-state"}[spoiled]
    assert (road.job(job).state, road.job(job).reason) == (Job.State.REFUSED, expected)
    assert held_slots() == []
