"""A capsule with custodians opens for one attempt of one job, with shares that they released for just that one."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, replace

import msgspec
import pytest

from apps.node import attempts, capsule_acts, capsules, computation, custodian, rotation, sealed, shares, uses
from apps.node.custody import place_of
from apps.node.errors import NodeError
from apps.node.node import Node
from apps.node.store import DATABASE
from creditzone.kernel.custody.join import ShareRefused, join
from creditzone.kernel.custody.letters import open_share
from creditzone.kernel.documents import (
    CapsuleActKind,
    CapsuleHeader,
    Deposit,
    DocumentCompleted,
    Order,
    ShareAsked,
    Signed,
    Statement,
    digest_of,
    new_id,
    now_ms,
    read,
    signed,
    unsigned,
    with_signature,
)
from tests.node import guarding, jobs, world
from tests.node.test_keys_change_while_work_goes_on import PAST, rotate
from tests.node.world import BANK, CENTRE, HOST, PLATFORM, Zone


@dataclass
class Guarded:
    """A bank's job with the centre, whose capsule the platform guards."""

    zone: Zone
    job: jobs.Ready

    @property
    def centre(self) -> Node:
        return self.zone.nodes[CENTRE]

    @property
    def platform(self) -> Node:
        return self.zone.nodes[PLATFORM]

    @property
    def capsule(self) -> str:
        return self.job.request.inputs[1].capsule

    def header(self) -> CapsuleHeader:
        held = capsules.held(self.centre, self.capsule)
        assert held is not None
        return read(held.header, CapsuleHeader)

    def offer(self, **changes: object) -> Order:
        """The zone offers the centre its order."""
        order = self.job.order(self.centre, **changes)
        world.offer(self.zone, self.centre, order)
        return order

    def ask(self) -> None:
        guarding.carry(self.zone, self.centre, "share-asked")

    def answer(self) -> None:
        guarding.carry(self.zone, self.platform, "share", "share-withheld")

    def refusal(self) -> tuple[str, dict[str, str]]:
        """The one refusal that the centre told."""
        (refused,) = world.bodies(self.centre, "refuse")
        assert world.bodies(self.centre, "accept") == []
        assert uses.by_state(self.centre, self.capsule).get(("r1", "reserved")) is None
        return refused.refusal.clause, dict(refused.refusal.facts)


@pytest.fixture
def guarded(quartet: Zone) -> Guarded:
    guarding.choose(quartet.nodes[CENTRE], PLATFORM)
    job = jobs.ready(quartet, number=40)
    guarding.carry(quartet, quartet.nodes[CENTRE], "deposit")
    return Guarded(quartet, job)


def name(guarded: Guarded) -> str:
    return guarded.centre.name_of(PLATFORM)


def spoken(guarded: Guarded, statement: Signed, **changes: object) -> Signed:
    """The platform's own statement with another body, signed by its own key: a custodian that lies."""
    said = read(statement, Statement)
    body = msgspec.structs.replace(said.body, **changes)
    return signed(msgspec.structs.replace(said, body=body), guarded.platform.keys.signing, by=PLATFORM)


def test_an_order_is_accepted_once_its_custodian_released_and_the_capsule_opens(guarded: Guarded):
    order = guarded.offer()
    assert world.bodies(guarded.centre, "accept") == []
    assert attempts.live_jobs(guarded.centre) == [order.job]
    guarded.ask()
    guarded.answer()
    (accepted,) = world.bodies(guarded.centre, "accept")
    assert (accepted.job, accepted.rule, accepted.order) == (order.job, "r1", order.id)
    world.start(guarded.zone, guarded.centre, order)
    attempt = attempts.next_started(guarded.centre)
    assert attempt is not None
    assert len(shares.secret_of(guarded.centre, attempt, guarded.header())) == 32
    computation.compute(guarded.centre, attempt, threading.Event())  # no peer: it fails after it opened
    (failed,) = world.bodies(guarded.centre, "failed")
    assert failed.stage == "intersect"
    kept = guarded.centre.store.one("SELECT body FROM share_ask")
    assert kept is not None
    assert kept["body"] == ""


