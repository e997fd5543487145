"""Datasets of this node: measured from an upload, sealed as they are read, shown by counts alone."""

from __future__ import annotations

import csv
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import msgspec
import structlog

from apps.node import derived, outbox, packages, uploads
from apps.node.errors import IllegalMove, NodeError, NotFound
from apps.node.node import Node
from apps.node.roster import Act, Acting, require
from apps.node.store import Transaction
from creditzone.kernel.capsule import BodySummary, CapsuleDamaged, group_file, new_content_key, read_body
from creditzone.kernel.documents import ColumnGroup, ColumnQuality, DatasetMeasured, Package, digest_of, new_id, now_ms
from creditzone.kernel.domain import Domain, domain
from creditzone.kernel.domain import domains as all_domains
from creditzone.kernel.engine.faults import EngineFault, StageFailed
from creditzone.kernel.engine.process import run_stage
from creditzone.kernel.engine.scratch import make_scratch, wipe
from creditzone.kernel.intake.words import REFUSALS, say_refusal
from creditzone.kernel.sm.sm4 import KEY, AuthenticationError

log = structlog.get_logger("node.datasets")
State = Literal["waiting", "measuring", "measured", "refused"]
DEADLINE_SECONDS: Final = 3600.0


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset as its owner sees it: counts, never values."""

    id: str
    organisation: str
    domain: str
    title: str
    state: State
    progress: int
    refusal: str | None
    refusal_facts: dict[str, str]
    rows: int
    accepted: int
    quarantined: int
    faults: tuple[tuple[str, int], ...]
    columns: tuple[ColumnQuality, ...]
    notes: tuple[tuple[str, int], ...]
    size: int
    encoding: str
    package: str | None
    body_digest: str | None
    uploaded_by: str
    created_at: int
    measured_at: int | None
    capsule: str | None


@dataclass(frozen=True, kw_only=True)
class QuarantinedRow:
    """A row that failed: its number in the file, what is wrong, and its cells as they came."""

    number: int
    faults: tuple[tuple[str, str], ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class QuarantinePage:
    """Some quarantined rows, opened for their owner."""

    rows: tuple[QuarantinedRow, ...]
    total: int
    offset: int


def domains(node: Node) -> list[Domain]:
    """The domains that an upload can have."""
    return [one for one in all_domains().values() if not one.derived]


def listing(node: Node, acting: Acting) -> list[Dataset]:
    """The organisation's datasets, newest first."""
    rows = node.store.all(f"{_SELECT} WHERE d.organisation = ? ORDER BY d.id DESC", acting.organisation)
    return [_dataset(row) for row in rows]


def get(node: Node, acting: Acting, dataset: str) -> Dataset:
    """One dataset of the person's organisation; raises NotFound."""
    row = node.store.one(f"{_SELECT} WHERE d.id = ? AND d.organisation = ?", dataset, acting.organisation)
    if row is None:
        raise NotFound
    return _dataset(row)


def quarantine(node: Node, acting: Acting, dataset: str, *, offset: int = 0, limit: int = 50) -> QuarantinePage:
    """Open some quarantined rows in memory, for the owner's page. Raises Forbidden, NotFound, NodeError."""
    require(acting, Act.READ_ROWS)
    found = get(node, acting, dataset)
    body = node.store.one("SELECT * FROM body WHERE dataset = ? AND kind = 'quarantine'", dataset)
    if body is None:
        raise NotFound
    rows: list[QuarantinedRow] = []
    try:
        for number, cells in enumerate(_body_rows(node, body, dataset=dataset)):
            if number >= offset + limit:
                break
            if number >= offset:
                faults = tuple((column, reason) for column, reason in json.loads(cells[1]))
                rows.append(QuarantinedRow(number=int(cells[0]), faults=faults, cells=tuple(json.loads(cells[2]))))
    except CapsuleDamaged:
        raise NodeError("body-damaged") from None
    return QuarantinePage(rows=tuple(rows), total=found.quarantined, offset=offset)


