"""The difference between two versions of a rule is said value by value, and names what it loosens and tightens."""

import msgspec
import pytest
from hypothesis import given

from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.difference import ASPECTS, differences, say_aspect
from creditzone.kernel.policy.evaluation import Allowed, decide
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
    ({"models": MODELS[1:2]}, [("model", f"<{MODELS[0]}>", f"<{MODELS[1]}>", "")]),
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


@given(rules())
def test_every_value_of_a_sentence_has_a_name(one):
    for language in ("zh", "en"):
        said = {part.clause for clause in one.clauses for part in clause.say(language, NAMES) if part.clause}
        assert said <= ASPECTS.keys()
        assert all(say_aspect(aspect, language) for aspect in said)
