"""A provider's node certifies a revocation and a destruction, to itself and to each user with its own jobs alone, once
nothing runs on the capsule any more; whoever has its card verifies that without anybody."""

from __future__ import annotations

import msgspec
import pytest

from apps.node import attempts, capsule_acts, certificates, contracts, sources, uses
from creditzone.kernel.documents import (
    CapsuleCertificate,
    DocumentCompleted,
    SignatureInvalid,
    Signed,
    StoppedJob,
    require_signature,
)
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm.sm2 import PublicKey
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.world import BANK, CENTRE


@pytest.fixture
def job(quartet) -> Ready:
    return jobs.ready(quartet, number=40, uses=5)


def capsule_of(job: Ready, organisation: str = CENTRE) -> str:
    return next(one.capsule for one in job.request.inputs if one.provider == organisation)


def act(job: Ready, *acts: str) -> None:
    for one in acts:
        capsule_acts.act(job.nodes[1], job.people[1], capsule_of(job), act=one, reason="到期")  # type: ignore[arg-type]


def issued(job: Ready) -> dict[str, CapsuleCertificate]:
    """The certificates that the centre's node sent, by whom each was issued to, each verified against its card."""
    card = job.nodes[0].card_of(CENTRE)
    assert card is not None
    key = PublicKey.from_hex(card.signing_key)
    said = [body.certificate for body in world.bodies(job.nodes[1], "certified")]
    found = [require_signature(one, CapsuleCertificate, by=CENTRE, key=key) for one in said]
    return {one.to: one for one in found}


def running(job: Ready) -> attempts.Attempt:
    node = job.nodes[1]
    order = job.order(node)
    world.offer(job.zone, node, order)
    world.start(job.zone, node, order)
    attempt = attempts.next_started(node)
    assert attempt is not None
    return attempt


def test_a_revocation_is_certified_to_its_provider_and_to_every_user_named(job):
    act(job, "revoke")
    found = issued(job)
    assert set(found) == {CENTRE, BANK}
    for one in found.values():
        assert (one.did, one.capsule, one.version, one.deleted) == ("revoke", capsule_of(job), 1, ())
        assert (one.reason, one.by) == ("到期", CENTRE)
    certificates.issue_due(job.nodes[1])
    assert len(world.bodies(job.nodes[1], "certified")) == 2


def test_a_freeze_is_not_certified(job):
    act(job, "freeze", "resume")
    assert issued(job) == {}


def test_it_waits_for_the_job_that_it_stops_and_names_it(job):
    attempt = running(job)
    act(job, "revoke")
    assert issued(job) == {}
    certificates.issue_due(job.nodes[1])
    assert issued(job) == {}
    attempts.fail(job.nodes[1], job=attempt.job, fence=attempt.fence, reason="capsule-revoked")
    certificates.issue_due(job.nodes[1])
    for one in issued(job).values():
        assert one.stopped == (StoppedJob(job=attempt.job, spent=False),)
        assert one.spent == ()


def test_nothing_is_spent_once_the_capsule_is_closed(job):
    attempt = running(job)
    act(job, "freeze")
    with pytest.raises(Refused) as refused:
        attempts.spend(job.nodes[1], attempt)
    assert refused.value.refusal.clause == "capsule-frozen"
    assert not uses.is_spent(job.nodes[1], capsule=attempt.capsule, job=attempt.job)


def test_a_user_reads_of_its_own_uses_alone(job):
    attempt = running(job)
    attempts.spend(job.nodes[1], attempt)
    attempts.fail(job.nodes[1], job=attempt.job, fence=attempt.fence, reason="peer-lost")
    with job.nodes[1].store.write() as tx:
        uses.reserve(tx, capsule=capsule_of(job), job="another", rule="r1")
        uses.spend(tx, capsule=capsule_of(job), job="another")
    act(job, "revoke")
    found = issued(job)
    assert {to: sum(each.uses for each in one.spent) for to, one in found.items()} == {CENTRE: 2, BANK: 1}


def test_a_destruction_says_what_is_gone(job):
    act(job, "revoke", "destroy")
    assert {one.did for one in issued(job).values()} == {"destroy"}
    assert {one.deleted for one in issued(job).values()} == {("body", "content-keys", "own-part")}
    assert len(world.bodies(job.nodes[1], "certified")) == 4


def test_a_changed_certificate_verifies_for_nobody(job):
    act(job, "revoke")
    said = world.bodies(job.nodes[1], "certified")[0].certificate
    altered = Signed(text=said.text.replace('"version":1', '"version":2'), signatures=said.signatures)
    with pytest.raises(SignatureInvalid):
        require_signature(altered, CapsuleCertificate, by=CENTRE, key=job.nodes[1].keys.signing.public)


# Contracts and others' capsules -------------------------------------------------------------------------------------


def states(job: Ready) -> list[str | None]:
    return [
        contracts.state_of(job.nodes[1], one.digest) for one in job.contracts if contract_of(one) == capsule_of(job)
    ]


def contract_of(signed: Signed) -> str:
    return str(msgspec.json.decode(signed.text)["capsule"])


def test_contracts_are_suspended_resumed_and_ended_by_the_same_signature(job):
    act(job, "freeze")
    assert set(states(job)) == {"suspended"}
    assert [body.act for body in world.bodies(job.nodes[1], "contract-act")]
    act(job, "resume")
    assert set(states(job)) == {"active"}
    act(job, "revoke")
    assert set(states(job)) == {"terminated"}


def test_a_resumed_capsule_leaves_suspended_what_was_suspended_before(job):
    digest = next(one.digest for one in job.contracts if contract_of(one) == capsule_of(job))
    contracts.act(job.nodes[1], job.people[1], digest, act="suspend", reason="另案")
    act(job, "freeze", "resume")
    assert contracts.state_of(job.nodes[1], digest) == "suspended"


def test_the_other_side_takes_the_act_and_its_contracts_from_the_portal(job):
    bank = job.nodes[0]
    act(job, "freeze")
    for said in (*world.bodies(job.nodes[1], "capsule-act"), *world.bodies(job.nodes[1], "contract-act")):
        job.zone.send(bank, DocumentCompleted, document=said.act)
    assert sources.state_said(bank, capsule_of(job), CENTRE) == "frozen"
    assert {contracts.state_of(bank, one.digest) for one in job.contracts if contract_of(one) == capsule_of(job)} == {
        "suspended"
    }


def test_an_act_that_its_provider_did_not_sign_is_believed_by_nobody(job):
    bank = job.nodes[0]
    act(job, "freeze")
    said = world.bodies(job.nodes[1], "capsule-act")[0].act
    forged = Signed(text=said.text.replace('"act":"freeze"', '"act":"revoke"'), signatures=said.signatures)
    job.zone.send(bank, DocumentCompleted, document=forged)
    assert sources.state_said(bank, capsule_of(job), CENTRE) == "sealed"
