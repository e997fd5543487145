"""A firm asks, signs in its node, and finds the way to its grade; the portal shows what it knows and says what not."""

import pytest

from apps.compute.models import Job
from apps.compute.services import admit_waiting
from apps.contracts.models import Authorisation
from apps.core.tenancy import tenant_tx
from creditzone.kernel.documents import AuthorisationWithdrawal
from tests.road import Road


def text(road: Road, role: str = "owner") -> str:
    answer = road.zone.client("firm", role).get("/credit/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def open_capsules(road: Road) -> None:
    """Centre and platform let firms ask about themselves."""
    for holder in ("centre", "platform"):
        road.sealed(holder, rules=[road.rule("subject")])


def test_before_any_enquiry_it_says_so_and_offers_to_ask(road: Road):
    body = text(road)
    assert "You have not asked for your grade yet." in body
    assert "Ask for my own grade" in body
    assert "Platform" in body
    assert "hosted by" in body
    assert "none pretends to" in body
    for name in ("Tax credit grade", "Enterprise credit risk class", "Bank credit record"):
        assert name in body


def test_asking_drafts_both_documents_and_leads_to_the_hosts_node(road: Road, open_capsules: None):
    client = road.zone.client("firm", "owner")
    answer = client.post("/credit/ask/", {"reasons": "on"})
    assert answer.status_code == 302
    body = client.get(answer["location"]).content.decode()
    with tenant_tx(None, role="exchange"):
        job = Job.objects.get()
    for digest in (job.digest, job.authorisation_digest):
        assert f"http://node.localhost:8101/sign/{digest.removeprefix('sm3:')}/?person=" in body
    assert "only your firm" in body
    assert "To my enquiry" in text(road)


def test_asking_where_nobody_lets_firms_ask_says_so_on_the_page(road: Road):
    answer = road.zone.client("firm", "owner").post("/credit/ask/", {})
    assert answer.status_code == 422
    assert "No provider lets firms ask about themselves" in answer.content.decode()


def test_after_the_result_there_is_a_link_and_no_grade(road: Road, open_capsules: None):
    job = road.enquiry()
    admit_waiting()
    road.start("centre", "platform")
    road.finish("centre")
    road.finish("platform")
    body = text(road)
    assert f"http://node.localhost:8101/results/{job.id}/?person=" in body
    assert "the portal does not have it" in body
    assert 'aria-current="true"' not in body


def test_an_authorisation_is_withdrawn_by_its_firm_alone(road: Road, open_capsules: None):
    road.enquiry()
    with tenant_tx(None, role="exchange"):
        found = Authorisation.objects.get()
    path = f"/credit/authorisations/{found.id}/withdraw/"
    assert road.zone.client("bank", "owner").post(path).status_code == 403
    assert road.zone.client("firm", "viewer").post(path).status_code == 403
    client = road.zone.client("firm", "owner")
    assert client.get(path).status_code == 405
    assert client.post(path).status_code == 302
    with tenant_tx(None, role="exchange"):
        waiting = Authorisation.objects.get()
    assert waiting.state == Authorisation.State.ACTIVE
    assert f"/sign/{waiting.withdrawal_digest.removeprefix('sm3:')}/" in text(road)
    owner = road.zone.member("firm", "owner")
    host, firm = road.nodes["platform"], {"organisation": road.zone["firm"].uscc, "key": road.firm_key}
    host.sign_draft(AuthorisationWithdrawal, str(owner.person_id), **firm)
    with tenant_tx(None, role="exchange"):
        assert Authorisation.objects.get().state == Authorisation.State.WITHDRAWN
    body = text(road)
    assert waiting.withdrawal_digest in body
    assert "Sign the withdrawal" not in body
    assert client.post(path).status_code == 409


@pytest.mark.parametrize("place", ["bank", "centre", "regulator", "operator"])
def test_nobody_else_has_a_credit_page(road: Road, place: str):
    client = road.zone.client(place, "owner")
    assert client.get("/credit/").status_code == 403
    assert client.post("/credit/ask/", {}).status_code == 403


def test_a_viewer_of_the_firm_sees_the_page_but_no_button(road: Road):
    body = text(road, "viewer")
    assert "/credit/ask/" not in body
    assert road.zone.client("firm", "viewer").post("/credit/ask/", {}).status_code == 403
