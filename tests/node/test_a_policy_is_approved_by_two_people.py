"""A policy is signed after two different people of the provider have approved exactly it, each with a passkey."""

import json
from dataclasses import replace

import msgspec
import pytest

from apps.node import approvals, capsules, guardians, passkeys, people, signing
from apps.node.errors import Forbidden, IllegalMove, NodeError
from creditzone.kernel.documents import DraftSent, digest_of, new_id, now_ms, unsigned
from deploy.officers.passkey import SoftwarePasskey
from tests import passkeys as hands
from tests.node import world
from tests.node.jobs import rows_of

ELSEWHERE = "http://evil.localhost:1"


@pytest.fixture
def zone(tmp_path):
    return world.Zone(tmp_path)


@pytest.fixture
def node(zone):
    return zone.node(world.BANK, "bank")


@pytest.fixture
def maker(node):
    return world.person(node, "steward")


@pytest.fixture
def checker(node):
    return world.person(node, "approver")


@pytest.fixture
def dataset(node, maker):
    return world.upload(node, maker, world.csv_bytes(rows_of("balance_sheet", 20)), domain="balance_sheet")


def draft(zone, node, dataset, **changes):
    """The portal sends a draft; its digest."""
    policy = world.policy(zone, node, dataset, rules=[world.rule(**changes)])
    zone.send(node, DraftSent, organisation=node.organisation, document=unsigned(policy))
    return digest_of(policy)


@pytest.fixture
def policy(zone, node, dataset):
    return draft(zone, node, dataset)


def state(node, acting, digest):
    return signing.draft(node, acting, digest).state


def refused(code, act, *arguments, **named):
    """The act is refused with this code; the refusal."""
    with pytest.raises(NodeError) as refusal:
        act(*arguments, **named)
    assert refusal.value.code == code
    return refusal.value


def answer_to(node, acting, digest, *, origin=None, held=None):
    """What a browser at `origin` sends after the node's question about a policy."""
    held = held or hands.passkey_of(node, acting)
    return held.get(approvals.ask(node, acting, digest), origin=origin or passkeys.site(node).origin)


def test_one_proposes_another_checks_and_then_it_is_sealed(node, maker, checker, policy, dataset):
    assert hands.approve(node, maker, policy).state == "draft"
    assert capsules.head_version(node, dataset) == 0
    assert [each.person for each in approvals.listing(node, signing.draft(node, maker, policy))] == [maker.person]
    assert hands.approve(node, checker, policy).state == "complete"
    assert capsules.head_version(node, dataset) == 1
    sealed = world.bodies(node, "capsule")[-1]
    assert sealed.approved_by == (maker.person, checker.person)
    assert digest_of(world.parse(sealed.policy.text.encode(), world.Policy)) == policy


def test_nobody_signs_a_policy_without_approvals(node, maker, policy, dataset):
    refused("approval-needed", signing.sign, node, maker, [policy])
    assert (state(node, maker, policy), capsules.head_version(node, dataset)) == ("draft", 0)


def test_the_same_person_does_not_check_what_it_proposed(node, maker, policy):
    hands.approve(node, maker, policy)
    refused("approval-twice", approvals.ask, node, maker, policy)
    refused("approval-twice", approvals.approve, node, maker, policy, answer="{}")
    second = hands.enrol(node, maker, SoftwarePasskey())
    assert second.id != hands.passkey_of(node, maker).id
    refused("approval-twice", approvals.ask, node, maker, policy)
    assert state(node, maker, policy) == "draft"


def test_an_authenticator_belongs_to_one_person(node, maker, checker):
    held = hands.passkey_of(node, maker)
    refused("passkey-known", hands.enrol, node, checker, held)


def test_an_approver_checks_and_does_not_propose(node, maker, checker, policy):
    hands.passkey_of(node, checker)
    refused("approval-first", approvals.ask, node, checker, policy)
    hands.approve(node, maker, policy)
    assert hands.approve(node, checker, policy).state == "complete"


@pytest.mark.parametrize("role", ["officer", "auditor", "viewer"])
def test_who_may_not_approve_is_forbidden(node, policy, role):
    with pytest.raises(Forbidden):
        approvals.ask(node, world.person(node, role), policy)


def test_an_answer_about_another_policy_approves_nothing(zone, node, maker, policy, dataset):
    other = draft(zone, node, dataset, uses=49)
    relayed = answer_to(node, maker, other)
    approvals.ask(node, maker, policy)
    refused("passkey-challenge", approvals.approve, node, maker, policy, answer=relayed)
    assert approvals.listing(node, signing.draft(node, maker, policy)) == []


