"""Zone-wide rules at a node: only the governor's signature makes them, the newest seen stays, and no policy that
undercuts them is signed or opened, whatever the portal carries, keeps back or carries again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from apps.node import governance
from apps.node.errors import Forbidden, IllegalMove, NodeError, NotFound
from apps.node.node import Node
from creditzone.kernel.documents import (
    CardShown,
    DocumentCompleted,
    Floors,
    Policy,
    Signed,
    ZoneRules,
    digest_of,
    now_ms,
    signed,
    unsigned,
    with_signature,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import guarding, jobs, world
from tests.node.world import BANK, CENTRE, PLATFORM, Zone


def rules_of(zone: Zone, governor: str = CENTRE, **changes: Any) -> ZoneRules:
    """Zone-wide rules as the portal drafts them."""
    floors = {
        "minimum_group": 10,
        "max_days": 366,
        "max_uses": 100,
        "attestations": ("none",),
        "evidence": ("declared", "signed"),
        "custody_threshold": 1,
    }
    floors |= {name: changes.pop(name) for name in list(changes) if name in floors}
    facts: dict[str, Any] = {
        "zone": zone.digest,
        "version": 1,
        "previous": None,
        "governor": governor,
        "purposes": ("credit-risk", "self-enquiry"),
        "floors": Floors(**floors),
        "templates": (),
        "drafted_at": now_ms(),
    }
    return ZoneRules(**(facts | changes))


def governed(zone: Zone, rules: ZoneRules) -> Signed:
    """The rules as the code centre's officer signed them in its node."""
    centre = zone.nodes[CENTRE]
    world.have_signed(zone, centre, world.person(centre), rules)
    return with_signature(unsigned(rules), world.signature_of(centre, digest_of(rules)))


def tell(zone: Zone, node: Node, document: Signed) -> None:
    zone.send(node, DocumentCompleted, document=document)


def in_force(node: Node) -> int:
    held = governance.in_force(node)
    return held.rules.version if held else 0


def confirm(node: Node, organisation: str = CENTRE) -> None:
    governance.confirm(node, world.person(node), organisation)


def test_the_governors_own_node_holds_what_its_officer_signed_and_others_once_told_who_governs(quartet: Zone):
    document = governed(quartet, rules_of(quartet))
    bank = quartet.nodes[BANK]
    assert (in_force(quartet.nodes[CENTRE]), governance.governor(quartet.nodes[CENTRE])) == (1, CENTRE)
    tell(quartet, bank, document)
    assert in_force(bank) == 0
    confirm(bank)
    assert in_force(bank) == 1
    platform = quartet.nodes[PLATFORM]
    confirm(platform)
    tell(quartet, platform, document)
    assert in_force(platform) == 1


