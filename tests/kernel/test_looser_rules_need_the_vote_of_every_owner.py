"""A derived capsule is looser than its sources only by a vote that each of their owners signed: over random policies,
and with one signature too few, too many, another's, or about something else."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.documents import digest_of, sign, unsigned, with_signature
from creditzone.kernel.orders import check_order
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.derivation import derive
from creditzone.kernel.policy.evaluation import Allowed, decide
from creditzone.kernel.policy.loosening import ancestors_of, require_no_looser
from creditzone.kernel.policy.writing import permit as make_rule
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.kernel.policies import policy, rules, uses
from tests.kernel.zone_fixture import BANK, CENTRE, NOW, PLATFORM, Zone

OWNERS = (BANK, CENTRE, PLATFORM)
KEYS = {owner: PrivateKey.generate() for owner in OWNERS}
STRANGER = PrivateKey.generate()


def keys_of(owner: str) -> list[Any]:
    return [KEYS[owner].public] if owner in KEYS else []


def sources_of(many: list[list[d.Rule]]) -> list[d.Policy]:
    """Policies of several owners' capsules."""
    return [
        msgspec.structs.replace(policy(*found), provider=owner, capsule=d.new_id())
        for found, owner in zip(many, OWNERS, strict=False)
    ]


def parents_of(sources: list[d.Policy]) -> tuple[d.Parent, ...]:
    return tuple(d.Parent(capsule=one.capsule, provider=one.provider, policy=digest_of(one)) for one in sources)


def voted(derived: d.Policy, ancestors: tuple[d.Parent, ...], **changes: Any) -> d.LooseningVote:
    facts = {
        "zone": derived.zone,
        "capsule": derived.capsule,
        "provider": derived.provider,
        "ancestors": ancestors,
        "rules": derived.rules,
        "expires_at": NOW + 1000,
        "drafted_at": NOW,
    }
    return d.LooseningVote(**(facts | changes))


def signed_by(vote: d.LooseningVote, keys: dict[str, PrivateKey]) -> d.Signed:
    whole = unsigned(vote)
    for owner, key in keys.items():
        whole = with_signature(whole, sign(vote, key, by=owner))
    return whole


def why_not(derived: d.Policy, sources: list[d.Policy], vote: d.Signed | None, *, now: int = NOW) -> str | None:
    """The clause by which the derived capsule's node does not seal it."""
    try:
        known = {digest_of(one): one for one in sources}
        source = lambda parent: known.get(parent.policy)  # noqa: E731
        require_no_looser(derived, derive(sources), vote, source=source, keys_of=keys_of, now=now)
    except Refused as refused:
        for language in ("zh", "en"):
            assert "—" not in refused.refusal.sentence(language) + refused.refusal.remedy(language)
        return refused.refusal.clause
    return None


several = st.lists(
    st.lists(rules(derivable=True), min_size=1, max_size=2, unique_by=lambda rule: rule.id), min_size=2, max_size=3
)
looser = st.lists(rules(), min_size=1, max_size=2, unique_by=lambda rule: rule.id)


@settings(max_examples=100, deadline=None)
@given(several, looser, uses(), st.data())
def test_without_every_vote_nothing_is_sealed_that_permits_what_a_source_denies(many, wished, use, data):
    sources = sources_of(many)
    owners = {one.provider for one in sources}
    voters = data.draw(st.sets(st.sampled_from(sorted(owners)), max_size=len(owners) - 1))
    wanted = data.draw(st.sampled_from([tuple(wished), derive(sources)]))
    derived = msgspec.structs.replace(policy(*wanted), parents=parents_of(sources))
    vote = voted(derived, parents_of(sources))
    if data.draw(st.booleans()):
        derived = msgspec.structs.replace(derived, loosened_by=digest_of(vote))
    if why_not(derived, sources, signed_by(vote, {one: KEYS[one] for one in voters})) is not None:
        return
    use = replace(use, counts={})
    if isinstance(decide(derived, use), Allowed):
        assert all(isinstance(decide(one, use), Allowed) for one in sources)


@settings(max_examples=30, deadline=None)
@given(several, looser)
def test_with_every_vote_just_these_rules_are_sealed(many, wished):
    sources, derived, vote = loosened(many, wished)
    assert why_not(derived, sources, vote) is None


def loosened(many: list[list[d.Rule]], wished: list[d.Rule]) -> tuple[list[d.Policy], d.Policy, d.Signed]:
    """Sources, a looser policy derived of them, and the vote of all their owners."""
    sources = sources_of(many)
    derived = msgspec.structs.replace(policy(*wished), parents=parents_of(sources))
    vote = voted(derived, parents_of(sources))
    derived = msgspec.structs.replace(derived, loosened_by=digest_of(vote))
    return sources, derived, signed_by(vote, {one.provider: KEYS[one.provider] for one in sources})


