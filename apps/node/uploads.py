"""Uploads in pieces of 8 MiB: each is sealed under the upload's own key before it touches the disk.

The offset says where to go on, so that a broken upload resumes. Every piece but the last has exactly PIECE bytes; a
piece's tag covers the upload's id and its place. After measuring the pieces are removed.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

import msgspec

from apps.node import packages
from apps.node.config import write_private
from apps.node.errors import IllegalMove, Invalid, NodeError, NotFound, OffsetWrong
from apps.node.node import Node
from apps.node.roster import Act, Acting, require
from apps.node.store import Transaction
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import Lineage, Package, new_id
from creditzone.kernel.domain import Domain, UnknownDomain, check_row, domain
from creditzone.kernel.sm.sm4 import KEY, NONCE, Sm4Gcm

PIECE: Final = 8 << 20
LIMITS: Final[dict[str, int]] = {"csv": 1 << 30, packages.FORMAT: 5 << 28, "xlsx": 200 << 20, "parquet": 200 << 20}
_TITLE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}")

_SPARE: Final = 100 << 20

State = Literal["open", "finished", "cancelled", "wiped"]


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An upload; `offset` is how many bytes are here, `dataset` what it became."""

    id: str
    organisation: str
    filename: str
    size: int
    offset: int
    piece: int
    domain: str
    title: str
    state: State
    dataset: str | None
    created_at: int


def create(
    node: Node,
    acting: Acting,
    *,
    filename: str,
    size: int,
    domain: str,
    title: str,
    lineage: Lineage | None = None,
) -> Upload:
    """Begin an upload; with `lineage` of what this node makes of a result. A sealed package says itself of which domain
    it is. Raises NodeError: unknown-domain, unknown-format, upload-too-large; Invalid."""
    require(acting, Act.UPLOAD)
    if format_of(filename) == packages.FORMAT:
        domain = ""
    elif _require_domain(domain).derived != (lineage is not None):
        raise NodeError("unknown-domain")
    limit = LIMITS.get(format_of(filename))
    if limit is None:
        raise NodeError("unknown-format")
    if size > limit:
        raise NodeError("upload-too-large", limit=limit >> 20)
    if size < 1 or _TITLE.fullmatch(title.strip()) is None or len(filename) > 200:
        raise Invalid("invalid", size=size)
    _require_within_quota(node, acting.organisation, size)
    if shutil.disk_usage(node.home).free < 3 * size + _SPARE:
        raise NodeError("disk-full")
    identity = new_id()
    with node.store.write() as tx:
        tx.run(
            "INSERT INTO upload (id, organisation, filename, size, domain, title, key, state, person, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)",
            identity,
            acting.organisation,
            filename,
            size,
            domain,
            title.strip(),
            node.keys.seal(secrets.token_bytes(KEY), use=f"upload:{identity}"),
            acting.person,
            node.act(tx),
        )
        if lineage is not None:
            text = msgspec.json.encode(lineage).decode()
            tx.run("INSERT INTO lineage (upload, job, text) VALUES (?, ?, ?)", identity, lineage.job, text)
    folder_of(node, identity).mkdir(mode=0o700)
    return get(node, acting, identity)


def _require_within_quota(node: Node, organisation: str, size: int) -> None:
    """A hosted firm's uploads, and those whose datasets are still here, stay below what the host grants each firm."""
    if organisation == node.organisation:
        return
    row = node.store.one(
        "SELECT coalesce(sum(size), 0) AS held FROM upload WHERE organisation = ?"
        " AND (state IN ('open', 'finished') OR dataset IN (SELECT id FROM dataset))",
        organisation,
    )
    held = 0 if row is None else int(row["held"])
    if held + size > node.config.firm_quota_mib << 20:
        raise NodeError("quota-exceeded", limit=node.config.firm_quota_mib, held=-(-held >> 20))


