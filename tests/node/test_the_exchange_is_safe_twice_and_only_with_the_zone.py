"""The one call: statements numbered, chained and repeated until acknowledged; answers believed only if they are the
zone's, for this call, of now."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
import pytest

from apps.node import exchange as exchange_module
from apps.node import health, outbox
from apps.node.exchange import ExchangeFailed, exchange
from apps.node.node import Node
from apps.node.runner import Runner
from creditzone.kernel.documents import (
    CardShown,
    DraftDeclined,
    Signed,
    Statement,
    Uplink,
    new_id,
    now_ms,
    require_signature,
    signed,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import world
from tests.node.portal import Portal
from tests.node.world import BANK, CENTRE, OPERATOR, Zone


@pytest.fixture
def portal(zone: Zone) -> Iterator[Portal]:
    played = Portal(zone)
    zone.portal_url = played.url
    yield played
    played.close()


@pytest.fixture
def bank(zone: Zone, portal: Portal) -> Node:
    return zone.node(BANK, "bank")


def call(node: Node):
    return exchange(node, health.heartbeat(node, running=()))


def say(node: Node) -> None:
    with node.store.write() as tx:
        outbox.say(node, tx, DraftDeclined(document="sm3:" + "0" * 64, reason="测试", person=new_id()))


def test_statements_are_numbered_chained_signed_and_kept_until_acknowledged(zone, portal, bank):
    for _ in range(3):
        say(bank)
    portal.change = lambda answer: msgspec.structs.replace(answer, acknowledged=2)
    call(bank)
    call(bank)
    first, second = portal.calls
    numbers = [
        [require_signature(one, Statement, by=BANK, key=bank.keys.signing.public).number for one in uplink.statements]
        for uplink in (first, second)
    ]
    assert numbers == [[1, 2, 3, 4], [3, 4]]  # the first is the card's
    told = [world.parse(one.text.encode(), Statement) for one in first.statements]
    assert told[0].previous is None
    assert [two.previous for _, two in itertools.pairwise(told)] == [one.digest for one in first.statements[:-1]]
    assert second.counter > first.counter
    call_document = msgspec.json.decode(portal.bytes[0], type=Signed)
    assert require_signature(call_document, Uplink, by=BANK, key=bank.keys.signing.public) == first


def test_a_large_outbox_goes_up_in_order_in_several_calls(portal, bank):
    for _ in range(450):
        say(bank)
    for _ in range(4):
        call(bank)
    assert sorted(portal.statements[BANK]) == list(range(1, 452))
    assert all(len(uplink.statements) <= 200 for uplink in portal.calls)
    assert outbox.waiting(bank) == []


LIES = [
    (
        "another-zones",
        lambda zone: lambda answer: msgspec.structs.replace(answer, zone="sm3:" + "0" * 64),
        "other-call",
    ),
    ("another-nodes", lambda zone: lambda answer: msgspec.structs.replace(answer, node=CENTRE), "other-call"),
    ("an-older-calls", lambda zone: lambda answer: msgspec.structs.replace(answer, counter=1), "other-call"),
    (
        "from-the-future",
        lambda zone: lambda answer: msgspec.structs.replace(answer, sent_at=now_ms() + 10**6),
        "clock-skew",
    ),
]


@pytest.mark.parametrize(("lie", "reason"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_an_answer_that_is_not_to_this_call_now_is_dropped_whole(zone, portal, bank, lie, reason):
    call(bank)
    say(bank)
    portal.tell(BANK, CardShown, card=zone.card)
    portal.change = lie(zone)
    with pytest.raises(ExchangeFailed) as failed:
        call(bank)
    assert failed.value.reason == reason
    assert len(outbox.waiting(bank)) == 1
    assert bank.store.number("received") == 0


def test_an_answer_without_the_zones_signature_is_dropped(portal, bank):
    stranger = PrivateKey.generate()

    def resign(answer: Signed) -> Signed:
        from creditzone.kernel.documents import Downlink, read

        return signed(read(answer, Downlink), stranger, by=OPERATOR)

    for alter in (
        resign,
        lambda answer: Signed(text=answer.text, signatures=()),
        lambda answer: Signed(
            text=answer.text.replace('"acknowledged":1', '"acknowledged":9'), signatures=answer.signatures
        ),
    ):
        portal.alter = alter
        with pytest.raises(ExchangeFailed) as failed:
            call(bank)
        assert failed.value.reason == "not-the-zones"
    assert len(outbox.waiting(bank)) == 1


def test_no_portal_is_no_harm(zone, portal, bank):
    portal.close()
    say(bank)
    with pytest.raises(ExchangeFailed) as failed:
        call(bank)
    assert failed.value.reason == "unreachable"
    assert len(outbox.waiting(bank)) == 2


def test_a_store_older_than_what_the_portal_holds_takes_no_orders(zone, portal, bank):
    portal.change = lambda answer: msgspec.structs.replace(answer, acknowledged=99)
    call(bank)
    assert "restored" in health.report(bank).reds


def test_our_programs_connect_to_loopback_and_say_the_portals_name(zone, portal, bank):
    scheme, host, port = bank.config.connect_to()
    assert (scheme, host) == ("http", "127.0.0.1")
    assert bank.config.portal_host == f"zone.localhost:{port}"
    assert exchange_module.PATH == "/node/v1/exchange"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"Retry-After": "7"}, 7), ({"Retry-After": "86400"}, 60), ({"Retry-After": "Wed, 21 Oct"}, 5), ({}, 5)],
)
def test_a_portal_that_is_asked_too_often_is_left_alone_as_long_as_it_says_up_to_a_minute(portal, bank, headers, wait):
    portal.refusal = (429, headers)
    with pytest.raises(ExchangeFailed) as failed:
        call(bank)
    assert failed.value.wait == wait


def test_a_runner_that_is_told_to_wait_makes_no_call_until_then(portal, bank, monkeypatch):
    now = itertools.count(1000, 2)
    monkeypatch.setattr("apps.node.runner.time.monotonic", lambda: float(next(now)))
    runner = Runner(bank)
    portal.refusal = (429, {"Retry-After": "4"})
    made = []
    for _ in range(4):
        runner.turn()
        made.append(len(portal.bytes))
    assert made[0] == made[1] == 1
    assert made[-1] == 2
    portal.refusal = (503, {"Retry-After": "60"})
    runner.turn()
    runner.turn()
    assert health.report(bank).exchange_error == "http-503"
