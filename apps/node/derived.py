"""Results as inputs: a dataset that this node makes of an opened result, under the policies of all that it was made of.

Its policy is not the officers' to choose: it has exactly the rules that those of the job's capsules leave when they are
met (`creditzone.kernel.policy.lineage`). The others' policies come here signed by their providers; the portal, which
brings them, can leave one out, and then nothing is signed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from apps.node import documents, sources, uploads, votes
from apps.node.errors import NodeError, Refused
from apps.node.node import Node
from apps.node.results import OpenedResult, ResultRow
from apps.node.results import get as get_result
from apps.node.roster import Act, Acting, require
from apps.node.store import Transaction
from creditzone.kernel import refusals as kernel
from creditzone.kernel.documents import (
    Input,
    JobRequest,
    Lineage,
    Parent,
    Policy,
    SignatureInvalid,
    Signed,
    now_ms,
    read,
)
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.lineage import derived_rules
from creditzone.kernel.policy.loosening import require_no_looser
from creditzone.kernel.refusals import Refusal

DOMAIN: Final = "joint_result"
_SHANGHAI: Final = timedelta(hours=8)


def make_dataset(node: Node, acting: Acting, opened: OpenedResult) -> str:
    """Make a dataset of an opened result, sealed piece by piece like an upload, with its lineage. The dataset's id.

    Each row keeps the authorisation that it rested on. Raises Forbidden, NotFound; NodeError: result-ended,
    result-deleted, result-empty, result-unauthorised where rows rested on none, lineage-waits where a policy that the
    job used did not come, dataset-derived where this result was made one before."""
    require(acting, Act.UPLOAD)
    held = get_result(node, acting, opened.job)
    if held.state in ("ended", "deleted"):
        raise NodeError(f"result-{held.state}")
    if not opened.rows:
        raise NodeError("result-empty")
    if not all(row.authorisation for row in opened.rows):
        raise NodeError("result-unauthorised")
    if dataset_of(node, opened.job) is not None:
        raise NodeError("dataset-derived")
    lineage = Lineage(job=opened.job, parents=tuple(_parents(node, held.request)))
    data = _as_csv(opened).encode()
    upload = uploads.create(
        node,
        acting,
        filename="result.csv",
        size=len(data),
        domain=DOMAIN,
        title=opened.title,
        lineage=lineage,
    )
    for offset in range(0, len(data), uploads.PIECE):
        uploads.append(node, acting, upload.id, offset=offset, piece=data[offset : offset + uploads.PIECE])
    return uploads.finish(node, acting, upload.id)


def dataset_of(node: Node, job: str) -> str | None:
    """The dataset that was made of a job's result; None where there is none."""
    row = node.store.one("SELECT d.id FROM dataset d JOIN lineage l ON l.upload = d.upload WHERE l.job = ?", job)
    return None if row is None else str(row["id"])


def lineage_of(node: Node, dataset: str) -> Lineage | None:
    """What a dataset was made of; None for one that was uploaded."""
    row = node.store.one("SELECT l.text FROM dataset d JOIN lineage l ON l.upload = d.upload WHERE d.id = ?", dataset)
    return None if row is None else msgspec.json.decode(row["text"], type=Lineage)


def keep_policy(node: Node, tx: Transaction, document: Signed, policy: Policy) -> None:
    """Keep another provider's policy that its confirmed key signed; any other is left alone."""
    try:
        node.require_signed(document, Policy, by=policy.provider, dated=policy.drafted_at, now=now_ms())
    except SignatureInvalid:
        return
    tx.run(
        "INSERT INTO peer_policy (digest, capsule, version, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        document.digest,
        policy.capsule,
        policy.version,
        msgspec.json.encode(document).decode(),
    )


def require_fitting(node: Node, policy: Policy) -> None:
    """Raises NodeError unless a policy says of its parents what its dataset was made of, and has just their rules, or
    those that the owners of all that it was made of allow by a vote.

    lineage-wrong: it names other parents; lineage-waits: a parent's policy did not come yet; parent-closed: a source
    was frozen or revoked by its provider; derived-looser and what else `creditzone.kernel.policy.loosening` refuses."""
    lineage = lineage_of(node, policy.dataset)
    if policy.parents != (lineage.parents if lineage else ()):
        raise NodeError("lineage-wrong")
    if lineage is None:
        return
    try:
        require_no_looser(
            policy,
            derived_rules([_source(node, parent) for parent in lineage.parents], domain(DOMAIN)),
            votes.find(node, policy.loosened_by) if policy.loosened_by else None,
            source=lambda parent: sources.policy_of(node, parent.policy),
            keys_of=node.keys_of,
            now=now_ms(),
        )
    except kernel.Refused as refused:
        raise Refused(_with_name(node, refused.refusal)) from None
    if closed := sources.closed_source(node, policy):
        raise NodeError("parent-closed", organisation=node.name_of(closed.facts["organisation"]))


def _source(node: Node, parent: Parent) -> Policy:
    policy = sources.policy_of(node, parent.policy)
    if policy is None:
        raise NodeError("lineage-waits", organisation=node.name_of(parent.provider))
    return policy


def _with_name(node: Node, refusal: Refusal) -> Refusal:
    facts = dict(refusal.facts)
    if "organisation" in facts:
        facts["organisation"] = node.name_of(facts["organisation"])
    return Refusal(refusal.clause, facts)


def _parents(node: Node, request: JobRequest) -> Iterator[Parent]:
    for one in request.inputs:
        policy = _own_policy(node, one) if one.provider in node.organisations() else _others_policy(node, one)
        if policy is None:
            raise NodeError("lineage-waits", organisation=node.name_of(one.provider))
        yield Parent(capsule=one.capsule, provider=one.provider, policy=policy)


def _others_policy(node: Node, one: Input) -> str | None:
    held = sources.policy_used(node, one)
    return None if held is None else held.digest


def _own_policy(node: Node, one: Input) -> str | None:
    """The digest of the own policy under which the job used the capsule, also if a later one holds now."""
    rows = node.store.all(
        "SELECT * FROM document WHERE kind = 'policy' AND state = 'complete' AND organisation = ?", one.provider
    )
    for row in rows:
        policy = read(documents.text_of(row), Policy)
        if (policy.capsule, policy.version) == (one.capsule, one.version):
            return str(row["digest"])
    return None


def _as_csv(opened: OpenedResult) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(domain(DOMAIN).names)
    day = (datetime.fromtimestamp(opened.received_at / 1000, tz=UTC) + _SHANGHAI).date().isoformat()
    writer.writerows([row.uscc, day, *_figures(row), *row.authorisation] for row in opened.rows)
    return text.getvalue()


def _figures(row: ResultRow) -> tuple[str, str, str]:
    decision = None if row.decision is None else int(row.decision)
    rank, score, cut = ("" if value is None else str(value) for value in (row.band, row.score, decision))
    return rank, score, cut
