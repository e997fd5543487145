"""DECISIONS 9, clause by clause and in order: whatever the portal changes, the node refuses and names the clause."""

from dataclasses import replace

import msgspec
import pytest

from creditzone.kernel import documents as d
from creditzone.kernel.common_set import require_sound_set
from creditzone.kernel.orders import check_order
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.refusals import CLAUSES, Refusal, Refused
from tests.kernel.zone_fixture import BANK, CENTRE, DAY, FIRM, NOW, PLATFORM, Zone, altered, scorecard


@pytest.fixture
def zone():
    return Zone()


def clause(zone, order, **standing):
    with pytest.raises(Refused) as refused:
        check_order(order, zone.standing(**standing))
    refusal = refused.value.refusal
    assert refusal.clause in CLAUSES
    assert refusal.sentence("zh")
    assert refusal.sentence("en")
    assert refusal.remedy("zh")
    assert refusal.remedy("en")
    return refusal.clause


def test_an_honest_order_passes_and_names_the_rule_it_spends(zone):
    checked = check_order(zone.sign_order(zone.order()), zone.standing())
    assert (checked.rule, checked.mine.provider, checked.rank) == ("bank", CENTRE, 1)
    assert checked.recipient_computes


def test_every_altered_byte_of_an_order_is_refused(zone):
    good = zone.sign_order(zone.order())
    raw = good.text.encode()
    for position in range(0, len(raw), 37):
        broken = bytearray(raw)
        broken[position] ^= 1
        try:
            text = broken.decode()
        except UnicodeDecodeError:
            continue
        assert clause(zone, d.Signed(text=text, signatures=good.signatures)) in {"zone-signature", "malformed"}


ORDER_CASES = [
    ("wrong-party", {"party": PLATFORM}),
    ("expired", {"expires_at": NOW}),
    ("clock-skew", {"issued_at": NOW + 121_000, "expires_at": NOW + 500_000}),
    ("attempts", {"attempt": 3}),
    ("order-mismatch", {"job": "01900000-0000-7000-8000-0000000000ff"}),
    ("contract-missing", {"contracts": ()}),
    ("model-digest", {"model": d.to_canonical(scorecard("balance_sheet", "turnover")).decode()}),
    ("parties", {"peers": (d.Peer(party=CENTRE, rank=0, slot=0), d.Peer(party=BANK, rank=1, slot=0))}),
    ("parties", {"peers": (d.Peer(party=BANK, rank=0, slot=0), d.Peer(party=PLATFORM, rank=1, slot=0))}),
    ("parties", {"peers": (d.Peer(party=BANK, rank=0, slot=0), d.Peer(party=CENTRE, rank=2, slot=0))}),
]


@pytest.mark.parametrize(("expected", "changes"), ORDER_CASES)
def test_a_zone_that_signs_a_wrong_order_is_refused_by_clause(zone, expected, changes):
    assert clause(zone, zone.sign_order(zone.order(**changes))) == expected


def test_an_order_of_another_zone_or_key_is_refused(zone):
    assert clause(zone, zone.sign_order(zone.order(), key=zone.stranger)) == "zone-signature"
    assert clause(zone, zone.sign_order(zone.order(zone="sm3:" + "1" * 64))) == "zone-signature"
    assert clause(zone, altered(zone.sign_order(zone.order()), fence=9)) == "zone-signature"


def test_replayed_orders_and_lower_fences_are_refused(zone):
    order = zone.order()
    zone.seen.add(order.id)
    assert clause(zone, zone.sign_order(order)) == "replayed"
    zone.seen.clear()
    zone.fence = 1
    assert clause(zone, zone.sign_order(order)) == "replayed"


def test_a_clock_that_went_back_opens_nothing(zone):
    zone.kept_time = NOW + 121_000
    assert clause(zone, zone.sign_order(zone.order())) == "clock-back"
    zone.kept_time = NOW + 119_000
    check_order(zone.sign_order(zone.order()), zone.standing())


def test_a_request_its_recipient_never_signed_is_refused(zone):
    forged = zone.signed_request(key=zone.keys[CENTRE])
    assert clause(zone, zone.sign_order(zone.order(request=forged))) == "request-signature"
    bare = d.unsigned(zone.request)
    assert clause(zone, zone.sign_order(zone.order(request=bare))) == "request-signature"
    changed = altered(zone.signed_request(), disclosures=["grade", "score"])
    assert clause(zone, zone.sign_order(zone.order(request=changed))) == "request-signature"