def forged(zone: Zone, honest: Signed) -> dict[str, Signed]:
    """What a portal could carry in the place of the governor's rules."""
    loose = rules_of(zone, max_uses=10**9)
    stranger = PrivateKey.generate()
    return {
        "unsigned": unsigned(loose),
        "another's key in the governor's name": signed(loose, stranger, by=CENTRE),
        "another party's own rules": signed(
            rules_of(zone, PLATFORM), zone.nodes[PLATFORM].keys.signing, by=PLATFORM
        ),
        "signed by another party": signed(loose, zone.nodes[PLATFORM].keys.signing, by=PLATFORM),
        "signed by the zone": zone.sign(loose),
        "altered": msgspec.structs.replace(honest, text=honest.text.replace('"max_uses":100', '"max_uses":999')),
        "of another zone": signed(
            msgspec.structs.replace(loose, zone="sm3:" + "0" * 64), zone.nodes[CENTRE].keys.signing, by=CENTRE
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "what",
    [
        "unsigned", "another's key in the governor's name", "another party's own rules", "signed by another party",
        "signed by the zone", "altered", "of another zone",
    ],
)  # fmt: skip
def test_nothing_counts_that_the_governor_did_not_sign(quartet: Zone, what: str):
    bank = quartet.nodes[BANK]
    honest = governed(quartet, rules_of(quartet))
    tell(quartet, bank, forged(quartet, honest)[what])
    confirm(bank)
    tell(quartet, bank, forged(quartet, honest)[what])
    assert in_force(bank) == 0
    tell(quartet, bank, honest)  # the forgery stands in nobody's way
    assert in_force(bank) == 1
    held = governance.in_force(bank)
    assert held is not None
    assert held.rules.floors.max_uses == 100


def test_an_older_version_takes_nothing_back_and_of_two_with_one_number_the_first_stays(quartet: Zone):
    bank = quartet.nodes[BANK]
    confirm(bank)
    first = governed(quartet, rules_of(quartet))
    second = governed(quartet, rules_of(quartet, version=2, previous=first.digest, max_uses=20))
    tell(quartet, bank, second)
    tell(quartet, bank, first)
    tell(quartet, bank, first)
    assert [one.rules.version for one in governance.history(bank)] == [2, 1]
    other = rules_of(quartet, version=2, previous=first.digest, max_uses=100_000)
    tell(quartet, bank, signed(other, quartet.nodes[CENTRE].keys.signing, by=CENTRE))
    held = governance.in_force(bank)
    assert held is not None
    assert held.rules.floors.max_uses == 20
    assert governance.find(bank, digest_of(other)) is None


def test_who_governs_is_said_once_by_the_nodes_own_officers_about_a_confirmed_card(quartet: Zone):
    bank = quartet.nodes[BANK]
    with pytest.raises(Forbidden):
        governance.confirm(bank, world.person(bank, "officer"), CENTRE)
    with pytest.raises(NotFound):
        confirm(bank, world.code(900099))
    assert governance.governor(bank) is None
    confirm(bank)
    confirm(bank)
    with pytest.raises(IllegalMove):
        confirm(bank, PLATFORM)
    assert governance.governor(bank) == CENTRE


def test_a_governors_node_from_a_backup_signs_no_second_first_version(quartet: Zone):
    centre = quartet.nodes[CENTRE]
    document = governed(quartet, rules_of(quartet))
    with centre.store.write() as tx:  # as it was before it signed
        tx.run("DELETE FROM zone_rules")
        tx.run("DELETE FROM setting WHERE name = 'governor'")
    tell(quartet, centre, forged(quartet, document)["another's key in the governor's name"])
    assert governance.governor(centre) is None
    tell(quartet, centre, document)
    assert (governance.governor(centre), in_force(centre)) == (CENTRE, 1)
    assert blocked(quartet, centre, rules_of(quartet, max_uses=5)) == "zone-rules-version"


def test_rules_that_come_before_the_governors_new_card_count_once_the_card_does(quartet: Zone):
    bank = quartet.nodes[BANK]
    confirm(bank)
    held = bank.card_of(CENTRE)
    assert held is not None
    fresh = PrivateKey.generate()
    card = msgspec.structs.replace(held, serial=held.serial + 1, signing_key=fresh.public.hex)
    tell(quartet, bank, signed(rules_of(quartet), fresh, by=CENTRE))
    assert in_force(bank) == 0
    by_both = signed(card, fresh, by=CENTRE)
    by_old = signed(card, quartet.nodes[CENTRE].keys.signing, by=CENTRE).signatures
    whole = msgspec.structs.replace(by_both, signatures=(*by_both.signatures, *by_old))
    quartet.send(bank, CardShown, card=whole)
    assert in_force(bank) == 1


def blocked(zone: Zone, node: Node, document: Any) -> str:
    """Why the node's officer cannot sign the document."""
    acting = world.person(node)
    with pytest.raises(NodeError) as refused:
        world.have_signed(zone, node, acting, document)
    assert refused.value.sentence("zh-hans")
    assert refused.value.sentence("en")
    return refused.value.code


def test_only_the_governor_signs_rules_and_only_the_next_version(quartet: Zone):
    bank, centre = quartet.nodes[BANK], quartet.nodes[CENTRE]
    confirm(bank)
    assert blocked(quartet, bank, rules_of(quartet, BANK)) == "not-governor"
    assert blocked(quartet, bank, rules_of(quartet, CENTRE)) == "not-ours"
    first = governed(quartet, rules_of(quartet))
    assert blocked(quartet, centre, rules_of(quartet, max_uses=5)) == "zone-rules-version"
    assert blocked(quartet, centre, rules_of(quartet, version=3, previous=first.digest)) == "zone-rules-version"
    lost = rules_of(quartet, version=2, previous="sm3:" + "0" * 64)
    assert blocked(quartet, centre, lost) == "zone-rules-version"


def drafted(zone: Zone, node: Node, named: str | None, **changes: Any) -> Policy:
    """A policy for a measured dataset of the node's, written under the rules with this digest."""
    acting = world.person(node)
    data = world.csv_bytes(jobs.rows_of("balance_sheet", 20))
    dataset = world.upload(node, acting, data, domain="balance_sheet")
    model = digest_of(world.scorecard("bank-centre"))
    policy = world.policy(zone, node, dataset, rules=[world.rule(models=(model,), **changes)])
    return msgspec.structs.replace(policy, zone_rules=named)


UNDER = {
    "floor-uses": {"uses": 101},
    "floor-window": {"not_after": now_ms() + 400 * world.DAY},
    "floor-purpose": {"purposes": ("public-governance",)},
    "floor-minimum-group": {"minimum_group": 3},
}


def test_a_policy_that_undercuts_is_not_signed_and_the_floor_is_named(quartet: Zone):
    bank = quartet.nodes[BANK]
    confirm(bank)
    document = governed(quartet, rules_of(quartet))
    tell(quartet, bank, document)
    sound = drafted(quartet, bank, document.digest)
    for clause, changes in UNDER.items():
        rule = world.rule(models=sound.rules[0].models, **changes)
        assert blocked(quartet, bank, msgspec.structs.replace(sound, rules=(rule,))) == clause
    world.have_signed(quartet, bank, world.person(bank), sound)
    assert world.bodies(bank, "capsule")


def test_a_policy_is_written_under_the_newest_rules_that_the_node_saw(quartet: Zone):
    bank = quartet.nodes[BANK]
    confirm(bank)
    first = governed(quartet, rules_of(quartet))
    second = governed(quartet, rules_of(quartet, version=2, previous=first.digest))
    sound = drafted(quartet, bank, first.digest)
    assert blocked(quartet, bank, sound) == "zone-rules-unknown"
    tell(quartet, bank, second)
    tell(quartet, bank, first)
    assert blocked(quartet, bank, msgspec.structs.replace(sound, drafted_at=1)) == "zone-rules-old"
    assert blocked(quartet, bank, msgspec.structs.replace(sound, zone_rules=None)) == "zone-rules-old"
    assert blocked(quartet, bank, msgspec.structs.replace(sound, zone_rules="sm3:" + "9" * 64)) == "zone-rules-unknown"
    world.have_signed(quartet, bank, world.person(bank), msgspec.structs.replace(sound, zone_rules=second.digest))


# Opening --------------------------------------------------------------------------------------------------------------


def answer(job: jobs.Ready) -> str:
    """The centre's answer to an order: accepted, or the clause."""
    centre = job.nodes[1]
    world.offer(job.zone, centre, job.order(centre))
    refusals = world.bodies(centre, "refuse")
    return refusals[-1].refusal.clause if refusals else "accepted"


def test_what_was_signed_before_there_were_rules_and_under_older_ones_stands_until_its_next_version(quartet: Zone):
    job = jobs.ready(quartet)
    governed(quartet, rules_of(quartet, max_uses=1))
    assert answer(job) == "accepted"
    centre = quartet.nodes[CENTRE]
    head = job.policies[1]
    again = msgspec.structs.replace(head, version=2)
    assert blocked(quartet, centre, again) == "zone-rules-old"
    held = governance.in_force(centre)
    assert held is not None
    assert blocked(quartet, centre, msgspec.structs.replace(again, zone_rules=held.digest)) == "floor-uses"


def test_a_node_opens_nothing_that_undercuts_the_rules_it_was_signed_under(quartet: Zone, monkeypatch):
    """Signed by a node whose program did not look; the program that opens does."""
    document = governed(quartet, rules_of(quartet, max_uses=1))
    with monkeypatch.context() as blind:
        blind.setattr(governance, "require_within", lambda *_, **__: None)
        blind.setattr(
            world,
            "policy",
            lambda *given, policy=world.policy, **more: msgspec.structs.replace(
                policy(*given, **more), zone_rules=document.digest if given[1].organisation == CENTRE else None
            ),
        )
        job = jobs.ready(quartet)
    assert answer(job) == "floor-uses"


@pytest.mark.parametrize(("is_told", "answered"), [(True, "accepted"), (False, "share-withheld")])
def test_a_custodian_releases_only_under_rules_that_it_believes_itself(
    quartet: Zone, monkeypatch, is_told: bool, answered: str
):
    centre, platform = quartet.nodes[CENTRE], quartet.nodes[PLATFORM]
    guarding.choose(centre, PLATFORM)
    document = governed(quartet, rules_of(quartet))
    with monkeypatch.context() as drafting:
        drafting.setattr(
            world,
            "policy",
            lambda *given, policy=world.policy, **more: msgspec.structs.replace(
                policy(*given, **more), zone_rules=document.digest if given[1].organisation == CENTRE else None
            ),
        )
        job = jobs.ready(quartet, number=40)
    guarding.carry(quartet, centre, "deposit")
    if is_told:
        confirm(platform)
        tell(quartet, platform, document)
    world.offer(quartet, centre, job.order(centre))
    guarding.carry(quartet, centre, "share-asked")
    guarding.carry(quartet, platform, "share", "share-withheld")
    refusals = world.bodies(centre, "refuse")
    assert (refusals[-1].refusal.clause if refusals else "accepted") == answered
    assert bool(world.bodies(centre, "accept")) == is_told
