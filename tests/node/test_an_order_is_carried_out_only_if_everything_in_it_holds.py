"""Orders that are replayed, expired, altered, for another party, or rest on what this node never agreed to: each is
refused with its clause, told to the portal, and leaves no use reserved."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

import msgspec
import pytest

from apps.node import attempts, capsule_acts, contracts, uses
from apps.node.computation import Computation, Ended
from creditzone.kernel.documents import (
    CapsuleActKind,
    Order,
    OrderOffered,
    OrderStopped,
    Peer,
    Signed,
    digest_of,
    now_ms,
    signed,
    unsigned,
)
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.world import BANK, CENTRE, OPERATOR, PLATFORM


@pytest.fixture
def job(quartet) -> Ready:
    return jobs.ready(quartet, number=40, uses=1)


def capsule_of(job: Ready, organisation: str) -> str:
    return next(one.capsule for one in job.request.inputs if one.provider == organisation)


def altered_byte(job: Ready) -> Signed:
    good = job.zone.sign(job.order(job.nodes[1]))
    return Signed(
        text=good.text.replace('"deadline_seconds":120', '"deadline_seconds":121'), signatures=good.signatures
    )


def by_another(job: Ready) -> Signed:
    return signed(job.order(job.nodes[1]), PrivateKey.generate(), by=OPERATOR)


def never_signed(job: Ready) -> Signed:
    forged = signed(job.request, PrivateKey.generate(), by=BANK)
    return job.zone.sign(job.order(job.nodes[1], request=forged))


def other_request(job: Ready) -> Signed:
    changed = msgspec.structs.replace(job.request, disclosures=("score",))
    carried = Signed(text=unsigned(changed).text, signatures=job.signed.signatures)
    return job.zone.sign(job.order(job.nodes[1], request=carried))


def asked(job: Ready, **changes: object) -> Signed:
    """Another request that the bank did sign."""
    other = msgspec.structs.replace(job.request, id=world.new_id(), **changes)
    world.have_signed(job.zone, job.bank, job.officer, other)
    complete = world.with_signature(unsigned(other), world.signature_of(job.bank, digest_of(other)))
    return job.zone.sign(job.order(job.nodes[1], request=complete))


def suspended(job: Ready) -> Signed:
    contracts.act(job.nodes[1], job.people[1], job.contracts[0].digest, act="suspend", reason="核查")
    return job.zone.sign(job.order(job.nodes[1]))


def edited_policy(job: Ready) -> Signed:
    node, acting = job.nodes[1], job.people[1]
    tightened = world.policy(
        job.zone, node, capsule_of(job, CENTRE), version=2, rules=[world.rule(grantees=(PLATFORM,))]
    )
    world.have_signed(job.zone, node, acting, tightened)
    return job.zone.sign(job.order(job.nodes[1]))


def acted(*acts: CapsuleActKind) -> Callable[[Ready], Signed]:
    def order(job: Ready) -> Signed:
        for act in acts:
            capsule_acts.act(job.nodes[1], job.people[1], capsule_of(job, CENTRE), act=act, reason="核查")
        return job.zone.sign(job.order(job.nodes[1]))

    return order


def tampered_store(job: Ready) -> Signed:
    """Somebody edits the policy in the node's own database: the header no longer fits it."""
    looser = world.policy(job.zone, job.nodes[1], capsule_of(job, CENTRE), rules=[world.rule(uses=999)])
    with job.nodes[1].store.write() as tx:
        tx.run("UPDATE capsule SET policy = ?", msgspec.json.encode(unsigned(looser)).decode())
    return job.zone.sign(job.order(job.nodes[1]))


def used_up(job: Ready) -> Signed:
    with job.nodes[1].store.write() as tx:
        uses.reserve(tx, capsule=capsule_of(job, CENTRE), job="another", rule="r1")
    return job.zone.sign(job.order(job.nodes[1]))


def swapped_card(job: Ready) -> Signed:
    with job.nodes[1].store.write() as tx:
        tx.run("UPDATE card SET state = 'refused' WHERE organisation = ?", BANK)
    return job.zone.sign(job.order(job.nodes[1]))


def changed(**changes: object) -> Callable[[Ready], Signed]:
    return lambda job: job.zone.sign(job.order(job.nodes[1], **changes))