def test_an_answer_counts_once(node, maker, policy):
    answer = answer_to(node, maker, policy)
    approvals.approve(node, maker, policy, answer=answer)
    approvals.withdraw(node, maker, policy)
    refused("passkey-challenge", approvals.approve, node, maker, policy, answer=answer)
    approvals.ask(node, maker, policy)
    refused("passkey-challenge", approvals.approve, node, maker, policy, answer=answer)


def test_a_question_is_used_up_by_a_wrong_answer_too(node, maker, policy):
    good = answer_to(node, maker, policy)
    refused("passkey-answer", approvals.approve, node, maker, policy, answer="{}")
    refused("passkey-challenge", approvals.approve, node, maker, policy, answer=good)


def test_a_question_ends_after_some_minutes(node, maker, policy):
    good = answer_to(node, maker, policy)
    with node.store.write() as tx:
        tx.run("UPDATE challenge SET expires_at = ?", now_ms() - 1)
    refused("passkey-challenge", approvals.approve, node, maker, policy, answer=good)


@pytest.mark.parametrize("origin", [ELSEWHERE, "https://node0.localhost:1", "http://node0.localhost", "null"])
def test_an_answer_that_another_page_got_approves_nothing(node, maker, policy, origin):
    relayed = answer_to(node, maker, policy, origin=origin)
    assert "node" in refused("passkey-origin", approvals.approve, node, maker, policy, answer=relayed).sentence("en")


def test_a_passkey_for_another_host_name_approves_nothing(node, maker, policy):
    held = hands.passkey_of(node, maker)
    options = approvals.ask(node, maker, policy) | {"rpId": "evil.localhost"}
    answer = held.get(options, origin=passkeys.site(node).origin)
    refused("passkey-origin", approvals.approve, node, maker, policy, answer=answer)


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x04])
def test_an_authenticator_that_did_not_verify_its_holder_approves_nothing(node, maker, policy, flags):
    held = replace(hands.passkey_of(node, maker), flags=flags)
    answer = answer_to(node, maker, policy, held=held)
    refused("passkey-unverified", approvals.approve, node, maker, policy, answer=answer)


def test_a_counter_that_does_not_rise_is_a_copy(node, maker, policy, zone, dataset):
    held = hands.passkey_of(node, maker)
    held.counter = 7
    approvals.approve(node, maker, policy, answer=answer_to(node, maker, policy))
    approvals.withdraw(node, maker, policy)
    for counter in (7, 6, 0):
        held.counter = counter
        answer = answer_to(node, maker, policy)
        refused("passkey-counter", approvals.approve, node, maker, policy, answer=answer)
    held.counter = 8
    approvals.approve(node, maker, policy, answer=answer_to(node, maker, policy))


def test_a_revoked_passkey_approves_nothing_and_takes_its_waiting_approvals_along(node, maker, checker, policy):
    hands.approve(node, maker, policy)
    answer = None
    passkeys.revoke(node, maker, passkeys.listing(node, maker, person=maker.person)[0].credential)
    [line] = approvals.listing(node, signing.draft(node, maker, policy))
    assert line.fault == "passkey"
    hands.passkey_of(node, checker)
    refused("approval-first", approvals.ask, node, checker, policy)
    refused("passkey-missing", approvals.ask, node, maker, policy)
    other = hands.enrol(node, maker, SoftwarePasskey())
    answer = answer_to(node, maker, policy, held=hands.passkey_of(node, maker))
    refused("passkey-revoked", approvals.approve, node, maker, policy, answer=answer)
    answer = answer_to(node, maker, policy, held=other)
    assert approvals.approve(node, maker, policy, answer=answer).state == "draft"


def test_somebody_elses_passkey_approves_nothing(node, maker, checker, policy):
    hands.passkey_of(node, maker)
    thief = hands.passkey_of(node, checker)
    answer = answer_to(node, maker, policy, held=thief)
    refused("passkey-unknown", approvals.approve, node, maker, policy, answer=answer)


def test_a_wrong_signature_approves_nothing(node, maker, policy):
    held = hands.passkey_of(node, maker)
    answer = answer_to(node, maker, policy, held=SoftwarePasskey(id=held.id))
    refused("passkey-signature", approvals.approve, node, maker, policy, answer=answer)


def test_an_approval_is_lost_when_the_person_leaves_or_changes_the_role(node, maker, checker, policy):
    owner = world.person(node, "owner")
    hands.approve(node, maker, policy)
    people.change(node, owner, person=maker.person, role="viewer")
    hands.passkey_of(node, checker)
    refused("approval-first", approvals.ask, node, checker, policy)
    assert [each.fault for each in approvals.listing(node, signing.draft(node, owner, policy))] == ["roster"]
    people.remove(node, owner, person=maker.person)
    assert [each.fault for each in approvals.listing(node, signing.draft(node, owner, policy))] == ["passkey"]