def test_what_is_said_twice_is_done_once(guarded: Guarded):
    guarding.carry(guarded.zone, guarded.centre, "deposit")
    guarded.offer()
    for _ in range(2):
        guarded.ask()
    assert len(world.bodies(guarded.platform, "share")) == 1
    for _ in range(2):
        guarded.answer()
    assert len(world.bodies(guarded.centre, "accept")) == 1
    assert len(world.bodies(guarded.platform, "deposit-answer")) == 1
    (kept,) = custodian.listing(guarded.platform)
    assert (kept.released, kept.withheld) == (1, 0)


@pytest.mark.parametrize(("act", "clause"), [("freeze", "capsule-frozen"), ("revoke", "capsule-revoked")])
def test_a_closed_capsules_custodian_releases_nothing_even_to_a_provider_that_forgot(
    guarded: Guarded, act: CapsuleActKind, clause: str
):
    guarded.offer()
    close(guarded, act)
    forget_closing(guarded)
    guarded.ask()
    guarded.answer()
    assert guarded.refusal() == ("share-withheld", {"holder": name(guarded), "why": clause})
    assert attempts.live_jobs(guarded.centre) == []


def test_a_resumed_capsules_custodian_releases_again(guarded: Guarded):
    close(guarded, "freeze")
    close(guarded, "resume")
    guarded.offer()
    guarded.ask()
    guarded.answer()
    assert len(world.bodies(guarded.centre, "accept")) == 1


def test_no_share_of_a_destroyed_capsule_is_kept(guarded: Guarded):
    close(guarded, "revoke")
    assert [one.state for one in custodian.listing(guarded.platform)] == ["revoked"]
    close(guarded, "destroy")
    assert custodian.listing(guarded.platform) == []


def close(guarded: Guarded, act: CapsuleActKind) -> None:
    """The centre acts on its capsule, and the portal brings the signed act to its custodian."""
    capsule_acts.act(guarded.centre, guarded.job.people[1], guarded.capsule, act=act, reason="核查")
    said = world.bodies(guarded.centre, "capsule-act")[-1].act
    guarded.zone.send(guarded.platform, DocumentCompleted, document=said)


def forget_closing(guarded: Guarded) -> None:
    """The provider's node as a backup has it that knows nothing of the act, its attempt still asking."""
    with guarded.centre.store.write() as tx:
        tx.run("UPDATE capsule SET state = 'sealed'")
        tx.run("UPDATE attempt SET state = 'asking', reason = ''")


@pytest.mark.parametrize(
    ("narrow", "clause"),
    [({"not_before": now_ms() + 3_600_000}, "validity"), ({"models": ("sm3:" + "1" * 64,)}, "model")],
)
def test_the_custodian_asks_the_policy_of_its_deposit(quartet: Zone, narrow: dict[str, object], clause: str):
    """Whatever the provider's node itself would let pass, the custodian judges by the policy that was deposited."""
    guarding.choose(quartet.nodes[CENTRE], PLATFORM)
    models = {"models": (digest_of(world.scorecard("bank-centre")),)}
    job = jobs.ready(quartet, number=40, theirs=lambda rule: world.rule(**{**models, **narrow}))
    guarding.carry(quartet, quartet.nodes[CENTRE], "deposit")
    guarded = Guarded(quartet, job)
    assert asked_by_centre(guarded, quartet.sign(job.order(guarded.centre))) == clause


def asked(guarded: Guarded, order: Signed) -> ShareAsked:
    plain = read(order, Order)
    return ShareAsked(
        capsule=guarded.capsule,
        version=guarded.header().version,
        to=PLATFORM,
        job=plain.job,
        attempt=plain.attempt,
        fence=plain.fence,
        order=order,
        program="sm3:" + "0" * 64,
    )


def asked_by_centre(guarded: Guarded, order: Signed, **changes: object) -> str:
    """The clause with which the platform withholds what the centre asks under this order."""
    body = msgspec.structs.replace(asked(guarded, order), **changes)
    facts = {"zone": guarded.zone.digest, "node": CENTRE, "organisation": CENTRE, "number": 99, "previous": None}
    said = Statement(**facts, unkept=0, at=now_ms(), body=body)  # type: ignore[arg-type]
    guarding.pass_to(guarded.zone, guarded.platform, signed(said, guarded.centre.keys.signing, by=CENTRE))
    assert world.bodies(guarded.platform, "share") == []
    (withheld,) = world.bodies(guarded.platform, "share-withheld")
    return str(withheld.refusal.clause)


