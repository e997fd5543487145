"""Tickets: forged, altered, expired, used twice, for another node, organisation, zone or browser are refused."""

from __future__ import annotations

import msgspec
import pytest

from apps.node import people, roster, tickets
from apps.node.errors import Forbidden, TicketRefused
from creditzone.kernel.documents import Signed, Ticket, new_id, now_ms, signed, unsigned
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import world
from tests.node.world import BANK, CENTRE, OPERATOR, Zone

PERSON = new_id()


def ticket(issuer: Zone, state: str, **changes) -> Ticket:
    now = now_ms()
    facts = {
        "zone": issuer.digest,
        "id": new_id(),
        "person": PERSON,
        "person_name": "王某",
        "organisation": BANK,
        "node": BANK,
        "state": state,
        "path": "/sign/",
        "issued_at": now,
        "expires_at": now + 120_000,
    }
    return Ticket(**{**facts, **changes})


def text_of(document: Signed) -> str:
    return msgspec.json.encode(document).decode()


@pytest.fixture
def bank(zone: Zone):
    return zone.node(BANK, "bank")


def test_a_good_ticket_gives_a_name_once_and_no_role(zone, bank):
    begun = tickets.begin()
    text = text_of(zone.sign(ticket(zone, begun.state)))
    arrival = tickets.receive(bank, text)
    tickets.require_match(arrival, begun.nonce)
    assert (arrival.person, arrival.organisation, arrival.path) == (PERSON, BANK, "/sign/")
    with pytest.raises(TicketRefused) as refused:
        tickets.receive(bank, text)
    assert refused.value.code == "ticket-used"
    with pytest.raises(Forbidden) as unknown:
        roster.acting(bank, person=PERSON, organisation=BANK, factor_at=0)
    assert unknown.value.code == "not-on-roster"


ALTERED = [
    ({"expires_at": now_ms() - 1, "issued_at": now_ms() - 100_000}, "ticket-expired"),
    ({"issued_at": now_ms() + 86_400_000, "expires_at": now_ms() + 86_460_000}, "ticket-expired"),
    ({"expires_at": now_ms() + 3_600_000}, "ticket-invalid"),
    ({"node": CENTRE}, "ticket-elsewhere"),
    ({"organisation": CENTRE}, "ticket-elsewhere"),
    ({"zone": "sm3:" + "0" * 64}, "ticket-invalid"),
    ({"path": "//evil.example/"}, "ticket-invalid"),
]


@pytest.mark.parametrize(("changes", "code"), ALTERED, ids=[f"{next(iter(c))}-{k}" for c, k in ALTERED])
def test_what_the_zone_signed_for_something_else_is_refused(zone, bank, changes, code):
    text = text_of(zone.sign(ticket(zone, tickets.begin().state, **changes)))
    with pytest.raises(TicketRefused) as refused:
        tickets.receive(bank, text)
    assert refused.value.code == code


def test_what_the_zone_did_not_sign_is_refused_and_not_marked_used(zone, bank):
    document = ticket(zone, tickets.begin().state)
    good = zone.sign(document)
    forged = signed(document, PrivateKey.generate(), by=OPERATOR)
    altered = Signed(text=good.text.replace("/sign/", "/sigm/"), signatures=good.signatures)
    for text in (text_of(forged), text_of(unsigned(document)), text_of(altered), "{}", "", good.text):
        with pytest.raises(TicketRefused) as refused:
            tickets.receive(bank, text)
        assert refused.value.code == "ticket-invalid"
    assert tickets.receive(bank, text_of(good)).ticket == document.id


def test_another_browser_cannot_use_it(zone, bank):
    arrival = tickets.receive(bank, text_of(zone.sign(ticket(zone, tickets.begin().state))))
    with pytest.raises(TicketRefused) as refused:
        tickets.require_match(arrival, tickets.begin().nonce)
    assert refused.value.code == "ticket-not-yours"


def test_a_removed_person_is_out_with_the_next_request(zone, bank):
    owner = world.person(bank)
    other = world.person(bank, "officer")
    people.remove(bank, owner, person=other.person)
    with pytest.raises(Forbidden):
        roster.acting(bank, person=other.person, organisation=BANK, factor_at=now_ms())
