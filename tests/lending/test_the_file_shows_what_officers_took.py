"""The bank's file of grades: filtered, exported, with the sentence of who can read it; nobody else's."""

import pytest

from apps.compute.services import admit_waiting
from creditzone.kernel.documents import GradesTaken, TakenGrade, now_ms
from tests.road import Road
from tests.zone import code


@pytest.fixture
def taken(road: Road):
    """Two grades of a done job in the bank's file."""
    job = road.queued(road.ready("centre"), title="=Week 47")
    admit_waiting()
    road.start("bank", "centre")
    road.finish("centre")
    road.finish("bank")
    grades = (TakenGrade(subject=code(71), grade="B"), TakenGrade(subject=code(72), grade="E"))
    person = road.person("bank", "officer")
    said = GradesTaken(job=str(job.id), model=job.model, grades=grades, person=person, at=now_ms())
    road.nodes["bank"].tell(said)
    return job


def test_it_says_who_can_read_it_and_lists_what_was_taken(road: Road, taken):
    body = road.zone.client("bank").get("/file/").content.decode()
    assert "all members of your organisation but viewers, and whoever operates the portal" in body
    assert code(71) in body
    assert code(72) in body
    assert "Bank officer" in body
    assert f"/jobs/{taken.id}/" in body


def test_it_is_filtered_in_its_address_and_exported_as_shown_without_formulas(road: Road, taken):
    client = road.zone.client("bank")
    only = client.get("/file/?grade=B").content.decode()
    assert code(71) in only
    assert code(72) not in only
    lines = client.get("/file/?export=csv&grade=B").content.decode().splitlines()
    assert len(lines) == 2
    assert "'=Week 47" in lines[1]
    assert client.get("/file/?export=xlsx").content[:2] == b"PK"
    for query in ("?job=nonsense", "?q=%00", "?after=x", f"?job={taken.id}"):
        assert client.get(f"/file/{query}").status_code == 200


@pytest.mark.parametrize(
    ("place", "role", "status"),
    [("bank", "viewer", 403), ("bank", "auditor", 200), ("centre", "owner", 403), ("firm", "owner", 403),
     ("regulator", "auditor", 403), ("operator", "owner", 403)],
)  # fmt: skip
def test_only_the_banks_people_and_no_viewer(road: Road, taken, place: str, role: str, status: int):
    client = road.zone.client(place, role)
    assert client.get("/file/").status_code == client.get("/file/?export=csv").status_code == status


def test_another_bank_sees_none_of_it(road: Road, taken):
    assert code(71) not in road.zone.client("other_bank").get("/file/").content.decode()
