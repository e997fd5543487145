"""A node freezes, resumes, revokes and destroys its own capsule without asking anybody, each by a signed act."""

import pytest

from apps.node import capsule_acts, capsules, datasets
from apps.node.errors import IllegalMove, NodeError, NotFound
from creditzone.kernel.documents import CapsuleAct, new_id, require_signature
from creditzone.kernel.domain import domain
from tests import passkeys
from tests.node import world
from tests.node.console import furnished
from tests.node.console.conftest import BANK, browser, post, sign_in
from tests.node.console.test_what_binds_needs_a_fresh_factor import age_factor


@pytest.fixture
def capsule(node, acting):
    made = furnished.upload_file(node, acting, furnished.applicants(furnished.codes(3), bad=["x"]), title="名单")
    policy = furnished.policy_for(node, made, grantee=BANK, model="sm3:" + "1" * 64)
    passkeys.seal(node, acting, furnished.send_draft(node, policy))
    return made


def state(node, capsule):
    return capsules.state_of(node, capsule)


def act(node, acting, capsule, *acts):
    for one in acts:
        capsule_acts.act(node, acting, capsule, act=one, reason="到期清理")


def test_the_page_lists_what_was_used_of_each_rule_and_what_can_be_done(signed_in, node, acting, capsule):
    page = signed_in.get("/capsules/").content.decode()
    assert "名单" in page
    assert "open to orders" in page
    assert f"/capsules/{capsule}/freeze/" in page
    assert f"/capsules/{capsule}/destroy/" not in page
    assert '<td class="num">40</td>' in page
    act(node, acting, capsule, "revoke")
    page = signed_in.get("/capsules/").content.decode()
    assert f"/capsules/{capsule}/destroy/" in page
    assert f"/capsules/{capsule}/freeze/" not in page


def test_freezing_takes_a_reason_and_a_fresh_code_and_is_signed(signed_in, node, owner, capsule):
    path = f"/capsules/{capsule}/freeze/"
    assert "Jobs that run here on it" in signed_in.get(path).content.decode()
    assert post(signed_in, path, {"reason": ""}).status_code == 422
    age_factor(signed_in, 11)
    assert post(signed_in, path, {"reason": "核查"}).status_code == 422
    assert state(node, capsule) == "sealed"
    assert post(signed_in, path, {"reason": "核查", "code": owner.code()}).status_code == 302
    assert state(node, capsule) == "frozen"
    (told,) = world.bodies(node, "capsule-act")
    said = require_signature(told.act, CapsuleAct, by=BANK, key=node.keys.signing.public)
    assert (said.capsule, said.version, said.act, said.reason) == (capsule, 1, "freeze", "核查")
    assert told.person == owner.id
    assert post(signed_in, path, {"reason": "核查"}).status_code == 409
    assert post(signed_in, f"/capsules/{capsule}/resume/", {"reason": "核查完毕"}).status_code == 302
    assert state(node, capsule) == "sealed"


@pytest.mark.parametrize(("before", "what"), [((), "revoke"), (("revoke",), "destroy")])
def test_what_cannot_be_undone_takes_the_title_too(signed_in, node, acting, capsule, before, what):
    act(node, acting, capsule, *before)
    path, was = f"/capsules/{capsule}/{what}/", state(node, capsule)
    assert post(signed_in, path, {"reason": "到期", "name": "另一个"}).status_code == 422
    assert state(node, capsule) == was
    assert post(signed_in, path, {"reason": "到期", "name": "名单"}).status_code == 302
    assert state(node, capsule) == {"revoke": "revoked", "destroy": "destroyed"}[what]