RULE = make_rule("r", grantees=(BANK,), purposes=("credit-risk",), models=("sm3:" + "1" * 64,), engines=("cheetah",),
    disclosures=("grade",), not_before=NOW, not_after=NOW + 1000, uses=9,
    more=(Derivation(generations=1),))  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"capsule": "01900000-0000-7000-8000-00000000000f"}, "vote-other"),
        ({"provider": PLATFORM}, "vote-other"),
        ({"zone": "sm3:" + "b" * 64}, "vote-other"),
        ({"rules": (msgspec.structs.replace(RULE, id="another"),)}, "vote-other"),
        ({"expires_at": NOW}, "vote-expired"),
    ],
)
def test_a_vote_about_anything_else_or_too_old_loosens_nothing(changes, clause):
    sources, derived, _ = loosened([[RULE], [RULE]], [msgspec.structs.replace(RULE, id="looser")])
    other = voted(derived, parents_of(sources), **changes)
    named = msgspec.structs.replace(derived, loosened_by=digest_of(other))
    assert why_not(named, sources, signed_by(other, KEYS)) == clause


def test_a_vote_that_leaves_a_source_out_or_that_a_strangers_key_signed_loosens_nothing():
    sources, derived, vote = loosened([[RULE], [RULE]], [msgspec.structs.replace(RULE, id="looser")])
    fewer = voted(derived, parents_of(sources)[:1])
    named = msgspec.structs.replace(derived, loosened_by=digest_of(fewer))
    assert why_not(named, sources, signed_by(fewer, KEYS)) == "vote-other"
    assert why_not(named, sources, signed_by(fewer, {BANK: KEYS[BANK]})) == "vote-missing"
    asked = voted(derived, parents_of(sources))
    forged = {BANK: KEYS[BANK], CENTRE: PrivateKey.generate()}
    assert why_not(derived, sources, signed_by(asked, forged)) == "vote-missing"
    assert why_not(derived, sources, None) == "vote-unknown"
    altered = msgspec.structs.replace(vote, text=vote.text.replace('"looser"', '"wider"'))
    assert why_not(derived, sources, altered) == "vote-unknown"
    assert why_not(msgspec.structs.replace(derived, loosened_by=None), sources, vote) == "derived-looser"


def test_owners_of_what_the_sources_were_made_of_vote_too():
    [first, second] = sources_of([[RULE], [RULE]])
    middle = msgspec.structs.replace(policy(RULE), provider=PLATFORM, parents=parents_of([first, second]))
    known = {digest_of(one): one for one in (first, second, middle)}
    ancestors = ancestors_of(parents_of([middle]), lambda one: known[one.policy])
    assert {one.provider for one in ancestors} == {PLATFORM, BANK, CENTRE}
    derived = msgspec.structs.replace(policy(RULE), parents=parents_of([middle]))
    vote = voted(derived, ancestors)
    named = msgspec.structs.replace(derived, loosened_by=digest_of(vote))
    everything = [first, second, middle]
    assert why_not(named, everything, signed_by(vote, KEYS)) is None
    for silent in OWNERS:
        others = {owner: key for owner, key in KEYS.items() if owner != silent}
        assert why_not(named, everything, signed_by(vote, others)) == "vote-missing"
    nearest = voted(derived, derived.parents)
    named = msgspec.structs.replace(derived, loosened_by=digest_of(nearest))
    assert why_not(named, everything, signed_by(nearest, KEYS)) == "vote-other"
    assert why_not(named, [middle, first], signed_by(nearest, KEYS)) == "vote-lineage"


def judged(zone: Zone, vote: d.Signed | None, source: d.Policy | None) -> str | None:
    """The clause by which the node refuses to open; None where it opens."""
    try:
        check_order(
            zone.sign_order(zone.order()), zone.standing(vote=lambda _: vote, source=lambda _: source)
        )  # fmt: skip
    except Refused as refused:
        return refused.refusal.clause
    return None


def test_at_evaluation_the_vote_is_checked_again():
    zone = Zone()
    source = msgspec.structs.replace(policy(RULE), provider=BANK)
    derived = msgspec.structs.replace(zone.policy, parents=parents_of([source]))
    vote = voted(derived, derived.parents)
    zone.policy = msgspec.structs.replace(derived, loosened_by=digest_of(vote))
    zone.header = zone.make_header(zone.policy)
    zone.contract = zone.make_contract()
    zone.request = zone.make_request()
    whole = signed_by(vote, {BANK: zone.keys[BANK]})
    assert judged(zone, whole, source) is None
    assert judged(zone, whole, None) == "vote-lineage"
    assert judged(zone, None, source) == "vote-unknown"
    assert judged(zone, unsigned(vote), source) == "vote-missing"
    assert judged(zone, signed_by(vote, {BANK: STRANGER}), source) == "vote-missing"
