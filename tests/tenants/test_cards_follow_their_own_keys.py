"""The portal carries cards: self-signed, renewed only with the key before, a hosted firm's with its host's word."""

import pytest

from apps.core.errors import Forbidden, Invalid
from apps.core.tenancy import tenant_tx
from apps.tenants import selectors, services
from creditzone.kernel.documents import Signed
from tests.tenants.cards import card_of, countersigned, draw


def arrives(node, signed):
    """The card comes in a statement of `node`."""
    with tenant_tx(None, role="exchange"):
        return services.register_card(signed=signed, actor=None, node=node)


def current(zone, organisation):
    with zone.tx(zone.member("bank")):
        card = selectors.current_card(organisation.id)
        return card.digest if card else None


@pytest.fixture
def bank(zone):
    return zone["bank"]


@pytest.fixture
def keys(zone, bank, zone_keys):
    keys = draw()
    arrives(bank, card_of(bank, keys, zone=zone_keys))
    return keys


def test_a_first_card_is_carried_and_the_same_one_again_changes_nothing(zone, bank, zone_keys):
    card = card_of(bank, draw(), zone=zone_keys)
    assert arrives(bank, card).pk == arrives(bank, card).pk
    assert current(zone, bank) == card.digest


def test_a_renewal_needs_the_signature_of_the_card_before(zone, bank, keys, zone_keys):
    before, fresh = current(zone, bank), draw()
    renewed = card_of(bank, fresh, zone=zone_keys, serial=2)
    with pytest.raises(Invalid):
        arrives(bank, renewed)
    assert current(zone, bank) == before
    arrives(bank, countersigned(renewed, keys, by=bank.uscc))
    assert current(zone, bank) == renewed.digest


REFUSED = {
    "not_signed_with_its_own_key": lambda bank, zone_keys: Signed(
        text=card_of(bank, draw(), zone=zone_keys).text,
        signatures=card_of(bank, draw(), zone=zone_keys).signatures,
    ),
    "of_another_zone": lambda bank, zone_keys: card_of(bank, draw(), zone="sm3:" + "0" * 64),
    "of_another_kind": lambda bank, zone_keys: card_of(bank, draw(), zone=zone_keys, kind="regulator"),
    "with_a_console_in_the_clear": lambda bank, zone_keys: card_of(
        bank, draw(), zone=zone_keys, console_url="http://node.bank.example"
    ),
    "with_a_console_that_is_a_script": lambda bank, zone_keys: card_of(
        bank, draw(), zone=zone_keys, console_url="javascript:alert(1)"
    ),
    "with_a_host_it_has_not": lambda bank, zone_keys: card_of(bank, draw(), zone=zone_keys, host=bank.uscc),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_wrong_card_is_refused_and_none_is_carried(zone, bank, zone_keys, wrong):
    with pytest.raises(Invalid):
        arrives(bank, REFUSED[wrong](bank, zone_keys))
    assert current(zone, bank) is None


def test_a_node_brings_no_strangers_card(zone, bank, zone_keys):
    with pytest.raises(Forbidden):
        arrives(zone["platform"], card_of(bank, draw(), zone=zone_keys))
    assert current(zone, bank) is None


def test_a_firms_card_needs_its_hosts_word(zone, zone_keys):
    host, firm = zone["platform"], zone["firm"]
    host_keys, firm_keys = draw(), draw()
    card = card_of(firm, firm_keys, zone=zone_keys, host=host.uscc, console_url=None)
    with pytest.raises(Invalid):  # the host has no card yet
        arrives(host, card)
    arrives(host, card_of(host, host_keys, zone=zone_keys))
    with pytest.raises(Invalid):  # the host did not vouch
        arrives(host, card)
    arrives(host, countersigned(card, host_keys, by=host.uscc))
    with zone.tx(zone.member("firm", "owner")):
        assert selectors.current_card(firm.id).digest == card.digest
        assert selectors.console_url(firm) == "http://bank.localhost:8101"