@pytest.mark.parametrize("role", ["viewer", "auditor", "officer", "approver"])
def test_a_role_that_may_not_acts_on_none(zone, enter, node, acting, capsule, role):
    client = sign_in(browser(), zone, enter(role, name="王强"))
    assert "/freeze/" not in client.get("/capsules/").content.decode()
    for one in ("freeze", "revoke"):
        assert post(client, f"/capsules/{capsule}/{one}/", {"reason": "x", "name": "名单"}).status_code == 403
    act(node, acting, capsule, "revoke")
    assert post(client, f"/capsules/{capsule}/destroy/", {"reason": "x", "name": "名单"}).status_code == 403
    assert state(node, capsule) == "revoked"


@pytest.mark.parametrize(
    ("acts", "refused"),
    [((), "resume"), ((), "destroy"), (("freeze",), "freeze"), (("freeze",), "destroy"), (("revoke",), "resume"),
     (("revoke",), "revoke"), (("revoke", "destroy"), "revoke")],
)  # fmt: skip
def test_an_act_out_of_turn_changes_nothing(node, acting, capsule, acts, refused):
    act(node, acting, capsule, *acts)
    was, said = state(node, capsule), len(world.bodies(node, "capsule-act"))
    with pytest.raises(IllegalMove):
        act(node, acting, capsule, refused)
    assert (state(node, capsule), len(world.bodies(node, "capsule-act"))) == (was, said)


def test_a_capsule_that_stands_or_is_revoked_keeps_its_dataset(node, acting, capsule):
    for acts in ((), ("revoke",)):
        act(node, acting, capsule, *acts)
        with pytest.raises(NodeError) as refused:
            datasets.delete(node, acting, capsule)
        assert refused.value.code == "dataset-in-use"


def test_destroying_leaves_neither_body_nor_key(signed_in, node, acting, capsule):
    bodies = list(datasets.bodies_folder(node).glob("*.body"))
    assert len(bodies) == len(domain("balance_sheet").names) + 1  # a file a column, and the quarantine
    row = node.store.one("SELECT keys FROM body WHERE dataset = ? AND kind = 'rows'", capsule)
    part = node.store.one("SELECT sealed FROM own_part WHERE capsule = ?", capsule)
    written = [bodies[0].read_bytes()[:64], bytes(row["keys"]), bytes(part["sealed"])]
    assert all(world.folder_holds(node.home, [one]) for one in written)
    act(node, acting, capsule, "revoke")
    assert "nothing opens this capsule any more" in signed_in.get(f"/capsules/{capsule}/destroy/").content.decode()
    act(node, acting, capsule, "destroy")
    assert not any(body.exists() for body in bodies)
    assert node.store.all("SELECT id FROM body") == node.store.all("SELECT capsule FROM own_part") == []
    assert world.folder_holds(node.home, written) == []
    with pytest.raises(NotFound):
        datasets.get(node, acting, capsule)
    assert "destroyed" in signed_in.get("/capsules/").content.decode()


@pytest.mark.parametrize(
    ("acts", "clause"), [(("revoke",), "capsule-over"), (("revoke", "destroy"), "dataset-unmeasured")]
)
def test_a_policy_signed_afterwards_brings_nothing_back(node, acting, capsule, acts, clause):
    act(node, acting, capsule, *acts)
    policy = furnished.policy_for(node, capsule, grantee=BANK, model="sm3:" + "1" * 64)
    with pytest.raises(NodeError) as refused:
        passkeys.seal(node, acting, furnished.send_draft(node, policy))
    assert refused.value.code == clause


def test_a_body_on_which_a_job_rests_is_not_destroyed_under_it(node, acting, capsule):
    act(node, acting, capsule, "revoke")
    with node.store.write() as tx:
        tx.run(
            "INSERT INTO attempt (job, fence, attempt, order_id, capsule, text, state, at, changed_at)"
            " VALUES (?, 1, 1, ?, ?, '', 'running', 1, 1)",
            new_id(),
            new_id(),
            capsule,
        )
    with pytest.raises(NodeError) as refused:
        act(node, acting, capsule, "destroy")
    assert refused.value.code == "dataset-in-job"
    assert node.store.one("SELECT 1 FROM body WHERE dataset = ?", capsule) is not None
