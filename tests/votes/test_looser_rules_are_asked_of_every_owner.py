"""Looser rules for a derived capsule at the portal: its owner asks, every owner answers in its own node, one no ends
it, and only what all signed becomes a policy."""

from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError

from apps.capsules import derived
from apps.core.errors import Invalid, NotFound
from apps.core.tenancy import tenant_tx
from apps.votes import services
from apps.votes.models import Vote
from creditzone.kernel.documents import (
    DocumentCompleted,
    DraftDeclined,
    LooseningVote,
    Policy,
    parse_any,
)
from tests.capsules.test_a_derived_policy_is_what_its_sources_leave import made, sources
from tests.road import Road

HTMX = {"hx-request": "true"}


@pytest.fixture
def capsule(road: Road) -> UUID:
    """A derived capsule of the bank's, made of its own and the centre's, with a drafted policy."""
    dataset = made(road, sources(road))
    steward = road.zone.member("bank", "steward")
    with road.zone.tx(steward):
        return UUID(str(derived.draft_policy(actor=steward, dataset_id=dataset).id))


def looser(road: Road, **changes: Any):
    return [road.rule("bank", id="looser", uses=5000, **changes)]


def asked(road: Road, capsule: UUID) -> Vote:
    steward = road.zone.member("bank", "steward")
    with road.zone.tx(steward):
        return services.ask(actor=steward, capsule_id=capsule, rules=looser(road), days=30)


def answer(road: Road, name: str) -> None:
    road.nodes[name].sign_draft(LooseningVote, road.person(name, "steward"))


def now(vote: Vote) -> Vote:
    with tenant_tx(None, role="exchange"):
        return Vote.objects.get(pk=vote.pk)


def brought(road: Road, name: str) -> list[LooseningVote]:
    found = [parse_any(one.document.text.encode()) for one in road.nodes[name].messages(DocumentCompleted)]
    return [one for one in found if isinstance(one, LooseningVote)]


def test_only_when_every_owner_signed_is_the_policy_drafted_that_they_agreed_to(road: Road, capsule: UUID):
    vote = asked(road, capsule)
    assert set(vote.document.owners) == {road.zone[name].uscc for name in ("bank", "centre")}
    steward = road.zone.member("bank", "steward")
    answer(road, "bank")
    assert (now(vote).state, now(vote).missing) == ("asked", [road.zone["centre"].uscc])
    with road.zone.tx(steward), pytest.raises(Invalid):
        services.draft_policy(actor=steward, vote_id=vote.id)
    answer(road, "centre")
    assert (now(vote).state, now(vote).missing) == ("agreed", [])
    client = road.zone.client("bank", "steward")
    assert client.post(f"/votes/{vote.id}/draft/").status_code == 302
    road.nodes["bank"].call()
    policy = road.nodes["bank"].drafts(Policy)[-1]
    assert (policy.loosened_by, policy.rules) == (vote.digest, vote.document.rules)
    assert [one.rules for one in brought(road, "bank")][-1] == vote.document.rules
    assert len(now(vote).as_signed.signatures) == 2


def test_one_no_ends_it_for_all(road: Road, capsule: UUID):
    vote = asked(road, capsule)
    node = road.nodes["centre"]
    node.call()
    node.tell(DraftDeclined(document=vote.digest, reason="太宽", person=road.person("centre", "steward")))
    assert (now(vote).state, now(vote).said_no, now(vote).reason) == ("declined", road.zone["centre"].uscc, "太宽")
    answer(road, "bank")
    assert now(vote).as_signed.signatures == ()
    page = road.zone.client("bank", "steward").get(f"/votes/on/{capsule}/").content.decode()
    assert "太宽" in page


def test_a_withdrawn_question_takes_no_more_signatures(road: Road, capsule: UUID):
    vote = asked(road, capsule)
    assert road.zone.client("bank", "steward").post(f"/votes/{vote.id}/withdraw/").status_code == 302
    answer(road, "centre")
    assert (now(vote).state, now(vote).as_signed.signatures) == ("withdrawn", ())


def test_a_steward_asks_on_a_page_that_says_what_becomes_looser(road: Road, capsule: UUID):
    client = road.zone.client("bank", "steward")
    page = client.get(f"/votes/on/{capsule}/ask/").content.decode()
    assert "Ask every owner" in page
    given: dict[str, Any] = {
        "open_days": "30", "r1-grantees": [road.zone["bank"].uscc], "r1-purposes": ["credit-risk"],
        "r1-models": list(road.models.values()), "r1-disclosures": ["grade"], "r1-days": "1", "r1-uses": "5000",
    }  # fmt: skip
    said = client.post(f"/votes/on/{capsule}/preview/", given, headers=HTMX).content.decode()
    assert "<ins>5000 times</ins> (loosened)" in said
    assert "scorecards" not in said
    wrong = client.post(f"/votes/on/{capsule}/ask/", given | {"open_days": "91"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "id_open_days_error" in wrong.content.decode()
    done = client.post(f"/votes/on/{capsule}/ask/", given, headers=HTMX)
    assert done["HX-Redirect"] == f"/votes/on/{capsule}/"
    listed = client.get(f"/votes/on/{capsule}/").content.decode()
    assert "waits for every owner" in listed
    road.nodes["centre"].call()
    [question] = road.nodes["centre"].drafts(LooseningVote)
    assert question.rules[0].uses == 5000
    [shown] = client.get("/api/v1/votes/").json()["results"]
    assert (shown["state"], len(shown["missing"])) == ("asked", 2)


def test_nobody_asks_about_anothers_capsule_or_one_that_was_uploaded(road: Road, capsule: UUID):
    with pytest.raises(NotFound), road.zone.tx(road.zone.member("centre", "steward")):
        services.ask(actor=road.zone.member("centre", "steward"), capsule_id=capsule, rules=looser(road), days=3)
    steward = road.zone.member("bank", "steward")
    uploaded = road.sealed("bank")
    with pytest.raises(Invalid), road.zone.tx(steward):
        services.ask(actor=steward, capsule_id=uploaded.id, rules=looser(road), days=3)
    assert road.zone.client("bank", "officer").get(f"/votes/on/{capsule}/").status_code == 403


def test_nobody_is_asked_for_rules_that_no_policy_could_have(road: Road, capsule: UUID):
    steward = road.zone.member("bank", "steward")
    misspelt = looser(road, purposes=("credit-rsk",))
    with pytest.raises(Invalid, match="credit-rsk"), road.zone.tx(steward):
        services.ask(actor=steward, capsule_id=capsule, rules=misspelt, days=3)
    with road.zone.tx(steward):
        assert not Vote.objects.exists()


def test_the_database_lets_no_asker_mark_a_vote_as_agreed(road: Road, capsule: UUID):
    vote = asked(road, capsule)
    steward = road.zone.member("bank", "steward")
    with pytest.raises(DatabaseError), road.zone.tx(steward):
        Vote.objects.filter(pk=vote.pk).update(state="agreed")
    with road.zone.tx(road.zone.member("centre", "steward")):
        assert not Vote.objects.filter(pk=vote.pk).exists()
