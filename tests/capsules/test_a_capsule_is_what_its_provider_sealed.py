"""Drafting, registering and taking back: only a head that fits its policy, its dataset and the versions so far."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from apps.capsules import services
from apps.capsules.models import Capsule, CapsuleVersion
from apps.capsules.selectors import catalogue, head_of
from apps.capsules.services import draft_policy, list_capsule, unlist_capsule
from apps.core.errors import Forbidden, IllegalMove, Invalid, NotFound
from apps.core.tenancy import tenant_tx
from apps.exchange.models import Draft, StatementRecord
from creditzone.kernel.documents import CapsuleSealed, DatasetMeasured, Policy, digest_of, now_ms, signed
from creditzone.kernel.policy.constraints.columns import ColumnUse
from creditzone.kernel.policy.writing import EVERY_COLUMN
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.road import Road, make_measured, make_sealed


def draft(road: Road, *, measured: DatasetMeasured | None = None, **options: Any) -> tuple[Capsule, DatasetMeasured]:
    node, steward = road.nodes["centre"], road.zone.member("centre", "steward")
    if measured is None:
        measured = make_measured("profit_and_loss")
        node.tell(measured)
    options = {"rules": [road.rule("bank")], **options}
    with road.zone.tx(steward):
        capsule = draft_policy(actor=steward, dataset_id=UUID(measured.dataset), **options)
    node.call()
    return capsule, measured


def stands(capsule: Capsule) -> Capsule:
    with tenant_tx(None, role="exchange"):
        return Capsule.objects.get(pk=capsule.pk)


def versions() -> int:
    with tenant_tx(None, role="exchange"):
        return CapsuleVersion.objects.count()


def last_reason(road: Road, name: str = "centre") -> str:
    with tenant_tx(None, role="exchange"):
        return StatementRecord.objects.filter(node=road.zone[name]).order_by("-number")[0].reason


def test_a_drafted_policy_waits_in_its_owner_s_node_and_binds_when_sealed(road: Road):
    capsule, measured = draft(road)
    assert stands(capsule).state == Capsule.State.DRAFT
    node = road.nodes["centre"]
    node.tell(make_sealed(node, node.drafts(Policy)[-1], measured))
    now = stands(capsule)
    assert (now.state, now.version, now.draft_digest) == (Capsule.State.SEALED, 1, "")
    with tenant_tx(None, role="exchange"):
        assert Draft.objects.get().state == Draft.State.SIGNED


@pytest.mark.parametrize(
    "spoiled",
    [
        {"rows": 99},
        {"version": 2},
        {"domain": "turnover"},
        {"policy": "sm3:" + "1" * 64},
        {"body_digest": "sm3:" + "1" * 64},
        {"zone": "sm3:" + "1" * 64},
    ],
)
def test_a_head_that_does_not_fit_policy_or_dataset_is_not_registered(road: Road, spoiled: dict[str, Any]):
    capsule, measured = draft(road)
    node = road.nodes["centre"]
    node.tell(make_sealed(node, node.drafts(Policy)[-1], measured, **spoiled))
    assert last_reason(road) == "invalid"
    assert (stands(capsule).state, versions()) == (Capsule.State.DRAFT, 0)


def test_a_head_or_policy_that_somebody_else_signed_is_not_registered(road: Road):
    capsule, measured = draft(road)
    node, thief = road.nodes["centre"], PrivateKey.generate()
    policy = node.drafts(Policy)[-1]
    good = make_sealed(node, policy, measured)
    node.tell(
        CapsuleSealed(header=good.header, policy=signed(policy, thief, by=node.uscc), approved_by=good.approved_by)
    )
    assert last_reason(road) == "signature"
    road.nodes["platform"].tell(good)
    assert last_reason(road, "platform") == "signature"
    assert (stands(capsule).state, versions()) == (Capsule.State.DRAFT, 0)


def test_the_same_head_again_changes_nothing(road: Road):
    _, measured = draft(road)
    node = road.nodes["centre"]
    sealed = make_sealed(node, node.drafts(Policy)[-1], measured)
    node.tell(sealed)
    node.tell(sealed)
    assert (last_reason(road), versions()) == ("", 1)


def test_an_edit_is_a_new_version_and_an_older_one_never_comes_back(road: Road):
    capsule, measured = draft(road)
    node = road.nodes["centre"]
    first = make_sealed(node, node.drafts(Policy)[-1], measured)
    node.tell(first)
    draft(road, measured=measured, capsule_id=capsule.id, rules=[road.rule("other_bank")])
    node.tell(make_sealed(node, node.drafts(Policy)[-1], measured))
    assert stands(capsule).version == 2
    older = make_sealed(node, node.drafts(Policy)[0], measured)
    node.tell(older)
    assert (last_reason(road), stands(capsule).version) == ("invalid", 2)
    with road.zone.tx(road.zone.member("bank", "owner")):  # the new policy names it no longer
        assert not Capsule.objects.filter(pk=capsule.pk).exists()


def test_a_head_that_allows_nothing_names_nobody_and_changes_no_state(road: Road):
    capsule, measured = draft(road)
    node = road.nodes["centre"]
    policy = node.drafts(Policy)[-1]
    node.tell(make_sealed(node, policy, measured))
    nothing = msgspec.structs.replace(policy, version=2, rules=(), drafted_at=now_ms())
    node.tell(make_sealed(node, nothing, measured))
    assert stands(capsule).state == Capsule.State.SEALED
    with road.zone.tx(road.zone.member("bank", "owner")):
        assert not Capsule.objects.filter(pk=capsule.pk).exists()


def test_a_new_draft_withdraws_the_one_that_waits(road: Road):
    capsule, measured = draft(road)
    old = capsule.draft_digest
    draft(road, measured=measured, capsule_id=capsule.id, rules=[road.rule("other_bank")])
    with tenant_tx(None, role="exchange"):
        assert Draft.objects.get(digest=old).state == Draft.State.WITHDRAWN


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grantees": ("91330100XY00000999",)}, "grantees"),
        ({"grantees": ()}, "grantees"),
        ({"purposes": ("marketing",)}, "purposes"),
        ({"columns": (ColumnUse(name="net_margn", ground="public_disclosure", modes=()), *EVERY_COLUMN)}, "models"),
        ({"models": ()}, "models"),
        ({"not_after": 1}, "not_after"),
    ],
)
def test_rules_that_cannot_be_meant_are_not_drafted(road: Road, change: dict[str, Any], field: str):
    with pytest.raises(Invalid) as raised:
        draft(road, rules=[road.rule("bank", **change)])
    assert set(raised.value.errors) == {field}
    with tenant_tx(None, role="exchange"):
        assert (Capsule.objects.count(), Draft.objects.count()) == (0, 0)


def test_who_sees_a_capsule_and_its_policy(road: Road):
    """Listed, everybody sees that it is there; its policy shows to those whom it names."""
    capsule = road.sealed("centre")
    seen = {}
    steward = road.zone.member("centre", "steward")
    for listed in (False, True):
        if listed:
            with road.zone.tx(steward):
                list_capsule(actor=steward, capsule_id=capsule.id)
        for name in ("bank", "other_bank"):
            member = road.zone.member(name, "owner")
            with road.zone.tx(member):
                found = list(catalogue(member))
                seen[listed, name] = (len(found), bool(found and head_of(found[0])))
    assert seen == {
        (False, "bank"): (1, True),
        (False, "other_bank"): (0, False),
        (True, "bank"): (1, True),
        (True, "other_bank"): (1, False),
    }


def test_a_capsule_open_to_firms_about_themselves_shows_its_policy_to_every_firm(road: Road):
    capsule = road.sealed("centre", rules=[road.rule("subject")])
    firm = road.zone.member("firm", "owner")
    with road.zone.tx(firm):
        head = head_of(Capsule.objects.get(pk=capsule.pk))
        assert head is not None
        assert digest_of(head.policy) == capsule.policy_digest


def test_the_owner_s_stewards_alone_list_it(road: Road):
    capsule = road.sealed("centre")
    for who, error in ((("centre", "officer"), Forbidden), (("bank", "steward"), NotFound)):
        actor = road.zone.member(*who)
        with pytest.raises(error), road.zone.tx(actor):
            list_capsule(actor=actor, capsule_id=capsule.id)
        assert stands(capsule).state == Capsule.State.SEALED
    steward = road.zone.member("centre", "steward")
    for change, state in ((list_capsule, Capsule.State.LISTED), (unlist_capsule, Capsule.State.SEALED)):
        with road.zone.tx(steward):
            change(actor=steward, capsule_id=capsule.id)
        assert stands(capsule).state == state
        with pytest.raises(IllegalMove), road.zone.tx(steward):
            change(actor=steward, capsule_id=capsule.id)


@pytest.mark.parametrize("act", ["revoke", "destroy"])
def test_what_is_revoked_or_destroyed_takes_no_new_head(road: Road, act: str):
    capsule, measured = draft(road)
    node = road.nodes["centre"]
    policy = node.drafts(Policy)[-1]
    node.tell(make_sealed(node, policy, measured))
    for one in ("revoke", "destroy")[: 1 if act == "revoke" else 2]:
        road.act_on(capsule, "centre", one)
    node.tell(make_sealed(node, msgspec.structs.replace(policy, version=2), measured))
    assert (last_reason(road), stands(capsule).version) == ("invalid", 1)


def test_a_draft_written_while_a_new_head_comes_in_takes_nothing_of_the_head_back(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    capsule, measured = draft(road)
    node = road.nodes["centre"]
    node.tell(make_sealed(node, node.drafts(Policy)[-1], measured))
    ask = services.request_signatures

    def meanwhile(*arguments: Any, **options: Any) -> str:
        """Between the drafter's reading and its writing the head moves on."""
        Capsule.objects.filter(pk=capsule.pk).update(version=7, state=Capsule.State.FROZEN)
        return ask(*arguments, **options)

    monkeypatch.setattr(services, "request_signatures", meanwhile)
    drafted, _ = draft(road, measured=measured, capsule_id=capsule.id)
    now = stands(capsule)
    assert (now.version, now.state, now.draft_digest) == (7, Capsule.State.FROZEN, drafted.draft_digest)
