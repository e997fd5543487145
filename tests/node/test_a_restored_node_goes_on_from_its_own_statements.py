"""A node whose home is an older backup takes no orders until it has back what it said itself; then nothing that it
had spent, seen, withdrawn or ended is free again. The zone can alter, reorder or make up none of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from apps.node import (
    attempts,
    capsule_acts,
    capsules,
    cards,
    contracts,
    exchange,
    health,
    inbox,
    outbox,
    restoring,
    uses,
)
from apps.node.exchange import ExchangeFailed
from apps.node.node import Node, open_node
from creditzone.kernel.documents import (
    Card,
    DraftDeclined,
    Order,
    OrderStopped,
    Recalled,
    SealedSent,
    Signed,
    Statement,
    new_id,
    read,
    signed,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.portal import Portal
from tests.node.world import CENTRE, Zone


@pytest.fixture
def played(zone: Zone) -> Iterator[Portal]:
    portal = Portal(zone)
    zone.portal_url = portal.url
    yield portal
    portal.close()


@dataclass
class Restored:
    """A centre's node whose home was put back, and what it had done after the backup."""

    node: Node
    job: Ready
    order: Order
    portal: Portal
    capsule: str
    contract: str


def totals(restored: Restored) -> dict[str, int]:
    found = uses.counted(restored.node, restored.capsule, but="")
    return {rule: counts.total for rule, counts in found.items()}


def call(node: Node) -> None:
    exchange.exchange(node, health.heartbeat(node, running=()))


def say(node: Node, words: str) -> None:
    with node.store.write() as tx:
        outbox.say(node, tx, DraftDeclined(document="sm3:" + "0" * 64, reason=words, person=new_id()))


def spend_a_use(job: Ready, node: Node) -> Order:
    order = job.order(node, fence=7)
    world.offer(job.zone, node, order)
    world.start(job.zone, node, order)
    attempt = attempts.next_started(node)
    assert attempt is not None
    attempts.spend(node, attempt)
    attempts.fail(node, job=attempt.job, fence=attempt.fence, reason="peer-lost")
    return order


@pytest.fixture
def restored(played: Portal, quartet: Zone, tmp_path: Path) -> Restored:
    job = jobs.ready(quartet, number=60)
    node, acting = job.nodes[1], job.people[1]
    for _ in range(2):
        call(node)
    node.store.close()
    shutil.copytree(node.home, tmp_path / "backup")
    order = spend_a_use(job, node)
    call(node)
    contract = job.contracts[0].digest
    contracts.act(node, acting, contract, act="suspend", reason="核查")
    for words in ("一", "二"):
        say(node, words)
    call(node)
    node.store.close()
    shutil.rmtree(node.home)
    shutil.copytree(tmp_path / "backup", node.home)
    again = open_node(node.home)
    return Restored(again, job, order, played, job.request.inputs[1].capsule, contract)


def until_whole(node: Node) -> None:
    for _ in range(5):
        if not node.is_restoring:
            return
        call(node)
    pytest.fail("still restoring")


def test_it_notices_and_takes_no_orders_meanwhile(restored: Restored):
    call(restored.node)
    assert restored.node.is_restoring
    assert "restored" in health.report(restored.node).reds
    world.offer(restored.job.zone, restored.node, restored.job.order(restored.node, fence=9))
    assert world.bodies(restored.node, "refuse")[-1].refusal.clause == "node-restored"


def test_what_it_had_spent_seen_and_suspended_counts_again(restored: Restored):
    node = restored.node
    assert uses.counted(node, restored.capsule, but="") == {}
    call(node)
    until_whole(node)
    assert totals(restored) == {"r1": 1}
    assert contracts.state_of(node, restored.contract) == "suspended"
    report = restoring.report(node)
    assert report is not None
    assert (report.uses, report.ended_at is not None, report.lost) == (1, True, [])
    assert "restored" not in health.report(node).reds
    world.offer(restored.job.zone, node, restored.order)
    assert world.bodies(node, "refuse")[-1].refusal.clause == "replayed"


def test_what_it_said_before_it_noticed_is_said_again_at_the_end_of_the_chain(restored: Restored):
    node = restored.node
    say(node, "分叉")
    with pytest.raises(ExchangeFailed, match="statement-chain"):
        call(node)
    until_whole(node)
    call(node)
    told = restored.portal.statements[CENTRE]
    said = [told[number].body.reason for number in sorted(told) if isinstance(told[number].body, DraftDeclined)]
    assert said == ["一", "二", "分叉"]
    texts = [restored.portal.texts[CENTRE][number] for number in sorted(told)]
    for before, after in zip(texts[-4:], texts[-3:], strict=False):
        assert read(after, Statement).previous == before.digest


def altered(recalled: tuple[Recalled, ...], at: int, **changes: object) -> tuple[Recalled, ...]:
    return (*recalled[:at], msgspec.structs.replace(recalled[at], **changes), *recalled[at + 1 :])


def resigned(one: Recalled) -> Signed:
    assert one.statement is not None
    return signed(read(one.statement, Statement), PrivateKey.generate(), by=CENTRE)


