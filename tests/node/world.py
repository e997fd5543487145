"""A small zone of real nodes in a temporary folder, with the portal's part played by the test: it signs as the zone
and carries messages, honestly or not."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from apps.node import attempts, cards, computation, datasets, firms, inbox, roster, signing, uploads
from apps.node.config import Config, write_config, write_private
from apps.node.keystore import Keystore
from apps.node.locked import Cost
from apps.node.node import Node, open_node, prepare_home
from apps.node.releases import Release
from apps.node.roster import Acting
from creditzone.kernel.credit.uscc import check_digit
from creditzone.kernel.documents import (
    Authorisation,
    Card,
    CardShown,
    Contract,
    Document,
    DocumentCompleted,
    DraftSent,
    Input,
    JobRequest,
    Order,
    OrderOffered,
    OrderStarted,
    Peer,
    Policy,
    Receipt,
    Rule,
    Scorecard,
    SealedDelivered,
    SealedSent,
    Signed,
    Statement,
    digest_of,
    new_id,
    now_ms,
    parse,
    read,
    signed,
    unsigned,
    with_signature,
)
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.use import Use
from creditzone.kernel.policy.writing import permit
from creditzone.kernel.sm.sm2 import PrivateKey
from tests import passkeys
from tests.ports import free_ports

DAY = 86_400_000
SCORECARDS = Path(__file__).resolve().parents[2] / "demo" / "scorecards"
PASSPHRASE = "correct horse battery"
NODE_PASSPHRASE = "staple of the node"
QUICK = Cost(iterations=1, lanes=1, memory_kib=64)


def code(number: int, kind: str = "91") -> str:
    """A valid invented code."""
    body = f"{kind}420100XY{number:06d}"[:16]
    inner = _inner(body[8:16])
    return body + inner + check_digit(body + inner)


def _inner(body8: str) -> str:
    from creditzone.kernel.credit.uscc import inner_check_digit

    return inner_check_digit(body8)


OPERATOR, BANK, CENTRE, PLATFORM, HOST, FIRM = (code(number) for number in (900001, 900002, 900003, 900004, 900005, 77))


def scorecard(name: str) -> Scorecard:
    """A shipped scorecard."""
    return parse((SCORECARDS / f"{name}.json").read_bytes(), Scorecard)


@dataclass
class Zone:
    """The zone's key and card, the nodes, and how many messages each was sent."""

    home: Path
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    nodes: dict[str, Node] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    portal_url: str = "http://zone.localhost:1"
    scratch: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="cz-test-", dir="/dev/shm")))

    def __post_init__(self) -> None:
        card = Card(
            zone="",
            organisation=OPERATOR,
            kind="operator",
            name="信用示范区",
            name_en="Demonstration Zone",
            serial=1,
            signing_key=self.key.public.hex,
            encryption_key=self.key.public.hex,
            link_certificate=None,
            link_host=None,
            link_ports=None,
            slots=0,
            console_url=None,
            host=None,
            issued_at=now_ms(),
        )
        self.card = signed(card, self.key, by=OPERATOR)
        self.digest = self.card.digest

    def node(self, organisation: str, kind: str, *, slots: int = 1, hosts: bool = False) -> Node:
        """Set a node up, with its card."""
        home = self.home / organisation
        prepare_home(home)
        ports = free_ports(4 * slots)
        config = Config(
            organisation=organisation,
            kind=kind,  # type: ignore[arg-type]
            name=f"机构{organisation[-4:]}",
            name_en=f"Organisation {organisation[-4:]}",
            hosts=hosts,
            zone_card=self.card,
            portal_url=self.portal_url,
            console_url=f"http://node{len(self.nodes)}.localhost:1",
            link_host="127.0.0.1" if slots else None,
            link_ports=(ports[0], ports[-1]) if slots else None,
            slots=slots,
            scratch_root=str(self.scratch),
            tick_seconds=0.1,
            busy_tick_seconds=0.05,
            link_timeout_seconds=30,
            passphrase_file=str(passphrase_file(self.home)),
            one_time_codes_bind=True,
        )
        Keystore.create(home, organisation, NODE_PASSPHRASE, cost=QUICK)
        write_config(home, config)
        node = open_node(home)
        cards.issue_own(node)
        self.nodes[organisation] = node
        return node

    def introduce(self) -> None:
        """Every node is shown every card and confirms it."""
        for node in self.nodes.values():
            for other in self.nodes.values():
                for organisation in other.organisations():
                    if organisation not in node.organisations():
                        self.show_card(node, own_card(other, organisation))

    def show_card(self, node: Node, card: Signed) -> None:
        self.send(node, CardShown, card=card)
        with node.store.write() as tx:
            if tx.one("SELECT 1 FROM card WHERE digest = ? AND state = 'shown'", card.digest):
                cards.believe(node, tx, card.digest, fingerprint=cards.fingerprint(card.digest), by="test")

    def send(self, node: Node, kind: type, **fields: Any) -> None:
        """The portal sends a message to a node."""
        number = self.numbers.get(node.organisation, 0) + 1
        self.numbers[node.organisation] = number
        inbox.take(node, kind(number=number, **fields))

    def sign(self, document: Document) -> Signed:
        """The zone's signature."""
        return signed(document, self.key, by=OPERATOR)


