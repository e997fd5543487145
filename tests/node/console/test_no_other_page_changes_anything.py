"""A page of another origin, a form without its token, a stranger and the wrong role: none of them moves anything."""

import base64
import re

import pytest

from apps.node import cards, firms, people, roster, signing
from creditzone.kernel.documents import digest_of, new_id, now_ms
from tests.node.console import furnished
from tests.node.console.conftest import BANK, FIRM, FORM, OWN, PORTAL, Person, arrive, browser, post, sign_in

UNSAFE = [
    "/leave/",
    "/factor/",
    "/datasets/walk-in/",
    "/sign/sm3:" + "0" * 64 + "/",
    "/sign/sm3:" + "0" * 64 + "/approve/",
    "/sign/sm3:" + "0" * 64 + "/approval/",
    "/ceremony/approve/sm3:" + "0" * 64 + "/",
    "/ceremony/enrol/",
    "/passkeys/",
    "/roster/add/",
    f"/capsules/{new_id()}/freeze/",
    f"/capsules/{new_id()}/destroy/",
    "/custody/custodians/",
    "/custody/sheets/new/",
    "/custody/recovery/",
    f"/results/{new_id()}/open/",
    f"/results/{new_id()}/take/",
    "/uploads/",
    "/language/",
]


@pytest.mark.parametrize("origin", [PORTAL, "http://evil.localhost:8101", "null", None])
def test_a_change_from_another_origin_is_refused(signed_in, origin):
    signed_in.get("/datasets/upload/")
    headers = {"X-CSRFToken": signed_in.cookies["__Host-csrf"].value}
    if origin is not None:
        headers["origin"] = origin
    for path in UNSAFE:
        assert signed_in.post(path, "a=1", content_type=FORM, headers=headers).status_code == 403, path


def test_a_change_without_its_token_is_refused(signed_in):
    for path in UNSAFE:
        response = signed_in.post(path, "a=1", content_type=FORM, headers={"origin": OWN})
        assert response.status_code == 403, path


def test_another_host_name_is_sent_to_the_right_one(node):
    client = browser(host="localhost:8101")
    response = client.get("/datasets/")
    assert (response.status_code, response["Location"]) == (308, f"{OWN}/datasets/")
    assert client.get("/healthz").status_code == 200
    assert client.post("/leave/").status_code == 421


def test_no_page_grants_another_origin_anything(signed_in):
    for path in ("/", "/api/v1/datasets/", "/healthz"):
        response = signed_in.get(path, headers={"origin": PORTAL})
        assert not any(name.lower().startswith("access-control") for name in response.headers)
        assert response["Cross-Origin-Resource-Policy"] == response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
        assert "no-store" in response["Cache-Control"]


PAGES = [
    "/",
    "/datasets/",
    "/capsules/",
    "/sign/",
    "/results/",
    "/contracts/",
    "/cards/",
    "/roster/",
    "/passkeys/",
    "/health/",
]


def test_a_stranger_is_sent_to_the_portal_and_a_machine_gets_a_problem(node):
    for path in PAGES:
        response = browser().get(path)
        assert response.status_code == 302
        assert response["Location"].startswith(f"{PORTAL}/handover/")
    problem = browser().get("/api/v1/results/")
    assert (problem.status_code, problem["Content-Type"]) == (401, "application/problem+json")


def test_without_the_factor_no_page_but_the_factors_is_shown(zone, owner):
    client = browser()
    arrive(client, zone, owner)
    for path in PAGES:
        assert client.get(path)["Location"].startswith("/factor/")
    assert client.get("/api/v1/datasets/").status_code == 401


@pytest.fixture
def furnished_node(node, owner):
    """A policy to sign, a card to confirm; what a viewer must not do with them."""
    acting = roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())
    made = furnished.upload_file(node, acting, furnished.applicants(furnished.codes(2)), title="名单")
    policy = furnished.policy_for(node, made, grantee=BANK, model="sm3:" + "1" * 64)
    digest = furnished.send_draft(node, policy)
    peer = furnished.show_peer(
        node, organisation="91420100XY4L0C6H2A", kind="code_centre", name="代码中心", name_en="The centre"
    )
    return node, acting, digest, digest_of(peer.card)


