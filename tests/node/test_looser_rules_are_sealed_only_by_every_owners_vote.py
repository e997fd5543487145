"""Looser rules for a derived capsule, at running nodes: owners sign the vote at their own, and the capsule's node seals
and opens by it only with the signatures of all of them, whatever the portal brings, leaves out or alters."""

from __future__ import annotations

import msgspec
import pytest

from apps.node import custodian, uses, votes
from apps.node.errors import NodeError
from creditzone.kernel.documents import (
    Deposit,
    DocumentCompleted,
    DraftSent,
    LooseningVote,
    Signed,
    digest_of,
    now_ms,
    read,
    sign,
    signed,
    unsigned,
    with_signature,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from tests import passkeys
from tests.node import guarding, world
from tests.node.test_a_result_becomes_an_input_under_its_sources_policies import (
    bring_policy,
    draft,
    graded,  # noqa: F401 (the fixture)
    make,
    order_on,
    parents,
    second_card,
)
from tests.node.world import BANK, CENTRE, PLATFORM

FORMS = ("decision", "grade", "score")


def vote_on(job, dataset, **changes) -> LooseningVote:
    """What the bank's portal drafts: ten times the uses that the sources leave."""
    rule = world.rule(models=(digest_of(second_card()),), disclosures=FORMS, uses=70)
    facts = {
        "zone": job.zone.digest,
        "capsule": dataset,
        "provider": BANK,
        "ancestors": parents(job),
        "rules": (rule,),
        "expires_at": now_ms() + world.DAY,
        "drafted_at": now_ms(),
    }
    return LooseningVote(**(facts | changes))


def signed_at(job, vote: LooseningVote, *owners: str) -> Signed:
    """The vote with the signatures that these owners' officers gave at their nodes."""
    whole = unsigned(vote)
    for node in job.nodes[:2]:
        if node.organisation in owners:
            world.have_signed(job.zone, node, world.person(node), vote)
            whole = with_signature(whole, world.signature_of(node, digest_of(vote)))
    return whole


def blocked(job, vote: LooseningVote, dataset: str, **changes) -> str:
    """Why the bank's people cannot seal the looser policy."""
    policy = draft(job, dataset, **({"rules": vote.rules, "loosened_by": digest_of(vote)} | changes))
    job.zone.send(job.bank, DraftSent, organisation=BANK, document=unsigned(policy))
    with pytest.raises(NodeError) as refused:
        passkeys.seal(job.bank, job.officer, digest_of(policy))
    for language in ("zh-hans", "en"):
        assert refused.value.sentence(language)
    return refused.value.code


@pytest.fixture
def made(graded):  # noqa: F811
    """A dataset made of a result, with its sources' policies here."""
    job, opened = graded
    dataset = make(job, opened)
    bring_policy(job)
    return job, dataset


def test_it_is_sealed_once_every_owner_voted_and_opened_while_the_vote_is_here(made):
    job, dataset = made
    vote = vote_on(job, dataset)
    assert blocked(job, vote, dataset) == "vote-unknown"
    half = signed_at(job, vote, BANK)
    job.zone.send(job.bank, DocumentCompleted, document=half)
    assert blocked(job, vote, dataset) == "vote-missing"
    forged = with_signature(half, sign(vote, PrivateKey.generate(), by=CENTRE))
    job.zone.send(job.bank, DocumentCompleted, document=forged)
    assert blocked(job, vote, dataset) == "vote-missing"
    whole = signed_at(job, vote, CENTRE)
    job.zone.send(job.bank, DocumentCompleted, document=whole)
    job.zone.send(job.bank, DocumentCompleted, document=half)  # fewer take nothing away
    assert blocked(job, vote, dataset, loosened_by=None) == "derived-looser"
    wider = tuple(msgspec.structs.replace(rule, id="wider") for rule in vote.rules)
    assert blocked(job, vote, dataset, rules=wider) == "vote-other"
    policy = draft(job, dataset, rules=vote.rules, loosened_by=digest_of(vote))
    world.have_signed(job.zone, job.bank, job.officer, policy)

    assert answer(job, dataset) == "accepted"
    with job.bank.store.write() as tx:
        tx.run("DELETE FROM vote")
    assert answer(job, dataset) == "vote-unknown"
    votes_of_one = unsigned(vote)
    with job.bank.store.write() as tx:
        votes.keep(tx, with_signature(votes_of_one, sign(vote, job.bank.keys.signing, by=BANK)))
    assert answer(job, dataset) == "vote-missing"


def answer(job, dataset: str) -> str:
    """The bank's answer to an order for a use of the derived capsule."""
    before = len(world.bodies(job.bank, "refuse"))
    world.offer(job.zone, job.bank, order_on(job, dataset))
    refusals = world.bodies(job.bank, "refuse")[before:]
    return refusals[-1].refusal.clause if refusals else "accepted"


def test_an_expired_vote_seals_nothing(made):
    job, dataset = made
    late = vote_on(job, dataset, expires_at=now_ms() - 1)
    signatures = unsigned(late)
    for node in job.nodes[:2]:
        signatures = with_signature(signatures, sign(late, node.keys.signing, by=node.organisation))
    job.zone.send(job.bank, DocumentCompleted, document=signatures)
    assert blocked(job, late, dataset) == "vote-expired"


def test_only_owners_vote_and_only_about_policies_that_they_signed(made):
    job, dataset = made
    centre = job.nodes[1]

    def refused_at(node, vote) -> str:
        with pytest.raises(NodeError) as refused:
            world.have_signed(job.zone, node, world.person(node), vote)
        assert refused.value.sentence("en")
        return refused.value.code

    strangers = tuple(one for one in parents(job) if one.provider == BANK)
    assert refused_at(centre, vote_on(job, dataset, ancestors=strangers)) == "not-ours"
    invented = tuple(msgspec.structs.replace(one, policy="sm3:" + "0" * 64) for one in parents(job))
    assert refused_at(centre, vote_on(job, dataset, ancestors=invented)) == "vote-other-source"
    assert refused_at(centre, vote_on(job, dataset, expires_at=now_ms() - 1)) == "document-expired"


def sealed_by_vote(job, dataset) -> LooseningVote:
    """The derived capsule under looser rules that both owners signed."""
    vote = vote_on(job, dataset)
    job.zone.send(job.bank, DocumentCompleted, document=signed_at(job, vote, BANK, CENTRE))
    policy = draft(job, dataset, rules=vote.rules, loosened_by=digest_of(vote))
    world.have_signed(job.zone, job.bank, job.officer, policy)
    return vote


def test_a_vote_serves_a_later_version_for_just_its_rules_and_no_use_is_counted_anew(made):
    job, dataset = made
    vote = sealed_by_vote(job, dataset)
    assert answer(job, dataset) == "accepted"
    spent = uses.by_state(job.bank, dataset)
    wider = tuple(msgspec.structs.replace(rule, id="again") for rule in vote.rules)
    assert blocked(job, vote, dataset, rules=wider, version=2) == "vote-other"
    later = draft(job, dataset, rules=vote.rules, loosened_by=digest_of(vote), version=2)
    world.have_signed(job.zone, job.bank, job.officer, later)
    assert uses.by_state(job.bank, dataset) == spent


def test_a_vote_on_one_derived_capsule_loosens_no_other(made):
    job, dataset = made
    other = vote_on(job, parents(job)[0].capsule)
    job.zone.send(job.bank, DocumentCompleted, document=signed_at(job, other, BANK, CENTRE))
    assert blocked(job, other, dataset) == "vote-other"


# Custodians ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def deposited(made):
    """The loosened capsule, its secret guarded by the platform too."""
    job, dataset = made
    guarding.choose(job.bank, PLATFORM)
    sealed_by_vote(job, dataset)
    guarding.carry(job.zone, job.bank, "deposit")
    assert len(custodian.listing(job.zone.nodes[PLATFORM])) == 1
    return job, dataset


def released(job, dataset: str) -> str:
    """What the platform says once the bank asks for its share: released, or the clause."""
    platform = job.zone.nodes[PLATFORM]
    before = len(world.bodies(platform, "share-withheld"))
    assert answer(job, dataset) == "accepted"  # as far as the bank's own node is asked
    guarding.carry(job.zone, job.bank, "share-asked")
    withheld = world.bodies(platform, "share-withheld")[before:]
    guarding.carry(job.zone, platform, "share", "share-withheld")
    return withheld[-1].refusal.clause if withheld else "released"


def test_a_custodian_releases_its_share_by_the_vote_that_lies_in_its_deposit(deposited):
    job, dataset = deposited
    assert released(job, dataset) == "released"
    assert len(world.bodies(job.bank, "accept")) == 2  # the first job's, and this one


def deposit_of(job) -> Deposit:
    """What lies at the platform."""
    row = job.zone.nodes[PLATFORM].store.one("SELECT text FROM deposit")
    return read(msgspec.json.decode(row["text"], type=Signed), Deposit)


def without_centre(job, whole):
    vote = Signed(text=whole.vote.text, signatures=tuple(one for one in whole.vote.signatures if one.by != CENTRE))
    return msgspec.structs.replace(whole, vote=vote)


def by_a_stranger(job, whole):
    vote = read(whole.vote, LooseningVote)
    forged = with_signature(without_centre(job, whole).vote, sign(vote, PrivateKey.generate(), by=CENTRE))
    return msgspec.structs.replace(whole, vote=forged)


def another_vote(job, whole):
    other = vote_on(job, read(whole.vote, LooseningVote).capsule, drafted_at=now_ms() + 1)
    return msgspec.structs.replace(whole, vote=signed_at(job, other, BANK, CENTRE))


def without_a_source(job, whole):
    return msgspec.structs.replace(whole, sources=whole.sources[:1])


def with_a_forged_source(job, whole):
    forged = tuple(
        Signed(text=one.text, signatures=job.zone.sign(vote_on(job, "x")).signatures) for one in whole.sources
    )
    return msgspec.structs.replace(whole, sources=forged)


@pytest.mark.parametrize(
    ("alter", "clause"),
    [
        (lambda job, whole: None, "vote-unknown"),
        (another_vote, "vote-unknown"),
        (without_centre, "vote-missing"),
        (by_a_stranger, "vote-missing"),
        (without_a_source, "vote-lineage"),
        (with_a_forged_source, "vote-lineage"),
    ],
)
def test_a_custodian_withholds_its_share_where_an_owners_word_is_missing(deposited, alter, clause):
    job, dataset = deposited
    whole = deposit_of(job)
    altered = msgspec.structs.replace(whole, loosening=alter(job, whole.loosening))
    text = msgspec.json.encode(signed(altered, job.bank.keys.signing, by=BANK)).decode()
    with job.zone.nodes[PLATFORM].store.write() as tx:
        tx.run("UPDATE deposit SET text = ?", text)
    assert released(job, dataset) == clause


def test_with_what_its_sources_leave_no_vote_is_deposited(made):
    job, dataset = made
    guarding.choose(job.bank, PLATFORM)
    world.have_signed(job.zone, job.bank, job.officer, draft(job, dataset))
    guarding.carry(job.zone, job.bank, "deposit")
    assert deposit_of(job).loosening is None