def get(node: Node, acting: Acting, upload: str) -> Upload:
    """One upload of the person's organisation; raises NotFound."""
    return _upload(_row(node, acting, upload))


def listing(node: Node, acting: Acting) -> list[Upload]:
    """The organisation's uploads, newest first."""
    rows = node.store.all("SELECT * FROM upload WHERE organisation = ? ORDER BY id DESC", acting.organisation)
    return [_upload(row) for row in rows]


def append(node: Node, acting: Acting, upload: str, *, offset: int, piece: bytes) -> Upload:
    """Take the piece that begins at `offset`, sealed before it is written.

    Raises OffsetWrong with the right offset (the same piece sent twice lands here), Invalid for a piece of another
    length, IllegalMove for an upload that is not open, NodeError for a package that is not for here."""
    require(acting, Act.UPLOAD)
    row = _row(node, acting, upload)
    if row["state"] != "open":
        raise IllegalMove(row["state"])
    if offset != row["received"]:
        raise OffsetWrong(row["received"])
    if len(piece) != min(PIECE, row["size"] - offset) or not piece:
        raise Invalid("invalid", piece=len(piece))
    if offset == 0 and format_of(row["filename"]) == packages.FORMAT:
        package = packages.of_beginning(node, piece, size=row["size"], organisation=row["organisation"])
        with node.store.write() as tx:
            packages.require_new(tx, package)
    key = node.keys.open_sealed(row["key"], use=f"upload:{upload}")
    number = offset // PIECE
    nonce = secrets.token_bytes(NONCE)
    sealed = Sm4Gcm(key).seal(nonce, piece, piece_data(upload, number))
    with node.store.write() as tx:
        moved = tx.run(
            "UPDATE upload SET received = ? WHERE id = ? AND received = ? AND state = 'open'",
            offset + len(piece),
            upload,
            offset,
        )
        if moved:  # of two that race for this place only the one that got it writes
            write_private(piece_path(node, upload, number), nonce + sealed)
    if not moved:
        raise OffsetWrong(get(node, acting, upload).offset)
    return get(node, acting, upload)


def finish(node: Node, acting: Acting, upload: str) -> str:
    """All bytes are here: the runner checks them next. The dataset's id; finishing twice gives the same.

    Raises IllegalMove; NodeError: upload-incomplete, dataset-derived for what was made of a result before."""
    require(acting, Act.UPLOAD)
    row = _row(node, acting, upload)
    if row["state"] == "finished":
        return str(row["dataset"])
    if row["state"] != "open":
        raise IllegalMove(row["state"])
    if row["received"] != row["size"]:
        raise NodeError("upload-incomplete", offset=row["received"])
    package = package_in(node, row) if format_of(row["filename"]) == packages.FORMAT else None
    dataset = package.dataset if package else new_id()
    with node.store.write() as tx:
        if package:
            packages.require_new(tx, package)
            packages.make_room(tx, package)
        _require_made_once(tx, upload)
        moved = tx.run(
            "UPDATE upload SET state = 'finished', dataset = ? WHERE id = ? AND state = 'open'",
            dataset,
            upload,
        )
        if not moved:
            raise IllegalMove("finished")
        tx.run(
            "INSERT INTO dataset (id, organisation, domain, title, upload, person, state, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)",
            dataset,
            acting.organisation,
            package.domain if package else row["domain"],
            row["title"],
            upload,
            acting.person,
            node.act(tx),
        )
    return dataset


def _require_made_once(tx: Transaction, upload: str) -> None:
    """A result becomes an input once, also where the capsule of it is destroyed by now: its uses are counted there."""
    before = tx.one(
        "SELECT 1 FROM lineage this JOIN lineage other ON other.job = this.job JOIN upload u ON u.id = other.upload"
        " WHERE this.upload = ?"
        " AND (u.dataset IN (SELECT id FROM dataset) OR u.dataset IN (SELECT dataset FROM capsule))",
        upload,
    )
    if before is not None:
        raise NodeError("dataset-derived")


