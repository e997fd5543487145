"""A policy permits only what some rule says in full and no rule denies; its sentence says all that it permits."""

import re
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.policy.constraints import KINDS, REQUIRED
from creditzone.kernel.policy.constraints.action import Action, Bound, Operation
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns, ColumnUse
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.evaluation import Allowed, decide, require_still_allowed
from creditzone.kernel.policy.odrl import policy_schema, to_odrl
from creditzone.kernel.policy.purposes import PURPOSES, permits
from creditzone.kernel.policy.scopes import AFTER, judged_where
from creditzone.kernel.policy.scopes import CLAUSES as JUDGED
from creditzone.kernel.policy.sentence import say_policy
from creditzone.kernel.policy.use import Counts
from creditzone.kernel.policy.writing import permit
from creditzone.kernel.refusals import CLAUSES, Refusal, Refused
from tests.kernel.policies import BANK, MODELS, NOW, PEOPLE, deny, policy, rules, use_of, uses


@given(st.lists(rules(), max_size=3, unique_by=lambda rule: rule.id), uses(), st.sampled_from(list(Scope)))
def test_allowed_exactly_when_every_clause_of_one_rule_holds(all_rules, use, scope):
    decision = decide(policy(*all_rules), use, scope)
    holding = [
        rule.id
        for rule in all_rules
        if all(
            one.check(replace(use, rule=rule.id, scope=scope)) is None
            for one in rule.clauses
            if scope in one.checked_at
        )
    ]
    if holding:
        assert isinstance(decision, Allowed)
        assert decision.rule == holding[0]
    else:
        assert isinstance(decision, Refusal)
        assert decision.clause in CLAUSES


@given(rules(), uses())
def test_what_a_scope_does_not_judge_is_named_and_never_dropped(rule, use):
    for scope in Scope:
        decision = decide(policy(rule), use, scope)
        if isinstance(decision, Allowed):
            assert set(decision.later) == {one.clause for one in rule.clauses if scope not in one.checked_at}
    assert all(kind.checked_at for kind in KINDS)


@given(rules(), uses())
def test_a_rule_that_denies_overrides_whatever_others_allow(rule, use):
    everything = deny("no", rule)
    decision = decide(policy(rule, everything), use)
    if isinstance(decide(policy(rule), use), Allowed):
        assert decision == Refusal("deny-rule", {"rule": "no"})


TAX = Columns(columns=(ColumnUse(name="tax", ground="firm_authorisation", modes=("score",)),))
REASONS = Output(forms=("reasons",))
ANY_DEEP = Action(
    operations=(
        Operation(name="score", bounds=(Bound(parameter="trees", operator="gte", values=(99,)),)),
        Operation(name="*", bounds=(Bound(parameter="depth", operator="gte", values=(7,)),)),
    )
)
DENIED = [
    (TAX, {"columns": (("uscc", "match"), ("tax", "score"))}, {"columns": (("uscc", "match"), ("wages", "score"))}),
    (TAX, {"columns": (("tax", "score"),)}, {"columns": (("tax", "match"),)}),
    (REASONS, {"disclosures": ("grade", "reasons")}, {"disclosures": ("grade",)}),
    (ANY_DEEP, {"parameters": {"trees": 1, "depth": 7}}, {"parameters": {"trees": 1, "depth": 6}}),
    (ANY_DEEP, {"parameters": {"trees": 1}}, {"parameters": {"trees": 1, "depth": 6}}),
    (TAX, {"columns": None}, {"columns": ()}),
    (Subject(organisations=(BANK,), roles=("owner",)), {"role": None}, {"role": "officer"}),
    (Subject(organisations=(BANK,), people=PEOPLE[:1]), {"person": None}, {"person": PEOPLE[1]}),
    (Subject(organisations=(BANK,), roles=("owner",)), {"role": "owner"}, {"role": "officer"}),
    (Code(models=MODELS, programs=MODELS[:1]), {"program": None}, {"program": MODELS[1]}),
    (
        Window(not_before=0, not_after=NOW + 1, days_from_contract=1),
        {"contract_at": None},
        {"contract_at": NOW - 2 * 86_400_000},
    ),
]
"""A clause of a rule that denies, a use that it touches, also where a fact was kept back, and one that it does not."""


@pytest.mark.parametrize(("clause", "denied", "allowed"), DENIED)
def test_one_forbidden_thing_is_enough_to_deny_and_so_is_one_that_is_not_told(clause, denied, allowed):
    one = policy(permit("a", **WHOLE), d.Rule(id="no", effect="deny", clauses=(clause,)))
    assert decide(one, use_of(**denied)) == Refusal("deny-rule", {"rule": "no"})
    assert isinstance(decide(one, use_of(**allowed)), Allowed)


@pytest.mark.parametrize("name", ["grantees", "purposes", "models", "engines", "disclosures", "columns"])
@given(use=uses())
def test_an_empty_list_in_a_clause_permits_nothing(name, use):
    empty = permit("a", **(WHOLE | {name: ()}))
    assert isinstance(decide(policy(empty), replace(use, columns=(("uscc", "match"),))), Refusal)


WHOLE = {
    "grantees": (BANK, "subject"),
    "purposes": tuple(PURPOSES),
    "models": MODELS,
    "engines": ("cheetah", "aby3"),
    "disclosures": ("decision", "grade", "reasons", "score"),
    "not_before": 0,
    "not_after": NOW + 10,
    "uses": 5,
}


