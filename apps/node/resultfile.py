"""A result as the recipient's node seals it to itself: one file a job, opened only while it is shown."""

from __future__ import annotations

from msgspec import Struct


class ResultFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the recipient learned. `values` are bands, totals or 0/1 by `disclosure`, in the order of
    `codes`; `reasons` are the recipient's own; `unmatched` holds, by provider, the codes that it does not know;
    `authorisations` number, digest and expiry of those on which the recipient's rows rest, in the order of `codes`."""

    job: str
    attempt: int
    request: str
    model: str
    disclosure: str
    decision_band: int | None
    codes: tuple[str, ...]
    values: tuple[int, ...]
    reasons: tuple[tuple[str, ...], ...] | None
    unmatched: dict[str, tuple[str, ...]]
    dropped: tuple[tuple[str, str], ...]
    authorisations: tuple[tuple[str, ...], ...]


class Counted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of firms, how many they are, and how many stand in each band, worst first; 0 where that is held back."""

    group: str
    firms: int
    bands: tuple[int, ...]


class CountFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the recipient of a statistic learned: no code, and no count of fewer firms than the least."""

    job: str
    attempt: int
    request: str
    model: str
    minimum_group: int
    grouping: str | None
    counted: tuple[Counted, ...]


def result_data(zone: str, job: str) -> bytes:
    """The associated data of a sealed result."""
    return f"creditzone/result/v1\n{zone}\n{job}".encode()
