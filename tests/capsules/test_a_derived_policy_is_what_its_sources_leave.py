"""The policy of a derived dataset is drafted from its sources' policies: nobody writes it, and nobody widens it."""

from uuid import UUID

import pytest

from apps.capsules import derived, services
from apps.core.errors import Invalid, NotFound
from creditzone.kernel.documents import DocumentCompleted, Lineage, Parent, Policy, new_id, read
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.lineage import derived_rules
from tests.road import Road, make_measured


def sources(road: Road, **changes):
    """The bank's and the centre's capsules, whose results may be inputs again once."""
    again = {"more": (Derivation(generations=1),), **changes}
    return [road.sealed(name, rules=[road.rule("bank", **again)]) for name in ("bank", "centre")]


def made(road: Road, capsules, *, by: str = "bank") -> UUID:
    """A dataset that a node says it made of a result over these capsules."""
    parents = tuple(
        Parent(capsule=str(one.id), provider=road.zone[name].uscc, policy=one.policy_digest)
        for name, one in zip(("bank", "centre"), capsules, strict=True)
    )
    measured = make_measured("joint_result", lineage=Lineage(job=new_id(), parents=parents))
    road.nodes[by].tell(measured)
    return UUID(measured.dataset)


def test_it_is_drafted_with_its_sources_and_their_signed_policies_come_along(road: Road):
    capsules = sources(road)
    dataset = made(road, capsules)
    client = road.zone.client("bank", "steward")
    page = client.get(f"/capsules/policies/new/?dataset={dataset}").content.decode()
    assert all(one.title in page for one in capsules)
    assert client.post(f"/capsules/policies/new/?dataset={dataset}").status_code == 302

    node = road.nodes["bank"]
    node.call()
    policy = node.drafts(Policy)[-1]
    brought = [read(message.document, Policy) for message in node.messages(DocumentCompleted)]
    theirs = [one for one in brought if one.provider == road.zone["centre"].uscc]
    assert [one.capsule for one in theirs] == [str(capsules[1].id)]
    assert [parent.capsule for parent in policy.parents] == [str(one.id) for one in capsules]
    steward = road.zone.member("bank", "steward")
    with road.zone.tx(steward):
        policies = [source.policy for source in derived.sources_of(policy.parents)]
    assert policy.rules == derived_rules(policies, domain("joint_result"))


def test_the_api_drafts_it_too_and_takes_no_rules(road: Road):
    dataset = made(road, sources(road))
    client = road.zone.client("bank", "steward")
    answer = client.post("/api/v1/policies/", {"dataset": str(dataset)}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    steward = road.zone.member("bank", "steward")
    with road.zone.tx(steward), pytest.raises(Invalid):
        services.draft_policy(actor=steward, dataset_id=dataset, rules=[road.rule("bank", "centre")])


def test_where_a_source_lets_no_result_be_an_input_the_page_says_so_and_nothing_is_drafted(road: Road):
    dataset = made(road, sources(road, more=()))
    client = road.zone.client("bank", "steward")
    page = client.get(f"/capsules/policies/new/?dataset={dataset}").content.decode()
    assert "let no result be an input again" in page
    assert client.post(f"/capsules/policies/new/?dataset={dataset}").status_code == 422
    road.nodes["bank"].call()
    assert [one for one in road.nodes["bank"].drafts(Policy) if one.dataset == str(dataset)] == []


def test_a_source_that_one_may_not_see_gives_no_policy(road: Road):
    dataset = made(road, sources(road), by="platform")
    steward = road.zone.member("platform", "steward")
    with road.zone.tx(steward), pytest.raises(Invalid, match="sources"):
        derived.draft_policy(actor=steward, dataset_id=dataset)
    stranger = road.zone.member("bank", "steward")
    with road.zone.tx(stranger), pytest.raises(NotFound):
        derived.draft_policy(actor=stranger, dataset_id=dataset)