def test_a_policy_altered_between_maker_and_checker_loses_its_approvals(zone, node, maker, checker, policy, dataset):
    hands.approve(node, maker, policy)
    altered = unsigned(world.policy(zone, node, dataset, rules=[world.rule(uses=5000)]))
    with node.store.write() as tx:
        text = msgspec.json.encode(altered).decode()
        tx.run("UPDATE document SET text = ? WHERE digest = ?", text, policy)
    assert [each.fault for each in approvals.listing(node, signing.draft(node, maker, policy))] == ["answer"]
    hands.passkey_of(node, checker)
    refused("approval-altered", approvals.ask, node, checker, policy)
    refused("approval-altered", approvals.ask, node, maker, policy)
    assert capsules.head_version(node, dataset) == 0


def test_a_new_draft_starts_without_approvals(zone, node, maker, checker, policy, dataset):
    hands.approve(node, maker, policy)
    other = draft(zone, node, dataset, uses=49)
    hands.passkey_of(node, checker)
    refused("approval-first", approvals.ask, node, checker, other)


def test_the_checker_refuses_with_a_reason_and_nothing_is_sealed(node, maker, checker, policy, dataset):
    hands.approve(node, maker, policy)
    signing.decline(node, checker, policy, reason="次数过多")
    assert state(node, maker, policy) == "declined"
    with pytest.raises(IllegalMove):
        approvals.ask(node, checker, policy)
    assert (capsules.head_version(node, dataset), len(world.bodies(node, "declined"))) == (0, 1)


def test_the_maker_withdraws_while_it_waits_and_not_afterwards(node, maker, checker, policy):
    hands.approve(node, maker, policy)
    approvals.withdraw(node, maker, policy)
    assert approvals.listing(node, signing.draft(node, maker, policy)) == []
    hands.approve(node, maker, policy)
    hands.approve(node, checker, policy)
    with pytest.raises(IllegalMove):
        approvals.withdraw(node, maker, policy)


def test_approvals_of_a_signed_policy_are_checked_again_from_what_was_kept(node, maker, checker, policy):
    hands.approve(node, maker, policy)
    hands.approve(node, checker, policy)
    passkeys.revoke(node, maker, passkeys.listing(node, maker, person=maker.person)[0].credential)
    signed = signing.draft(node, maker, policy)
    assert [each.fault for each in approvals.listing(node, signed)] == ["", ""], "what was signed stays approved"
    row = node.store.one("SELECT evidence FROM approval WHERE person = ?", maker.person)
    kept = json.loads(row["evidence"])
    for part in ("public_key", "nonce", "subject", "asked_until"):
        other = {**kept, part: 1 if part == "asked_until" else kept[part][:-6] + "AAAAA="}
        with node.store.write() as tx:
            tx.run("UPDATE approval SET evidence = ? WHERE person = ?", json.dumps(other), maker.person)
        assert [each.fault for each in approvals.listing(node, signed)] == ["answer", ""], part


def test_who_guards_is_approved_with_the_policy_so_one_owner_alone_drops_no_custodian(
    zone, node, maker, checker, policy, dataset
):
    zone.node(world.PLATFORM, "platform")
    zone.introduce()
    owner = world.person(node, "owner")
    guardians.choose(node, owner, [world.PLATFORM], least=2)
    hands.approve(node, maker, policy)
    asked = answer_to(node, checker, policy)
    guardians.choose(node, owner, [], least=1)
    assert [each.fault for each in approvals.listing(node, signing.draft(node, maker, policy))] == ["custody"]
    refused("approval-first", approvals.approve, node, checker, policy, answer=asked)
    assert capsules.head_version(node, dataset) == 0
    hands.approve(node, maker, policy)
    refused("passkey-challenge", approvals.approve, node, checker, policy, answer=asked)
    hands.approve(node, checker, policy)
    guardians.choose(node, owner, [world.PLATFORM], least=2)
    signed = signing.draft(node, maker, policy)
    assert [each.fault for each in approvals.listing(node, signed)] == ["", ""], "what was signed stays approved"


def test_one_signer_is_a_setting_and_the_statement_names_one(zone, node, maker, policy):
    single = replace(node, config=msgspec.structs.replace(node.config, policy_signers=1))
    hands.passkey_of(node, maker)
    assert hands.approve(single, maker, policy).state == "complete"
    assert world.bodies(node, "capsule")[-1].approved_by == (maker.person,)


def test_what_stands_against_signing_stands_against_approving(zone, node, maker):
    missing = world.policy(zone, node, new_id(), rules=[world.rule()])
    zone.send(node, DraftSent, organisation=node.organisation, document=unsigned(missing))
    refused("dataset-unmeasured", approvals.ask, node, maker, digest_of(missing))