@pytest.mark.parametrize("kind", sorted(REQUIRED, key=str))
def test_a_rule_that_leaves_out_a_required_clause_is_no_rule(kind):
    whole = permit("a", **WHOLE)
    with pytest.raises(ValueError, match="lacks"):
        d.Rule(id="a", clauses=tuple(one for one in whole.clauses if not isinstance(one, kind)))


def test_a_rule_with_a_clause_twice_or_out_of_order_is_no_rule():
    whole = permit("a", **WHOLE)
    for clauses in ((*whole.clauses, whole.clauses[-1]), whole.clauses[::-1]):
        with pytest.raises(ValueError, match="in its order"):
            d.Rule(id="a", clauses=clauses)


def test_a_parent_purpose_permits_its_children_and_no_name_that_only_begins_alike():
    assert permits("credit-risk", "credit-risk/pre-loan")
    assert not permits("credit-risk/pre-loan", "credit-risk")
    assert not permits("credit-risk", "credit-risk-other")
    assert not permits("credit-risk", "credit-risk/unknown")


def test_uses_of_a_rule_are_judged_again_as_its_result_is_released():
    rule = permit("a", **WHOLE)
    output = msgspec.structs.replace(rule.of(Output), max_rows=10)
    limited = d.Rule(id="a", clauses=tuple(output if isinstance(one, Output) else one for one in rule.clauses))
    one = policy(limited)
    require_still_allowed(one, replace(use_of(), rows=10), Scope.RELEASE, rule="a")
    with pytest.raises(Refused) as refused:
        require_still_allowed(one, replace(use_of(), rows=11), Scope.RELEASE, rule="a")
    assert refused.value.refusal == Refusal("max-rows", {"rows": "11", "limit": "10", "rule": "a"})
    with pytest.raises(Refused):
        require_still_allowed(one, replace(use_of(), rows=1, counts={"a": Counts(total=5)}), Scope.RELEASE, rule="a")


class CodesAsNames:
    def organisation(self, uscc):
        return f"<{uscc}>"

    def model(self, digest):
        return f"<{digest}>"


@given(rules())
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
        assert clauses >= {"validity", "uses", "columns", "attestation"}


def test_each_kind_of_clause_has_a_name_of_its_own():
    tags = [kind.__struct_config__.tag for kind in KINDS]
    assert len(set(tags)) == len(tags)


@given(st.lists(rules(), max_size=3, unique_by=lambda rule: rule.id))
def test_a_policy_reads_back_from_its_canonical_form_and_from_no_other(all_rules):
    one = policy(*all_rules)
    text = d.to_canonical(one)
    assert d.parse(text, d.Policy) == one
    if all_rules:
        for spoiled in (text.replace(b'"purpose"', b'"purposes"', 1), text.replace(b'"count"', b'"counts"', 1)):
            with pytest.raises(d.DocumentError):
                d.parse(spoiled, d.Policy)


@given(rules())
def test_odrl_says_every_clause(rule):
    exported = to_odrl(policy(rule, deny("no", rule)))
    assert exported["conflict"] == "prohibit"
    [permission] = exported["permission"]
    [both] = permission["constraint"]
    said = {one["leftOperand"] for one in both["and"]}
    assert said >= {kind.term for kind in map(type, rule.clauses) if kind is not Duties}
    owed = rule.clause(Duties)
    assert [one["action"] for one in permission.get("duty", ())] == [
        *(["inform"] if owed and owed.notify else []),
        *(["delete"] if owed and owed.delete_after_days else []),
    ]
    assert len(exported["prohibition"]) == 1


@given(rules(), rules())
def test_odrl_tells_rules_apart_whose_clauses_that_bar_a_use_differ(one, other):
    told = [to_odrl(policy(msgspec.structs.replace(each, id="a"))) for each in (one, other)]
    barring = [tuple(clause for clause in each.clauses if not isinstance(clause, Duties)) for each in (one, other)]
    if barring[0] != barring[1]:
        assert told[0]["permission"] != told[1]["permission"]


@given(rules())
def test_every_term_of_odrl_expands_to_an_iri(rule):
    exported = to_odrl(policy(rule))
    _, own = exported["@context"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", exported["profile"])
    assert own == {"cz": exported["profile"] + "#"}
    [both] = exported["permission"][0]["constraint"]
    for one in both["and"]:
        assert one["leftOperand"] in ODRL_TERMS or one["leftOperand"].startswith("cz:")


ODRL_TERMS = {"assignee", "purpose", "dateTime", "count", "payAmount", "spatial"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_where_a_clause_is_judged_is_said_as_the_clauses_have_it(language):
    *judged, (_, after) = judged_where(language)
    said = dict(zip(Scope, judged, strict=True))
    assert after == [words[language != "zh"] for words in AFTER.values()]
    assert set(JUDGED) | set(AFTER) == set(KINDS)
    for kind, words in JUDGED.items():
        where = {scope for scope, (_, names) in said.items() if words[language != "zh"] in names}
        assert where == kind.checked_at
    assert len({words for words, _ in said.values()}) == len(Scope)


def test_the_published_schema_knows_every_kind_of_clause():
    text = msgspec.json.encode(policy_schema()).decode()
    assert all(f'"{kind.__struct_config__.tag}"' in text for kind in KINDS)
    assert '"additionalProperties":false' in text
