"""A key that its organisation replaced vouches for what was made before, and for nothing else: DECISIONS 6 and 9."""

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.orders import SKEW_MS, EarlierKey, check_order
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.kernel.zone_fixture import BANK, CENTRE, DAY, NOW, Zone


@pytest.fixture
def zone():
    return Zone()


def changed(zone, organisation, *, replaced_at=NOW, until=NOW + DAY):
    """The standing after `organisation` has taken new keys: what the fixture signed bears the old one."""
    fresh = PrivateKey.generate().public.hex
    standing = zone.standing()
    cards = dict(standing.cards)
    cards[organisation] = msgspec.structs.replace(cards[organisation], signing_key=fresh)
    earlier = EarlierKey(key=zone.keys[organisation].public.hex, replaced_at=replaced_at, until=until)
    return zone.standing(cards=cards, earlier={organisation: (earlier,)})


def clause(order, standing):
    with pytest.raises(Refused) as refused:
        check_order(order, standing)
    return refused.value.refusal.clause


@pytest.mark.parametrize("organisation", [BANK, CENTRE])
def test_request_contract_policy_and_header_of_before_hold(zone, organisation):
    assert check_order(zone.sign_order(zone.order()), changed(zone, organisation)).rule == "bank"


@pytest.mark.parametrize(("organisation", "expected"), [(BANK, "request-signature"), (CENTRE, "contract-signature")])
def test_without_the_earlier_key_they_do_not(zone, organisation, expected):
    standing = changed(zone, organisation)
    assert clause(zone.sign_order(zone.order()), zone.standing(cards=standing.cards)) == expected


def test_a_request_dated_after_the_change_needs_the_new_key(zone):
    order = zone.sign_order(zone.order())
    drafted = d.read(zone.order().request, d.JobRequest).drafted_at
    assert clause(order, changed(zone, BANK, replaced_at=drafted - SKEW_MS - 1)) == "request-signature"
    assert check_order(order, changed(zone, BANK, replaced_at=drafted - SKEW_MS)).rule == "bank"


def test_after_the_overlap_an_old_date_does_not_help_a_request_and_a_contract_still_holds(zone):
    order = zone.sign_order(zone.order())
    assert clause(order, changed(zone, BANK, until=NOW)) == "request-signature"
    assert check_order(order, changed(zone, CENTRE, until=NOW)).rule == "bank"
