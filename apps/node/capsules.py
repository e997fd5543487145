"""The node's own capsules: sealed when a policy is signed, wrapped again when it is edited, opened only at the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from apps.node import custody, datasets, outbox, sources, uses
from apps.node.errors import NodeError, NotFound
from apps.node.node import Node
from apps.node.roster import Acting
from apps.node.store import Transaction
from creditzone.kernel.capsule import rewrap, seal_header
from creditzone.kernel.capsule.states import CLAUSES, CapsuleState
from creditzone.kernel.documents import (
    CapsuleHeader,
    CapsuleSealed,
    ColumnGroup,
    DatasetMeasured,
    Policy,
    Signed,
    read,
    signed,
)
from creditzone.kernel.orders import HeldCapsule
from creditzone.kernel.refusals import Refusal
from creditzone.kernel.sm.keys import Signer


@dataclass(frozen=True, kw_only=True)
class RuleUses:
    """How often a rule was used: `allowed` in all, `reserved` by running jobs, `spent` for good."""

    rule: str
    allowed: int
    reserved: int
    spent: int


@dataclass(frozen=True, kw_only=True)
class CapsuleStanding:
    """A capsule at its head version; `closed` says why it opens for nobody now: its own state, or that of a source."""

    capsule: str
    dataset: str
    title: str
    version: int
    header: CapsuleHeader
    policy: Policy
    rows: int
    state: CapsuleState
    closed: Refusal | None
    uses: tuple[RuleUses, ...]
    sealed_at: int

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that the head is bound to: its page shows who approved it."""
        return self.header.policy


def get(node: Node, acting: Acting, capsule: str) -> CapsuleStanding:
    """One of the organisation's capsules; raises NotFound."""
    for standing in listing(node, acting):
        if standing.capsule == capsule:
            return standing
    raise NotFound


def listing(node: Node, acting: Acting) -> list[CapsuleStanding]:
    """The organisation's capsules, newest first."""
    rows = node.store.all("SELECT * FROM capsule WHERE organisation = ? ORDER BY id DESC", acting.organisation)
    standings = []
    for row in rows:
        header = read(_signed(row["header"]), CapsuleHeader)
        policy = read(_signed(row["policy"]), Policy)
        standings.append(
            CapsuleStanding(
                capsule=row["id"],
                dataset=row["dataset"],
                title=row["title"],
                version=row["version"],
                header=header,
                policy=policy,
                rows=header.rows,
                state=row["state"],
                closed=closed_by(node, row["id"]),
                uses=_uses_of(node, row["id"], policy),
                sealed_at=row["sealed_at"],
            )
        )
    return standings


def head_version(node: Node, capsule: str) -> int:
    """The head version; 0 where there is no such capsule yet."""
    row = node.store.one("SELECT version FROM capsule WHERE id = ?", capsule)
    return 0 if row is None else int(row["version"])


def held(node: Node, capsule: str) -> HeldCapsule | None:
    """The capsule as an order's check reads it."""
    row = node.store.one("SELECT header, policy FROM capsule WHERE id = ?", capsule)
    if row is None:
        return None
    closed = closed_by(node, capsule)
    return HeldCapsule(header=_signed(row["header"]), policy=_signed(row["policy"]), closed=closed)


def state_of(reader: Node | Transaction, capsule: str) -> CapsuleState | None:
    """The state of one of the node's own capsules; None where it has none of this id."""
    rows = reader.store if isinstance(reader, Node) else reader
    row = rows.one("SELECT state FROM capsule WHERE id = ?", capsule)
    return None if row is None else row["state"]


def closed_by(reader: Node | Transaction, capsule: str) -> Refusal | None:
    """Why no use of the capsule is let through now: its own state, an own part that was lost, or the state of what it
    was made of; None while it may be opened."""
    rows = reader.store if isinstance(reader, Node) else reader
    row = rows.one("SELECT state, policy, version, organisation FROM capsule WHERE id = ?", capsule)
    if row is None:
        return Refusal(CLAUSES["destroyed"])
    if row["state"] in CLAUSES:
        return Refusal(CLAUSES[row["state"]])
    if not custody.has_part(rows, capsule, row["version"]):
        return Refusal("share-missing", {"holder": row["organisation"]})
    return sources.closed_source(reader, read(_signed(row["policy"]), Policy))


