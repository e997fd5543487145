"""Whatever binds is done with the person's own passkey, over exactly what is done; a relayed code binds nothing."""

import threading
from dataclasses import dataclass, replace

import msgspec
import pytest

from apps.node import capsule_acts, capsules, cards, contracts, guardians, people, roster, sheets, signing
from apps.node.config import read_config, write_config
from apps.node.errors import NodeError, PasskeyAsked
from creditzone.kernel.documents import digest_of, new_id, now_ms
from tests import passkeys as hands
from tests.node.console import furnished
from tests.node.console.conftest import BANK, OWN, ask, browser, post, sign_in

NOBODY = new_id()


@pytest.fixture
def home(home):
    """A node as it is set up by default: no one-time code binds."""
    write_config(home, msgspec.structs.replace(read_config(home), one_time_codes_bind=False))
    return home


@pytest.fixture
def peer(node):
    return furnished.show_peer(
        node, organisation="91420100XY4L0C6H2A", kind="code_centre", name="代码中心", name_en="The centre"
    )


@pytest.fixture
def held(node, acting):
    return hands.passkey_of(node, acting)


@dataclass
class Deed:
    """An act that binds: its page, what is entered there, and whether it was done."""

    path: str
    data: dict
    done: object


def deeds(node, acting, peer, colleague):
    """The acts of the review, each ready to be done."""
    believe(node, peer)
    contract = furnished.send_draft(
        node, furnished.contract_with(node, peer, policy="sm3:" + "1" * 64, capsule=new_id())
    )
    other = furnished.show_peer(node, organisation="91420100XY2P7L4T4R", kind="platform", name="平台", name_en="Pl")
    card = digest_of(other.card)
    dataset = furnished.upload_file(node, acting, furnished.applicants(furnished.codes(2)), title="名单")
    policy = furnished.policy_for(node, dataset, grantee=BANK, model="sm3:" + "1" * 64)
    hands.seal(node, acting, furnished.send_draft(node, policy))
    centre = peer.card.organisation

    def capsule_state():
        return next(one.state for one in capsules.listing(node, acting) if one.capsule == dataset)

    def role():
        return next(one.role for one in roster.listing(node, acting) if one.person == colleague.id)

    return {
        "contract": Deed(
            f"/sign/{contract}/", {"sign": "1"}, lambda: signing.draft(node, acting, contract).state != "draft"
        ),
        "card": Deed(
            f"/cards/{card}/",
            {"fingerprint": cards.fingerprint(card)},
            lambda: {each.digest: each.state for each in cards.listing(node)}[card] == "confirmed",
        ),
        "freeze": Deed(f"/capsules/{dataset}/freeze/", {"reason": "核对"}, lambda: capsule_state() == "frozen"),
        "revoke": Deed(
            f"/capsules/{dataset}/revoke/", {"reason": "停用", "name": "名单"}, lambda: capsule_state() == "revoked"
        ),
        "custodians": Deed(
            "/custody/custodians/", {"custodians": [centre], "threshold": 2}, lambda: guardians.threshold(node) == 2
        ),
        "sheet": Deed(
            "/custody/sheets/new/", {"kind": "officer", "name": "保险柜"}, lambda: bool(sheets.listing(node))
        ),
        "roster": Deed(
            "/roster/add/",
            {"person": NOBODY, "person_name": "某人", "role": "owner"},
            lambda: NOBODY in {one.person for one in roster.listing(node, acting)},
        ),
        "role": Deed(f"/roster/{colleague.id}/", {"what": "role", "role-role": "owner"}, lambda: role() == "owner"),
        "governor": Deed("/zone-rules/", {"organisation": centre}, lambda: node.store.setting("governor") == centre),
    }


def believe(node, peer):
    digest = digest_of(peer.card)
    with node.store.write() as tx:
        cards.believe(node, tx, digest, fingerprint=cards.fingerprint(digest), by="test")


NAMES = ["contract", "card", "freeze", "revoke", "custodians", "sheet", "roster", "role", "governor"]


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_one_time_code_binds_nothing_and_the_passkey_does(
    signed_in, node, acting, peer, held, enter, owner, name
):
    deed = deeds(node, acting, peer, enter("approver", name="吴静"))[name]
    shown = signed_in.get(deed.path).content.decode()
    assert "data-with-passkey" in shown
    assert 'name="code"' not in shown
    for data in (deed.data, {**deed.data, "code": owner.code()}):
        response = post(signed_in, deed.path, data)
        assert response.status_code == 403
        assert "No passkey answered: nothing was done." in response.content.decode()
        assert not deed.done()
    asked = ask(signed_in, deed.path, deed.data)
    assert asked.status_code == 200, asked.content.decode()
    assert not deed.done(), "asking does nothing"
    answer = held.get(asked.json(), origin=OWN)
    assert post(signed_in, deed.path, {**deed.data, "answer": answer}).status_code in {200, 302}
    assert deed.done()