def refusal_sentence(dataset: Dataset, language: str) -> str:
    """Why the file as a whole was refused, in words; empty where it was not."""
    return "" if dataset.refusal is None else say_refusal(dataset.refusal, dataset.refusal_facts, language)


def delete(node: Node, acting: Acting, dataset: str) -> None:
    """Remove a dataset that no capsule stands on, and its bodies, for good: file and content key go, so nothing opens
    them any more. One with a capsule goes when that is destroyed.

    Raises Forbidden, FactorStale, NotFound, IllegalMove; NodeError where a capsule stands on it."""
    require(acting, Act.UPLOAD)
    found = get(node, acting, dataset)
    if found.state in ("waiting", "measuring"):
        raise IllegalMove(found.state)
    with node.store.write() as tx:
        if tx.one("SELECT 1 FROM capsule WHERE dataset = ?", dataset):
            raise NodeError("dataset-in-use")
        bodies = forget(tx, dataset)
    unlink(node, bodies)
    node.store.forget_deleted()


def forget(tx: Transaction, dataset: str) -> list[str]:
    """Delete a dataset's rows here and its content keys; the bodies whose files are to go with `unlink`."""
    bodies = [row["id"] for row in tx.all("SELECT id FROM body WHERE dataset = ?", dataset)]
    tx.run("DELETE FROM body WHERE dataset = ?", dataset)
    tx.run("DELETE FROM dataset WHERE id = ?", dataset)
    return bodies


def unlink(node: Node, bodies: Iterable[str]) -> None:
    """Delete the files of these bodies; what a crash leaves of them goes at the runner's next start."""
    for body in bodies:
        _unlink(node, body)


def bodies_folder(node: Node) -> Path:
    """Where sealed bodies lie, one file a column group (`capsule.group_file`)."""
    return node.home / "bodies"


def content_keys(node: Node, body: sqlite3.Row) -> dict[int, bytes]:
    """A body's content keys by column group, from the owner's own wrap of all of them."""
    keys = node.keys.open_sealed(body["keys"], use=f"body:{body['id']}")
    return dict(enumerate(keys[at : at + KEY] for at in range(0, len(keys), KEY)))


def column_groups(body: sqlite3.Row) -> list[ColumnGroup]:
    """A body's column groups, as a header names them."""
    return msgspec.json.decode(body["column_groups"], type=list[ColumnGroup])


def _unlink(node: Node, body: str) -> None:
    for path in bodies_folder(node).glob(f"{body}.*"):
        path.unlink(missing_ok=True)


# The runner's side ------------------------------------------------------------------------------------------


def next_waiting(node: Node) -> str | None:
    """Take the oldest dataset that waits to be measured."""
    with node.store.write() as tx:
        row = tx.one("SELECT id FROM dataset WHERE state = 'waiting' ORDER BY id LIMIT 1")
        if row is None:
            return None
        tx.run("UPDATE dataset SET state = 'measuring', progress = 0 WHERE id = ?", row["id"])
    return str(row["id"])


def measure_again(node: Node) -> int:
    """At the runner's start: what was being measured waits again, and half-written bodies go. How many there were."""
    with node.store.write() as tx:
        again = tx.run("UPDATE dataset SET state = 'waiting', progress = 0 WHERE state = 'measuring'")
        known = {row["id"] for row in tx.all("SELECT id FROM body")}
    for path in bodies_folder(node).glob("*.body"):
        if path.name.split(".")[0] not in known:
            path.unlink()
    return again


def measure(node: Node, dataset: str, ending: threading.Event) -> None:
    """Check and seal one upload in a stage of its own, then tell the portal schema and counts. Runs in a thread."""
    try:
        _measure(node, dataset, ending)
    finally:
        node.store.close()


