"""The joint programs, written as StableHLO text: what every party compiles, digests and compares before it runs.

Points are integers and the ring has 32 bits, so a total falls on one side of a cut exactly. A grade is found by
binary search: one comparison a level, the next cut chosen under secret bits. Seven cuts take three comparisons
instead of seven.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

LARGEST: Final = 1 << 24  # of a party's points or a cut, either sign: sums of three and their differences fit 32 bits
_ABOVE_ALL: Final = 1 << 27  # pads the cuts to a full tree; no total reaches it


def sum_program(*, parties: int, rows: int) -> str:
    """The total of all parties' points: int32[rows] each in, int32[rows] out."""
    text = _Text(parties=parties, rows=rows)
    return text.close(text.total())


def band_program(cuts: Sequence[int], *, parties: int, rows: int) -> str:
    """The number of cuts that the total reaches (total >= cut); `cuts` rise strictly. int32[rows] out."""
    text = _Text(parties=parties, rows=rows)
    total = text.total()
    depth = len(cuts).bit_length()
    candidates: list[int | str] = [*cuts, *[_ABOVE_ALL] * ((1 << depth) - 1 - len(cuts))]
    band = ""
    for level in range(depth):
        middle = len(candidates) // 2
        reached = text.reaches(total, candidates[middle])
        as_integer = text.integer(reached)
        worth = text.product(as_integer, 1 << (depth - 1 - level))
        band = text.sum(band, worth) if band else worth
        candidates = [
            text.choose(reached, as_integer, high=high, low=low)
            for low, high in zip(candidates[:middle], candidates[middle + 1 :], strict=True)
        ]
    return text.close(band)


def naive_band_program(cuts: Sequence[int], *, parties: int, rows: int) -> str:
    """The same number by one comparison for each cut: what the bench compares with."""
    text = _Text(parties=parties, rows=rows)
    total = text.total()
    band = ""
    for cut in cuts:
        one = text.integer(text.reaches(total, cut))
        band = text.sum(band, one) if band else one
    return text.close(band)


class _Text:
    """Lines of one StableHLO function over vectors of `rows` int32."""

    def __init__(self, *, parties: int, rows: int) -> None:
        self._parties = parties
        self._numbers = f"tensor<{rows}xi32>"
        self._bits = f"tensor<{rows}xi1>"
        self._lines: list[str] = []
        self._constants: dict[int, str] = {}

    def total(self) -> str:
        total = "%arg0"
        for party in range(1, self._parties):
            total = self.sum(total, f"%arg{party}")
        return total

    def reaches(self, total: str, cut: int | str) -> str:
        pair = f"({self._numbers}, {self._numbers}) -> {self._bits}"
        return self._line(f"stablehlo.compare GE, {total}, {self._value(cut)}, SIGNED : {pair}")

    def integer(self, bit: str) -> str:
        return self._line(f"stablehlo.convert {bit} : ({self._bits}) -> {self._numbers}")

    def sum(self, left: str, right: int | str) -> str:
        return self._line(f"stablehlo.add {left}, {self._value(right)} : {self._numbers}")

    def product(self, left: str, right: int) -> str:
        if right == 1:
            return left
        return self._line(f"stablehlo.multiply {left}, {self._value(right)} : {self._numbers}")

    def choose(self, bit: str, as_integer: str, *, high: int | str, low: int | str) -> int | str:
        """`high` where the secret bit is set, else `low`; between public numbers it is a local, affine step."""
        if isinstance(high, int) and isinstance(low, int):
            return low if high == low else self.sum(self.product(as_integer, high - low), low)
        kinds = f"{self._bits}, {self._numbers}"
        return self._line(f"stablehlo.select {bit}, {self._value(high)}, {self._value(low)} : {kinds}")

    def close(self, answer: str) -> str:
        arguments = ", ".join(f"%arg{party}: {self._numbers}" for party in range(self._parties))
        body = "\n".join(f"    {line}" for line in (*self._lines, f"return {answer} : {self._numbers}"))
        return f"module @grade {{\n  func.func @main({arguments}) -> {self._numbers} {{\n{body}\n  }}\n}}\n"

    def _value(self, value: int | str) -> str:
        if isinstance(value, str):
            return value
        if value not in self._constants:
            self._constants[value] = self._line(f"stablehlo.constant dense<{value}> : {self._numbers}")
        return self._constants[value]

    def _line(self, operation: str) -> str:
        name = f"%v{len(self._lines)}"
        self._lines.append(f"{name} = {operation}")
        return name
