"""A firm takes its authorisation back by its own signature in its host's node; every node that has it refuses."""

from __future__ import annotations

import threading

import msgspec
import pytest

from apps.node import attempts, signing, withdrawals
from apps.node.computation import Computation
from apps.node.errors import NodeError
from apps.node.node import Node
from apps.node.roster import Acting
from creditzone.kernel.documents import (
    AuthorisationWithdrawal,
    DocumentCompleted,
    DraftSent,
    Input,
    Order,
    Signed,
    digest_of,
    new_id,
    now_ms,
    unsigned,
    with_signature,
)
from creditzone.kernel.orders import is_withdrawn
from tests.node import jobs, world
from tests.node.world import BANK, CENTRE, FIRM, HOST, PASSPHRASE, PLATFORM, Zone


@pytest.fixture
def host(quartet: Zone) -> Node:
    """The hosted node, whose firm everybody knows."""
    node = quartet.nodes[HOST]
    world.host_firm(node)
    for other in quartet.nodes.values():
        if other is not node:
            quartet.send(other, world.CardShown, card=world.own_card(node, FIRM))
            assert other.card_of(FIRM) is not None
    return node


def withdrawal_of(zone: Zone, digest: str, **changes: object) -> AuthorisationWithdrawal:
    document = AuthorisationWithdrawal(zone=zone.digest, id=new_id(), authorisation=digest, by=FIRM, at=now_ms())
    return msgspec.structs.replace(document, **changes)


def counts(node: Node, digest: str) -> bool:
    return is_withdrawn(digest, FIRM, attempts.standing_of(node))


def test_the_signature_holds_at_the_host_and_at_every_provider_that_gets_it(quartet: Zone, host: Node):
    owner = world.person(host, organisation=FIRM)
    given = world.authorisation(quartet, FIRM, [CENTRE, PLATFORM], ["profit_and_loss", "turnover"])
    world.have_signed(quartet, host, owner, given, passphrase=PASSPHRASE)
    taken = withdrawal_of(quartet, digest_of(given))
    assert not counts(host, digest_of(given))
    world.have_signed(quartet, host, owner, taken, passphrase=PASSPHRASE)
    assert counts(host, digest_of(given))
    complete = with_signature(unsigned(taken), world.signature_of(host, digest_of(taken)))
    for node in (quartet.nodes[CENTRE], quartet.nodes[PLATFORM], host):
        quartet.send(node, DocumentCompleted, document=complete)
        assert counts(node, digest_of(given))
    assert not counts(quartet.nodes[BANK], digest_of(given))
    words = signing.draft(host, owner, digest_of(taken)).sentences("en")
    assert any(quartet.nodes[CENTRE].config.name_en in sentence for sentence in words)


def test_a_withdrawal_that_the_portal_made_up_counts_nowhere_and_blocks_no_true_one(quartet: Zone, host: Node):
    owner, centre = world.person(host, organisation=FIRM), quartet.nodes[CENTRE]
    given = world.authorisation(quartet, FIRM, [CENTRE], ["profit_and_loss"])
    world.have_signed(quartet, host, owner, given, passphrase=PASSPHRASE)
    taken = withdrawal_of(quartet, digest_of(given))
    bare = unsigned(taken)
    quartet.send(centre, DocumentCompleted, document=bare)
    quartet.send(centre, DocumentCompleted, document=Signed(text=bare.text, signatures=quartet.sign(taken).signatures))
    assert len(withdrawals.of(centre, digest_of(given))) == 2
    assert not counts(centre, digest_of(given))
    world.have_signed(quartet, host, owner, taken, passphrase=PASSPHRASE)
    complete = with_signature(bare, world.signature_of(host, digest_of(taken)))
    quartet.send(centre, DocumentCompleted, document=complete)
    assert counts(centre, digest_of(given))


