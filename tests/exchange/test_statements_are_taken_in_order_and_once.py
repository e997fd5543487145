"""Numbers and the chain: a gap, a fork or a foreign speaker refuses the call; a refused act is acknowledged."""

from typing import Any

import msgspec

from apps.core.tenancy import tenant_tx
from apps.datasets.models import Dataset
from apps.exchange.models import NodeMessage, StatementRecord
from apps.ledger.models import Entry
from creditzone.kernel.documents import (
    CardIssued,
    ContractAct,
    ContractActed,
    DatasetMeasured,
    DocumentCompleted,
    DocumentSigned,
    Signed,
    Statement,
    new_id,
    now_ms,
    read,
    sign,
    signed,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.fake_node import NOTHING, FakeNode, make_card
from tests.road import Road, make_measured


def outcomes(node: FakeNode) -> list[tuple[int, str, str]]:
    with tenant_tx(None, role="exchange"):
        records = StatementRecord.objects.filter(node__uscc=node.uscc).order_by("number")
        return list(records.values_list("number", "outcome", "reason"))


def measured(**changes: Any) -> DatasetMeasured:
    return make_measured("profit_and_loss", **changes)


def test_statements_sent_again_are_skipped(road: Road):
    node = road.nodes["centre"]
    node.say(measured())
    first = list(node.outbox)
    node.call()
    node.say(measured())
    node.call(statements=[*first, *node.outbox])
    assert outcomes(node) == [(1, "taken", ""), (2, "taken", "")]


def test_a_gap_refuses_the_call(road: Road):
    node = road.nodes["centre"]
    node.say(measured())
    node.say(measured())
    assert node.refused(statements=node.outbox[1:]) == "statement-chain"
    assert outcomes(node) == []
    node.call()
    assert len(outcomes(node)) == 2


def test_a_statement_that_names_another_predecessor_refuses_the_call(road: Road):
    node = road.nodes["centre"]
    node.tell(measured())
    node.say(measured(), previous=NOTHING)
    assert node.refused() == "statement-chain"
    assert len(outcomes(node)) == 1


def test_another_statement_under_a_number_that_was_taken_refuses_the_call(road: Road):
    """A node restored from an old backup would otherwise go on unnoticed beside its own past."""
    node = road.nodes["centre"]
    node.tell(measured())
    node.number, node.previous = 0, None
    node.say(measured())
    assert node.refused() == "statement-chain"


def test_a_statement_signed_with_another_key_refuses_the_call(road: Road):
    node = road.nodes["centre"]
    key, node.key = node.key, PrivateKey.generate()
    node.say(measured())
    node.key = key
    assert node.refused() == "call-signature"
    assert outcomes(node) == []


def test_a_node_speaks_for_no_organisation_but_its_own_and_those_it_hosts(road: Road):
    node = road.nodes["centre"]
    for stranger in ("bank", "firm"):
        node.outbox.clear()
        node.number, node.previous = 0, None
        node.say(measured(), organisation=road.zone[stranger].uscc)
        assert node.refused() == "not-its-word"
    host = road.nodes["platform"]
    host.tell(make_measured("turnover"), organisation=road.zone["firm"].uscc)
    assert outcomes(host) == [(1, "taken", "")]


def test_another_node_s_statement_is_not_taken(road: Road):
    stolen = road.nodes["bank"].say(measured())
    assert road.nodes["centre"].refused(statements=[stolen]) == "call-signature"


def test_a_malformed_statement_refuses_the_call(road: Road):
    node = road.nodes["centre"]
    said = node.say(measured())
    text = said.text.replace('"rows":100', '"rows":"100"')
    value = node.key.sign(b"creditzone/statement/v1\n" + text.encode()).hex()
    broken = Signed(text=text, signatures=(msgspec.structs.replace(said.signatures[0], value=value),))
    assert node.refused(statements=[broken]) == "call-malformed"


def test_what_a_service_refuses_is_recorded_and_acknowledged_so_that_the_node_goes_on(road: Road):
    node = road.nodes["centre"]
    node.say(measured(accepted=99))
    node.say(measured())
    assert node.call().acknowledged == 2
    assert outcomes(node) == [(1, "rejected", "invalid"), (2, "taken", "")]
    with tenant_tx(None, role="exchange"):
        assert Dataset.objects.count() == 1
    with tenant_tx(None, role="regulator"):
        assert [entry.facts["reason"] for entry in Entry.objects.filter(act="statement.reject")] == ["invalid"]


def test_a_signature_under_what_nobody_drafted_is_rejected(road: Road):
    node = road.nodes["bank"]
    statement = read(node.say(measured()), Statement)
    node.outbox.clear()
    node.number, node.previous = 0, None
    signature = sign(statement, node.key, by=node.uscc)
    node.tell(DocumentSigned(document=NOTHING, signature=signature, person=new_id()))
    assert outcomes(node) == [(1, "rejected", "not-found")]


def test_a_renewed_card_signed_with_the_old_key_takes_its_place(road: Road):
    node = road.nodes["centre"]
    fresh = PrivateKey.generate()
    node.tell(CardIssued(card=node.card(serial=2, key=fresh, old=node.key)))
    assert outcomes(node) == [(1, "taken", "")]
    old, node.key = node.key, fresh
    node.call()
    node.key = old
    assert node.refused() == "call-signature"


def test_a_renewed_card_reaches_every_node_before_what_its_key_signs(road: Road):
    centre, bank = road.nodes["centre"], road.nodes["bank"]
    contract = road.agreed(road.sealed("centre"), "centre")
    bank.call()
    before = len(bank.inbox)
    fresh = PrivateKey.generate()
    card = centre.card(serial=2, key=fresh, old=centre.key)
    centre.tell(CardIssued(card=card))
    centre.key = fresh
    act = ContractAct(
        zone=road.digest,
        id=new_id(),
        contract=contract.digest,
        act="suspend",
        by=centre.uscc,
        reason="测试",
        at=now_ms(),
    )
    centre.tell(ContractActed(act=signed(act, fresh, by=centre.uscc)))
    bank.call()
    [shown, completed, *_] = bank.inbox[before:]
    assert shown.card.digest == card.digest
    assert isinstance(completed, DocumentCompleted)
    assert read(completed.document, ContractAct) == act


def test_a_card_that_the_old_key_did_not_sign_is_rejected(road: Road):
    node = road.nodes["centre"]
    thief = PrivateKey.generate()
    forged = signed(make_card(road.digest, node.uscc, "code_centre", thief, serial=2), thief, by=node.uscc)
    node.tell(CardIssued(card=forged))
    assert outcomes(node) == [(1, "rejected", "invalid")]
    node.call()


def test_a_node_that_asks_gets_its_own_statements_back_and_is_told_again_what_it_was_told(road: Road):
    node, contract = road.nodes["centre"], road.agreed(road.sealed("centre"), "centre")
    node.call()
    with tenant_tx(None, role="exchange"):
        kept = list(StatementRecord.objects.filter(node__uscc=node.uscc).order_by("number"))
    node.outbox.clear()
    before = len(node.inbox)
    answer = node.call(recall=1)
    assert [one.number for one in answer.recalled] == [record.number for record in kept[1:]]
    assert all(read(one.statement, Statement).node == node.uscc for one in answer.recalled)
    again = [message for message in node.inbox[before:] if isinstance(message, DocumentCompleted)]
    assert contract.digest in {message.document.digest for message in again}
    with tenant_tx(None, role="regulator"):
        assert Entry.objects.filter(act="node.restored").count() == 1
    assert node.call().recalled == ()


def test_a_call_that_asks_for_statements_and_says_some_is_refused(road: Road):
    node = road.nodes["centre"]
    node.say(measured())
    assert node.refused(recall=0) == "call-malformed"


def test_a_node_that_asks_again_and_again_is_told_once_as_long_as_it_takes_nothing_in(road: Road):
    node = road.nodes["centre"]
    road.agreed(road.sealed("centre"), "centre")
    node.call()
    node.outbox.clear()
    waiting = []
    for _ in range(3):
        node.call(recall=1, received=0)
        with tenant_tx(None, role="exchange"):
            waiting.append(NodeMessage.objects.filter(node__uscc=node.uscc).count())
    assert waiting[0] == waiting[1] == waiting[2]
