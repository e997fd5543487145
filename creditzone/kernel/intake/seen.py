"""Which codes stood in a file before: exactly, in 16 bytes a code, so that a long file costs little memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from creditzone.kernel.credit.codes import Pairs, pairs_of

_RUN_LIMIT: Final = 1 << 21
_MARKS: Final = 26
_MIX: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)


class Seen:
    """Codes that were added, as sorted runs of numbers; runs of like length are merged, up to a limit.

    One bit of 2^26 is set for each code, so that most codes are seen to be new without a look into the runs."""

    def __init__(self) -> None:
        self._runs: list[Pairs] = []
        self._marks = np.zeros(1 << _MARKS - 3, dtype=np.uint8)

    def among(self, codes: Sequence[str]) -> list[bool]:
        """For each of these valid codes, whether it was added before."""
        pairs = pairs_of(codes)
        places, bits = _marks_of(pairs)
        found = (self._marks[places] & bits) > 0
        found[found] = self._in_runs(pairs[found])
        told: list[bool] = found.tolist()
        return told

    def add(self, codes: Sequence[str]) -> None:
        """Take in valid codes of which none was added before."""
        if not codes:
            return
        run = pairs_of(codes)
        np.bitwise_or.at(self._marks, *_marks_of(run))
        run.sort()
        while self._runs and len(self._runs[-1]) <= len(run) and len(self._runs[-1]) + len(run) <= _RUN_LIMIT:
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")  # two ascending halves: it merges them
        self._runs.append(run)

    def _in_runs(self, pairs: Pairs) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(pairs), dtype=np.bool_)
        for run in self._runs:
            at = np.searchsorted(run, pairs)
            found |= run[np.minimum(at, len(run) - 1)] == pairs
        return found


def _marks_of(pairs: Pairs) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """The byte and the bit in it that stand for each code; other codes may share them."""
    numbers = pairs.view(np.float64).reshape(-1, 2).astype(np.uint64)
    mark = (numbers * _MIX).sum(axis=1, dtype=np.uint64) >> np.uint64(64 - _MARKS)
    return mark >> np.uint64(3), np.uint8(1) << (mark & np.uint64(7)).astype(np.uint8)