def test_without_the_zones_order_nothing_is_released(guarded: Guarded):
    order = guarded.job.order(guarded.centre)
    assert asked_by_centre(guarded, signed(order, guarded.centre.keys.signing, by=CENTRE)) == "zone-signature"


def test_without_the_recipients_request_nothing_is_released(guarded: Guarded):
    forged = signed(guarded.job.request, guarded.centre.keys.signing, by=BANK)
    order = guarded.zone.sign(guarded.job.order(guarded.centre, request=forged))
    assert asked_by_centre(guarded, order) == "request-signature"


def test_an_order_to_somebody_else_releases_nothing(guarded: Guarded):
    order = guarded.zone.sign(guarded.job.order(guarded.zone.nodes[BANK]))
    assert asked_by_centre(guarded, order) == "wrong-party"


def test_an_expired_order_releases_nothing(guarded: Guarded):
    order = guarded.zone.sign(guarded.job.order(guarded.centre, expires_at=now_ms() - 1))
    assert asked_by_centre(guarded, order) == "expired"


def test_another_version_than_the_newest_deposit_is_not_released(guarded: Guarded):
    order = guarded.zone.sign(guarded.job.order(guarded.centre))
    assert asked_by_centre(guarded, order, version=2) == "capsule-version"


def test_another_attempt_than_the_orders_is_not_released(guarded: Guarded):
    order = guarded.zone.sign(guarded.job.order(guarded.centre))
    assert asked_by_centre(guarded, order, attempt=2) == "order-mismatch"


def test_what_was_never_deposited_is_not_released(guarded: Guarded):
    with guarded.platform.store.write() as tx:
        tx.run("DELETE FROM deposit")
    order = guarded.zone.sign(guarded.job.order(guarded.centre))
    assert asked_by_centre(guarded, order) == "deposit-missing"


def test_a_wrong_share_is_refused_and_its_holder_named(guarded: Guarded):
    order = guarded.offer()
    guarded.ask()
    (release,) = guarding.said(guarded.platform, "share")
    body = read(release, Statement).body
    purpose = shares.purpose_of(guarded.platform, PLATFORM, CENTRE, body)
    key = guarded.centre.keys.encryption.public
    other = sealed.seal(purpose, "00" * 32, key=guarded.platform.keys.signing, recipient=key)
    guarding.pass_to(guarded.zone, guarded.centre, spoken(guarded, release, body=base64.b64encode(other).decode()))
    assert guarded.refusal() == ("share-wrong", {"holder": name(guarded)})
    assert order.job not in attempts.live_jobs(guarded.centre)


@pytest.mark.parametrize("changes", [{"expires_at": 2**52}, {"attempt": 2}, {"capsule": new_id()}, {"version": 2}])
def test_a_share_for_another_place_is_refused(guarded: Guarded, changes: dict[str, object]):
    """The custodian itself claims another place for the share that it sealed for this one."""
    guarded.offer()
    guarded.ask()
    (release,) = guarding.said(guarded.platform, "share")
    guarding.pass_to(guarded.zone, guarded.centre, spoken(guarded, release, **changes))
    assert guarded.refusal() == ("share-wrong", {"holder": name(guarded)})


def test_a_release_for_one_job_does_not_serve_another(guarded: Guarded):
    first = guarded.offer()
    guarded.ask()
    with guarded.centre.store.write() as tx:
        attempts.stop(guarded.centre, tx, job=first.job, up_to=9, reason="cancelled")
    request = replace_request(guarded)
    second = guarded.job.order(guarded.centre, request=request)
    world.offer(guarded.zone, guarded.centre, second)
    (release,) = guarding.said(guarded.platform, "share")
    guarding.pass_to(guarded.zone, guarded.centre, release)
    assert attempts.live_jobs(guarded.centre) == [second.job]
    assert world.bodies(guarded.centre, "accept") == []
    guarding.pass_to(guarded.zone, guarded.centre, spoken(guarded, release, job=second.job))
    assert guarded.refusal() == ("share-wrong", {"holder": name(guarded)})


def replace_request(guarded: Guarded) -> Signed:
    """A second request of the bank's over the same capsules."""
    request = msgspec.structs.replace(guarded.job.request, id=new_id())
    world.have_signed(guarded.zone, guarded.job.bank, guarded.job.officer, request)
    return with_signature(unsigned(request), world.signature_of(guarded.job.bank, digest_of(request)))


