"""What a provider's node and its custodian's say to each other passes the portal as it was signed, and the capsule's
page shows how the holders are from these words alone."""

from typing import Any

import pytest

from apps.capsules.models import Capsule
from creditzone.kernel.documents import (
    DepositAnswered,
    DepositSent,
    DocumentCompleted,
    RefusalNote,
    ShareAsked,
    ShareReleased,
    ShareWithheld,
    Signed,
    StatementPassed,
    new_id,
    now_ms,
)
from tests.custody import guarded_by
from tests.fake_node import NOTHING, FakeNode
from tests.road import Road

SOME = Signed(text="{}", signatures=())


@pytest.fixture
def capsule(road: Road) -> Capsule:
    custody = guarded_by(road.zone["centre"].uscc, road.zone["platform"].uscc)
    return road.sealed("centre", custody=custody)


def about(road: Road, capsule: Capsule, to: str) -> dict[str, Any]:
    return {"capsule": str(capsule.id), "version": 1, "to": road.zone[to].uscc}


def of_job(road: Road, capsule: Capsule, to: str) -> dict[str, Any]:
    return {**about(road, capsule, to), "job": new_id(), "attempt": 1, "fence": 1}


def passed(node: FakeNode) -> list[Signed]:
    node.call()
    return [message.statement for message in node.messages(StatementPassed)]


def page(road: Road, capsule: Capsule, reader: str = "centre") -> str:
    answer = road.zone.client(reader, "steward").get(f"/capsules/{capsule.id}/")
    return str(answer.content.decode())


def say(road: Road, name: str, body: Any) -> Signed:
    """The node says it and calls; the statement."""
    node = road.nodes[name]
    said = node.say(body)
    node.call()
    return said


def test_a_deposit_goes_to_its_custodian_and_its_answer_is_shown(road: Road, capsule: Capsule):
    assert "never answered" in page(road, capsule)
    sent = say(road, "centre", DepositSent(**about(road, capsule, "platform"), body="AAAA"))
    assert passed(road.nodes["platform"]) == [sent]
    answered = {"capsule": str(capsule.id), "version": 1, "provider": road.zone["centre"].uscc, "at": now_ms()}
    say(road, "platform", DepositAnswered(**answered, refusal=None))
    assert "keeps its share" in page(road, capsule)
    say(road, "platform", DepositAnswered(**answered, refusal=RefusalNote(clause="deposit-unfit", facts=())))
    assert "withheld its share" in page(road, capsule)


def test_a_question_and_its_answer_pass_and_are_shown(road: Road, capsule: Capsule):
    asked = of_job(road, capsule, "platform")
    question = say(road, "centre", ShareAsked(**asked, order=SOME, program=NOTHING))
    assert passed(road.nodes["platform"]) == [question]
    to = {**asked, "to": road.zone["centre"].uscc}
    release = say(road, "platform", ShareReleased(**to, expires_at=now_ms(), body="AAAA"))
    assert passed(road.nodes["centre"]) == [release]
    assert "released its share" in page(road, capsule)
    note = RefusalNote(clause="capsule-frozen", facts=())
    withheld = say(road, "platform", ShareWithheld(**to, refusal=note))
    assert passed(road.nodes["centre"]) == [release, withheld]
    assert "withheld its share" in page(road, capsule)
    assert "has frozen the capsule" in page(road, capsule)


def test_a_provider_alone_is_said_to_be_alone(road: Road):
    assert "nobody else guards it" in page(road, road.sealed("centre"))


def test_who_is_no_holder_answers_nothing(road: Road, capsule: Capsule):
    to = of_job(road, capsule, "centre")
    say(road, "bank", ShareReleased(**to, expires_at=now_ms(), body="AAAA"))
    say(road, "bank", ShareWithheld(**to, refusal=RefusalNote(clause="capsule-frozen", facts=())))
    assert passed(road.nodes["centre"]) == []
    assert "never answered" in page(road, capsule)


def test_nobody_asks_for_anothers_capsule(road: Road, capsule: Capsule):
    asked = of_job(road, capsule, "platform")
    say(road, "bank", ShareAsked(**asked, order=SOME, program=NOTHING))
    say(road, "bank", DepositSent(**about(road, capsule, "platform"), body="AAAA"))
    assert passed(road.nodes["platform"]) == []


def test_an_act_on_a_capsule_reaches_its_custodians(road: Road, capsule: Capsule):
    acted = road.act_on(capsule, "centre", "freeze")
    node = road.nodes["platform"]
    node.call()
    assert [one.document for one in node.messages(DocumentCompleted)] == [acted.act]
