"""A node withdraws its own capsule without asking anybody, and deletes what a withdrawn one held."""

import pytest

from apps.node import capsules, datasets, roster
from apps.node.errors import NodeError, NotFound
from creditzone.kernel.documents import new_id, now_ms
from creditzone.kernel.domain import domain
from tests import passkeys
from tests.node import world
from tests.node.console import furnished
from tests.node.console.conftest import BANK, browser, post, sign_in
from tests.node.console.test_what_binds_needs_a_fresh_factor import age_factor


@pytest.fixture
def acting(node, owner):
    return roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())


@pytest.fixture
def capsule(node, acting):
    made = furnished.upload_file(node, acting, furnished.applicants(furnished.codes(3), bad=["x"]), title="名单")
    policy = furnished.policy_for(node, made, grantee=BANK, model="sm3:" + "1" * 64)
    passkeys.seal(node, acting, furnished.send_draft(node, policy))
    return made


def is_withdrawn(node, capsule):
    held = capsules.held(node, capsule)
    assert held is not None
    return not held.is_open


def test_the_page_lists_what_was_used_of_each_rule(signed_in, capsule):
    page = signed_in.get("/capsules/").content.decode()
    assert "名单" in page
    assert "open to orders" in page
    assert f"/capsules/{capsule}/withdraw/" in page
    assert '<td class="num">40</td>' in page


def test_withdrawing_takes_the_title_and_a_fresh_code(signed_in, node, owner, capsule):
    path = f"/capsules/{capsule}/withdraw/"
    assert signed_in.get(path).status_code == 200
    assert post(signed_in, path, {"name": "另一个"}).status_code == 422
    age_factor(signed_in, 11)
    assert post(signed_in, path, {"name": "名单"}).status_code == 422
    assert not is_withdrawn(node, capsule)
    assert post(signed_in, path, {"name": "名单", "code": owner.code()}).status_code == 302
    assert is_withdrawn(node, capsule)
    (told,) = world.bodies(node, "withdrawal")
    assert (told.capsule, told.version) == (capsule, 1)
    assert "withdrawn" in signed_in.get("/capsules/").content.decode()
    assert post(signed_in, path, {"name": "名单"}).status_code == 409


@pytest.mark.parametrize("role", ["viewer", "auditor", "officer", "approver"])
def test_a_role_that_may_not_neither_withdraws_nor_deletes(zone, enter, node, acting, capsule, role):
    client = sign_in(browser(), zone, enter(role, name="王强"))
    assert "/withdraw/" not in client.get("/capsules/").content.decode()
    assert post(client, f"/capsules/{capsule}/withdraw/", {"name": "名单"}).status_code == 403
    capsules.withdraw(node, acting, capsule)
    assert post(client, f"/capsules/{capsule}/delete/", {"name": "名单"}).status_code == 403
    assert post(client, f"/datasets/{capsule}/delete/", {"name": "名单"}).status_code == 403
    assert is_withdrawn(node, capsule)


def test_a_capsule_that_stands_is_not_deleted(signed_in, node, acting, capsule):
    assert post(signed_in, f"/capsules/{capsule}/delete/", {"name": "名单"}).status_code == 409
    with pytest.raises(NodeError) as refused:
        datasets.delete(node, acting, capsule)
    assert refused.value.code == "dataset-in-use"


def test_deleting_a_withdrawn_capsule_leaves_neither_body_nor_key(signed_in, node, acting, capsule):
    bodies = list(datasets.bodies_folder(node).glob("*.body"))
    assert len(bodies) == len(domain("balance_sheet").names) + 1  # a file a column, and the quarantine
    post(signed_in, f"/capsules/{capsule}/withdraw/", {"name": "名单"})
    path = f"/capsules/{capsule}/delete/"
    assert "nothing opens this capsule any more" in signed_in.get(path).content.decode()
    assert post(signed_in, path, {"name": "名单"}).status_code == 302
    assert not any(body.exists() for body in bodies)
    assert node.store.all("SELECT id FROM body") == node.store.all("SELECT id FROM capsule") == []
    with pytest.raises(NotFound):
        datasets.get(node, acting, capsule)


def test_a_policy_signed_after_the_deletion_brings_nothing_back(node, acting, capsule):
    capsules.withdraw(node, acting, capsule)
    datasets.delete(node, acting, capsule)
    policy = furnished.policy_for(node, capsule, grantee=BANK, model="sm3:" + "1" * 64)
    with pytest.raises(NodeError) as refused:
        passkeys.seal(node, acting, furnished.send_draft(node, policy))
    assert refused.value.code == "dataset-unmeasured"


def test_a_body_on_which_a_job_rests_is_not_deleted_under_it(node, acting, capsule):
    capsules.withdraw(node, acting, capsule)
    with node.store.write() as tx:
        tx.run(
            "INSERT INTO attempt (job, fence, attempt, order_id, capsule, text, state, at, changed_at)"
            " VALUES (?, 1, 1, ?, ?, '', 'running', 1, 1)",
            new_id(),
            new_id(),
            capsule,
        )
    with pytest.raises(NodeError) as refused:
        datasets.delete(node, acting, capsule)
    assert refused.value.code == "dataset-in-job"
