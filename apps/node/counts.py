"""A statistic's result opened at its recipient's node: how many firms stand in each grade, small counts held back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec

from apps.node.node import Node
from apps.node.resultfile import CountFile, result_data
from apps.node.sealed import MessageDamaged
from creditzone.kernel.credit.scorecard import require_sound
from creditzone.kernel.documents import Scorecard, parse
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import open_with
from creditzone.kernel.sm.keys import Opener


@dataclass(frozen=True, kw_only=True)
class CountedGroup:
    """A group of firms with its count for each grade, best first; None where the count is held back."""

    name: str
    firms: int
    counts: tuple[int | None, ...]

    @property
    def held_back(self) -> int:
        """How many of the grades have no count."""
        return sum(count is None for count in self.counts)


@dataclass(frozen=True, kw_only=True)
class OpenedCount:
    """An opened statistic: in memory, for as long as a page needs it."""

    job: str
    title: str
    organisation: str
    scorecard: Scorecard
    disclosures: tuple[str, ...]
    minimum_group: int
    grades: tuple[str, ...]
    groups: tuple[CountedGroup, ...]


def own_file(node: Node, row: sqlite3.Row, key: Opener) -> bytes:
    """The sealed result of a recipient that computed, opened; raises MessageDamaged, AuthenticationError, OSError."""
    data = (node.home / "results" / Path(row["file"]).name).read_bytes()
    if sm3.digest(data) != row["digest"]:
        raise MessageDamaged
    return open_with(key, data, associated=result_data(node.zone, row["job"]))


def opened_count(node: Node, row: sqlite3.Row, key: Opener, *, title: str) -> OpenedCount:
    """Open a statistic; raises MessageDamaged, or what reading it raises."""
    if row["file"] is None:
        raise MessageDamaged
    file = msgspec.json.decode(own_file(node, row, key), type=CountFile)
    card = parse(file.model.encode(), Scorecard)
    require_sound(card)
    fits = all(len(one.bands) == len(card.grades) for one in file.counted)
    if file.job != row["job"] or sm3.digest(file.model.encode()) != row["model"] or not fits:
        raise MessageDamaged
    return OpenedCount(
        job=file.job,
        title=title,
        organisation=row["organisation"],
        scorecard=card,
        disclosures=("statistic",),
        minimum_group=file.minimum_group,
        grades=tuple(reversed(card.grades)),
        groups=tuple(
            CountedGroup(name=one.group, firms=one.firms, counts=tuple(count or None for count in reversed(one.bands)))
            for one in file.counted
        ),
    )
