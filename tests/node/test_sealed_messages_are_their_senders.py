"""Messages between nodes: the portal carries them and can drop them, but not make, swap, shorten or readdress one."""

from __future__ import annotations

import base64

import msgspec
import pytest

from apps.node import sealed
from apps.node.sealed import MessageDamaged, Purpose
from creditzone.kernel.documents import SealedDelivered, SealedSent, new_id
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node.world import BANK, CENTRE, PLATFORM, Zone

TEXT = "x" * 400_000


@pytest.fixture
def purpose(zone: Zone) -> Purpose:
    return Purpose(zone=zone.digest, job=new_id(), attempt=1, sender=CENTRE, to=BANK, content="reasons")


@pytest.fixture
def nodes(zone: Zone):
    return zone.node(BANK, "bank"), zone.node(CENTRE, "code_centre")


def message(purpose: Purpose, nodes) -> bytes:
    bank, centre = nodes
    return sealed.seal(purpose, TEXT, key=centre.keys.signing, recipient=bank.keys.encryption.public)


def opened(purpose: Purpose, data: bytes, nodes) -> str:
    bank, centre = nodes
    return sealed.unseal(purpose, data, key=bank.keys.encryption, sender=centre.keys.signing.public)


def deliver(zone: Zone, bank, parts: list[SealedSent]) -> None:
    for part in parts:
        zone.send(bank, SealedDelivered, message=part)


def whole(bank, purpose: Purpose) -> bytes | None:
    return sealed.whole(bank, job=purpose.job, attempt=1, sender=CENTRE, content="reasons")


def test_a_large_message_travels_in_parts_in_any_order_and_more_than_once(zone, purpose, nodes):
    data = message(purpose, nodes)
    parts = sealed.parts_of(purpose, data)
    assert len(parts) == 2
    assert all(len(base64.b64decode(part.body)) <= 256 * 1024 for part in parts)
    deliver(zone, nodes[0], [parts[1], parts[1]])
    assert whole(nodes[0], purpose) is None
    deliver(zone, nodes[0], [parts[0], *parts])
    assert opened(purpose, whole(nodes[0], purpose) or b"", nodes) == TEXT


def test_nobody_but_the_sender_says_it_and_nobody_readdresses_it(purpose, nodes):
    bank, _ = nodes
    data = message(purpose, nodes)
    for change in ({"job": new_id()}, {"attempt": 2}, {"sender": PLATFORM}, {"to": CENTRE}, {"content": "share"}):
        with pytest.raises(MessageDamaged):
            opened(msgspec.structs.replace(purpose, **change), data, nodes)
    forged = sealed.seal(purpose, TEXT, key=PrivateKey.generate(), recipient=bank.keys.encryption.public)
    with pytest.raises(MessageDamaged):
        opened(purpose, forged, nodes)
    for broken in (data[:-1], data + b"\x00", data[:200] + bytes([data[200] ^ 1]) + data[201:], b""):
        with pytest.raises(MessageDamaged):
            opened(purpose, broken, nodes)


def test_parts_of_two_messages_do_not_join_into_one(zone, purpose, nodes):
    first, second = (sealed.parts_of(purpose, message(purpose, nodes)) for _ in range(2))
    deliver(zone, nodes[0], [first[0], second[1]])
    with pytest.raises(MessageDamaged):
        opened(purpose, whole(nodes[0], purpose) or b"", nodes)


def test_a_message_for_nobody_here_is_not_kept(zone, purpose, nodes):
    elsewhere = msgspec.structs.replace(purpose, to=PLATFORM)
    deliver(zone, nodes[0], sealed.parts_of(elsewhere, message(purpose, nodes)))
    assert nodes[0].store.all("SELECT 1 FROM sealed_part") == []
