"""A body with any byte flipped, cut, or exchanged for another capsule's does not open: the attempt ends with its
clause, no byte leaves, and the use is given back."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from apps.node import attempts, computation, datasets, uses
from apps.node.errors import NodeError
from apps.node.node import Node
from creditzone.kernel.capsule import group_file
from creditzone.kernel.documents import CapsuleHeader, read
from tests.node import jobs, world
from tests.node.jobs import Ready


@pytest.fixture
def job(quartet) -> Ready:
    return jobs.ready(quartet, number=60)


def header_of(node: Node, capsule: str) -> CapsuleHeader:
    from apps.node import capsules

    held = capsules.held(node, capsule)
    assert held is not None
    return read(held.header, CapsuleHeader)


def body_path(node: Node, capsule: str, group: int = 0) -> Path:
    return datasets.bodies_folder(node) / group_file(header_of(node, capsule).body, group)


def run_alone(job: Ready) -> Node:
    """The centre's part of an attempt, as far as it gets without the bank."""
    centre = job.nodes[1]
    document = job.order(centre, deadline_seconds=20)
    world.offer(job.zone, centre, document)
    world.start(job.zone, centre, document)
    attempt = attempts.next_started(centre)
    assert attempt is not None
    computation.compute(centre, attempt, threading.Event())
    return centre


def require_unopened(job: Ready) -> None:
    centre = run_alone(job)
    assert [body.reason for body in world.bodies(centre, "failed")] == ["capsule-damaged"]
    assert world.bodies(centre, "failed")[0].use_spent is False
    assert uses.by_state(centre, job.request.inputs[1].capsule) == {("r1", "released"): 1}
    assert [(body.stage, body.state) for body in world.bodies(centre, "stage")] == [("open", "started")]
    assert not any(path.is_file() for path in job.zone.scratch.rglob("*"))


@pytest.mark.parametrize("place", ["prefix", "nonce", "middle", "tag", "cut", "grown", "gone"])
def test_a_changed_body_does_not_open(job, place):
    centre = job.nodes[1]
    path = body_path(centre, job.request.inputs[1].capsule)
    data = bytearray(path.read_bytes())
    at = {"prefix": 3, "nonce": 50, "middle": len(data) // 2, "tag": len(data) - 1}.get(place)
    if at is not None:
        data[at] ^= 1
    elif place == "cut":
        del data[-1]
    else:
        data += b"\x00"
    path.write_bytes(bytes(data))
    if place == "gone":
        path.unlink()
    require_unopened(job)


def test_two_capsules_bodies_exchanged_do_not_open(job):
    centre, acting = job.nodes[1], job.people[1]
    rows = jobs.rows_of("profit_and_loss", 60)
    other = world.upload(centre, acting, world.csv_bytes(rows), domain="profit_and_loss")
    world.have_signed(job.zone, centre, acting, world.policy(job.zone, centre, other, rules=[world.rule()]))
    paths = [body_path(centre, capsule) for capsule in (job.request.inputs[1].capsule, other)]
    first, second = (path.read_bytes() for path in paths)
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)
    require_unopened(job)


@pytest.mark.parametrize("column", ["first", "second", "every"])
def test_a_body_of_another_tenant_in_its_place_does_not_open(job, column):
    """The very rows, sealed by another organisation at its own node, moved over file by file."""
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    stranger = job.zone.nodes[world.PLATFORM]
    acting = world.person(stranger)
    rows = jobs.rows_of("profit_and_loss", 60)
    theirs = world.upload(stranger, acting, world.csv_bytes(rows), domain="profit_and_loss")
    world.have_signed(job.zone, stranger, acting, world.policy(job.zone, stranger, theirs, rules=[world.rule()]))
    groups = range(len(header_of(centre, capsule).groups))
    for group in {"first": [0], "second": [1], "every": groups}[column]:
        body_path(centre, capsule, group).write_bytes(body_path(stranger, theirs, group).read_bytes())
    require_unopened(job)


def test_the_quarantine_of_another_firm_at_the_same_host_does_not_open(zone):
    host = zone.node(world.HOST, "operator", slots=0, hosts=True)
    firms = [world.host_firm(host, organisation) for organisation in (world.FIRM, world.code(78))]
    header, *rows = jobs.rows_of("turnover", 5)
    data = world.csv_bytes([header, *rows, rows[0]])
    held = [world.upload(host, firm, data, domain="turnover") for firm in firms]
    paths = [
        datasets.bodies_folder(host)
        / group_file(host.store.one("SELECT id FROM body WHERE dataset = ? AND kind = 'quarantine'", each)["id"], 0)
        for each in held
    ]
    assert len(datasets.quarantine(host, firms[0], held[0]).rows) == 1
    first, second = (path.read_bytes() for path in paths)
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)
    for firm, dataset in zip(firms, held, strict=True):
        with pytest.raises(NodeError) as damaged:
            datasets.quarantine(host, firm, dataset)
        assert damaged.value.code == "body-damaged"


def test_a_scorecard_that_contradicts_itself_opens_nothing(quartet, monkeypatch):
    card = world.scorecard("bank-centre")
    broken = msgspec.structs.replace(card, cuts=tuple(reversed(card.cuts)))
    monkeypatch.setattr(world, "scorecard", lambda name: broken)
    job = jobs.ready(quartet, number=40)
    centre = run_alone(job)
    failed = world.bodies(centre, "failed")[0]
    assert (failed.reason, failed.use_spent, failed.facts) == ("malformed", False, (("what", "cuts rise strictly"),))


def test_a_contract_suspended_after_acceptance_stops_the_attempt_at_its_start(job):
    from apps.node import contracts

    centre = job.nodes[1]
    document = job.order(centre)
    world.offer(job.zone, centre, document)
    contracts.act(centre, job.people[1], job.contracts[0].digest, act="suspend", reason="核查")
    world.start(job.zone, centre, document)
    attempt = attempts.next_started(centre)
    assert attempt is not None
    computation.compute(centre, attempt, threading.Event())
    assert [body.reason for body in world.bodies(centre, "failed")] == ["contract-state"]
    assert uses.by_state(centre, job.request.inputs[1].capsule) == {("r1", "released"): 1}


def test_an_absent_peer_ends_the_attempt_by_its_deadline_and_the_use_stays_spent(job):
    centre = run_alone(job)
    failed = world.bodies(centre, "failed")[0]
    assert (failed.reason in {"deadline", "peer-lost"}, failed.stage, failed.use_spent) == (True, "intersect", True)
