"""New keys at a node: what was made under the old ones goes on, peers believe the new card by the old key's signature
alone, and after the overlap the old key is gone."""

from __future__ import annotations

import json
from contextlib import contextmanager

import msgspec
import pytest

from apps.node import __main__ as command_line
from apps.node import attempts, cards, exchange, health, outbox, results, rotation
from apps.node.errors import NodeError
from apps.node.keystore import Keystore
from apps.node.node import DAY_MS, open_node
from apps.node.runner import Runner
from creditzone.kernel.documents import (
    CardShown,
    DocumentCompleted,
    SignatureInvalid,
    Signed,
    Statement,
    Uplink,
    digest_of,
    new_id,
    now_ms,
    read,
    require_signature,
    signed,
    unsigned,
    with_signature,
)
from creditzone.kernel.orders import check_order
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey
from tests.node import jobs, world
from tests.node.module import keys_elsewhere
from tests.node.portal import Portal
from tests.node.world import BANK, CENTRE, NODE_PASSPHRASE, Zone

PAST = 31 * DAY_MS


def private_of(node, key: PublicKey) -> PrivateKey:
    """A private key as a thief of the key file and the passphrase would have it."""
    return node.keys.provider._private[key]


def rotate(zone: Zone, *nodes) -> None:
    """The nodes change their keys; the portal carries the cards and says so."""
    for node in nodes:
        card = rotation.rotate(node)
        with node.store.write() as tx:
            outbox.acknowledge(tx, up_to=outbox.last(tx)[0])
        for other in zone.nodes.values():
            zone.send(other, CardShown, card=card)


def another(job: jobs.Ready) -> jobs.Ready:
    """The same job once more, its request drafted and signed now."""
    request = msgspec.structs.replace(job.request, id=new_id(), drafted_at=now_ms())
    world.have_signed(job.zone, job.bank, job.officer, request)
    signature = world.signature_of(job.bank, digest_of(request))
    return jobs.Ready(**{**vars(job), "request": request, "signed": with_signature(unsigned(request), signature)})


def done(job: jobs.Ready) -> results.OpenedResult:
    world.compute_all(job.zone, job.nodes, job.orders())
    assert [world.bodies(node, "failed") for node in job.nodes] == [[] for _ in job.nodes]
    for node in job.nodes[1:]:
        world.deliver_sealed(job.zone, node, job.bank)
    return results.open_result(job.bank, job.officer, job.request.id)


@pytest.fixture
def job(quartet: Zone) -> jobs.Ready:
    return jobs.ready(quartet, number=120, disclosures=("grade", "reasons"))


def test_between_two_jobs_both_change_their_keys_and_the_second_is_done(quartet, job):
    first = done(job)
    old = {node.organisation: node.keys.pair for node in job.nodes}

    rotate(quartet, *job.nodes)

    for node in job.nodes:
        pair = node.keys.pair
        assert not {pair.signing, pair.encryption, pair.link_certificate} & set(vars(old[node.organisation]).values())
        for other in quartet.nodes.values():
            assert other.card_of(node.organisation).signing_key == pair.signing.hex
    second = done(another(job))
    assert [(row.uscc, row.grade) for row in second.rows] == [(row.uscc, row.grade) for row in first.rows]
    assert not second.reasons_missing


def test_what_was_agreed_and_asked_before_the_change_is_done_after_it(quartet, job):
    """Contract, policies, headers and the request itself bear the old keys' signatures."""
    rotate(quartet, *job.nodes)
    opened = done(job)
    assert opened.rows
    assert not opened.reasons_missing


def test_a_message_of_before_opens_during_the_overlap_and_after_it_says_why_not(quartet, job):
    world.compute_all(quartet, job.nodes, job.orders())
    world.deliver_sealed(quartet, quartet.nodes[CENTRE], job.bank)
    old = job.bank.keys.pair
    rotate(quartet, *job.nodes)

    opened = results.open_result(job.bank, job.officer, job.request.id)
    assert opened.rows
    assert not opened.reasons_missing

    assert rotation.destroy_old(job.bank, now=now_ms() + 29 * DAY_MS) == 0
    assert rotation.destroy_old(job.bank, now=now_ms() + PAST) == 1
    with pytest.raises(NodeError, match="destroyed") as refused:
        results.open_result(job.bank, job.officer, job.request.id)
    assert refused.value.code == "result-key-gone"
    assert old not in job.bank.keys.provider.pairs()


