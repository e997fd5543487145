"""The ticket: for the signed-in person, to their own organisation's node, by a form and never by an address."""

import html
import re

import msgspec
import pytest

from apps.core.tenancy import tenant_tx
from apps.ledger.models import Entry
from apps.tenants import services
from apps.tenants import zone as zone_keys_of
from creditzone.kernel import documents
from creditzone.kernel.documents import Signed, Ticket, require_signature
from creditzone.kernel.sm import sm3
from tests.tenants.cards import card_of, countersigned, draw

STATE = sm3.digest(b"a nonce in the node's cookie")


@pytest.fixture
def nodes(zone, zone_keys):
    """Registered nodes of bank and platform, and a firm hosted by the platform."""
    with tenant_tx(None, role="exchange"):
        bank, platform, firm = zone["bank"], zone["platform"], zone["firm"]
        host = draw()
        services.register_card(signed=card_of(bank, draw(), zone=zone_keys), actor=None, node=bank)
        card = card_of(platform, host, zone=zone_keys, console_url="http://hosted.localhost:8104")
        services.register_card(signed=card, actor=None, node=platform)
        firms = card_of(firm, draw(), zone=zone_keys, host=platform.uscc, console_url=None)
        services.register_card(signed=countersigned(firms, host, by=platform.uscc), actor=None, node=platform)
    return zone


def hand_over(client, node, *, state=STATE, path="/sign/"):
    return client.get("/handover/", {"node": node.uscc, "state": state, "path": path})


def ticket_in(page) -> Ticket:
    text = html.unescape(re.search(r'name="ticket" value="([^"]*)"', page.text)[1])
    signed = msgspec.json.decode(text, type=Signed)
    return require_signature(signed, Ticket, by=zone_keys_of.operator(), key=zone_keys_of.order_key().public)


def test_the_zone_says_who_comes_once_and_for_two_minutes(nodes):
    officer = nodes.member("bank")
    page = hand_over(nodes.client("bank"), nodes["bank"])
    ticket = ticket_in(page)
    assert (ticket.person, ticket.organisation, ticket.node) == (
        str(officer.person_id), nodes["bank"].uscc, nodes["bank"].uscc,
    )  # fmt: skip
    assert (ticket.state, ticket.path) == (STATE, "/sign/")
    assert ticket.expires_at - ticket.issued_at == 120_000
    assert 'action="http://bank.localhost:8101/arrive/"' in page.text
    assert "ticket" not in page.request["QUERY_STRING"]
    with tenant_tx(None, role="regulator"):
        assert Entry.objects.filter(act="ticket.issued").count() == 1


def test_a_firms_person_goes_to_the_hosts_node_in_the_firms_name(nodes):
    ticket = ticket_in(hand_over(nodes.client("firm", "owner"), nodes["platform"]))
    assert (ticket.organisation, ticket.node) == (nodes["firm"].uscc, nodes["platform"].uscc)


def directives(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return {name: set(values) for name, *values in parts}


def test_only_this_page_may_send_a_form_to_that_node_and_says_where_from(nodes):
    page = hand_over(nodes.client("bank"), nodes["bank"])
    policy = directives(page["Content-Security-Policy"])
    assert policy["form-action"] == {"'self'", "http://bank.localhost:8101"}
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    elsewhere = nodes.client("bank").get("/zone/organisations/")
    assert directives(elsewhere["Content-Security-Policy"])["form-action"] == {"'self'"}
    assert elsewhere["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("who", "node", "status"),
    [
        (("bank", "officer"), "platform", 403),
        (("platform", "steward"), "bank", 403),
        (("firm", "owner"), "bank", 403),
        (("bank", "viewer"), "bank", 403),
        (("regulator", "owner"), "bank", 403),
        (("centre", "owner"), "centre", 404),  # its node has no card yet
    ],
)
def test_nobody_is_led_to_a_node_that_is_not_theirs(nodes, who, node, status):
    page = hand_over(nodes.client(*who), nodes[node])
    assert page.status_code == status
    assert "ticket" not in page.text


@pytest.mark.parametrize(
    "wrong", [{"state": "sm3:short"}, {"state": ""}, {"path": "//elsewhere.example/" + "x" * 500}, {"path": "sign/"}]
)
def test_what_no_node_would_send_gets_no_ticket(nodes, wrong):
    page = hand_over(nodes.client("bank"), nodes["bank"], **wrong)
    assert page.status_code == 422
    with tenant_tx(None, role="regulator"):
        assert not Entry.objects.filter(act="ticket.issued").exists()


def test_nobody_signed_out_gets_one(nodes, client):
    assert hand_over(client, nodes["bank"])["Location"].startswith("/accounts/login/?next=%2Fhandover%2F")


def test_the_ticket_is_no_document_of_another_kind(nodes):
    page = hand_over(nodes.client("bank"), nodes["bank"])
    text = html.unescape(re.search(r'name="ticket" value="([^"]*)"', page.text)[1])
    with pytest.raises(documents.DocumentError):
        documents.read(msgspec.json.decode(text, type=Signed), documents.Order)
