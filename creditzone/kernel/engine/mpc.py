"""Joint grading over secret shares. Child side only: use it inside a stage.

Each party computes its own points in the clear at home and feeds only them; the total exists in shares alone, and
only what the disclosure names comes out: the band (`grade`), one bit (`decision`) or the total (`score`). CHEETAH for
two parties, ABY3 for three (no two of whom collude); both assume parties that follow the protocol. Integers in a
32-bit ring, so every row is exact. SEMI2K is not offered: its default lets one party unmask the others.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import numpy as np

from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.link import Endpoint, Link, LinkCredentials, open_link
from creditzone.kernel.engine.program import LARGEST, band_program, count_program, release_program, sum_program
from creditzone.kernel.engine.psi import require_set
from creditzone.kernel.engine.runtime import PARTIES, Engine, Integers, Protocol, pack, share_of, unpack

Disclosure = Literal["decision", "grade", "reasons", "score"]

BATCHES: Final = (256, 4096, 65536)  # shapes are part of a compiled program: a job pads to one of these
_MOST_ROWS: Final = 50_000_000


@dataclass(frozen=True, kw_only=True)
class OutputShare:
    """One party's share of the output, for a recipient outside the computation; useless without all others.

    `batches` holds, for each batch, the library's share: its meta and its chunks. No pickle anywhere.
    """

    protocol: Protocol
    rank: int
    rows: int
    batches: tuple[tuple[bytes, tuple[bytes, ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: bytes as base64."""
        batches = [{"meta": _text(meta), "chunks": [_text(one) for one in chunks]} for meta, chunks in self.batches]
        return {"protocol": self.protocol, "rank": self.rank, "rows": self.rows, "batches": batches}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Strict; raises EngineFault("share-damaged")."""
        try:
            batches = tuple(
                (_bytes(one["meta"]), tuple(_bytes(chunk) for chunk in one["chunks"])) for one in document["batches"]
            )
            protocol, rank, rows = document["protocol"], document["rank"], document["rows"]
        except (KeyError, TypeError, ValueError):
            raise EngineFault("share-damaged") from None
        fits = type(rank) is int and type(rows) is int and 0 < rows <= _MOST_ROWS
        if protocol not in PARTIES or not fits or not 0 <= rank < PARTIES[protocol]:
            raise EngineFault("share-damaged")
        return cls(protocol=protocol, rank=rank, rows=rows, batches=batches)


class Session:
    """One link and one engine for all batches of a job: its first operation is the dear one.

    Every party gives the same `endpoints` in the same order and its own `rank` in them. Use as a context manager;
    on a clean exit all parties leave together. Raises EngineFault throughout.
    """

    def __init__(
        self,
        protocol: Protocol,
        *,
        rank: int,
        endpoints: Sequence[Endpoint],
        link_id: str,
        credentials: LinkCredentials,
        timeout_ms: int = 60_000,
        scratch: Path | None = None,
    ) -> None:
        if protocol not in PARTIES:
            raise EngineFault("unknown-protocol")
        if len(endpoints) != PARTIES[protocol] or not 0 <= rank < len(endpoints):
            raise EngineFault("wrong-parties")
        self.protocol = protocol
        self.rank = rank
        self._open = partial(
            open_link,
            list(endpoints),
            rank=rank,
            link_id=link_id,
            credentials=credentials,
            scratch=scratch or Path.cwd(),  # a stage's own scratch
            timeout_ms=timeout_ms,
        )
        self._link: Link | None = None
        self._engine: Engine | None = None
        self._order = ""

    def __enter__(self) -> Self:
        self._link = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.link.part()

    @property
    def link(self) -> Link:
        assert self._link is not None, "the session is not open"
        return self._link

    @property
    def engine(self) -> Engine:
        """One engine for all of the session: its first operation is the dear one."""
        self._engine = self._engine or Engine(self.protocol, link=self.link)
        return self._engine

    def agree(self, facts: dict[str, Any]) -> None:
        """Compare `facts` (JSON values, by digest) with all other parties before anything runs.

        Raises EngineFault("settings-differ", about=<the first name that differs>) at every party.
        """
        self.link.agree({name: _digest(value) for name, value in facts.items()})

    def broadcast_set(self, codes: Sequence[str] | None, *, root: int) -> list[str]:
        """Alignment: `root` tells all others the final common set, in the order in which all will feed their points.

        A set that is empty, holds a duplicate or a malformed code is refused by whoever receives it, too; a receiver
        still has to check that it holds every code. The order is part of what `grade` compares.
        """
        if (codes is not None) != (self.rank == root):
            raise ValueError("the root and only the root brings the set")
        if codes is not None:
            require_set(codes)
            message = "\n".join(codes).encode("ascii")
            for peer in self.link.peers:
                self.link.send(peer, message)
            common = list(codes)
        else:
            message = self.link.receive(root)
            if not message.isascii():
                raise EngineFault("set-damaged")
            common = message.decode("ascii").split("\n")
            require_set(common)
        self._order = hashlib.sha256(message).hexdigest()
        return common

    def leave_out(self, common: Sequence[str], gone: Callable[[str], bool], *, root: int) -> list[str]:
        """The firms of the common set that no party leaves out, in their order; what each leaves out `root` learns,
        and the others only what is left. It may be nothing."""
        own = bytes(gone(code) for code in common)
        if self.rank != root:
            self.link.send(root, own)
            left_out = self._mask(root, len(common))
        else:
            masks = [own, *(self._mask(peer, len(common)) for peer in self.link.peers)]
            left_out = bytes(map(max, *masks)) if common else b""
            for peer in self.link.peers:
                self.link.send(peer, left_out)
        left = [code for code, is_gone in zip(common, left_out, strict=True) if not is_gone]
        self._order = hashlib.sha256("\n".join(left).encode("ascii")).hexdigest()
        return left

    def _mask(self, peer: int, size: int) -> bytes:
        mask = self.link.receive(peer)
        if len(mask) != size or max(mask, default=0) > 1:
            raise EngineFault("set-damaged")
        return mask

    def grade(
        self,
        points: Integers,
        *,
        cuts: Sequence[int],
        disclosure: Disclosure,
        recipient_rank: int | None,
        on_batch: Callable[[int, int], None] = lambda done, total: None,
        decision_band: int | None = None,
    ) -> Integers | OutputShare | None:
        """Grade the rows of all parties' `points` (int32[n], same order everywhere) together.

        `cuts` rise strictly; a band is the number of cuts that the total reaches. `grade` and `reasons` give the
        band, `score` the total, `decision` 1 where the band is at least `decision_band` (in 1..len(cuts)), else 0.
        Returns int32[n] to the recipient and None to the others; with `recipient_rank` None everyone gets its
        OutputShare. `on_batch(done, total)` counts batches. Before anything runs the parties compare protocol,
        ring, program, cuts, disclosure, recipient, rows, batch and order.
        """
        own = _require_points(points)
        program = _Program.plan(
            cuts, disclosure=disclosure, decision_band=decision_band, parties=self.link.world, rows=len(own)
        )
        engine = self.engine
        self.agree(
            {
                "protocol": self.protocol,
                "engine": engine.settings,
                "disclosure": disclosure,
                "cuts": [list(map(int, cuts)), decision_band],
                "rows": len(own),
                "order": self._order,
                "batch": program.batch,
                "program": program.text,
                "recipient": recipient_rank,
            }
        )
        shares = []
        for done, batch in enumerate(_padded(own, program.batch), start=1):
            engine.run(program.text, batch)
            shares.append(engine.take())
            on_batch(done, program.batches)
        if recipient_rank is None:
            batches = tuple((share.meta, tuple(share.share_chunks)) for share in shares)
            return OutputShare(protocol=self.protocol, rank=self.rank, rows=len(own), batches=batches)
        return self._deliver(engine, shares, rows=len(own), recipient=recipient_rank)

    def count(
        self,
        points: Integers,
        *,
        cuts: Sequence[int],
        minimum_group: int,
        recipient_rank: int,
        on_batch: Callable[[int, int], None] = lambda done, total: None,
        group: str = "",
    ) -> Integers | None:
        """How many of the rows (those of `group`, where there are several) stand in each band: int32[len(cuts) + 1],
        worst band first, to the recipient alone.

        A band with fewer than `minimum_group` rows is 0, and so is the smallest of the others where what is held back
        would come to fewer than that: both are decided under secret sharing, so that nobody sees the number that is
        held back. Raises EngineFault("group-too-small") where all rows together are fewer.
        """
        own, wanted = _require_points(points), _require_cuts(cuts)
        if minimum_group < 1 or len(own) < minimum_group:
            raise EngineFault("group-too-small")
        batch, batches = _batches_of(len(own))
        text = count_program(wanted, parties=self.link.world, rows=batch)
        last = release_program(len(wanted), batches=batches, rows=len(own), minimum_group=minimum_group)
        engine = self.engine
        self.agree(
            {
                "protocol": self.protocol,
                "engine": engine.settings,
                "disclosure": "statistic",
                "cuts": wanted,
                "rows": len(own),
                "group": group,
                "order": self._order,
                "program": [text, last],
                "recipient": recipient_rank,
            }
        )
        outside = -LARGEST if self.rank == 0 else 0  # rows that only fill a batch reach no cut
        names = [f"count{number}" for number in range(batches)]
        for done, (name, part) in enumerate(zip(names, _padded(own, batch, by=outside), strict=True), start=1):
            engine.run(text, part, output=name)
            on_batch(done, batches)
        engine.combine(last, names)
        return self._deliver(engine, [engine.take()], rows=len(wanted) + 1, recipient=recipient_rank)

    def _deliver(self, engine: Engine, shares: list[Any], *, rows: int, recipient: int) -> Integers | None:
        """The others' output shares go to the recipient alone, and only there is anything put together."""
        if self.rank != recipient:
            for share in shares:
                self.link.send(recipient, pack(share))
            return None
        outputs = []
        for share in shares:
            by_rank = {rank: unpack(self.link.receive(rank)) for rank in self.link.peers}
            by_rank[self.rank] = share
            outputs.append(engine.join([by_rank[rank] for rank in range(self.link.world)]))
        return np.concatenate(outputs)[:rows]


