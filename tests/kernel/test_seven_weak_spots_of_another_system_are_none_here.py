"""What was found by reading an existing capsule manager, spot by spot: each is tried here and does not succeed."""

import io
from dataclasses import replace

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.capsule import CapsuleDamaged, open_header, read_body, seal_header
from creditzone.kernel.capsule.body import summary_of
from creditzone.kernel.orders import check_order
from creditzone.kernel.policy.constraints.action import Action, Bound, Operation
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.derivation import derive
from creditzone.kernel.policy.evaluation import Allowed, decide
from creditzone.kernel.policy.proposed import use_of as proposed
from creditzone.kernel.policy.use import Counts, Use
from creditzone.kernel.refusals import Refusal, Refused
from tests.kernel.capsule import making
from tests.kernel.zone_fixture import BANK, CENTRE, NOW, Zone


@pytest.fixture
def zone():
    return Zone()


def with_clause(rule: d.Rule, clause) -> d.Rule:
    """The rule with another clause of this kind, or with it beside its others."""
    kept = [clause if type(one) is type(clause) else one for one in rule.clauses]
    if clause not in kept:
        kept.append(clause)
    return d.Rule(id=rule.id, effect=rule.effect, clauses=tuple(kept))


def use(zone: Zone, **changes) -> Use:
    return replace(proposed(zone.request, at=NOW), **changes)


def decision(zone: Zone, *rules: d.Rule, scope: Scope = Scope.OPENING, **changes):
    return decide(zone.make_policy(*rules), use(zone, **changes), scope)


def clause_of(found) -> str:
    return found.clause if isinstance(found, Refusal) else "allowed"


def bounded(name: str, **bounds: tuple[str, int]) -> Action:
    made = tuple(Bound(parameter=each, operator=op, values=(value,)) for each, (op, value) in bounds.items())
    return Action(operations=(Operation(name=name, bounds=made),))


def test_first_a_wildcard_keeps_the_constraints_that_hang_on_it(zone):
    rule = with_clause(zone.rule(), bounded("*", trees=("lte", 12)))
    assert decision(zone, rule, parameters={"trees": 12}) == Allowed("bank")
    for parameters in ({"trees": 13}, {}):
        assert clause_of(decision(zone, rule, parameters=parameters)) == "parameter"


def test_second_columns_are_closed_by_keys_and_not_by_the_application():
    """Whoever holds all that the header lets out still has no key for the column that the policy left out."""
    keys = {0: b"the asked column", 1: b"the other column"}
    texts = {0: b"uscc\n1\n", 1: b"tax\n5\n"}
    bodies = {group: making.body(texts[group], key=key, group=group) for group, key in keys.items()}
    groups = [
        d.ColumnGroup(index=group, columns=(name,), length=bodies[group][1].length, chunks=bodies[group][1].chunks)
        for group, name in enumerate(("uscc", "tax"))
    ]
    held = making.divided()
    header = seal_header(
        policy=making.policy(),
        keys={0: keys[0]},
        divided=held,
        domain="balance_sheet",
        rows=1,
        body=making.BODY,
        body_digest="sm3:" + "0" * 64,
        groups=groups,
        now=1,
        chunk_size=making.CHUNK,
    )
    assert open_header(header, held.secret) == {0: keys[0]}
    for key in (keys[0], held.secret[:16], held.secret[16:]):
        with pytest.raises(CapsuleDamaged):
            list(
                read_body(
                    io.BytesIO(bodies[1][0]),
                    key,
                    capsule=making.CAPSULE,
                    body=making.BODY,
                    group=1,
                    summary=summary_of(header, 1),
                )
            )


def test_third_a_derived_capsule_keeps_the_bounds_of_every_parent_in_whatever_order(zone):
    again = Derivation(generations=1)
    left = with_clause(with_clause(zone.rule(id="left"), bounded("score", trees=("lte", 12))), again)
    right = with_clause(with_clause(zone.rule(id="right"), bounded("score", depth=("lte", 6))), again)
    for parents in ((left, right), (right, left)):
        rules = derive([zone.make_policy(parent) for parent in parents])
        assert isinstance(decision(zone, *rules, parameters={"trees": 12, "depth": 6}), Allowed)
        for parameters in ({"trees": 13, "depth": 6}, {"trees": 12, "depth": 7}, {"trees": 12}, {"depth": 6}):
            assert clause_of(decision(zone, *rules, parameters=parameters)) == "parameter"


