"""A header opens with its own version's part of the secret only, and that part is gone once the policy is edited."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from apps.node import capsule_acts, capsules, custody, uses
from apps.node.node import Node
from apps.node.roster import Acting
from apps.node.store import DATABASE
from creditzone.kernel.capsule import open_header
from creditzone.kernel.documents import CapsuleHeader, Policy, Signed, read
from creditzone.kernel.refusals import Refused
from tests.node import jobs, world
from tests.node.world import CENTRE, Zone


@dataclass
class Sealed:
    zone: Zone
    node: Node
    acting: Acting
    capsule: str

    def head(self) -> tuple[Signed, Signed]:
        held = capsules.held(self.node, self.capsule)
        assert held is not None
        return held.header, held.policy

    def header(self) -> CapsuleHeader:
        return read(self.head()[0], CapsuleHeader)

    def edit(self) -> CapsuleHeader:
        version = self.header().version + 1
        policy: Policy = world.policy(self.zone, self.node, self.capsule, version=version, rules=[world.rule(uses=9)])
        world.have_signed(self.zone, self.node, self.acting, policy)
        return self.header()

    def part(self) -> bytes:
        row = self.node.store.one("SELECT sealed FROM own_part WHERE capsule = ?", self.capsule)
        assert row is not None
        return bytes(row["sealed"])

    def refusal(self, header: CapsuleHeader) -> tuple[str, str]:
        with pytest.raises(Refused) as caught:
            custody.secret_of(self.node, header)
        return caught.value.refusal.clause, caught.value.refusal.facts["holder"]


@pytest.fixture
def sealed(quartet: Zone) -> Sealed:
    rows = jobs.rows_of("profit_and_loss", 40)
    node, acting, capsule, _ = jobs.provide(quartet, CENTRE, "profit_and_loss", [world.rule()], rows)
    return Sealed(quartet, node, acting, capsule)


def test_the_old_header_opens_no_more_with_everything_that_is_left(sealed: Sealed):
    node, first = sealed.node, sealed.header()
    keys = open_header(first, custody.secret_of(node, first))
    second = sealed.edit()
    assert open_header(second, custody.secret_of(node, second)) == keys
    assert sealed.refusal(first) == ("share-missing", node.name_of(CENTRE))
    with node.store.write() as tx:
        tx.run("UPDATE own_part SET version = 1")
    assert sealed.refusal(first)[0] == "share-wrong"


def test_no_copy_of_the_old_part_stays_in_the_stores_files(sealed: Sealed):
    def files() -> bytes:
        return b"".join(path.read_bytes() for path in sealed.node.home.glob(f"{DATABASE}*"))

    old = sealed.part()
    assert old in files()
    sealed.edit()
    assert old not in files()
    assert old[:12] not in files()
    new = sealed.part()
    assert new in files()
    with sealed.node.store.write() as tx:
        custody.drop_older(tx, sealed.capsule, 3)
    custody.destroy_older(sealed.node)
    assert new not in files()
    assert new[8:] not in files()


def test_a_destroyed_capsule_leaves_neither_its_part_nor_its_keys(sealed: Sealed):
    node, header = sealed.node, sealed.header()
    keys = node.store.one("SELECT keys FROM body WHERE dataset = ?", sealed.capsule)
    assert keys is not None
    gone = [sealed.part(), bytes(keys["keys"])]
    assert world.folder_holds(node.home, gone) != []
    for act in ("revoke", "destroy"):
        capsule_acts.act(node, sealed.acting, sealed.capsule, act=act, reason="到期清理")
    assert world.folder_holds(node.home, gone) == []
    assert sealed.refusal(header)[0] == "share-missing"


def test_the_part_itself_stands_nowhere_unsealed(sealed: Sealed):
    plain = sealed.node.keys.open_sealed(sealed.part(), use=f"own-part {sealed.capsule} 1")
    assert world.folder_holds(sealed.node.home, [plain, plain[16:], plain[16:].hex().encode()]) == []


def test_another_capsules_part_is_wrong(sealed: Sealed):
    rows = jobs.rows_of("profit_and_loss", 40)
    world_of = (sealed.zone, CENTRE, "profit_and_loss")
    _, _, other, _ = jobs.provide(*world_of, [world.rule()], rows)
    taken = sealed.node.store.one("SELECT sealed FROM own_part WHERE capsule = ?", other)
    assert taken is not None
    with sealed.node.store.write() as tx:
        tx.run("UPDATE own_part SET sealed = ? WHERE capsule = ?", taken["sealed"], sealed.capsule)
    assert sealed.refusal(sealed.header())[0] == "share-wrong"


def test_a_head_that_came_back_without_its_part_holds_and_waits_for_a_new_signature(sealed: Sealed):
    """The store is put back as it was at the first version, and the node's own statement brings the second."""
    node, old = sealed.node, node_rows(sealed.node)
    first = sealed.header()
    header, policy = put_back(sealed, old)
    with node.store.write() as tx:
        assert capsules.move_forward(tx, header, policy) is False
    assert sealed.header().version == 2
    for header in (first, sealed.header()):
        assert sealed.refusal(header)[0] == "share-missing"
    third = sealed.edit()
    assert open_header(third, custody.secret_of(node, third))


def node_rows(node: Node) -> list[tuple[str, int, bytes, str, str]]:
    found = node.store.all("SELECT c.id, c.version, o.sealed, c.header, c.policy FROM capsule c, own_part o")
    return [tuple(row) for row in found]


def put_back(sealed: Sealed, old: list[tuple[str, int, bytes, str, str]]) -> tuple[Signed, Signed]:
    """Sign a second version, then take the store back to `old`; the second head, as the node stated it."""
    sealed.edit()
    second = sealed.head()
    (capsule, version, part, header, policy), *_ = old
    with sealed.node.store.write() as tx:
        tx.run("UPDATE own_part SET version = ?, sealed = ? WHERE capsule = ?", version, part, capsule)
        tx.run("UPDATE capsule SET version = ?, header = ?, policy = ? WHERE id = ?", version, header, policy, capsule)
    return second


def test_a_job_on_a_capsule_without_its_part_is_refused_and_names_the_holder(quartet: Zone):
    job = jobs.ready(quartet, number=60)
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    with centre.store.write() as tx:
        tx.run("DELETE FROM own_part WHERE capsule = ?", capsule)
    world.offer(quartet, centre, job.order(centre))
    (refused,) = world.bodies(centre, "refuse")
    assert (refused.refusal.clause, refused.refusal.facts) == ("share-missing", (("holder", CENTRE),))
    assert uses.by_state(centre, capsule) == {}