def reconstruct(shares: Sequence[OutputShare]) -> Integers:
    """The output from all parties' shares, at a recipient outside the computation: int32[rows]. Child side only.

    Raises EngineFault("share-damaged") if a share is missing, doubled or of another run's shape.
    """
    protocol = shares[0].protocol if shares else "cheetah"
    ordered = sorted(shares, key=lambda share: share.rank)
    shapes = {(share.protocol, share.rows, len(share.batches)) for share in shares}
    if [share.rank for share in ordered] != list(range(PARTIES[protocol])) or len(shapes) != 1:
        raise EngineFault("share-damaged")
    engine = Engine(protocol, link=None)
    outputs = []
    for parts in zip(*(share.batches for share in ordered), strict=True):
        try:
            outputs.append(engine.join([share_of(meta, chunks) for meta, chunks in parts]))
        except RuntimeError:
            raise EngineFault("share-damaged") from None
    values = np.concatenate(outputs)[: shares[0].rows]
    if len(values) != shares[0].rows:
        raise EngineFault("share-damaged")
    return values


@dataclass(frozen=True, kw_only=True)
class _Program:
    text: str
    batch: int
    batches: int

    @classmethod
    def plan(
        cls, cuts: Sequence[int], *, disclosure: Disclosure, decision_band: int | None, parties: int, rows: int
    ) -> Self:
        """Which program, in which batches."""
        batch, batches = _batches_of(rows)
        if disclosure == "score":
            return cls(text=sum_program(parties=parties, rows=batch), batch=batch, batches=batches)
        wanted = _require_cuts(cuts)
        if disclosure == "decision":
            if decision_band is None or not 1 <= decision_band <= len(wanted):
                raise EngineFault("cuts-unordered", about="decision_band")
            wanted = [wanted[decision_band - 1]]
        return cls(text=band_program(wanted, parties=parties, rows=batch), batch=batch, batches=batches)


def _require_points(points: Integers) -> Integers:
    values = np.asarray(points)
    if values.ndim != 1 or values.dtype.kind != "i" or not 0 < len(values) <= _MOST_ROWS:
        raise EngineFault("points-out-of-range")
    if max(abs(int(values.min())), abs(int(values.max()))) > LARGEST:
        raise EngineFault("points-out-of-range")
    return values.astype(np.int32)


def _require_cuts(cuts: Sequence[int]) -> list[int]:
    wanted = list(map(int, cuts))
    if not wanted or wanted != sorted(set(wanted)):
        raise EngineFault("cuts-unordered")
    if max(map(abs, wanted)) >= LARGEST:
        raise EngineFault("points-out-of-range")
    return wanted


def _batches_of(rows: int) -> tuple[int, int]:
    """The size of a batch, one of few so that a program is compiled once, and their number."""
    batch = next((size for size in BATCHES if size >= rows), BATCHES[-1])
    return batch, -(-rows // batch)


def _padded(values: Integers, batch: int, *, by: int = 0) -> Iterator[Integers]:
    for at in range(0, len(values), batch):
        piece = values[at : at + batch]
        yield np.pad(piece, (0, batch - len(piece)), constant_values=by)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
