"""Looser rules for a derived capsule, at running nodes: owners sign the vote at their own, and the capsule's node seals
and opens by it only with the signatures of all of them, whatever the portal brings, leaves out or alters."""

from __future__ import annotations

import msgspec
import pytest

from apps.node import votes
from apps.node.errors import NodeError
from creditzone.kernel.documents import (
    DocumentCompleted,
    DraftSent,
    Input,
    LooseningVote,
    Signed,
    digest_of,
    now_ms,
    sign,
    unsigned,
    with_signature,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from tests import passkeys
from tests.node import world
from tests.node.test_a_result_becomes_an_input_under_its_sources_policies import (
    bring_policy,
    draft,
    graded,  # noqa: F401 (the fixture)
    make,
    parents,
    second_card,
)
from tests.node.world import BANK, CENTRE

FORMS = ("decision", "grade", "score")


def vote_on(job, dataset, **changes) -> LooseningVote:
    """What the bank's portal drafts: ten times the uses that the sources leave."""
    rule = world.rule(
        models=(digest_of(second_card()),), disclosures=FORMS, uses=70
    )  # fmt: skip
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
    inputs = [Input(provider=BANK, domain="joint_result", capsule=dataset, version=1, contract=None)]
    inputs += [one for one in job.request.inputs if one.provider == CENTRE]
    card = second_card()
    request = world.request(job.zone, recipient=BANK, inputs=inputs, model=card, disclosures=("score",))
    world.have_signed(job.zone, job.bank, job.officer, request)
    signed = with_signature(unsigned(request), world.signature_of(job.bank, digest_of(request)))
    order = world.order(job.zone, BANK, signed, contracts=job.contracts, model=card, parties=[BANK, CENTRE])
    before = len(world.bodies(job.bank, "refuse"))
    world.offer(job.zone, job.bank, order)
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