def test_a_key_swapped_at_the_portal_opens_nothing(zone):
    """The portal may carry another card for the bank; what counts is the card this node's officers confirmed."""
    cards = {one: card for one, card in zone.standing().cards.items() if one != BANK}
    assert clause(zone, zone.sign_order(zone.order()), cards=cards) == "unknown-card"
    swapped = cards | {BANK: msgspec.structs.replace(zone.card(BANK), signing_key=zone.stranger.public.hex)}
    assert clause(zone, zone.sign_order(zone.order()), cards=swapped) == "request-signature"


REQUEST_CASES = [
    ("request-expired", {"expires_at": NOW}),
    ("contract-mismatch", {"purpose": "credit-risk/post-loan"}),
    ("disclosure", {"disclosures": ("grade", "score")}),
    ("disclosure", {"disclosures": ()}),
    ("parties", {"engine": "aby3"}),
    ("natural-person", {"subject": "92420100XYF1RM0001"}),
]


@pytest.mark.parametrize(("expected", "changes"), REQUEST_CASES)
def test_a_signed_request_beyond_the_agreement_is_refused_by_clause(zone, expected, changes):
    request = zone.make_request(**changes)
    assert clause(zone, zone.sign_order(zone.order(request=zone.signed_request(request)))) == expected


@pytest.mark.parametrize("state", ["suspended", "terminated", "proposed", None])
def test_the_contract_state_that_counts_is_the_nodes_own(zone, state):
    zone.state = state
    assert clause(zone, zone.sign_order(zone.order())) == "contract-state"


def test_a_contract_with_one_signature_or_outside_its_term_is_refused(zone):
    def with_contract(contract):
        zone.contract = contract
        return zone.sign_order(zone.order(request=zone.signed_request(zone.make_request()), contracts=(contract,)))

    whole = zone.make_contract()
    half = d.Signed(text=whole.text, signatures=whole.signatures[:1])
    assert clause(zone, with_contract(half)) == "contract-signature"
    assert clause(zone, with_contract(zone.make_contract(not_after=NOW))) == "contract-window"
    assert clause(zone, with_contract(zone.make_contract(consumer=PLATFORM))) in {
        "contract-signature",
        "contract-mismatch",
    }


def test_a_policy_or_head_changed_in_a_database_is_refused(zone):
    held = zone.held()
    order = zone.sign_order(zone.order())
    loosened = altered(held.policy, rules=[])
    assert clause(zone, order, capsule=lambda c: replace(held, policy=loosened)) == "capsule-signature"
    assert (
        clause(zone, order, capsule=lambda c: replace(held, header=altered(held.header, rows=11)))
        == "capsule-signature"
    )
    assert clause(zone, order, capsule=lambda c: None) == "capsule-unknown"
    for name in ("capsule-frozen", "capsule-revoked", "source-frozen"):
        assert clause(zone, order, capsule=lambda c, name=name: replace(held, closed=Refusal(name))) == name
    other = d.signed(zone.make_policy(zone.rule(uses=9)), zone.keys[CENTRE], by=CENTRE)
    assert clause(zone, order, capsule=lambda c: replace(held, policy=other)) == "policy-digest"


def test_an_old_version_is_not_opened_after_the_head_moved(zone):
    zone.policy = zone.make_policy(zone.rule(), version=2)
    zone.header = zone.make_header(zone.policy)
    assert clause(zone, zone.sign_order(zone.order())) == "capsule-version"


RULE_CASES = [
    ("grantee", {"grantees": (PLATFORM,)}),
    ("purpose", {"purposes": ("credit-risk/post-loan",)}),
    ("model", {"models": ("sm3:" + "2" * 64,)}),
    ("engine", {"engines": ("aby3",)}),
    ("disclosure", {"disclosures": ("decision",)}),
    ("operation", {"disclosures": ("statistic",), "minimum_group": 10}),
    ("validity", {"not_after": NOW}),
    ("validity", {"not_before": NOW + 1}),
    ("price", {"more": (Payment(least_fen=13),)}),
]


@pytest.mark.parametrize(("expected", "changes"), RULE_CASES)
def test_each_clause_of_the_policy_violated_alone_is_the_one_that_is_named(zone, expected, changes):
    zone.policy = zone.make_policy(zone.rule(**changes))
    zone.header = zone.make_header(zone.policy)
    assert clause(zone, zone.sign_order(zone.order())) == expected


def test_a_spent_count_is_refused(zone):
    zone.spent = {"bank": 3}
    assert clause(zone, zone.sign_order(zone.order())) == "uses"
    zone.spent = {"bank": 2}
    check_order(zone.sign_order(zone.order()), zone.standing())


