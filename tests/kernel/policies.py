"""Random policies and uses, close enough to each other that both answers come up."""

from typing import Any

from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.policy.constraints.action import Action, Bound, Operation
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Band, Columns, ColumnUse, Mask, Round
from creditzone.kernel.policy.constraints.consent import Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Daily, Window
from creditzone.kernel.policy.purposes import PURPOSES
from creditzone.kernel.policy.use import Counts, Use
from tests.kernel.zone_fixture import BANK, CENTRE, FIRM, NOW, PLATFORM

MODELS = tuple("sm3:" + digit * 64 for digit in "123")
PEOPLE = tuple(f"01900000-0000-7000-8000-00000000000{digit}" for digit in "12")
COLUMNS = ("uscc", "tax", "turnover")
FORMS = ("decision", "grade", "reasons", "score")
NAMES = ("a", "b", "c")


def some(values: Any, least: int = 1) -> st.SearchStrategy[tuple[Any, ...]]:
    """Some of the values, each once."""
    return st.sets(st.sampled_from(list(values)), min_size=least).map(lambda found: tuple(sorted(found)))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


bounds = st.builds(
    Bound,
    parameter=st.sampled_from(["trees", "depth"]),
    operator=st.sampled_from(["eq", "lte", "gte"]),
    values=st.integers(1, 4).map(lambda value: (value,)),
)
operations = st.lists(
    st.builds(
        Operation, name=st.sampled_from(["score", "statistics", "*"]), bounds=st.lists(bounds, max_size=1).map(tuple)
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
transforms = st.sampled_from([Mask(), Band(edges=("0", "10")), Band(edges=("5",)), Round(step="10")])
columns = st.lists(
    st.builds(
        ColumnUse,
        name=st.sampled_from([*COLUMNS, "*"]),
        ground=st.sampled_from(["public_disclosure", "firm_authorisation"]),
        modes=some(["match", "score", "statistic"]),
        transform=maybe(transforms),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
hours = st.builds(
    Daily, since=st.integers(0, 700), until=st.integers(701, 1439), zone=st.sampled_from(["Asia/Shanghai", "UTC"])
)
KINDS_OF_RULES = {
    Subject: st.builds(
        Subject,
        organisations=some([BANK, PLATFORM, "subject"]),
        roles=some(["officer", "owner"], 0),
        people=some(PEOPLE, 0),
    ),
    Purpose: st.builds(Purpose, purposes=some(PURPOSES)),
    Action: st.builds(Action, operations=operations),
    Code: st.builds(Code, models=some(MODELS), programs=some(MODELS, 0)),
    Environment: st.builds(
        Environment, engines=some(["cheetah", "aby3"]), attestations=some(["none", "simulated", "hardware"])
    ),
    Columns: st.builds(Columns, columns=columns),
    Output: st.builds(
        Output,
        forms=some(FORMS),
        minimum_group=maybe(st.integers(1, 20)),
        max_rows=maybe(st.integers(1, 20)),
        decision_bands=some([1, 2, 3], 0),
    ),
    Window: st.builds(
        Window,
        not_before=st.integers(NOW - 5, NOW + 2),
        not_after=st.integers(NOW + 3, NOW + 9),
        days_from_contract=maybe(st.integers(1, 3)),
        daily=st.lists(hours, max_size=1).map(tuple),
    ),
    Count: st.builds(
        Count,
        total=st.integers(1, 3),
        per_day=maybe(st.integers(1, 3)),
        rows_per_day=maybe(st.integers(1, 30)),
        per_subject=maybe(st.integers(1, 3)),
    ),
}
EXTRAS = {
    Place: st.builds(Place, divisions=some(["42", "4201", "420100", "11"])),
    Consent: st.builds(Consent, evidence=some(["declared", "signed"])),
    Payment: st.builds(Payment, least_fen=st.integers(0, 20)),
    Duties: st.builds(Duties, notify=st.booleans(), delete_after_days=maybe(st.integers(1, 30))),
    Derivation: st.builds(Derivation, generations=st.integers(0, 3)),
}


@st.composite
def rules(draw: Any, *, derivable: bool = False) -> d.Rule:
    """A rule that permits something."""
    clauses = [draw(strategy) for strategy in KINDS_OF_RULES.values()]
    for kind, strategy in EXTRAS.items():
        if kind is Derivation and derivable:
            clauses.append(Derivation(generations=draw(st.integers(1, 3))))
        elif draw(st.booleans()):
            clauses.append(draw(strategy))
    return d.Rule(id=draw(st.sampled_from(NAMES)), clauses=tuple(clauses))


def uses() -> st.SearchStrategy[Use]:
    """A use near to what such rules permit."""
    return st.builds(
        Use,
        grantee=st.sampled_from([BANK, PLATFORM, FIRM]),
        subject=st.none() | st.just(FIRM),
        person=maybe(st.sampled_from(PEOPLE)),
        role=maybe(st.sampled_from(["officer", "owner"])),
        purpose=st.sampled_from([*sorted(PURPOSES), "marketing", "credit-risk/pre-loan-x"]),
        operation=st.sampled_from(["score", "statistics", "train"]),
        parameters=st.dictionaries(st.sampled_from(["trees", "depth"]), st.integers(0, 5)),
        model=st.sampled_from(MODELS),
        program=maybe(st.sampled_from(MODELS)),
        engine=st.sampled_from(["cheetah", "aby3"]),
        attestation=st.sampled_from(["none", "simulated"]),
        columns=st.lists(
            st.tuples(st.sampled_from(COLUMNS), st.sampled_from(["match", "score"])), max_size=2, unique=True
        ).map(tuple),
        disclosures=some(FORMS, 0),
        decision_band=maybe(st.integers(1, 3)),
        evidence=st.sampled_from(["declared", "signed"]),
        price_fen=maybe(st.integers(0, 20)),
        at=st.integers(NOW - 3, NOW + 4),
        contract_at=maybe(st.integers(NOW - 3 * 86_400_000, NOW)),
        rows=maybe(st.integers(0, 25)),
        firm_uses=st.integers(0, 3),
        counts=st.dictionaries(
            st.sampled_from(NAMES),
            st.builds(Counts, total=st.integers(0, 3), today=st.integers(0, 3), rows_today=st.integers(0, 20)),
        ),
    )


def use_of(**changes: Any) -> Use:
    """A use that `permit` of everything allows."""
    facts = {
        "grantee": BANK,
        "subject": None,
        "purpose": "credit-risk",
        "model": MODELS[0],
        "engine": "cheetah",
        "disclosures": ("grade",),
        "at": NOW,
    }
    return Use(**(facts | changes))


def deny(name: str, like: d.Rule) -> d.Rule:
    """A rule that denies what another one allows."""
    kinds = (Subject, Purpose, Code)
    return d.Rule(id=name, effect="deny", clauses=tuple(one for one in like.clauses if isinstance(one, kinds)))


def policy(*all_rules: d.Rule, capsule: str = "01900000-0000-7000-8000-000000000001") -> d.Policy:
    """A policy of these rules."""
    return d.Policy(
        zone="sm3:" + "a" * 64,
        capsule=capsule,
        version=1,
        provider=CENTRE,
        dataset=capsule,
        rules=all_rules,
        drafted_at=NOW,
    )
