"""The list and the page of a job: each party sees it, nobody else does; what runs is followed, what ended teaches."""

import pytest

from apps.compute.models import Job
from apps.compute.services import admit_waiting
from creditzone.kernel import documents
from creditzone.kernel.documents import Figure, Learned, Left, StageReached, now_ms
from tests.fake_node import refused
from tests.road import Road


def page(road: Road, place: str, path: str, role: str = "officer", **extra):
    return road.zone.client(place, role).get(path, **extra)


def text(road: Road, place: str, path: str, role: str = "officer", **extra) -> str:
    response = page(road, place, path, role, **extra)
    assert response.status_code in {200, 286}, response.content.decode()
    return response.content.decode()


@pytest.fixture
def running(road: Road) -> Job:
    """A job of bank and centre that both nodes have accepted."""
    job = road.queued(road.ready("centre"), title="Week 47")
    admit_waiting()
    road.start("bank", "centre")
    return road.job(job)


@pytest.fixture
def done(road: Road, running: Job) -> Job:
    """The same job with both receipts."""
    bank = road.zone["bank"].uscc
    centre = road.zone["centre"].uscc
    road.finish(
        "centre",
        figures=(Figure(name="rows", value=216), Figure(name="blinded", value=216), Figure(name="matched", value=82)),
        left=(Left(form="blinded-codes", to=bank, count=216), Left(form="secret-shares", to=bank, count=82)),
        learned=(Learned(what="own-firms-asked", of=bank, count=82), Learned(what="set-size", of=bank, count=1)),
    )
    road.finish(
        "bank",
        figures=(Figure(name="rows", value=120), Figure(name="dropped", value=25), Figure(name="matched", value=82)),
        left=(Left(form="blinded-codes", to=centre, count=95), Left(form="common-set", to=centre, count=82)),
        learned=(Learned(what="grades", of=None, count=82),),
        output="sm3:" + "c" * 64,
    )
    return road.job(running)


def test_a_done_job_says_what_matched_who_saw_what_and_where_it_opens(road: Road, done: Job):
    body = text(road, "bank", f"/jobs/{done.id}/")
    assert "82 firms matched; Bank gets grades and nothing else." in body
    assert f"http://node.localhost:8101/results/{done.id}/?person=" in body
    assert "25 rows without a live authorisation dropped" in body
    assert "blinded codes 216 → 示范银行" in body
    assert "82 score grades (A to H)" in body
    assert "may know which 82 of its own firms were asked about; no grade, nothing else" in body
    assert body.count('class="badge good">valid') == 2
    assert "82 × ¥0.12" in body
    assert "¥9.84" in body
    assert "hx-trigger" not in body[body.index('id="stages"') : body.index('id="stages"') + 300]


def test_a_provider_sees_the_lanes_and_its_own_price_but_no_way_to_the_result(road: Road, done: Job):
    body = text(road, "centre", f"/jobs/{done.id}/", "steward")
    assert "Neither you nor the portal can open it" in body
    assert "/results/" not in body
    assert "Cancel the job" not in body
    assert "¥9.84" in body


@pytest.mark.parametrize("place", ["other_bank", "platform", "firm"])
@pytest.mark.parametrize("path", ["", "live/", "verify/", "receipts.json", "print/", "cancel/"])
def test_a_stranger_finds_no_such_job(road: Road, done: Job, place: str, path: str):
    assert page(road, place, f"/jobs/{done.id}/{path}", "owner").status_code == 404


def test_the_operator_of_the_portal_sees_no_job_and_the_regulator_is_led_to_its_own_pages(road: Road, done: Job):
    for path in ("/jobs/", f"/jobs/{done.id}/", "/jobs/new/"):
        assert page(road, "operator", path, "owner").status_code == 403
    answer = page(road, "regulator", f"/jobs/{done.id}/", "auditor")
    assert answer.status_code == 302
    assert answer["location"] == f"/supervision/jobs/{done.id}/"


def test_a_running_job_is_followed_and_its_end_ends_the_asking(road: Road, running: Job):
    body = text(road, "bank", f"/jobs/{running.id}/")
    mark = f"{running.state}.1.0.0"
    assert f"/jobs/{running.id}/live/?seen={mark}" in body
    client = road.zone.client("bank")
    same = client.get(f"/jobs/{running.id}/live/?seen={mark}", headers={"hx-request": "true"})
    assert same.status_code == 200
    assert same.content.decode().startswith('<section class="card" id="stages"')
    assert "HX-Retarget" not in same
    road.finish("centre")
    changed = client.get(f"/jobs/{running.id}/live/?seen={mark}", headers={"hx-request": "true"})
    assert (changed.status_code, changed["HX-Retarget"]) == (200, "#job")
    road.finish("bank")
    ended = client.get(f"/jobs/{running.id}/live/?seen={running.state}.1.1.0", headers={"hx-request": "true"})
    assert (ended.status_code, ended["HX-Retarget"]) == (286, "#job")
    assert 'id="job"' in ended.content.decode()