def cancel(node: Node, acting: Acting, upload: str) -> None:
    """Give an open upload up and remove its pieces."""
    require(acting, Act.UPLOAD)
    with node.store.write() as tx:
        row = tx.one("SELECT state FROM upload WHERE id = ? AND organisation = ?", upload, acting.organisation)
        if row is None:
            raise NotFound
        if not tx.run("UPDATE upload SET state = 'cancelled' WHERE id = ? AND state = 'open'", upload):
            raise IllegalMove(row["state"])
    wipe(node, upload)


def walk_in(node: Node, acting: Acting, *, domain: str, title: str, values: dict[str, str]) -> str:
    """One applicant at the door: a dataset of one row, by the same road. The dataset's id.

    Raises NodeError("walk-in-faults") naming column and reason where the row fails a check."""
    found = _require_domain(domain)
    if is_person(values.get(found.key, "").strip()):
        raise NodeError("person-code")
    row = [values.get(name, "").strip() for name in found.names]
    faults = check_row(found, row)
    if faults:
        raise NodeError("walk-in-faults", faults="; ".join(f"{one.column}: {one.reason}" for one in faults))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([found.names, row])
    data = text.getvalue().encode()
    upload = create(node, acting, filename="walk-in.csv", size=len(data), domain=domain, title=title)
    append(node, acting, upload.id, offset=0, piece=data)
    return finish(node, acting, upload.id)


def format_of(filename: str) -> str:
    """The file's format by its name's ending."""
    return filename.rsplit(".", 1)[-1].lower() if "." in filename else ""


def folder_of(node: Node, upload: str) -> Path:
    """Where an upload's sealed pieces lie."""
    return node.home / "uploads" / upload


def piece_path(node: Node, upload: str, number: int) -> Path:
    """One sealed piece."""
    return folder_of(node, upload) / f"{number:06d}.piece"


def piece_data(upload: str, number: int) -> bytes:
    """What a piece's tag covers beside its bytes: whose it is and where it stands."""
    return f"creditzone/upload/v1\n{upload}\n{number}".encode()


def pieces(folder: Path, key: bytes, *, upload: str) -> Iterator[bytes]:
    """The file again, piece after piece, each authenticated; raises AuthenticationError. For the ingest stage."""
    cipher = Sm4Gcm(key)
    for number, path in enumerate(sorted(folder.glob("*.piece"))):
        sealed = path.read_bytes()
        yield cipher.open(sealed[:NONCE], memoryview(sealed)[NONCE:], piece_data(upload, number))


def package_in(node: Node, row: sqlite3.Row) -> Package:
    """The document of the package that an upload holds. Raises NodeError where it is not for here."""
    key = node.keys.open_sealed(row["key"], use=f"upload:{row['id']}")
    beginning = next(pieces(folder_of(node, row["id"]), key, upload=row["id"]))
    return packages.of_beginning(node, beginning, size=row["size"], organisation=row["organisation"])


def wipe(node: Node, upload: str) -> None:
    """Remove an upload's pieces."""
    folder = folder_of(node, upload)
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()


def _require_domain(name: str) -> Domain:
    try:
        return domain(name)
    except UnknownDomain:
        raise NodeError("unknown-domain") from None


def _row(node: Node, acting: Acting, upload: str) -> sqlite3.Row:
    row = node.store.one("SELECT * FROM upload WHERE id = ? AND organisation = ?", upload, acting.organisation)
    if row is None:
        raise NotFound
    return row


def _upload(row: sqlite3.Row) -> Upload:
    return Upload(
        id=row["id"],
        organisation=row["organisation"],
        filename=row["filename"],
        size=row["size"],
        offset=row["received"],
        piece=PIECE,
        domain=row["domain"],
        title=row["title"],
        state=cast("State", row["state"]),
        dataset=row["dataset"],
        created_at=row["created_at"],
    )
