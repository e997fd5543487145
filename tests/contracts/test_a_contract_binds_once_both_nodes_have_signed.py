"""Offers, signatures and acts: what the nodes sign moves a contract; nobody else and nothing else does."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest

from apps.contracts.models import Contract
from apps.contracts.selectors import contracts_of, signers_of, usable_for
from apps.contracts.services import draft_act, expire_due, offer, withdraw_offer
from apps.core import clock
from apps.core.errors import Forbidden, IllegalMove, Invalid, NotFound
from apps.core.tenancy import tenant_tx
from apps.exchange.models import StatementRecord
from apps.ledger.models import Entry
from creditzone.kernel import documents
from creditzone.kernel.documents import (
    ContractAct,
    ContractActed,
    DocumentCompleted,
    DocumentSigned,
    DraftDeclined,
    DraftSent,
    Rule,
    digest_of,
    new_id,
    now_ms,
    sign,
    signed,
)
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.subject import Subject
from tests.fake_node import FakeNode
from tests.road import DAY, PURPOSE, Road


def state(contract: Contract) -> str:
    with tenant_tx(None, role="exchange"):
        return Contract.objects.get(pk=contract.pk).state


def last_reason(node: FakeNode) -> str:
    with tenant_tx(None, role="exchange"):
        return StatementRecord.objects.filter(node__uscc=node.uscc).order_by("-number")[0].reason


def act(road: Road, name: str, contract: Contract, what: str) -> ContractActed:
    node = road.nodes[name]
    document = ContractAct(
        zone=road.digest,
        id=new_id(),
        contract=contract.digest,
        act=what,  # type: ignore[arg-type]
        by=node.uscc,
        reason="核查中",
        at=now_ms(),
    )
    return ContractActed(act=signed(document, node.key, by=node.uscc))


def acts_about(contract: Contract) -> list[str]:
    with tenant_tx(None, role="regulator"):
        return list(Entry.objects.filter(subject_id=str(contract.id)).order_by("id").values_list("act", flat=True))


def test_with_both_signatures_it_is_active_and_goes_to_both_nodes(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    assert contract.state == Contract.State.ACTIVE
    road.heartbeats("centre", "bank")
    for name in ("centre", "bank"):
        (completed,) = road.nodes[name].messages(DocumentCompleted)
        assert {signature.by for signature in completed.document.signatures} == {
            road.zone["centre"].uscc,
            road.zone["bank"].uscc,
        }
    assert acts_about(contract) == ["contract.offer", "contract.sign", "contract.sign", "contract.activate"]
    with road.zone.tx(road.zone.member("bank", "steward")):
        assert [one.id for one in usable_for(road.zone["bank"].id)] == [contract.id]


def test_with_one_signature_it_is_only_proposed_and_the_other_node_sees_who_signed(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    road.nodes["centre"].sign_draft(documents.Contract, road.person("centre", "steward"))
    assert state(contract) == Contract.State.PROPOSED
    road.heartbeats("bank")
    drafts = [one for one in road.nodes["bank"].messages(DraftSent) if one.document.digest == contract.digest]
    assert [signature.by for signature in drafts[-1].document.signatures] == [road.zone["centre"].uscc]
    bank = road.zone.member("bank", "steward")
    with road.zone.tx(bank):
        (seen,) = contracts_of(bank)
        assert [(party.uscc, has) for party, has in signers_of(seen)] == [
            (road.zone["centre"].uscc, True),
            (road.zone["bank"].uscc, False),
        ]


def test_a_signature_with_another_key_moves_nothing(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    bank, centre = road.nodes["bank"], road.nodes["centre"]
    bank.call()
    document = bank.drafts(documents.Contract)[-1]
    forged = sign(document, centre.key, by=bank.uscc)
    bank.tell(DocumentSigned(document=digest_of(document), signature=forged, person=new_id()))
    assert (last_reason(bank), state(contract)) == ("signature", Contract.State.PROPOSED)
    bank.sign_draft(documents.Contract, road.person("bank", "steward"))  # the draft still waits for the right one
    centre.sign_draft(documents.Contract, road.person("centre", "steward"))
    assert state(contract) == Contract.State.ACTIVE


def test_a_party_signs_once_and_a_stranger_never(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    for _ in range(2):
        road.nodes["centre"].sign_draft(documents.Contract, road.person("centre", "steward"))
    assert last_reason(road.nodes["centre"]) == "illegal-move"
    stranger = road.nodes["other_bank"]
    document = road.nodes["centre"].drafts(documents.Contract)[-1]
    signature = sign(document, stranger.key, by=stranger.uscc)
    stranger.tell(DocumentSigned(document=contract.digest, signature=signature, person=new_id()))
    assert (last_reason(stranger), state(contract)) == ("not-found", Contract.State.PROPOSED)


def test_a_declined_offer_is_over(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    road.nodes["bank"].tell(DraftDeclined(document=contract.digest, reason="价格不合适", person=new_id()))
    assert state(contract) == Contract.State.TERMINATED
    road.nodes["centre"].sign_draft(documents.Contract, road.person("centre", "steward"))
    assert state(contract) == Contract.State.TERMINATED


def test_only_who_suspended_resumes_and_the_other_node_is_told(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    centre, bank = road.nodes["centre"], road.nodes["bank"]
    centre.tell(act(road, "centre", contract, "suspend"))
    assert state(contract) == Contract.State.SUSPENDED
    bank.call()
    assert any('"type":"contract-act"' in one.document.text for one in bank.messages(DocumentCompleted))
    bank.tell(act(road, "bank", contract, "resume"))
    assert (last_reason(bank), state(contract)) == ("invalid", Contract.State.SUSPENDED)
    centre.tell(act(road, "centre", contract, "resume"))
    assert state(contract) == Contract.State.ACTIVE
    bank.tell(act(road, "bank", contract, "terminate"))
    assert state(contract) == Contract.State.TERMINATED
    centre.tell(act(road, "centre", contract, "resume"))
    assert state(contract) == Contract.State.TERMINATED


def test_the_same_act_twice_is_one_act(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    suspension = act(road, "centre", contract, "suspend")
    for _ in range(2):
        road.nodes["centre"].tell(suspension)
        assert last_reason(road.nodes["centre"]) == ""
    assert acts_about(contract).count("contract.suspend") == 1


def test_an_act_of_a_stranger_or_in_another_s_name_moves_nothing(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    road.nodes["other_bank"].tell(act(road, "other_bank", contract, "terminate"))
    road.nodes["other_bank"].tell(act(road, "centre", contract, "terminate"))
    assert state(contract) == Contract.State.ACTIVE


def test_an_act_drafted_at_the_portal_binds_when_the_node_has_signed_it(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    steward = road.zone.member("centre", "steward")
    with road.zone.tx(steward):
        draft_act(actor=steward, contract_id=contract.id, act="suspend", reason="核查中")
    assert state(contract) == Contract.State.ACTIVE
    road.nodes["centre"].sign_draft(ContractAct, str(steward.person_id))
    assert state(contract) == Contract.State.SUSPENDED


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consumer": "platform"}, "consumer"),
        ({"consumer": "centre"}, "consumer"),
        ({"purpose": "public-governance"}, "purpose"),
        ({"purpose": "marketing"}, "purpose"),
        ({"not_after": -2 * DAY}, "not_after"),
        ({"price_fen": 149}, "price_fen"),
        ({"consumer": "other_bank"}, "consumer"),
    ],
)
def test_an_offer_that_the_policy_does_not_bear_is_not_made(road: Road, changes: dict[str, Any], field: str):
    never = Rule(id="no", effect="deny", clauses=(Subject(organisations=(road.zone["other_bank"].uscc,)),))
    priced = road.rule("bank", "other_bank", more=(Payment(least_fen=150),))
    capsule = road.sealed("centre", rules=[priced, never])
    steward = road.zone.member("centre", "steward")
    asked = {"consumer": "bank", "purpose": PURPOSE, "not_after": DAY, "price_fen": 150, **changes}
    with road.zone.tx(steward), pytest.raises(Invalid) as raised:
        offer(
            actor=steward,
            capsule_id=capsule.id,
            consumer=road.zone[asked["consumer"]],
            purpose=asked["purpose"],
            price_fen=asked["price_fen"],
            not_before=clock.now(),
            not_after=clock.now() + asked["not_after"],
        )
    assert set(raised.value.errors) == {field}


@pytest.mark.parametrize(
    ("who", "error"),
    [(("centre", "officer"), Forbidden), (("bank", "steward"), Invalid), (("other_bank", "steward"), NotFound)],
)
def test_only_the_provider_s_stewards_withdraw_an_offer(road: Road, who: tuple[str, str], error: type[Exception]):
    contract = road.offered(road.sealed("centre"), "centre")
    actor = road.zone.member(*who)
    with pytest.raises(error), road.zone.tx(actor):
        withdraw_offer(actor=actor, contract_id=contract.id, reason="x")
    assert (state(contract), acts_about(contract)) == (Contract.State.PROPOSED, ["contract.offer"])


def test_a_withdrawn_offer_cannot_be_signed_any_more(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    steward = road.zone.member("centre", "steward")
    with road.zone.tx(steward):
        withdraw_offer(actor=steward, contract_id=contract.id, reason="x")
    road.nodes["bank"].sign_draft(documents.Contract, road.person("bank", "steward"))
    assert (last_reason(road.nodes["bank"]), state(contract)) == ("illegal-move", Contract.State.TERMINATED)


def test_a_term_that_is_over_ends_the_contract_once(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    with tenant_tx(None, role="exchange"):
        Contract.objects.update(not_after=clock.now() - timedelta(seconds=1))
    assert (expire_due(), expire_due()) == (1, 0)
    assert (state(contract), acts_about(contract)[-1]) == (Contract.State.EXPIRED, "contract.expire")


def test_only_listed_moves_are_made(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    for now in Contract.State:
        for to in Contract.State:
            may = to in Contract.MOVES.get(now, ())
            with tenant_tx(None, role="exchange"):
                Contract.objects.filter(pk=contract.pk).update(state=now)
                row = Contract.objects.get(pk=contract.pk)
                with nullcontext() if may else pytest.raises(IllegalMove):
                    row.move(to=to)
            assert state(contract) == (to if may else now)
