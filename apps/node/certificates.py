"""Certificates of what became of a capsule: made and signed where that happened, in its provider's node.

The node signs, not the zone: that no key is left, which job ended and which use was spent, only this node knows, and a
user checks its word against a card that it confirmed itself. One is made for the provider, and one for every user that
the policy names or that ever used it, with its own jobs and uses alone; all once nothing runs on the capsule any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from apps.node import attempts, outbox
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.capsule.states import CLAUSES, STATE_AFTER
from creditzone.kernel.documents import (
    CapsuleAct,
    CapsuleCertificate,
    CapsuleCertified,
    CapsuleHeader,
    DocumentError,
    JobRequest,
    Order,
    Policy,
    Signed,
    SpentUses,
    StoppedJob,
    new_id,
    read,
    signed,
)
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.sm.keys import Signer

DELETED: Final[tuple[Literal["body", "content-keys", "own-part"], ...]] = ("body", "content-keys", "own-part")


def issue_due(node: Node) -> None:
    """Certify every act of the node's own organisation that waits for the last job on its capsule to end."""
    if node.is_restoring or not _uncertified(node, node.organisation):
        return
    with node.store.write() as tx:
        for document, act in _uncertified(tx, node.organisation):
            issue(node, tx, document, act, key=node.keys.signing)


def issue(node: Node, tx: Transaction, document: Signed, act: CapsuleAct, *, key: Signer) -> None:
    """Make and send the certificates of an act that revoked or destroyed; none while a job still runs on the capsule,
    and none twice."""
    known = tx.one("SELECT 1 FROM certificate WHERE act = ?", document.digest)
    row = tx.one("SELECT * FROM capsule WHERE id = ?", act.capsule)
    if known or row is None or act.act not in ("revoke", "destroy") or attempts.live_on(tx, act.capsule):
        return
    header, policy = (msgspec.json.decode(row[name], type=Signed) for name in ("header", "policy"))
    recipients = dict(_recipients(tx, act.capsule))
    for to in _to(act, read(policy, Policy), recipients):
        mine = {job for job, who in recipients.items() if who == to}
        certificate = CapsuleCertificate(
            zone=node.zone,
            id=new_id(),
            act=document.digest,
            did="destroy" if act.act == "destroy" else "revoke",
            by=act.by,
            to=to,
            capsule=act.capsule,
            version=act.version,
            header=header.digest,
            policy=policy.digest,
            body=read(header, CapsuleHeader).body_digest,
            reason=act.reason,
            acted_at=act.at,
            stopped=_stopped(tx, act, only=None if to == act.by else mine),
            spent=_spent(tx, act, only=None if to == act.by else mine),
            deleted=DELETED if act.act == "destroy" else (),
            issued_at=node.act(tx),
        )
        made = signed(certificate, key, by=act.by)
        _keep(tx, made, certificate)
        outbox.say(node, tx, CapsuleCertified(certificate=made), organisation=act.by)


def take_back(tx: Transaction, document: Signed) -> None:
    """Keep a certificate of our own again that this store's backup does not know."""
    _keep(tx, document, read(document, CapsuleCertificate))


def of(node: Node, capsule: str) -> list[tuple[Signed, CapsuleCertificate]]:
    """The certificates of a capsule that this node made, newest first."""
    rows = node.store.all("SELECT text FROM certificate WHERE capsule = ? ORDER BY at DESC, recipient", capsule)
    documents = [msgspec.json.decode(row["text"], type=Signed) for row in rows]
    return [(document, read(document, CapsuleCertificate)) for document in documents]


def _uncertified(reader: Node | Transaction, organisation: str) -> list[tuple[Signed, CapsuleAct]]:
    found = reader.store if isinstance(reader, Node) else reader
    rows = found.all(
        "SELECT text FROM capsule_act WHERE provider = ? AND act IN ('revoke', 'destroy')"
        " AND NOT EXISTS (SELECT 1 FROM certificate WHERE certificate.act = capsule_act.digest) ORDER BY at",
        organisation,
    )
    documents = [msgspec.json.decode(row["text"], type=Signed) for row in rows]
    return [(document, read(document, CapsuleAct)) for document in documents]


def _to(act: CapsuleAct, policy: Policy, recipients: dict[str, str]) -> list[str]:
    named = {one for rule in policy.rules if rule.effect == "permit" for one in rule.grantees if one != SUBJECT}
    return [act.by, *sorted((named | set(recipients.values())) - {act.by})]


def _recipients(tx: Transaction, capsule: str) -> Iterator[tuple[str, str]]:
    """For whom each job on the capsule ran; a restored node may not know it of all."""
    for row in tx.all("SELECT DISTINCT job, text FROM attempt WHERE capsule = ? AND text <> ''", capsule):
        try:
            order = read(msgspec.json.decode(row["text"], type=Signed), Order)
            yield row["job"], read(order.request, JobRequest).recipient
        except DocumentError:
            continue


def _stopped(tx: Transaction, act: CapsuleAct, *, only: set[str] | None) -> tuple[StoppedJob, ...]:
    rows = tx.all(
        "SELECT DISTINCT a.job, u.state = 'spent' AS spent FROM attempt a"
        " LEFT JOIN use u ON u.job = a.job AND u.capsule = a.capsule"
        " WHERE a.capsule = ? AND a.reason = ? AND a.state IN ('failed', 'stopped') AND a.changed_at >= ?"
        " ORDER BY a.job",
        act.capsule,
        CLAUSES[STATE_AFTER[act.act]],
        act.at,
    )
    return tuple(
        StoppedJob(job=row["job"], spent=bool(row["spent"])) for row in rows if only is None or row["job"] in only
    )


def _spent(tx: Transaction, act: CapsuleAct, *, only: set[str] | None) -> tuple[SpentUses, ...]:
    rows = tx.all("SELECT rule, job FROM use WHERE capsule = ? AND state = 'spent'", act.capsule)
    counted = Counter(row["rule"] for row in rows if only is None or row["job"] in only)
    return tuple(SpentUses(rule=rule, uses=uses) for rule, uses in sorted(counted.items()))


def _keep(tx: Transaction, document: Signed, certificate: CapsuleCertificate) -> None:
    tx.run(
        "INSERT INTO certificate (digest, act, capsule, recipient, text, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        document.digest,
        certificate.act,
        certificate.capsule,
        certificate.to,
        msgspec.json.encode(document).decode(),
        certificate.issued_at,
    )
