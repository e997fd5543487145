"""Fifty jobs at once against a count of ten: exactly ten are reserved and spent, whoever comes first; a clock that goes
back an hour begins and spends nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from apps.node import attempts, computation, releases, signing, uses
from apps.node.attempts import Attempt
from apps.node.computation import Computation
from apps.node.errors import NodeError
from creditzone.kernel.documents import DraftSent, Peer, digest_of, unsigned, with_signature
from creditzone.kernel.refusals import Refusal, Refused
from tests.node import jobs, world
from tests.node.world import BANK, CENTRE, Zone

JOBS, COUNT = 50, 10
HOUR_NS = 3600 * 10**9


@pytest.fixture
def busy(zone: Zone):
    """A bank, and a code centre that could run fifty jobs at once."""
    zone.node(BANK, "bank")
    zone.node(CENTRE, "code_centre", slots=JOBS)
    zone.introduce()
    return zone


def orders_of(zone: Zone, job: jobs.Ready, number: int):
    """So many jobs of the same two capsules, each requested and signed by itself, each for a slot of its own."""
    wanted = [world.request(zone, recipient=BANK, inputs=job.request.inputs, model=job.card) for _ in range(number)]
    world.have_signed(zone, job.bank, job.officer, *wanted)
    for slot, request in enumerate(wanted):
        signed = with_signature(unsigned(request), world.signature_of(job.bank, digest_of(request)))
        peers = (Peer(party=BANK, rank=0, slot=0), Peer(party=CENTRE, rank=1, slot=slot))
        yield job.order(job.nodes[1], request=signed, peers=peers, job=request.id)


def test_of_fifty_parallel_jobs_against_a_count_of_ten_exactly_ten_are_spent(busy):
    job = jobs.ready(busy, number=40, uses=COUNT)
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    offered = [busy.sign(order) for order in orders_of(busy, job, JOBS)]
    together = threading.Barrier(JOBS, timeout=120)

    def offer(document) -> None:
        together.wait()
        try:
            with centre.store.write() as tx:
                attempts.offer(centre, tx, document)
        finally:
            centre.store.close()

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(offer, offered))
    assert len(world.bodies(centre, "accept")) == COUNT
    assert Counter(body.refusal.clause for body in world.bodies(centre, "refuse")) == {"uses": JOBS - COUNT}
    assert uses.by_state(centre, capsule) == {("r1", "reserved"): COUNT}

    for body in world.bodies(centre, "accept"):
        with centre.store.write() as tx:
            attempts.start(tx, job=body.job, fence=body.fence)
    running = [attempt for _ in range(JOBS) if (attempt := attempts.next_started(centre))]

    def spend(attempt) -> None:
        try:
            attempts.spend(centre, attempt)
            attempts.spend(centre, attempt)  # a second life of the same attempt spends nothing more
        finally:
            centre.store.close()

    with ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(spend, running))
    assert len(running) == COUNT
    assert uses.by_state(centre, capsule) == {("r1", "spent"): COUNT}
    (late,) = orders_of(busy, job, 1)
    world.offer(busy, centre, late)
    assert world.bodies(centre, "refuse")[-1].refusal.clause == "uses"


def test_what_was_given_back_can_be_used_and_nothing_else(busy):
    job = jobs.ready(busy, number=40, uses=2)
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    first, second, third, fourth = orders_of(busy, job, 4)
    for order in (first, second, third):
        world.offer(busy, centre, order)
    assert [body.job for body in world.bodies(centre, "accept")] == [first.job, second.job]
    attempts.fail(centre, job=first.job, fence=1, reason="lease-lost")
    world.offer(busy, centre, fourth)
    assert [body.job for body in world.bodies(centre, "accept")] == [first.job, second.job, fourth.job]
    assert uses.by_state(centre, capsule) == {("r1", "released"): 1, ("r1", "reserved"): 2}


def begun(zone: Zone, node, orders) -> list[Attempt]:
    """Attempts that the node has accepted, started and taken."""
    for order in orders:
        world.offer(zone, node, order)
        world.start(zone, node, order)
    attempts_here = [attempts.next_started(node) for _ in orders]
    assert None not in attempts_here
    return attempts_here


def test_the_firms_of_a_day_are_counted_when_they_are_known_not_when_a_job_begins(busy, tmp_path):
    rule = world.rule(models=(digest_of(world.scorecard("bank-centre")),), rows_per_day=50)
    job = jobs.ready(busy, number=40, rules=[rule])
    centre = job.nodes[1]
    running = [
        Computation.of(centre, attempt, threading.Event())
        for attempt in begun(busy, centre, list(orders_of(busy, job, 3)))
    ]
    asked = zip(running, (30, 30, 20), strict=True)
    judged = [releases.let_go_on(centre, one.release, tmp_path, rows=rows) for one, rows in asked]
    assert [refusal and refusal.clause for refusal in judged] == [None, "rows-a-day", None]
    assert judged[1].facts == {"limit": "50", "rows": "60"}


def test_a_use_counts_under_the_rule_that_permits_it_when_the_job_begins(busy, monkeypatch):
    model = (digest_of(world.scorecard("bank-centre")),)
    soon = world.now_ms() + HOUR_NS // 10**6
    rules = [world.rule(models=model, not_after=soon), world.rule(id="r2", models=model, uses=2)]
    job = jobs.ready(busy, number=40, rules=rules)
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    orders = [
        msgspec.structs.replace(order, deadline_seconds=2 * 3600, expires_at=soon + 2 * (soon - world.now_ms()))
        for order in orders_of(busy, job, 2)
    ]
    reserved, spent = begun(busy, centre, orders)
    attempts.spend(centre, spent)
    assert uses.by_state(centre, capsule) == {("r1", "reserved"): 1, ("r1", "spent"): 1}
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + HOUR_NS)
    assert attempts.check_again(centre, reserved).rule == "r2"
    assert uses.by_state(centre, capsule) == {("r2", "reserved"): 1, ("r1", "spent"): 1}
    with pytest.raises(Refused) as refused:
        attempts.check_again(centre, spent)
    assert refused.value.refusal == Refusal("rule-changed", {"rule": "r2"})
    assert uses.by_state(centre, capsule) == {("r2", "reserved"): 1, ("r1", "spent"): 1}


def back_an_hour(monkeypatch) -> None:
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - HOUR_NS)


def test_a_clock_an_hour_back_begins_no_job(quartet, monkeypatch):
    job = jobs.ready(quartet, number=40)
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    back_an_hour(monkeypatch)
    world.offer(quartet, centre, job.order(centre))
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["clock-back"]
    assert uses.by_state(centre, capsule) == {}
    assert world.bodies(centre, "accept") == []


def test_a_clock_that_goes_back_after_acceptance_opens_and_spends_nothing(quartet, monkeypatch):
    job = jobs.ready(quartet, number=40)
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    order = job.order(centre)
    world.offer(quartet, centre, order)
    world.start(quartet, centre, order)
    attempt = attempts.next_started(centre)
    assert attempt is not None
    back_an_hour(monkeypatch)
    computation.compute(centre, attempt, threading.Event())
    monkeypatch.undo()
    assert uses.by_state(centre, capsule).get(("r1", "spent"), 0) == 0
    assert world.bodies(centre, "stage") == []
    assert world.bodies(centre, "receipt") == []


def test_a_clock_an_hour_back_signs_nothing(quartet, monkeypatch):
    job = jobs.ready(quartet, number=40)
    request = world.request(quartet, recipient=BANK, inputs=job.request.inputs, model=job.card)
    quartet.send(job.bank, DraftSent, organisation=BANK, document=unsigned(request))
    back_an_hour(monkeypatch)
    with pytest.raises(NodeError) as refused:
        signing.sign(job.bank, job.officer, [digest_of(request)])
    assert refused.value.code == "clock-back"
    monkeypatch.undo()
    assert [body.document for body in world.bodies(job.bank, "signature")].count(digest_of(request)) == 0
