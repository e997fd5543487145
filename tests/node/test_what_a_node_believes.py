"""Cards, contracts and policy heads: what its officers signed and confirmed counts, whatever the portal carries."""

from __future__ import annotations

import msgspec
import pytest

from apps.node import approvals, capsules, cards, contracts, signing
from apps.node.errors import IllegalMove, NodeError
from creditzone.kernel.documents import (
    Card,
    CardShown,
    DocumentCompleted,
    DraftSent,
    Rule,
    digest_of,
    now_ms,
    read,
    signed,
    unsigned,
    with_signature,
)
from creditzone.kernel.orders import HeldCapsule
from creditzone.kernel.policy.constraints.columns import ColumnUse, Mask
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.writing import EVERY_COLUMN
from creditzone.kernel.sm.sm2 import PrivateKey
from tests import passkeys
from tests.node import world
from tests.node.jobs import rows_of
from tests.node.world import BANK, CENTRE, FIRM, HOST, PLATFORM, Zone


def test_a_card_counts_only_once_an_officer_compared_its_fingerprint(zone: Zone):
    bank, centre = zone.node(BANK, "bank"), zone.node(CENTRE, "code_centre")
    card = world.own_card(centre, CENTRE)
    zone.send(bank, CardShown, card=card)
    assert bank.card_of(CENTRE) is None
    owner = world.person(bank)
    with pytest.raises(NodeError) as refused:
        cards.confirm(bank, owner, card.digest, fingerprint="0000 " * 8)
    assert refused.value.code == "fingerprint-wrong"
    assert bank.card_of(CENTRE) is None
    cards.confirm(bank, owner, card.digest, fingerprint=cards.fingerprint(card.digest).lower())
    assert bank.card_of(CENTRE) == read(card, Card)


def renewed(card: Card, *, key: PrivateKey, **changes) -> Card:
    return msgspec.structs.replace(card, serial=card.serial + 1, signing_key=key.public.hex, **changes)


def test_a_later_card_replaces_only_if_the_old_key_signed_it(zone: Zone):
    bank, centre = zone.node(BANK, "bank"), zone.node(CENTRE, "code_centre")
    zone.introduce()
    old, fresh = bank.card_of(CENTRE), PrivateKey.generate()
    assert old is not None
    swapped = renewed(old, key=fresh)
    zone.send(bank, CardShown, card=signed(swapped, fresh, by=CENTRE))
    assert bank.card_of(CENTRE) == old
    assert [entry.state for entry in cards.listing(bank) if entry.digest == digest_of(swapped)] == ["shown"]

    rightful = renewed(old, key=fresh, name="新名称")
    both = with_signature(
        signed(rightful, fresh, by=CENTRE), signed(rightful, centre.keys.signing, by=CENTRE).signatures[0]
    )
    zone.send(bank, CardShown, card=both)
    assert bank.card_of(CENTRE) == rightful


def test_nobody_tells_a_node_who_it_is(zone: Zone):
    bank = zone.node(BANK, "bank")
    own, thief = bank.card_of(BANK), PrivateKey.generate()
    assert own is not None
    zone.send(bank, CardShown, card=signed(renewed(own, key=thief), thief, by=BANK))
    assert bank.card_of(BANK) == own
    assert [entry.state for entry in cards.listing(bank)] == ["own"]


def test_a_firms_card_counts_if_its_confirmed_host_vouches_and_not_otherwise(zone: Zone):
    bank, hosted = zone.node(BANK, "bank"), zone.node(HOST, "operator", slots=0, hosts=True)
    zone.introduce()
    world.host_firm(hosted)
    card = world.own_card(hosted, FIRM)
    alone = unsigned(read(card, Card))
    alone = with_signature(alone, card.signatures[0])
    zone.send(bank, CardShown, card=alone)
    assert bank.card_of(FIRM) is None
    key = PrivateKey.generate()
    invented = msgspec.structs.replace(read(card, Card), organisation=world.code(5), signing_key=key.public.hex)
    zone.send(bank, CardShown, card=signed(invented, key, by=world.code(5)))
    assert bank.card_of(world.code(5)) is None
    zone.send(bank, CardShown, card=card)
    assert bank.card_of(FIRM) is None  # this very card was shown before, without its host's signature
    other = zone.node(CENTRE, "code_centre")
    zone.show_card(other, world.own_card(hosted, HOST))
    zone.send(other, CardShown, card=card)
    assert other.card_of(FIRM) == read(card, Card)