def test_fourth_nobody_attests_itself(zone):
    """An environment that shows no evidence is one of its own kind, whatever its request says of it."""
    attested = with_clause(zone.rule(), Environment(engines=("cheetah",), attestations=("hardware", "simulated")))
    assert clause_of(decision(zone, attested)) == "attestation"
    fields = {name for kind in (d.JobRequest, d.Order) for name in kind.__struct_fields__}
    assert not fields & {"attestation", "environment", "env", "at", "now"}
    for name in ("attestation", "env"):
        claimed = msgspec.json.encode(msgspec.to_builtins(zone.request) | {name: "hardware"})
        with pytest.raises(d.DocumentError):
            d.parse(claimed, d.JobRequest)


def test_fifth_who_signed_and_with_whose_key_is_one_question(zone):
    """A signature that names one organisation and was made with another's key counts for neither; a request has an end,
    and an order is carried out once."""
    made = d.sign(zone.request, zone.keys[CENTRE], by=BANK)
    for key_of in (CENTRE, BANK):
        named = msgspec.structs.replace(made, key=d.key_id(zone.keys[key_of].public))
        order = zone.sign_order(zone.order(request=d.Signed(text=d.unsigned(zone.request).text, signatures=(named,))))
        assert refused(order, zone) == "request-signature"
    good = zone.sign_order(zone.order())
    ended = zone.standing(now=zone.request.expires_at, kept_time=zone.request.expires_at)
    late = zone.sign_order(zone.order(issued_at=ended.now, expires_at=ended.now + 60_000))
    with pytest.raises(Refused) as expired:
        check_order(late, ended)
    assert expired.value.refusal.clause == "request-expired"
    zone.seen.add(zone.order().id)
    assert refused(good, zone) == "replayed"


def refused(order: d.Signed, zone: Zone) -> str:
    with pytest.raises(Refused) as refusal:
        check_order(order, zone.standing())
    return refusal.value.refusal.clause


@pytest.mark.parametrize("before", [9, 99, 999_999_999_999])
def test_sixth_times_are_instants_and_compare_as_such(zone, before):
    """As text `9` is after `10`: here the end holds to the millisecond, and text is no instant at all."""
    rule = with_clause(zone.rule(), Window(not_before=0, not_after=before + 1))
    assert isinstance(decision(zone, rule, at=before), Allowed)
    assert clause_of(decision(zone, rule, at=before + 1)) == "validity"
    text = d.to_canonical(zone.make_policy(rule)).replace(f'"not_after":{before + 1}'.encode(), b'"not_after":"9"')
    with pytest.raises(d.DocumentError):
        d.parse(text, d.Policy)


def test_seventh_uses_are_counted_and_every_refusal_says_why(zone):
    """Counted at each scope that spends; the answer names its clause, its rule and the facts that it read."""
    spent = {"bank": Counts(total=3)}
    found = decision(zone, zone.rule(uses=3), counts=spent)
    assert isinstance(found, Refusal)
    assert (found.clause, found.facts["rule"]) == ("uses", "bank")
    assert found.sentence("zh")
    assert found.sentence("en")
    assert isinstance(decision(zone, zone.rule(uses=4), counts=spent), Allowed)
    zone.spent = {"bank": 3}
    assert refused(zone.sign_order(zone.order()), zone) == "uses"


def test_none_of_the_seven_returns_by_a_clause_that_is_left_out(zone):
    """A rule without one of the clauses above is no rule: there is nothing that could be forgotten."""
    whole = zone.rule()
    for kind in (Action, Columns, Environment, Window):
        with pytest.raises((ValueError, d.DocumentError)):
            d.Rule(id="r", clauses=tuple(one for one in whole.clauses if not isinstance(one, kind)))