def test_an_answer_binds_exactly_what_was_asked_about_and_once(signed_in, node, acting, peer, held, enter):
    able = deeds(node, acting, peer, enter("approver", name="吴静"))
    freeze, revoke, role = able["freeze"], able["revoke"], able["role"]

    def given(deed):
        return held.get(ask(signed_in, deed.path, deed.data).json(), origin=OWN)

    for other in (
        {**freeze.data, "reason": "另一个理由", "answer": given(freeze)},
        {**freeze.data, "answer": given(revoke)},
        {**freeze.data, "answer": given(role)},
    ):
        assert post(signed_in, freeze.path, other).status_code == 422
        assert not freeze.done()
    answer = given(freeze)
    relayed = held.get(ask(signed_in, freeze.path, freeze.data).json(), origin="http://evil.localhost:8101")
    refused = post(signed_in, freeze.path, {**freeze.data, "answer": relayed})
    assert "http://evil.localhost:8101" in refused.content.decode()
    assert not freeze.done()
    assert post(signed_in, freeze.path, {**freeze.data, "answer": answer}).status_code == 422, "asked anew since"
    answer = given(freeze)
    assert post(signed_in, freeze.path, {**freeze.data, "answer": answer}).status_code == 302
    resume = freeze.path.replace("freeze", "resume")
    assert post(signed_in, resume, {**freeze.data, "answer": answer}).status_code == 422
    assert freeze.done()


def test_another_persons_passkey_answers_for_nobody_else(signed_in, node, acting, peer, held, enter):
    colleague = enter("owner", name="吴静")
    other = roster.acting(node, person=colleague.id, organisation=BANK, factor_at=now_ms())
    theirs = hands.passkey_of(node, other)
    freeze = deeds(node, acting, peer, enter("approver"))["freeze"]
    answer = theirs.get(ask(signed_in, freeze.path, freeze.data).json(), origin=OWN)
    refused = post(signed_in, freeze.path, {**freeze.data, "answer": answer})
    assert refused.status_code == 422
    assert "not one that you enrolled" in refused.content.decode()
    assert not freeze.done()


def test_who_has_no_passkey_binds_nothing_and_is_shown_the_way(zone, enter, node, acting, peer, held):
    freeze = deeds(node, acting, peer, enter("approver"))["freeze"]
    client = sign_in(browser(), zone, enter("steward", name="王强"))
    shown = client.get(freeze.path).content.decode()
    assert "You have no passkey at this node yet" in shown
    assert 'href="/passkeys/"' in shown
    assert "data-with-passkey" not in shown
    refused = post(client, freeze.path, freeze.data)
    assert refused.status_code == 422
    assert "You have no passkey at this node that can be used." in refused.content.decode()
    assert not freeze.done()


def test_what_is_entered_wrongly_is_said_before_any_passkey_is_asked(signed_in, node, acting, peer, held, enter):
    revoke = deeds(node, acting, peer, enter("approver"))["revoke"]
    response = ask(signed_in, revoke.path, {**revoke.data, "name": "别的"})
    assert response.status_code == 422
    assert "json" not in response["Content-Type"]
    assert not node.store.all("SELECT 1 FROM challenge")


def test_a_role_that_may_not_is_asked_nothing(zone, enter, node, acting, peer, held):
    freeze = deeds(node, acting, peer, enter("approver"))["freeze"]
    client = sign_in(browser(), zone, enter("viewer", name="王强"))
    client.get("/")
    assert ask(client, freeze.path, freeze.data).status_code == 403
    assert not node.store.all("SELECT 1 FROM challenge")


def test_every_service_that_binds_waits_for_the_passkey(node, acting, peer, held):
    believe(node, peer)
    draft = furnished.send_draft(node, furnished.contract_with(node, peer, policy="sm3:" + "1" * 64, capsule=new_id()))
    acts = {
        "sign": lambda: signing.sign(node, acting, [draft]),
        "contract act": lambda: contracts.act(node, acting, draft, act="terminate", reason="到期"),
        "destroy": lambda: capsule_acts.act(node, acting, new_id(), act="destroy", reason="停用"),
        "custodians": lambda: guardians.choose(node, acting, [peer.card.organisation], least=2),
        "sheet": lambda: sheets.drop(node, acting, "sm3:" + "0" * 64),
        "role": lambda: people.change(node, acting, person=acting.person, role="viewer"),
        "factor": lambda: people.new_factor(node, acting, person=acting.person),
        "remove": lambda: people.remove(node, acting, person=acting.person),
        "card": lambda: cards.refuse(node, acting, digest_of(peer.card)),
    }
    for name, act in acts.items():
        with pytest.raises(PasskeyAsked):
            act()
        assert signing.draft(node, acting, draft).state == "draft", name


def test_a_job_request_and_a_return_need_the_live_sign_in_alone(signed_in, node, acting, peer):
    believe(node, peer)
    draft = furnished.send_draft(node, furnished.contract_with(node, peer, policy="sm3:" + "1" * 64, capsule=new_id()))
    assert post(signed_in, f"/sign/{draft}/", {"decline": "1", "reason": "条件不符"}).status_code == 302
    assert signing.draft(node, acting, draft).state == "declined"


def test_one_answer_is_used_by_one_of_two_that_come_at_once(signed_in, node, acting, peer, held, enter):
    deed = deeds(node, acting, peer, enter("approver"))["sheet"]
    given = replace(acting, answer=held.get(ask(signed_in, deed.path, deed.data).json(), origin=OWN))
    outcomes = []

    def make():
        try:
            sheets.make(node, given, kind="officer", name="保险柜", organisation="", language="en")
            outcomes.append("made")
        except NodeError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "passkey-challenge"]