def test_a_bank_vouches_for_no_firm_and_becomes_nothing_else_by_renewing_its_card(zone: Zone):
    centre, bank = zone.node(CENTRE, "code_centre"), zone.node(BANK, "bank")
    zone.introduce()
    theirs = centre.card_of(BANK)
    assert theirs is not None
    key = PrivateKey.generate()
    firm = msgspec.structs.replace(
        theirs, organisation=FIRM, kind="sme", host=BANK, signing_key=key.public.hex, slots=0,
        link_certificate=None, link_host=None, link_ports=None,
    )  # fmt: skip
    drawn = with_signature(signed(firm, key, by=FIRM), signed(firm, bank.keys.signing, by=BANK).signatures[0])
    zone.send(centre, CardShown, card=drawn)
    assert centre.card_of(FIRM) is None

    other = renewed(theirs, key=key, kind="operator")
    both = with_signature(signed(other, key, by=BANK), signed(other, bank.keys.signing, by=BANK).signatures[0])
    zone.send(centre, CardShown, card=both)
    assert centre.card_of(BANK) == theirs


@pytest.fixture
def agreed(quartet: Zone):
    """A contract between centre and bank, signed by both."""
    centre, bank = quartet.nodes[CENTRE], quartet.nodes[BANK]
    steward, officer = world.person(centre, "steward"), world.person(bank, "officer")
    rows = rows_of("profit_and_loss")[:30]
    dataset = world.upload(centre, steward, world.csv_bytes(rows), domain="profit_and_loss")
    policy = world.policy(quartet, centre, dataset, rules=[world.rule()])
    world.have_signed(quartet, centre, steward, policy)
    contract = world.contract(quartet, centre, BANK, dataset, digest_of(policy))
    complete = world.agree(quartet, contract, [(centre, steward), (bank, officer)])
    return quartet, centre, bank, steward, officer, dataset, policy, contract, complete


def test_a_contract_lives_here_only_after_we_and_they_signed(quartet: Zone, agreed):
    zone, centre, bank, steward, _, dataset, policy, _, complete = agreed
    assert contracts.state_of(centre, complete.digest) == contracts.state_of(bank, complete.digest) == "active"
    stranger = zone.nodes[PLATFORM]
    zone.send(stranger, DocumentCompleted, document=complete)
    assert contracts.state_of(stranger, complete.digest) is None

    second = world.contract(zone, centre, BANK, dataset, digest_of(policy))
    world.have_signed(zone, centre, steward, second)
    forged = with_signature(
        with_signature(unsigned(second), world.signature_of(centre, digest_of(second))),
        msgspec.structs.replace(world.signature_of(bank, complete.digest)),
    )
    zone.send(centre, DocumentCompleted, document=forged)
    assert contracts.state_of(centre, digest_of(second)) == "signed"


def test_a_suspension_holds_at_once_and_the_portal_cannot_lift_it(agreed):
    zone, centre, bank, steward, _, _, _, _, complete = agreed
    contracts.act(centre, steward, complete.digest, act="suspend", reason="核查数据来源")
    assert contracts.state_of(centre, complete.digest) == "suspended"
    zone.send(centre, DocumentCompleted, document=complete)
    assert contracts.state_of(centre, complete.digest) == "suspended"
    owner = world.person(bank)
    act = world.bodies(centre, "contract-act")[0].act
    zone.send(bank, DocumentCompleted, document=act)
    assert contracts.state_of(bank, complete.digest) == "suspended"
    with pytest.raises(IllegalMove):  # who suspended may resume, nobody else
        contracts.act(bank, owner, complete.digest, act="resume", reason="请恢复")
    contracts.act(centre, steward, complete.digest, act="resume", reason="核查完成")
    contracts.act(bank, owner, complete.digest, act="terminate", reason="不再需要")
    with pytest.raises(IllegalMove):
        contracts.act(bank, owner, complete.digest, act="resume", reason="再恢复")


