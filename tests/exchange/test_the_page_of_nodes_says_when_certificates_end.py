"""The operator reads when the certificates on nodes' cards end, before links fail by it."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.tenancy import tenant_tx
from apps.tenants.services import register_card
from apps.ui.templatetags.ui import exact
from creditzone.kernel.engine.link import make_link_key, valid_until
from tests.road import Road
from tests.tenants.cards import Keys, card_of, countersigned, draw


@pytest.fixture
def ends(road: Road):
    """The centre's node calls and has a card with a real certificate; when that ends."""
    node, centre = road.nodes["centre"], road.zone["centre"]
    node.call()
    certificate, _key = make_link_key()
    renewed = card_of(centre, draw(), zone=road.digest, serial=2, link_certificate=certificate)
    with tenant_tx(None, role="exchange"):
        register_card(signed=countersigned(renewed, Keys(node.key, node.key), by=centre.uscc), actor=None, node=centre)
    return valid_until(certificate)


def page(road: Road, query: str = "") -> str:
    return road.zone.client("operator", "owner").get(f"/zone/nodes/{query}").content.decode()


def test_a_certificates_end_stands_on_the_page_and_in_the_file(road: Road, ends):
    assert exact(ends)[:10] in page(road)
    assert exact(ends) in page(road, "?export=csv")
    assert "ends at" not in page(road)


@pytest.mark.parametrize(("left", "says"), [(timedelta(days=59), "ends at"), (timedelta(days=-1), "ended at")])
def test_one_that_ends_soon_or_has_ended_says_what_to_do(road: Road, ends, monkeypatch, left, says):
    monkeypatch.setattr(clock, "now", lambda: ends - left)
    shown = page(road)
    assert says in shown
    assert "changes the node" in shown


def test_what_is_no_certificate_has_no_end(road: Road):
    road.nodes["bank"].call()
    assert valid_until("-----BEGIN CERTIFICATE-----") is None
    assert "Link certificate until" in page(road)
