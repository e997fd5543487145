"""Stage: open the node's own capsule and lay what the job needs into memory-backed scratch.

Task: {"path" of the body, "key", "header": its canonical text, "model": the scorecard's text,
"authorised_on": "YYYY-MM-DD" or null, "subject": code or null}. Result: {"rows", "dropped"}. In scratch: `codes`,
`columns.npy` (float64 [rows, columns]) and `dropped` (code and reason).

Every chunk is authenticated before a row of it is read, and the whole body before anything is handed on. With
`authorised_on`, rows without an authorisation that lives through that day are dropped and counted; persons' codes are
dropped always. With `subject`, only that firm's row is kept.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from apps.node.datasets import text_lines
from apps.node.stages.rows import write_rows
from creditzone.kernel.capsule import CapsuleDamaged, check_body_digest, read_body, summary_of
from creditzone.kernel.credit.scorecard import InvalidScorecard, features_of, require_sound
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import CapsuleHeader, Scorecard, parse
from creditzone.kernel.domain import domain
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.refusals import Refused

_NAN: Final = float("nan")
AUTHORISATION: Final = ("authorisation_no", "authorisation_digest", "authorisation_expiry")


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Open the capsule; raises through `serve` with the refusal's clause told first."""
    try:
        return _open(task)
    except CapsuleDamaged:
        refused = Refused("capsule-damaged")
    except FileNotFoundError:
        refused = Refused("capsule-damaged")
    except Refused as caught:
        refused = caught
    emit({"event": "refused", "clause": refused.refusal.clause, "facts": refused.refusal.facts})
    raise EngineFault("empty-set")


def _open(task: dict[str, Any]) -> dict[str, Any]:
    header = parse(task["header"].encode(), CapsuleHeader)
    names = domain(header.domain).names
    kept = _Kept(names, _columns_of(task["model"], header.domain), task)
    with Path(task["path"]).open("rb") as file:
        check_body_digest(file, header)
        file.seek(0)
        chunks = read_body(
            file,
            bytes.fromhex(task["key"]),
            capsule=header.capsule,
            body=header.body,
            summary=summary_of(header),
        )
        for row in _rows(chunks, names):
            kept.take(row)
    if not kept.codes:
        raise Refused("set-foreign" if task["subject"] else "set-empty")
    if len(set(kept.codes)) != len(kept.codes):
        raise Refused("set-duplicates")
    write_rows(
        Path.cwd(),
        kept.codes,
        np.frombuffer(kept.values, dtype=np.float64).reshape(len(kept.codes), -1),
        kept.dropped,
    )
    return {"rows": len(kept.codes), "dropped": len(kept.dropped)}


def _columns_of(model: str, domain_id: str) -> list[str]:
    """The columns that this domain's owner feeds; raises Refused for a card that contradicts itself."""
    card = parse(model.encode(), Scorecard)
    try:
        require_sound(card)
    except InvalidScorecard as error:
        raise Refused("malformed", what=error) from None
    columns = [feature.column for feature in features_of(card, domain_id)]
    unknown = set(columns) - set(domain(domain_id).names)
    if unknown or not columns:
        raise Refused("parties", what=", ".join(sorted(unknown)) or domain_id)
    return columns


def _rows(chunks: Iterator[bytes], names: Sequence[str]) -> Iterator[list[str]]:
    reader = csv.reader(text_lines(chunks))
    if tuple(next(reader, ())) != tuple(names):
        raise CapsuleDamaged("format")
    yield from reader


class _Kept:
    """The rows that go on, by code, with the numbers of the columns that the card asks for."""

    def __init__(self, names: Sequence[str], columns: Sequence[str], task: dict[str, Any]) -> None:
        self.codes: list[str] = []
        self.values = array("d")  # flat, eight bytes a number: a million rows stay small
        self.dropped: list[tuple[str, str]] = []
        self._at = [names.index(name) for name in columns]
        self._key = names.index("uscc")
        self._on, self._subject = task["authorised_on"], task["subject"]
        self._bearing = [names.index(name) for name in AUTHORISATION] if self._on else []

    def take(self, row: list[str]) -> None:
        code = row[self._key]
        if self._subject is not None and code != self._subject:
            return
        if is_person(code):
            self.dropped.append((code, "natural-person"))
            return
        if self._on is not None and (reason := self._unauthorised(row)):
            self.dropped.append((code, reason))
            return
        self.codes.append(code)
        self.values.extend([float(row[at]) if row[at] else _NAN for at in self._at])

    def _unauthorised(self, row: list[str]) -> str | None:
        number, digest, expiry = (row[at] for at in self._bearing)
        if not (number and digest and expiry):
            return "authorisation-missing"
        return "authorisation-window" if expiry < self._on else None


if __name__ == "__main__":
    serve(work)
