"""At a node whose settings let one-time codes bind, a demonstration's, what binds needs one not older than ten minutes.
A job request needs the live sign-in alone, anywhere."""

from dataclasses import replace

import msgspec
import pytest

from apps.node import contracts, signing
from apps.node.console.signins import SIGN_INS
from creditzone.kernel.documents import digest_of, now_ms
from tests import passkeys
from tests.node.console import furnished
from tests.node.console.conftest import BANK, OWN, ask, browser, post, sign_in


def age_factor(client, minutes):
    """Let time pass since the code was given, in this sign-in only."""
    cookie = client.cookies["__Host-node"].value
    found = SIGN_INS.find(cookie, is_life=True)
    SIGN_INS._signed_in[cookie] = replace(found, factor_at=now_ms() - minutes * 60_000)


@pytest.fixture
def contract(node, acting):
    """A contract that another organisation offers: it binds."""
    peer = furnished.show_peer(
        node, organisation="91420100XY4L0C6H2A", kind="code_centre", name="代码中心", name_en="The centre"
    )
    furnished.confirm_peer(node, acting, peer)
    offered = furnished.contract_with(node, peer, policy="sm3:" + "1" * 64, capsule=furnished.new_id())
    return furnished.send_draft(node, offered)


def state_of(node, acting, digest):
    return signing.draft(node, acting, digest).state


def test_a_fresh_factor_signs_without_being_asked_again(signed_in, node, acting, contract):
    page = signed_in.get(f"/sign/{contract}/").content.decode()
    assert 'name="code"' not in page
    assert post(signed_in, f"/sign/{contract}/", {"sign": "1"}).status_code == 302
    assert state_of(node, acting, contract) in {"signed", "complete"}


@pytest.mark.parametrize("code", ["", "000000", "12ab56"])
def test_an_old_factor_signs_nothing_without_a_good_code(signed_in, node, acting, contract, code):
    age_factor(signed_in, 11)
    assert 'name="code"' in signed_in.get(f"/sign/{contract}/").content.decode()
    response = post(signed_in, f"/sign/{contract}/", {"sign": "1", "code": code})
    assert response.status_code == 422
    assert state_of(node, acting, contract) == "draft"


def test_a_good_code_on_the_signing_page_is_enough(signed_in, node, acting, contract, owner):
    age_factor(signed_in, 11)
    response = post(signed_in, f"/sign/{contract}/", {"sign": "1", "code": owner.code()})
    assert response.status_code == 302, response.content.decode()
    assert state_of(node, acting, contract) in {"signed", "complete"}
    assert signed_in.get("/").status_code == 200, "the sign-in goes on under its new cookie"


def test_the_page_says_that_codes_bind_here_and_the_passkey_binds_too(signed_in, node, acting, contract):
    assert "Demonstration: by this node" in signed_in.get(f"/sign/{contract}/").content.decode()
    held = passkeys.passkey_of(node, acting)
    age_factor(signed_in, 11)
    shown = signed_in.get(f"/sign/{contract}/").content.decode()
    assert "Demonstration: by this node" in shown
    assert "With my passkey" in shown
    asked = ask(signed_in, f"/sign/{contract}/", {"sign": "1"}).json()
    answer = held.get(asked, origin=OWN)
    assert post(signed_in, f"/sign/{contract}/", {"sign": "1", "answer": answer}).status_code == 302
    assert state_of(node, acting, contract) in {"signed", "complete"}


def test_a_job_request_needs_the_live_sign_in_only(signed_in, node, acting, dataset, policy):
    passkeys.seal(node, acting, policy)
    age_factor(signed_in, 60)
    card = furnished.scorecard()
    own = furnished.Input(provider=BANK, domain="balance_sheet", capsule=dataset, version=1, contract=None)
    request = furnished.send_draft(node, furnished.request_for(node, [own], model=digest_of(card)))
    assert post(signed_in, f"/sign/{request}/", {"sign": "1"}).status_code == 302
    assert state_of(node, acting, request) == "signed"


def test_a_draft_is_returned_with_a_reason_and_without_one_stays(signed_in, node, acting, policy):
    assert post(signed_in, f"/sign/{policy}/", {"decline": "1", "reason": ""}).status_code == 422
    assert state_of(node, acting, policy) == "draft"
    assert post(signed_in, f"/sign/{policy}/", {"decline": "1", "reason": "次数太多"}).status_code == 302
    assert state_of(node, acting, policy) == "declined"


def test_the_page_waits_for_a_draft_that_is_on_its_way_and_gives_up_after_a_minute(signed_in):
    digest = "sm3:" + "0" * 64
    waiting = signed_in.get(f"/sign/{digest}/").content.decode()
    assert 'hx-get="?polled=1"' in waiting
    assert "hx-get" not in signed_in.get(f"/sign/{digest}/", {"polled": 60}).content.decode()


def test_a_portal_link_without_the_algorithms_name_finds_the_document_too(signed_in, policy):
    response = signed_in.get(f"/sign/{policy.removeprefix('sm3:')}/")
    assert policy in response.content.decode()


def test_what_is_signed_is_said_from_the_document_with_names_of_confirmed_cards(signed_in, node, acting, dataset):
    peer = furnished.show_peer(
        node, organisation="91420100XY4L0C6H2A", kind="code_centre", name="代码中心", name_en="The centre"
    )
    policy = furnished.policy_for(node, dataset, grantee=peer.card.organisation, model="sm3:" + "1" * 64)
    digest = furnished.send_draft(node, policy)
    assert "The centre" not in signed_in.get(f"/sign/{digest}/").content.decode(), "not confirmed: the code"
    furnished.confirm_peer(node, acting, peer)
    assert "<b>The centre</b>" in signed_in.get(f"/sign/{digest}/").content.decode()


def test_a_contract_act_needs_the_other_partys_name_and_a_fresh_code(signed_in, node, owner, contract):
    post(signed_in, f"/sign/{contract}/", {"sign": "1"})
    path = f"/contracts/{contract}/terminate/"
    assert post(signed_in, path, {"reason": "到期", "name": "银行"}).status_code == 422
    age_factor(signed_in, 11)
    assert post(signed_in, path, {"reason": "到期", "name": "The centre"}).status_code == 422
    response = post(signed_in, path, {"reason": "到期", "name": "The centre", "code": owner.code()})
    assert response.status_code == 302
    assert contracts.state_of(node, contract) == "terminated"


def test_sign_ins_of_two_browsers_are_apart(zone, owner, signed_in):
    other = sign_in(browser(), zone, owner)
    age_factor(other, 11)
    assert signed_in.get("/").status_code == other.get("/").status_code == 200
    assert signed_in.cookies["__Host-node"].value != other.cookies["__Host-node"].value


def test_a_new_version_says_what_it_loosens_and_tightens(signed_in, node, acting, dataset, policy):
    passkeys.seal(node, acting, policy)
    card = digest_of(furnished.scorecard())
    again = furnished.policy_for(node, dataset, grantee=BANK, model=card, version=2)
    changed = furnished.rule_for(grantee=BANK, model=card, uses=20, disclosures=("grade", "reasons"))
    digest = furnished.send_draft(node, msgspec.structs.replace(again, rules=(changed,)))
    page = signed_in.get(f"/sign/{digest}/").content.decode()
    assert "Against version 1" in page
    assert "<del>40 times</del>" in page
    assert "<ins>20 times</ins>" in page
    assert "It covers 5 firms." in page
