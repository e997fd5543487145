"""A name that nothing bears makes a policy none: a misspelt column would enter among all others, and a rule that denies
by a misspelt name would deny nothing."""

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.domain import domain
from creditzone.kernel.orders import check_order
from creditzone.kernel.policy.constraints.action import Action, Bound, Operation
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns, ColumnUse, Mask
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.proposed import WHOLE, use_of
from creditzone.kernel.policy.spelling import GROUPINGS, unknown_names
from creditzone.kernel.policy.writing import EVERY_COLUMN
from creditzone.kernel.refusals import Refused
from tests.kernel.zone_fixture import NOW, Zone

ZONE = Zone()
PROFIT = domain("profit_and_loss")


def columns(name: str, *, modes=("score",)) -> Columns:
    hidden = ColumnUse(name=name, ground="firm_authorisation", modes=modes, transform=Mask())
    return Columns(columns=(hidden, *EVERY_COLUMN))


def bounded(operation: str, parameter: str, *values, operator="in") -> Action:
    bound = Bound(parameter=parameter, operator=operator, values=values)
    return Action(operations=(Operation(name=operation, bounds=(bound,)),))


def permitting(clause) -> d.Rule:
    rule = ZONE.rule()
    return msgspec.structs.replace(
        rule, clauses=tuple(clause if type(one) is type(clause) else one for one in rule.clauses)
    )


def denying(*clauses) -> d.Rule:
    return d.Rule(id="no", effect="deny", clauses=clauses)


CASES = [
    (permitting(columns("net_margin")), None),
    (permitting(columns("net_margn")), "unknown-column"),
    (permitting(columns("current_ratio")), "unknown-column"),  # of another domain
    (denying(columns("net_margn")), "unknown-column"),
    (permitting(Purpose(purposes=("credit-risk", "research", "supervision/spot-check"))), None),
    (permitting(Purpose(purposes=("credit-risk", "marketing"))), "unknown-purpose"),
    (denying(Purpose(purposes=("marketing",))), "unknown-purpose"),
    (permitting(bounded("statistics", "minimum_group", 20, operator="gte")), None),
    (permitting(bounded("*", "grouping", "province")), None),
    (denying(bounded("statistics", "grouping", "province", "whole")), None),
    (denying(bounded("statistics", "groupings", "province")), "unknown-parameter"),
    (denying(bounded("statistics", "grouping", "provnce")), "unknown-parameter"),
    (denying(bounded("statistics", "minimum_group", "20")), "unknown-parameter"),
    (denying(bounded("score", "minimum_group", 20)), "unknown-parameter"),
    (denying(Subject(organisations=())), "denies-nothing"),
    (denying(Purpose(purposes=())), "denies-nothing"),
    (denying(Action(operations=())), "denies-nothing"),
    (denying(Code(models=(), programs=("sm3:" + "1" * 64,))), "denies-nothing"),
    (denying(Environment(engines=("aby3",), attestations=())), "denies-nothing"),
    (denying(Columns(columns=(ColumnUse(name="uscc", ground="public_disclosure", modes=()),))), "denies-nothing"),
    (denying(Output(forms=())), "denies-nothing"),
]


@pytest.mark.parametrize(("rule", "expected"), CASES)
def test_each_name_that_nothing_bears_is_named(rule, expected):
    found = unknown_names(ZONE.make_policy(rule), PROFIT)
    assert [one.clause for one in found] == ([] if expected is None else [expected])
    for one in found:
        assert one.facts["rule"] == rule.id
        assert "—" not in one.sentence("zh") + one.sentence("en")


@pytest.mark.parametrize(("rule", "expected"), [case for case in CASES if case[1] is not None])
def test_nothing_opens_under_such_a_policy_though_its_provider_signed_it(rule, expected):
    ZONE.policy = ZONE.make_policy(ZONE.rule(id="other"), rule)
    ZONE.header = ZONE.make_header(ZONE.policy)
    with pytest.raises(Refused) as refused:
        check_order(ZONE.sign_order(ZONE.order()), ZONE.standing())
    assert refused.value.refusal.clause == expected


def test_the_parameters_that_can_be_bounded_are_those_that_a_request_tells():
    request = msgspec.structs.replace(ZONE.request, operation="statistics", minimum_group=10)
    assert dict(use_of(request, at=NOW).parameters) == {"minimum_group": 10, "grouping": WHOLE}
    by_province = use_of(msgspec.structs.replace(request, grouping="province"), at=NOW)
    assert by_province.parameters["grouping"] == "province"
    assert not use_of(ZONE.request, at=NOW).parameters
    told = msgspec.inspect.type_info(d.JobRequest)
    grouping = next(one.type for one in told.fields if one.name == "grouping")
    values = {value for one in grouping.types if hasattr(one, "values") for value in one.values}
    assert values | {WHOLE} == GROUPINGS
