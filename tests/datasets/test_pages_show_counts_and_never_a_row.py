"""Pages of datasets: counts that add up, faults in words, the way to the own node; nothing for strangers."""

from apps.core.tenancy import tenant_tx
from apps.datasets.models import Dataset
from tests.road import Road, make_measured


def published(road: Road) -> Dataset:
    road.nodes["centre"].tell(
        make_measured("profit_and_loss", rows=100, accepted=97, quarantined=3, faults=(("number", 2), ("required", 1)))
    )
    with tenant_tx(None, role="exchange"):
        return Dataset.objects.get()


def test_the_page_says_counts_quality_and_faults_and_leads_to_the_node(road: Road):
    dataset = published(road)
    body = road.zone.client("centre", "steward").get(f"/datasets/{dataset.id}/").content.decode()
    assert "100 firms in the file: 97 accepted, 3 in quarantine." in body
    assert "This is not a number" in body
    assert "authorised by the firm" in body
    assert f"/datasets/{dataset.id}/?person=" in body
    assert f"/capsules/policies/new/?dataset={dataset.id}" in body
    assert dataset.body_digest in body


def test_a_viewer_reads_but_is_offered_no_draft(road: Road):
    dataset = published(road)
    body = road.zone.client("centre", "viewer").get(f"/datasets/{dataset.id}/").content.decode()
    assert "policies/new" not in body


def test_who_may_not_upload_is_shown_no_way_to_it(road: Road):
    for full in (False, True):
        for role, shown in (("steward", True), ("approver", False), ("viewer", False)):
            body = road.zone.client("centre", role).get("/datasets/").content.decode()
            assert ("/datasets/upload/" in body) is shown
        if not full:
            published(road)


def test_strangers_find_neither_page_nor_row(road: Road):
    dataset = published(road)
    for place in ("bank", "platform"):
        client = road.zone.client(place, "steward")
        assert client.get(f"/datasets/{dataset.id}/").status_code == 404
        assert str(dataset.id) not in client.get("/datasets/").content.decode()
        assert dataset.body_digest not in client.get("/datasets/?export=csv").content.decode()


def test_an_empty_list_leads_to_the_upload_at_the_node(road: Road):
    body = road.zone.client("centre", "steward").get("/datasets/").content.decode()
    assert "No dataset yet" in body
    assert "/datasets/upload/?person=" in body


def test_the_list_is_a_file_too(road: Road):
    dataset = published(road)
    client = road.zone.client("centre", "steward")
    lines = client.get("/datasets/?export=csv").content.decode().splitlines()
    assert len(lines) == 2
    assert ",100,97,3," in lines[1]
    assert lines[1].endswith(dataset.body_digest)
    assert client.get("/datasets/?export=xlsx").content[:2] == b"PK"
