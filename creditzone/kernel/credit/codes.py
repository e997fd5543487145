"""Many unified social credit codes at once: what `uscc` says of each, for a column of a file (GB 32100, GB 11714)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from creditzone.kernel.credit.uscc import ALPHABET, INNER_WEIGHTS, KINDS, PROVINCES, WEIGHTS, Notice

_NONE: Final = 255
_LENGTH: Final = 18
Bytes = npt.NDArray[np.uint8]
Pairs = npt.NDArray[np.complex128]


def _table(values: Iterable[tuple[str, int]]) -> Bytes:
    table = np.full(256, _NONE, dtype=np.uint8)
    for character, value in values:
        table[ord(character)] = value
    return table


_VALUES: Final = _table((character, value) for value, character in enumerate(ALPHABET))
_BASE_36: Final = _table((character, int(character, 36)) for character in ALPHABET)
_INNER_DIGITS: Final = np.frombuffer(b"0123456789X", dtype=np.uint8)
_FIRST: Final = 8
_PLACES: Final = np.zeros((_LENGTH, 2), dtype=np.int64)
_PLACES[:_FIRST, 0] = [31**at for at in reversed(range(_FIRST))]
_PLACES[_FIRST:, 1] = [31**at for at in reversed(range(_LENGTH - _FIRST))]


def all_valid(codes: Sequence[str]) -> bool:
    """Whether every text, exactly as it stands, is a code."""
    found = _matrix(codes)
    if found is None:
        return False
    values = _VALUES[found]
    if (values == _NONE).any():
        return False
    totals = values[:, :17].astype(np.int64) @ np.array(WEIGHTS)
    return bool((values[:, 17] == -totals % 31).all())


def notices_of(codes: Sequence[str]) -> Counter[Notice]:
    """How many of these valid codes are unusual, by what is unusual about them."""
    found = _matrix(codes)
    if found is None:
        return Counter()
    inner = _BASE_36[found[:, 8:16]].astype(np.int64) @ np.array(INNER_WEIGHTS)
    digits = (found[:, 2:8] >= ord("0")) & (found[:, 2:8] <= ord("9"))
    known = _is_one_of(found[:, 2:4], PROVINCES) & digits.all(axis=1)
    counts = {
        Notice.INNER_CHECK: np.count_nonzero(_INNER_DIGITS[-inner % 11] != found[:, 16]),
        Notice.UNKNOWN_DIVISION: np.count_nonzero(~known),
        Notice.UNKNOWN_KIND: np.count_nonzero(~_is_one_of(found[:, :2], KINDS)),
    }
    return Counter({notice: int(count) for notice, count in counts.items() if count})


def pairs_of(codes: Sequence[str]) -> Pairs:
    """Each of these valid codes as a pair of numbers, that of its first 8 characters and that of its last 10.

    Both are below 2^53, so that a pair is exactly what numpy calls a complex number; numpy sorts and finds such."""
    found = _matrix(codes)
    if found is None:
        raise ValueError("only valid codes have their numbers")
    numbers = _VALUES[found].astype(np.int64) @ _PLACES
    return numbers.astype(np.float64).view(np.complex128).reshape(-1)


def _matrix(codes: Sequence[str]) -> Bytes | None:
    """The codes' bytes [codes, 18]; None where one is no 18 ASCII characters."""
    joined = "".join(codes)
    if not joined.isascii() or any(len(code) != _LENGTH for code in codes):
        return None
    return np.frombuffer(joined.encode(), dtype=np.uint8).reshape(-1, _LENGTH)


def _is_one_of(pairs: Bytes, known: Iterable[str]) -> npt.NDArray[np.bool_]:
    numbers = pairs[:, 0].astype(np.int64) << 8 | pairs[:, 1]
    return np.isin(numbers, [ord(pair[0]) << 8 | ord(pair[1]) for pair in known])