def test_silence_until_the_deadline_is_refused_and_the_silent_one_named(guarded: Guarded):
    guarded.offer()
    attempts.give_up_asking(guarded.centre)
    assert world.bodies(guarded.centre, "refuse") == []
    with guarded.centre.store.write() as tx:
        tx.run("UPDATE attempt SET at = at - ?", 1000 * guarded.centre.config.share_timeout_seconds)
    attempts.give_up_asking(guarded.centre)
    attempts.give_up_asking(guarded.centre)
    assert guarded.refusal() == ("share-missing", {"holder": name(guarded)})
    guarded.ask()
    guarded.answer()  # too late: it changes nothing
    assert guarded.refusal()[0] == "share-missing"


def test_a_release_that_ran_out_opens_nothing(guarded: Guarded):
    order = guarded.offer(expires_at=now_ms() + 600_000)
    guarded.ask()
    guarded.answer()
    world.start(guarded.zone, guarded.centre, order)
    attempt = attempts.next_started(guarded.centre)
    assert attempt is not None
    with guarded.centre.store.write() as tx:
        tx.run("UPDATE share_ask SET expires_at = ?", now_ms())
    computation.compute(guarded.centre, attempt, threading.Event())
    (failed,) = world.bodies(guarded.centre, "failed")
    assert (failed.reason, failed.use_spent) == ("share-missing", False)


def test_what_the_portal_makes_up_is_nobodys_word(guarded: Guarded):
    order = guarded.offer()
    guarded.ask()
    (release,) = guarding.said(guarded.platform, "share")
    said = read(release, Statement)
    forged = signed(said, guarded.zone.key, by=PLATFORM)
    swapped = signed(msgspec.structs.replace(said, node=HOST, organisation=HOST), guarded.zone.key, by=HOST)
    withheld = Signed(text=release.text.replace('"kind":"share"', '"kind":"share "'), signatures=release.signatures)
    for lie in (forged, swapped, withheld, Signed(text=release.text, signatures=())):
        guarding.pass_to(guarded.zone, guarded.centre, lie)
    assert attempts.live_jobs(guarded.centre) == [order.job]
    assert world.bodies(guarded.centre, "refuse") == []
    guarding.pass_to(guarded.zone, guarded.centre, release)
    assert len(world.bodies(guarded.centre, "accept")) == 1


def test_the_custodian_with_all_that_the_portal_has_opens_nothing(guarded: Guarded):
    """Its share is right and enough beside the provider's part; without that part nothing is put together."""
    row = guarded.platform.store.one("SELECT text FROM deposit")
    assert row is not None
    deposit = read(msgspec.json.decode(row["text"], type=Signed), Deposit)
    header = guarded.header()
    holder = header.custody.holders[1]
    place = place_of(header, holder)
    share = open_share(bytes.fromhex(deposit.share), guarded.platform.keys.encryption, place, index=1)
    assert share.fits(holder.commitment, header.capsule, header.version)
    for tried in ([share], [share, replace(share, index=0)]):
        with pytest.raises(ShareRefused):
            join(header.custody, tried, capsule=header.capsule, version=header.version)
    plain = (share.salt + share.value, share.value)
    assert world.folder_holds(guarded.centre.home, [*plain, share.value.hex().encode()]) == []
    assert world.folder_holds(guarded.platform.home, [*plain, share.value.hex().encode()]) == []


def test_only_the_newest_deposit_is_kept(guarded: Guarded):
    (old,) = custodian.listing(guarded.platform)
    held = guarded.platform.store.one("SELECT text FROM deposit")
    assert held is not None
    share = read(msgspec.json.decode(held["text"], type=Signed), Deposit).share
    first = guarding.said(guarded.centre, "deposit")
    policy = world.policy(guarded.zone, guarded.centre, guarded.capsule, version=2, rules=[world.rule(uses=9)])
    world.have_signed(guarded.zone, guarded.centre, guarded.job.people[1], policy)
    guarding.carry(guarded.zone, guarded.centre, "deposit")
    for one in first:  # the portal brings the old one again
        guarding.pass_to(guarded.zone, guarded.platform, one)
    guarded.platform.store.forget_noted()  # as the runner does each turn
    (kept,) = custodian.listing(guarded.platform)
    assert (old.header.version, kept.header.version) == (1, 2)
    files = b"".join(path.read_bytes() for path in guarded.platform.home.glob(f"{DATABASE}*"))
    assert share.encode() not in files