def passphrase_file(folder: Path) -> Path:
    """The file with the nodes' passphrase, beside their homes."""
    path = folder / "node.passphrase"
    write_private(path, NODE_PASSPHRASE.encode())
    return path


def own_card(node: Node, organisation: str) -> Signed:
    """The card that a node issued for one of its organisations."""
    row = node.store.one("SELECT text FROM card WHERE organisation = ? AND state = 'own'", organisation)
    assert row is not None
    return msgspec.json.decode(row["text"], type=Signed)


def person(node: Node, role: str = "owner", *, organisation: str | None = None) -> Acting:
    """A person on the node's roster with a fresh factor."""
    organisation = organisation or node.organisation
    identity = str(uuid4())
    with node.store.write() as tx:
        roster.enter(
            node,
            tx,
            person=identity,
            person_name=f"某{role}",
            organisation=organisation,
            role=role,  # type: ignore[arg-type]
            by="test",
        )
    return roster.acting(node, person=identity, organisation=organisation, factor_at=now_ms())


def statements(node: Node, kind: str | None = None) -> list[Statement]:
    """What the node has told the portal, oldest first, but sealed messages that were acknowledged: these are kept as
    digests."""
    rows = node.store.all("SELECT text, kind FROM outbox ORDER BY number")
    return [
        parse(msgspec.json.decode(row["text"], type=Signed).text.encode(), Statement)
        for row in rows
        if row["text"] and (kind is None or row["kind"] == kind)
    ]


def bodies(node: Node, kind: str) -> list[Any]:
    """The bodies of its statements of one kind."""
    return [statement.body for statement in statements(node, kind)]


def receipt_of(node: Node) -> Receipt:
    """Its newest receipt."""
    return read(bodies(node, "receipt")[-1].receipt, Receipt)


# Data ---------------------------------------------------------------------------------------------------------------


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def upload(node: Node, acting: Acting, data: bytes, *, domain: str, filename: str = "file.csv") -> str:
    """Send a file in pieces and have it measured; the dataset's id."""
    begun = uploads.create(node, acting, filename=filename, size=len(data), domain=domain, title="测试数据")
    for at in range(0, len(data), uploads.PIECE):
        uploads.append(node, acting, begun.id, offset=at, piece=data[at : at + uploads.PIECE])
    dataset = uploads.finish(node, acting, begun.id)
    assert datasets.next_waiting(node) == dataset
    datasets.measure(node, dataset, threading.Event())
    return dataset


def rule(**changes: Any) -> Rule:
    """A rule that allows much; tests narrow it."""
    now = now_ms()
    facts: dict[str, Any] = {
        "id": "r1",
        "grantees": (BANK, "subject"),
        "purposes": ("credit-risk", "self-enquiry"),
        "models": (),
        "engines": ("cheetah", "aby3"),
        "disclosures": ("decision", "grade", "reasons", "score"),
        "minimum_group": None,
        "not_before": now - DAY,
        "not_after": now + 100 * DAY,
        "uses": 50,
    }
    whole = {**facts, **changes}
    return permit(whole.pop("id"), **whole)


def release(*, capsule: str, job: str, **judged: Any) -> Release:
    """The moment before the first share of a job that its rule's counts do not bound."""
    use = Use(
        grantee=BANK,
        subject=None,
        purpose="credit-risk",
        model="sm3:" + "0" * 64,
        engine="cheetah",
        disclosures=("grade",),
        at=now_ms(),
        rule="r",
    )
    return Release(capsule=capsule, job=job, use=use, count=Count(total=10**9), **judged)


def policy(zone: Zone, node: Node, dataset: str, *, version: int = 1, rules: Sequence[Rule]) -> Policy:
    """A policy as the portal drafts it."""
    return Policy(
        zone=zone.digest,
        capsule=dataset,
        version=version,
        provider=node.organisation,
        dataset=dataset,
        rules=tuple(rules),
        drafted_at=now_ms(),
    )


def have_signed(zone: Zone, node: Node, acting: Acting, *documents: Document, passphrase: str | None = None) -> None:
    """The portal sends drafts; the officer signs them in one act, and gets policies approved by whom it needs."""
    for document in documents:
        zone.send(node, DraftSent, organisation=acting.organisation, document=unsigned(document))
    for document in documents:
        if isinstance(document, Policy):
            passkeys.seal(node, acting, digest_of(document), passphrase=passphrase)
    others = [digest_of(document) for document in documents if not isinstance(document, Policy)]
    signing.sign(node, acting, others, passphrase=passphrase)


def signature_of(node: Node, digest: str) -> Any:
    """The signature that a node stated for a document."""
    return next(body.signature for body in bodies(node, "signature") if body.document == digest)


