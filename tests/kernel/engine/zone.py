"""Parties for the tests: keys, free ports, scratch, and running them side by side through `run_stage`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from creditzone.kernel.engine.link import make_link_key
from creditzone.kernel.engine.process import StageFailed, run_stage
from tests.ports import free_ports

STAGE = "tests.kernel.engine.party"
CUTS = [380, 430, 480, 530, 580, 630, 680]
Outcome = dict[str, Any] | StageFailed


class Parties:
    """`count` parties with their own keys and scratch; `task(rank)` is a sound task that a test then bends."""

    def __init__(self, count: int, *, folder: Path, timeout_ms: int = 20_000) -> None:
        self.count = count
        self.timeout_ms = timeout_ms
        self.folder = folder
        self.scratch = [folder / f"scratch-{rank}" for rank in range(count)]
        self.events: list[list[dict[str, Any]]] = [[] for _ in range(count)]
        self._keys: list[tuple[str, str]] = []
        for rank in range(count):
            self.scratch[rank].mkdir(mode=0o700)
            self._keys.append(write_key(folder / f"key-{rank}"))
        self._ports = free_ports(count + 2 * (count - 1))

    def endpoint(self, rank: int, port: int) -> dict[str, Any]:
        return {
            "party": f"party-{rank}",
            "host": "127.0.0.1",
            "port": port,
            "certificate_pem": Path(self._keys[rank][0]).read_text(),
        }

    def task(self, rank: int, **facts: Any) -> dict[str, Any]:
        pairs = []
        for other in range(1, self.count):
            at = self.count + 2 * (other - 1)
            receiver, sender = self.endpoint(0, self._ports[at]), self.endpoint(other, self._ports[at + 1])
            if rank == 0:
                pairs.append({"me": receiver, "peer": sender, "link_id": f"psi-{other}"})
            elif rank == other:
                pairs.append({"me": sender, "peer": receiver, "link_id": f"psi-{other}"})
        return {
            "rank": rank,
            "psi": pairs,
            "endpoints": [self.endpoint(one, self._ports[one]) for one in range(self.count)],
            "link_id": "job-1",
            "credentials": self._keys[rank],
            "timeout_ms": self.timeout_ms,
            "protocol": {2: "cheetah", 3: "aby3"}.get(self.count, "cheetah"),
            "cuts": [CUTS],
            **facts,
        }

    def run(self, tasks: list[dict[str, Any]], *, deadline: float = 90) -> list[Outcome]:
        """All parties at once; each outcome is a result or the StageFailed that its runner saw."""
        with ThreadPoolExecutor(len(tasks)) as pool:
            return list(pool.map(lambda rank: self.run_one(rank, tasks[rank], deadline=deadline), range(len(tasks))))

    def run_one(
        self,
        rank: int,
        task: dict[str, Any],
        *,
        deadline: float = 90,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        try:
            return run_stage(
                STAGE,
                task,
                scratch=self.scratch[rank],
                deadline_seconds=deadline,
                on_event=self.events[rank].append,
                should_stop=should_stop,
            )
        except StageFailed as failure:
            return failure


def books(*, parties: int, rows: int, seed: int = 1) -> list[dict[str, int]]:
    """Each party's points by code: sets of unequal size that overlap in part, totals around and on the cuts."""
    draw = np.random.default_rng(seed)
    made = []
    for rank in range(parties):
        chosen = draw.permutation(rows + rows // 2)[: rows + 7 * rank]
        made.append({f"91{code:016d}": int(draw.integers(100, 700) // parties) for code in chosen})
    return made


def banded(codes: Sequence[str], held: list[dict[str, int]], cuts: Sequence[int]) -> list[int]:
    """The same grades in the clear."""
    totals = [sum(book[code] for book in held) for code in codes]
    return np.searchsorted(cuts, totals, side="right").tolist()


def in_common(held: list[dict[str, int]]) -> list[str]:
    return sorted(set(held[0]).intersection(*held[1:]))


def book_of(book: dict[str, int]) -> dict[str, Any]:
    return {"codes": list(book), "points": list(book.values())}


def write_key(at: Path) -> tuple[str, str]:
    certificate, key = make_link_key()
    paths = at.with_suffix(".crt"), at.with_suffix(".key")
    for path, text in zip(paths, (certificate, key), strict=True):
        path.touch(mode=0o600)
        path.write_text(text)
    return str(paths[0]), str(paths[1])