def test_a_policy_goes_forward_one_version_at_a_time_and_is_said_before_it_is_signed(agreed):
    zone, centre, _, steward, _, dataset, _, _, _ = agreed
    back = world.policy(zone, centre, dataset, version=1, rules=[world.rule(uses=999)])
    for version, draft in ((1, back), (3, world.policy(zone, centre, dataset, version=3, rules=[]))):
        zone.send(centre, DraftSent, organisation=CENTRE, document=unsigned(draft))
        shown = signing.draft(centre, steward, digest_of(draft))
        assert shown.blocked is not None, version
        assert shown.blocked.code == "policy-version"
        with pytest.raises(NodeError, match=shown.blocked.sentence("en")):
            approvals.ask(centre, steward, shown.digest)
    second = world.policy(zone, centre, dataset, version=2, rules=[world.rule(uses=7)])
    zone.send(centre, DraftSent, organisation=CENTRE, document=unsigned(second))
    shown = signing.draft(centre, steward, digest_of(second))
    assert "7" in shown.sentences("zh-hans")[0]
    assert centre.name_of(BANK) in shown.sentences("zh-hans")[0]
    passkeys.seal(centre, steward, shown.digest)
    held = capsules.held(centre, dataset)
    assert isinstance(held, HeldCapsule)
    assert held.policy.digest == digest_of(second)


def test_what_names_somebody_else_or_another_zone_is_not_signed(agreed):
    zone, centre, _, steward, _, dataset, policy, contract, _ = agreed
    wrong = [
        (msgspec.structs.replace(policy, provider=BANK, version=2), "not-ours"),
        (
            msgspec.structs.replace(policy, capsule=_other(dataset)),
            "capsule-id",
        ),
        (msgspec.structs.replace(contract, provider=PLATFORM, consumer=BANK), "not-ours"),
        (msgspec.structs.replace(contract, policy="sm3:" + "1" * 64, price_fen=1), "policy-not-head"),
        (msgspec.structs.replace(contract, not_after=now_ms() - 1, price_fen=2), "document-expired"),
    ]
    for document, clause in wrong:
        zone.send(centre, DraftSent, organisation=CENTRE, document=unsigned(document))
        blocked = signing.draft(centre, steward, digest_of(document)).blocked
        assert blocked is not None
        assert blocked.code == clause
    before = len(world.statements(centre))
    foreign = msgspec.structs.replace(policy, zone="sm3:" + "2" * 64, version=2)
    zone.send(centre, DraftSent, organisation=CENTRE, document=unsigned(foreign))
    assert [body.reason for body in world.bodies(centre, "declined")] == ["malformed"]
    assert len(world.statements(centre)) == before + 1


def test_no_node_signs_a_contract_that_the_policy_it_holds_does_not_bear(agreed):
    zone, centre, bank, steward, officer, dataset, _policy, contract, _ = agreed
    priced = world.policy(zone, centre, dataset, version=2, rules=[world.rule(more=(Payment(least_fen=200),))])
    world.have_signed(zone, centre, steward, priced)
    held = capsules.held(centre, dataset)
    zone.send(bank, DocumentCompleted, document=held.policy)
    offered = msgspec.structs.replace(contract, policy=digest_of(priced), price_fen=200)
    for expected, changes in (
        ("price", {"price_fen": 199}),
        ("purpose", {"purpose": "public-governance"}),
        (None, {}),
    ):
        asked = msgspec.structs.replace(offered, **changes)
        for node, acting in ((centre, steward), (bank, officer)):
            zone.send(node, DraftSent, organisation=node.organisation, document=unsigned(asked))
            blocked = signing.draft(node, acting, digest_of(asked)).blocked
            assert (blocked and blocked.code) == expected, node.organisation
            if expected is not None:
                with pytest.raises(NodeError, match=blocked.sentence("en")):
                    signing.sign(node, acting, [digest_of(asked)])


def test_no_node_signs_a_policy_that_names_what_is_not_there(agreed):
    zone, centre, _, steward, _, dataset, *_ = agreed
    hidden = ColumnUse(name="net_margn", ground="firm_authorisation", modes=("score",), transform=Mask())
    never = Rule(id="no", effect="deny", clauses=(Purpose(purposes=("marketing",)),))
    for expected, rules in (
        ("unknown-column", [world.rule(columns=(hidden, *EVERY_COLUMN))]),
        ("unknown-purpose", [world.rule(), never]),
    ):
        draft = world.policy(zone, centre, dataset, version=2, rules=rules)
        zone.send(centre, DraftSent, organisation=CENTRE, document=unsigned(draft))
        shown = signing.draft(centre, steward, digest_of(draft))
        assert shown.blocked is not None
        assert shown.blocked.code == expected
        with pytest.raises(NodeError, match=shown.blocked.sentence("en")):
            approvals.ask(centre, steward, shown.digest)


def _other(identity: str) -> str:
    return identity[:-1] + ("0" if identity[-1] != "0" else "1")
