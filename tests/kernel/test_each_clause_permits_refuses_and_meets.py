"""Each kind of clause: a use within it, one beyond it with the clause that decides and the facts it read, and the meet
of two of its kind. The weak spots seen in other systems' policies are named where they are shut."""

from dataclasses import replace

import numpy as np
import pytest

from creditzone.kernel.policy.constraints.action import Action, Bound, Operation
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Band, Columns, ColumnUse, Mask, Round
from creditzone.kernel.policy.constraints.consent import Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Daily, Window
from creditzone.kernel.policy.transforms import changed
from creditzone.kernel.policy.use import Counts
from tests.kernel.policies import BANK, FIRM, MODELS, NOW, PEOPLE, PLATFORM, use_of

DAY = 86_400_000
HOURS = (Daily(since=8 * 60, until=20 * 60, zone="Asia/Shanghai"),)
NIGHT = (Daily(since=22 * 60, until=6 * 60, zone="Asia/Shanghai"),)
NOON, MIDNIGHT = 1_790_049_600_000, 1_790_006_400_000  # 2026-09-22 12:00 and 00:00 in Shanghai
BOUNDED = Action(
    operations=(
        Operation(name="score", bounds=(Bound(parameter="trees", operator="gte", values=(12,)),)),
        Operation(name="*", bounds=(Bound(parameter="depth", operator="lte", values=(6,)),)),
    )
)
TAX = Columns(columns=(ColumnUse(name="tax", ground="firm_authorisation", modes=("score",)),))
SPENT = {"a": Counts(total=2, today=2, rows_today=90)}


def window(**changes):
    return Window(**({"not_before": 0, "not_after": NOW + DAY} | changes))


CASES = [
    # clause, a use within, a use beyond, what decides
    (Subject(organisations=(BANK,)), {}, {"grantee": PLATFORM}, "grantee"),
    (Subject(organisations=("subject",)), {"grantee": FIRM, "subject": FIRM}, {}, "grantee"),
    (Subject(organisations=(BANK,)), {}, {"subject": FIRM}, "grantee"),
    (Subject(organisations=(BANK,), roles=("officer",)), {"role": "officer"}, {"role": "owner"}, "role"),
    (Subject(organisations=(BANK,), roles=("officer",)), {"role": "officer"}, {"role": None}, "role"),
    (Subject(organisations=(BANK,), people=PEOPLE[:1]), {"person": PEOPLE[0]}, {"person": PEOPLE[1]}, "person"),
    (Purpose(purposes=("credit-risk",)), {"purpose": "credit-risk/in-loan"}, {"purpose": "self-enquiry"}, "purpose"),
    (Action(operations=(Operation(name="score"),)), {}, {"operation": "export"}, "operation"),
    (Action(operations=()), None, {}, "operation"),
    (BOUNDED, {"parameters": {"trees": 12, "depth": 6}}, {"parameters": {"trees": 11, "depth": 6}}, "parameter"),
    (BOUNDED, {"parameters": {"trees": 12, "depth": 6}}, {"parameters": {"trees": 12}}, "parameter"),
    (Code(models=MODELS[:1]), {}, {"model": MODELS[1]}, "model"),
    (Code(models=MODELS[:1], programs=MODELS[2:]), {"program": MODELS[2]}, {"program": MODELS[1]}, "program"),
    (Environment(engines=("cheetah",), attestations=("none",)), {}, {"engine": "aby3"}, "engine"),
    (Environment(engines=("cheetah",), attestations=("none",)), {}, {"attestation": "hardware"}, "attestation"),
    (Environment(engines=("cheetah",), attestations=("hardware",)), {"attestation": "hardware"}, {}, "attestation"),
    (TAX, {"columns": (("tax", "score"),)}, {"columns": (("tax", "match"),)}, "columns"),
    (TAX, {"columns": (("tax", "score"),)}, {"columns": (("tax", "score"), ("wages", "score"))}, "columns"),
    (Output(forms=("grade",)), {}, {"disclosures": ("grade", "score")}, "disclosure"),
    (Output(forms=("grade",)), {}, {"disclosures": ()}, "disclosure"),
    (
        Output(forms=("decision",), decision_bands=(4,)),
        {"disclosures": ("decision",), "decision_band": 4},
        {"disclosures": ("decision",), "decision_band": 3},
        "decision-band",
    ),
    (window(), {}, {"at": NOW + DAY}, "validity"),
    (window(not_before=NOW), {}, {"at": NOW - 1}, "validity"),
    (window(days_from_contract=2), {"contract_at": NOW - DAY}, {"contract_at": NOW - 2 * DAY}, "contract-days"),
    (window(days_from_contract=2), {"contract_at": NOW - DAY}, {"contract_at": None}, "contract-days"),
    (window(not_after=NOON + DAY, daily=HOURS), {"at": NOON}, {"at": MIDNIGHT}, "daily-window"),
    (window(not_after=NOON + DAY, daily=NIGHT), {"at": MIDNIGHT}, {"at": NOON}, "daily-window"),
    (Count(total=3), {"counts": SPENT}, {"counts": {"a": Counts(total=3)}}, "uses"),
    (Count(total=9, per_day=3), {"counts": SPENT}, {"counts": {"a": Counts(today=3)}}, "uses-a-day"),
    (Place(divisions=("42",)), {}, {"grantee": "91110000600037341L"}, "place"),
    (Consent(evidence=("signed",)), {"evidence": "signed"}, {}, "consent"),
]


