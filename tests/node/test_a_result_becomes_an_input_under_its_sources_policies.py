"""An opened result as an input again: a dataset that the node makes, under what its sources permit together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest

from apps.node import attempts, capsule_acts, capsules, datasets, derived, results, sources, uploads
from apps.node.computation import Computation
from apps.node.errors import NodeError
from creditzone.kernel.credit.scorecard import features_of, plain_total
from creditzone.kernel.documents import (
    Bin,
    DocumentCompleted,
    DraftSent,
    Feature,
    Input,
    Lineage,
    Order,
    Parent,
    Policy,
    Scorecard,
    Signed,
    digest_of,
    new_id,
    read,
    signed,
    unsigned,
    with_signature,
)
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.lineage import derived_rules
from creditzone.kernel.refusals import Refused
from tests import passkeys
from tests.node import jobs, world
from tests.node.world import BANK, CENTRE, PLATFORM

RANK = Feature(
    column="grade_rank",
    domain="joint_result",
    label="前次等级",
    label_en="Grade before",
    reason="F01",
    direction="up",
    bins=(Bin(below="4", points=-20), Bin(below=None, points=20)),
    missing=0,
    mean_points=0,
)


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block is refused with this code."""
    with pytest.raises(NodeError) as caught:
        yield
    assert caught.value.code == code


def second_card() -> Scorecard:
    """A scorecard that reads an earlier joint grade beside the centre's columns."""
    card = world.scorecard("bank-centre")
    theirs = tuple(one for one in card.features if one.domain == "profit_and_loss")
    return msgspec.structs.replace(
        card, id="second-look", domains=("joint_result", "profit_and_loss"), features=(RANK, *theirs)
    )


@pytest.fixture
def graded(quartet):
    """A job that the bank and the centre did under policies that let its result be an input once."""
    models = (digest_of(world.scorecard("bank-centre")), digest_of(second_card()))
    rule = world.rule(models=models, uses=7, more=(Derivation(generations=1),))
    job = jobs.ready(quartet, rules=[rule], number=150, theirs=lambda one: one)
    world.compute_all(quartet, job.nodes, job.orders())
    opened = results.open_result(job.bank, job.officer, job.request.id)
    return job, opened


def make(job, opened) -> str:
    """The dataset of the opened result, measured; the portal brought the centre's policy before."""
    bring_policy(job)
    dataset = derived.make_dataset(job.bank, job.officer, opened)
    assert datasets.next_waiting(job.bank) == dataset
    datasets.measure(job.bank, dataset, threading.Event())
    return dataset


def plain_scores(card: Scorecard, opened):
    """The totals of the result's firms, computed in one place."""
    header, *rows = jobs.rows_of("profit_and_loss", 150)
    by_code = {row[0]: row for row in reversed(rows)}
    theirs = {
        feature.column: np.array(
            [float(by_code[row.uscc][header.index(feature.column)] or "nan") for row in opened.rows]
        )
        for feature in features_of(card, "profit_and_loss")
    }
    ranks = {"grade_rank": np.array([float(row.band) for row in opened.rows])}
    return plain_total(card, {"joint_result": ranks, "profit_and_loss": theirs})


def parents(job) -> tuple[Parent, ...]:
    """What the job's result was made of."""
    return tuple(
        Parent(capsule=one.capsule, provider=one.provider, policy=digest_of(policy))
        for one, policy in zip(job.request.inputs, job.policies, strict=True)
    )


def draft(job, dataset, **changes):
    """The policy as the portal derives it."""
    rules = derived_rules(job.policies, domain("joint_result"))
    whole = world.policy(job.zone, job.bank, dataset, rules=rules)
    return msgspec.structs.replace(whole, **({"parents": parents(job)} | changes))


def bring_policy(job) -> None:
    """The portal brings the centre's signed policy to the bank's node."""
    centre = job.nodes[1]
    held = capsules.held(centre, job.request.inputs[1].capsule)
    job.zone.send(job.bank, DocumentCompleted, document=held.policy)


def test_the_result_is_an_input_of_a_later_job_with_the_same_firms(graded):
    job, opened = graded
    dataset = make(job, opened)
    measured = next(body for body in world.bodies(job.bank, "dataset") if body.dataset == dataset)
    assert measured.lineage == Lineage(job=job.request.id, parents=parents(job))
    assert (measured.accepted, measured.quarantined) == (len(opened.rows), 0)
    policy = draft(job, dataset)
    world.have_signed(job.zone, job.bank, job.officer, policy)

    card = second_card()
    inputs = [Input(provider=BANK, domain="joint_result", capsule=dataset, version=1, contract=None)]
    inputs += [one for one in job.request.inputs if one.provider == CENTRE]
    request = world.request(job.zone, recipient=BANK, inputs=inputs, model=card, disclosures=("score",))
    world.have_signed(job.zone, job.bank, job.officer, request)
    asked = with_signature(unsigned(request), world.signature_of(job.bank, digest_of(request)))
    orders = [
        world.order(
            job.zone,
            node.organisation,
            asked,
            contracts=job.contracts,
            model=card,
            parties=[BANK, CENTRE],
        )
        for node in job.nodes
    ]
    world.compute_all(job.zone, job.nodes, orders)

    again = results.open_result(job.bank, job.officer, request.id)
    assert [row.uscc for row in again.rows] == [row.uscc for row in opened.rows]
    assert [row.score for row in again.rows] == plain_scores(card, opened).tolist()


