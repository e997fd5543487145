"""Stage: open the node's own capsule and lay what the job needs into memory-backed scratch.

Task: {"folder" of the bodies, "keys" by column group, "header": its canonical text, "model": the scorecard's text,
"authorised_on": "YYYY-MM-DD" or null, "consenting": codes or null, "subject": code or null, "transforms": by column}.
Result: {"rows", "dropped"}. In scratch: `codes`,
`columns.npy` (float64 [rows, columns]), `dropped` (code and reason) and `authorisations` (number, digest and expiry of
each row's, where rows bear them).

Only the column groups that the job needs are opened: there are no keys for others here. Every chunk is authenticated
before a cell of it is read, and every group whole before anything is handed on. With `authorised_on`, rows without an
authorisation that lives through that day are dropped and counted, with `consenting` those of all other firms; persons'
codes are dropped always. With `subject`,
only that firm's row is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np

from apps.node.stages.rows import Values, write_authorisations, write_rows
from creditzone.kernel.capsule import CapsuleDamaged, check_body_digest, group_file, read_columns
from creditzone.kernel.credit.columns import AUTHORISATION, columns_read
from creditzone.kernel.credit.scorecard import InvalidScorecard, require_sound
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import CapsuleHeader, Scorecard, parse
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.policy.constraints.columns import Transform
from creditzone.kernel.policy.transforms import changed
from creditzone.kernel.refusals import Refused

_NAN: Final = float("nan")
Cells = Iterator[list[str]]


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Open the capsule; raises through `serve` with the refusal's clause told first."""
    try:
        return _open(task)
    except (CapsuleDamaged, FileNotFoundError, KeyError):
        refused = Refused("capsule-damaged")
    except Refused as caught:
        refused = caught
    emit({"event": "refused", "clause": refused.refusal.clause, "facts": refused.refusal.facts})
    raise EngineFault("empty-set")


def _open(task: dict[str, Any]) -> dict[str, Any]:
    header = parse(task["header"].encode(), CapsuleHeader)
    on, subject = task["authorised_on"], task["subject"]
    card = _sound(parse(task["model"].encode(), Scorecard))
    names = columns_read(card, header.domain, authorised=on is not None)
    keys = {int(group): bytes.fromhex(key) for group, key in task["keys"].items()}

    def open_group(group: int) -> BinaryIO:
        return (Path(task["folder"]) / group_file(header.body, group)).open("rb")

    with ExitStack() as stack:
        check_body_digest([stack.enter_context(open_group(group.index)) for group in header.groups], header)
    columns = read_columns(open_group, keys, header, names)
    codes = _flat(next(columns)[1])
    bearing = [_flat(next(columns)[1]) for _ in AUTHORISATION] if on is not None else []
    consenting = None if task["consenting"] is None else frozenset(task["consenting"])
    kept, dropped = _sifted(codes, bearing, on=on, consenting=consenting, subject=subject)
    if not kept:
        raise Refused("set-foreign" if subject else "set-empty")
    if len({codes[at] for at in kept}) != len(kept):
        raise Refused("set-duplicates")
    transforms = msgspec.convert(task["transforms"], dict[str, Transform])
    entering = [changed(_numbers(cells, header.rows)[kept], transforms.get(name)) for name, cells in columns]
    values = np.column_stack(entering)
    write_rows(Path.cwd(), [codes[at] for at in kept], values, dropped)
    write_authorisations(Path.cwd(), [[column[at] for column in bearing] for at in kept])
    return {"rows": len(kept), "dropped": len(dropped)}


def _sound(card: Scorecard) -> Scorecard:
    try:
        require_sound(card)
    except InvalidScorecard as error:
        raise Refused("malformed", what=error) from None
    return card


def _flat(cells: Cells) -> list[str]:
    return list(chain.from_iterable(cells))


def _numbers(cells: Cells, rows: int) -> Values:
    """A column's numbers, NaN where a cell is empty."""
    flat = (float(cell) if cell else _NAN for cell in chain.from_iterable(cells))
    return np.fromiter(flat, dtype=np.float64, count=rows)


def _sifted(
    codes: Sequence[str],
    bearing: Sequence[Sequence[str]],
    *,
    on: str | None,
    consenting: frozenset[str] | None,
    subject: str | None,
) -> tuple[list[int], list[tuple[str, str]]]:
    """Places of the rows that go on, and code and reason of those that may not."""
    kept: list[int] = []
    dropped: list[tuple[str, str]] = []
    for at, code in enumerate(codes):
        if subject is not None and code != subject:
            continue
        if is_person(code):
            dropped.append((code, "natural-person"))
        elif consenting is not None and code not in consenting:
            dropped.append((code, "authorisation-missing"))
        elif on is not None and (reason := _unauthorised([column[at] for column in bearing], on)):
            dropped.append((code, reason))
        else:
            kept.append(at)
    return kept, dropped


def _unauthorised(bearing: Sequence[str], on: str) -> str | None:
    if not all(bearing):
        return "authorisation-missing"
    return "authorisation-window" if bearing[-1] < on else None


if __name__ == "__main__":
    serve(work)
