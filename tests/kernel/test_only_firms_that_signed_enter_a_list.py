"""A list that rests on firms' signatures: a firm's row enters only if an authorisation that the provider's node holds
is the firm's own, lives, was not taken back, and reaches as far as the job."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.consent import consenting, rests_on_signatures
from creditzone.kernel.orders import CheckedOrder, EarlierKey, check_order
from creditzone.kernel.policy.constraints.columns import Columns, ColumnUse
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.kernel.zone_fixture import BANK, CENTRE, DAY, FIRM, NOW, PLATFORM, Zone


@pytest.fixture
def zone() -> Zone:
    return Zone()


def checked(zone: Zone, **changes: object) -> CheckedOrder:
    request = zone.make_request(**{"consent": "signed", **changes})
    return check_order(zone.sign_order(zone.order(request=zone.signed_request(request))), zone.standing())


def given(zone: Zone, /, *, key: str = FIRM, **changes: object) -> d.Signed:
    whole = {
        "zone": zone.id,
        "id": "01900000-0000-7000-8000-0000000000b1",
        "subject": FIRM,
        "enquirer": BANK,
        "providers": (CENTRE,),
        "domains": ("profit_and_loss",),
        "purpose": "credit-risk",
        "disclosures": ("grade",),
        "application": "",
        "signatory": "王芳",
        "not_before": NOW - DAY,
        "not_after": NOW + DAY,
        "drafted_at": NOW,
    } | changes
    return d.signed(d.Authorisation(**whole), zone.keys[key], by=str(whole["subject"]))


def test_a_firm_that_signed_for_this_recipient_and_use_enters(zone):
    document = given(zone)
    assert consenting([document], checked(zone), zone.standing()) == {FIRM: document.digest}


def test_an_authorisation_of_before_its_firm_changed_keys_counts(zone):
    document = given(zone)
    cards = dict(zone.standing().cards)
    cards[FIRM] = msgspec.structs.replace(cards[FIRM], signing_key=PrivateKey.generate().public.hex)
    earlier = EarlierKey(key=zone.keys[FIRM].public.hex, replaced_at=NOW, until=NOW)
    assert consenting([document], checked(zone), zone.standing(cards=cards)) == {}
    standing = zone.standing(cards=cards, earlier={FIRM: (earlier,)})
    assert consenting([document], checked(zone), standing) == {FIRM: document.digest}


def test_a_firm_whose_keys_the_recipient_keeps_consents_to_nothing(zone):
    cards = dict(zone.standing().cards)
    document = given(zone)
    for host, firms in ((BANK, {}), (PLATFORM, {FIRM: document.digest})):
        cards[FIRM] = msgspec.structs.replace(cards[FIRM], host=host)
        assert consenting([document], checked(zone), zone.standing(cards=cards)) == firms


CASES = [
    ("for another bank", {"enquirer": PLATFORM}),
    ("at another node", {"providers": (PLATFORM,)}),
    ("other data", {"domains": ("turnover",)}),
    ("for another purpose", {"purpose": "credit-risk/post-loan"}),
    ("for another result", {"disclosures": ("decision",)}),
    ("run out", {"not_after": NOW}),
    ("not begun", {"not_before": NOW + 1}),
    ("of another zone", {"zone": "sm3:" + "9" * 64}),
    ("signed by somebody else", {"key": PLATFORM}),
    ("of a firm that nobody knows here", {"subject": "91110000100000000X"}),
]


@pytest.mark.parametrize("changes", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_an_authorisation_that_fails_in_one_thing_lets_no_row_in(zone, changes):
    assert consenting([given(zone, **changes)], checked(zone), zone.standing()) == {}


def test_one_that_fails_stands_in_no_others_way(zone):
    good = given(zone)
    held = [given(zone, not_after=NOW), d.Signed(text="{}", signatures=()), d.unsigned(given(zone)), good]
    assert consenting(held, checked(zone), zone.standing()) == {FIRM: good.digest}


def test_what_its_firm_took_back_lets_no_row_in(zone):
    document = given(zone)
    taken = d.AuthorisationWithdrawal(
        zone=zone.id, id="01900000-0000-7000-8000-0000000000b2", authorisation=document.digest, by=FIRM, at=NOW
    )
    for key, firms in ((FIRM, {}), (PLATFORM, {FIRM: document.digest})):
        came = d.signed(taken, zone.keys[key], by=FIRM)
        standing = zone.standing(withdrawals=lambda digest, came=came: [came])
        assert consenting([document], checked(zone), standing) == firms


def test_rows_rest_on_signatures_only_where_the_request_says_so_and_a_column_needs_it(zone):
    found = checked(zone)
    assert rests_on_signatures(found)  # which columns it reads is not known here: as if they needed it
    found = replace(found, use=replace(found.use, columns=(("uscc", "match"), ("net_margin", "score"))))
    assert rests_on_signatures(found)
    declared = msgspec.structs.replace(found.request, consent="declared")
    assert not rests_on_signatures(replace(found, request=declared))
    public = Columns(columns=(ColumnUse(name="*", ground="public_disclosure", modes=("match", "score")),))
    [rule] = found.policy.rules
    open_rule = d.Rule(id=rule.id, clauses=tuple(public if isinstance(one, Columns) else one for one in rule.clauses))
    policy = msgspec.structs.replace(found.policy, rules=(open_rule,))
    assert not rests_on_signatures(replace(found, policy=policy))
    own = replace(found, mine=found.request.inputs[0])
    assert not rests_on_signatures(own)