def wider(rules):
    """The derived rules with one more grantee."""
    clauses = tuple(
        msgspec.structs.replace(one, organisations=(*one.organisations, CENTRE)) if isinstance(one, Subject) else one
        for one in rules[0].clauses
    )
    return (msgspec.structs.replace(rules[0], clauses=clauses), *rules[1:])


def test_only_what_all_sources_policies_leave_is_signed_and_only_once_they_are_here(graded):
    job, opened = graded
    with refused("lineage-waits"):
        derived.make_dataset(job.bank, job.officer, opened)
    forged = capsules.held(job.nodes[1], job.request.inputs[1].capsule).policy
    stranger = Signed(text=forged.text, signatures=job.zone.sign(job.policies[1]).signatures)
    job.zone.send(job.bank, DocumentCompleted, document=stranger)
    with refused("lineage-waits"):
        derived.make_dataset(job.bank, job.officer, opened)

    dataset = make(job, opened)
    with refused("dataset-derived"):
        derived.make_dataset(job.bank, job.officer, opened)
    good = draft(job, dataset)
    job.zone.send(job.bank, DraftSent, organisation=BANK, document=unsigned(good))
    for name, changes in [
        ("derived-looser", {"rules": wider(good.rules)}),
        ("derived-looser", {"rules": job.policies[0].rules}),
        ("lineage-wrong", {"parents": ()}),
        ("lineage-wrong", {"parents": good.parents[:1]}),
    ]:
        policy = draft(job, dataset, **changes)
        job.zone.send(job.bank, DraftSent, organisation=BANK, document=unsigned(policy))
        with refused(name):
            passkeys.seal(job.bank, job.officer, digest_of(policy))
    passkeys.seal(job.bank, job.officer, digest_of(good))


def test_the_version_that_the_job_used_counts_and_not_the_one_of_the_contract(quartet):
    rule = world.rule(models=(digest_of(world.scorecard("bank-centre")),), uses=7)
    job = jobs.ready(
        quartet,
        rules=[rule],
        number=150,
        theirs=lambda one: msgspec.structs.replace(one, clauses=(*one.clauses, Derivation(generations=1))),
    )
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    first = capsules.held(centre, capsule).policy
    edited = msgspec.structs.replace(job.policies[1], version=2, rules=(rule,))
    world.have_signed(quartet, centre, job.people[1], edited)
    second = capsules.held(centre, capsule).policy

    inputs = (job.request.inputs[0], msgspec.structs.replace(job.request.inputs[1], version=2))
    request = msgspec.structs.replace(job.request, id=new_id(), inputs=inputs)
    world.have_signed(quartet, job.bank, job.officer, request)
    asked = with_signature(unsigned(request), world.signature_of(job.bank, digest_of(request)))
    world.compute_all(quartet, job.nodes, job.orders(request=asked))
    opened = results.open_result(job.bank, job.officer, request.id)

    quartet.send(job.bank, DocumentCompleted, document=first)
    with refused("lineage-waits"):
        derived.make_dataset(job.bank, job.officer, opened)
    quartet.send(job.bank, DocumentCompleted, document=second)
    dataset = derived.make_dataset(job.bank, job.officer, opened)
    assert derived.lineage_of(job.bank, dataset).parents[1].policy == second.digest != first.digest


def test_nobody_elses_policy_stands_for_a_providers(graded):
    job, opened = graded
    looser = msgspec.structs.replace(job.policies[1], provider=PLATFORM)
    said = signed(looser, job.zone.nodes[PLATFORM].keys.signing, by=PLATFORM)
    job.zone.send(job.bank, DocumentCompleted, document=said)
    with refused("lineage-waits"):
        derived.make_dataset(job.bank, job.officer, opened)


def test_an_uploaded_dataset_names_no_source(quartet):
    bank = quartet.nodes[BANK]
    acting = world.person(bank)
    dataset = world.upload(bank, acting, world.csv_bytes(jobs.rows_of("balance_sheet", 5)), domain="balance_sheet")
    policy = msgspec.structs.replace(
        world.policy(quartet, bank, dataset, rules=[world.rule(models=("sm3:" + "a" * 64,))]),
        parents=(Parent(capsule=dataset, provider=BANK, policy="sm3:" + "b" * 64),),
    )
    quartet.send(bank, DraftSent, organisation=BANK, document=unsigned(policy))
    with refused("lineage-wrong"):
        passkeys.seal(bank, acting, digest_of(policy))


def test_nobody_uploads_a_result_of_their_own_making(quartet):
    bank = quartet.nodes[BANK]
    acting = world.person(bank)
    assert "joint_result" not in [one.id for one in datasets.domains(bank)]
    with refused("unknown-domain"):
        uploads.create(bank, acting, filename="made-up.csv", size=10, domain="joint_result", title="自制结果")


