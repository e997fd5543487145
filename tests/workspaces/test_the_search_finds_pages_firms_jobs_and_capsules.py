"""The search of the top bar: what each reader may find, and what it costs when a table grows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.finding import NEWEST
from demo.firms import OWNER
from tests.registry.conftest import load, record


@pytest.fixture
def job(road):
    """A job of bank and centre, queued."""
    return road.queued(road.ready("centre"), title="Week 47 applicants")


def found(zone, place: str, typed: str, role: str = "owner") -> dict[str, list[str]]:
    """The titles that were found, by kind."""
    answer = zone.client(place, role).get("/search/", {"q": typed})
    assert answer.status_code == 200
    return {str(group.label): [str(hit.title) for hit in group.hits] for group in answer.context["groups"]}


def test_parties_find_a_job_by_its_title_and_its_digest_and_strangers_do_not(road, job):
    for typed in ("week 47", str(job.id)[:23], job.digest[:20]):
        assert found(road.zone, "bank", typed)["Jobs"] == found(road.zone, "centre", typed)["Jobs"] == [job.title]
        assert found(road.zone, "other_bank", typed)["Jobs"] == []
    assert found(road.zone, "bank", "no such title")["Jobs"] == []


def test_a_capsule_is_found_by_its_owner_and_by_whom_its_policy_names(road):
    capsule = road.sealed("centre")
    for place in ("centre", "bank"):
        assert found(road.zone, place, capsule.title)["Capsules"] == [capsule.title]
        assert found(road.zone, place, capsule.policy_digest)["Capsules"] == [capsule.title]
    assert capsule.title not in found(road.zone, "other_bank", capsule.title).get("Capsules", [])


def test_an_operator_finds_no_job_and_a_regulator_is_led_to_the_list_that_notes_its_look(road, job):
    assert "Jobs" not in found(road.zone, "operator", "week 47")
    page = road.zone.client("regulator", "auditor").get("/search/", {"q": "week 47"}).content.decode()
    assert job.digest not in page
    assert "/supervision/jobs/?title=week+47" in page


def test_pages_are_those_of_the_readers_own_workspace(zone):
    assert found(zone, "operator", "nod")["Pages"] == ["Nodes"]
    assert "Pages" not in found(zone, "bank", "nod")


def test_a_whole_registered_code_leads_to_its_firm_and_the_beginning_of_a_name_finds_it(zone):
    load([record(OWNER.uscc, "武汉精工")])
    assert zone.client("bank").get("/search/", {"q": OWNER.uscc.lower()}).url == f"/registry/{OWNER.uscc}/"
    assert found(zone, "bank", "武汉")["Firms"] == ["武汉精工"]


@pytest.mark.parametrize("typed", ["", "   ", "\0", "%", "sm3:", "x" * 5000, "'\"<b>"])
def test_whatever_is_typed_the_page_stands(zone, typed):
    assert zone.client("bank").get("/search/", {"q": typed}).status_code == 200


def test_a_search_reads_a_bounded_part_of_its_tables_in_as_many_queries_as_before(road, job):
    client = road.zone.client("bank", "owner")
    client.get("/search/", {"q": "week"})
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/search/", {"q": "week"})
    reads = [one["sql"] for one in asked if 'FROM "compute_jobparty"' in one["sql"] and "title" in one["sql"]]
    assert [f"LIMIT {NEWEST}" in sql for sql in reads] == [True]
    assert not any("LIKE" in one["sql"].upper() for one in asked)