def _measure(node: Node, dataset: str, ending: threading.Event) -> None:
    row = node.store.one("SELECT * FROM dataset WHERE id = ?", dataset)
    upload = node.store.one("SELECT * FROM upload WHERE id = ?", row["upload"]) if row is not None else None
    if row is None or upload is None:
        return
    refused: dict[str, Any] = {}
    work: _Work | None = None
    try:
        work = _work_on(node, row, upload)
        result = _run(node, dataset, work, refused=refused, ending=ending)
    except (StageFailed, EngineFault, CapsuleDamaged, AuthenticationError) as failure:
        if work is not None and work.package is None:
            for place in work.places.values():
                _unlink(node, place["body"])
        if ending.is_set():
            return  # the next life of the runner measures it
        _refuse(node, dataset, code=refused.get("code") or _code_of(failure), facts=refused.get("facts", {}))
    else:
        if work.package is not None:
            packages.move_in(work.package, unpacked=uploads.folder_of(node, upload["id"]), bodies=bodies_folder(node))
        _keep(node, row, result, work, size=upload["size"])
    uploads.wipe(node, upload["id"])


def _code_of(failure: StageFailed | EngineFault | CapsuleDamaged | AuthenticationError) -> str:
    """Why a file was refused whose stage did not say so. A reader in native code that gets no more memory aborts."""
    if isinstance(failure, ValueError):
        return "package-damaged"
    aborted = isinstance(failure, StageFailed) and failure.detail == "SIGABRT"
    return "memory" if aborted else failure.code


@dataclass(frozen=True)
class _Work:
    """What a stage has to do for one upload; the package that it came as, where it was sealed before it came."""

    module: str
    task: dict[str, Any]
    places: dict[str, dict[str, Any]]
    package: Package | None = None


def _work_on(node: Node, row: sqlite3.Row, upload: sqlite3.Row) -> _Work:
    """Raises CapsuleDamaged, AuthenticationError for a package whose beginning does not open."""
    folder = uploads.folder_of(node, upload["id"])
    key = node.keys.open_sealed(upload["key"], use=f"upload:{upload['id']}").hex()
    task: dict[str, Any] = {"folder": str(folder), "upload": upload["id"], "key": key}
    kind = uploads.format_of(upload["filename"])
    if kind == packages.FORMAT:
        package = uploads.package_in(node, upload)
        places = packages.places_of(node, package)
        keys = {"sound": places["rows"]["keys"], "quarantine": places["quarantine"]["keys"]}
        return _Work("apps.node.stages.unpack", task | {"keys": keys}, places, package)
    places = {"rows": _new_body(node, len(domain(row["domain"]).names)), "quarantine": _new_body(node, 1)}
    task |= {"kind": kind, "domain": row["domain"], "dataset": row["id"], **places}
    return _Work("apps.node.stages.ingest", task, places)


def _run(node: Node, dataset: str, work: _Work, *, refused: dict[str, Any], ending: threading.Event) -> dict[str, Any]:
    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            with node.store.write() as tx:
                tx.run("UPDATE dataset SET progress = ? WHERE id = ?", event["percent"], dataset)
        elif event["event"] == "refused":
            refused.update(event)

    scratch = make_scratch(node.scratch_name, dataset, 0, root=Path(node.config.scratch_root))
    try:
        return run_stage(
            work.module,
            work.task,
            scratch=scratch,
            deadline_seconds=DEADLINE_SECONDS,
            on_event=hear,
            should_stop=ending.is_set,
        )
    finally:
        wipe(scratch)


def _new_body(node: Node, groups: int) -> dict[str, Any]:
    keys = [new_content_key().hex() for _ in range(groups)]
    return {"folder": str(bodies_folder(node)), "body": new_id(), "keys": keys}


