"""Before a steward has a new version signed, the page says what it would have done with last month's jobs."""

from apps.compute.models import Job
from tests.capsules.test_a_policy_is_written_as_fields_and_read_as_a_sentence import HTMX, filled
from tests.road import Road


def said(road: Road, capsule, **fields: str) -> str:
    client = road.zone.client("centre", "steward")
    changed = filled(road, **{"r1-id": "r1", **fields})
    return client.post(f"/capsules/policies/preview/?capsule={capsule.id}", changed, headers=HTMX).content.decode()


def test_the_page_counts_what_would_be_refused_and_says_by_which_clause(road: Road):
    capsules = road.ready("centre")
    own = next(one for one in capsules if one.domain == "profit_and_loss")
    assert "in the last 30 days" not in said(road, own)
    job = road.queued(capsules)
    assert road.job(job).state in {Job.State.QUEUED, Job.State.OFFERED}
    purposes = {"r1-purposes": ["credit-risk"], "r1-models": list(road.models.values())}
    willing = said(road, own, **purposes, **{"r1-disclosures": ["decision", "grade", "reasons"]})
    assert "Jobs on this capsule in the last 30 days: 1, of which 0 would be refused." in willing
    strict = said(road, own, **(purposes | {"r1-purposes": ["self-enquiry"]}))
    assert "1, of which 1 would be refused." in strict
    assert "The policy does not allow the purpose" in strict