# A source is closed --------------------------------------------------------------------------------------------------


def close(job, act: str) -> Signed:
    """The centre acts on its capsule, and the portal brings the signed act to the bank."""
    capsule = job.request.inputs[1].capsule
    capsule_acts.act(job.nodes[1], job.people[1], capsule, act=act, reason="核查")
    said = world.bodies(job.nodes[1], "capsule-act")[-1].act
    job.zone.send(job.bank, DocumentCompleted, document=said)
    return said


def sealed(job, opened) -> Policy:
    """The derived dataset under the policy that its sources leave."""
    dataset = make(job, opened)
    policy = draft(job, dataset)
    world.have_signed(job.zone, job.bank, job.officer, policy)
    return policy


def order_on(job, capsule: str) -> Order:
    """An order to the bank for a new job on the derived capsule."""
    card = second_card()
    inputs = [Input(provider=BANK, domain="joint_result", capsule=capsule, version=1, contract=None)]
    inputs += [one for one in job.request.inputs if one.provider == CENTRE]
    request = world.request(job.zone, recipient=BANK, inputs=inputs, model=card, disclosures=("score",))
    world.have_signed(job.zone, job.bank, job.officer, request)
    asked = with_signature(unsigned(request), world.signature_of(job.bank, digest_of(request)))
    return world.order(job.zone, BANK, asked, contracts=job.contracts, model=card, parties=[BANK, CENTRE])


def answer(job, order: Order) -> str:
    """What the bank's node says to an order: accepted, or the clause."""
    world.offer(job.zone, job.bank, order)
    refused_now = [one for one in world.bodies(job.bank, "refuse") if one.order == order.id]
    if not refused_now:
        assert [one for one in world.bodies(job.bank, "accept") if one.order == order.id]
        return "accepted"
    note = refused_now[0].refusal
    source = job.request.inputs[1]
    assert dict(note.facts) == {"source": source.capsule, "organisation": source.provider}
    return note.clause


def test_a_frozen_source_closes_what_was_made_of_it_until_it_is_resumed(graded):
    job, opened = graded
    derived_capsule = sealed(job, opened).capsule
    order = order_on(job, derived_capsule)
    assert answer(job, order) == "accepted"
    world.start(job.zone, job.bank, order)
    attempt = attempts.next_started(job.bank)
    running = Computation.of(job.bank, attempt, threading.Event())
    assert running.interruption() is None

    own = capsules.get(job.bank, job.officer, job.request.inputs[0].capsule)
    assert [one.capsule for one in capsule_acts.impact(job.bank, job.officer, own).derived] == [derived_capsule]

    close(job, "freeze")
    ended = running.interruption()
    assert (ended.reason, ended.facts["source"]) == ("source-frozen", job.request.inputs[1].capsule)
    assert attempts.stop_reason(job.bank, attempt) == "source-frozen"
    with pytest.raises(Refused):
        attempts.spend(job.bank, attempt)
    attempts.fail(job.bank, job=attempt.job, fence=attempt.fence, reason=ended.reason)
    assert answer(job, order_on(job, derived_capsule)) == "source-frozen"
    close(job, "resume")
    assert answer(job, order_on(job, derived_capsule)) == "accepted"


def test_a_revoked_source_closes_it_for_good_and_no_policy_is_signed_for_it(graded):
    job, opened = graded
    policy = sealed(job, opened)
    close(job, "revoke")
    assert answer(job, order_on(job, policy.capsule)) == "source-revoked"
    newer = draft(job, policy.dataset, version=2)
    job.zone.send(job.bank, DraftSent, organisation=BANK, document=unsigned(newer))
    with refused("parent-closed"):
        passkeys.seal(job.bank, job.officer, digest_of(newer))
    standing = capsules.get(job.bank, job.officer, policy.capsule)
    assert (standing.state, standing.closed.clause) == ("sealed", "source-revoked")


def test_what_was_made_of_it_by_two_steps_is_closed_too_at_whatever_node(graded):
    job, opened = graded
    middle = sealed(job, opened)
    platform = job.zone.nodes[PLATFORM]
    for node, capsule in ((job.bank, middle.capsule), (job.nodes[1], job.request.inputs[1].capsule)):
        held = capsules.held(node, capsule).policy
        with platform.store.write() as tx:
            derived.keep_policy(platform, tx, held, read(held, Policy))
    link = Parent(capsule=middle.capsule, provider=BANK, policy=digest_of(middle))
    last = msgspec.structs.replace(middle, provider=PLATFORM, parents=(link,))
    assert sources.closed_source(platform, last) is None
    said = close(job, "freeze")
    forged = Signed(text=said.text.replace('"freeze"', '"revoke"'), signatures=said.signatures)
    job.zone.send(platform, DocumentCompleted, document=forged)
    assert sources.closed_source(platform, last) is None
    job.zone.send(platform, DocumentCompleted, document=said)
    assert sources.closed_source(platform, last).clause == "source-frozen"