def contract(zone: Zone, provider: Node, consumer: str, capsule: str, policy_digest: str) -> Contract:
    """A contract as the portal drafts it."""
    now = now_ms()
    return Contract(
        zone=zone.digest,
        id=new_id(),
        provider=provider.organisation,
        consumer=consumer,
        capsule=capsule,
        policy=policy_digest,
        purpose="credit-risk/pre-loan",
        price_fen=150,
        not_before=now - DAY,
        not_after=now + 90 * DAY,
        drafted_at=now,
    )


def agree(zone: Zone, document: Contract, parties: Sequence[tuple[Node, Acting]]) -> Signed:
    """Both parties sign a contract in their nodes; the portal sends it back complete."""
    for node, acting in parties:
        have_signed(zone, node, acting, document)
    digest = digest_of(document)
    complete = unsigned(document)
    for node, _ in parties:
        complete = with_signature(complete, signature_of(node, digest))
    for node, _ in parties:
        zone.send(node, DocumentCompleted, document=complete)
    return complete


def order(
    zone: Zone,
    party: str,
    request: Signed,
    *,
    contracts: Sequence[Signed] = (),
    authorisation: Signed | None = None,
    model: Scorecard,
    parties: Sequence[str],
    fence: int = 1,
    attempt: int = 1,
    **changes: Any,
) -> Order:
    """An order as the coordinator writes it."""
    now = now_ms()
    facts: dict[str, Any] = {
        "zone": zone.digest,
        "id": new_id(),
        "job": parse(request.text.encode(), JobRequest).id,
        "attempt": attempt,
        "fence": fence,
        "party": party,
        "request": request,
        "contracts": tuple(contracts),
        "authorisation": authorisation,
        "model": _canonical(model),
        "peers": tuple(Peer(party=one, rank=rank, slot=0) for rank, one in enumerate(parties)),
        "deadline_seconds": 120,
        "issued_at": now,
        "expires_at": now + 600_000,
    }
    return Order(**{**facts, **changes})


def _canonical(model: Scorecard) -> str:
    from creditzone.kernel.documents import to_canonical

    return to_canonical(model).decode()


def offer(zone: Zone, node: Node, document: Order) -> None:
    """The portal offers an order."""
    zone.send(node, OrderOffered, order=zone.sign(document))


def start(zone: Zone, node: Node, document: Order) -> None:
    """The portal starts an accepted order."""
    zone.send(node, OrderStarted, job=document.job, attempt=document.attempt, fence=document.fence)


def compute_all(zone: Zone, nodes: Sequence[Node], orders: Sequence[Order], *, timeout: float = 200) -> None:
    """Offer, start and carry out an attempt at all its parties at once, each in a thread as in its runner."""
    for node, document in zip(nodes, orders, strict=True):
        offer(zone, node, document)
    for node, document in zip(nodes, orders, strict=True):
        start(zone, node, document)
    threads = []
    for node in nodes:
        attempt = attempts.next_started(node)
        assert attempt is not None, bodies(node, "refuse")
        threads.append(
            threading.Thread(target=computation.compute, args=(node, attempt, threading.Event()), daemon=True)
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
        assert not thread.is_alive()


def deliver_sealed(zone: Zone, sender: Node, to: Node, alter: Callable[[SealedSent], SealedSent] = lambda m: m) -> None:
    """The portal carries a node's sealed messages."""
    for message in bodies(sender, "sealed"):
        zone.send(to, SealedDelivered, message=alter(message))


def host_firm(node: Node, organisation: str = FIRM) -> Acting:
    """A firm at a hosted node, and its owner."""
    firms.create(node, organisation=organisation, name="测试企业", name_en="Test Firm", passphrase=PASSPHRASE)
    return person(node, "owner", organisation=organisation)


def request(zone: Zone, *, recipient: str, inputs: Sequence[Input], model: Scorecard, **changes: Any) -> JobRequest:
    """A job request as the portal drafts it."""
    now = now_ms()
    facts: dict[str, Any] = {
        "zone": zone.digest,
        "id": new_id(),
        "recipient": recipient,
        "inputs": tuple(inputs),
        "model": digest_of(model),
        "engine": "cheetah",
        "purpose": "credit-risk/pre-loan",
        "disclosures": ("grade",),
        "decision_band": None,
        "subject": None,
        "authorisation": None,
        "consent": "declared",
        "title": "测试任务",
        "drafted_at": now,
        "expires_at": now + DAY,
    }
    return JobRequest(**{**facts, **changes})


def authorisation(zone: Zone, subject: str, providers: Sequence[str], domains: Sequence[str]) -> Authorisation:
    """A firm's authorisation to itself."""
    now = now_ms()
    return Authorisation(
        zone=zone.digest,
        id=new_id(),
        subject=subject,
        enquirer=subject,
        providers=tuple(providers),
        domains=tuple(domains),
        purpose="self-enquiry",
        disclosures=("grade", "reasons"),
        application="",
        signatory="李某",
        not_before=now - DAY,
        not_after=now + 30 * DAY,
        drafted_at=now,
    )


def folder_holds(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """The files below a folder that hold one of these values in plain text."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and any(needle in path.read_bytes() for needle in needles):
            found.append(str(path))
    return found


def json_of(text: str) -> Any:
    return json.loads(text)