@pytest.mark.parametrize("role", ["viewer", "auditor", "officer", "approver"])
def test_a_role_that_may_not_is_forbidden_and_nothing_moves(zone, enter, furnished_node, role):
    node, acting, policy, card = furnished_node
    client = sign_in(browser(), zone, enter(role, name="王强"))
    print_of = cards.fingerprint(card)
    returned = [] if role == "approver" else [(f"/sign/{policy}/", {"decline": "1", "reason": "no"})]
    tries = [
        *returned,  # an approver checks policies, and may return one
        (f"/sign/{policy}/approve/", {"answer": "{}"}),
        (f"/ceremony/approve/{policy}/", {}),
        (f"/cards/{card}/", {"fingerprint": print_of}),
        ("/roster/add/", {"person": new_id(), "person_name": "某人", "role": "owner"}),
    ]
    for path, data in tries:
        client.get("/")
        assert post(client, path, data).status_code == 403, path
    assert signing.draft(node, acting, policy).state == "draft"
    assert [each.state for each in cards.listing(node) if each.digest == card] == ["shown"]
    assert len(roster.listing(node, acting)) == 2


def test_a_viewer_reads_but_neither_uploads_nor_opens(zone, enter, node):
    client = sign_in(browser(), zone, enter("viewer"))
    for path in PAGES:
        assert client.get(path).status_code == 200
    assert client.get("/datasets/upload/").status_code == 403
    assert client.get("/datasets/walk-in/").status_code == 403
    assert client.get("/roster/add/").status_code == 403


def test_a_role_taken_away_holds_at_the_next_request(zone, owner, enter, node):
    acting = roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())
    other = enter("steward", name="王强")
    client = sign_in(browser(), zone, other)
    assert client.get("/datasets/upload/").status_code == 200
    people.change(node, acting, person=other.id, role="viewer")
    assert client.get("/datasets/upload/").status_code == 403
    people.remove(node, acting, person=other.id)
    assert client.get("/").status_code == 403


def test_a_card_is_confirmed_by_the_fingerprint_its_owner_told_and_not_by_another(signed_in, furnished_node):
    node, _acting, _policy, card = furnished_node
    page = signed_in.get(f"/cards/{card}/").content.decode()
    assert cards.fingerprint(card) not in page, "what the portal carried is not shown before it is confirmed"
    wrong = post(signed_in, f"/cards/{card}/", {"fingerprint": "0000 " * 8})
    assert wrong.status_code == 422
    assert 'id="id_fingerprint_error"' in wrong.content.decode()
    right = post(signed_in, f"/cards/{card}/", {"fingerprint": cards.fingerprint(card).lower()})
    assert right.status_code == 302
    assert [each.state for each in cards.listing(node) if each.digest == card] == ["confirmed"]


@pytest.mark.parametrize("kind", ["platform"])
def test_a_hosted_firm_cannot_choose_whom_its_hosts_node_believes(zone, enter, furnished_node):
    node, _acting, _policy, card = furnished_node
    firms.create(node, organisation=FIRM, name="鹤汀", name_en="Heting", passphrase="correct horse battery")
    client = sign_in(browser(), zone, enter("owner", organisation=FIRM), organisation=FIRM)
    assert post(client, f"/cards/{card}/", {"fingerprint": cards.fingerprint(card)}).status_code == 403


def test_a_new_persons_secret_is_shown_once_and_works(signed_in, zone, node):
    person = new_id()
    signed_in.get("/roster/add/")
    shown = post(signed_in, "/roster/add/", {"person": person, "person_name": "赵静", "role": "officer"})
    page = shown.content.decode()
    secret = re.search(r">([A-Z2-7]{32})<", page)[1]
    assert "<svg" in page
    assert secret not in signed_in.get("/roster/").content.decode()
    newcomer = Person(id=person, name="赵静", secret=base64.b32decode(secret))
    assert sign_in(browser(), zone, newcomer).get("/").status_code == 200
