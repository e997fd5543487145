"""The ceremony by the console's own pages: enrol with a code, propose, check, and what each person is shown."""

import json
import re

import pytest

from apps.node import capsules, passkeys, roster, signing
from apps.node.console.signins import SIGN_INS
from creditzone.kernel.documents import now_ms
from deploy.officers.passkey import SoftwarePasskey
from tests import passkeys as hands
from tests.node.console.conftest import BANK, OWN, ask, browser, post, sign_in


@pytest.fixture
def colleague(enter):
    return enter("approver", name="吴静")


@pytest.fixture
def checking(zone, colleague):
    return sign_in(browser(), zone, colleague)


def code_for(node, person, organisation=BANK):
    with node.store.write() as tx:
        return passkeys.draw_code(node, tx, person=person.id, organisation=organisation, by="test").code


def enrol(client, code, held, *, name="办公室密钥", origin=OWN):
    client.get("/passkeys/")
    asked = post(client, "/ceremony/enrol/", {"code": code})
    assert asked.status_code == 200, asked.content.decode()
    answer = held.create(asked.json(), origin=origin)
    return post(client, "/passkeys/", {"code": code, "name": name, "answer": answer})


def shown_by(response):
    """The fingerprint on the page after an enrolment."""
    assert response.status_code == 200, response.content.decode()
    return re.search(r"data-fingerprint>([0-9A-F ]{39})<", response.content.decode())[1]


def enrol_and_confirm(client, node, person, held):
    """Enrol with a code, and have the command line confirm the fingerprint on the page."""
    shown = shown_by(enrol(client, code_for(node, person), held))
    with node.store.write() as tx:
        passkeys.believe(node, tx, person=person.id, organisation=BANK, typed=shown, by="command line")


def approve(client, policy, held):
    asked = post(client, f"/ceremony/approve/{policy}/")
    assert asked.status_code == 200, asked.content.decode()
    return post(client, f"/sign/{policy}/approve/", {"answer": held.get(asked.json(), origin=OWN)})


