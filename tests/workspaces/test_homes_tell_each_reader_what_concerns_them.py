"""Homes over a road that was really walked: datasets, capsules, contracts and jobs through the nodes' exchange."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.compute.services import admit_waiting


@pytest.fixture
def finished(road):
    """A three-party job that ended well."""
    job = road.queued(road.ready("centre", "platform"))
    admit_waiting()
    road.start("platform", "bank", "centre")
    for party in ("bank", "centre", "platform"):
        road.finish(party)
    return road.job(job)


def home(zone, place, role="owner"):
    page = zone.client(place, role).get("/", headers={"accept-language": "zh-hans"})
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("place", ["bank", "centre", "platform"])
def test_each_party_of_a_job_finds_it_on_its_home(road, finished, place):
    page = home(road.zone, place)
    assert finished.title in page


def test_a_stranger_s_home_shows_nothing_of_it(road, finished):
    page = home(road.zone, "other_bank")
    assert finished.title not in page
    assert "通往第一个结果" in page


def test_the_way_to_the_first_result_goes_when_it_was_walked(road, finished):
    assert "通往第一个结果" not in home(road.zone, "bank")
    assert "通往第一个结果" not in home(road.zone, "centre")


def test_what_waits_for_a_signature_leads_to_its_page_at_the_own_node(road):
    job = road.drafted(road.ready("centre"))
    page = home(road.zone, "bank", "officer")
    assert f"/sign/{job.digest}/?person=" in page
    assert job.digest not in home(road.zone, "centre")


def test_a_regulator_reads_figures_and_refusals_but_a_viewer_of_a_bank_reads_no_ledger(road, finished):
    page = home(road.zone, "regulator")
    assert "已完成 1 个任务" in page
    assert "没有任务被拒绝、有争议或失败。" in page
    assert "最近留痕" in page
    assert "最近留痕" not in home(road.zone, "bank", "viewer")


def test_an_operator_reads_how_the_nodes_are_and_nothing_of_jobs(road, finished):
    page = home(road.zone, "operator")
    assert "全部在线" in page or "失联" in page
    assert finished.title not in page


def test_a_home_costs_a_bounded_number_of_queries(road, finished):
    browser = road.zone.client("bank", "owner")
    browser.get("/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/")
    assert len(queries) <= 60, [query["sql"][:120] for query in queries]
