"""What a job rests on is looked at again at every instant while it runs: the policy's window, the contract's term, the
firm's authorisation, the window of a rule that denies."""

from dataclasses import replace

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.orders import check_order
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Daily, Window
from creditzone.kernel.terms import lapsed
from tests.kernel.zone_fixture import BANK, DAY, NOW, Zone

HOUR = 3_600_000
MINUTE_OF_DAY = (NOW // 60_000 + 8 * 60) % 1440
OPEN = (Daily(since=(MINUTE_OF_DAY - 60) % 1440, until=(MINUTE_OF_DAY + 120) % 1440, zone="Asia/Shanghai"),)
CLOSING = d.Rule(
    id="no",
    effect="deny",
    clauses=(Subject(organisations=(BANK,)), Window(not_before=NOW + HOUR, not_after=NOW + DAY)),
)


def checked(*rules, **contract):
    zone = Zone()
    zone.policy = zone.make_policy(*(rules or (zone.rule(),)))
    zone.header = zone.make_header(zone.policy)
    zone.contract = zone.make_contract(**contract)
    zone.request = zone.make_request()
    return check_order(zone.sign_order(zone.order()), zone.standing())


ZONE = Zone()


@pytest.mark.parametrize(
    ("rules", "contract", "ends", "expected"),
    [
        ((), {"not_after": NOW + 2 * DAY}, NOW + DAY, "validity"),
        ((), {"not_after": NOW + HOUR}, NOW + HOUR, "contract-window"),
        ((ZONE.rule(daily=OPEN),), {}, NOW - NOW % 60_000 + 2 * HOUR, "daily-window"),
        ((ZONE.rule(), CLOSING), {}, NOW + HOUR, "deny-rule"),
    ],
)
def test_at_the_instant_at_which_it_ends_and_not_before(rules, contract, ends, expected):
    order = checked(*rules, **contract)
    assert lapsed(order, at=NOW) is None
    assert lapsed(order, at=ends - 1) is None
    over = lapsed(order, at=ends)
    assert over is not None
    assert over.clause == expected


def test_days_from_the_contract_are_over_while_a_job_runs():
    clause = Window(not_before=0, not_after=NOW + 9 * DAY, days_from_contract=1)
    rule = ZONE.rule()
    clauses = tuple(clause if isinstance(one, Window) else one for one in rule.clauses)
    order = checked(d.Rule(id="bank", clauses=clauses), not_before=NOW - HOUR, not_after=NOW + 9 * DAY)
    assert lapsed(order, at=NOW + 23 * HOUR - 1) is None
    assert lapsed(order, at=NOW + 23 * HOUR).clause == "contract-days"


def test_a_firms_own_enquiry_ends_with_its_authorisation():
    given = d.Authorisation(
        zone=ZONE.id,
        id="01900000-0000-7000-8000-000000000011",
        subject=BANK,
        enquirer=BANK,
        providers=(),
        domains=(),
        purpose="self-enquiry",
        disclosures=("grade",),
        application="",
        signatory="x",
        not_before=0,
        not_after=NOW + HOUR,
        drafted_at=NOW,
    )
    order = checked()
    asked = replace(
        order,
        request=msgspec.structs.replace(order.request, subject=BANK),
        order=msgspec.structs.replace(order.order, authorisation=d.unsigned(given)),
    )
    assert lapsed(asked, at=NOW + HOUR - 1) is None
    assert lapsed(asked, at=NOW + HOUR).clause == "authorisation-window"