CASES: list[tuple[str, Callable[[Ready], Signed], str]] = [
    ("altered by one byte", altered_byte, "zone-signature"),
    (
        "signed by another",
        lambda job: signed(job.order(job.nodes[1]), PrivateKey.generate(), by=OPERATOR),
        "zone-signature",
    ),
    ("for another party", lambda job: job.zone.sign(job.order(job.nodes[0])), "wrong-party"),
    ("expired", changed(expires_at=now_ms() - 1), "expired"),
    ("from the future", changed(issued_at=now_ms() + 3_600_000, expires_at=now_ms() + 7_200_000), "clock-skew"),
    ("a third attempt", changed(attempt=3), "attempts"),
    ("a request its recipient never signed", never_signed, "request-signature"),
    ("a request with another disclosure", other_request, "request-signature"),
    ("no contract", changed(contracts=()), "contract-missing"),
    ("a suspended contract", suspended, "contract-state"),
    ("an older policy version", edited_policy, "capsule-version"),
    ("a frozen capsule", acted("freeze"), "capsule-frozen"),
    ("a revoked capsule", acted("revoke"), "capsule-revoked"),
    ("a destroyed capsule", acted("revoke", "destroy"), "capsule-destroyed"),
    ("a policy edited in the store", tampered_store, "capsule-signature"),
    ("no use left", used_up, "uses"),
    ("an unconfirmed recipient", swapped_card, "unknown-card"),
    ("reasons and no number", lambda job: asked(job, disclosures=("reasons",)), "disclosure"),
    ("another model", changed(model=world.scorecard("zone-public")), "model-digest"),
    ("a stranger among the peers", changed(parties=[BANK, PLATFORM]), "parties"),
]


