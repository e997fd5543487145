"""Replay, forgery, other zones and clocks: a bad call is refused with a problem document, and moves nothing."""

import msgspec
import pytest

from apps.core.tenancy import tenant_tx
from apps.datasets.models import Dataset
from apps.exchange.models import NodeLine
from creditzone.kernel.documents import Downlink, Signed, Uplink, canonical, now_ms, require_signature, sign, signed
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.fake_node import FakeNode
from tests.road import Road, make_measured

HOUR = 3_600_000


def counter_of(node: FakeNode) -> int:
    with tenant_tx(None, role="exchange"):
        line = NodeLine.objects.filter(node__uscc=node.uscc).first()
        return line.counter if line else 0


def datasets() -> int:
    with tenant_tx(None, role="exchange"):
        return Dataset.objects.count()


def test_the_same_bytes_again_get_the_same_answer_and_nothing_happens_twice(road: Road):
    node = road.nodes["centre"]
    node.say(make_measured("profit_and_loss"))
    body = msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc))
    first, second = node.post(body), node.post(body)
    assert (first.status_code, first.content) == (200, second.content)
    assert datasets() == 1


def test_an_earlier_call_sent_again_is_refused(road: Road):
    node = road.nodes["centre"]
    node.call()
    old = node.last_body
    node.call()
    assert node.post(old).json()["code"] == "call-replayed"
    assert counter_of(node) == 2


def test_the_same_counter_with_other_contents_is_refused(road: Road):
    node = road.nodes["centre"]
    node.call()
    node.say(make_measured("profit_and_loss"))
    assert node.refused(counter=1) == "call-replayed"
    assert datasets() == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sent_at": now_ms() - HOUR}, "clock-skew"),
        ({"sent_at": now_ms() + HOUR}, "clock-skew"),
        ({"zone": "sm3:" + "0" * 64}, "foreign-zone"),
    ],
)
def test_a_call_from_another_time_or_zone_is_refused(road: Road, changes: dict, code: str):
    node = road.nodes["centre"]
    assert node.refused(**changes) == code
    assert counter_of(node) == 0


def test_a_call_signed_with_another_key_is_refused(road: Road):
    node = road.nodes["centre"]
    node.key = PrivateKey.generate()
    assert node.refused() == "call-signature"
    assert counter_of(node) == 0


def test_a_call_of_one_node_under_another_s_name_is_refused(road: Road):
    centre, bank = road.nodes["centre"], road.nodes["bank"]
    body = msgspec.json.encode(signed(bank.uplink(), centre.key, by=bank.uscc))
    assert bank.post(body).json()["code"] == "call-signature"


def test_a_hosted_firm_has_no_line_of_its_own(road: Road):
    firm = FakeNode(
        uscc=road.zone["firm"].uscc, kind="sme", zone=road.digest, client=road.nodes["bank"].client, key=road.firm_key
    )
    assert firm.refused() == "call-signature"


def test_nothing_that_a_stranger_says_is_parsed_and_no_call_bears_two_signatures(road: Road, monkeypatch):
    node, parsed = road.nodes["centre"], []
    parse = canonical.parse
    monkeypatch.setattr(canonical, "parse", lambda data, kind: parsed.append(kind) or parse(data, kind))
    stranger = signed(node.uplink(), PrivateKey.generate(), by=node.uscc)
    assert node.post(msgspec.json.encode(stranger)).json()["code"] == "call-signature"
    assert Uplink not in parsed
    monkeypatch.undo()
    both = Signed(text=stranger.text, signatures=(*stranger.signatures, sign(node.uplink(), node.key, by=node.uscc)))
    assert node.post(msgspec.json.encode(both)).json()["code"] == "call-malformed"


@pytest.mark.parametrize("change", [b"", b"{}", b"[]", b'{"text":"{}","signatures":[]}', b"\xff\xfe"])
def test_what_is_no_call_is_refused_in_words(road: Road, change: bytes):
    answer = road.nodes["bank"].post(change)
    assert (answer.status_code, answer.json()["code"]) == (400, "call-malformed")


def test_one_altered_byte_is_noticed(road: Road):
    node = road.nodes["centre"]
    body = msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc))
    assert node.post(body.replace(b"libgcrypt", b"libgcrypT")).json()["code"] == "call-signature"


def test_a_get_changes_nothing(road: Road):
    assert road.nodes["centre"].client.get("/node/v1/exchange").status_code == 405


def test_the_answer_is_signed_by_the_zone_and_names_the_call(road: Road):
    from apps.tenants import zone

    node = road.nodes["centre"]
    answer = node.post(msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc)))
    downlink = require_signature(
        msgspec.json.decode(answer.content, type=Signed), Downlink, by=zone.operator(), key=zone.order_key().public
    )
    assert (downlink.node, downlink.counter) == (node.uscc, node.counter)


def test_messages_come_until_they_are_acknowledged(road: Road):
    node = road.nodes["centre"]
    first = node.call()
    assert [message.number for message in first.messages] == [1, 2, 3, 4]  # the cards of the other organisations
    assert node.call(received=0).messages == first.messages
    assert node.call(received=2).messages == first.messages[2:]
    assert node.call().messages == ()


def test_a_portal_restored_from_a_backup_goes_on_above_what_the_node_has(road: Road):
    node = road.nodes["centre"]
    node.received = 40
    assert [message.number for message in node.call().messages] == [41, 42, 43, 44]