def test_stages_show_figures_and_an_estimate_only_where_there_is_one(road: Road, running: Job):
    order = road.nodes["centre"].orders()[-1]
    for state, figures in (("started", ()), ("finished", (Figure(name="matched", value=1082),))):
        road.nodes["centre"].tell(
            StageReached(
                job=order.job, attempt=1, fence=order.fence, stage="intersect", state=state,  # type: ignore[arg-type]
                figures=figures, at=now_ms(),
            )
        )  # fmt: skip
    body = text(road, "bank", f"/jobs/{running.id}/live/")
    assert "1,082 firms matched" in body
    assert "no estimate yet: no job with this scorecard has finished" in body


def test_a_refusal_names_clause_fact_remedy_and_a_link_that_does_it(road: Road):
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.nodes["centre"].call()
    order = road.nodes["centre"].orders()[-1]
    note = documents.RefusalNote(clause="uses", facts=(("uses", "60"), ("used", "60")))
    road.nodes["centre"].tell(refused(order, note))
    body = text(road, "bank", f"/jobs/{job.id}/")
    assert "The policy allows 60 uses; 60 are spent." in body
    assert "The provider renews the policy." in body
    assert "Why it was refused" in body
    assert "示范代码中心" in body or "Code Centre" in body
    assert "Nothing is charged" in body


def test_a_disputed_job_shows_where_its_receipts_differ(road: Road, running: Job):
    road.finish("centre", agreement="a")
    road.finish("bank", agreement="b")
    body = text(road, "bank", f"/jobs/{running.id}/")
    assert "Where the receipts differ" in body
    assert "There is no result to rely on" in body
    assert "/results/" not in body
    assert "Nothing is charged" in body


def test_receipts_are_verified_when_asked_and_say_what_that_proves_and_not(road: Road, done: Job):
    body = text(road, "bank", f"/jobs/{done.id}/verify/", headers={"hx-request": "true"})
    assert body.count("Proof holds") == 2
    assert body.count("without hardware attestation") == 2
    assert "<html" not in body
    assert "<html" in text(road, "bank", f"/jobs/{done.id}/verify/")
    file = page(road, "bank", f"/jobs/{done.id}/receipts.json").json()
    assert {one["party"] for one in file["receipts"]} == {road.zone["bank"].uscc, road.zone["centre"].uscc}


def test_the_print_view_has_whole_digests_and_no_live_part(road: Road, done: Job):
    body = text(road, "bank", f"/jobs/{done.id}/print/")
    assert f">{done.digest}<" in body
    assert "hx-get" not in body.replace("hx-headers", "")


def test_the_list_filters_in_its_address_and_exports_what_it_shows(road: Road, done: Job):
    client = road.zone.client("bank")
    assert "Week 47" in client.get("/jobs/?state=done").content.decode()
    assert "Week 47" not in client.get("/jobs/?state=moving").content.decode()
    assert "Week 47" in client.get("/jobs/?title=week").content.decode()
    assert "No job fits these filters" in client.get("/jobs/?title=nothing").content.decode()
    lines = client.get("/jobs/?export=csv&state=done").content.decode().splitlines()
    assert len(lines) == 2
    assert "Week 47" in lines[1]
    assert ",82," in lines[1]
    assert client.get("/jobs/?export=xlsx").content[:2] == b"PK"
    assert "Week 47" not in page(road, "other_bank", "/jobs/").content.decode()


@pytest.mark.parametrize("query", ["?title=%00", "?state=nonsense", "?after=WyJ4IiwieSJd", "?model=%00x"])
def test_a_list_survives_any_address(road: Road, query: str):
    assert page(road, "bank", f"/jobs/{query}").status_code == 200


def test_cancelling_says_what_it_does_asks_why_and_ends_the_job(road: Road, running: Job):
    client = road.zone.client("bank")
    assert "told to stop" in client.get(f"/jobs/{running.id}/cancel/").content.decode()
    empty = client.post(f"/jobs/{running.id}/cancel/", {"reason": ""})
    assert empty.status_code == 422
    assert "id_reason" in empty.content.decode()
    assert road.job(running).state == Job.State.RUNNING
    assert client.post(f"/jobs/{running.id}/cancel/", {"reason": "wrong list"}).status_code == 302
    assert road.job(running).state == Job.State.CANCELLED
    assert "wrong list" in text(road, "bank", f"/jobs/{running.id}/")
    assert page(road, "bank", f"/jobs/{running.id}/cancel/").status_code == 302


@pytest.mark.parametrize(("place", "role"), [("bank", "viewer"), ("bank", "auditor"), ("centre", "owner")])
def test_only_the_recipients_officers_cancel(road: Road, running: Job, place: str, role: str):
    answer = road.zone.client(place, role).post(f"/jobs/{running.id}/cancel/", {"reason": "no"})
    assert answer.status_code == 403
    assert road.job(running).state == Job.State.RUNNING
