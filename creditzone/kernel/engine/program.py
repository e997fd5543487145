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


def count_program(cuts: Sequence[int], *, parties: int, rows: int) -> str:
    """How many totals reach each cut: int32[rows] from each party in, int32[len(cuts)] out."""
    text = _Text(parties=parties, rows=rows)
    wide, column, out = (f"tensor<{shape}xi32>" for shape in (f"{len(cuts)}x{rows}", f"{len(cuts)}x1", f"{len(cuts)}"))
    vector, bits = f"tensor<{rows}xi32>", f"tensor<{len(cuts)}x{rows}xi1>"
    totals = text.line(f"stablehlo.broadcast_in_dim {text.total()}, dims = [1] : ({vector}) -> {wide}")
    edges = text.line(f"stablehlo.constant dense<[{', '.join(f'[{cut}]' for cut in cuts)}]> : {column}")
    edges = text.line(f"stablehlo.broadcast_in_dim {edges}, dims = [0, 1] : ({column}) -> {wide}")
    reached = text.line(f"stablehlo.compare GE, {totals}, {edges}, SIGNED : ({wide}, {wide}) -> {bits}")
    ones = text.line(f"stablehlo.convert {reached} : ({bits}) -> {wide}")
    zero = text.line("stablehlo.constant dense<0> : tensor<i32>")
    counted = text.line(
        f"stablehlo.reduce({ones} init: {zero}) applies stablehlo.add across dimensions = [1] :"
        f" ({wide}, tensor<i32>) -> {out}"
    )
    return text.close(counted, kind=out)


def release_program(cuts: int, *, batches: int, rows: int, minimum_group: int) -> str:
    """From the counts of all batches (int32[cuts] each) to what may be seen of the bands: int32[cuts + 1].

    A band's count is kept where it is at least `minimum_group`. Where all that is held back comes to between 1 and
    `minimum_group` - 1 rows, whoever knows `rows` could subtract: then the smallest kept count is held back, too.
    """
    reaching = _Text(parties=batches, rows=cuts)
    summed = reaching.total()
    cells, counts, one = f"tensor<{cuts + 1}xi32>", f"tensor<{cuts}xi32>", "tensor<1xi32>"
    everyone = reaching.line(f"stablehlo.constant dense<{rows}> : {one}")
    nobody = reaching.line(f"stablehlo.constant dense<0> : {one}")
    joined = f"dim = 0 : ({one}, {counts}) -> {cells}"
    from_here = reaching.line(f"stablehlo.concatenate {everyone}, {summed}, {joined}")
    joined = f"dim = 0 : ({counts}, {one}) -> {cells}"
    from_next = reaching.line(f"stablehlo.concatenate {summed}, {nobody}, {joined}")

    bands = reaching.reshaped(cuts + 1)
    count = bands.line(f"stablehlo.subtract {from_here}, {from_next} : {cells}")
    is_kept = bands.reaches(count, minimum_group)
    kept = bands.line(f"stablehlo.multiply {count}, {bands.integer(is_kept)} : {cells}")
    held_back = bands.line(f"stablehlo.subtract {bands.value(rows)}, {bands.over_all('add', kept, 0)} : {cells}")
    tells = bands.line(
        f"stablehlo.subtract {bands.integer(bands.reaches(held_back, 1))},"
        f" {bands.integer(bands.reaches(held_back, minimum_group))} : {cells}"
    )
    candidate = bands.line(
        f"stablehlo.select {is_kept}, {count}, {bands.value(_ABOVE_ALL)} : tensor<{cuts + 1}xi1>, {cells}"
    )
    smallest = bands.over_all("minimum", candidate, _ABOVE_ALL)
    is_smallest = bands.integer(bands.reaches(smallest, count))
    gives_way = bands.line(f"stablehlo.multiply {is_smallest}, {tells} : {cells}")
    stays = bands.line(f"stablehlo.subtract {bands.value(1)}, {gives_way} : {cells}")
    return bands.close(bands.line(f"stablehlo.multiply {kept}, {stays} : {cells}"), kind=cells, argument=counts)


class _Text:
    """Lines of one StableHLO function over vectors of `rows` int32, one of each party."""

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
        return self.line(f"stablehlo.compare GE, {total}, {self.value(cut)}, SIGNED : {pair}")

    def integer(self, bit: str) -> str:
        return self.line(f"stablehlo.convert {bit} : ({self._bits}) -> {self._numbers}")

    def sum(self, left: str, right: int | str) -> str:
        return self.line(f"stablehlo.add {left}, {self.value(right)} : {self._numbers}")

    def product(self, left: str, right: int) -> str:
        if right == 1:
            return left
        return self.line(f"stablehlo.multiply {left}, {self.value(right)} : {self._numbers}")

    def choose(self, bit: str, as_integer: str, *, high: int | str, low: int | str) -> int | str:
        """`high` where the secret bit is set, else `low`; between public numbers it is a local, affine step."""
        if isinstance(high, int) and isinstance(low, int):
            return low if high == low else self.sum(self.product(as_integer, high - low), low)
        kinds = f"{self._bits}, {self._numbers}"
        return self.line(f"stablehlo.select {bit}, {self.value(high)}, {self.value(low)} : {kinds}")

    def over_all(self, operation: str, vector: str, neutral: int) -> str:
        """One number over a whole vector, standing in each place of a vector again."""
        start = self.line(f"stablehlo.constant dense<{neutral}> : tensor<i32>")
        one = self.line(
            f"stablehlo.reduce({vector} init: {start}) applies stablehlo.{operation} across dimensions = [0] :"
            f" ({self._numbers}, tensor<i32>) -> tensor<i32>"
        )
        return self.line(f"stablehlo.broadcast_in_dim {one}, dims = [] : (tensor<i32>) -> {self._numbers}")

    def reshaped(self, rows: int) -> _Text:
        """The same function, going on with vectors of another length."""
        going_on = _Text(parties=self._parties, rows=rows)
        going_on._lines = self._lines
        return going_on

    def close(self, answer: str, *, kind: str = "", argument: str = "") -> str:
        kind, argument = kind or self._numbers, argument or self._numbers
        arguments = ", ".join(f"%arg{party}: {argument}" for party in range(self._parties))
        body = "\n".join(f"    {line}" for line in (*self._lines, f"return {answer} : {kind}"))
        return f"module @grade {{\n  func.func @main({arguments}) -> {kind} {{\n{body}\n  }}\n}}\n"

    def value(self, value: int | str) -> str:
        if isinstance(value, str):
            return value
        if value not in self._constants:
            self._constants[value] = self.line(f"stablehlo.constant dense<{value}> : {self._numbers}")
        return self._constants[value]

    def line(self, operation: str) -> str:
        name = f"%v{len(self._lines)}"
        self._lines.append(f"{name} = {operation}")
        return name
