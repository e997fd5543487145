"""A policy permits only what some rule says in full; its sentence says all that it permits."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.policy import Allowed, Use, decide, say_policy
from creditzone.kernel.policy.constraints import KINDS, constraints_of
from creditzone.kernel.policy.purposes import PURPOSES, permits
from creditzone.kernel.refusals import CLAUSES, Refusal
from tests.kernel.zone_fixture import BANK, CENTRE, FIRM, NOW, PLATFORM

MODELS = tuple("sm3:" + digit * 64 for digit in "123")
some = st.sets
rules = st.builds(
    d.Rule,
    id=st.sampled_from(["a", "b", "c"]),
    grantees=some(st.sampled_from([BANK, PLATFORM, "subject"])).map(tuple),
    purposes=some(st.sampled_from(sorted(PURPOSES))).map(tuple),
    models=some(st.sampled_from(MODELS)).map(tuple),
    engines=some(st.sampled_from(["cheetah", "aby3"])).map(tuple),
    disclosures=some(st.sampled_from(["decision", "grade", "reasons", "score"])).map(tuple),
    minimum_group=st.none() | st.integers(1, 20),
    not_before=st.integers(NOW - 5, NOW + 2),
    not_after=st.integers(NOW - 2, NOW + 5),
    uses=st.integers(1, 3),
)
uses = st.builds(
    Use,
    grantee=st.sampled_from([BANK, PLATFORM, FIRM]),
    subject=st.none() | st.just(FIRM),
    purpose=st.sampled_from([*sorted(PURPOSES), "marketing", "credit-risk/pre-loan-x"]),
    model=st.sampled_from(MODELS),
    engine=st.sampled_from(["cheetah", "aby3"]),
    disclosures=some(st.sampled_from(["decision", "grade", "reasons", "score"])).map(tuple),
    at=st.integers(NOW - 3, NOW + 3),
    spent=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 4)),
    group=st.none() | st.integers(0, 20),
)


def policy(*all_rules):
    return d.Policy(
        zone="", capsule="01900000-0000-7000-8000-000000000001", version=1, provider=CENTRE,
        dataset="01900000-0000-7000-8000-000000000002", rules=all_rules, drafted_at=NOW,
    )  # fmt: skip


@given(st.lists(rules, max_size=3), uses)
def test_allowed_exactly_when_every_clause_of_one_rule_holds(all_rules, use):
    decision = decide(policy(*all_rules), use)
    holding = [rule.id for rule in all_rules if all(one.check(use) is None for one in constraints_of(rule))]
    if holding:
        assert decision == Allowed(holding[0])
    else:
        assert isinstance(decision, Refusal)
        assert decision.clause in CLAUSES


@given(rules, uses)
def test_adding_a_clause_never_permits_more(rule, use):
    if isinstance(decide(policy(rule), use), Allowed):
        return
    assert isinstance(decide(policy(replace_rule(rule, minimum_group=20)), use), Refusal)


def replace_rule(rule, **changes):
    import msgspec

    return msgspec.structs.replace(rule, **changes)


@given(rules, uses)
def test_an_empty_list_in_a_clause_permits_nothing(rule, use):
    for name in ("grantees", "purposes", "models", "engines", "disclosures"):
        assert isinstance(decide(policy(replace_rule(rule, **{name: ()})), use), Refusal)


def test_a_parent_purpose_permits_its_children_and_no_name_that_only_begins_alike():
    assert permits("credit-risk", "credit-risk/pre-loan")
    assert not permits("credit-risk/pre-loan", "credit-risk")
    assert not permits("credit-risk", "credit-risk-other")
    assert not permits("credit-risk", "credit-risk/unknown")


def test_a_single_firms_result_is_never_let_out_under_a_statistics_rule():
    rule = d.Rule(
        id="s", grantees=(BANK,), purposes=("credit-risk",), models=MODELS, engines=("cheetah",),
        disclosures=("grade",), minimum_group=1, not_before=0, not_after=NOW + 1, uses=1,
    )  # fmt: skip
    use = Use(
        grantee=BANK, subject=None, purpose="credit-risk", model=MODELS[0], engine="cheetah", disclosures=("grade",),
        at=NOW,
    )  # fmt: skip
    assert decide(policy(rule), use).clause == "minimum-group"
    assert decide(policy(rule), replace(use, group=1)) == Allowed("s")


class CodesAsNames:
    def organisation(self, uscc):
        return f"<{uscc}>"

    def model(self, digest):
        return f"<{digest}>"


@given(rules)
def test_the_sentence_names_every_value_that_the_rule_allows(rule):
    for language in ("zh", "en"):
        sentence = say_policy(policy(rule), language, CodesAsNames())[0]
        said = "".join(segment.text for segment in sentence)
        for grantee in rule.grantees:
            assert grantee == "subject" or f"<{grantee}>" in said
        for model in rule.models:
            assert f"<{model}>" in said
        assert str(rule.uses) in said
        clauses = {segment.clause for segment in sentence if segment.clause}
        assert clauses >= {"validity", "uses"}


def test_each_constraint_states_its_own_clause():
    assert len({kind.clause for kind in KINDS}) == len(KINDS)
    assert all(kind.clause in CLAUSES for kind in KINDS)