def _keep(node: Node, row: sqlite3.Row, result: dict[str, Any], work: _Work, *, size: int) -> None:
    now = now_ms()
    measured = DatasetMeasured(
        dataset=row["id"],
        domain=row["domain"],
        title=row["title"],
        rows=result["rows"],
        accepted=result["accepted"],
        quarantined=result["quarantined"],
        faults=tuple((str(code), int(number)) for code, number in result["faults"]),
        columns=tuple(msgspec.convert(column, ColumnQuality) for column in result["columns"]),
        body_digest=result["bodies"]["rows"]["digest"],
        size=size,
        measured_at=now,
        lineage=derived.lineage_of(node, row["id"]),
    )
    more = {"encoding": result["encoding"], "notes": result["notes"]}
    more |= {"package": digest_of(work.package)} if work.package else {}
    with node.store.write() as tx:
        for kind, place in work.places.items():
            summary = result["bodies"][kind]
            groups = [ColumnGroup(index=index, **group) for index, group in enumerate(summary["groups"])]
            tx.run(
                "INSERT INTO body (id, dataset, kind, keys, column_groups, digest, chunk_size)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                place["body"],
                row["id"],
                kind,
                node.keys.seal(bytes.fromhex("".join(place["keys"])), use=f"body:{place['body']}"),
                msgspec.json.encode(groups).decode(),
                summary["digest"],
                summary["chunk_size"],
            )
        tx.run(
            "UPDATE dataset SET state = 'measured', progress = 100, measured = ?, facts = ?, measured_at = ?"
            " WHERE id = ?",
            msgspec.json.encode(measured).decode(),
            json.dumps(more),
            now,
            row["id"],
        )
        tx.run("UPDATE upload SET state = 'wiped' WHERE id = ?", row["upload"])
        outbox.say(node, tx, measured, organisation=row["organisation"])
    log.info("measured", dataset=row["id"], rows=result["rows"], quarantined=result["quarantined"])


def _refuse(node: Node, dataset: str, *, code: str, facts: dict[str, str]) -> None:
    with node.store.write() as tx:
        tx.run(
            "UPDATE dataset SET state = 'refused', refusal = ?, facts = ?, measured_at = ? WHERE id = ?",
            code if code in REFUSALS else "crashed",
            json.dumps(facts),
            now_ms(),
            dataset,
        )
    log.info("refused", dataset=dataset, code=code)


def _body_rows(node: Node, body: sqlite3.Row, *, dataset: str) -> Iterator[list[str]]:
    """The rows of a body of one column group, its header left out, each chunk authenticated before it is read."""
    (group,) = column_groups(body)
    summary = BodySummary(group.length, group.chunks, body["digest"], body["chunk_size"])
    with (bodies_folder(node) / group_file(body["id"], 0)).open("rb") as file:
        chunks = read_body(file, content_keys(node, body)[0], capsule=dataset, body=body["id"], summary=summary)
        reader = csv.reader(text_lines(chunks))
        next(reader, None)
        yield from reader


def text_lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """UTF-8 lines of a stream of bytes."""
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line.decode() + "\n"
    if rest:
        yield rest.decode()


_SELECT: Final = (
    "SELECT d.*, c.id AS capsule, u.size AS upload_size FROM dataset d"
    " LEFT JOIN capsule c ON c.dataset = d.id LEFT JOIN upload u ON u.id = d.upload"
)


def _dataset(row: sqlite3.Row) -> Dataset:
    measured = None if row["measured"] is None else msgspec.json.decode(row["measured"], type=DatasetMeasured)
    facts: dict[str, Any] = json.loads(row["facts"])
    return Dataset(
        id=row["id"],
        organisation=row["organisation"],
        domain=row["domain"],
        title=row["title"],
        state=cast("State", row["state"]),
        progress=row["progress"],
        refusal=row["refusal"],
        refusal_facts={} if measured else facts,
        rows=measured.rows if measured else 0,
        accepted=measured.accepted if measured else 0,
        quarantined=measured.quarantined if measured else 0,
        faults=measured.faults if measured else (),
        columns=measured.columns if measured else (),
        notes=tuple(facts.get("notes", {}).items()) if measured else (),
        size=row["upload_size"] or 0,
        encoding=facts.get("encoding", "") if measured else "",
        package=facts.get("package") if measured else None,
        body_digest=measured.body_digest if measured else None,
        uploaded_by=row["person"],
        created_at=row["created_at"],
        measured_at=row["measured_at"],
        capsule=row["capsule"],
    )