@pytest.mark.parametrize(("build", "clause"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_order_is_refused_with_the_deciding_clause_and_nothing_is_reserved(job, build, clause):
    centre = job.nodes[1]
    document = build(job)
    before = uses.by_state(centre, capsule_of(job, CENTRE))
    job.zone.send(centre, OrderOffered, order=document)
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == [clause]
    assert world.bodies(centre, "accept") == []
    assert uses.by_state(centre, capsule_of(job, CENTRE)) == before
    assert attempts.next_started(centre) is None


def test_a_good_order_is_accepted_once_and_a_replay_is_refused(job):
    centre = job.nodes[1]
    document = job.zone.sign(job.order(centre))
    job.zone.send(centre, OrderOffered, order=document)
    job.zone.send(centre, OrderOffered, order=document)
    assert len(world.bodies(centre, "accept")) == 1
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["replayed"]
    assert uses.by_state(centre, capsule_of(job, CENTRE)) == {("r1", "reserved"): 1}


def test_the_same_message_twice_is_taken_once(job):
    from apps.node import inbox

    centre = job.nodes[1]
    number = job.zone.numbers[centre.organisation] + 1
    message = OrderOffered(number=number, order=job.zone.sign(job.order(centre)))
    inbox.take(centre, message)
    inbox.take(centre, message)
    assert (len(world.bodies(centre, "accept")), world.bodies(centre, "refuse")) == (1, [])


def test_a_busy_node_says_so_and_reserves_nothing(job):
    centre = job.nodes[1]
    world.offer(job.zone, centre, job.order(centre))
    second = msgspec.structs.replace(job.request, id=world.new_id())
    world.have_signed(job.zone, job.bank, job.officer, second)
    other = world.with_signature(unsigned(second), world.signature_of(job.bank, digest_of(second)))
    with centre.store.write() as tx:
        tx.run("UPDATE use SET rule = 'some-other-rule'")
    world.offer(job.zone, centre, job.order(centre, request=other))
    assert [body.job for body in world.bodies(centre, "busy")] == [second.id]
    assert uses.counted(centre, capsule_of(job, CENTRE), but=job.request.id) == {}


def test_a_stop_before_the_start_gives_the_use_back_and_a_higher_fence_may_take_it(job):
    centre = job.nodes[1]
    first = job.order(centre)
    world.offer(job.zone, centre, first)
    job.zone.send(centre, OrderStopped, job=job.request.id, fence=1, reason="cancelled")
    assert uses.by_state(centre, capsule_of(job, CENTRE)) == {("r1", "released"): 1}
    world.start(job.zone, centre, first)
    assert attempts.next_started(centre) is None
    world.offer(job.zone, centre, job.order(centre, fence=1, attempt=2))
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["replayed"]
    world.offer(job.zone, centre, job.order(centre, fence=2, attempt=2))
    assert len(world.bodies(centre, "accept")) == 2
    assert uses.by_state(centre, capsule_of(job, CENTRE)) == {("r1", "reserved"): 1}


def test_a_job_runs_at_most_twice_whatever_number_its_orders_give_themselves(job):
    centre = job.nodes[1]
    for fence in (1, 2):
        world.offer(job.zone, centre, job.order(centre, fence=fence, attempt=1))
        with centre.store.write() as tx:
            tx.run("UPDATE attempt SET state = 'failed', stage = 'intersect' WHERE fence = ?", fence)
    world.offer(job.zone, centre, job.order(centre, fence=3, attempt=1))
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["attempts"]
    assert len(world.bodies(centre, "accept")) == 2


def test_an_accepted_order_that_never_starts_gives_its_use_back(job):
    centre = job.nodes[1]
    world.offer(job.zone, centre, job.order(centre, expires_at=now_ms() + 3000))
    with centre.store.write() as tx:
        row = tx.one("SELECT text FROM attempt")
        late = job.zone.sign(job.order(centre, expires_at=now_ms() - 1))
        assert row is not None
        tx.run("UPDATE attempt SET text = ?", msgspec.json.encode(late).decode())
    attempts.expire(centre)
    assert [body.reason for body in world.bodies(centre, "failed")] == ["lease-lost"]
    assert uses.by_state(centre, capsule_of(job, CENTRE)) == {("r1", "released"): 1}


def test_ranks_that_are_not_the_parties_are_refused(job):
    centre = job.nodes[1]
    document = job.order(centre)
    twice = tuple(Peer(party=peer.party, rank=0, slot=0) for peer in document.peers)
    broken: Order = msgspec.structs.replace(document, peers=twice)
    job.zone.send(centre, OrderOffered, order=job.zone.sign(broken))
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["parties"]


@pytest.mark.parametrize("act", ["suspend", "terminate"])
def test_a_contract_suspended_or_ended_while_its_job_runs_ends_the_job_here(job, act):
    node = job.nodes[1]
    order = job.order(node)
    world.offer(job.zone, node, order)
    world.start(job.zone, node, order)
    attempt = attempts.next_started(node)
    assert attempt is not None
    running = Computation.of(node, attempt, threading.Event())
    assert running.interruption() is None
    contracts.act(node, job.people[1], job.contracts[0].digest, act=act, reason="核查")
    ended = running.interruption()
    assert ended is not None
    assert (ended.reason, ended.facts) == ("contract-state", {"state": {"suspend": "suspended"}.get(act, "terminated")})


def test_a_job_whose_time_runs_out_while_it_runs_ends_here_and_nothing_leaves(job):
    node = job.nodes[1]
    order = job.order(node)
    world.offer(job.zone, node, order)
    world.start(job.zone, node, order)
    attempt = attempts.next_started(node)
    assert attempt is not None
    running = Computation.of(node, attempt, threading.Event())
    assert running.interruption() is None
    (rule,) = running.checked.policy.rules
    window = rule.of(Window)
    closed = msgspec.structs.replace(window, not_after=now_ms() - 1)
    clauses = tuple(closed if one is window else one for one in rule.clauses)
    policy = msgspec.structs.replace(running.checked.policy, rules=(msgspec.structs.replace(rule, clauses=clauses),))
    running.checked = dataclasses.replace(running.checked, policy=policy)
    ended = running.interruption()
    assert ended is not None
    assert ended.reason == "validity"
    assert ended.facts["rule"] == rule.id
    with pytest.raises(Ended, match="validity"):
        running.run()
    assert not world.bodies(node, "receipt")


@pytest.mark.parametrize(("act", "clause"), [("freeze", "capsule-frozen"), ("revoke", "capsule-revoked")])
def test_a_capsule_closed_while_its_job_runs_ends_the_job_here(job, act, clause):
    node = job.nodes[1]
    order = job.order(node)
    world.offer(job.zone, node, order)
    world.start(job.zone, node, order)
    attempt = attempts.next_started(node)
    assert attempt is not None
    running = Computation.of(node, attempt, threading.Event())
    assert running.interruption() is None
    capsule_acts.act(node, job.people[1], capsule_of(job, CENTRE), act=act, reason="核查")
    ended = running.interruption()
    assert ended is not None
    assert ended.reason == clause