LIES: dict[str, Callable[[tuple[Recalled, ...]], tuple[Recalled, ...]]] = {
    "left-out": lambda recalled: (recalled[0], *recalled[2:]),
    "cut": lambda recalled: recalled[:-1],
    "nothing": lambda recalled: (),
    "reordered": lambda recalled: (recalled[1], recalled[0], *recalled[2:]),
    "made-up": lambda recalled: altered(recalled, 0, statement=resigned(recalled[0])),
    "another-place": lambda recalled: altered(recalled, 1, statement=recalled[0].statement),
    "hidden-behind-its-digest": lambda recalled: altered(recalled, 1, statement=None),
    "hidden-behind-a-digest": lambda recalled: altered(recalled, 1, statement=None, digest="sm3:" + "1" * 64),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_portal_that_gives_something_else_back_keeps_it_closed(restored: Restored, lie):
    node = restored.node
    call(node)
    before = outbox.last_number(node)
    restored.portal.change = lambda answer: msgspec.structs.replace(answer, recalled=LIES[lie](answer.recalled))
    if lie == "cut":  # the next page may bring the rest: nothing is open before it came
        call(node)
    else:
        with pytest.raises(ExchangeFailed, match="recall-damaged"):
            call(node)
        assert outbox.last_number(node) == before
    assert node.is_restoring
    restored.portal.change = lambda answer: answer
    until_whole(node)
    assert totals(restored) == {"r1": 1}


def test_a_capsule_revoked_after_the_backup_stays_closed(played: Portal, quartet: Zone, tmp_path: Path):
    job = jobs.ready(quartet, number=60)
    node, acting, capsule = job.nodes[1], job.people[1], job.request.inputs[1].capsule
    call(node)
    node.store.close()
    shutil.copytree(node.home, tmp_path / "backup")
    capsule_acts.act(node, acting, capsule, act="revoke", reason="核查")
    call(node)
    node.store.close()
    shutil.rmtree(node.home)
    shutil.copytree(tmp_path / "backup", node.home)
    again = open_node(node.home)
    assert capsules.state_of(again, capsule) == "sealed"
    call(again)
    until_whole(again)
    assert capsules.state_of(again, capsule) == "revoked"


def test_the_counter_of_calls_goes_on_above_all_earlier_ones(restored: Restored):
    before = max(uplink.counter for uplink in restored.portal.calls if uplink.node == CENTRE)
    call(restored.node)
    assert restored.portal.calls[-1].counter > before


def put_back(node: Node, backup: Path) -> Node:
    node.store.close()
    shutil.rmtree(node.home)
    shutil.copytree(backup, node.home)
    return open_node(node.home)


def back_up(node: Node, to: Path) -> Path:
    node.store.close()
    shutil.copytree(node.home, to)
    return to


def test_a_use_whose_end_nothing_tells_counts_as_spent(played: Portal, quartet: Zone, tmp_path: Path):
    """The node died with its disk right after it had spent the use: the zone has the acceptance and no more."""
    job = jobs.ready(quartet, number=60)
    node, capsule = job.nodes[1], job.request.inputs[1].capsule
    call(node)
    backup = back_up(node, tmp_path / "backup")
    world.offer(job.zone, node, job.order(node, fence=7))
    call(node)
    world.start(job.zone, node, job.order(node, fence=7))
    attempt = attempts.next_started(node)
    assert attempt is not None
    attempts.spend(node, attempt)
    again = put_back(node, backup)
    call(again)
    until_whole(again)
    assert {rule: counts.total for rule, counts in uses.counted(again, capsule, but="").items()} == {"r1": 1}


def test_what_the_backup_had_accepted_does_not_begin_and_its_use_counts(played: Portal, quartet: Zone, tmp_path: Path):
    job = jobs.ready(quartet, number=60)
    node, capsule = job.nodes[1], job.request.inputs[1].capsule
    order = job.order(node, fence=7)
    world.offer(job.zone, node, order)
    world.start(job.zone, node, order)
    call(node)
    backup = back_up(node, tmp_path / "backup")
    say(node, "一")
    call(node)
    again = put_back(node, backup)
    call(again)
    assert attempts.next_started(again) is None
    assert health.heartbeat(again, running=()).slots_free == 0
    until_whole(again)
    assert attempts.next_started(again) is None
    assert {rule: counts.total for rule, counts in uses.counted(again, capsule, but="").items()} == {"r1": 1}
    assert health.heartbeat(again, running=()).slots_free > 0


def test_sealed_messages_come_back_as_digests_and_hide_nothing(restored: Restored):
    """Between two others they may be missing; the one after them tells how many they were."""
    node, portal = restored.node, restored.portal
    sealed = SealedSent(
        job=restored.job.request.id, attempt=1, sender=CENTRE, to=CENTRE, content="share", part=0, parts=1, body="AA=="
    )
    call(node)
    until_whole(node)
    backup = back_up(node, node.home.with_name("later"))
    with node.store.write() as tx:
        outbox.say(node, tx, sealed)
        outbox.say(node, tx, sealed)
    say(node, "三")
    call(node)
    again = put_back(node, backup)
    call(again)
    until_whole(again)
    said = portal.statements[CENTRE]
    assert outbox.last_number(again) == max(said)
    assert said[max(said)].unkept == 2


def test_a_card_issued_after_the_backup_is_this_node_s_card_again(restored: Restored):
    node = restored.node
    backup = back_up(node, node.home.with_name("earlier"))
    call(node)
    until_whole(node)
    renewed = cards.issue_own(node)
    call(node)
    again = put_back(node, backup)
    call(again)
    until_whole(again)
    assert again.cards()[CENTRE].serial == read(renewed, Card).serial
    assert cards.issue_own(again).digest != renewed.digest


def test_messages_that_the_lost_store_took_in_leave_no_gap(restored: Restored):
    node = restored.node
    restored.portal.change = lambda answer: msgspec.structs.replace(
        answer, messages=(OrderStopped(number=40, job=new_id(), fence=1, reason="cancelled"),)
    )
    answer = exchange.exchange(node, health.heartbeat(node, running=()))
    assert node.is_restoring
    for message in answer.messages:
        inbox.take(node, message)
    assert "message-gap" not in health.report(node).reds