def test_a_destroyed_key_is_in_no_file_and_in_no_process_of_the_node(quartet):
    bank = quartet.nodes[BANK]
    console = open_node(bank.home)  # another process's view of the same file
    old = bank.keys.pair
    scalar = private_of(bank, old.encryption).to_bytes().hex()
    rotate(quartet, bank)
    assert old in console.keys.provider.pairs()
    sealed_before = (bank.home / "keys" / "own.key").open("rb")
    before = (bank.home / "keys" / "own.key").read_bytes()

    rotation.destroy_old(bank, now=now_ms() + PAST)

    for node in (bank, console, open_node(bank.home)):
        assert node.keys.provider.pairs() == (node.keys.pair,)
        assert old.encryption not in node.keys.provider._private
        assert scalar not in msgspec.json.encode(node.keys.provider._held).decode()
    assert sealed_before.read() != before
    sealed_before.close()


def test_the_runner_destroys_what_is_over_by_itself(quartet, monkeypatch):
    bank = quartet.nodes[BANK]
    rotate(quartet, bank)
    runner = Runner(bank)
    runner.turn()
    assert len(bank.keys.provider.pairs()) == 2
    with bank.store.write() as tx:
        tx.run("UPDATE card SET renewed_at = ? WHERE renewed_at IS NOT NULL", now_ms() - PAST)
    runner.turn()
    assert len(bank.keys.provider.pairs()) == 1


def forged(job: jobs.Ready, key: PrivateKey, **changes):
    """An order on a request that somebody with `key` made up in the bank's name."""
    request = msgspec.structs.replace(job.request, id=new_id(), **changes)
    centre = job.nodes[1]
    document = signed(request, key, by=BANK)
    order = job.order(centre, request=document, job=request.id)
    return job.zone.sign(order)


def test_an_old_key_in_a_thiefs_hands_signs_nothing_new(quartet, job):
    centre = quartet.nodes[CENTRE]
    thief = private_of(job.bank, job.bank.keys.signing.public)
    before = now_ms()
    rotate(quartet, job.bank)

    late = forged(job, thief, drafted_at=now_ms() + 200_000)
    with pytest.raises(Refused) as refused:
        check_order(late, attempts.standing_of(centre))
    assert refused.value.refusal.clause == "request-signature"

    with centre.store.write() as tx:
        tx.run("UPDATE card SET renewed_at = renewed_at - ?", PAST)
    back_dated = forged(job, thief, drafted_at=before - 40 * DAY_MS)
    with pytest.raises(Refused) as refused:
        check_order(back_dated, attempts.standing_of(centre))
    assert refused.value.refusal.clause == "request-signature"


def test_a_card_that_the_old_key_did_not_sign_is_shown_and_not_believed(quartet):
    bank, centre = quartet.nodes[BANK], quartet.nodes[CENTRE]
    held, thief = centre.card_of(BANK), PrivateKey.generate()
    card = msgspec.structs.replace(held, serial=held.serial + 1, signing_key=thief.public.hex)
    quartet.send(centre, CardShown, card=signed(card, thief, by=BANK))
    assert centre.card_of(BANK) == held
    assert "shown" in {entry.state for entry in cards.listing(centre) if entry.card == card}
    rotate(quartet, bank)
    assert centre.card_of(BANK).signing_key == bank.keys.signing.public.hex


def test_a_contract_signed_before_by_one_side_is_completed_after(quartet, job):
    centre, bank = quartet.nodes[CENTRE], job.bank
    second = world.contract(quartet, centre, BANK, job.policies[1].capsule, digest_of(job.policies[1]))
    digest = digest_of(second)
    world.have_signed(quartet, centre, job.people[1], second)
    rotate(quartet, centre)
    world.have_signed(quartet, bank, job.officer, second)
    complete = unsigned(second)
    for node in (centre, bank):
        complete = with_signature(complete, world.signature_of(node, digest))
    for node in (centre, bank):
        quartet.send(node, DocumentCompleted, document=complete)
        assert node.store.one("SELECT state FROM contract WHERE digest = ?", digest)["state"] == "active"


# Towards the portal -------------------------------------------------------------------------------------------------


@contextmanager
def heard_by(zone: Zone, node, *, knows: PublicKey):
    """A portal that takes calls under the registered card's key only, as the real one does."""
    portal = Portal(zone)
    portal.known = [knows]
    portal.loses_answers = 0
    answer = portal.answer

    def checked(body: bytes) -> bytes | None:
        document = msgspec.json.decode(body, type=Signed)
        try:
            uplink = require_signature(document, Uplink, by=node.organisation, key=portal.known[-1])
        except SignatureInvalid:
            raise PermissionError from None
        for one in uplink.statements:
            statement = _by_any(one, Statement, portal.known, node.organisation)
            if statement.body.__struct_config__.tag == "card":
                portal.registers = PublicKey.from_hex(read(statement.body.card, cards.Card).signing_key)
        told = answer(body)
        if getattr(portal, "registers", None) is not None:
            portal.known.append(portal.registers)
            portal.registers = None
        if portal.loses_answers:
            portal.loses_answers -= 1
            raise ConnectionError
        return told

    portal.checked = checked
    try:
        yield portal
    finally:
        portal.close()


