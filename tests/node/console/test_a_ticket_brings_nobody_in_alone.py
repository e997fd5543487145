"""Sign-in at a node: ticket, nonce of this browser, roster, and the node's own factor; each of them is needed."""

from typing import Any

import pytest

from apps.node import factors
from creditzone.kernel.documents import new_id, now_ms
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node.console.conftest import FIRM, PORTAL, arrive, begin, browser, hand_over, post, sign_in, ticket


def code_of(response: Any) -> str:
    """The refusal's code on its page."""
    text = response.content.decode()
    return text.split('data-code="')[1].split('"')[0] if 'data-code="' in text else ""


def test_ticket_nonce_and_factor_together_open_the_page_that_was_wanted(zone, owner):
    client = browser()
    response = arrive(client, zone, owner, path="/cards/")
    assert response["Location"] == "/factor/?next=%2Fcards%2F"
    assert client.get("/cards/").status_code == 302, "a ticket alone opens no page"
    client.get("/factor/")
    response = post(client, "/factor/?next=/cards/", {"code": owner.code()})
    assert (response.status_code, response["Location"]) == (302, "/cards/")
    assert client.get("/cards/").status_code == 200


def test_the_nonce_stays_in_a_host_cookie_and_only_its_digest_travels(zone, owner):
    client = browser()
    state = begin(client, owner)
    cookie = client.cookies["__Host-nonce"]
    assert state == sm3.digest(cookie.value.encode())
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")


HOUR = 3_600_000
BAD = [
    ("forged", {"key": PrivateKey.generate()}, "ticket-invalid"),
    ("of another zone", {"zone": sm3.digest(b"another")}, "ticket-invalid"),
    ("expired", {"issued_at": now_ms() - HOUR, "expires_at": now_ms() - HOUR + 120_000}, "ticket-expired"),
    ("for another node", {"node": FIRM}, "ticket-elsewhere"),
    ("for another organisation", {"organisation": FIRM}, "ticket-elsewhere"),
    ("that lives too long", {"expires_at": now_ms() + 24 * HOUR}, "ticket-invalid"),
]


@pytest.mark.parametrize(("what", "changes", "code"), BAD, ids=[each[0] for each in BAD])
def test_a_bad_ticket_is_refused_with_its_reason(zone, owner, what, changes, code):
    response = arrive(browser(), zone, owner, **changes)
    assert (response.status_code, code_of(response)) == (403, code)


def test_a_ticket_altered_by_one_byte_is_refused(zone, owner):
    client = browser()
    text = ticket(zone, owner, state=begin(client, owner)).replace("李敏", "李民")
    response = hand_over(client, text)
    assert (response.status_code, code_of(response)) == (403, "ticket-invalid")


def test_a_ticket_is_used_once(zone, owner):
    client = browser()
    text = ticket(zone, owner, state=begin(client, owner))
    first = hand_over(client, text)
    second = hand_over(client, text)
    assert (first.status_code, second.status_code, code_of(second)) == (303, 403, "ticket-used")


def test_a_stolen_ticket_opens_nothing_in_another_browser(zone, owner):
    victim, thief = browser(), browser()
    text = ticket(zone, owner, state=begin(victim, owner))
    begin(thief, owner)
    response = hand_over(thief, text)
    response = thief.get(response["Location"])
    assert (response.status_code, code_of(response)) == (403, "ticket-not-yours")
    assert "__Host-node" not in thief.cookies


def test_a_pending_arrival_is_claimed_once(zone, owner):
    client = browser()
    assert arrive(client, zone, owner).status_code == 302
    assert client.get("/arrive/done/").status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.localhost", "null", "http://bank.localhost:8101", None])
def test_tickets_are_taken_from_the_portals_origin_only(zone, owner, origin):
    client = browser()
    text = ticket(zone, owner, state=begin(client, owner))
    response = hand_over(client, text, origin=origin)
    assert (response.status_code, code_of(response)) == (403, "foreign-origin")


def test_who_is_not_on_the_roster_is_told_so_and_sees_nothing(zone, owner):
    owner.id = new_id()
    client = browser()
    response = arrive(client, zone, owner)
    response = client.get("/")
    assert (response.status_code, code_of(response)) == (403, "not-on-roster")


def test_five_wrong_codes_lock_that_person_for_the_right_code_too(zone, owner, enter):
    client = browser()
    arrive(client, zone, owner)
    client.get("/factor/")
    wrong = [post(client, "/factor/", {"code": "000000"}) for _ in range(factors.TRIES)]
    assert [each.status_code for each in wrong] == [422, 422, 422, 422, 429]
    right = post(client, "/factor/", {"code": owner.code()})
    assert (right.status_code, code_of(right)) == (429, "factor-locked")
    other = enter("officer", name="王强")
    assert sign_in(browser(), zone, other).get("/").status_code == 200


def test_a_code_counts_once(zone, owner):
    code = owner.code()
    for expected in (302, 422):
        client = browser()
        arrive(client, zone, owner)
        client.get("/factor/")
        assert post(client, "/factor/", {"code": code}).status_code == expected


def test_a_link_of_another_person_starts_that_persons_sign_in(zone, owner, enter, signed_in):
    other = enter("officer", name="王强")
    assert signed_in.get("/", {"person": owner.id}).status_code == 200
    response = signed_in.get("/", {"person": other.id})
    assert response["Location"].startswith(f"{PORTAL}/handover/?node=")


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/"])
def test_a_ticket_leads_to_no_other_host(zone, owner, path):
    client = browser()
    arrive(client, zone, owner)
    client.get("/factor/")
    response = post(client, f"/factor/?next={path}", {"code": owner.code()})
    assert response["Location"] == "/"


def test_two_pages_opened_at_once_both_arrive_and_the_code_is_asked_once(zone, owner):
    client = browser()
    first = begin(client, owner, path="/cards/")
    second = begin(client, owner, path="/roster/")
    assert first == second
    response = hand_over(client, ticket(zone, owner, state=first, path="/cards/"))
    where = client.get(response["Location"])["Location"]
    client.get(where)
    assert post(client, where, {"code": owner.code()})["Location"] == "/cards/"
    response = hand_over(client, ticket(zone, owner, state=second, path="/roster/"))
    assert client.get(response["Location"])["Location"] == "/roster/"
    assert client.get("/roster/").status_code == client.get("/cards/").status_code == 200


def test_another_persons_ticket_ends_the_sign_in_before(zone, owner, enter, signed_in):
    before = signed_in.cookies["__Host-node"].value
    other = enter("officer", name="王强")
    sign_in(signed_in, zone, other)
    signed_in.cookies["__Host-node"] = before
    assert signed_in.get("/").status_code == 302


def test_leaving_ends_the_sign_in(signed_in):
    old = signed_in.cookies["__Host-node"].value
    assert post(signed_in, "/leave/").status_code == 302
    signed_in.cookies["__Host-node"] = old
    assert signed_in.get("/").status_code == 302