def test_a_deposit_that_does_not_fit_is_not_kept(guarded: Guarded):
    (deposit,) = guarding.said(guarded.centre, "deposit")
    with guarded.platform.store.write() as tx:
        tx.run("DELETE FROM deposit")
    said = read(deposit, Statement)
    body = msgspec.structs.replace(said.body, body=base64.b64encode(b"x" * 400).decode())
    guarding.pass_to(
        guarded.zone,
        guarded.platform,
        signed(msgspec.structs.replace(said, body=body), guarded.centre.keys.signing, by=CENTRE),
    )
    assert custodian.listing(guarded.platform) == []
    answers = world.bodies(guarded.platform, "deposit-answer")
    assert [one.refusal and one.refusal.clause for one in answers] == [None, "deposit-unfit"]


def test_keys_that_change_on_both_sides_leave_a_deposit_usable(guarded: Guarded):
    rotate(guarded.zone, guarded.centre, guarded.platform)
    order = guarded.offer()
    guarded.ask()
    guarded.answer()
    assert len(world.bodies(guarded.centre, "accept")) == 1
    world.start(guarded.zone, guarded.centre, order)
    attempt = attempts.next_started(guarded.centre)
    assert attempt is not None
    assert len(shares.secret_of(guarded.centre, attempt, guarded.header())) == 32


def test_a_deposit_sealed_to_a_destroyed_key_releases_nothing(guarded: Guarded):
    rotate(guarded.zone, guarded.platform)
    rotation.destroy_old(guarded.platform, now=now_ms() + PAST)
    guarded.offer()
    guarded.ask()
    guarded.answer()
    clause, facts = guarded.refusal()
    assert (clause, facts["why"]) == ("share-withheld", "deposit-unfit")


@pytest.mark.parametrize("silent", [PLATFORM, BANK, HOST])
def test_enough_of_several_custodians_suffice_whoever_is_silent(quartet: Zone, silent: str):
    guarded = three_guard(quartet)
    order = guarded.offer()
    guarded.ask()
    answering = [one for one in (PLATFORM, BANK, HOST) if one != silent]
    for organisation in answering:
        assert world.bodies(guarded.centre, "accept") == []
        guarding.carry(quartet, quartet.nodes[organisation], "share")
    assert len(world.bodies(guarded.centre, "accept")) == 1
    world.start(quartet, guarded.centre, order)
    attempt = attempts.next_started(guarded.centre)
    assert attempt is not None
    assert len(shares.secret_of(guarded.centre, attempt, guarded.header())) == 32


def test_as_soon_as_too_few_can_release_the_job_is_refused(quartet: Zone):
    guarded = three_guard(quartet)
    guarded.offer()
    for organisation in (BANK, HOST):
        with quartet.nodes[organisation].store.write() as tx:
            tx.run("DELETE FROM deposit")
    guarded.ask()
    guarding.carry(quartet, quartet.nodes[BANK], "share-withheld")
    assert world.bodies(guarded.centre, "refuse") == []
    guarding.carry(quartet, quartet.nodes[HOST], "share-withheld")
    clause, facts = guarded.refusal()
    assert (clause, facts["why"]) == ("share-withheld", "deposit-missing")


def three_guard(quartet: Zone) -> Guarded:
    """The centre's capsule under three custodians, of which it takes two."""
    guarding.choose(quartet.nodes[CENTRE], PLATFORM, BANK, HOST, least=3)
    guarded = Guarded(quartet, jobs.ready(quartet, number=40))
    guarding.carry(quartet, guarded.centre, "deposit")
    return guarded


def test_a_custodian_is_another_organisation_with_a_node_whose_card_is_confirmed(quartet: Zone):
    for bad, least in ((CENTRE, 2), (world.FIRM, 2), (PLATFORM, 3), (PLATFORM, 1)):
        with pytest.raises(NodeError):
            guarding.choose(quartet.nodes[CENTRE], bad, least=least)
    guarding.choose(quartet.nodes[CENTRE], PLATFORM, BANK, least=3)
    guarding.choose(quartet.nodes[CENTRE], least=1)
