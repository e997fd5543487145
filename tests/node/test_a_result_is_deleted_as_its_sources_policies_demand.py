"""A recipient's node deletes a result once the term of a provider's policy is over, and certifies it; without the
policy it does not know, and before the term it keeps it."""

from __future__ import annotations

from dataclasses import replace as change
from typing import Any

import msgspec
import pytest

from apps.node import capsules, duties, results
from apps.node.errors import NodeError
from apps.node.node import Node
from creditzone.kernel.documents import DocumentCompleted, ResultDeletion, Rule, now_ms, require_signature
from creditzone.kernel.policy.constraints.duties import Duties
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.world import CENTRE

DAY = 86_400_000


def with_duty(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, clauses=(*rule.clauses, Duties(notify=True, delete_after_days=7)))


@pytest.fixture
def job(quartet) -> Ready:
    ready = jobs.ready(quartet, number=20, theirs=with_duty)
    make_result(ready, days_ago=8)
    return ready


def make_result(job: Ready, *, days_ago: int) -> None:
    """A sealed result as it lies at the bank, so many days old; what stands in its file no test here reads."""
    (job.bank.home / "results" / f"{job.request.id}-1.sealed").write_bytes(b"sealed rows of this job")
    with job.bank.store.write() as tx:
        tx.run(
            "UPDATE result SET state = 'sealed', file = ?, digest = ?, rows = 20, received_at = ?, taken = 3,"
            " delete_at = NULL WHERE job = ?",
            f"{job.request.id}-1.sealed",
            "sm3:" + "1" * 64,
            now_ms() - days_ago * DAY,
            job.request.id,
        )
        tx.run(
            "INSERT OR REPLACE INTO sealed_part (job, attempt, sender, recipient, content, part, parts, body)"
            " VALUES (?, 1, ?, ?, 'reasons', 0, 1, 'AAAA')",
            job.request.id,
            CENTRE,
            job.request.recipient,
        )


def bring_policies(job: Ready) -> None:
    for node, one in zip(job.nodes[1:], job.request.inputs[1:], strict=True):
        held = capsules.held(node, one.capsule)
        assert held is not None
        job.zone.send(job.bank, DocumentCompleted, document=held.policy)


def result(node: Node, job: Ready) -> Any:
    return results.get(node, change(job.officer, factor_at=now_ms()), job.request.id)


def test_what_is_due_is_gone_and_certified(job):
    bring_policies(job)
    duties.carry_out(job.bank)
    assert list((job.bank.home / "results").glob("*")) == []
    assert job.bank.store.all("SELECT 1 FROM sealed_part") == []
    assert result(job.bank, job).state == "deleted"
    (said,) = world.bodies(job.bank, "deleted")
    deletion = require_signature(
        said.deletion, ResultDeletion, by=job.bank.organisation, key=job.bank.keys.signing.public
    )
    assert (deletion.job, deletion.recipient, deletion.grades_taken) == (job.request.id, job.request.recipient, 3)
    assert deletion.due_at - deletion.received_at == 7 * DAY
    duties.carry_out(job.bank)
    assert len(world.bodies(job.bank, "deleted")) == 1


def test_a_deleted_result_opens_for_nobody(job):
    bring_policies(job)
    duties.carry_out(job.bank)
    with pytest.raises(NodeError) as refused:
        results.open_result(job.bank, change(job.officer, factor_at=now_ms()), job.request.id)
    assert refused.value.code == "result-deleted"


def test_a_backup_that_still_holds_it_loses_it_again(job):
    bring_policies(job)
    duties.carry_out(job.bank)
    (said,) = world.bodies(job.bank, "deleted")
    make_result(job, days_ago=8)
    assert list((job.bank.home / "results").glob("*"))
    with job.bank.store.write() as tx:
        duties.take_back(job.bank, tx, said.deletion)
    assert list((job.bank.home / "results").glob("*")) == []
    assert result(job.bank, job).state == "deleted"


def test_before_its_time_it_stays_and_says_when(job):
    make_result(job, days_ago=6)
    bring_policies(job)
    duties.carry_out(job.bank)
    kept = result(job.bank, job)
    assert kept.state == "sealed"
    assert kept.delete_at == kept.received_at + 7 * DAY
    assert world.bodies(job.bank, "deleted") == []


def test_without_the_policy_nothing_is_known_until_it_comes(job):
    duties.carry_out(job.bank)
    assert result(job.bank, job).state == "sealed"
    bring_policies(job)
    duties.carry_out(job.bank)
    assert result(job.bank, job).state == "deleted"


def test_a_policy_without_duties_has_nothing_deleted(quartet):
    job = jobs.ready(quartet, number=20)
    make_result(job, days_ago=4000)
    bring_policies(job)
    duties.carry_out(job.bank)
    assert result(job.bank, job).state == "sealed"
    assert result(job.bank, job).delete_at is None