def page(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_two_people_take_a_policy_from_draft_to_sealed(
    signed_in, checking, node, owner, colleague, acting, policy, dataset
):
    first, second = SoftwarePasskey(), SoftwarePasskey()
    assert "You have no passkey at this node yet" in page(signed_in, f"/sign/{policy}/")
    enrol_and_confirm(signed_in, node, owner, first)
    enrol_and_confirm(checking, node, colleague, second)
    assert 'data-passkey="get"' not in page(checking, f"/sign/{policy}/"), "an approver does not propose"
    assert approve(signed_in, policy, first).status_code == 302
    assert "Withdraw my approval" in page(signed_in, f"/sign/{policy}/")
    waiting = page(checking, "/sign/")
    assert "Waiting for a second officer" in waiting
    assert owner.name in waiting
    shown = page(checking, f"/sign/{policy}/")
    assert "Approve, sign and seal" in shown
    assert "Who guards it from then on" in shown
    assert "1 of 1" in shown
    assert "You check what somebody else has proposed and approved." in shown
    assert approve(checking, policy, second).status_code == 302
    assert capsules.head_version(node, dataset) == 1
    signed = page(signed_in, f"/sign/{policy}/")
    assert signed.count("fits this policy") == 2
    assert owner.name in signed
    assert colleague.name in signed
    assert f"/sign/{policy}/" in page(signed_in, "/capsules/")


def test_no_one_time_code_signs_a_policy_and_none_is_asked(signed_in, node, acting, policy):
    shown = page(signed_in, f"/sign/{policy}/")
    assert 'name="code"' not in shown
    assert 'name="sign"' not in shown
    assert post(signed_in, f"/sign/{policy}/", {"sign": "1"}).status_code == 422
    assert signing.draft(node, acting, policy).state == "draft"


def test_a_script_that_does_not_run_is_said_and_does_nothing(signed_in, node, acting, policy):
    hands.passkey_of(node, acting)
    response = post(signed_in, f"/sign/{policy}/approve/", {"answer": ""})
    assert response.status_code == 422
    assert "It needs JavaScript" in response.content.decode()


def test_a_refused_answer_is_said_on_the_page(signed_in, node, acting, policy):
    held = hands.passkey_of(node, acting)
    asked = post(signed_in, f"/ceremony/approve/{policy}/").json()
    relayed = held.get(asked, origin="http://evil.localhost:8101")
    response = post(signed_in, f"/sign/{policy}/approve/", {"answer": relayed})
    assert response.status_code == 422
    assert "http://evil.localhost:8101" in response.content.decode()
    assert signing.draft(node, acting, policy).state == "draft"


def test_questions_are_problem_documents_where_they_cannot_be_asked(signed_in, policy):
    response = post(signed_in, f"/ceremony/approve/{policy}/")
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert response.json()["type"] == "urn:creditzone:passkey-missing"
    wrong = post(signed_in, "/ceremony/enrol/", {"code": "AAAA-AAAA-AAAA-AAAA"})
    assert wrong.json()["type"] == "urn:creditzone:enrolment-code"


def test_a_code_enrols_once_for_its_person_and_not_after_its_end(signed_in, checking, node, owner, colleague):
    code = code_for(node, owner)
    stranger = post(checking, "/ceremony/enrol/", {"code": code}) if checking.get("/passkeys/") else None
    assert stranger.status_code == 422, "another person's code"
    assert enrol(signed_in, code, SoftwarePasskey()).status_code == 200
    assert post(signed_in, "/ceremony/enrol/", {"code": code}).status_code == 422
    late = code_for(node, owner)
    with node.store.write() as tx:
        tx.run("UPDATE enrolment_code SET expires_at = ?", now_ms() - 1)
    assert post(signed_in, "/ceremony/enrol/", {"code": late}).status_code == 422
    assert code.replace("-", "") not in json.dumps(
        [list(row) for row in node.store.all("SELECT * FROM enrolment_code")]
    )


@pytest.mark.parametrize("origin", ["http://zone.localhost:8000", "http://bank.localhost:8102"])
def test_another_page_enrols_nothing(signed_in, node, owner, acting, origin):
    response = enrol(signed_in, code_for(node, owner), SoftwarePasskey(), origin=origin)
    assert response.status_code == 422
    assert origin in response.content.decode()
    assert not passkeys.has_one(node, acting)


def test_a_passkey_that_somebody_else_enrolled_answers_for_nothing(signed_in, node, owner, acting, policy):
    """A page that imitates the node has the typed codes, and an authenticator of its own."""
    thief = SoftwarePasskey()
    shown_by(enrol(signed_in, code_for(node, owner), thief))
    assert "waits to be confirmed" in page(signed_in, "/passkeys/")
    assert not passkeys.has_one(node, acting)
    asked = post(signed_in, f"/ceremony/approve/{policy}/")
    assert asked.json()["type"] == "urn:creditzone:passkey-pending"
    held = hands.passkey_of(node, acting)
    asked = post(signed_in, f"/ceremony/approve/{policy}/").json()
    assert len(asked["allowCredentials"]) == 1, "the confirmed one alone"
    response = post(signed_in, f"/sign/{policy}/approve/", {"answer": thief.get(asked, origin=OWN)})
    assert response.status_code == 422
    assert "Nobody has confirmed" in response.content.decode()
    assert approve(signed_in, policy, held).status_code == 302


def test_an_owner_confirms_a_fingerprint_that_was_read_out_with_a_passkey(
    signed_in, checking, node, acting, owner, colleague
):
    held, theirs, path = hands.passkey_of(node, acting), SoftwarePasskey(), f"/roster/{colleague.id}/confirm/"
    shown = shown_by(enrol(checking, code_for(node, colleague), theirs))
    mine = shown_by(enrol(signed_in, code_for(node, owner), SoftwarePasskey()))
    other = roster.acting(node, person=colleague.id, organisation=BANK, factor_at=now_ms())
    assert path in page(signed_in, f"/roster/{colleague.id}/")
    assert shown not in page(signed_in, path), "it is typed, not glanced at"
    assert post(signed_in, path, {"fingerprint": shown}).status_code == 403, "a one-time code confirms none"
    for typed in (mine, "0" * 32):
        answer = held.get(ask(signed_in, path, {"fingerprint": typed}).json(), origin=OWN)
        refused = post(signed_in, path, {"fingerprint": typed, "answer": answer})
        assert refused.status_code == 422
        assert not passkeys.has_one(node, other)
    assert ask(checking, path, {"fingerprint": shown}).status_code == 403, "an owner's matter"
    answer = held.get(ask(signed_in, path, {"fingerprint": shown}).json(), origin=OWN)
    assert post(signed_in, path, {"fingerprint": shown, "answer": answer}).status_code == 302
    assert passkeys.has_one(node, other)


def test_an_owner_draws_a_code_with_a_passkey_and_not_with_a_one_time_code(signed_in, node, acting, colleague):
    path = f"/roster/{colleague.id}/"
    assert f'action="{path}code/"' in page(signed_in, path)
    assert "You have no passkey at this node yet" in page(signed_in, path)
    assert post(signed_in, f"{path}code/").status_code == 422
    held = hands.passkey_of(node, acting)
    assert 'data-passkey="get"' in page(signed_in, path)
    assert not re.search(r">\s*None\s*<", page(signed_in, path))
    assert post(signed_in, f"{path}code/").status_code == 403, "a fresh one-time code draws none"
    asked = ask(signed_in, f"{path}code/").json()
    drawn = post(signed_in, f"{path}code/", {"answer": held.get(asked, origin=OWN)}).content.decode()
    assert re.search(r"data-code>([A-Z2-7]{4}-){3}[A-Z2-7]{4}<", drawn)


def test_an_answer_for_a_policy_draws_no_code_and_the_reverse(signed_in, node, acting, colleague, policy):
    held = hands.passkey_of(node, acting)
    asked = post(signed_in, f"/ceremony/approve/{policy}/").json()
    ask(signed_in, f"/roster/{colleague.id}/code/")
    answer = held.get(asked, origin=OWN)
    assert post(signed_in, f"/roster/{colleague.id}/code/", {"answer": answer}).status_code == 422
    asked = ask(signed_in, f"/roster/{colleague.id}/code/").json()
    post(signed_in, f"/ceremony/approve/{policy}/")
    assert post(signed_in, f"/sign/{policy}/approve/", {"answer": held.get(asked, origin=OWN)}).status_code == 422
    assert signing.draft(node, acting, policy).state == "draft"


@pytest.mark.parametrize("role", ["steward", "approver", "officer"])
def test_only_owners_draw_codes(zone, enter, node, owner, role):
    client = sign_in(browser(), zone, enter(role, name="王强"))
    client.get("/")
    assert ask(client, f"/roster/{owner.id}/code/").status_code == 403
    assert post(client, f"/roster/{owner.id}/code/", {"answer": "{}"}).status_code == 403


def test_a_person_renames_and_revokes_the_own_passkeys_only(signed_in, checking, node, acting, colleague):
    hands.passkey_of(node, acting)
    [own] = passkeys.listing(node, acting, person=acting.person)
    path = f"/passkeys/{own.credential}/"
    assert checking.get(path).status_code == 404
    assert post(checking, path, {"what": "revoke"}).status_code == 404
    assert post(signed_in, path, {"what": "rename", "name": "抽屉里的密钥"}).status_code == 302
    assert "抽屉里的密钥" in page(signed_in, "/passkeys/")
    assert post(signed_in, path, {"what": "revoke"}).status_code == 302
    assert "revoked" in page(signed_in, "/passkeys/")
    assert not passkeys.has_one(node, acting)


def test_an_owner_revokes_somebodys_lost_passkey(signed_in, node, acting, colleague):
    other = roster.acting(node, person=colleague.id, organisation=BANK, factor_at=now_ms())
    hands.passkey_of(node, other)
    [lost] = passkeys.listing(node, other, person=other.person)
    path = f"/roster/{colleague.id}/passkeys/{lost.credential}/"
    assert path in page(signed_in, f"/roster/{colleague.id}/")
    assert post(signed_in, path).status_code == 302
    assert not passkeys.has_one(node, other)


def test_who_approved_withdraws_and_the_checker_returns_with_a_reason(
    signed_in, checking, node, acting, colleague, policy
):
    assert approve(signed_in, policy, hands.passkey_of(node, acting)).status_code == 302
    assert post(signed_in, f"/sign/{policy}/approval/").status_code == 302
    assert "Nobody has approved it yet" in page(signed_in, f"/sign/{policy}/")
    approve(signed_in, policy, hands.passkey_of(node, acting))
    checking.get("/")
    assert post(checking, f"/sign/{policy}/", {"decline": "1", "reason": "次数太多"}).status_code == 302
    assert "次数太多" in page(signed_in, f"/sign/{policy}/")


def test_the_live_sign_in_is_enough_beside_the_passkey(signed_in, node, acting, policy):
    from dataclasses import replace

    held = hands.passkey_of(node, acting)
    cookie = signed_in.cookies["__Host-node"].value
    found = SIGN_INS.find(cookie, is_life=True)
    SIGN_INS._signed_in[cookie] = replace(found, factor_at=now_ms() - 60 * 60_000)
    assert approve(signed_in, policy, held).status_code == 302