@pytest.mark.parametrize(("clause", "within", "beyond", "decides"), CASES)
def test_a_use_within_passes_and_one_beyond_is_refused_by_its_clause(clause, within, beyond, decides):
    def check(changes):
        return clause.check(replace(use_of(**changes), rule="a", scope=Scope.OPENING))

    if within is not None:
        assert check(within) is None
    refused = check(beyond)
    assert refused is not None
    assert refused.clause == decides
    for language in ("zh", "en"):
        assert "—" not in refused.sentence(language) or decides in {"role", "program", "parameter", "disclosure"}


AT_RELEASE = [
    (Output(forms=("grade",), max_rows=10), {"rows": 10}, {"rows": 11}, "max-rows"),
    (Output(forms=("grade",), max_rows=10), {"rows": 10}, {"rows": None}, "max-rows"),
    (
        Output(forms=("statistic",), minimum_group=10),
        {"disclosures": ("statistic",), "least_group": 10, "group": 10},
        {"disclosures": ("statistic",), "least_group": 10, "group": 9},
        "minimum-group",
    ),
    (
        Count(total=9, per_subject=2),
        {"counts": SPENT, "firm_uses": 1},
        {"counts": SPENT, "firm_uses": 2},
        "uses-a-firm",
    ),
    (Count(total=9, rows_per_day=100), {"counts": SPENT, "rows": 10}, {"counts": SPENT, "rows": 11}, "rows-a-day"),
]


@pytest.mark.parametrize("scope", [Scope.ADMISSION, Scope.OPENING, Scope.RELEASE])
def test_a_statistic_demands_the_policys_number_of_firms_from_the_beginning(scope):
    clause = Output(forms=("statistic",), minimum_group=10)
    asked = replace(use_of(disclosures=("statistic",), least_group=10, group=10), scope=scope)
    assert clause.check(asked) is None
    assert clause.check(replace(asked, least_group=9)).clause == "minimum-group"
    assert clause.check(replace(asked, least_group=None)).clause == "minimum-group"


@pytest.mark.parametrize(("clause", "within", "beyond", "decides"), AT_RELEASE)
def test_what_only_the_common_set_tells_is_judged_at_release(clause, within, beyond, decides):
    assert clause.check(replace(use_of(**within), rule="a", scope=Scope.RELEASE)) is None
    assert clause.check(replace(use_of(**beyond), rule="a", scope=Scope.RELEASE)).clause == decides
    assert clause.check(replace(use_of(**beyond), rule="a", scope=Scope.OPENING)) is None


def test_a_contract_pays_at_least_the_price():
    clause = Payment(least_fen=12)
    for scope in (Scope.CONTRACT, Scope.ADMISSION, Scope.OPENING):
        assert clause.check(replace(use_of(price_fen=12), scope=scope)) is None
        assert clause.check(replace(use_of(price_fen=11), scope=scope)).clause == "price"
    assert clause.check(replace(use_of(), scope=Scope.CONTRACT)).clause == "price"
    assert clause.check(replace(use_of(), scope=Scope.OPENING)) is None


