"""What no node would let pass is said at once, with the node's own clause; and a firm asks only about itself."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from apps.compute.models import Job
from apps.compute.services import draft_enquiry
from apps.contracts.models import Contract
from apps.contracts.services import withdraw_authorisation
from apps.core import clock
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.tenancy import tenant_tx
from creditzone.kernel.documents import Authorisation, JobRequest, Rule
from creditzone.kernel.policy.constraints.columns import Columns, ColumnUse
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.refusals import Refused
from tests.road import DOMAINS, Road


def jobs() -> int:
    with tenant_tx(None, role="exchange"):
        return Job.objects.count()


def test_without_a_contract_there_is_no_job(road: Road):
    capsules = [road.sealed("bank"), road.sealed("centre")]
    with pytest.raises(Refused) as raised:
        road.drafted(capsules)
    assert (raised.value.refusal.clause, jobs()) == ("contract-missing", 0)


def test_a_contract_whose_term_is_over_is_named_and_the_newest_that_runs_is_taken(road: Road):
    capsules = road.ready("centre")
    with tenant_tx(None, role="exchange"):
        Contract.objects.update(not_after=clock.now() - timedelta(seconds=1))
    with pytest.raises(Refused) as raised:
        road.drafted(capsules)
    assert raised.value.refusal.clause == "contract-window"
    running = road.agreed(capsules[1], "centre")
    late = road.agreed(capsules[1], "centre")
    with tenant_tx(None, role="exchange"):
        Contract.objects.filter(pk=late.pk).update(not_before=clock.now() + timedelta(hours=1))
    job = road.drafted(capsules)
    assert running.digest in job.document["text"]


@pytest.mark.parametrize(
    ("changes", "clause"),
    [({"disclosures": ["score"]}, "disclosure"), ({"purpose": "credit-risk/post-loan"}, "contract-missing")],
)
def test_what_the_policy_or_the_contract_does_not_bear(road: Road, changes: dict[str, Any], clause: str):
    capsules = road.ready("centre")
    with pytest.raises(Refused) as raised:
        road.drafted(capsules, **changes)
    assert (raised.value.refusal.clause, jobs()) == (clause, 0)


WINDOW = {"not_before": 0, "not_after": 2**52}


@pytest.mark.parametrize(
    ("clause", "decides"),
    [
        (Window(**WINDOW, days_from_contract=2), None),
        (Window(**WINDOW, days_from_contract=1), "contract-days"),
        (Payment(least_fen=12), None),
    ],
)
def test_days_and_price_are_those_of_the_contract(road: Road, clause: Window | Payment, decides: str | None):
    """The contracts of this road began a day ago at 12 fen."""
    whole = road.rule("bank", more=(clause,) if isinstance(clause, Payment) else ())
    clauses = tuple(clause if type(one) is type(clause) else one for one in whole.clauses)
    own, theirs = road.sealed("bank"), road.sealed("centre", rules=[msgspec.structs.replace(whole, clauses=clauses)])
    road.agreed(theirs, "centre")
    try:
        road.drafted([own, theirs])
        found = None
    except Refused as refused:
        found = refused.refusal.clause
    assert (found, jobs()) == (decides, 0 if decides else 1)


def test_a_column_that_a_rule_denies_stops_the_cards_that_read_it_and_no_others(road: Road):
    def never(name: str) -> Rule:
        column = ColumnUse(name=name, ground="public_disclosure", modes=("score",))
        return Rule(id="no", effect="deny", clauses=(Columns(columns=(column,)),))

    own = road.sealed("bank")
    read, unread = (
        road.sealed("centre", rules=[road.rule("bank"), never(one)]) for one in ("net_margin", "period_end")
    )
    for capsule in (read, unread):
        road.agreed(capsule, "centre")
    with pytest.raises(Refused) as raised:
        road.drafted([own, read])
    assert raised.value.refusal.clause == "deny-rule"
    road.drafted([own, unread])


def test_a_frozen_capsule_starts_nothing(road: Road):
    capsules = road.ready("centre")
    road.act_on(capsules[1], "centre", "freeze")
    with pytest.raises(Refused) as raised:
        road.drafted(capsules)
    assert raised.value.refusal.clause == "capsule-frozen"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "bank-centre-platform"},
        {"disclosures": ["decision"]},
        {"disclosures": ["decision"], "decision_band": 99},
    ],
)
def test_a_choice_that_makes_no_job_is_invalid(road: Road, changes: dict[str, Any]):
    capsules = road.ready("centre")
    if "model" in changes:
        changes = {"model": road.models[changes["model"]]}
    with pytest.raises(Invalid):
        road.drafted(capsules, **changes)
    assert jobs() == 0


def test_another_s_capsule_that_one_may_not_see_is_not_there(road: Road):
    capsules = road.ready("centre")
    hidden = road.sealed("platform", rules=[road.rule("other_bank")])
    with pytest.raises(NotFound):
        road.drafted([*capsules, hidden])


def test_a_decision_names_the_grade_from_which_it_is_yes(road: Road):
    job = road.drafted(road.ready("centre"), disclosures=["decision"], decision_band=3)
    assert '"decision_band":3' in job.document["text"]


def test_a_firm_finds_no_capsule_that_is_not_open_to_firms_about_themselves(road: Road):
    road.sealed("centre", rules=[road.rule("subject")])
    road.sealed("platform")
    owner = road.zone.member("firm", "owner")
    with pytest.raises(Invalid), road.zone.tx(owner):
        draft_enquiry(actor=owner, model=road.models["zone-public"])
    viewer = road.zone.member("firm", "viewer")
    with pytest.raises(Forbidden), road.zone.tx(viewer):
        draft_enquiry(actor=viewer, model=road.models["zone-public"])
    assert jobs() == 0


def test_an_enquiry_takes_each_domain_of_another_provider(road: Road, monkeypatch: pytest.MonkeyPatch):
    """The centre's newer capsule of the platform's domain would make it the only party."""
    wanted = {str(road.sealed(holder, rules=[road.rule("subject")]).id) for holder in ("centre", "platform")}
    monkeypatch.setitem(DOMAINS, "centre", "turnover")
    road.sealed("centre", rules=[road.rule("subject")])
    with road.zone.tx(road.zone.member("firm", "owner")):
        job = draft_enquiry(actor=road.zone.member("firm", "owner"), model=road.models["zone-public"])
        assert {one["capsule"] for one in json.loads(job.document["text"])["inputs"]} == wanted


@pytest.mark.parametrize("signs_authorisation", [True, False])
def test_an_enquiry_waits_for_its_authorisation_and_ends_with_it(road: Road, signs_authorisation: bool):
    from apps.compute.services import admit_waiting

    for holder in ("centre", "platform"):
        road.sealed(holder, rules=[road.rule("subject")])
    owner, host = road.zone.member("firm", "owner"), road.nodes["platform"]
    with road.zone.tx(owner):
        job = draft_enquiry(actor=owner, model=road.models["zone-public"])
    firm = {"organisation": road.zone["firm"].uscc, "key": road.firm_key}
    host.sign_draft(JobRequest, str(owner.person_id), **firm)
    road.heartbeats()
    assert admit_waiting() == 0
    assert (road.job(job).state, road.job(job).reason) == (Job.State.QUEUED, "authorisation-missing")
    if signs_authorisation:
        host.sign_draft(Authorisation, str(owner.person_id), **firm)
        assert admit_waiting() == 1
        return
    from apps.contracts.models import Authorisation as Row

    with road.zone.tx(owner):
        withdraw_authorisation(actor=owner, authorisation_id=Row.objects.get().id)
    assert admit_waiting() == 0
    assert (road.job(job).state, road.job(job).reason) == (Job.State.REFUSED, "authorisation-missing")
