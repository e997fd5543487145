"""The difference between two versions of a rule is said value by value, and names what it loosens and tightens."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.policy.constraints import KINDS
from creditzone.kernel.policy.constraints.base import Scope, short
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import say_exactly
from creditzone.kernel.policy.difference import ASPECTS, differences, say_aspect
from creditzone.kernel.policy.evaluation import Allowed, decide
from creditzone.kernel.policy.sentence import say_rule
from creditzone.kernel.policy.writing import permit
from tests.kernel.policies import BANK, MODELS, NOW, policy, rules, uses
from tests.kernel.test_policies_deny_by_default import CodesAsNames

NAMES = CodesAsNames()


def rule(**changes):
    facts = {
        "grantees": (BANK,),
        "purposes": ("credit-risk",),
        "models": MODELS[:1],
        "engines": ("cheetah",),
        "disclosures": ("grade",),
        "not_before": 0,
        "not_after": NOW,
        "uses": 40,
    }
    return permit("a", **(facts | changes))


CASES = [
    ({"uses": 20}, [("uses", "40 times", "20 times", "tighten")]),
    ({"uses": 60}, [("uses", "40 times", "60 times", "loosen")]),
    ({"per_day": 3}, [("uses-a-day", "", "3 a day", "tighten")]),
    ({"max_rows": 10}, [("max-rows", "", "10 firms a time", "tighten")]),
    ({"disclosures": ("grade", "reasons")}, [("disclosure", "the score grade", "", "loosen")]),
    ({"models": MODELS[1:2]}, [("model", f"<{MODELS[0]}> ({short(MODELS[0])})", f"<{MODELS[1]}>", "")]),
    ({}, []),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_each_difference_is_named_with_its_effect(changes, expected):
    found = list(differences(rule(), rule(**changes), "en", NAMES))
    assert [(one.aspect, one.before, one.effect) for one in found] == [(a, b, e) for a, b, _, e in expected]
    for one, (_, _, after, _) in zip(found, expected, strict=True):
        assert after in one.after


@given(rules(), rules(), uses())
def test_a_version_that_only_tightens_permits_nothing_new(old, new, use):
    effects = {one.effect for one in differences(old, new, "en", NAMES)}
    if effects <= {"tighten"} and isinstance(decide(policy(new), use, Scope.ADMISSION), Allowed):
        same_name = msgspec.structs.replace(old, id=new.id)
        assert isinstance(decide(policy(same_name), use, Scope.ADMISSION), Allowed)


class AllAlike:
    """Organisations by their codes, and every scorecard under one name."""

    def organisation(self, uscc):
        return uscc

    def model(self, digest):
        return "Card v1"


@st.composite
def neighbours(draw):
    """Two rules that differ in one clause, or in none."""
    one, other = draw(rules()), draw(rules())
    kind = draw(st.sampled_from([type(clause) for clause in other.clauses]))
    clauses = [clause for clause in one.clauses if type(clause) is not kind] + [other.clause(kind)]
    clauses.sort(key=lambda clause: KINDS.index(type(clause)))
    return one, msgspec.structs.replace(one, clauses=tuple(clauses))


@pytest.mark.parametrize("language", ["zh", "en"])
@given(pair=neighbours())
def test_what_differs_is_said_in_the_sentence_and_in_the_difference(language, pair):
    """A scorecard, a person, a program, the edge of a band, a mode: nothing changes unseen."""
    old, new = pair
    said = [[part.text for part in say_rule(one, language, AllAlike())] for one in pair]
    found = list(differences(old, new, language, AllAlike()))
    assert (said[0] == said[1]) == (old == new)
    assert bool(found) == (old != new)
    assert all(one.before != one.after for one in found)
    kinds = [kind for kind in KINDS if old.clause(kind) != new.clause(kind)]
    assert len(kinds) <= 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_rule_that_begins_to_deny_is_a_difference_and_denying_less_loosens(language):
    kept = tuple(one for one in rule().clauses if isinstance(one, Subject | Purpose))
    permits = msgspec.structs.replace(rule(), clauses=rule().clauses)
    denies = d.Rule(id="a", effect="deny", clauses=kept)
    first = next(differences(permits, denies, language, NAMES))
    assert (first.aspect, first.effect) == ("effect", "tighten")
    assert first.before != first.after
    less = d.Rule(id="a", effect="deny", clauses=(kept[0], Purpose(purposes=("credit-risk/pre-loan",))))
    assert [one.effect for one in differences(denies, less, language, NAMES)] == ["loosen"]
    assert [one.effect for one in differences(less, denies, language, NAMES)] == ["tighten"]


def test_instants_are_said_as_exactly_as_they_are_and_the_last_of_all_is_said_too():
    assert say_exactly(NOW - NOW % 60_000).count(":") == 1
    assert len({say_exactly(NOW + step) for step in (0, 1, 1000, 60_000)}) == 4
    assert say_exactly(2**53 - 1) == str(2**53 - 1)


@given(rules())
def test_every_value_of_a_sentence_has_a_name(one):
    for language in ("zh", "en"):
        said = {part.clause for clause in one.clauses for part in clause.say(language, NAMES) if part.clause}
        assert said <= ASPECTS.keys()
        assert all(say_aspect(aspect, language) for aspect in said)
