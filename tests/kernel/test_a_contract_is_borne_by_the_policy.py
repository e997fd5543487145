"""A contract is agreed only where the policy lets its user in, for its purpose, at its price; what only a job tells is
left to its jobs."""

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.policy.constraints.columns import Columns, ColumnUse
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.offering import require_offerable
from creditzone.kernel.refusals import Refused
from tests.kernel.policies import BANK, NOW, PEOPLE, PLATFORM
from tests.kernel.policies import policy as policy_of
from tests.kernel.zone_fixture import Zone

ZONE = Zone()
PRICED = ZONE.rule(more=(Payment(least_fen=150),))
IN_HUBEI = ZONE.rule(more=(Place(divisions=("11",)),))
OVER = ZONE.rule(not_after=NOW)


def denied(*clauses) -> d.Rule:
    return d.Rule(id="no", effect="deny", clauses=clauses)


def contract(**changes) -> d.Contract:
    return msgspec.structs.replace(d.read(ZONE.contract, d.Contract), **changes)


def judged(rules, **changes) -> str:
    try:
        return require_offerable(policy_of(*rules), contract(**changes), at=NOW)
    except Refused as refused:
        assert refused.refusal.sentence("zh") != refused.refusal.sentence("en")
        return refused.refusal.clause


@pytest.mark.parametrize(
    ("rules", "changes", "decides"),
    [
        ([ZONE.rule()], {}, "bank"),
        ([PRICED], {"price_fen": 150}, "bank"),
        ([PRICED], {"price_fen": 149}, "price"),
        ([PRICED], {"price_fen": 0}, "price"),
        ([ZONE.rule()], {"consumer": PLATFORM}, "grantee"),
        ([ZONE.rule()], {"purpose": "public-governance"}, "purpose"),
        ([ZONE.rule()], {"purpose": "marketing"}, "purpose"),
        ([IN_HUBEI], {}, "place"),
        ([OVER], {}, "validity"),
        ([], {}, "policy-empty"),
        ([denied(Subject(organisations=(BANK,)))], {}, "deny-rule"),
        ([ZONE.rule(), denied(Subject(organisations=(BANK,)))], {}, "deny-rule"),
        ([ZONE.rule(), denied(Purpose(purposes=("credit-risk/pre-loan",)))], {}, "deny-rule"),
        ([ZONE.rule(), denied(Purpose(purposes=("credit-risk/in-loan",)))], {}, "bank"),
    ],
)
def test_the_deciding_clause_is_that_of_the_policy(rules, changes, decides):
    assert judged(rules, **changes) == decides


TAX = Columns(columns=(ColumnUse(name="tax", ground="public_disclosure", modes=("score",)),))


@pytest.mark.parametrize(
    "clauses",
    [
        (Subject(organisations=(BANK,)), TAX),
        (Subject(organisations=(BANK,), roles=("owner",)),),
        (Subject(organisations=(BANK,), people=PEOPLE),),
        (Subject(organisations=(BANK,)), Window(not_before=0, not_after=NOW + 1)),
    ],
)
def test_what_a_contract_cannot_tell_denies_jobs_under_it_and_not_the_contract(clauses):
    assert judged([ZONE.rule(), denied(*clauses)]) == "bank"