def _by_any(document, kind, keys, by):
    for key in keys:
        try:
            return require_signature(document, kind, by=by, key=key)
        except SignatureInvalid:
            continue
    raise PermissionError


def call(node, portal, monkeypatch) -> list[str]:
    """One exchange through the checking portal; which keys it was tried under."""
    tried = []

    def post(_node, uplink, *, key):
        tried.append(key.public.hex)
        body = msgspec.json.encode(signed(uplink, key, by=node.organisation))
        try:
            return portal.checked(body)
        except PermissionError:
            raise exchange.ExchangeFailed("call-signature") from None
        except ConnectionError:
            raise exchange.ExchangeFailed("unreachable") from None

    monkeypatch.setattr(exchange, "_post", post)
    exchange.exchange(node, health.heartbeat(node, running=()))
    return tried


def test_the_portal_hears_of_the_new_card_under_the_key_it_knows(quartet, monkeypatch):
    bank = quartet.nodes[BANK]
    old = bank.keys.signing.public
    with heard_by(quartet, bank, knows=old) as portal:
        call(bank, portal, monkeypatch)
        rotation.rotate(bank)
        with bank.store.write() as tx:
            outbox.say(bank, tx, world.bodies(bank, "card")[-1])  # something said before the portal has heard
        with pytest.raises(NodeError, match="not heard"):
            rotation.rotate(bank)
        assert call(bank, portal, monkeypatch) == [old.hex]
        new = bank.keys.signing.public
        assert new != old
        assert call(bank, portal, monkeypatch) == [new.hex]
        assert not outbox.is_announcing(bank.store)


def test_a_lost_answer_does_not_cut_the_node_off(quartet, monkeypatch):
    bank = quartet.nodes[BANK]
    old = bank.keys.signing.public
    with heard_by(quartet, bank, knows=old) as portal:
        call(bank, portal, monkeypatch)
        rotation.rotate(bank)
        portal.loses_answers = 1
        with pytest.raises(exchange.ExchangeFailed):
            call(bank, portal, monkeypatch)
        new = bank.keys.signing.public
        assert call(bank, portal, monkeypatch) == [old.hex, new.hex]
        assert call(bank, portal, monkeypatch) == [new.hex]


# The rest -----------------------------------------------------------------------------------------------------------


def test_the_command_line_changes_keys_and_a_broken_off_change_goes_on_with_the_same(quartet, capsys, monkeypatch):
    bank = quartet.nodes[BANK]
    drawn = Keystore.open(bank.home, NODE_PASSPHRASE).draw()
    assert bank.keys.pair != drawn
    assert command_line.main(["--home", str(bank.home), "rotate"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert bank.keys.pair == drawn
    card = json.loads(answer["card"]["text"])
    assert (card["serial"], card["signing_key"]) == (2, drawn.signing.hex)
    assert len(answer["card"]["signatures"]) == 2
    assert len(bank.keys.provider.pairs()) == 2
    assert command_line.main(["--home", str(bank.home), "rotate"]) == 2
    assert "not heard" in capsys.readouterr().err


def test_keys_that_nobody_can_take_out_change_too(quartet):
    bank = quartet.nodes[BANK]
    with keys_elsewhere(bank, NODE_PASSPHRASE) as node:
        old = node.keys.pair
        quartet.nodes[BANK] = node
        rotate(quartet, node)
        assert node.keys.pair != old
        assert rotation.destroy_old(node, now=now_ms() + PAST) == 1
        assert node.keys.provider.pairs() == (node.keys.pair,)


def test_ages_tell_since_when_and_until_when(quartet):
    bank = quartet.nodes[BANK]
    [only] = rotation.ages(bank)
    assert only.until is None
    cards.issue_own(bank)
    assert rotation.ages(bank) == [only]
    rotate(quartet, bank)
    newest, older = rotation.ages(bank)
    assert (newest.key, newest.until) == (bank.keys.signing.public.hex, None)
    assert (older.key, older.since) == (only.key, only.since)
    assert 29 * DAY_MS < older.until - now_ms() <= 30 * DAY_MS