def seal(
    node: Node, tx: Transaction, policy: Policy, *, key: Signer, approved_by: Sequence[str]
) -> tuple[Signed, Signed]:
    """Bind a measured dataset's body to `policy`: (header, policy), both signed with `key`, kept as the head.

    A first policy makes the capsule, a later one wraps the same content keys again. The portal gets a statement, which
    names the people who approved the policy."""
    body = tx.one("SELECT * FROM body WHERE dataset = ? AND kind = 'rows'", policy.dataset)
    dataset = tx.one("SELECT * FROM dataset WHERE id = ? AND state = 'measured'", policy.dataset)
    if body is None or dataset is None:
        raise NodeError("dataset-unmeasured")
    keys = datasets.content_keys(node, body)
    content = _let_in(policy, datasets.column_groups(body), keys)
    divided = custody.renew(node, tx, policy)
    now = node.act(tx)
    held_row = tx.one("SELECT header FROM capsule WHERE id = ?", policy.capsule)
    if held_row is None:
        measured = msgspec.json.decode(dataset["measured"], type=DatasetMeasured)
        header = seal_header(
            policy=policy,
            keys=content,
            divided=divided,
            domain=dataset["domain"],
            rows=measured.accepted,
            body=body["id"],
            body_digest=body["digest"],
            groups=datasets.column_groups(body),
            now=now,
            chunk_size=body["chunk_size"],
        )
    else:
        previous = read(_signed(held_row["header"]), CapsuleHeader)
        header = rewrap(previous, policy=policy, keys=content, divided=divided, now=now)
    signed_header = signed(header, key, by=policy.provider)
    signed_policy = signed(policy, key, by=policy.provider)
    _keep(tx, signed_header, signed_policy, header)
    said = CapsuleSealed(header=signed_header, policy=signed_policy, approved_by=tuple(approved_by))
    outbox.say(node, tx, said, organisation=policy.provider)
    custody.deposit(node, tx, divided, header=signed_header, policy=signed_policy, keys=keys, key=key)
    return signed_header, signed_policy


def _let_in(policy: Policy, groups: Sequence[ColumnGroup], keys: Mapping[int, bytes]) -> dict[int, bytes]:
    """The content keys of the columns that the policy lets in: no header holds any other."""
    wanted = policy.let_in(tuple(name for group in groups for name in group.columns))
    return {group.index: keys[group.index] for group in groups if wanted & set(group.columns)}


def move_forward(tx: Transaction, header: Signed, policy: Signed) -> bool:
    """Put back a head that this node signed after its store's backup; whether it can be opened here.

    An older version than the one held changes nothing. A newer head holds even where its body or its own part was
    only in the lost store: then its policy is to be signed anew, and meanwhile it opens for nobody."""
    head = read(header, CapsuleHeader)
    if tx.one("SELECT 1 FROM body WHERE id = ? AND digest = ?", head.body, head.body_digest) is None:
        return False
    held_row = tx.one("SELECT version FROM capsule WHERE id = ?", head.capsule)
    if held_row is None or held_row["version"] < head.version:
        _keep(tx, header, policy, head)
        custody.drop_older(tx, head.capsule, head.version)
        return custody.has_part(tx, head.capsule, head.version)
    return True


def _keep(tx: Transaction, header: Signed, policy: Signed, head: CapsuleHeader) -> None:
    tx.run(
        "INSERT INTO capsule (id, dataset, organisation, version, header, policy, title, sealed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, coalesce((SELECT title FROM dataset WHERE id = ?), ''), ?)"
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
        " header = excluded.header, policy = excluded.policy, sealed_at = excluded.sealed_at",
        head.capsule,
        head.dataset,
        head.provider,
        head.version,
        msgspec.json.encode(header).decode(),
        msgspec.json.encode(policy).decode(),
        head.dataset,
        head.sealed_at,
    )


def _uses_of(node: Node, capsule: str, policy: Policy) -> tuple[RuleUses, ...]:
    numbers = uses.by_state(node, capsule)
    return tuple(
        RuleUses(
            rule=rule.id,
            allowed=rule.uses,
            reserved=numbers.get((rule.id, "reserved"), 0),
            spent=numbers.get((rule.id, "spent"), 0),
        )
        for rule in policy.rules
    )


def _signed(text: str) -> Signed:
    return msgspec.json.decode(text, type=Signed)
