"""The panels of a home: jobs on their way with their stage, and stopped ones with what they teach."""

from apps.compute.services import admit_waiting
from creditzone.kernel import documents
from tests.fake_node import refused
from tests.road import Road


def test_a_home_shows_what_moves_then_what_was_refused_and_why(road: Road):
    road.queued(road.ready("centre"), title="Week 47")
    admit_waiting()
    for place, role in (("bank", "officer"), ("centre", "steward")):
        body = road.zone.client(place, role).get("/").content.decode()
        assert "On their way now" in body
        assert "Check beforehand" in body
    road.nodes["centre"].call()
    order = road.nodes["centre"].orders()[-1]
    note = documents.RefusalNote(clause="uses", facts=(("used", "60"), ("uses", "60")))
    road.nodes["centre"].tell(refused(order, note))
    body = road.zone.client("bank").get("/").content.decode()
    assert "On their way now" not in body
    assert "Stopped within a week" in body
    assert "The provider renews the policy." in body
    other = road.zone.client("other_bank").get("/").content.decode()
    assert "Week 47" not in other
