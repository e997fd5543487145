"""Zone-wide rules: a policy that passes keeps to every floor, tightening never undercuts, each floor is named."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.documents.canonical import parse, to_canonical
from creditzone.kernel.orders import check_order
from creditzone.kernel.policy.constraints.action import Action, Operation
from creditzone.kernel.policy.constraints.consent import Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.derivation import derive
from creditzone.kernel.policy.floors import custody_undercuts, template_undercuts, undercuts
from creditzone.kernel.policy.purposes import PURPOSES
from creditzone.kernel.policy.zone_words import say_zone_rules, zone_differences
from creditzone.kernel.refusals import Refused
from tests.kernel import policies
from tests.kernel.policies import some
from tests.kernel.zone_fixture import CENTRE, NOW, Zone

DAY = 86_400_000


def make_rules(**changes: Any) -> d.ZoneRules:
    floors = {
        "minimum_group": 10,
        "max_days": 365,
        "max_uses": 1000,
        "attestations": ("none", "hardware"),
        "evidence": ("declared", "signed"),
        "custody_threshold": 1,
    }
    floors |= {name: changes.pop(name) for name in list(changes) if name in floors}
    given = {
        "zone": "z",
        "version": 1,
        "previous": None,
        "governor": CENTRE,
        "purposes": ("credit-risk", "self-enquiry"),
        "floors": d.Floors(**floors),
        "templates": (),
        "drafted_at": NOW,
    }
    return d.ZoneRules(**{**given, **changes})


anybodys = st.builds(
    make_rules,
    purposes=some(PURPOSES),
    minimum_group=st.integers(2, 30),
    max_days=st.integers(1, 90),
    max_uses=st.integers(1, 60),
    attestations=some(["none", "simulated", "hardware"]),
    evidence=some(["declared", "signed"]),
)


@st.composite
def some_policies(draw: Any) -> d.Policy:
    """Policies of rules whose windows are days long, and of one that denies."""
    found = draw(st.lists(policies.rules(derivable=True), max_size=3, unique_by=lambda one: one.id))
    permitting = []
    for rule in found:
        window = Window(not_before=NOW, not_after=NOW + draw(st.integers(1, 100)) * DAY + draw(st.integers(0, 1)))
        clauses = tuple(window if isinstance(one, Window) else one for one in rule.clauses)
        permitting.append(msgspec.structs.replace(rule, clauses=clauses))
    denying = [policies.deny("never", one) for one in permitting[:1]]
    return policies.policy(*permitting, *denying)


def keeps(rule: d.Rule, rules: d.ZoneRules) -> bool:
    """Every floor, written a second time: against what the clauses let pass and not against how they are written."""
    floors = rules.floors
    covered = {one for one in PURPOSES for up in rules.purposes if one == up or one.startswith(up + "/")}
    output, names = rule.of(Output), {one.name for one in rule.of(Action).operations}
    consent = rule.clause(Consent)
    counting = "statistic" in output.forms or names & {"statistics", "psi-count", "*"}
    return (
        set(rule.of(Purpose).purposes) <= covered
        and (output.minimum_group is None or output.minimum_group >= floors.minimum_group)
        and (output.minimum_group is not None or not counting)
        and rule.of(Window).not_after - rule.of(Window).not_before <= floors.max_days * DAY
        and rule.of(Count).total <= floors.max_uses
        and set(rule.of(Environment).attestations) <= set(floors.attestations)
        and set(consent.evidence if consent else ("declared", "signed")) <= set(floors.evidence)
    )


@settings(max_examples=150, deadline=None)
@given(some_policies(), anybodys)
def test_what_passes_keeps_to_every_floor_and_what_keeps_to_them_passes(policy: d.Policy, rules: d.ZoneRules):
    permitting = [rule for rule in policy.rules if rule.effect == "permit"]
    assert (undercuts(policy, rules) == []) == all(keeps(rule, rules) for rule in permitting)


@settings(max_examples=80, deadline=None)
@given(some_policies(), some_policies(), anybodys)
def test_what_is_derived_of_policies_that_keep_to_the_rules_keeps_to_them(
    one: d.Policy, other: d.Policy, rules: d.ZoneRules
):
    """A meet only tightens, and tightening never undercuts."""
    below = {refusal.facts["rule"] for policy in (one, other) for refusal in undercuts(policy, rules)}
    sound = [
        msgspec.structs.replace(policy, rules=tuple(rule for rule in policy.rules if rule.id not in below))
        for policy in (one, other)
    ]
    derived = msgspec.structs.replace(one, rules=derive(sound))
    assert undercuts(derived, rules) == []


@settings(max_examples=80, deadline=None)
@given(some_policies(), anybodys, st.integers(0, 5))
def test_lower_floors_never_refuse_more(policy: d.Policy, rules: d.ZoneRules, by: int):
    floors = rules.floors
    lower = msgspec.structs.replace(
        floors,
        minimum_group=max(2, floors.minimum_group - by),
        max_days=floors.max_days + by,
        max_uses=floors.max_uses + by,
        attestations=("none", "simulated", "hardware") if by else floors.attestations,
    )
    looser = msgspec.structs.replace(rules, floors=lower)
    assert {one.clause for one in undercuts(policy, looser)} <= {one.clause for one in undercuts(policy, rules)}


CLAUSE_BY_CLAUSE = {
    "floor-purpose": Purpose(purposes=("public-governance",)),
    "floor-minimum-group": Output(forms=("grade",), minimum_group=3),
    "floor-window": Window(not_before=NOW, not_after=NOW + 366 * DAY),
    "floor-uses": Count(total=1001),
    "floor-attestation": Environment(engines=("cheetah",), attestations=("simulated",)),
}


def changed(zone: Zone, clause: Any) -> d.Policy:
    rule = zone.policy.rules[0]
    kinds = tuple(clause if type(one) is type(clause) else one for one in rule.clauses)
    return msgspec.structs.replace(zone.policy, rules=(msgspec.structs.replace(rule, clauses=kinds),))


@pytest.mark.parametrize("name", CLAUSE_BY_CLAUSE)
def test_each_floor_is_named_alone_with_what_was_found(name: str):
    zone = Zone()
    (refusal,) = undercuts(changed(zone, CLAUSE_BY_CLAUSE[name]), make_rules())
    assert refusal.clause == name
    for language in ("zh", "en"):
        assert "—" not in refusal.sentence(language) + refusal.remedy(language)
        assert zone.policy.rules[0].id in refusal.sentence(language)
    assert undercuts(zone.policy, make_rules()) == []


def test_statistics_without_a_group_and_consent_that_is_only_declared_undercut():
    zone = Zone()
    counting = changed(zone, Action(operations=(Operation(name="statistics"),)))
    assert [one.clause for one in undercuts(counting, make_rules())] == ["floor-minimum-group"]
    assert [one.clause for one in undercuts(zone.policy, make_rules(evidence=("signed",)))] == ["floor-consent"]
    rule = zone.policy.rules[0]
    signed = msgspec.structs.replace(rule, clauses=(*rule.clauses, Consent(evidence=("signed",))))
    assert undercuts(msgspec.structs.replace(zone.policy, rules=(signed,)), make_rules(evidence=("signed",))) == []


def test_a_capsule_that_too_few_open_is_below_the_floor():
    assert custody_undercuts(2, make_rules(custody_threshold=2)) is None
    refusal = custody_undercuts(1, make_rules(custody_threshold=2))
    assert refusal is not None
    assert refusal.clause == "floor-custody"


def make_template(**changes: Any) -> d.Template:
    given = {
        "id": "credit-risk",
        "name": "仅限信贷风控模型",
        "name_en": "Credit-risk model only",
        "about": "贷前和贷中评分",
        "about_en": "scoring before and while lending",
        "days": 30,
        "clauses": (Purpose(purposes=("credit-risk/pre-loan",)), Count(total=40)),
    }
    return d.Template(**{**given, **changes})


def test_a_template_says_what_it_leaves_open_and_keeps_to_the_rules_it_comes_with():
    template = make_template()
    assert {kind.__struct_config__.tag for kind in template.open} == {
        "subject", "action", "code", "environment", "columns", "output",
    }  # fmt: skip
    assert template_undercuts(template, make_rules()) == []
    (refusal,) = template_undercuts(make_template(days=400), make_rules())
    assert (refusal.clause, refusal.facts["rule"]) == ("floor-window", "credit-risk")


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"previous": "sm3:" + "0" * 64},
        {"purposes": ("nonsense",)},
        {"purposes": ()},
        {"templates": (make_template(), make_template(name="另一个"))},
    ],
)
def test_rules_that_contradict_themselves_are_no_document(changes: dict[str, Any]):
    data = msgspec.to_builtins(make_rules())
    with pytest.raises((d.DocumentError, ValueError)):
        parse(to_canonical(msgspec.convert({**data, **msgspec.to_builtins(changes)}, d.ZoneRules)), d.ZoneRules)
    rules = make_rules(templates=(make_template(),))
    assert parse(to_canonical(rules), d.ZoneRules) == rules


class Codes:
    def organisation(self, uscc: str) -> str:
        return uscc

    def model(self, digest: str) -> str:
        return digest[:16]


def test_rules_and_their_changes_are_said_in_both_languages():
    old = make_rules(templates=(make_template(),))
    new = make_rules(
        version=2,
        previous="sm3:" + "0" * 64,
        minimum_group=20,
        max_days=400,
        purposes=("credit-risk", "self-enquiry", "public-governance"),
        templates=(make_template(days=10),),
    )
    zh, en = (
        "".join(part.text for sentence in say_zone_rules(old, one, Codes()) for part in sentence)
        for one in ("zh", "en")
    )
    assert all(words in zh for words in ("统计至少 10 户", "仅限信贷风控模型", "使用方、"))
    assert all(words in en for words in ("a statistic on at least 10 firms", "Credit-risk model only", "users"))
    assert not any("一" <= letter <= "鿿" for letter in en)
    found = {one.aspect: (one.before, one.after, one.effect) for one in zone_differences(old, new, "en", Codes())}
    assert found["a statistic on at least"] == ("10 firms", "20 firms", "tighten")
    assert found["validity at most"] == ("365 days", "400 days", "loosen")
    assert found["purposes only"][2] == "loosen"
    assert "10 days" in found["template"][1]


# In a node's check of an order ----------------------------------------------------------------------------------------


def judged(zone: Zone, rules: d.ZoneRules | None, *, named: str | None) -> str | None:
    """The clause by which the code centre's node refuses an order under a policy that names these rules."""
    zone.policy = msgspec.structs.replace(zone.policy, zone_rules=named)
    zone.header = zone.make_header(zone.policy)
    zone.contract = zone.make_contract()
    zone.request = zone.make_request()
    standing = zone.standing(zone_rules=lambda digest: rules if digest == DIGEST else None)
    try:
        check_order(zone.sign_order(zone.order()), standing)
    except Refused as refused:
        return refused.refusal.clause
    return None


DIGEST = "sm3:" + "7" * 64


@pytest.mark.parametrize(
    ("rules", "named", "clause"),
    [
        (None, None, None),
        (make_rules(), DIGEST, None),
        (None, DIGEST, "zone-rules-unknown"),
        (make_rules(max_uses=1), DIGEST, "floor-uses"),
        (make_rules(custody_threshold=3), DIGEST, "floor-custody"),
        (make_rules(max_uses=1), None, None),
    ],
)
def test_a_node_opens_nothing_whose_policy_undercuts_the_rules_it_was_written_under(rules, named, clause):
    assert judged(Zone(), rules, named=named) == clause
