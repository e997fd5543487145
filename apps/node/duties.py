"""What other providers' policies oblige this node to: a result is deleted once its time has come, and certified so.

The policies come with the job, signed by their providers; one that the portal keeps back is not known here, and its
duty then stands as breached at the portal. What left the node before (a file that was exported, grades in the portal's
loan file, a dataset made of the result) a deletion cannot reach; the certificate says what it knows of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec

from apps.node import derived, outbox, results, sources
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    JobRequest,
    Policy,
    ResultDeleted,
    ResultDeletion,
    Signed,
    new_id,
    now_ms,
    read,
    signed,
)
from creditzone.kernel.policy.owed import owed
from creditzone.kernel.policy.proposed import use_of

DAY_MS: Final = 86_400_000


def carry_out(node: Node) -> None:
    """Delete what is due; called by the runner at every turn."""
    if node.is_restoring:
        return
    results.note_whole(node)
    unknown = "SELECT * FROM result WHERE state = 'sealed' AND delete_at IS NULL ORDER BY received_at DESC LIMIT 50"
    for row in node.store.all(unknown):
        _note_term(node, row)
    for row in node.store.all("SELECT * FROM result WHERE state = 'sealed' AND delete_at BETWEEN 1 AND ?", now_ms()):
        _delete(node, row)


def take_back(node: Node, tx: Transaction, document: Signed) -> None:
    """A deletion that this store's backup does not know: what the backup holds of the result goes too."""
    deletion = read(document, ResultDeletion)
    _forget(tx, deletion.job, at=deletion.deleted_at)
    _unlink(node, deletion.job)


def _note_term(node: Node, row: sqlite3.Row) -> None:
    """When the result is to be deleted; 0 where never. Nothing is noted while a policy did not come yet."""
    request = _request(node, row)
    terms = []
    for policy in _policies(node, request):
        if policy is None:
            return
        duties = owed(policy, use_of(request, at=row["received_at"]))
        if duties is not None and duties.delete_after_days is not None:
            terms.append(row["received_at"] + duties.delete_after_days * DAY_MS)
    with node.store.write() as tx:
        tx.run("UPDATE result SET delete_at = ? WHERE job = ?", min(terms, default=0), row["job"])


def _policies(node: Node, request: JobRequest) -> Iterator[Policy | None]:
    """The policies of the other parties' capsules, in the version that the job used; None for one that is not here."""
    for one in request.inputs:
        if one.provider == request.recipient:
            continue
        held = sources.policy_used(node, one)
        yield None if held is None else read(held, Policy)


def _request(node: Node, row: sqlite3.Row) -> JobRequest:
    found = node.store.one("SELECT text FROM document WHERE digest = ?", row["request"])
    assert found is not None
    return read(msgspec.json.decode(found["text"], type=Signed), JobRequest)


def _delete(node: Node, row: sqlite3.Row) -> None:
    with node.store.write() as tx:
        now = node.act(tx)
        deletion = ResultDeletion(
            zone=node.zone,
            id=new_id(),
            by=node.organisation,
            recipient=row["organisation"],
            job=row["job"],
            request=row["request"],
            result=row["digest"],
            received_at=row["received_at"],
            due_at=row["delete_at"],
            was_opened=row["opened_at"] is not None,
            grades_taken=row["taken"],
            dataset_made=derived.dataset_of(node, row["job"]) is not None,
            deleted_at=now,
        )
        _forget(tx, row["job"], at=now)
        tx.deleted_secrets()
        made = signed(deletion, node.keys.signing, by=node.organisation)
        outbox.say(node, tx, ResultDeleted(deletion=made), organisation=row["organisation"])
    _unlink(node, row["job"])


def _unlink(node: Node, job: str) -> None:
    for path in (node.home / "results").glob(f"{job}-*.sealed"):
        path.unlink(missing_ok=True)


def _forget(tx: Transaction, job: str, *, at: int) -> None:
    tx.run("DELETE FROM sealed_part WHERE job = ?", job)
    tx.run("UPDATE result SET state = 'deleted', file = NULL, deleted_at = ? WHERE job = ?", at, job)