def self_enquiry(zone, **changes):
    zone.model = scorecard("profit_and_loss", "turnover")
    zone.policy = zone.make_policy(zone.rule(id="self", grantees=("subject",), purposes=("self-enquiry",)))
    zone.header = zone.make_header(zone.policy)
    whole = {
        "zone": zone.id,
        "id": "01900000-0000-7000-8000-000000000011",
        "subject": FIRM,
        "enquirer": FIRM,
        "providers": (CENTRE, PLATFORM),
        "domains": ("profit_and_loss", "turnover"),
        "purpose": "self-enquiry",
        "disclosures": ("grade", "reasons"),
        "application": "",
        "signatory": "王芳",
        "not_before": NOW - DAY,
        "not_after": NOW + DAY,
        "drafted_at": NOW,
    } | changes
    authorisation = d.signed(d.Authorisation(**whole), zone.keys[FIRM], by=FIRM)
    inputs = tuple(
        d.Input(provider=who, domain=domain, capsule=zone.policy.capsule if who == CENTRE else zone.request.id,
                version=1, contract=None)
        for who, domain in ((CENTRE, "profit_and_loss"), (PLATFORM, "turnover"))
    )  # fmt: skip
    request = zone.make_request(
        recipient=FIRM, subject=FIRM, inputs=inputs, purpose="self-enquiry", disclosures=("grade", "reasons"),
        authorisation=authorisation.digest, consent="signed", model=d.digest_of(zone.model),
    )  # fmt: skip
    peers = (d.Peer(party=CENTRE, rank=0, slot=0), d.Peer(party=PLATFORM, rank=1, slot=0))
    return zone.order(request=zone.signed_request(request), authorisation=authorisation, contracts=(), peers=peers)


def test_a_firm_may_ask_about_itself_under_its_own_authorisation(zone):
    checked = check_order(zone.sign_order(self_enquiry(zone)), zone.standing())
    assert (checked.rule, checked.recipient_computes) == ("self", False)


AUTHORISATION_CASES = [
    ("authorisation-mismatch", {"providers": (PLATFORM,)}),
    ("authorisation-mismatch", {"domains": ("turnover",)}),
    ("authorisation-mismatch", {"purpose": "credit-risk"}),
    ("authorisation-mismatch", {"disclosures": ("grade",)}),
    ("authorisation-mismatch", {"enquirer": BANK}),
    ("authorisation-window", {"not_after": NOW}),
]


@pytest.mark.parametrize(("expected", "changes"), AUTHORISATION_CASES)
def test_an_authorisation_that_does_not_cover_the_enquiry_is_refused(zone, expected, changes):
    assert clause(zone, zone.sign_order(self_enquiry(zone, **changes))) == expected


def withdrawal(zone, order, changes=(), *, key=FIRM, by=FIRM):
    document = d.AuthorisationWithdrawal(
        zone=zone.id,
        id="01900000-0000-7000-8000-0000000000a1",
        authorisation=order.authorisation.digest,
        by=by,
        at=NOW,
    )
    return d.signed(msgspec.structs.replace(document, **dict(changes)), zone.keys[key], by=by)


def test_an_authorisation_that_its_firm_took_back_is_refused(zone):
    order = self_enquiry(zone)
    came = {order.authorisation.digest: [withdrawal(zone, order)]}
    assert clause(zone, zone.sign_order(order), withdrawals=lambda one: came.get(one, [])) == "authorisation-withdrawn"


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        ({"key": BANK}, {}),
        ({"key": BANK, "by": BANK}, {}),
        ({}, {"authorisation": "sm3:" + "0" * 64}),
        ({}, {"zone": "sm3:" + "0" * 64}),
    ],
)
def test_nobody_else_takes_a_firms_authorisation_back(zone, who, changes):
    order = self_enquiry(zone)
    forged = withdrawal(zone, order, changes, **who)
    assert check_order(zone.sign_order(order), zone.standing(withdrawals=lambda one: [forged])).rule == "self"


def test_a_firm_cannot_be_asked_about_by_somebody_else(zone):
    order = self_enquiry(zone)
    request = d.read(order.request, d.JobRequest)
    stranger = msgspec.structs.replace(request, recipient=BANK)
    theirs = msgspec.structs.replace(order, request=zone.signed_request(stranger))
    assert clause(zone, zone.sign_order(theirs)) == "authorisation-mismatch"
    bare = msgspec.structs.replace(order, authorisation=None)
    assert clause(zone, zone.sign_order(bare)) == "authorisation-missing"


SET_CASES = [
    ("set-empty", []),
    ("set-duplicates", ["91420100XYF1RM0001", "91420100XYF1RM0001"]),
    ("set-foreign", ["91420100XYF1RM0009"]),
    ("natural-person", ["92420100XYF1RM0001"]),
]


@pytest.mark.parametrize(("expected", "codes"), SET_CASES)
def test_a_provider_refuses_an_unsound_common_set(expected, codes):
    with pytest.raises(Refused) as refused:
        require_sound_set(codes, held={"91420100XYF1RM0001"}.__contains__)
    assert refused.value.refusal.clause == expected