def test_what_was_never_signed_here_is_not_taken_back_here(quartet: Zone, host: Node):
    owner = world.person(host, organisation=FIRM)
    given = world.authorisation(quartet, FIRM, [CENTRE], ["profit_and_loss"])
    for document in (withdrawal_of(quartet, digest_of(given)), withdrawal_of(quartet, digest_of(given), by=BANK)):
        quartet.send(host, DraftSent, organisation=FIRM, document=unsigned(document))
        with pytest.raises(NodeError):
            signing.sign(host, owner, [digest_of(document)], passphrase=PASSPHRASE)
    assert withdrawals.of(host, digest_of(given)) == []


def enquiry(zone: Zone, host: Node, owner: Acting, *, consent: str = "signed") -> tuple[Order, str]:
    """The order to the centre for a firm's own enquiry, and the digest of the authorisation that it rests on."""
    card = world.scorecard("zone-public")
    rules = [world.rule(grantees=("subject",), models=(digest_of(card),), purposes=("self-enquiry",))]
    given = world.authorisation(zone, FIRM, [CENTRE, PLATFORM], ["profit_and_loss", "turnover"])
    inputs = []
    for organisation, domain in ((CENTRE, "profit_and_loss"), (PLATFORM, "turnover")):
        _, _, capsule, _ = jobs.provide(zone, organisation, domain, rules, jobs.rows_of(domain, 5))
        inputs.append(Input(provider=organisation, domain=domain, capsule=capsule, version=1, contract=None))
    request = world.request(
        zone,
        recipient=FIRM,
        inputs=inputs,
        model=card,
        purpose="self-enquiry",
        disclosures=("grade", "reasons"),
        subject=FIRM,
        authorisation=digest_of(given),
        consent=consent,
    )
    world.have_signed(zone, host, owner, given, request, passphrase=PASSPHRASE)
    signed_given, signed_request = (
        with_signature(unsigned(one), world.signature_of(host, digest_of(one))) for one in (given, request)
    )
    parties = [CENTRE, PLATFORM]
    order = world.order(zone, CENTRE, signed_request, authorisation=signed_given, model=card, parties=parties)
    return order, digest_of(given)


def take_back(zone: Zone, host: Node, owner: Acting, given: str) -> None:
    taken = withdrawal_of(zone, given)
    world.have_signed(zone, host, owner, taken, passphrase=PASSPHRASE)
    complete = with_signature(unsigned(taken), world.signature_of(host, digest_of(taken)))
    zone.send(zone.nodes[CENTRE], DocumentCompleted, document=complete)


def test_an_order_that_rests_on_it_is_refused_with_the_clause(quartet: Zone, host: Node):
    owner, centre = world.person(host, organisation=FIRM), quartet.nodes[CENTRE]
    order, given = enquiry(quartet, host, owner)
    take_back(quartet, host, owner, given)
    world.offer(quartet, centre, order)
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["authorisation-withdrawn"]


def test_a_firms_own_enquiry_rests_on_its_signature_and_on_no_declaration(quartet: Zone, host: Node):
    owner, centre = world.person(host, organisation=FIRM), quartet.nodes[CENTRE]
    order, _given = enquiry(quartet, host, owner, consent="declared")
    world.offer(quartet, centre, order)
    assert [body.refusal.clause for body in world.bodies(centre, "refuse")] == ["order-mismatch"]


def test_what_runs_under_it_ends_as_soon_as_the_withdrawal_arrives(quartet: Zone, host: Node):
    owner, centre = world.person(host, organisation=FIRM), quartet.nodes[CENTRE]
    order, given = enquiry(quartet, host, owner)
    world.offer(quartet, centre, order)
    world.start(quartet, centre, order)
    attempt = attempts.next_started(centre)
    assert attempt is not None
    running = Computation.of(centre, attempt, threading.Event())
    assert running.interruption() is None
    take_back(quartet, host, owner, given)
    ended = running.interruption()
    assert ended is not None
    assert (ended.reason, ended.facts) == ("authorisation-withdrawn", {"organisation": FIRM})