MEETS = [
    (Subject(organisations=(BANK, PLATFORM)), Subject(organisations=(BANK,)), Subject(organisations=(BANK,))),
    (Subject(organisations=(BANK,)), Subject(organisations=(PLATFORM,)), None),
    (
        Subject(organisations=(BANK,), roles=("officer",)),
        Subject(organisations=(BANK,)),
        Subject(organisations=(BANK,), roles=("officer",)),
    ),
    (Subject(organisations=(BANK,), roles=("officer",)), Subject(organisations=(BANK,), roles=("owner",)), None),
    (
        Purpose(purposes=("credit-risk",)),
        Purpose(purposes=("credit-risk/in-loan", "self-enquiry")),
        Purpose(purposes=("credit-risk/in-loan",)),
    ),
    (Output(forms=("grade", "score")), Output(forms=("grade",), max_rows=5), Output(forms=("grade",), max_rows=5)),
    (
        Output(forms=("grade", "decision"), decision_bands=(1,)),
        Output(forms=("grade", "decision"), decision_bands=(2,)),
        Output(forms=("grade",), decision_bands=(1,)),
    ),
    (Count(total=3, per_day=2), Count(total=5, rows_per_day=9), Count(total=3, per_day=2, rows_per_day=9)),
    (Count(total=3, per_subject=2), Count(total=5, per_subject=4), Count(total=3, per_subject=2)),
    (Count(total=3), Count(total=5, per_subject=4), Count(total=3, per_subject=4)),
    (Place(divisions=("42", "11")), Place(divisions=("4201",)), Place(divisions=("4201",))),
    (Place(divisions=("42",)), Place(divisions=("11",)), None),
    (window(not_after=NOW), window(not_before=NOW), None),
]


@pytest.mark.parametrize(("mine", "theirs", "both"), MEETS)
def test_the_meet_is_what_both_permit(mine, theirs, both):
    assert mine.meet(theirs) == both


def test_a_wildcard_keeps_its_own_bounds_and_a_meet_keeps_those_of_both():
    """Elsewhere a rule whose operation is `*` never looks at the bounds of `*`, and a merge keeps the left one's."""
    other = Action(operations=(Operation(name="*", bounds=(Bound(parameter="rows", operator="lte", values=(9,)),)),))
    for met in (BOUNDED.meet(other), other.meet(BOUNDED)):
        within = {"trees": 12, "depth": 6, "rows": 9}
        assert met.check(use_of(parameters=within)) is None
        for name, value in (("trees", 11), ("depth", 7), ("rows", 10)):
            assert met.check(use_of(parameters=within | {name: value})).clause == "parameter"


def test_instants_compare_as_instants_whatever_their_text():
    """Elsewhere times in RFC 3339 are compared as strings: `9…` is later than `10…` there."""
    clause = window(not_before=9, not_after=10)
    assert clause.check(replace(use_of(at=9), scope=Scope.OPENING)) is None
    assert clause.check(replace(use_of(at=10), scope=Scope.OPENING)).clause == "validity"


def test_what_a_user_says_of_its_environment_counts_nowhere():
    """Elsewhere simulation takes the environment from whoever asks: here nothing of a request reaches it."""
    from creditzone.kernel.policy.proposed import use_of as proposed
    from tests.kernel.zone_fixture import Zone

    assert proposed(Zone().request, at=NOW).attestation == "none"


def test_a_column_that_two_policies_change_differently_is_masked_for_both():
    def of(transform):
        return Columns(
            columns=(ColumnUse(name="tax", ground="firm_authorisation", modes=("score",), transform=transform),)
        )

    assert of(Band(edges=("0",))).meet(of(None)).of("tax").transform == Band(edges=("0",))
    assert of(Band(edges=("0",))).meet(of(Round(step="5"))).of("tax").transform == Mask()


def test_a_column_that_a_meet_closes_does_not_come_back_as_one_of_all_others():
    rest = ColumnUse(name="*", ground="firm_authorisation", modes=("match", "score"))
    matched = Columns(columns=(ColumnUse(name="tax", ground="firm_authorisation", modes=("match",)), rest))
    scored = Columns(columns=(ColumnUse(name="tax", ground="firm_authorisation", modes=("score",)), rest))
    met = matched.meet(scored)
    assert (met.of("tax"), met.of("turnover").modes) == (None, ("match", "score"))
    assert met.meet(Columns(columns=(rest,))).of("tax") is None
    assert met.check(use_of(columns=(("tax", "score"),))).clause == "columns"
    said = "".join(one.text for one in met.say("en", None))
    assert "every other column but tax" in said.replace("Tax", "tax")


def test_values_enter_masked_in_bands_or_rounded():
    values = np.array([-1.0, 0.0, 7.4, 10.0, np.nan])
    np.testing.assert_equal(changed(values, Mask()), [np.nan] * 5)
    np.testing.assert_equal(changed(values, Band(edges=("0", "5", "10"))), [np.nan, 0.0, 5.0, 10.0, np.nan])
    np.testing.assert_equal(changed(values, Round(step="5")), [-0.0, 0.0, 5.0, 10.0, np.nan])
    assert changed(values, None) is values
